/**
 * Protocol buffers' wire format (protobuf.dev, "Encoding"), field by field over a range of bytes, for messages of which
 * there are millions: nothing is allocated, 64 bits stay two halves (pbf gives a float64, which cannot hold a pointer), and
 * no read leaves the range.
 *
 *     tag varint = field << 3 | type      type 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes
 */

/** A cursor; one is used again for every message of its level. */
export class Wire {
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  end = 0;
  /** The range is not a whole message: what was read before stands. */
  isBroken = false;
  field = 0;
  /** Wire type of the field: 0, 1, 2 or 5. */
  type = 0;
  /** The value of types 0, 1 and 5. */
  hi = 0;
  lo = 0;
  /** The bytes of type 2. */
  start = 0;
  stop = 0;

  open(bytes: Uint8Array, at: number, end: number): void {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
    this.isBroken = false;
  }

  /** Reads the next field; false at the end, and (with `isBroken`) where the bytes are no message. */
  next(): boolean {
    if (this.at >= this.end) return false;
    const { bytes } = this;
    let tag = bytes[this.at]!;
    if (tag < 0x80) this.at++;
    else {
      if (!this.varint() || this.hi !== 0) return this.#break();
      tag = this.lo;
    }
    this.field = tag >>> 3;
    this.type = tag & 7;
    if (this.field === 0) return this.#break();
    switch (this.type) {
      case 0:
        return this.varint() || this.#break();
      case 2: {
        if (!this.varint() || this.hi !== 0 || this.lo > this.end - this.at) return this.#break();
        this.start = this.at;
        this.at += this.lo;
        this.stop = this.at;
        return true;
      }
      case 1:
        if (this.end - this.at < 8) return this.#break();
        this.lo = this.#four();
        this.hi = this.#four();
        return true;
      case 5:
        if (this.end - this.at < 4) return this.#break();
        this.lo = this.#four();
        this.hi = 0;
        return true;
      default:
        return this.#break();
    }
  }

  /** A varint of at most ten bytes into `hi` and `lo`; false when there is none. */
  varint(): boolean {
    const { bytes, end } = this;
    let at = this.at;
    let byte = at < end ? bytes[at++]! : 256;
    if (byte < 0x80) {
      this.at = at;
      this.hi = 0;
      this.lo = byte;
      return true;
    }
    if (byte === 256) return false;
    let lo = byte & 0x7f;
    let hi = 0;
    for (let shift = 7; shift < 70; shift += 7) {
      if (at >= end) return false;
      byte = bytes[at++]!;
      const bits = byte & 0x7f;
      if (shift < 28) lo |= bits << shift;
      else if (shift === 28) {
        lo |= bits << 28;
        hi = bits >>> 4;
      } else hi |= bits << (shift - 32);
      if (byte < 0x80) {
        // Of the tenth byte only its lowest bit is left.
        if (shift === 63 && byte > 1) return false;
        this.at = at;
        this.hi = hi >>> 0;
        this.lo = lo >>> 0;
        return true;
      }
    }
    return false;
  }

  #four(): number {
    const { bytes, at } = this;
    this.at = at + 4;
    return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
  }

  #break(): false {
    this.isBroken = true;
    return false;
  }
}

const checker = new Wire();

/** Whether the range is one message, its fields ending exactly at its end. What is inside its fields is not looked at. */
export function isMessage(bytes: Uint8Array, start: number, end: number): boolean {
  checker.open(bytes, start, end);
  while (checker.next());
  return !checker.isBroken;
}
