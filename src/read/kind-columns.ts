/** Field columns of one kind while a batch is being filled: they grow, and values are copied in from a decoded event. */
import type { StringTable } from '../base/strings.ts';
import type { Column, KindColumns } from '../events/batch.ts';
import type { EventKind, Storage } from '../events/kinds.ts';
import { type FieldValues, presence } from '../events/values.ts';
import type { KindState } from './kind-table.ts';

/** Bytes that are different in every event, of one batch. */
export class Arena {
  bytes = new Uint8Array(4096);
  length = 0;

  /** Copies `source[start..end)` in and gives back where it begins. */
  add(source: Uint8Array, start: number, end: number): number {
    const at = this.length;
    const size = end - start;
    if (at + size > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.bytes.length * 2, at + size));
      grown.set(this.bytes.subarray(0, at));
      this.bytes = grown;
    }
    // A subarray costs more than the copy of a few dozen bytes.
    if (size < 64) for (let i = 0; i < size; i++) this.bytes[at + i] = source[start + i]!;
    else this.bytes.set(source.subarray(start, end), at);
    this.length = at + size;
    return at;
  }
}

/** Empty columns for a kind. */
export function newKindColumns(kind: EventKind, capacity: number): KindColumns {
  // Not map(): compiled, it makes arrays of another shape than before, and whoever meets both is compiled again.
  const columns: Column[] = [];
  for (const { storage } of kind.fields) columns.push(newColumn(storage, capacity));
  return { kind, length: 0, columns };
}

function newColumn(storage: Storage, capacity: number): Column {
  switch (storage) {
    case 'number':
      return { storage, values: new Float64Array(capacity) };
    case 'u64':
      return {
        storage,
        values: { hi: new Uint32Array(capacity), lo: new Uint32Array(capacity) },
        present: new Uint8Array(capacity),
      };
    case 'text':
      return { storage, values: new Int32Array(capacity) };
    case 'bytes':
      return { storage, start: new Uint32Array(capacity), end: new Uint32Array(capacity) };
  }
}

/** Makes room for more rows: all arrays of a kind have one length. */
export function growKindColumns(columns: KindColumns, capacity: number): void {
  for (const column of columns.columns) {
    switch (column.storage) {
      case 'number': {
        const values = new Float64Array(capacity);
        values.set(column.values);
        column.values = values;
        break;
      }
      case 'u64': {
        const hi = new Uint32Array(capacity);
        const lo = new Uint32Array(capacity);
        const present = new Uint8Array(capacity);
        hi.set(column.values.hi);
        lo.set(column.values.lo);
        present.set(column.present);
        column.values = { hi, lo };
        column.present = present;
        break;
      }
      case 'text': {
        const values = new Int32Array(capacity);
        values.set(column.values);
        column.values = values;
        break;
      }
      case 'bytes': {
        const start = new Uint32Array(capacity);
        const end = new Uint32Array(capacity);
        start.set(column.start);
        end.set(column.end);
        column.start = start;
        column.end = end;
        break;
      }
    }
  }
}

function columnsOf(state: KindState): KindColumns {
  if (state.columns) return state.columns;
  const { spare } = state;
  state.spare = undefined;
  const wanted = Math.max(64, 2 ** Math.ceil(Math.log2(state.lastLength + 1)));
  const held = spare === undefined ? 0 : capacityOf(spare, wanted);
  const isEnough = spare !== undefined && held >= wanted;
  state.capacity = isEnough ? held : wanted;
  state.columns = isEnough ? emptied(spare) : newKindColumns(state.kind, wanted);
  return state.columns;
}

/** Rows that there is room for in columns that were filled before; `any` where there are no columns. */
function capacityOf({ columns }: KindColumns, any: number): number {
  const [first] = columns;
  if (first === undefined) return any;
  switch (first.storage) {
    case 'bytes':
      return first.start.length;
    case 'u64':
      return first.present.length;
    default:
      return first.values.length;
  }
}

/** Columns to be filled again. Those of 64 bits are zero where nothing was recorded; the others are set in every row. */
function emptied({ kind, columns, length }: KindColumns): KindColumns {
  for (const column of columns) {
    if (column.storage !== 'u64') continue;
    column.values.hi.fill(0, 0, length);
    column.values.lo.fill(0, 0, length);
    column.present.fill(0, 0, length);
  }
  return { kind, length: 0, columns };
}

/** Makes rows up to `rows` rows of the kind: their values are the caller's to set. */
export function makeRoom(state: KindState, rows: number): void {
  const columns = columnsOf(state);
  if (rows > state.capacity) {
    while (state.capacity < rows) state.capacity *= 2;
    growKindColumns(columns, state.capacity);
  }
  if (columns.length < rows) columns.length = rows;
}

/** The next row of a kind, with room for it in all its columns. */
export function newRow(state: KindState): number {
  const columns = columnsOf(state);
  const row = columns.length;
  if (row === state.capacity) {
    state.capacity *= 2;
    growKindColumns(columns, state.capacity);
  }
  columns.length = row + 1;
  return row;
}

/** Copies one decoded event's values into row `row`. `bytes` is what the ranges in `values` point into. */
export function storeValues(
  columns: KindColumns,
  row: number,
  values: FieldValues,
  bytes: Uint8Array,
  strings: StringTable,
  arena: Arena,
): void {
  const list = columns.columns;
  for (let field = 0; field < list.length; field++) {
    const column = list[field]!;
    const present = values.present[field]!;
    switch (column.storage) {
      case 'number':
        column.values[row] = present === presence.absent ? Number.NaN : values.numbers[field]!;
        break;
      case 'u64':
        if (present === presence.absent) break; // The arrays of a new batch are zero.
        column.values.hi[row] = values.hi[field]!;
        column.values.lo[row] = values.lo[field]!;
        column.present[row] = 1;
        break;
      case 'text':
        if (present === presence.absent) column.values[row] = -1;
        else if (present === presence.textId) column.values[row] = values.numbers[field]!;
        else column.values[row] = strings.internBytes(bytes, values.start[field]!, values.end[field]!);
        break;
      case 'bytes': {
        const start = arena.add(
          bytes,
          present === presence.absent ? 0 : values.start[field]!,
          present === presence.absent ? 0 : values.end[field]!,
        );
        column.start[row] = start;
        column.end[row] = arena.length;
        break;
      }
    }
  }
}
