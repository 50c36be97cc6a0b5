/** The zlib stream of `atrace -z`, unpacked as it comes and held against its checksum (which fflate does not do). */
import { Unzlib } from 'fflate';
import { Adler32 } from '../adler32.ts';
import { AfterEnd } from '../after-end.ts';

/** Bytes given to the unpacker at once: deflate makes at most 1032 of each, so this bounds what is held. */
const bite = 16384;

export class ZlibStream {
  /** What is wrong with the stream; empty while nothing is. */
  damage = '';
  readonly #sum = new Adler32();
  readonly #behind = new AfterEnd();
  readonly #stream: Unzlib;
  /** The last bytes so far: the checksum, when they are the last of all. */
  readonly #tail = new Uint8Array(4);

  constructor(out: (bytes: Uint8Array) => void) {
    this.#stream = new Unzlib((data) => {
      this.#behind.gave(data.length);
      this.#sum.update(data);
      out(data);
    });
  }

  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && this.damage === ''; at += bite) {
      this.#feed(chunk.slice(at, Math.min(chunk.length, at + bite)), false);
    }
    if (chunk.length >= 4) this.#tail.set(chunk.subarray(chunk.length - 4));
    else if (chunk.length > 0) {
      this.#tail.copyWithin(0, chunk.length);
      this.#tail.set(chunk, 4 - chunk.length);
    }
  }

  end(): void {
    this.#feed(new Uint8Array(0), true);
    if (this.damage !== '') return;
    const [a, b, c, d] = this.#tail as unknown as [number, number, number, number];
    const stored = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
    if (stored !== this.#sum.value) this.damage = 'zlib stream is damaged (its checksum does not fit)';
  }

  #feed(bytes: Uint8Array, isLast: boolean): void {
    if (this.damage !== '') return;
    try {
      this.#behind.fed(bytes.length);
      this.#stream.push(bytes, isLast);
      if (this.#behind.isOver) this.damage = 'zlib stream is damaged (more follows behind its end)';
    } catch (error) {
      // fflate throws Errors with a code of its own; anything else is a mistake of ours.
      if (!(error instanceof Error) || !('code' in error)) throw error;
      this.damage = isLast ? 'zlib stream ends early' : `zlib stream is damaged (${error.message})`;
    }
  }
}
