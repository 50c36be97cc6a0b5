/**
 * FtraceEventBundle.CompactSched: sched_switch and sched_waking as columns of packed varints, times as differences.
 *
 *     intern_table 5 · switch: timestamp 1, prev_state 2, next_pid 3, next_prio 4, next_comm_index 6
 *                      waking: timestamp 7, pid 8, target_cpu 9, prio 10, comm_index 11, common_flags 12
 */
import type { StringTable } from '../../base/strings.ts';
import type { CompactColumns } from './runs.ts';
import { Wire } from './wire.ts';

export interface CompactSched {
  readonly switches: CompactColumns;
  readonly wakings: CompactColumns;
  /** Rows that lack a value, or whose name is not in the table. */
  readonly damaged: number;
}

/** Values of one column: two halves of 64 bits. */
interface Packed {
  length: number;
  hi: Uint32Array;
  lo: Uint32Array;
}

const wire = new Wire();
const packed = new Wire();

/** Reads the message in the range; undefined when it is no message. */
export function readCompact(
  bytes: Uint8Array,
  start: number,
  end: number,
  strings: StringTable,
): CompactSched | undefined {
  const columns: Packed[] = Array.from({ length: 13 }, () => ({
    length: 0,
    hi: new Uint32Array(0),
    lo: new Uint32Array(0),
  }));
  const table: number[] = [];
  wire.open(bytes, start, end);
  while (wire.next()) {
    if (wire.field === 5) {
      if (wire.type !== 2) return undefined;
      table.push(strings.internBytes(bytes, wire.start, wire.stop));
    } else if (wire.field <= 12) {
      const column = columns[wire.field]!;
      // A list may come packed, or value by value.
      if (wire.type === 0) append(column, wire.hi, wire.lo, 1);
      else if (wire.type !== 2 || !unpack(column, bytes, wire.start, wire.stop)) return undefined;
    }
  }
  if (wire.isBroken) return undefined;
  const column = (field: number): Packed => columns[field]!;
  const switches = rowsOf(column(1), column(2), column(3), column(4), column(6), undefined, table);
  const wakings = rowsOf(column(7), column(9), column(8), column(10), column(11), column(12), table);
  return { switches: switches.columns, wakings: wakings.columns, damaged: switches.damaged + wakings.damaged };
}

function append(column: Packed, hi: number, lo: number, room: number): void {
  if (column.length + room > column.lo.length) {
    const size = Math.max(column.length + room, column.lo.length * 2);
    const high = new Uint32Array(size);
    const low = new Uint32Array(size);
    high.set(column.hi.subarray(0, column.length));
    low.set(column.lo.subarray(0, column.length));
    column.hi = high;
    column.lo = low;
  }
  column.hi[column.length] = hi;
  column.lo[column.length] = lo;
  column.length++;
}

function unpack(column: Packed, bytes: Uint8Array, start: number, stop: number): boolean {
  let count = 0;
  for (let i = start; i < stop; i++) if (bytes[i]! < 0x80) count++;
  packed.open(bytes, start, stop);
  while (packed.at < stop) {
    if (!packed.varint()) return false;
    append(column, packed.hi, packed.lo, count--);
  }
  return true;
}

function rowsOf(
  times: Packed,
  other: Packed,
  pid: Packed,
  prio: Packed,
  comm: Packed,
  flags: Packed | undefined,
  table: readonly number[],
): { columns: CompactColumns; damaged: number } {
  const all = Math.max(times.length, other.length, pid.length, prio.length, comm.length);
  let length = Math.min(times.length, other.length, pid.length, prio.length, comm.length);
  const comms = new Int32Array(length);
  for (let i = 0; i < length; i++) {
    const name = comm.hi[i] === 0 ? table[comm.lo[i]!] : undefined;
    // Behind a wrong index nothing of the column can be trusted.
    if (name === undefined) length = i;
    else comms[i] = name;
  }
  let hi = 0;
  let lo = 0;
  for (let i = 0; i < length; i++) {
    const sum = lo + times.lo[i]!;
    lo = sum >>> 0;
    hi = (hi + times.hi[i]! + (sum > 0xffffffff ? 1 : 0)) >>> 0;
    times.hi[i] = hi;
    times.lo[i] = lo;
  }
  const columns: CompactColumns = {
    length,
    hi: times.hi,
    lo: times.lo,
    other: numbers(other, length),
    pid: numbers(pid, length),
    prio: numbers(prio, length),
    comm: comms,
    flags: flags !== undefined && flags.length >= length ? numbers(flags, length) : undefined,
  };
  return { columns, damaged: all - length };
}

/** Numbers with their sign: those of 32 bits are written as 64. */
function numbers(column: Packed, length: number): Float64Array {
  const values = new Float64Array(length);
  for (let i = 0; i < length; i++) values[i] = (column.hi[i]! | 0) * 2 ** 32 + column.lo[i]!;
  return values;
}
