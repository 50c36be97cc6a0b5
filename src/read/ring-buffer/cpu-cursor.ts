/** Where reading stands in the pages of one CPU of one buffer. */
import type { BatchBuilder } from '../builder.ts';
import type { PageLayout } from './page-layout.ts';
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
  /** The window at hand, and the place of its first byte in the input (of all its bytes, if they were packed). */
  bytes: Uint8Array = new Uint8Array(0);
  place = 0;
  isPacked = false;
  /** Events given out so far. */
  events = 0;
  readonly #stream: PageStream;
  readonly #layout: PageLayout;
  readonly #builder: BatchBuilder;
  readonly #clockwork: Clockwork | undefined;
  #view: DataView = new DataView(new ArrayBuffer(0));
  /** Offset of the next page in the window. */
  #behind = 0;
  #waiting: PageWindow | undefined;

  constructor(cpu: number, stream: PageStream, layout: PageLayout, builder: BatchBuilder, clockwork?: Clockwork) {
    this.cpu = cpu;
    this.#clockwork = clockwork;
    this.#stream = stream;
    this.#layout = layout;
    this.#builder = builder;
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
    const { page, bytes } = this;
    const { pageSize } = this.#layout;
    this.next = 0;
    while (this.#behind < bytes.length) {
      const at = this.#behind;
      const available = Math.min(pageSize, bytes.length - at);
      this.#behind = at + available;
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
    const window = this.#waiting ?? (await this.#stream.next());
    this.#waiting = undefined;
    this.#behind = 0;
    this.bytes = window?.bytes ?? new Uint8Array(0);
    if (window === undefined) return false;
    this.place = window.at;
    this.isPacked = window.isPacked;
    this.#view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    return true;
  }

  /** All of a page but its records, which are counted as they become events. */
  #book(at: number, available: number): void {
    const { page, bytes } = this;
    const builder = this.#builder;
    builder.at = this.isPacked ? this.place : this.place + at;
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
