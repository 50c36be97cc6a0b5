/**
 * Events of all CPUs in the order of time. Each CPU's own events are in order already, so one page of each is enough to
 * know what comes next. Of equal times the CPU with the lower number is first, as in `trace-cmd report`
 * (lib/trace-cmd/trace-input.c tracecmd_iterate_events_multi()), and so it is for buffers.
 */
import type { EventBatch } from '../../events/batch.ts';
import type { BatchBuilder } from '../builder.ts';
import type { RecordField } from '../records/event-format.ts';
import type { RecordTable } from '../records/record-table.ts';
import { CommonFields } from './common-fields.ts';
import type { Comms, Tgids } from './comms.ts';
import type { CpuCursor } from './cpu-cursor.ts';
import type { PageStream } from './page-stream.ts';
import { pageTime, type TimeBase } from './sub-buffer.ts';

const two32 = 2 ** 32;
const perTwo32 = 2 ** -32;

/** Where a cursor is: the place of its page in the input (-1 behind the last event), and the number of the event there. */
export interface Place {
  readonly page: number;
  readonly next: number;
}

const ended: Place = { page: -1, next: 0 };

/** What `#run` says when every cursor is at the limit. */
const atLimit = -2;

export interface MergeOptions {
  readonly table: RecordTable;
  readonly isLittleEndian: boolean;
  /** Fields that every record begins with, as a description of the capture tells them; empty when there is none. */
  readonly common: readonly RecordField[];
  readonly comms: Comms;
  readonly tgids?: Tgids;
  /** Ids of records that belong to the event before them. */
  readonly asides: ReadonlySet<number>;
  /** Added to every time. */
  readonly offset?: bigint;
}

export class RingMerge {
  readonly #cursors: readonly CpuCursor[];
  readonly #builder: BatchBuilder;
  readonly #options: MergeOptions;
  readonly #asides = new Uint8Array(65536);
  readonly #common: CommonFields;
  /** Cursors that have a record at hand, a heap with the earliest on top; and the time of that record by cursor. */
  readonly #heap: Int32Array;
  #length = 0;
  readonly #times: Float64Array;
  #base: TimeBase = { hi: 0, lo: 0 };
  /** The base as times are given out. */
  #outHi = 0;
  #outLo = 0;

  /** @param cursors in the order in which equal times are to come out */
  constructor(cursors: readonly CpuCursor[], builder: BatchBuilder, options: MergeOptions) {
    this.#cursors = cursors;
    this.#builder = builder;
    this.#options = options;
    this.#common = new CommonFields(options.table, options.common, options.isLittleEndian);
    this.#heap = new Int32Array(cursors.length);
    this.#times = new Float64Array(cursors.length);
    for (const id of options.asides) if (id <= 0xffff) this.#asides[id] = 1;
  }

  /** All events; to be asked for once. */
  async *batches(): AsyncGenerator<EventBatch> {
    await this.begin();
    yield* this.until(Number.POSITIVE_INFINITY);
    yield* this.#builder.finish();
  }

