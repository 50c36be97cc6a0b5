/** Reads one field of one kind out of a batch, whatever way its values are stored. */
import { fieldOfRole, type KindColumns } from '../events/batch.ts';
import type { EventKind } from '../events/kinds.ts';

/** A value of the row of an event in its kind's columns; NaN = not recorded. */
export type Getter = (row: number) => number;

const nothing: Getter = () => NaN;

function getter(columns: KindColumns, index: number): Getter {
  const column = index < 0 ? undefined : columns.columns[index];
  if (column === undefined || column.storage === 'bytes') return nothing;
  if (column.storage === 'u64') {
    const { hi, lo } = column.values;
    const present = column.present;
    // Kernel pointers have their upper 12 bits set in every arm64 configuration, so 52 bits name one exactly; user
    // addresses and frame numbers are smaller.
    return (row) => (present[row] === 0 ? NaN : (hi[row]! & 0xfffff) * 2 ** 32 + lo[row]!);
  }
  const values = column.values;
  if (column.storage === 'text') return (row) => (values[row]! < 0 ? NaN : values[row]!);
  return (row) => values[row]!;
}

function halves(columns: KindColumns, index: number, high: boolean): Getter {
  const column = index < 0 ? undefined : columns.columns[index];
  if (column?.storage === 'u64') {
    const half = high ? column.values.hi : column.values.lo;
    const present = column.present;
    return (row) => (present[row] === 0 ? NaN : half[row]!);
  }
  if (column?.storage !== 'number') return nothing;
  const values = column.values;
  return high ? (row) => Math.floor(values[row]! / 2 ** 32) : (row) => values[row]! % 2 ** 32;
}

function fieldNamed(kind: EventKind, name: string): number {
  return kind.fields.findIndex((field) => field.name === name);
}

/** A catalogued event's field. 64-bit values give their low 52 bits. */
export const field = (columns: KindColumns, name: string): Getter => getter(columns, fieldNamed(columns.kind, name));
/** The upper and lower 32 bits of a catalogued event's field. */
export const fieldHigh = (columns: KindColumns, name: string): Getter =>
  halves(columns, fieldNamed(columns.kind, name), true);
export const fieldLow = (columns: KindColumns, name: string): Getter =>
  halves(columns, fieldNamed(columns.kind, name), false);
/** A probe's argument by what it is, not by what the probe calls it; the first role that the probe has. */
export const argument = (columns: KindColumns, ...roles: string[]): Getter =>
  getter(columns, firstRole(columns.kind, roles));
export const argumentHigh = (columns: KindColumns, role: string): Getter =>
  halves(columns, fieldOfRole(columns.kind, role), true);
export const argumentLow = (columns: KindColumns, role: string): Getter =>
  halves(columns, fieldOfRole(columns.kind, role), false);

function firstRole(kind: EventKind, roles: readonly string[]): number {
  for (const role of roles) {
    const index = fieldOfRole(kind, role);
    if (index >= 0) return index;
  }
  return -1;
}

/** True when a field holds interned text (and its values are ids); numbers otherwise. */
export function isText(kind: EventKind, name: string): boolean {
  return kind.fields[fieldNamed(kind, name)]?.storage === 'text';
}
