/**
 * Changes of reference counts, where the kernel records them (CONFIG_DEBUG_PAGE_REF, include/linux/page_ref.h): who took a
 * reference to a folio and when, and what count a freeze met that failed. A line is written after the change.
 */
import type { Call } from './facts.ts';
import { field } from './fields.ts';
import type { Listener } from './gather.ts';
import { Log, type Now } from './log.ts';

/** Operations of the page_ref events: set, add, add and test for 0, add unless 0 (a lookup's try), freeze, unfreeze. */
export const referenceOperations = [
  'set',
  'mod',
  'mod_and_test',
  'mod_and_return',
  'mod_unless',
  'freeze',
  'unfreeze',
] as const;

/** Changes of reference counts of folios that some call names (page_ref events), one row a change, in order. */
export interface ReferenceTable {
  readonly length: number;
  readonly pfn: Float64Array;
  readonly time: Float64Array;
  readonly cpu: Int32Array;
  readonly pid: Int32Array;
  /** Interned name of the task. */
  readonly comm: Int32Array;
  /** Index into `referenceOperations`. */
  readonly operation: Uint8Array;
  /** The count afterwards. */
  readonly count: Float64Array;
  /** What was added; of a freeze the count that it expected. */
  readonly value: Float64Array;
  /** What the operation returned (a freeze: 1 frozen, 0 another count was met); NaN for those that return nothing. */
  readonly returned: Float64Array;
  readonly ordinal: Float64Array;
}

/** Columns: frame, count afterwards, what was added, what was returned. Tagged with the operation. */
export const newReferenceLog = (): Log => new Log(4);

export function listenToReferences(now: Now, log: Log): Listener {
  return (kind) => {
    if (kind.form !== 'catalogued' || kind.system !== 'page_ref') return undefined;
    const operation = referenceOperations.indexOf(
      kind.name.replace('page_ref_', '') as (typeof referenceOperations)[number],
    );
    if (operation < 0) return undefined;
    return (columns) => {
      const pfn = field(columns, 'pfn');
      const count = field(columns, 'count');
      const value = field(columns, 'val');
      const returned = field(columns, 'ret');
      return (row) => log.add(now, operation, pfn(row), count(row), value(row), returned(row));
    };
  };
}

/** The changes of frames that some call names, as source or destination; undefined where the capture has no such event. */
export function foldReferences(log: Log, calls: readonly Call[]): ReferenceTable | undefined {
  if (log.length === 0) return undefined;
  const wanted = new Set<number>();
  for (const call of calls) for (const folio of call.folios) wanted.add(folio.pfn).add(folio.destination);
  const rows: number[] = [];
  for (let row = 0; row < log.length; row++) if (wanted.has(log.value(0, row))) rows.push(row);
  const numbers = (column: number): Float64Array => Float64Array.from(rows, (row) => log.value(column, row));
  return {
    length: rows.length,
    pfn: numbers(0),
    time: Float64Array.from(rows, (row) => log.time.data[row]!),
    cpu: Int32Array.from(rows, (row) => log.cpu.data[row]!),
    pid: Int32Array.from(rows, (row) => log.pid.data[row]!),
    comm: Int32Array.from(rows, (row) => log.comm.data[row]!),
    operation: Uint8Array.from(rows, (row) => log.tag.data[row]!),
    count: numbers(1),
    value: numbers(2),
    returned: numbers(3),
    ordinal: Float64Array.from(rows, (row) => log.ordinal.data[row]!),
  };
}
