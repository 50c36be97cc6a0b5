/**
 * Records that perf compressed (`perf record -z`): one zstd stream that goes on from record to record, never ended, flushed at
 * the end of each (tools/perf/util/zstd.c zstd_compress_stream_to_records()). What comes out is records again, which may lie
 * across two of the compressed ones.
 */
import { Decompress } from 'fzstd';

/** Largest window that is decoded: more than `perf record -z=22` asks for is 128 MiB, which a flipped bit asks for as easily. */
const largestWindow = 1 << 27;

/** What one record may make when the file does not say how large the buffers were (`perf record -m`). */
const usualMost = 1 << 26;

/**
 * Bytes that may be moved about in the window for each byte that comes in. Each block moves the whole window, and blocks may
 * be 4 bytes: this is what bounds the time that a hostile file takes.
 */
const movesPerByte = 1 << 16;
const movesAtFirst = 2 ** 30;

export class Unpacker {
  readonly #stream: Decompress;
  readonly #into: (data: Uint8Array) => void;
  readonly #most: number;
  #made = 0;
  #budget = movesAtFirst;
  #window = 0;
  #head: number[] = [];
  #failure = '';

  /**
   * @param mappedSize what the file says a record makes at most; 0 when it does not
   * @param into called with what comes out, which it must copy
   */
  constructor(mappedSize: number, into: (data: Uint8Array) => void) {
    this.#into = into;
    this.#most = mappedSize > 0 ? Math.min(mappedSize, 2 ** 30) + (1 << 17) : usualMost;
    this.#stream = new Decompress((data) => this.#take(data));
  }

  /** Decodes the content of one record; what is wrong with it, or an empty text. After damage nothing more is decoded. */
  push(bytes: Uint8Array): string {
    if (this.#failure !== '') return 'compressed record behind a damaged one';
    this.#made = 0;
    this.#budget += bytes.length * movesPerByte;
    try {
      this.#checkHead(bytes);
      this.#stream.push(bytes);
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error);
      return `compressed record is damaged (${this.#failure})`;
    }
    return '';
  }

  #take(data: Uint8Array): void {
    this.#made += data.length;
    if (this.#made > this.#most) throw new Error('more comes out of it than the recording had room for');
    this.#budget -= this.#window + data.length;
    if (this.#budget < 0) throw new Error('its blocks are too many and too small');
    if (data.length > 0) this.#into(data);
  }

  /** The window is set aside before anything is decoded: its size is looked at first (RFC 8878, 3.1.1.1). */
  #checkHead(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length && this.#head.length < 6; i++) {
      this.#head.push(bytes[i]!);
      if (this.#head.length < 6) continue;
      const [, , , , descriptor = 0, windowByte = 0] = this.#head;
      const isSingle = (descriptor & 0x20) !== 0;
      const base = 2 ** (10 + (windowByte >> 3));
      // perf streams: a frame of one segment, whose size is known beforehand, comes from nothing of its kind.
      if (isSingle) throw new Error('a zstd frame that is no stream');
      this.#window = base + (base / 8) * (windowByte & 7);
      if (this.#window > largestWindow) throw new Error('a zstd window larger than 128 MiB');
    }
  }
}
