/** Reads the parts of perf's header sections one after the other; past the end it gives zeros and says so. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #isLittle: boolean;
  readonly #decoder = new TextDecoder();
  at = 0;
  /** Something was read that is not there: what came back since is nothing. */
  isShort = false;

  constructor(bytes: Uint8Array, isLittle: boolean) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#isLittle = isLittle;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  /** Moves on by so many bytes and gives back where they begin; -1 when they are not there. */
  take(size: number): number {
    if (size > this.left) {
      this.isShort = true;
      this.at = this.bytes.length;
      return -1;
    }
    this.at += size;
    return this.at - size;
  }

  u32(): number {
    const at = this.take(4);
    return at < 0 ? 0 : this.#view.getUint32(at, this.#isLittle);
  }

  u64(): bigint {
    const at = this.take(8);
    return at < 0 ? 0n : this.#view.getBigUint64(at, this.#isLittle);
  }

  /** A size or an offset: what is beyond 2^53 is beyond every file. */
  size(): number {
    return Number(this.u64());
  }

  /** `size` bytes as text, up to the first NUL. */
  text(size: number): string {
    const at = this.take(size);
    if (at < 0) return '';
    const end = this.bytes.subarray(at, at + size).indexOf(0);
    return this.#decoder.decode(this.bytes.subarray(at, end < 0 ? at + size : at + end));
  }

  /** A length of 32 bits and as many bytes (tools/perf/util/header.c do_write_string()). */
  string(): string {
    return this.text(this.u32());
  }

  /** Text up to a NUL, which is passed over. */
  untilNul(): string {
    const end = this.bytes.indexOf(0, this.at);
    if (end < 0) {
      this.take(this.left + 1);
      return '';
    }
    const text = this.text(end - this.at);
    this.at = end + 1;
    return text;
  }

  view(): DataView {
    return this.#view;
  }
}
