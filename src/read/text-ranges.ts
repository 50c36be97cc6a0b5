/**
 * Text read in parts, so that more than one thread can read it: what a part gives, and how parts come together.
 *
 *     front reader   reads the beginning, knows the layout, the clock, the kinds met so far: the seed
 *     part readers   begin with the seed at a line that is an event, and know nothing of what lies between
 *     front reader   takes the parts in the order of the text: their kinds and strings get its ids, their events its
 *                    ordinals, their lines its numbers; losses and times that go back are worked out anew
 *
 * A part whose lines could mean something else after what came before (other arguments of a probe, facts in a header in the
 * middle) is not taken: it is read again by the front reader. So the events and the books are those of one reader.
 */
import type { Column, EventBatch, KindColumns } from '../events/batch.ts';
import { addNote, type Capture, type Note, newCapture } from '../events/capture.ts';
import type { BatchBuilder, Origin } from './builder.ts';
import type { Reader } from './format.ts';
import { sketchOf, type TableSketch, takeKinds } from './kind-sketch.ts';
import type { LossMark, PartTimes } from './loss-book.ts';

/** What part readers of any text format must know of the text before them. Plain data. */
export interface Seed {
  readonly origin: Origin;
  readonly definitions: readonly string[];
  readonly kinds: TableSketch;
}

/** A batch whose kinds are ids of the part's own table. Plain data. */
type PartBatch = Omit<EventBatch, 'fields' | 'ordinal' | 'kind'> & {
  readonly ordinal: Float64Array;
  readonly kind: Uint16Array;
  readonly fields: readonly { readonly kind: number; readonly length: number; readonly columns: Column[] }[];
};

/** What was read of a part. Plain data, which goes from thread to thread without being copied (`buffersOf`). */
export interface Part {
  readonly lines: number;
  readonly bytes: number;
  readonly batches: readonly PartBatch[];
  /** undefined when its kinds cannot be taken by another table, or it holds facts about the capture. */
  readonly kinds: TableSketch | undefined;
  /** Kinds at the beginning of `kinds` that are the seed's. */
  readonly seeded: number;
  readonly strings: readonly string[];
  readonly books: Readonly<Record<'total' | 'decoded' | 'generic' | 'comment' | 'skipped', number>>;
  readonly skips: readonly Note[];
  readonly oddities: readonly Note[];
  readonly losses: readonly LossMark[];
  readonly times: PartTimes;
  /** What the format itself counts. */
  readonly own: Readonly<Record<string, number>>;
}

/** Reads the beginning of a text, and whatever no part reader can; `S` is what its part readers must know. */
export interface FrontReader<S> extends Reader {
  /** What part readers need; undefined as long as not enough was read. */
  seed(): S | undefined;
  /** The first place in these bytes where a line begins that a part may begin with; -1 when there is none. */
  cutIn(bytes: Uint8Array): number;
  /** The part that comes next; undefined when it must be read here. Everything before it has been pushed or taken. */
  take(part: Part): EventBatch[] | undefined;
}

/** Reads one part; from its own beginning to its own end. */
export interface PartReader {
  push(chunk: Uint8Array): void;
  finish(): Part;
}

/** What a part reader's builder and capture hold when the part has been read. */
export function partOf(
  builder: BatchBuilder,
  batches: readonly EventBatch[],
  seeded: number,
  losses: readonly LossMark[],
  bytes: number,
  own: Part['own'],
): Part {
  const { capture } = builder;
  const { total, decoded, generic, comment, skipped, skips, oddities } = capture.accounting;
  return {
    lines: builder.at,
    bytes,
    batches: batches.map(partBatch),
    kinds: hasFacts(capture) ? undefined : sketchOf(builder.kinds),
    seeded,
    strings: Array.from({ length: capture.strings.size }, (_, id) => capture.strings.text(id)),
    books: { total, decoded, generic, comment, skipped },
    skips,
    oddities,
    losses,
    times: builder.partTimes,
    own,
  };
}

