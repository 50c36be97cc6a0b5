/**
 * Rows that need no judge: cells without quotes, or in quotes from end to end, in plain ASCII, on one line. They are cut
 * where they lie, without a string for each cell; every other row is csv-parse's (rows.ts).
 */

/** A longer row is left to the judge, who has bounds of his own. */
const longestRow = 1 << 16;

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
  readonly #delimiter: number;
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
    const { starts, ends } = this;
    const kindOf = this.#kinds;
    const limit = Math.min(bytes.length, start + longestRow);
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
