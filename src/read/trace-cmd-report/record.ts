/**
 * Records printed field by field: ` succeeded=4 failed=0 mode=2 reason=3` (trace-cmd report -R), and behind
 * `[FAILED TO PARSE]` where the tool could not evaluate an event's print format (libtraceevent, print_selected_fields(),
 * print_field(), print_field_raw()). Names are those of the binary record, in its order.
 *
 * A number is printed as the event's own text prints it, when that text prints the bare field (`pte=3000081f6bf0` is hex,
 * because `%lx` is what the event says), else `0x` hex for what C calls long and decimal for the rest. `0x` is
 * always hex; without it the catalogue's templates of the event decide. Behind `[FAILED TO PARSE]` no text was at hand: decimal.
 */
import type { StringTable } from '../../base/strings.ts';
import type { EventRow } from '../../events/catalog.ts';
import { type FieldValues, parseDecimal, parseHex, parsePrefixedHex } from '../../events/values.ts';

/** A name that a record of this event may have. */
interface RecordName {
  readonly bytes: Uint8Array;
  readonly field: number;
  readonly isText: boolean;
  /** Printed as hex without a prefix. */
  readonly isBareHex: boolean;
  /** Interned names of a text field's numbers; -1 where there is none. */
  readonly symbols: readonly number[];
}

const equals = 61;
const space = 32;

/** Whether a record prints this field's number as hex without a prefix. Undefined where releases differ, which no row may. */
export function printsBareHex(row: EventRow, field: string): boolean | undefined {
  let isHex: boolean | undefined;
  for (const era of row.eras) {
    const how = new RegExp(`\\{${field}:(x|d)\\}`).exec(era.text)?.[1];
    if (how === undefined) continue;
    if (isHex !== undefined && isHex !== (how === 'x')) return undefined;
    isHex = how === 'x';
  }
  return isHex ?? false;
}

/** Reads the records of one event; made once for each row that a capture has. */
export class RecordReader {
  readonly #names: RecordName[];
  readonly #fieldCount: number;

  constructor(row: EventRow, strings: StringTable) {
    const encoder = new TextEncoder();
    this.#fieldCount = row.fields.length;
    const nameOf = (name: string, field: number): RecordName => ({
      bytes: encoder.encode(name),
      field,
      isText: row.fields[field]!.storage === 'text' || row.fields[field]!.storage === 'bytes',
      isBareHex: printsBareHex(row, row.fields[field]!.name) ?? false,
      symbols: (row.symbols?.[row.fields[field]!.name] ?? []).map((symbol) => strings.intern(symbol)),
    });
    this.#names = row.fields.map((field, i) => nameOf(field.name, i));
    for (const [alias, target] of Object.entries(row.aliases ?? {})) {
      const field = row.fields.findIndex((one) => one.name === target);
      this.#names.push(nameOf(alias, field));
    }
  }

  /**
   * Fills `values` from `bytes[start..end)`; false when the text is no such record or names none of the row's fields. What
   * the row does not have is left out.
   */
  read(bytes: Uint8Array, start: number, end: number, isUnparsed: boolean, values: FieldValues): boolean {
    values.clear(this.#fieldCount);
    let known = 0;
    let expected = 0;
    let at = start;
    while (at < end) {
      if (bytes[at] === space) {
        at++;
        continue;
      }
      const nameStart = at;
      while (at < end && bytes[at] !== equals && bytes[at] !== space) at++;
      if (at === nameStart || at >= end || bytes[at] !== equals) return false;
      const valueStart = at + 1;
      at = valueEnd(bytes, valueStart, end);
      const index = this.#find(bytes, nameStart, valueStart - 1, expected);
      if (index < 0) continue;
      expected = index + 1;
      if (!readValue(this.#names[index]!, bytes, valueStart, at, isUnparsed, values)) return false;
      known++;
    }
    return known > 0;
  }

  /** The name's place, looked for first where it is expected: records keep their order. */
  #find(bytes: Uint8Array, start: number, end: number, expected: number): number {
    const names = this.#names;
    for (let i = 0; i < names.length; i++) {
      const index = (expected + i) % names.length;
      if (isSame(names[index]!.bytes, bytes, start, end)) return index;
    }
    return -1;
  }
}

function isSame(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let i = 0; i < name.length; i++) if (bytes[start + i] !== name[i]) return false;
  return true;
}

/** A value goes on to the next ` name=`, or the end: strings and arrays hold spaces. */
function valueEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end) {
    while (at < end && bytes[at] !== space) at++;
    const stop = at;
    while (at < end && bytes[at] === space) at++;
    const word = at;
    while (at < end && isWordByte(bytes[at]!)) at++;
    if (at === end ? word === end : at > word && bytes[at] === equals) return stop;
  }
  return end;
}

function isWordByte(byte: number): boolean {
  const letter = byte | 32;
  return (letter >= 97 && letter <= 122) || (byte >= 48 && byte <= 57) || byte === 95;
}

function readValue(
  name: RecordName,
  bytes: Uint8Array,
  start: number,
  end: number,
  isUnparsed: boolean,
  values: FieldValues,
): boolean {
  const { field } = name;
  const behind =
    end - start > 2 && bytes[start] === 48 && bytes[start + 1] === 120
      ? parsePrefixedHex(bytes, start, end, values, field)
      : name.isBareHex && !isUnparsed
        ? parseHex(bytes, start, end, values, field)
        : parseDecimal(bytes, start, end, values, field);
  if (!name.isText) return behind === end;
  const symbol = behind === end ? name.symbols[values.numbers[field]!] : undefined;
  if (symbol !== undefined) values.setTextId(field, symbol);
  else values.setRange(field, start, end);
  return true;
}