/** Whether something was learnt of the capture as a whole: that is for the front reader to weigh. */
function hasFacts(capture: Capture): boolean {
  return capture.remarks.length > 0 || Object.keys(capture).length > Object.keys(newCapture('', '', 'lines')).length;
}

function partBatch(batch: EventBatch): PartBatch {
  const fields = batch.fields.flatMap((columns) =>
    columns === undefined ? [] : [{ kind: columns.kind.id, length: columns.length, columns: columns.columns }],
  );
  return { ...batch, fields };
}

/**
 * Puts a part behind what the builder has; false when it must be read again, and then only names were added, as reading it
 * will.
 */
export function joinPart(builder: BatchBuilder, part: Part): boolean {
  if (part.kinds === undefined) return false;
  const { capture } = builder;
  const kinds = takeKinds(builder.kinds, part.kinds, part.seeded);
  if (kinds === undefined) return false;
  const ids = Int32Array.from(part.strings, (text) => capture.strings.intern(text));
  // A part that began with the strings of this capture has nothing to rename, unless it met some in another order.
  const strings = ids.some((id, i) => id !== i) ? ids : undefined;
  const lines = builder.at;
  builder.join(
    part.batches.map((batch) => wholeBatch(batch, kinds, strings, capture)),
    part.losses,
    part.times,
  );
  const books = capture.accounting;
  for (const key of ['total', 'decoded', 'generic', 'comment', 'skipped'] as const) books[key] += part.books[key];
  for (const list of ['skips', 'oddities'] as const) {
    for (const { reason, count, firstPlace, firstText } of part[list]) {
      const line = Number(firstPlace.slice(firstPlace.lastIndexOf(' ')));
      builder.at = lines + line;
      addNote(books[list], reason, builder.place(), firstText, count);
    }
  }
  builder.at = lines + part.lines;
  return true;
}

/** The batch with the capture's own kinds and strings. */
function wholeBatch(
  batch: PartBatch,
  kinds: Int32Array,
  strings: Int32Array | undefined,
  capture: Capture,
): EventBatch & { ordinal: Float64Array } {
  const { length, kind, comm } = batch;
  if (kinds.some((id, i) => id !== i)) renumber(kind, kinds, length);
  if (strings) rename(comm, strings, length);
  const fields: (KindColumns | undefined)[] = new Array(capture.kinds.length).fill(undefined);
  for (const one of batch.fields) {
    if (strings) {
      for (const column of one.columns) if (column.storage === 'text') rename(column.values, strings, one.length);
    }
    const id = kinds[one.kind]!;
    fields[id] = { kind: capture.kinds[id]!, length: one.length, columns: one.columns };
  }
  return { ...batch, fields };
}

// Loops over bare columns, apart from the objects that hold them: those come from two threads in two shapes.

function renumber(column: Uint16Array, ids: Int32Array, length: number): void {
  for (let i = 0; i < length; i++) column[i] = ids[column[i]!]!;
}

/** Texts that are not recorded (-1) stay so. */
function rename(column: Int32Array, ids: Int32Array, length: number): void {
  for (let i = 0; i < length; i++) if (column[i]! >= 0) column[i] = ids[column[i]!]!;
}

/** The memory of a part's columns, to be handed over to another thread. */
export function buffersOf(part: Part): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  const add = (array: { readonly buffer: ArrayBufferLike }): void => {
    buffers.add(array.buffer as ArrayBuffer);
  };
  for (const batch of part.batches) {
    for (const key of ['ordinal', 'time', 'cpu', 'pid', 'tgid', 'comm', 'flags', 'kind', 'row', 'arena'] as const)
      add(batch[key]);
    for (const { columns } of batch.fields)
      for (const column of columns) for (const array of arraysOf(column)) add(array);
  }
  return [...buffers];
}

function arraysOf(column: Column): readonly { readonly buffer: ArrayBufferLike }[] {
  switch (column.storage) {
    case 'number':
    case 'text':
      return [column.values];
    case 'u64':
      return [column.values.hi, column.values.lo, column.present];
    case 'bytes':
      return [column.start, column.end];
  }
}
