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
 * be 4 bytes: this is what bounds the time that a hostile file takes. A record of `-z=22`, 20 KiB packed, moves 128 MiB: 6554.
 */
const movesPerByte = 1 << 14;
const movesAtFirst = 2 ** 30;

export class Unpacker {
  readonly #stream: Decompress;
  readonly #into: (data: Uint8Array) => void;
  readonly #most: number;
  #made = 0;
  #budget = movesAtFirst;
  /** Bytes of the window; 0 before the header has been read. */
  #window = 0;
  /** The header of the frame or of a block, as far as it has come; and bytes to come that are neither. */
  readonly #head: number[] = [];
  #inside = 0;
  #hasChecksum = false;
  #isOver = false;
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
      const size = this.#belonging(bytes);
      if (size > 0) this.#stream.push(bytes.subarray(0, size));
      if (size < bytes.length) throw new Error('something behind the end of the stream');
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

  /**
   * How many of these bytes belong to the stream. Its window is set aside before anything is decoded, so its size is looked at
   * first; and perf never ends its stream, so behind an end nothing is taken: another frame could ask for another window
   * (RFC 8878, 3.1.1).
   */
  #belonging(bytes: Uint8Array): number {
    let at = 0;
    while (at < bytes.length) {
      if (this.#inside > 0) {
        const step = Math.min(this.#inside, bytes.length - at);
        this.#inside -= step;
        at += step;
        continue;
      }
      if (this.#isOver) return at;
      this.#head.push(bytes[at++]!);
      if (this.#head.length === (this.#window === 0 ? headSize : 3)) this.#readHead(this.#head.splice(0));
    }
    return at;
  }

  #readHead(head: readonly number[]): void {
    if (this.#window > 0) {
      const [low = 0, middle = 0, high = 0] = head;
      const size = (low | (middle << 8) | (high << 16)) >>> 3;
      // A block of type 1 is one byte, repeated.
      this.#inside = ((low >> 1) & 3) === 1 ? 1 : size;
      this.#isOver = (low & 1) !== 0;
      if (this.#isOver && this.#hasChecksum) this.#inside += 4;
      return;
    }
    const [, , , , descriptor = 0, windowByte = 0] = head;
    // perf streams: a frame of one segment, whose size is known beforehand, comes from nothing of its kind.
    if (descriptor & 0x20) throw new Error('a zstd frame that is no stream');
    const base = 2 ** (10 + (windowByte >> 3));
    this.#window = base + (base / 8) * (windowByte & 7);
    if (this.#window > largestWindow) throw new Error('a zstd window larger than 128 MiB');
    this.#hasChecksum = (descriptor & 4) !== 0;
    this.#inside = dictionaryBytes[descriptor & 3]! + contentBytes[descriptor >> 6]!;
  }
}

/** Bytes of a frame's header up to its window. */
const headSize = 6;

/** Bytes of the fields behind it, by the bits that say so. */
const dictionaryBytes = [0, 1, 2, 4];
const contentBytes = [0, 2, 4, 8];
