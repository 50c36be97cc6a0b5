/**
 * Records that perf compressed (`perf record -z`): one zstd stream that goes on from record to record, never ended, flushed at
 * the end of each (tools/perf/util/zstd.c zstd_compress_stream_to_records()). What comes out is records again, which may lie
 * across two of the compressed ones.
 */
import { ZstdDamage, ZstdStream } from '../zstd.ts';

/** What one record may make when the file does not say how large the buffers were (`perf record -m`). */
const usualMost = 1 << 26;

export class Unpacker {
  readonly #stream = new ZstdStream();
  readonly #into: (data: Uint8Array) => void;
  readonly #most: number;
  #failure = '';

  /**
   * @param mappedSize what the file says a record makes at most; 0 when it does not
   * @param into called with what comes out, which it must copy
   */
  constructor(mappedSize: number, into: (data: Uint8Array) => void) {
    this.#into = into;
    this.#most = mappedSize > 0 ? Math.min(mappedSize, 2 ** 30) + (1 << 17) : usualMost;
  }

  /** Decodes the content of one record; what is wrong with it, or an empty text. After damage nothing more is decoded. */
  push(bytes: Uint8Array): string {
    if (this.#failure !== '') return 'compressed record behind a damaged one';
    try {
      this.#unpack(bytes);
    } catch (error) {
      if (!(error instanceof ZstdDamage)) throw error;
      this.#failure = error.message;
      return `compressed record is damaged (${this.#failure})`;
    }
    return '';
  }

  close(): void {
    this.#stream.close();
  }

  #unpack(bytes: Uint8Array): void {
    let made = 0;
    // perf never ends its stream, so behind an end nothing is taken.
    const isOver = this.#stream.frames > 0;
    if (isOver && bytes.length > 0) throw new ZstdDamage(behindEnd);
    for (const data of this.#stream.push(bytes)) {
      const { frames, betweenFrames } = this.#stream;
      if (frames > 1 || (frames === 1 && !betweenFrames)) throw new ZstdDamage(behindEnd);
      made += data.length;
      if (made > this.#most) throw new ZstdDamage('more comes out of it than the recording had room for');
      this.#into(data);
    }
  }
}

const behindEnd = 'something behind the end of the stream';
