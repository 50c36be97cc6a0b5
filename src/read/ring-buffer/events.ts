/** The events of ring-buffer pages, whatever file the pages and their descriptions came in. */
import type { EventBatch } from '../../events/batch.ts';
import type { BatchBuilder } from '../builder.ts';
import { RecordTable } from '../records/record-table.ts';
import { parseKallsyms } from '../records/symbols.ts';
import { Comms, Tgids } from './comms.ts';
import type { CpuCursor } from './cpu-cursor.ts';
import type { Descriptions } from './descriptions.ts';
import { RingMerge } from './merge.ts';
import type { PagePool } from './page-pool.ts';

export interface Machine {
  readonly isLittleEndian: boolean;
  /** Taken where the description of pages does not say. */
  readonly longSize: 4 | 8;
  /** Added to every time, ns. */
  readonly offset?: bigint;
}

/** All events of the cursors, whose pages are put into the pool, in the order of time; to be asked for once. */
export function ringEvents(
  cursors: readonly CpuCursor[],
  pool: PagePool | undefined,
  builder: BatchBuilder,
  descriptions: Descriptions,
  { isLittleEndian, longSize, offset = 0n }: Machine,
): AsyncGenerator<EventBatch> {
  const { layout, formats, kallsyms, printkFormats, cmdlines, tgids } = descriptions;
  const table = new RecordTable(builder, {
    isLittleEndian,
    longSize: layout?.longSize ?? longSize,
    ...(kallsyms === undefined ? {} : { symbols: parseKallsyms(kallsyms) }),
    printkFormats,
  });
  const asides = new Set<number>();
  for (const format of formats) {
    table.add(format);
    if (table.isAside(format.id)) asides.add(format.id);
  }
  const comms = new Comms(cmdlines, builder.capture.strings);
  const merge = new RingMerge(cursors, builder, {
    table,
    isLittleEndian,
    comms,
    asides,
    offset,
    pool,
    ...(tgids === '' ? {} : { tgids: new Tgids(tgids) }),
  });
  return merge.batches();
}
