/**
 * A batch of events: common columns, and for each kind the columns of its own fields.
 *
 * Batches are what rooms pass to each other (about 64 Ki events each). They are filled by a reader, handed on whole and
 * never changed afterwards; a reader starts a new one, so a consumer may keep what it was given.
 */
import type { EventKind } from './kinds.ts';

/** Two uint32 halves of a 64-bit value: `hi * 2**32 + lo`. */
export interface U64Column {
  hi: Uint32Array;
  lo: Uint32Array;
}

/** One field's values. `present` is 0 where the event did not record the field (u64 and bytes have no value for that). */
export type Column =
  | { readonly storage: 'number'; values: Float64Array }
  | { readonly storage: 'u64'; values: U64Column; present: Uint8Array }
  | { readonly storage: 'text'; values: Int32Array }
  | { readonly storage: 'bytes'; start: Uint32Array; end: Uint32Array };

/** The field columns of one kind in one batch; `columns` is aligned with `kind.fields`. */
export interface KindColumns {
  readonly kind: EventKind;
  length: number;
  readonly columns: Column[];
}

/** Bits of the `flags` column: what the line or record said about the context. */
export const contextFlags = { irqsOff: 1, bhOff: 2, needResched: 4, hardirq: 8, softirq: 16, nmi: 32 } as const;

export interface EventBatch {
  /** Number of events. Arrays may be longer. */
  readonly length: number;
  /** Place in the input: 0 for the first event of the capture. The identity of an event. */
  readonly ordinal: Float64Array;
  /** Nanoseconds since the capture's first event; for integer clocks, clock units since the first. */
  readonly time: Float64Array;
  /** -1 where the input does not say. */
  readonly cpu: Int32Array;
  /** Thread id, as the kernel's traces call it pid; -1 where the input does not say. */
  readonly pid: Int32Array;
  /** Process id; -1 where not recorded. */
  readonly tgid: Int32Array;
  /** Interned name of the task; -1 where not recorded. */
  readonly comm: Int32Array;
  /** Bits of `contextFlags`. */
  readonly flags: Uint8Array;
  /** Index into `Capture.kinds`. */
  readonly kind: Uint16Array;
  /** Row in the kind's own columns. */
  readonly row: Uint32Array;
  /** Field columns by kind id; a kind without events in this batch may be absent. */
  readonly fields: readonly (KindColumns | undefined)[];
  /** Bytes that `bytes` columns point into. */
  readonly arena: Uint8Array;
}

/** A kind's float64 column, or undefined when it has no such field (or it is stored otherwise). */
export function numberColumn(columns: KindColumns, name: string): Float64Array | undefined {
  const column = columns.columns[columns.kind.fields.findIndex((field) => field.name === name)];
  return column?.storage === 'number' ? column.values : undefined;
}

/** A kind's interned-text column, or undefined. */
export function textColumn(columns: KindColumns, name: string): Int32Array | undefined {
  const column = columns.columns[columns.kind.fields.findIndex((field) => field.name === name)];
  return column?.storage === 'text' ? column.values : undefined;
}

/** A kind's 64-bit column, or undefined. */
export function u64Column(columns: KindColumns, name: string): U64Column | undefined {
  const column = columns.columns[columns.kind.fields.findIndex((field) => field.name === name)];
  return column?.storage === 'u64' ? column.values : undefined;
}

/** The position of a probe's field by role, or -1. */
export function fieldOfRole(kind: EventKind, role: string): number {
  return kind.probe?.roles.indexOf(role) ?? -1;
}
