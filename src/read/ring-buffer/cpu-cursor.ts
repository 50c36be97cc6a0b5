/** Where reading stands in the pages of one CPU of one buffer. */
import type { BatchBuilder } from '../builder.ts';
import type { PageLayout } from './page-layout.ts';
import type { PagePool } from './page-pool.ts';
import type { PageStream, PageWindow } from './page-stream.ts';
import { SubBuffer, type TimeBase } from './sub-buffer.ts';

/** A time as it is recorded, to the time as it is meant: for clocks that the recorder translates (64 bits both). */
export type Clockwork = (time: bigint) => bigint;

const two32 = 2 ** 32;

export class CpuCursor {
  readonly cpu: number;
  /** Records of the page at hand, and which of them is next; there is one whenever the cursor is in the merge. */
  readonly page = new SubBuffer();
  next = 0;
  /** What the page's offsets point into: the window at hand, or the pool. */
  bytes: Uint8Array = new Uint8Array(0);
  /** Events given out so far. */
  events = 0;
  readonly #stream: PageStream;
  readonly #layout: PageLayout;
  readonly #builder: BatchBuilder;
  readonly #clockwork: Clockwork | undefined;
  readonly #pool: PagePool | undefined;
  /** Where this cursor's page is in the pool; -1 before the first. */
  #slot = -1;
  #window: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  /** Place in the input of the window's first byte; of packed pages, of all bytes. */
  #windowAt = 0;
  #isPacked = false;
  /** Offset of the next page in the window. */
  #behind = 0;
  #waiting: PageWindow | undefined;

  /** Called before something is put into the books that has its place among the events: those before it are to be stored. */
  settle: () => void = () => undefined;

  /** @param pool with room for a page of this cursor */
  constructor(
    cpu: number,
    stream: PageStream,
    layout: PageLayout,
    builder: BatchBuilder,
    { pool, clockwork }: { pool?: PagePool | undefined; clockwork?: Clockwork | undefined } = {},
  ) {
    this.cpu = cpu;
    this.#clockwork = clockwork;
    this.#stream = stream;
    this.#layout = layout;
    this.#builder = builder;
    this.#pool = pool;
  }

  /** Place in the input of what is at an offset. */
  placeOf(offset: number): number {
    if (this.#pool !== undefined) return this.#pool.placeOf(offset);
    return this.#isPacked ? this.#windowAt : this.#windowAt + offset;
  }

  get layout(): PageLayout {
    return this.#layout;
  }

  /** Reads the first window, without looking at its pages yet. */
  async begin(): Promise<PageWindow | undefined> {
    this.#waiting = await this.#stream.next();
    return this.#waiting;
  }

  /** Goes to the next page that has records; false when the window is used up. */
  turn(base: TimeBase): boolean {
    const { page } = this;
    const window = this.#window;
    const { pageSize } = this.#layout;
    const pool = this.#pool;
    this.next = 0;
    while (this.#behind < window.length) {
      const from = this.#behind;
      const available = Math.min(pageSize, window.length - from);
      this.#behind = from + available;
      let at = from;
      if (pool !== undefined) {
        if (this.#slot >= 0) pool.leave(this.#slot);
        if (pool.isUsedUp) this.settle();
        const place = this.#isPacked ? this.#windowAt : this.#windowAt + from;
        at = pool.take(window.subarray(from, from + available), place, this.#isPacked);
        this.#slot = at;
      }
      page.read(this.#view, at, available, this.#layout, base);
      this.#book(at, available);
      if (page.count === 0) continue;
      if (this.#clockwork !== undefined) translate(page, this.#clockwork, base);
      return true;
    }
    return false;
  }

  /** Takes the next window; false at the end. `turn` is to be called behind it. */
  async refill(): Promise<boolean> {
    const next = this.#waiting ?? (await this.#stream.next());
    this.#waiting = undefined;
    this.#behind = 0;
    this.#window = next?.bytes ?? new Uint8Array(0);
    if (next === undefined) return false;
    const { bytes, at, isPacked } = next;
    this.#windowAt = at;
    this.#isPacked = isPacked;
    this.bytes = this.#pool?.bytes ?? bytes;
    this.#view = this.#pool?.view ?? new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return true;
  }

  /** All of a page but its records, which are counted as they become events. */
  #book(at: number, available: number): void {
    const { page, bytes } = this;
    const builder = this.#builder;
    if (page.damage !== '' || page.cut > 0 || page.isShort || page.missed !== 0) this.settle();
    builder.at = this.placeOf(at);
    if (page.damage !== '') {
      builder.units = available;
      builder.skip(page.damage, bytes, at, at + Math.min(available, 64));
      // How many events were in it is not known; that they are missing from this CPU is.
      builder.lost(this.cpu, Number.NaN, 'dropped');
      return;
    }
    if (page.rest > 0) {
      builder.units = page.rest;
      builder.comment();
    }
    if (page.cut > 0) {
      builder.units = page.cut;
      builder.skip('page cut short by the end of the data', bytes, at + available - page.cut, at + available);
    }
    if (page.isShort) {
      // Pages are written whole: what the rest of this one held, and whether pages followed, is not known.
      builder.capture.accounting.cutShort = true;
      builder.capture.remarks.push(`the last page of CPU ${this.cpu} is cut short: what followed is missing`);
    }
    if (page.missed !== 0) builder.lost(this.cpu, page.missed, 'lost');
  }
}

/** Times that a clock's rate and offset are to be applied to are rare (guests, cycle counters): they may take their time. */
function translate(page: SubBuffer, clockwork: Clockwork, base: TimeBase): void {
  const from = (BigInt(base.hi) << 32n) + BigInt(base.lo);
  for (let i = 0; i < page.count; i++) {
    const time = BigInt.asUintN(64, clockwork(BigInt.asUintN(64, from + BigInt(page.times[i]!))));
    page.times[i] = (Number(time >> 32n) - base.hi) * two32 + (Number(time & 0xffffffffn) - base.lo);
  }
}
