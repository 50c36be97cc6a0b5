/** Writes protocol buffers, for traces made here. Shares nothing with the reader of src/read/perfetto. */

export class ProtoWriter {
  #bytes = new Uint8Array(256);
  length = 0;
  /** Where times of seven bytes were written, so that a repetition can move them. */
  readonly stamps: number[] = [];

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  /** A varint field; negative numbers as 64 bits, which is what int32 and int64 are on the wire. */
  varint(field: number, value: number | bigint): this {
    this.#tag(field, 0);
    this.#varint(value);
    return this;
  }

  /** A time that can be moved: always seven bytes, so between 2^42 and 2^49. */
  stamp(field: number, time: bigint): this {
    if (time < 1n << 42n || time >= 1n << 49n) throw new Error(`the time ${time} does not take seven bytes`);
    this.#tag(field, 0);
    this.stamps.push(this.length);
    this.#varint(time);
    return this;
  }

  text(field: number, value: string): this {
    return this.raw(field, new TextEncoder().encode(value));
  }

  raw(field: number, value: Uint8Array): this {
    this.#tag(field, 2);
    this.#varint(value.length);
    this.append(value);
    return this;
  }

  message(field: number, fill: (inner: ProtoWriter) => void): this {
    const inner = new ProtoWriter();
    fill(inner);
    this.#tag(field, 2);
    this.#varint(inner.length);
    for (const at of inner.stamps) this.stamps.push(this.length + at);
    return this.append(inner.bytes);
  }

  /** A list of numbers; the first may be a time that can be moved. */
  packed(field: number, values: readonly (number | bigint)[], isTime = false): this {
    return this.message(field, (inner) => {
      if (isTime && values.length > 0) inner.stamps.push(0);
      for (const value of values) inner.#varint(value);
    });
  }

  append(bytes: Uint8Array): this {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
    return this;
  }

  #tag(field: number, type: number): void {
    this.#varint(field * 8 + type);
  }

  #varint(value: number | bigint): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    this.#room(10);
    while (rest > 0x7fn) {
      this.#bytes[this.length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.length++] = Number(rest);
  }

  #room(size: number): void {
    if (this.length + size <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + size));
    larger.set(this.bytes);
    this.#bytes = larger;
  }
}
