/**
 * What each part of a file is for, and the books of all that is not records: sections may lie anywhere, and those of a damaged
 * file on top of each other or outside of it. Each byte is booked once.
 */
import type { BatchBuilder } from '../builder.ts';

interface Region {
  readonly start: number;
  readonly end: number;
  /** Why its bytes are skipped; empty for those that are understood. */
  readonly reason: string;
}

/** Bytes that no section claims: perf leaves a few between some. */
const unclaimed = 'bytes that no section of the header claims';

export class Regions {
  readonly #fileSize: number;
  readonly #list: Region[] = [];

  constructor(fileSize: number) {
    this.#fileSize = fileSize;
  }

  /** Claims `size` bytes at `offset`, as far as the file has them. */
  add(offset: number, size: number, reason = ''): void {
    const start = Math.min(offset, this.#fileSize);
    const end = Math.min(start + size, this.#fileSize);
    if (end > start) this.#list.push({ start, end, reason });
  }

  /**
   * Books everything outside of `[from, to)`, where the records are: what several claim for the one that begins first.
   *
   * @param to the end of the records, `from` where there are none
   */
  book(builder: BatchBuilder, from: number, to: number): void {
    const regions = this.#list.toSorted((a, b) => a.start - b.start);
    let at = 0;
    const upTo = (end: number, reason: string): void => {
      // Around the records: before them, then behind them.
      while (at < end) {
        if (at >= from && at < to) {
          at = to;
          continue;
        }
        const stop = at < from ? Math.min(end, from) : end;
        this.#count(builder, at, stop - at, reason);
        at = stop;
      }
    };
    for (const { start, end, reason } of regions) {
      upTo(start, unclaimed);
      upTo(end, reason);
    }
    upTo(this.#fileSize, unclaimed);
  }

  #count(builder: BatchBuilder, at: number, size: number, reason: string): void {
    builder.at = at;
    builder.units = size;
    if (reason === '') builder.comment();
    else builder.skip(reason, noBytes, 0, 0);
  }
}

const noBytes = new Uint8Array(0);
