/** First and last event of ring-buffer pages without those between (`inspect --quick`). */
import type { ByteSource, Glance } from '../format.ts';
import type { PageLayout } from './page-layout.ts';
import { pageTime, SubBuffer } from './sub-buffer.ts';

/** Pages looked at from each end of a CPU's data. */
const pagesLooked = 4;

/** Plain pages of one CPU. */
export interface GlancePart {
  readonly input: ByteSource;
  readonly offset: number;
  readonly size: number;
  readonly layout: PageLayout;
}

export class Glancer {
  #first: bigint | undefined;
  #last: bigint | undefined;
  #events = 0;
  #isCounted = true;
  #missesStart = false;
  #missesEnd = false;

  /** Looks at the beginning and the end of pages. */
  async look({ input, offset, size, layout }: GlancePart): Promise<void> {
    const { pageSize } = layout;
    const pages = Math.ceil(Math.max(0, Math.min(size, input.size - offset)) / pageSize);
    const atHead = Math.min(pages, pagesLooked);
    const atTail = Math.min(pages - atHead, pagesLooked);
    const head = await input.read(offset, Math.min(size, atHead * pageSize));
    const tail = await input.read(
      offset + (pages - atTail) * pageSize,
      Math.min(atTail * pageSize, size - (pages - atTail) * pageSize),
    );
    const first = this.pages(head, layout);
    const left = pages - atHead - atTail;
    // The last page is seldom full, so those between are taken to be like the first ones.
    const between = left > 0 ? Math.round((first / atHead) * left) : 0;
    this.reckon(first + between + this.pages(tail, layout), left === 0);
  }

  /** Takes in whole pages; gives how many events they hold. */
  pages(bytes: Uint8Array, layout: PageLayout): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const page = new SubBuffer();
    let events = 0;
    for (let at = 0; at + layout.dataOffset <= bytes.length; at += layout.pageSize) {
      const base = pageTime(view, at, layout);
      page.read(view, at, Math.min(layout.pageSize, bytes.length - at), layout, base);
      if (page.count === 0) continue;
      const from = (BigInt(base.hi) << 32n) + BigInt(base.lo);
      this.time(from + BigInt(page.times[0]!));
      this.time(from + BigInt(page.times[page.count - 1]!));
      events += page.count;
    }
    return events;
  }

  /** Adds a number of events, counted or reckoned. */
  reckon(events: number, isCounted: boolean): void {
    this.#events += events;
    if (!isCounted) this.#isCounted = false;
  }

  /** The end of one CPU's data could not be looked at: then the last time is not known. */
  missEnd(): void {
    this.#missesEnd = true;
  }

  /** Nothing of one CPU's data could be looked at: neither the first time is known nor how many events there are. */
  missAll(): void {
    this.#missesStart = true;
    this.#missesEnd = true;
    this.#isCounted = false;
    this.#events = Number.NaN;
  }

  time(time: bigint): void {
    if (this.#first === undefined || time < this.#first) this.#first = time;
    if (this.#last === undefined || time > this.#last) this.#last = time;
  }

  /** @param change from times as recorded to times as they are given out */
  result(change: (time: bigint) => bigint): Glance {
    return {
      first: this.#first === undefined || this.#missesStart ? undefined : change(this.#first),
      last: this.#last === undefined || this.#missesEnd ? undefined : change(this.#last),
      events: this.#events,
      isCounted: this.#isCounted,
    };
  }
}
