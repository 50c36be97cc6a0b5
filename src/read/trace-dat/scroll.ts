/** Reads numbers, strings and blocks one behind the other out of a part of an input; nothing is taken that is not there. */
import { TraceError } from '../../base/errors.ts';
import type { ByteSource } from '../format.ts';

/** Bytes read ahead: most of what is read here is small. */
const ahead = 256 * 1024;

/** A longer string is none (names of buffers, systems, clocks). */
const longestString = 4096;

const two32 = 2 ** 32;

export class Scroll {
  readonly isLittleEndian: boolean;
  readonly end: number;
  readonly #source: string;
  readonly #input: ByteSource;
  /** What messages put before the place: a packed section has places of its own. */
  readonly #inside: string;
  #at: number;
  #held: Uint8Array = new Uint8Array(0);
  #heldAt = 0;

  /** Reads `input` from `at` to `end`. */
  constructor(source: string, input: ByteSource, isLittleEndian: boolean, at = 0, end = input.size, inside = '') {
    this.#source = source;
    this.#input = input;
    this.isLittleEndian = isLittleEndian;
    this.#at = at;
    this.end = Math.min(end, input.size);
    this.#inside = inside;
  }

  get at(): number {
    return this.#at;
  }

  get left(): number {
    return this.end - this.#at;
  }

  /** @throws TraceError `damaged`: what is wrong here */
  fail(cause: string, at = this.#at): never {
    throw new TraceError(
      'damaged',
      { file: this.#source, place: `byte ${at}${this.#inside}` },
      cause,
      'copy it from the device again: it may have been cut off or changed on the way',
    );
  }

  /** The next `size` bytes. @throws TraceError `damaged` when there are fewer */
  async bytes(size: number, what: string): Promise<Uint8Array> {
    if (!(size >= 0 && size <= this.left)) {
      this.fail(`${what} should have ${size} bytes here, and ${this.left} are left`);
    }
    const from = this.#at - this.#heldAt;
    if (from >= 0 && from + size <= this.#held.length) {
      this.#at += size;
      return this.#held.subarray(from, from + size);
    }
    if (size < ahead) {
      this.#held = await this.#input.read(this.#at, Math.min(ahead, this.left));
      this.#heldAt = this.#at;
    }
    const bytes = size < ahead ? this.#held.subarray(0, size) : await this.#input.read(this.#at, size);
    if (bytes.length < size) this.fail(`${what} ends early`);
    this.#at += size;
    return bytes;
  }

  /** Up to `size` bytes, without going on behind them. */
  async peek(size: number): Promise<Uint8Array> {
    const at = this.#at;
    const bytes = await this.bytes(Math.min(size, this.left), 'what follows');
    this.#at = at;
    return bytes;
  }

  async u8(what: string): Promise<number> {
    return (await this.bytes(1, what))[0]!;
  }

  async u16(what: string): Promise<number> {
    return this.#number(await this.bytes(2, what));
  }

  async u32(what: string): Promise<number> {
    return this.#number(await this.bytes(4, what));
  }

  /** 64 bits as a number; above 2^53 it is rounded, and larger than any file. */
  async u64(what: string): Promise<number> {
    return this.#number(await this.bytes(8, what));
  }

  /** 64 bits, exactly. */
  async big(what: string): Promise<bigint> {
    const bytes = await this.bytes(8, what);
    return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, this.isLittleEndian);
  }

  /** Bytes up to a NUL. */
  async string(what: string): Promise<string> {
    const start = this.#at;
    const most = Math.min(longestString, this.left);
    const bytes = await this.bytes(most, what);
    const length = bytes.indexOf(0);
    if (length < 0) this.fail(`${what} has no end`, start);
    this.#at = start + length + 1;
    return new TextDecoder().decode(bytes.subarray(0, length));
  }

  #number(bytes: Uint8Array): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (bytes.length === 2) return view.getUint16(0, this.isLittleEndian);
    const first = view.getUint32(0, this.isLittleEndian);
    if (bytes.length === 4) return first;
    const second = view.getUint32(4, this.isLittleEndian);
    return this.isLittleEndian ? second * two32 + first : first * two32 + second;
  }
}
