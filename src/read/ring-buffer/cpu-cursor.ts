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
  #stream: PageStream;
  readonly #layout: PageLayout;
  readonly #builder: BatchBuilder;
  readonly #clockwork: Clockwork | undefined;
  readonly #pool: PagePool | undefined;
  /** Where this cursor's page is in the pool. */
  readonly #slot: number;
  #window: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  /** Place in the input of the byte that offset 0 stands for; of packed pages, of all bytes. */
  #place = 0;
  #isPacked = false;
  /** Place of the window's first byte. */
  #windowAt = 0;
  /** Offset of the next page in the window. */
  #behind = 0;
  /** Place in the input of the page at hand; of plain pages only. */
  #pageAt = 0;
  #waiting: PageWindow | undefined;

  /** @param pool with room for a page at `slot` */
  constructor(
    cpu: number,
    stream: PageStream,
    layout: PageLayout,
    builder: BatchBuilder,
    {
      pool,
      slot = 0,
      clockwork,
    }: { pool?: PagePool | undefined; slot?: number; clockwork?: Clockwork | undefined } = {},
  ) {
    this.cpu = cpu;
    this.#clockwork = clockwork;
    this.#stream = stream;
    this.#layout = layout;
    this.#builder = builder;
    this.#pool = pool;
    this.#slot = slot;
  }

  /** Place in the input of what is at an offset of the page. */
  placeOf(offset: number): number {
    return this.#isPacked ? this.#place : this.#place + offset;
  }

  get layout(): PageLayout {
    return this.#layout;
  }

  /** Reads the first window, without looking at its pages yet. */
  async begin(): Promise<PageWindow | undefined> {
    this.#waiting = await this.#stream.next();
    return this.#waiting;
  }

  /** Place in the input of the page at hand, of plain pages. */
  get pageAt(): number {
    return this.#pageAt;
  }

  /** Goes on with other pages; `refill` and `turn` are to be called behind it. */
  open(stream: PageStream): void {
    this.#stream = stream;
    this.#waiting = undefined;
    this.#window = new Uint8Array(0);
    this.#behind = 0;
  }

  /** Goes to the next page that has records; false when the window is used up. Pages that are booked already stay so. */
  turn(base: TimeBase, isBooked = false): boolean {
    const { page } = this;
    const window = this.#window;
    const { pageSize } = this.#layout;
    this.next = 0;
    while (this.#behind < window.length) {
      const from = this.#behind;
      const available = Math.min(pageSize, window.length - from);
      this.#behind = from + available;
      let at = from;
      this.#pageAt = this.#windowAt + from;
      if (this.#pool !== undefined) {
        at = this.#slot;
        this.#pool.bytes.set(window.subarray(from, from + available), at);
        if (!this.#isPacked) this.#place = this.#windowAt + from - at;
      }
      page.read(this.#view, at, available, this.#layout, base);
      if (!isBooked) this.#book(at, available);
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
    this.#place = at;
    this.#isPacked = isPacked;
    this.bytes = this.#pool?.bytes ?? bytes;
    this.#view = this.#pool?.view ?? new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return true;
  }

  /** All of a page but its records, which are counted as they become events. */
  #book(at: number, available: number): void {
    const { page, bytes } = this;
    const builder = this.#builder;
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
