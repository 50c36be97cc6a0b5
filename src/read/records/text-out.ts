/** Text being put together from a record: one buffer, used again for every value. */

const encoder = new TextEncoder();
const digits = encoder.encode('0123456789abcdef');

/** A value's text is not longer: a record has 2^28 bytes at most, and none that is real has more than a page. */
const mostText = 1 << 20;

export class TextOut {
  bytes = new Uint8Array(256);
  length = 0;
  /** Something did not fit: what is here is not the whole text. Stays until it is cleared. */
  isCut = false;
  /** Digits of a number, last first. */
  readonly #spare = new Uint8Array(24);

  /** Room for `more` bytes; false when the text would be longer than any. */
  #room(more: number): boolean {
    if (this.length + more > mostText) {
      this.isCut = true;
      return false;
    }
    if (this.length + more > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + more));
      grown.set(this.bytes.subarray(0, this.length));
      this.bytes = grown;
    }
    return true;
  }

  /** Appends `source[start..end)`. */
  add(source: Uint8Array, start: number, end: number): void {
    if (!this.#room(end - start)) return;
    for (let i = start; i < end; i++) this.bytes[this.length++] = source[i]!;
  }

  /** Appends bytes that were encoded once. */
  addAll(source: Uint8Array): void {
    this.add(source, 0, source.length);
  }

  /** Appends text of characters below 128. */
  addText(text: string): void {
    for (let i = 0; i < text.length; i++) this.addByte(text.charCodeAt(i));
  }

  /** Appends any text, as UTF-8. */
  addString(text: string): void {
    this.addAll(encoder.encode(text));
  }

  addByte(byte: number): void {
    if (this.#room(1)) this.bytes[this.length++] = byte;
  }

  /** Appends 64 bits in hex without prefix and without leading zeros, but at least `least` digits. */
  addHex(hi: number, lo: number, least = 1): void {
    const count = hi >>> 0 === 0 ? hexDigits(lo) : 8 + hexDigits(hi);
    const width = Math.max(count, Math.min(least, 16));
    if (!this.#room(width)) return;
    for (let i = width - 1; i >= 0; i--) {
      const half = i >= 8 ? hi : lo;
      this.bytes[this.length++] = digits[(half >>> ((i & 7) * 4)) & 15]!;
    }
  }

  /** Appends 64 bits in decimal. */
  addDecimal(hi: number, lo: number, isSigned: boolean): void {
    let high = hi >>> 0;
    let low = lo >>> 0;
    if (isSigned && high > 0x7fffffff) {
      this.addByte(45);
      low = -low >>> 0;
      high = (~high + (low === 0 ? 1 : 0)) >>> 0;
    }
    let count = 0;
    const spare = this.#spare;
    // Long division by ten, sixteen bits at a time: every step stays below 2^20.
    do {
      let rest = 0;
      const a = high >>> 16;
      rest = a % 10;
      const b = rest * 0x10000 + (high & 0xffff);
      rest = b % 10;
      const c = rest * 0x10000 + (low >>> 16);
      rest = c % 10;
      const d = rest * 0x10000 + (low & 0xffff);
      spare[count++] = 48 + (d % 10);
      high = (((a / 10) << 16) | (b / 10)) >>> 0;
      low = (((c / 10) << 16) | (d / 10)) >>> 0;
    } while (high !== 0 || low !== 0);
    if (!this.#room(count)) return;
    while (count > 0) this.bytes[this.length++] = spare[--count]!;
  }

  /** Pads what was appended since `from` to `width`: in front, or behind (`isLeft`), with this byte. */
  pad(from: number, width: number, isLeft: boolean, byte: number): void {
    const missing = Math.min(width, 4096) - (this.length - from);
    if (missing <= 0 || !this.#room(missing)) return;
    if (isLeft) this.bytes.fill(32, this.length, this.length + missing);
    else {
      this.bytes.copyWithin(from + missing, from, this.length);
      this.bytes.fill(byte, from, from + missing);
    }
    this.length += missing;
  }
}

function hexDigits(value: number): number {
  return Math.max(1, Math.ceil((32 - Math.clz32(value)) / 4));
}
