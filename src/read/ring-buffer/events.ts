/** The events of ring-buffer pages, whatever file the pages and their descriptions came in. */
import type { EventBatch } from '../../events/batch.ts';
import type { BatchBuilder } from '../builder.ts';
import { RecordTable } from '../records/record-table.ts';
import { parseKallsyms, type Symbols } from '../records/symbols.ts';
import { Comms, Tgids } from './comms.ts';
import type { CpuCursor } from './cpu-cursor.ts';
import type { Descriptions } from './descriptions.ts';
import { RingMerge } from './merge.ts';

export interface Machine {
  readonly isLittleEndian: boolean;
  /** Taken where the description of pages does not say. */
  readonly longSize: 4 | 8;
  /** Added to every time, ns. */
  readonly offset?: bigint;
  /** Of the descriptions' kallsyms, where somebody has read it already. */
  readonly symbols?: Symbols | undefined;
}

/** All events of the cursors, in the order of time; to be asked for once. */
export function ringEvents(
  cursors: readonly CpuCursor[],
  builder: BatchBuilder,
  descriptions: Descriptions,
  machine: Machine,
): AsyncGenerator<EventBatch> {
  return ringMerge(cursors, builder, descriptions, machine).batches();
}

/** What puts the events of the cursors in the order of time. */
export function ringMerge(
  cursors: readonly CpuCursor[],
  builder: BatchBuilder,
  descriptions: Descriptions,
  { isLittleEndian, longSize, offset = 0n, symbols }: Machine,
): RingMerge {
  const { layout, formats, kallsyms, printkFormats, cmdlines, tgids } = descriptions;
  const table = new RecordTable(builder, {
    isLittleEndian,
    longSize: layout?.longSize ?? longSize,
    ...(kallsyms === undefined ? {} : { symbols: symbols ?? parseKallsyms(kallsyms) }),
    printkFormats,
  });
  const asides = new Set<number>();
  for (const format of formats) {
    table.add(format);
    if (table.isAside(format.id)) asides.add(format.id);
  }
  const comms = new Comms(cmdlines, builder.capture.strings);
  return new RingMerge(cursors, builder, {
    table,
    isLittleEndian,
    common: formats[0]?.common ?? [],
    comms,
    asides,
    offset,
    ...(tgids === '' ? {} : { tgids: new Tgids(tgids) }),
  });
}
