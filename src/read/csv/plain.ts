/**
 * Rows that need no judge: cells without quotes, or in quotes from end to end, in plain ASCII, on one line. They are cut
 * where they lie, without a string for each cell; every other row is csv-parse's (rows.ts).
 */

/** A longer row is left to the judge, who has bounds of his own. */
export const longestRow = 1 << 16;

/** Most cells of a row that are cut here. */
const mostCells = 1024;

const quote = 34;

/** What a byte is to a cell without quotes: ordinary, the end of a cell, the end of the row, none of its own. */
const kinds = { ordinary: 0, delimiter: 1, lineFeed: 2, other: 3 } as const;

export class PlainRow {
  /** Where the cells are, between their quotes; the first `count` are valid. */
  readonly starts = new Int32Array(mostCells);
  readonly ends = new Int32Array(mostCells);
  count = 0;
  /** Cells of it are in quotes. */
  isQuoted = false;
  readonly #delimiter: number;
  #viewed: Uint8Array | undefined;
  #view: DataView = new DataView(new ArrayBuffer(0));
  #at = 0;
  /** `kinds` of each byte. */
  readonly #kinds = new Uint8Array(256).fill(kinds.other, 128);

  constructor(delimiter: number) {
    this.#delimiter = delimiter;
    this.#kinds[quote] = kinds.other;
    this.#kinds[10] = kinds.lineFeed;
    this.#kinds[delimiter] = kinds.delimiter;
  }

  /**
   * Cuts the row at `start`: the place behind its line feed, or -1 when it is none of these rows, or not all there. Doubled
   * quotes are made single ones in place, when the rest of the row is sound.
   */
  cut(bytes: Uint8Array, start: number): number {
    if (bytes !== this.#viewed) {
      this.#viewed = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    const { starts, ends } = this;
    const limit = Math.min(bytes.length, start + longestRow);
    const cells = this.#words(start, limit);
    const kindOf = this.#kinds;
    let count = cells;
    let stop = this.#at;
    for (; stop < limit && count < mostCells; stop++) {
      const kind = kindOf[bytes[stop]!]!;
      if (kind === kinds.ordinary) continue;
      ends[count] = stop;
      if (kind !== kinds.delimiter) break;
      count++;
    }
    if (stop >= limit || count >= mostCells) return -1;
    if (bytes[stop] === quote) return this.#cutQuoted(bytes, start, limit);
    // One cell: a blank line, or a table so odd that the judge shall have it.
    if (bytes[stop] !== 10 || count === 0) return -1;
    starts[0] = start;
    for (let cell = 0; cell < count; cell++) starts[cell + 1] = ends[cell]! + 1;
    if (stop > starts[count]! && bytes[stop - 1] === 13) ends[count] = stop - 1;
    this.count = count + 1;
    this.isQuoted = false;
    return stop + 1;
  }

  /**
   * Finds delimiters four bytes at a time, up to the word in which there is a line feed, a quote or a byte beyond ASCII
   * (`#at`). Where cells end no processor can foresee: so each byte's place is written down as an end, and the next one
   * over it unless it was one.
   */
  #words(start: number, limit: number): number {
    const view = this.#view;
    const { ends } = this;
    const delimiters = Math.imul(this.#delimiter, 0x01010101);
    const last = Math.min(limit, view.byteLength) - 4;
    let cells = 0;
    let at = start;
    for (; at <= last && cells < mostCells - 4; at += 4) {
      const word = view.getInt32(at, true);
      // A byte of ASCII plus 127 has its highest bit unless the byte is zero, as the exclusive or of equals is.
      const feed = ((word ^ 0x0a0a0a0a) + 0x7f7f7f7f) | 0;
      const quotes = ((word ^ 0x22222222) + 0x7f7f7f7f) | 0;
      if (((~(feed & quotes) | word) & 0x80808080) !== 0) break;
      const found = ~((word ^ delimiters) + 0x7f7f7f7f);
      ends[cells] = at;
      cells += (found >>> 7) & 1;
      ends[cells] = at + 1;
      cells += (found >>> 15) & 1;
      ends[cells] = at + 2;
      cells += (found >>> 23) & 1;
      ends[cells] = at + 3;
      cells += found >>> 31;
    }
    this.#at = at;
    return cells;
  }

  #cutQuoted(bytes: Uint8Array, start: number, limit: number): number {
    const { starts, ends } = this;
    const kindOf = this.#kinds;
    let count = 0;
    let doubled = 0;
    let from = start;
    for (let at = start; at < limit; at++) {
      const kind = kindOf[bytes[at]!]!;
      if (kind === kinds.ordinary) continue;
      if (count === mostCells) return -1;
      if (kind === kinds.delimiter) {
        starts[count] = from;
        ends[count++] = at;
        from = at + 1;
      } else if (kind === kinds.lineFeed) {
        starts[count] = from;
        ends[count++] = at > from && bytes[at - 1] === 13 ? at - 1 : at;
        return this.#finish(bytes, count, doubled) ? at + 1 : -1;
      } else {
        // A quote in the middle of a cell, or a byte beyond ASCII, is for the judge.
        if (at !== from || bytes[at] !== quote) return -1;
        let i = at + 1;
        for (; i < limit; i++) {
          const byte = bytes[i]!;
          if (byte === quote) {
            if (bytes[i + 1] !== quote) break;
            doubled++;
            i++;
          } else if (byte === 10 || byte > 127) return -1;
        }
        if (i + 2 >= limit) return -1;
        starts[count] = at + 1;
        ends[count++] = i;
        at = i + 1;
        if (bytes[at] === 13 && bytes[at + 1] === 10) at++;
        if (bytes[at] === 10) return this.#finish(bytes, count, doubled) ? at + 1 : -1;
        if (bytes[at] !== this.#delimiter) return -1;
        from = at + 1;
      }
    }
    return -1;
  }

  #finish(bytes: Uint8Array, count: number, doubled: number): boolean {
    // One cell: a blank line, or a table so odd that the judge shall have it.
    if (count < 2) return false;
    this.count = count;
    this.isQuoted = true;
    if (doubled > 0) this.#undouble(bytes);
    return true;
  }

  #undouble(bytes: Uint8Array): void {
    for (let cell = 0; cell < this.count; cell++) {
      const start = this.starts[cell]!;
      const end = this.ends[cell]!;
      if (bytes[start - 1] !== quote) continue;
      let to = start;
      for (let from = start; from < end; from++, to++) {
        bytes[to] = bytes[from]!;
        if (bytes[from] === quote) from++;
      }
      this.ends[cell] = to;
    }
  }
}
