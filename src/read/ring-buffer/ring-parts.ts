/**
 * Plain ring-buffer pages read in parts, so that more than one thread can read them. A part is a span of time.
 *
 *     CPU 0   ...|  page  |  pa:ge  |  page  |  page  |  page :  |  page  |...
 *     CPU 1   ...|   page :    |       page       |    page   |  :  page  |...
 *                         from                                to
 *
 * Putting CPUs in order passes through one state at every time T: each CPU is at its first event that is not before T, and
 * its page has been booked, since it was turned to. That holds whatever the times are, for a CPU whose next event is at T or
 * later waits for all others. So reading from one such state to the next, again and again, is reading everything.
 *
 * A part reader guesses the state at `from` by the times in page heads (`TimeCuts`), reads up to `to`, and says in which
 * states it began and ended. The front reader takes a part that began in the very state in which everything before it
 * ended; any other (times that go back, damaged heads) it reads again from there, in order. So do the threads of a text
 * (text-ranges.ts), and kinds, strings, ordinals and losses come together as they do there.
 */
import type { EventBatch } from '../../events/batch.ts';
import type { BatchBuilder, Origin } from '../builder.ts';
import type { ByteSource } from '../format.ts';
import { sketchOf, type TableSketch, takeKinds } from '../kind-sketch.ts';
import { buffersOf, joinPart, type Part, partOf } from '../text-ranges.ts';
import type { CpuCursor } from './cpu-cursor.ts';
import type { Place, RingMerge } from './merge.ts';
import { type PageStream, plainPages, windowSize } from './page-stream.ts';
import type { TimeBase } from './sub-buffer.ts';
import { type Cut, type PlainPages, TimeCuts } from './time-cuts.ts';

/** What puts the events of a ring buffer in order, for one builder. */
export interface Kit {
  readonly builder: BatchBuilder;
  readonly cursors: readonly CpuCursor[];
  readonly merge: RingMerge;
}

/** A ring buffer whose parts can be read apart. */
export interface Ring {
  readonly input: ByteSource;
  /** Of each cursor. */
  readonly pages: readonly PlainPages[];
  /** For the capture itself, once. */
  front(): Kit;
  /** For parts: a kit with a builder of its own. */
  apart(): Kit;
  /** To be called when all events were given out, with their numbers by cursor. */
  settle(events: readonly number[]): Promise<void>;
}

/** A part that is to be read. Plain data. */
export interface RingTask {
  /** Its number. */
  readonly place: number;
  readonly base: TimeBase;
  readonly origin: Origin;
  /** What the front reader knows: a part that begins with the same ids needs none of its own changed. */
  readonly kinds: TableSketch | undefined;
  readonly strings: readonly string[];
  readonly from: Cut;
  readonly to: Cut;
}

/** What was read of a part. Plain data but for the columns, which go from thread to thread without being copied. */
export interface RingPart {
  readonly part: Part;
  readonly from: readonly Place[];
  readonly to: readonly Place[];
  /** Events by cursor. */
  readonly events: readonly number[];
}

/** The memory of a part, to be handed over to another thread. */
export const ringBuffers = ({ part }: RingPart): ArrayBuffer[] => buffersOf(part);

/** Bytes of the first part, which the front reader reads before any other can be: it holds the first event. */
const frontSize = 1 << 20;

/** Texts that a part reader keeps from part to part; they travel with every part. */
const mostStrings = 65536;

/** Texts that travel with every task. */
const mostSeeds = 4096;

/** Parts one behind the other that could not be taken, from which on no more are asked for. */
const mostRefused = 8;

/** Pages of a cursor from a page on, of which so many bytes will be read, about. */
function pagesFrom({ input, pages }: Ring, cursor: number, at: number, expected: number): PageStream {
  const { offset, size, layout } = pages[cursor]!;
  const window = Math.min(windowSize(pages.length, layout.pageSize), Math.max(layout.pageSize, expected));
  return plainPages(input, at, offset + size - at, window, { expected, page: layout.pageSize });
}

export class RingPartReader {
  readonly #ring: Ring;
  #kit: Kit | undefined;

  constructor(ring: Ring) {
    this.#ring = ring;
  }

