/** The record being decoded: its bytes, and what was loaded from it last. One object is used again for every record. */
import type { RecordField } from './event-format.ts';
import type { TextOut } from './text-out.ts';

export class RecordBytes {
  bytes: Uint8Array = new Uint8Array(0);
  /** The record is `bytes[start..end)`, from its common fields on. */
  start = 0;
  end = 0;
  /** The 64 bits of the value loaded or computed last, extended by its sign where it has one. */
  hi = 0;
  lo = 0;
  /** Something that was asked for lies behind the record's end; to be cleared before it is relied on. */
  isShort = false;
  /** Bytes of text that this record may still become: descriptions that lie could make every field the whole record. */
  textBudget = 0;
  /** Where the data found last is. */
  dataStart = 0;
  dataEnd = 0;
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

  /** All of `bytes`, for those who have looked at `start` and `end` themselves. */
  get view(): DataView {
    return this.#view;
  }

  /** Bytes in the record. */
  get length(): number {
    return this.end - this.start;
  }

  /** Takes from the budget of text; false when it is used up. */
  spend(bytes: number): boolean {
    this.textBudget -= bytes;
    if (this.textBudget >= 0) return true;
    this.isShort = true;
    return false;
  }

  /** The number of 4 bytes at `offset`; NaN when the record ends before it does. */
  number32(offset: number, isSigned: boolean): number {
    const at = this.start + offset;
    if (at + 4 > this.end) {
      this.isShort = true;
      return Number.NaN;
    }
    return isSigned ? this.#view.getInt32(at, this.isLittleEndian) : this.#view.getUint32(at, this.isLittleEndian);
  }

  /** Whether a text that was put together is not whole; then it is as if the record were too short for it. */
  isCut(out: TextOut): boolean {
    if (!out.isCut) return false;
    out.isCut = false;
    this.isShort = true;
    return true;
  }

  /** Loads 8 bytes, as `load`. */
  load64(offset: number): boolean {
    const at = this.start + offset;
    if (at + 8 > this.end) {
      this.isShort = true;
      return false;
    }
    const view = this.#view;
    if (this.isLittleEndian) {
      this.lo = view.getUint32(at, true);
      this.hi = view.getUint32(at + 4, true);
    } else {
      this.hi = view.getUint32(at, false);
      this.lo = view.getUint32(at + 4, false);
    }
    return true;
  }

  /** Loads the number of 1, 2, 4 or 8 bytes at `offset`; false when the record ends before it does, or it has another size. */
  load(offset: number, size: number, isSigned: boolean): boolean {
    const at = this.start + offset;
    if (at + size > this.end) {
      this.isShort = true;
      return false;
    }
    const view = this.#view;
    const little = this.isLittleEndian;
    switch (size) {
      case 8:
        return this.load64(offset);
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

  /**
   * Finds the data of a field: in place (up to the record's end where its size is 0), or through the 16 bits of length and
   * 16 bits of offset that `__data_loc` (from the record's beginning) and `__rel_loc` (from behind the field) hold
   * (include/trace/stages/stage3_trace_output.h __get_dynamic_array(), 6.12). False when it lies outside of the record.
   */
  find(field: RecordField): boolean {
    const { offset, size } = field;
    if (field.location === 'inline') {
      this.dataStart = this.start + offset;
      this.dataEnd = size === 0 ? this.end : this.dataStart + size;
    } else {
      if (!this.load(offset, 4, false)) return false;
      const from = field.location === '__rel_loc' ? this.start + offset + 4 : this.start;
      this.dataStart = from + (this.lo & 0xffff);
      this.dataEnd = this.dataStart + (this.lo >>> 16);
    }
    if (this.dataStart <= this.dataEnd && this.dataEnd <= this.end) return true;
    this.isShort = true;
    return false;
  }

  /** As `find`, for text: it ends at its first zero byte. */
  findText(field: RecordField): boolean {
    if (!this.find(field)) return false;
    let at = this.dataStart;
    while (at < this.dataEnd && this.bytes[at] !== 0) at++;
    this.dataEnd = at;
    return true;
  }

  #small(value: number): void {
    this.lo = value >>> 0;
    this.hi = value < 0 ? 0xffffffff : 0;
  }
}
