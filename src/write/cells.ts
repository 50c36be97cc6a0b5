/** Values of events as exact text, one way for every table that is written. */

import type { StringTable } from '../base/strings.ts';
import type { Column, EventBatch } from '../events/batch.ts';
import type { Clock } from '../events/capture.ts';
import type { Field } from '../events/kinds.ts';

const decoder = new TextDecoder();

/** A field's value as text (no quotes, no guard), or undefined where the event did not record it. */
export function valueText(
  column: Column,
  field: Field,
  row: number,
  batch: EventBatch,
  strings: StringTable,
): string | undefined {
  switch (column.storage) {
    case 'number': {
      const value = column.values[row]!;
      if (Number.isNaN(value)) return undefined;
      return field.print === 'hex' ? hexOfNumber(value) : String(value);
    }
    case 'u64': {
      if (column.present[row] === 0) return undefined;
      const hi = column.values.hi[row]!;
      const lo = column.values.lo[row]!;
      if (field.print === 'decimal') return String((BigInt(hi) << 32n) | BigInt(lo));
      return hi === 0 ? `0x${lo.toString(16)}` : `0x${hi.toString(16)}${lo.toString(16).padStart(8, '0')}`;
    }
    case 'text': {
      const id = column.values[row]!;
      return id < 0 ? undefined : strings.text(id);
    }
    case 'bytes':
      return decoder.decode(batch.arena.subarray(column.start[row]!, column.end[row]!));
  }
}

/** Negative numbers as the 64 bits that the kernel printed. */
function hexOfNumber(value: number): string {
  return value < 0 ? `0x${BigInt.asUintN(64, BigInt(value)).toString(16)}` : `0x${value.toString(16)}`;
}

/** The absolute time of an event as an exact integer; empty when the capture has no times. */
export function absoluteTime(clock: Clock, origin: bigint): (time: number) => string {
  if (clock.unit === 'none') return () => '';
  // Within 2^53 (104 days of ns) the sum of two floats is exact.
  const safe = 2n ** 52n;
  if (origin > -safe && origin < safe) {
    const start = Number(origin);
    return (time) => (Math.abs(time) < 2 ** 52 ? String(start + time) : String(origin + BigInt(time)));
  }
  return (time) => String(origin + BigInt(time));
}

/** Name of the time's column. */
export function timeColumn(clock: Clock): 'time_ns' | 'clock_value' {
  return clock.unit === 'integer' ? 'clock_value' : 'time_ns';
}
