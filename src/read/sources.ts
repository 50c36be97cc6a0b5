/** Inputs whose bytes can be had from any place, held in memory. Those on a disk are in `file-source.ts`. */
import type { Bytes } from './decompress.ts';
import type { ByteSource } from './format.ts';

/** A source that may hold something to let go of. */
export interface HeldSource extends ByteSource {
  close(): Promise<void>;
}

/** Sets down what comes once, so that it can be read at any place. */
export type SetDown = (chunks: Bytes) => Promise<HeldSource>;

/** The bytes of chunks, wherever they begin and end. */
export class MemorySource implements HeldSource {
  readonly #chunks: readonly Uint8Array[];
  /** Where each chunk begins. */
  readonly #starts: Float64Array;
  readonly size: number;

  constructor(chunks: readonly Uint8Array[]) {
    this.#chunks = chunks;
    this.#starts = new Float64Array(chunks.length);
    let size = 0;
    chunks.forEach((chunk, i) => {
      this.#starts[i] = size;
      size += chunk.length;
    });
    this.size = size;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const from = Math.min(Math.max(offset, 0), this.size);
    const to = Math.min(Math.max(offset + length, from), this.size);
    if (from === to) return new Uint8Array(0);
    let i = this.#chunkAt(from);
    const first = this.#chunks[i]!;
    const start = from - this.#starts[i]!;
    // Most reads lie in one chunk: no copy is made then.
    if (start + (to - from) <= first.length) return first.subarray(start, start + (to - from));
    const out = new Uint8Array(to - from);
    let at = 0;
    let skip = start;
    while (at < out.length) {
      const chunk = this.#chunks[i]!;
      const part = chunk.subarray(skip, Math.min(chunk.length, skip + out.length - at));
      out.set(part, at);
      at += part.length;
      skip = 0;
      i++;
    }
    return out;
  }

  async close(): Promise<void> {
    // Memory needs no letting go.
  }

  #chunkAt(offset: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** Keeps all of it in memory: for browsers, which have no other place. */
export const inMemory: SetDown = async (chunks) => {
  const held: Uint8Array[] = [];
  for await (const chunk of chunks) if (chunk.length > 0) held.push(chunk);
  return new MemorySource(held);
};

/** A part of another source, as a source. */
export function partOf(whole: ByteSource, offset: number, size: number): ByteSource {
  return {
    size,
    read: (from, length, into) => whole.read(offset + from, Math.max(0, Math.min(length, size - from)), into),
  };
}