  /** Reads a part; undefined when it is much longer than was guessed. */
  async read({ base, origin, kinds, strings: known, from, to }: RingTask): Promise<RingPart | undefined> {
    this.#kit ??= this.#ring.apart();
    const { builder, cursors, merge } = this.#kit;
    const { pages } = this.#ring;
    const losses = builder.beginPart(origin);
    empty(builder);
    for (const text of known) builder.capture.strings.intern(text);
    if (kinds !== undefined) takeKinds(builder.kinds, kinds, 0);
    for (const cursor of cursors) cursor.events = 0;
    const expected = pages.map(({ layout }, i) => (to.pages[i]! - from.pages[i]! + 2) * layout.pageSize);
    await merge.seek(base, from.time, (i) => {
      const { offset, layout } = pages[i]!;
      return pagesFrom(this.#ring, i, offset + from.pages[i]! * layout.pageSize, Math.max(0, expected[i]!));
    });
    const began = merge.places();
    const most = expected.reduce((sum, size) => sum + Math.max(0, size), 0) * 2;
    const batches: EventBatch[] = [];
    for await (const batch of merge.until(to.time, most)) batches.push(batch);
    batches.push(...builder.finish());
    const { accounting, strings } = builder.capture;
    const isKept = accounting.total <= most && strings.size <= mostStrings;
    if (!isKept) this.#kit = undefined;
    if (accounting.total > most) return undefined;
    const part = partOf(builder, batches, 0, losses, accounting.total, {});
    const [skips, oddities] = [[...part.skips], [...part.oddities]];
    const events = cursors.map((cursor) => cursor.events);
    return { part: { ...part, skips, oddities }, from: began, to: merge.places(), events };
  }
}

/** Empties the books: those of the next part begin. Kinds and texts stay; they are of the input read so far, as in front. */
function empty({ capture }: BatchBuilder): void {
  const { accounting, losses, remarks } = capture;
  capture.events = 0;
  capture.end = 0;
  capture.inversions = 0;
  for (const key of ['total', 'decoded', 'generic', 'comment', 'skipped'] as const) accounting[key] = 0;
  delete accounting.cutShort;
  for (const list of [accounting.skips, accounting.oddities, losses, remarks]) list.length = 0;
}

export class RingFront {
  readonly #ring: Ring;
  readonly #kit: Kit;
  readonly #partSize: number;
  #cuts: TimeCuts | undefined;
  /** Where the part asked for last ends. */
  #cut: Cut | undefined;
  /** The state that everything given out so far leads to, and whether the merge is in it. */
  #places: readonly Place[] = [];
  #isThere = true;
  /** Events of parts that were taken, by cursor. */
  readonly #events: number[];
  #refused = 0;
  #joined = 0;

  /** @param partSize bytes of a part, about */
  constructor(ring: Ring, partSize: number) {
    this.#ring = ring;
    this.#kit = ring.front();
    this.#partSize = partSize;
    this.#events = ring.pages.map(() => 0);
  }

  /** Bytes that everything given out so far took. */
  get bytes(): number {
    return this.#kit.builder.capture.accounting.total;
  }

  /** Parts that were taken as they had been read. */
  get taken(): number {
    return this.#joined;
  }

  /** Reads the beginning, up to the first event at least. */
  async *beginning(): AsyncGenerator<EventBatch> {
    const { merge, builder } = this.#kit;
    await merge.begin();
    const { input, pages } = this.#ring;
    const first = new TimeCuts(input, pages, merge.base, Math.min(frontSize, this.#partSize));
    do {
      this.#cut = await first.next();
      yield* merge.until(this.#cut.time);
    } while (builder.events === 0 && this.#cut.time < Number.POSITIVE_INFINITY);
    this.#cuts = new TimeCuts(input, pages, merge.base, this.#partSize);
    this.#places = merge.places();
  }

  /** The part that follows the one asked for last; undefined behind the last one. */
  async ask(place: number): Promise<RingTask | undefined> {
    const from = this.#cut;
    if (this.#cuts === undefined || from === undefined || this.#refused >= mostRefused) return undefined;
    if (from.time === Number.POSITIVE_INFINITY) return undefined;
    let to = await this.#cuts.next();
    // Cuts begin at the beginning, of which some was read.
    while (to.time <= from.time) to = await this.#cuts.next();
    this.#cut = to;
    const { merge, builder } = this.#kit;
    const { strings } = builder.capture;
    return {
      place,
      base: merge.base,
      origin: builder.origin,
      kinds: sketchOf(builder.kinds),
      strings: Array.from({ length: strings.size > mostSeeds ? 0 : strings.size }, (_, id) => strings.text(id)),
      from,
      to,
    };
  }

  /** The events of the next part: as it was read, or read here from where the one before it ended. */
  async *take(task: RingTask, read: RingPart | undefined): AsyncGenerator<EventBatch> {
    const { builder, merge } = this.#kit;
    if (read !== undefined && isSame(read.from, this.#places)) {
      // Places of bytes are those of the input.
      builder.at = 0;
      if (joinPart(builder, read.part)) {
        this.#places = read.to;
        this.#isThere = false;
        this.#refused = 0;
        this.#joined++;
        for (const [i, events] of read.events.entries()) this.#events[i]! += events;
        yield* builder.take();
        return;
      }
    }
    this.#refused++;
    yield* this.#until(task.to.time);
    this.#places = merge.places();
  }

  /** What no part was asked for, and the end. */
  async *rest(): AsyncGenerator<EventBatch> {
    yield* this.#until(Number.POSITIVE_INFINITY);
    yield* this.#kit.builder.finish();
    await this.#ring.settle(this.#kit.cursors.map(({ events }, i) => events + this.#events[i]!));
  }

  async *#until(limit: number): AsyncGenerator<EventBatch> {
    const { merge } = this.#kit;
    if (!this.#isThere) {
      await merge.place(this.#places, (i, at) => pagesFrom(this.#ring, i, at, this.#ring.pages[i]!.size));
    }
    this.#isThere = true;
    yield* merge.until(limit);
  }
}

function isSame(a: readonly Place[], b: readonly Place[]): boolean {
  return a.length === b.length && a.every(({ page, next }, i) => page === b[i]!.page && next === b[i]!.next);
}
