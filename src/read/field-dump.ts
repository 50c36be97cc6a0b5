/**
 * Text of events under `options/fields` (kernel/trace/trace_output.c print_fields(), 6.4 and later): the binary record's
 * fields by their own names, numbers both in hex and in decimal.
 *
 *     succeeded=0x4 (4) failed=0x0 (0) ... mode=0x2 (2) reason=0x3 (3)
 *     name=my region count=0x10 (16)        strings as they are, up to the next name
 *     sync=(1)   sync='A'(65)               numbers of one byte
 */
import { own } from '../base/own.ts';
import type { StringTable } from '../base/strings.ts';
import type { EventRow } from '../events/catalog.ts';
import { type FieldValues, parseDecimal, parsePrefixedHex } from '../events/values.ts';

/**
 * Reads such text into the columns of `row`; false when it is not of this form or names none of the row's fields. A field
 * that the row does not have is left out.
 */
export function readFieldDump(
  row: EventRow,
  bytes: Uint8Array,
  start: number,
  end: number,
  values: FieldValues,
  strings: StringTable,
): boolean {
  const { fields } = row;
  const spare = fields.length;
  values.clear(spare + 1);
  let known = 0;
  // Text of other forms may end in a bracket too (`target_mask=f (Function call interrupts)`), but no number in it does.
  let numbers = 0;
  let at = start;
  while (at < end) {
    if (bytes[at] === 32) {
      at++;
      continue;
    }
    let equals = at;
    while (equals < end && bytes[equals] !== 61 && bytes[equals] !== 32) equals++;
    if (bytes[equals] !== 61 || equals === at || equals >= end) return false;
    const name = String.fromCharCode(...bytes.subarray(at, Math.min(equals, at + 64)));
    const index = fields.findIndex((field) => field.name === (own(row.aliases, name) ?? name));
    const field = index < 0 ? spare : index;
    const storage = fields[index]?.storage ?? 'text';
    const isText = storage === 'text' || storage === 'bytes';
    const behind = behindNumber(bytes, equals + 1, end, values, field);
    if (behind < 0 && !isText) return false;
    if (behind >= 0) numbers++;
    at = behind < 0 ? textEnd(bytes, equals + 1, end) : behind;
    if (index < 0) continue;
    known++;
    if (!isText) continue;
    const symbol = behind < 0 ? undefined : row.symbols?.[fields[index]!.name]?.[values.numbers[index]!];
    if (symbol !== undefined) values.setTextId(index, strings.intern(symbol));
    else values.setRange(index, equals + 1, behind < 0 ? at : numberEnd(bytes, equals + 1, at));
  }
  values.present[spare] = 0;
  return known > 0 && numbers > 0;
}

/** Behind `0x4 (4)`, `(4)` or `'A'(65)`, whose number is stored; -1 where there is none. */
function behindNumber(bytes: Uint8Array, start: number, end: number, values: FieldValues, field: number): number {
  const behind = parsePrefixedHex(bytes, start, end, values, field);
  if (behind >= 0) return behindDecimal(bytes, behind, end);
  const at = bytes[start] === 39 && bytes[start + 2] === 39 ? start + 3 : start;
  if (bytes[at] !== 40) return -1;
  const close = parseDecimal(bytes, at + 1, end, values, field);
  return close > 0 && close < end && bytes[close] === 41 ? close + 1 : -1;
}

/** Where the hex number of `0x4 (4)` ends: a number without a name is kept as that. */
function numberEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== 32) at++;
  return at;
}

/** A string goes on to the next ` name=`, or the end. */
function textEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end) {
    while (at < end && bytes[at] !== 32) at++;
    let word = at + 1;
    while (word < end && isWordByte(bytes[word]!)) word++;
    if (word > at + 1 && bytes[word] === 61 && word < end) return at;
    at++;
  }
  return end;
}

function isWordByte(byte: number): boolean {
  const letter = byte | 32;
  return (letter >= 97 && letter <= 122) || (byte >= 48 && byte <= 57) || byte === 95;
}

/** Behind ` (decimal)`, or -1. */
function behindDecimal(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] !== 32 || bytes[at + 1] !== 40) return -1;
  let i = at + 2;
  while (i < end && (bytes[i] === 45 || (bytes[i]! >= 48 && bytes[i]! <= 57))) i++;
  return i < end && i > at + 2 && bytes[i] === 41 ? i + 1 : -1;
}
