/** One cell into one field's value. */
import type { StringTable } from '../../base/strings.ts';
import type { Field } from '../../events/kinds.ts';
import { parseContext, unguardText } from '../../events/table.ts';
import { type FieldValues, parseDecimal, parseHex, parseLruFlags, presence } from '../../events/values.ts';

export class CellReader {
  /** Bytes of the row's cells that need them; ranges in the values point here. */
  bytes: Uint8Array = new Uint8Array(1024);
  #length = 0;
  readonly #values: FieldValues;
  readonly #strings: StringTable;
  readonly #guarded: boolean;
  readonly #encoder = new TextEncoder();

  /** @param guarded texts carry the guard of our own export */
  constructor(values: FieldValues, strings: StringTable, guarded: boolean) {
    this.#values = values;
    this.#strings = strings;
    this.#guarded = guarded;
  }

  /** A new row begins: its predecessor's bytes are done with. */
  restart(): void {
    this.#length = 0;
  }

  /**
   * Reads a cell; false when it is no value of the field. An empty cell is "not recorded". Numbers are decimal, or hex
   * with `0x`; `radix` 16 (a map's `pfn hex`) takes hex without it. LRU flags may be the kernel's six letters.
   */
  read(cell: string, field: Field, index: number, radix: 10 | 16): boolean {
    const values = this.#values;
    if (cell === '') {
      values.present[index] = presence.absent;
      return true;
    }
    if (field.storage === 'text' || field.storage === 'bytes') {
      const text = this.#guarded ? unguardText(cell) : cell;
      if (field.storage === 'text') values.setTextId(index, this.#strings.intern(text));
      else {
        const start = this.#length;
        this.#put(text);
        values.setRange(index, start, this.#length);
      }
      return true;
    }
    const start = this.#length;
    this.#put(cell);
    return readNumber(this.bytes, start, this.#length, field, index, radix, values);
  }

  #put(text: string): void {
    const needed = this.#length + text.length * 3;
    if (needed > this.bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
      grown.set(this.bytes.subarray(0, this.#length));
      this.bytes = grown;
    }
    this.#length += this.#encoder.encodeInto(text, this.bytes.subarray(this.#length)).written;
  }
}

/** Reads a cell of a number or of 64 bits, which is not empty; false when it is none. */
export function readNumber(
  bytes: Uint8Array,
  start: number,
  behind: number,
  field: Field,
  index: number,
  radix: 10 | 16,
  values: FieldValues,
): boolean {
  let at = start;
  let end = behind;
  if (field.name === 'flags' && field.storage === 'number' && isLruFlags(bytes, at, end)) {
    return parseLruFlags(bytes, at, end, values, index) === end;
  }
  while (at < end && bytes[at] === 32) at++;
  while (end > at && bytes[end - 1] === 32) end--;
  const prefixed = end - at > 2 && bytes[at] === 48 && (bytes[at + 1]! | 32) === 120;
  if (prefixed) return parseHex(bytes, at + 2, end, values, index) === end;
  return (radix === 16 ? parseHex : parseDecimal)(bytes, at, end, values, index) === end;
}

/** `Ma bd `: a letter or a space, then `a` or `f`. Hex flags begin with a digit. */
function isLruFlags(bytes: Uint8Array, start: number, end: number): boolean {
  const first = bytes[start];
  const second = bytes[start + 1];
  return end - start >= 2 && (first === 77 || first === 32) && (second === 97 || second === 102);
}

/** `'`: a text that our export wrote so that no spreadsheet takes it for a formula (events/table.ts). */
export const guard = 39;

/** Flags of single letters, which nearly all are. */
const flagsOfLetter = Uint8Array.from({ length: 128 }, (_, byte) => parseContext(String.fromCharCode(byte)));

/** The flags of a context's letters. */
export function contextOf(bytes: Uint8Array, start: number, end: number): number {
  if (start === end) return 0;
  if (end - start === 1) return flagsOfLetter[bytes[start]!]!;
  return end - start > 8 ? 0 : parseContext(String.fromCharCode(...bytes.subarray(start, end)));
}
