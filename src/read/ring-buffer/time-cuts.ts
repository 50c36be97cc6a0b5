/**
 * Times at which the pages of a ring buffer are cut into parts of about one size, without reading them: of every CPU's pages
 * one in so many is looked at, 8 bytes each, as far as the parts have come.
 *
 *     CPU 0    |o      |o      |o   :   |o      |o
 *     CPU 1    |o                |o :              |o
 *     CPU 2    |o  |o  |o  |o  |o  |:  |o
 *                                   cut: so many pages lie before it
 *
 * A cut is a guess: where the pages are not in the order of their times it leads to a wrong page, and whoever takes the part
 * sees that it does not begin where the one before it ended (ring-parts.ts).
 */
import type { ByteSource } from '../format.ts';
import type { PageLayout } from './page-layout.ts';
import { pageTime, type TimeBase } from './sub-buffer.ts';

/** Plain pages that lie one behind the other. */
export interface PlainPages {
  readonly offset: number;
  readonly size: number;
  readonly layout: PageLayout;
}

export interface Cut {
  /** Against the base; infinite behind the last one. */
  readonly time: number;
  /** For each CPU the number of the last page that begins before it (0 when none does). */
  readonly pages: readonly number[];
}

/** How far the looking has come in one CPU's pages. */
interface Pointer {
  /** Number of a page that begins before the cut, about. */
  at: number;
  /** When the page one step behind it begins. */
  nextTime: number;
}

export class TimeCuts {
  readonly #input: ByteSource;
  readonly #all: readonly PlainPages[];
  readonly #base: TimeBase;
  readonly #partSize: number;
  #pointers: Pointer[] | undefined;
  #time = Number.NEGATIVE_INFINITY;
  readonly #head = new Uint8Array(8);

  /** @param partSize bytes between two cuts, about */
  constructor(input: ByteSource, all: readonly PlainPages[], base: TimeBase, partSize: number) {
    this.#input = input;
    this.#all = all;
    this.#base = base;
    this.#partSize = partSize;
  }

  /** The next cut. The last one is behind all pages, and comes once and again. */
  async next(): Promise<Cut> {
    this.#pointers ??= await this.#begin();
    const pointers = this.#pointers;
    let size = 0;
    let time = this.#time;
    while (size < this.#partSize || time <= this.#time) {
      let first = 0;
      for (let i = 1; i < pointers.length; i++) if (pointers[i]!.nextTime < pointers[first]!.nextTime) first = i;
      const pointer = pointers[first];
      if (pointer === undefined || pointer.nextTime === Number.POSITIVE_INFINITY) {
        return { time: Number.POSITIVE_INFINITY, pages: this.#all.map((pages) => countOf(pages)) };
      }
      const pages = this.#all[first]!;
      const step = this.#step(pages);
      time = Math.max(time, pointer.nextTime);
      size += step * pages.layout.pageSize;
      pointer.at += step;
      pointer.nextTime = await this.#timeAround(pages, pointer.at + step);
    }
    this.#time = time;
    const found: number[] = [];
    for (const [i, pages] of this.#all.entries()) found.push(await this.#lastBefore(pages, pointers[i]!.at, time));
    return { time, pages: found };
  }

  async #begin(): Promise<Pointer[]> {
    const pointers: Pointer[] = [];
    for (const pages of this.#all) pointers.push({ at: 0, nextTime: await this.#timeAround(pages, this.#step(pages)) });
    return pointers;
  }

  /** Pages from one that is looked at to the next: all CPUs together may be a quarter of a part off. */
  #step({ layout }: PlainPages): number {
    return Math.max(1, Math.floor(this.#partSize / 4 / this.#all.length / layout.pageSize));
  }

  /** When a page begins; of it and the next one the earlier, so that one damaged time does not hide all that follow. */
  async #timeAround(pages: PlainPages, page: number): Promise<number> {
    if (page >= countOf(pages)) return Number.POSITIVE_INFINITY;
    return Math.min(await this.#timeOf(pages, page), await this.#timeOf(pages, page + 1));
  }

  /** When a page begins, against the base; infinite behind the last whole page. */
  async #timeOf({ offset, size, layout }: PlainPages, page: number): Promise<number> {
    const at = page * layout.pageSize;
    if (at + layout.dataOffset > size) return Number.POSITIVE_INFINITY;
    const bytes = await this.#input.read(offset + at, 8, this.#head);
    if (bytes.length < 8) return Number.POSITIVE_INFINITY;
    const { hi, lo } = pageTime(new DataView(bytes.buffer, bytes.byteOffset, 8), 0, layout);
    return (hi - this.#base.hi) * 2 ** 32 + (lo - this.#base.lo);
  }

  /** The last page that begins before a time, looked for around page `near`. */
  async #lastBefore(pages: PlainPages, near: number, time: number): Promise<number> {
    const step = this.#step(pages);
    let low = Math.min(near, countOf(pages) - 1);
    let high = Math.min(low + step, countOf(pages));
    while (low > 0 && (await this.#timeOf(pages, low)) >= time) {
      high = low;
      low = Math.max(0, low - step);
    }
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((await this.#timeOf(pages, middle)) < time) low = middle;
      else high = middle;
    }
    return low;
  }
}

function countOf({ size, layout }: PlainPages): number {
  return Math.ceil(size / layout.pageSize);
}
