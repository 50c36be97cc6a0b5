/** How the records of one event are decoded: made once, from its description. */
import type { RecordBytes } from './record.ts';

export interface Plan {
  /** Stores the event begun. Whatever is in the record, exactly one event is stored. */
  decode(record: RecordBytes): void;
}
