/** The lines of a text that comes in chunks of any size. */
import type { BatchBuilder } from './builder.ts';
import { LineEnds } from './line-ends.ts';

/** A longer line is no line of a trace; without a bound a file without line ends would fill the memory. */
const longestLine = 1 << 20;

/** Who reads the lines; ranges are without the line's end (`\n` or `\r\n`), and are valid during the call only. */
export interface LineReader {
  line(bytes: Uint8Array, start: number, end: number): void;
}

export class Lines {
  readonly #builder: BatchBuilder;
  readonly #reader: LineReader;
  readonly #ends = new LineEnds();
  /** The beginning of a line whose end has not come yet. */
  #carry = new Uint8Array(4096);
  #carried = 0;
  /** In a line that is too long: it is thrown away up to its end. */
  #isOverlong = false;

  /** Lines are counted in `builder.at`; those that are too long, or have no end, are skipped in its books. */
  constructor(builder: BatchBuilder, reader: LineReader) {
    this.#builder = builder;
    this.#reader = reader;
  }

  push(chunk: Uint8Array): void {
    const ends = this.#ends;
    ends.scan(chunk);
    let start = 0;
    let next = 0;
    if (this.#carried > 0 || this.#isOverlong) {
      const stop = ends.length > 0 ? ends.positions[next++]! : chunk.length;
      this.#keep(chunk, 0, stop);
      if (ends.length === 0) return;
      if (this.#isOverlong) this.#overlong(this.#carry, 0, this.#carried);
      else this.#line(this.#carry, 0, this.#carried);
      this.#forget();
      start = stop + 1;
    }
    start = this.#each(chunk, next, start);
    this.#keep(chunk, start, chunk.length);
  }

  /** The lines that end at line end `next` and those behind it; gives what follows the last. (Apart: LineEnds says why.) */
  #each(chunk: Uint8Array, next: number, from: number): number {
    const ends = this.#ends;
    let start = from;
    for (let i = next; i < ends.length; i++) {
      const end = ends.positions[i]!;
      if (end - start > longestLine) this.#overlong(chunk, start, start + 200);
      else this.#line(chunk, start, end);
      start = end + 1;
    }
    return start;
  }

  end(): void {
    if (this.#isOverlong) this.#overlong(this.#carry, 0, this.#carried);
    else if (this.#carried > 0) {
      this.#builder.at++;
      this.#builder.unfinished(this.#carry, 0, this.#carried);
    }
    this.#forget();
  }

  #line(bytes: Uint8Array, start: number, end: number): void {
    this.#builder.at++;
    this.#reader.line(bytes, start, end > start && bytes[end - 1] === 13 ? end - 1 : end);
  }

  #overlong(bytes: Uint8Array, start: number, end: number): void {
    this.#builder.at++;
    this.#builder.overlong(bytes, start, end);
  }

  #forget(): void {
    this.#carried = 0;
    this.#isOverlong = false;
  }

  #keep(bytes: Uint8Array, start: number, end: number): void {
    if (this.#isOverlong) return;
    const size = this.#carried + end - start;
    if (size > longestLine) {
      this.#isOverlong = true;
      this.#append(bytes, start, Math.min(end, start + 200));
      this.#carried = 200;
    } else this.#append(bytes, start, end);
  }

  #append(bytes: Uint8Array, start: number, end: number): void {
    const size = this.#carried + end - start;
    if (size > this.#carry.length) {
      const grown = new Uint8Array(Math.max(size, this.#carry.length * 2));
      grown.set(this.#carry.subarray(0, this.#carried));
      this.#carry = grown;
    }
    this.#carry.set(bytes.subarray(start, end), this.#carried);
    this.#carried = size;
  }
}
