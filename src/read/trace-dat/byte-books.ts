/**
 * Which bytes of the file have been accounted for. Every byte is counted once: what two parts of the file lay claim to
 * belongs to the first that asked, and what nobody asked for is counted at the end.
 */
import type { BatchBuilder } from '../builder.ts';
import type { ByteSource } from '../format.ts';

/** Bytes looked at together when the rest is counted. */
const piece = 1 << 20;

export class ByteBooks {
  readonly #builder: BatchBuilder;
  /** Claimed ranges, sorted, none touching another. */
  readonly #from: number[] = [];
  readonly #to: number[] = [];

  constructor(builder: BatchBuilder) {
    this.#builder = builder;
  }

  /** Claims bytes `[from, to)`; false when some of them are claimed already, and then nothing changes. */
  claim(from: number, to: number): boolean {
    if (!(from <= to)) return false;
    if (from === to) return true;
    const i = this.#search(from);
    // The range before may reach into this one, the one at `i` may begin within it.
    if (i > 0 && this.#to[i - 1]! > from) return false;
    if (i < this.#from.length && this.#from[i]! < to) return false;
    const touchesBefore = i > 0 && this.#to[i - 1] === from;
    const touchesBehind = i < this.#from.length && this.#from[i] === to;
    if (touchesBefore && touchesBehind) {
      this.#to[i - 1] = this.#to[i]!;
      this.#from.splice(i, 1);
      this.#to.splice(i, 1);
    } else if (touchesBefore) this.#to[i - 1] = to;
    else if (touchesBehind) this.#from[i] = from;
    else {
      this.#from.splice(i, 0, from);
      this.#to.splice(i, 0, to);
    }
    return true;
  }

  /** Bytes that are understood and are no event; false when they are claimed already. */
  comment(from: number, to: number): boolean {
    if (!this.claim(from, to)) return false;
    if (to > from) {
      this.#builder.at = from;
      this.#builder.units = to - from;
      this.#builder.comment();
    }
    return true;
  }

  /** Bytes that cannot be read, and why; false when they are claimed already. */
  skip(from: number, to: number, reason: string): boolean {
    if (!this.claim(from, to)) return false;
    if (to > from) this.#skip(from, to, reason, new Uint8Array(0));
    return true;
  }

  /** What is left: zeros fill up to the next page, anything else is not understood. */
  async settle(input: ByteSource): Promise<void> {
    let at = 0;
    for (let i = 0; i <= this.#from.length; i++) {
      const end = Math.min(this.#from[i] ?? input.size, input.size);
      if (end > at) await this.#settleGap(input, at, end);
      at = Math.max(at, this.#to[i] ?? input.size);
    }
  }

  async #settleGap(input: ByteSource, from: number, to: number): Promise<void> {
    let at = from;
    while (at < to) {
      const bytes = await input.read(at, Math.min(piece, to - at));
      if (bytes.length === 0) break;
      const first = bytes.findIndex((byte) => byte !== 0);
      const zeros = first < 0 ? bytes.length : first;
      if (zeros > 0) {
        this.#builder.at = at;
        this.#builder.units = zeros;
        this.#builder.comment();
      }
      at += zeros;
      if (first < 0) continue;
      this.#skip(at, to, 'bytes that belong to no part of the file', bytes.subarray(first, first + 64));
      return;
    }
  }

  #skip(from: number, to: number, reason: string, bytes: Uint8Array): void {
    this.#builder.at = from;
    this.#builder.units = to - from;
    this.#builder.skip(reason, bytes, 0, bytes.length);
  }

  /** Index of the first range that begins at `at` or behind it. */
  #search(at: number): number {
    let low = 0;
    let high = this.#from.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#from[middle]! < at) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