  /** Takes the first page of every cursor, and chooses what times are counted from. */
  async begin(): Promise<void> {
    await this.#chooseBase();
    for (let i = 0; i < this.#cursors.length; i++) await this.#enter(i);
  }

  /** What times are counted from. */
  get base(): TimeBase {
    return this.#base;
  }

  /**
   * Gives out events until every cursor is at one that is at `limit` (against the base) or later: whatever the times, that is
   * a place that reading everything passes. Stops earlier when more than `most` units were counted.
   */
  async *until(limit: number, most = Number.POSITIVE_INFINITY): AsyncGenerator<EventBatch> {
    const { accounting } = this.#builder.capture;
    while (this.#length > 0 && accounting.total <= most) {
      const dry = this.#run(limit);
      yield* this.#builder.take();
      if (dry === atLimit) return;
      if (dry < 0) continue;
      this.#drop();
      await this.#enter(dry);
    }
  }

  /** Where every cursor is. What comes behind it depends on this and on nothing else; of plain pages. */
  places(): Place[] {
    const places = this.#cursors.map((): Place => ended);
    for (let i = 0; i < this.#length; i++) {
      const { pageAt, next } = this.#cursors[this.#heap[i]!]!;
      places[this.#heap[i]!] = { page: pageAt, next };
    }
    return places;
  }

  /** Goes to where `places` was told. The pages at hand are booked already. */
  async place(places: readonly Place[], open: (cursor: number, page: number) => PageStream): Promise<void> {
    this.#length = 0;
    for (const [i, cursor] of this.#cursors.entries()) {
      const { page, next } = places[i] ?? ended;
      if (page < 0) continue;
      cursor.open(open(i, page));
      await cursor.refill();
      // The file may have changed since: then it goes on with what is there.
      const isThere = cursor.turn(this.#base, true) && next < cursor.page.count;
      if (!isThere) await this.#enter(i);
      else {
        cursor.next = next;
        this.#push(i);
      }
    }
  }

  /**
   * Goes to where reading up to `limit` leads, from pages before that place: each cursor's first event that is not before
   * `limit`, where the events before it are in order. The pages up to there are booked already.
   *
   * @param base what times are counted from, as another merge of the same capture chose it
   */
  async seek(base: TimeBase, limit: number, open: (cursor: number) => PageStream): Promise<void> {
    this.#setBase(base);
    this.#length = 0;
    for (const [i, cursor] of this.#cursors.entries()) {
      cursor.open(open(i));
      if (await this.#skipTo(cursor, limit)) this.#push(i);
    }
  }

  async #skipTo(cursor: CpuCursor, limit: number): Promise<boolean> {
    while (await cursor.refill()) {
      while (cursor.turn(this.#base, true)) {
        const { times, count } = cursor.page;
        let next = 0;
        while (next < count && times[next]! < limit) next++;
        cursor.next = next;
        if (next < count) return true;
      }
    }
    return false;
  }

  /**
   * Chooses what times are counted from: nothing while the clock is below 2^53 (104 days of ns), else the page in the
   * middle, so that one page with a damaged time does not cost all others their last digits.
   */
  async #chooseBase(): Promise<void> {
    const firsts: { hi: number; lo: number }[] = [];
    for (const cursor of this.#cursors) {
      const window = await cursor.begin();
      if (window === undefined || window.bytes.length < 8) continue;
      firsts.push(
        pageTime(new DataView(window.bytes.buffer, window.bytes.byteOffset, window.bytes.byteLength), 0, cursor.layout),
      );
    }
    firsts.sort((a, b) => a.hi - b.hi || a.lo - b.lo);
    const middle = firsts[firsts.length >> 1];
    this.#setBase(middle !== undefined && middle.hi >= 2 ** 21 ? middle : this.#base);
  }

  #setBase(base: TimeBase): void {
    this.#base = base;
    const out = BigInt.asUintN(
      64,
      (BigInt(this.#base.hi) << 32n) + BigInt(this.#base.lo) + (this.#options.offset ?? 0n),
    );
    this.#outHi = Number(out >> 32n);
    this.#outLo = Number(out & 0xffffffffn);
  }

  /** Puts a cursor into the heap when it has, or can be made to have, a record. */
  async #enter(index: number): Promise<void> {
    const cursor = this.#cursors[index]!;
    while (await cursor.refill()) {
      if (!cursor.turn(this.#base)) continue;
      this.#push(index);
      return;
    }
  }

  /** Gives out records until a batch is full (-1), all are at the limit, or a cursor, the top one, has none left (its index). */
  #run(until: number): number {
    const builder = this.#builder;
    const { table, comms, tgids } = this.#options;
    const common = this.#common;
    const asides = this.#asides;
    const base = this.#base;
    const [outHi, outLo] = [this.#outHi, this.#outLo];
    const heap = this.#heap;
    const heads = this.#times;
    for (let given = 0; given < 32768; ) {
      const index = heap[0]!;
      if (heads[index]! >= until) return atLimit;
      const cursor = this.#cursors[index]!;
      // As long as this cursor stays before the runner-up, the heap need not be touched.
      let rival = this.#runnerUp();
      let limit = rival < 0 ? until : heads[rival]!;
      if (limit >= until) {
        limit = until;
        rival = -1;
      }
      const { page, cpu } = cursor;
      for (;;) {
        const { bytes } = cursor;
        const { events, starts, ends, times, count } = page;
        let i = cursor.next;
        let time = times[i]!;
        let stays = true;
        while (stays) {
          const start = starts[i]!;
          const end = ends[i]!;
          const event = events[i]!;
          builder.units = end - event;
          builder.at = cursor.placeOf(event);
          const type = common.typeOf(bytes, start, end);
          if (type < 0) builder.skip('record shorter than its common fields', bytes, start, end);
          else if (asides[type] === 1) builder.comment();
          else {
            const sum = time + outLo;
            const carry = Math.floor(sum * perTwo32);
            let hi = outHi + carry;
            const lo = sum - carry * two32;
            // Round the clock, as 64 bits go; a remainder would take as long as the rest of the loop.
            if (hi >= two32) hi -= two32;
            const pid = common.pidOf(bytes, start, end);
            const tgid = tgids === undefined ? -1 : tgids.of(pid);
            builder.beginAt(hi, lo, cpu, pid, tgid, comms.of(pid), common.flagsOf(bytes, start, end));
            table.decodeAs(type, bytes, start, end);
            cursor.events++;
          }
          given++;
          i++;
          if (i === count) break;
          time = times[i]!;
          stays = time < limit || (time === limit && index < rival);
        }
        cursor.next = i;
        if (i < count) break;
        if (!cursor.turn(base)) return index;
        const first = page.times[0]!;
        heads[index] = first;
        if (first > limit || (first === limit && index > rival) || given >= 32768) break;
      }
      heads[index] = page.times[cursor.next]!;
      this.#sift();
    }
    return -1;
  }

  /** The cursor that would be on top without the one that is; -1 when there is none. */
  #runnerUp(): number {
    if (this.#length < 2) return -1;
    const [left, right] = [this.#heap[1]!, this.#heap[2]!];
    return this.#length < 3 || this.#isBefore(left, right) ? left : right;
  }

  #isBefore(a: number, b: number): boolean {
    const [first, second] = [this.#times[a]!, this.#times[b]!];
    return first < second || (first === second && a < b);
  }

  #push(index: number): void {
    const { page, next } = this.#cursors[index]!;
    this.#times[index] = page.times[next]!;
    const heap = this.#heap;
    let at = this.#length++;
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (!this.#isBefore(index, heap[up]!)) break;
      heap[at] = heap[up]!;
      at = up;
    }
    heap[at] = index;
  }

  /** Takes the top away. */
  #drop(): void {
    this.#heap[0] = this.#heap[--this.#length]!;
    this.#sift();
  }

  /** Puts the top where it belongs. */
  #sift(): void {
    const heap = this.#heap;
    const index = heap[0]!;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= this.#length) break;
      if (below + 1 < this.#length && this.#isBefore(heap[below + 1]!, heap[below]!)) below++;
      if (!this.#isBefore(heap[below]!, index)) break;
      heap[at] = heap[below]!;
      at = below;
    }
    if (this.#length > 0) heap[at] = index;
  }
}
