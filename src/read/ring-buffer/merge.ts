/**
 * Events of all CPUs in the order of time. Each CPU's own events are in order already, so one page of each is enough to
 * know what comes next. Of equal times the CPU with the lower number is first, as in `trace-cmd report`
 * (lib/trace-cmd/trace-input.c tracecmd_iterate_events_multi()), and so it is for buffers.
 */
import type { EventBatch } from '../../events/batch.ts';
import type { BatchBuilder } from '../builder.ts';
import type { RecordTable } from '../records/record-table.ts';
import { CommonFields } from './common-fields.ts';
import type { Comms, Tgids } from './comms.ts';
import type { CpuCursor } from './cpu-cursor.ts';
import { blockSize, EventBlock } from './event-block.ts';
import type { PagePool } from './page-pool.ts';
import { addTime, pageTime, type TimeBase } from './sub-buffer.ts';

export interface MergeOptions {
  readonly table: RecordTable;
  readonly isLittleEndian: boolean;
  readonly comms: Comms;
  readonly tgids?: Tgids;
  /** Ids of records that belong to the event before them. */
  readonly asides: ReadonlySet<number>;
  /** Added to every time. */
  readonly offset?: bigint;
  /** That of the cursors. */
  readonly pool: PagePool | undefined;
}

export class RingMerge {
  readonly #cursors: readonly CpuCursor[];
  readonly #builder: BatchBuilder;
  readonly #options: MergeOptions;
  readonly #asides = new Uint8Array(65536);
  readonly #common: CommonFields;
  /** Records are stored many at once: they lie in one array, and say what every kernel's say in the same place. */
  readonly #isTogether: boolean;
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
    this.#common = new CommonFields(options.table, options.isLittleEndian);
    const isUsual = this.#common.isUsual && cursors.every(({ cpu }) => cpu >= 0 && cpu <= 0x7fffffff);
    this.#isTogether = isUsual && options.pool !== undefined;
    this.#heap = new Int32Array(cursors.length);
    this.#times = new Float64Array(cursors.length);
    for (const id of options.asides) if (id <= 0xffff) this.#asides[id] = 1;
  }

  /** All events; to be asked for once. */
  async *batches(): AsyncGenerator<EventBatch> {
    await this.#chooseBase();
    const block = this.#newBlock();
    for (const cursor of this.#cursors) cursor.settle = () => block.flush();
    for (let i = 0; i < this.#cursors.length; i++) await this.#enter(i);
    while (this.#length > 0) {
      const dry = this.#run(block);
      // The next window may put something into the books, and without a pool its bytes come in the place of these.
      block.flush();
      if (dry >= 0) {
        this.#drop();
        await this.#enter(dry);
      }
      yield* this.#builder.take();
    }
    yield* this.#builder.finish();
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
    if (middle !== undefined && middle.hi >= 2 ** 21) this.#base = middle;
    const out = BigInt.asUintN(
      64,
      (BigInt(this.#base.hi) << 32n) + BigInt(this.#base.lo) + (this.#options.offset ?? 0n),
    );
    this.#outHi = Number(out >> 32n);
    this.#outLo = Number(out & 0xffffffffn);
  }

  /** Where events are put until they are stored. */
  #newBlock(): EventBlock {
    const { table, comms, tgids, pool } = this.#options;
    return new EventBlock({
      builder: this.#builder,
      table,
      common: this.#common,
      comms,
      tgids,
      pool,
      addHi: this.#outHi,
      addLo: this.#outLo,
    });
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

  /** Puts records into the block until it is full (-1), or a cursor, the top one, has none left (its index). */
  #run(block: EventBlock): number {
    const heap = this.#heap;
    const heads = this.#times;
    for (;;) {
      const index = heap[0]!;
      const cursor = this.#cursors[index]!;
      // As long as this cursor stays before the runner-up, the heap need not be touched.
      const rival = this.#runnerUp();
      const limit = rival < 0 ? Number.POSITIVE_INFINITY : heads[rival]!;
      const { page } = cursor;
      for (;;) {
        this.#take(cursor, block, limit, index < rival);
        if (cursor.next < page.count) break;
        if (!cursor.turn(this.#base)) return index;
        const first = page.times[0]!;
        heads[index] = first;
        if (first > limit || (first === limit && index > rival)) break;
        if (block.length === blockSize) return -1;
      }
      heads[index] = page.times[cursor.next]!;
      this.#sift();
      if (block.length === blockSize) return -1;
    }
  }

  /**
   * Takes records of the page at hand up to the time `limit`, or until the block is full. One that is at it is taken when
   * `isFirst`. The first one is taken whatever its time, as the cursor is the one on top.
   */
  #take(cursor: CpuCursor, block: EventBlock, limit: number, isFirst: boolean): void {
    const common = this.#common;
    const asides = this.#asides;
    const { bytes, cpu } = cursor;
    const { events, starts, ends, times, count } = cursor.page;
    const isTogether = this.#isTogether;
    let given = 0;
    let n = block.length;
    let i = cursor.next;
    let time = times[i]!;
    do {
      const start = starts[i]!;
      const end = ends[i]!;
      const type = common.typeOf(bytes, start, end);
      if (type >= 0 && asides[type] === 1) {
        this.#builder.units = end - events[i]!;
        this.#builder.comment();
      } else if (isTogether && end - start >= 8) {
        block.events[n] = events[i]!;
        block.starts[n] = start;
        block.ends[n] = end;
        block.times[n] = time;
        block.types[n] = type;
        block.cpus[n] = cpu;
        n++;
        given++;
      } else {
        block.length = n;
        block.flush();
        n = 0;
        this.#giveAlone(cursor, type, i);
        if (type >= 0) given++;
      }
      i++;
      if (i === count) break;
      time = times[i]!;
    } while (n < blockSize && (time < limit || (time === limit && isFirst)));
    cursor.next = i;
    cursor.events += given;
    block.length = n;
  }

  /** Gives out one record by itself: too short for a block, or with common fields where no kernel has them. */
  #giveAlone(cursor: CpuCursor, type: number, i: number): void {
    const builder = this.#builder;
    const common = this.#common;
    const { table, comms, tgids } = this.#options;
    const { bytes, page, cpu } = cursor;
    const [event, start, end] = [page.events[i]!, page.starts[i]!, page.ends[i]!];
    builder.units = end - event;
    builder.at = cursor.placeOf(event);
    if (type < 0) {
      builder.skip('record shorter than its common fields', bytes, start, end);
      return;
    }
    const { hi, lo } = addTime(this.#outHi, this.#outLo, page.times[i]!);
    const pid = common.pidOf(bytes, start, end);
    const tgid = tgids === undefined ? -1 : tgids.of(pid);
    builder.beginAt(hi, lo, cpu, pid, tgid, comms.of(pid), common.flagsOf(bytes, start, end));
    table.decodeAs(type, bytes, start, end);
  }

  /** The cursor that would be on top without the one that is; -1 when there is none. */
  #runnerUp(): number {
    if (this.#length < 2) return -1;
    // No destructuring here: it makes an array each time, which the engine does not see through.
    const left = this.#heap[1]!;
    const right = this.#heap[2]!;
    return this.#length < 3 || this.#isBefore(left, right) ? left : right;
  }

  #isBefore(a: number, b: number): boolean {
    const first = this.#times[a]!;
    const second = this.#times[b]!;
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
