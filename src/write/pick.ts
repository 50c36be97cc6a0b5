/** Some events of a capture as text: for whoever knows their numbers and has to show what they say. */
import type { OpenCapture } from '../events/capture.ts';
import { qualifiedName } from '../events/kinds.ts';
import { columnsOfKind } from '../events/table.ts';
import { stamp } from '../events/time.ts';
import { valueText } from './cells.ts';

/** One event, written out; empty where the input does not say. */
export interface PickedEvent {
  /** Its number in the capture, from 0. */
  readonly ordinal: number;
  /** Absolute, as the capture prints it. */
  readonly time: string;
  readonly cpu: string;
  /** `comm-pid`. */
  readonly task: string;
  /** `system:name`. */
  readonly event: string;
  /** `name=value` of each field that it recorded; of an event that nothing knows, its text. */
  readonly fields: string;
}

/**
 * The events of these numbers, by number; those that the capture does not have are absent. Reads until the last of them and
 * keeps nothing else: memory is that of what was asked for.
 */
export async function pickEvents(open: OpenCapture, wanted: Iterable<number>): Promise<Map<number, PickedEvent>> {
  const { capture } = open;
  const numbers = Float64Array.from(wanted).sort();
  const picked = new Map<number, PickedEvent>();
  let next = 0;
  if (numbers.length === 0) return picked;
  for await (const batch of open.batches) {
    for (let i = 0; i < batch.length && next < numbers.length; i++) {
      const ordinal = batch.ordinal[i]!;
      if (ordinal < numbers[next]!) continue;
      // Also over numbers that were given twice.
      while (next < numbers.length && numbers[next]! <= ordinal) next++;
      if (numbers[next - 1] !== ordinal) continue;
      const kind = capture.kinds[batch.kind[i]!]!;
      const columns = batch.fields[kind.id]!;
      const names = columnsOfKind(kind);
      const isText = kind.form === 'generic' && kind.fields[0]?.storage === 'bytes';
      const fields = kind.fields.flatMap((field, f) => {
        const text = valueText(columns.columns[f]!, field, batch.row[i]!, batch, capture.strings);
        return text === undefined ? [] : [isText ? text : `${names[f]}=${text}`];
      });
      const comm = batch.comm[i]! < 0 ? '' : capture.strings.text(batch.comm[i]!);
      const pid = batch.pid[i]! < 0 ? '' : String(batch.pid[i]);
      picked.set(ordinal, {
        ordinal,
        time: capture.clock.unit === 'none' ? '' : stamp(capture, batch.time[i]!),
        cpu: batch.cpu[i]! < 0 ? '' : String(batch.cpu[i]),
        task: [comm, pid].filter((part) => part !== '').join('-'),
        event: qualifiedName(kind),
        fields: fields.join(' '),
      });
    }
    if (next === numbers.length) break;
  }
  return picked;
}
