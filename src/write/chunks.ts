/**
 * Typed columns being filled chunk by chunk, whatever the rows are: what the writers of Parquet and Arrow are given. A chunk's
 * buffers are used again for the next one.
 */
import { TraceError } from '../base/errors.ts';
import type { Capture } from '../events/capture.ts';
import type { TypedColumn } from './typed-schema.ts';

/** Most rows of a chunk. */
const mostRows = 32768;
/** Cells of a chunk: tables with thousands of different columns get shorter chunks. */
const mostCells = 2 ** 23;

/** Rows of a chunk of a table with so many columns. */
export function chunkRows(columns: number): number {
  return Math.max(64, Math.min(mostRows, Math.floor(mostCells / columns)));
}

/** The values of a column in a chunk; `valid[row]` is 0 where the event did not record it (then its value means nothing). */
export interface ColumnChunk {
  readonly column: TypedColumn;
  readonly valid: Uint8Array;
  /** How many rows are not valid. */
  readonly nulls: number;
  /** int64 and uint64: two words a row, the low one first. */
  readonly words: Uint32Array;
  /** int32, and the place of a `name` in its list. */
  readonly integers: Int32Array;
  readonly floats: Float64Array;
  readonly texts: readonly string[];
}

/** To be used up before the next one is asked for. */
export interface RowChunk {
  readonly rows: number;
  readonly columns: readonly ColumnChunk[];
}

/** A column being filled. Only the buffer of its own type has a size. */
export class Filling implements ColumnChunk {
  readonly column: TypedColumn;
  readonly valid: Uint8Array;
  readonly words: Uint32Array;
  readonly integers: Int32Array;
  readonly floats: Float64Array;
  readonly texts: string[];
  /** Place of each text of a `name` column, and of each id of the capture's string table once it was met. */
  readonly places: ReadonlyMap<string, number>;
  readonly placeOfId: number[] = [];
  filled = 0;
  nulls = 0;

  constructor(column: TypedColumn, names: readonly string[], capacity: number) {
    const { type } = column;
    this.column = column;
    this.valid = new Uint8Array(capacity);
    this.words = new Uint32Array(type === 'int64' || type === 'uint64' ? 2 * capacity : 0);
    this.integers = new Int32Array(type === 'int32' || type === 'name' ? capacity : 0);
    this.floats = new Float64Array(type === 'float64' ? capacity : 0);
    this.texts = type === 'text' ? new Array<string>(capacity).fill('') : [];
    this.places = new Map(names.map((name, i) => [name, i]));
  }

  begin(): void {
    if (this.filled > 0) this.valid.fill(0);
    this.filled = 0;
  }

  mark(row: number): void {
    if (this.valid[row] === 0) this.filled++;
    this.valid[row] = 1;
  }

  setInteger(row: number, value: number): void {
    this.integers[row] = value;
    this.mark(row);
  }

  /** A 64-bit integer held by a float64, negative ones in two's complement. */
  setNumber(row: number, value: number): void {
    const hi = Math.floor(value / 2 ** 32);
    this.words[2 * row] = value - hi * 2 ** 32;
    this.words[2 * row + 1] = hi;
    this.mark(row);
  }

  setWords(row: number, hi: number, lo: number): void {
    this.words[2 * row] = lo;
    this.words[2 * row + 1] = hi;
    this.mark(row);
  }

  setFloat(row: number, value: number): void {
    this.floats[row] = value;
    this.mark(row);
  }

  setText(row: number, text: string): void {
    this.texts[row] = text;
    this.mark(row);
  }
}

/** Times relative to a capture's first event as absolute 64-bit integers, and whether they are any. */
export class TimeWords {
  readonly #capture: Capture;
  readonly #originHi: number;
  readonly #originLo: number;
  #least = Number.POSITIVE_INFINITY;
  #most = Number.NEGATIVE_INFINITY;

  constructor(capture: Capture) {
    this.#capture = capture;
    this.#originHi = Number(BigInt.asUintN(32, capture.origin >> 32n));
    this.#originLo = Number(BigInt.asUintN(32, capture.origin));
  }

  /** @param time a whole number */
  set(to: Filling, row: number, time: number): void {
    if (time < this.#least) this.#least = time;
    if (time > this.#most) this.#most = time;
    const hi = Math.floor(time / 2 ** 32);
    const lo = this.#originLo + (time - hi * 2 ** 32);
    to.setWords(row, this.#originHi + hi + (lo >= 2 ** 32 ? 1 : 0), lo);
  }

  begin(): void {
    this.#least = Number.POSITIVE_INFINITY;
    this.#most = Number.NEGATIVE_INFINITY;
  }

  /**
   * Times are signed 64-bit integers in both formats; a capture may claim others.
   *
   * @throws TraceError for a time since `begin` that is none
   */
  check(): void {
    if (this.#most < this.#least) return;
    const { origin, source } = this.#capture;
    const first = origin + BigInt(this.#least);
    const last = origin + BigInt(this.#most);
    if (first >= -(2n ** 63n) && last < 2n ** 63n) return;
    throw new TraceError(
      'export/time',
      { file: source },
      `has a time (${first >= -(2n ** 63n) ? last : first}) that a signed 64-bit integer does not hold`,
      'write it as CSV: --format csv',
    );
  }
}
