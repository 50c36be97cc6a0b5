/**
 * zstd frames (RFC 8878). fzstd decodes what is in them; here the stream is cut into its frames, so that several of them may
 * follow each other (and skippable ones between), and each content is held against its checksum, which fzstd does not do:
 * without it, damage inside a block would come out as text that nobody wrote.
 */
import { Decompress } from 'fzstd';
import type { Bytes, Inflated } from './decompress.ts';
import { Xxh64 } from './xxh64.ts';

/** What comes next in a stream. */
type Part = 'magic' | 'descriptor' | 'header' | 'block' | 'body' | 'checksum' | 'skip size' | 'skip';

const dictionaryBytes = [0, 1, 2, 4];
const sizeBytes = [0, 2, 4, 8];

/**
 * Largest window that is decoded: what zstd itself takes unless told otherwise. It is set aside before anything is decoded,
 * and a flipped bit asks for gigabytes.
 */
const largestWindow = 2 ** 27;

/**
 * Bytes that may be moved about in the window. fzstd moves all of it for each block: whole blocks pay for that by what comes out of
 * them, and a stream of tiny ones ends here, not after hours.
 */
const movesAtFirst = 2 ** 30;
const movesPerByteIn = 2 ** 16;
const movesPerByteOut = 2 ** 10;

/** A stream of frames as it comes; `unzstd` reads whole inputs with it, and formats what is packed inside them. */
export class Frames {
  /** What was unpacked and not taken yet. */
  readonly out: Uint8Array[] = [];
  #part: Part = 'magic';
  /** Bytes still wanted for this part. */
  #wanted = 4;
  /** The part's bytes as a little-endian number, as far as they have come. */
  #value = 0;
  #scale = 1;
  #hasChecksum = false;
  #isLast = false;
  #descriptor = 0;
  readonly #header: number[] = [];
  #window = 0;
  #moves = movesAtFirst;
  #frame: Decompress | undefined;
  #hash = new Xxh64();

  get betweenFrames(): boolean {
    return this.#part === 'magic' && this.#wanted === 4;
  }

  /** Reads more of the stream. Throws an Error on what is no zstd. */
  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      const take = Math.min(this.#wanted, bytes.length - at);
      const piece = bytes.subarray(at, at + take);
      const isSmall = this.#part !== 'body' && this.#part !== 'skip';
      if (isSmall && this.#part !== 'header') {
        for (const byte of piece) {
          this.#value += byte * this.#scale;
          this.#scale *= 256;
        }
      }
      at += take;
      this.#wanted -= take;
      const isDone = this.#wanted === 0;
      const value = this.#value;
      if (isDone && isSmall) {
        this.#value = 0;
        this.#scale = 1;
      }
      if (this.#part === 'magic') {
        if (isDone) this.#begin(value);
      } else this.#feed(piece, isDone, value);
    }
  }

  #expect(part: Part, wanted: number): void {
    this.#part = part;
    this.#wanted = wanted;
  }

  #begin(magic: number): void {
    // Skippable frames have any of sixteen magics.
    if (magic >= 0x184d2a50 && magic <= 0x184d2a5f) {
      this.#expect('skip size', 4);
      return;
    }
    if (magic !== 0xfd2fb528) throw new Error('no frame where one should begin');
    this.#hash = new Xxh64();
    this.#frame = new Decompress((data) => {
      if (data.length === 0) return;
      this.#moves += data.length * movesPerByteOut;
      this.#hash.update(data);
      this.out.push(data.slice());
    });
    this.#frame.push(Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd));
    this.#expect('descriptor', 1);
  }

  #feed(piece: Uint8Array, isDone: boolean, value: number): void {
    const part = this.#part;
    if (part === 'skip size') {
      if (isDone) this.#expect(value === 0 ? 'magic' : 'skip', value === 0 ? 4 : value);
      return;
    }
    if (part === 'skip') {
      if (isDone) this.#expect('magic', 4);
      return;
    }
    const ends = part === 'checksum' || (part === 'body' && this.#isLast && !this.#hasChecksum);
    this.#moves += piece.length * movesPerByteIn;
    if (part === 'header') {
      this.#header.push(...piece);
      if (isDone) this.#checkWindow();
    }
    this.#frame?.push(piece, isDone && ends);
    if (!isDone) return;
    if (part === 'descriptor') {
      this.#descriptor = value;
      this.#header.length = 0;
      const isSingle = (value & 0x20) !== 0;
      this.#hasChecksum = (value & 4) !== 0;
      const size = sizeBytes[value >> 6]! || (isSingle ? 1 : 0);
      const wanted = (isSingle ? 0 : 1) + dictionaryBytes[value & 3]! + size;
      this.#expect('header', wanted);
    } else if (part === 'header') {
      this.#expect('block', 3);
    } else if (part === 'block') {
      this.#isLast = (value & 1) !== 0;
      this.#moves -= this.#window;
      if (this.#moves < 0) throw new Error('its blocks are too many and too small');
      // A block of type 1 is one byte, repeated.
      const size = ((value >> 1) & 3) === 1 ? 1 : value >> 3;
      if (size === 0) this.#endBlock();
      else this.#expect('body', size);
    } else if (part === 'body') {
      this.#endBlock();
    } else {
      if (this.#hash.digest().lo !== value) throw new Error('the checksum does not fit');
      this.#expect('magic', 4);
    }
  }

  /** The size of the window, which is that of the content where a frame is in one segment (RFC 8878, 3.1.1.1.2 and 3.1.1.1.4). */
  #checkWindow(): void {
    const header = this.#header;
    const descriptor = this.#descriptor;
    if ((descriptor & 0x20) === 0) {
      const base = 2 ** (10 + (header[0]! >> 3));
      this.#window = base + (base / 8) * (header[0]! & 7);
    } else {
      let size = 0;
      for (let i = header.length - 1; i >= dictionaryBytes[descriptor & 3]!; i--) size = size * 256 + header[i]!;
      this.#window = descriptor >> 6 === 1 ? size + 256 : size;
    }
    if (this.#window > largestWindow) throw new Error('its window is larger than 128 MiB');
  }

  #endBlock(): void {
    if (!this.#isLast) this.#expect('block', 3);
    else if (this.#hasChecksum) this.#expect('checksum', 4);
    else this.#expect('magic', 4);
  }
}

/** Inflates a stream of zstd frames. Fills `result.damage` when it is cut, corrupt, or fails a checksum. */
export async function* unzstd(chunks: Bytes, result: Inflated): AsyncGenerator<Uint8Array> {
  const frames = new Frames();
  for await (const chunk of chunks) {
    // Small bites bound what one push can give back.
    for (let at = 0; at < chunk.length; at += 65536) {
      try {
        frames.push(chunk.subarray(at, Math.min(chunk.length, at + 65536)));
      } catch (error) {
        result.damage = `zstd stream is damaged (${error instanceof Error ? error.message : String(error)})`;
      }
      yield* frames.out.splice(0);
      if (result.damage !== '') return;
    }
  }
  if (!frames.betweenFrames) result.damage = 'zstd stream ends early';
}
