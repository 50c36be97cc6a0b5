/** The record being decoded: its bytes, and the number loaded from it last. One object is used again for every record. */

export class RecordBytes {
  bytes: Uint8Array = new Uint8Array(0);
  /** The record is `bytes[start..end)`, from its common fields on. */
  start = 0;
  end = 0;
  /** The 64 bits of the value loaded or computed last, extended by its sign where it has one. */
  hi = 0;
  lo = 0;
  readonly isLittleEndian: boolean;
  #view: DataView = new DataView(new ArrayBuffer(0));

  constructor(isLittleEndian: boolean) {
    this.isLittleEndian = isLittleEndian;
  }

  /** The next record. Records of one page or section come from one array: its view is made once. */
  set(bytes: Uint8Array, start: number, end: number): void {
    if (bytes !== this.bytes) {
      this.bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    this.start = start;
    this.end = end > bytes.length ? bytes.length : end;
  }

  /** Bytes in the record. */
  get length(): number {
    return this.end - this.start;
  }

  /** Loads the number of 1, 2, 4 or 8 bytes at `offset`; false when the record ends before it does, or it has another size. */
  load(offset: number, size: number, isSigned: boolean): boolean {
    const at = this.start + offset;
    if (at + size > this.end) return false;
    const view = this.#view;
    const little = this.isLittleEndian;
    switch (size) {
      case 8:
        this.lo = view.getUint32(little ? at : at + 4, little);
        this.hi = view.getUint32(little ? at + 4 : at, little);
        return true;
      case 4:
        this.lo = view.getUint32(at, little);
        this.hi = isSigned && this.lo > 0x7fffffff ? 0xffffffff : 0;
        return true;
      case 2:
        this.#small(isSigned ? view.getInt16(at, little) : view.getUint16(at, little));
        return true;
      case 1:
        this.#small(isSigned ? view.getInt8(at) : view.getUint8(at));
        return true;
    }
    return false;
  }

  #small(value: number): void {
    this.lo = value >>> 0;
    this.hi = value < 0 ? 0xffffffff : 0;
  }
}
