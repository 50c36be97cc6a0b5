/**
 * Text read in parts, so that more than one thread can read it: what a part gives, and how parts come together.
 *
 *     front reader   reads the beginning, knows the layout, the clock, the kinds met so far: the seed
 *     part readers   begin with the seed at a line that is an event, and know nothing of what lies between; one reads many
 *                    parts, each later in the text than the one before, and keeps what it has learnt
 *     front reader   takes the parts in the order of the text: their kinds and strings get its ids, their events its
 *                    ordinals, their lines its numbers; losses and times that go back are worked out anew
 *
 * A part whose lines could mean something else after what came before (other arguments of a probe, facts in a header in the
 * middle) is not taken: it is read again by the front reader. What its reader learnt from it may not be so, so that no later
 * part of that reader is taken either; it has to begin anew. So the events and the books are those of one reader.
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

/** What was read of a part. Plain data (between threads: text-memory.ts). */
export interface Part {
  /** Who read it, and how many parts that one had read before. */
  readonly reader: number;
  readonly turn: number;
  readonly lines: number;
  readonly bytes: number;
  readonly batches: readonly PartBatch[];
  /** undefined when its kinds cannot be taken by another table, or it holds facts about the capture. */
  readonly kinds: TableSketch | undefined;
  /** Kinds at the beginning of `kinds` that its reader knew before: the seed's, and those of the parts before. */
  readonly seeded: number;
  /** Texts that are new to its reader, whose ids go on from part to part. */
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

/** Reads parts, each from its own beginning to its own end. */
export interface PartReader {
  push(chunk: Uint8Array): void;
  /** The part that was pushed. What is pushed next is another one, later in the text. */
  finish(): Part;
  /** A part that it gave is not looked at any more: its columns are used again. */
  giveBack(part: Part): void;
}

/** A reader of a format, as it reads parts. */
export interface PartLines {
  startPart(id: number, turn: number): PartStart;
  push(chunk: Uint8Array): EventBatch[];
  finishPart(batches: EventBatch[], start: PartStart, bytes: number): Part;
  giveBack(batch: EventBatch): void;
}

/** @param id no other reader of the same text has it */
export function newPartReader(lines: PartLines, id: number): PartReader {
  const given = new WeakMap<Part, readonly EventBatch[]>();
  let start = lines.startPart(id, 0);
  let batches: EventBatch[] = [];
  let bytes = 0;
  return {
    push: (chunk) => {
      bytes += chunk.length;
      batches.push(...lines.push(chunk));
    },
    finish: () => {
      const part = lines.finishPart(batches, start, bytes);
      given.set(part, batches);
      start = lines.startPart(id, start.turn + 1);
      batches = [];
      bytes = 0;
      return part;
    },
    giveBack: (part) => {
      for (const batch of given.get(part) ?? []) lines.giveBack(batch);
    },
  };
}

/** What a part's reader knew when the part began, and where it marks losses. */
export interface PartStart {
  readonly reader: number;
  readonly turn: number;
  readonly kinds: number;
  readonly strings: number;
  readonly losses: readonly LossMark[];
}

/** Begins part `turn` of a reader: its books are empty, what it has learnt of names and texts stays. */
export function startPart(builder: BatchBuilder, origin: Origin, reader: number, turn: number): PartStart {
  const { capture } = builder;
  const books = capture.accounting;
  for (const key of counts) books[key] = 0;
  books.skips.length = 0;
  books.oddities.length = 0;
  capture.losses.length = 0;
  capture.events = 0;
  capture.inversions = 0;
  capture.end = 0;
  builder.at = 0;
  return {
    reader,
    turn,
    kinds: capture.kinds.length,
    strings: capture.strings.size,
    losses: builder.beginPart(origin),
  };
}

const counts = ['total', 'decoded', 'generic', 'comment', 'skipped'] as const;

/** What a part reader's builder and capture hold when the part has been read. */
export function partOf(
  builder: BatchBuilder,
  batches: readonly EventBatch[],
  start: PartStart,
  bytes: number,
  own: Part['own'],
): Part {
  const { capture } = builder;
  const { strings } = capture;
  const { total, decoded, generic, comment, skipped, skips, oddities } = capture.accounting;
  return {
    reader: start.reader,
    turn: start.turn,
    lines: builder.at,
    bytes,
    batches: batches.map(partBatch),
    kinds: hasFacts(capture) ? undefined : sketchOf(builder.kinds),
    seeded: start.kinds,
    strings: Array.from({ length: strings.size - start.strings }, (_, i) => strings.text(start.strings + i)),
    books: { total, decoded, generic, comment, skipped },
    // Copies: the reader goes on with the lists.
    skips: [...skips],
    oddities: [...oddities],
    losses: start.losses,
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

/** A part reader all of whose parts were taken so far: how many, and what its ids of texts are here. */
interface Followed {
  turns: number;
  readonly strings: number[];
  /** Some text has another id here. */
  isRenamed: boolean;
}

/** The part readers that a front reader takes parts of, by number. */
export type PartReaders = Map<number, Followed>;

/**
 * Puts a part behind what the builder has; false when it must be read again, and then only names were added, as reading it
 * will.
 */
export function joinPart(builder: BatchBuilder, part: Part, readers: PartReaders): boolean {
  const { capture } = builder;
  const followed = part.turn === 0 ? { turns: 0, strings: [], isRenamed: false } : readers.get(part.reader);
  readers.delete(part.reader);
  if (part.kinds === undefined || followed?.turns !== part.turn) return false;
  const kinds = takeKinds(builder.kinds, part.kinds, part.seeded);
  if (kinds === undefined) return false;
  readers.set(part.reader, followed);
  followed.turns++;
  for (const text of part.strings) {
    const id = capture.strings.intern(text);
    followed.isRenamed ||= id !== followed.strings.length;
    followed.strings.push(id);
  }
  const strings = followed.isRenamed ? followed.strings : undefined;
  const lines = builder.at;
  builder.join(
    part.batches.map((batch) => wholeBatch(batch, kinds, strings, capture)),
    part.losses,
    part.times,
  );
  const books = capture.accounting;
  for (const key of counts) books[key] += part.books[key];
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
  strings: readonly number[] | undefined,
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
function rename(column: Int32Array, ids: readonly number[], length: number): void {
  for (let i = 0; i < length; i++) if (column[i]! >= 0) column[i] = ids[column[i]!]!;
}
