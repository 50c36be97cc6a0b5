/**
 * Text of events under `options/fields` (kernel/trace/trace_output.c print_fields(), 6.4 and later): the binary record's
 * fields by their own names, numbers both in hex and in decimal.
 *
 *     succeeded=0x4 (4) failed=0x0 (0) ... mode=0x2 (2) reason=0x3 (3)
 */
import type { StringTable } from '../base/strings.ts';
import type { EventRow } from '../events/catalog.ts';
import { type FieldValues, parsePrefixedHex } from '../events/values.ts';

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
    const index = fields.findIndex((field) => field.name === (row.aliases?.[name] ?? name));
    const field = index < 0 ? spare : index;
    const behind = parsePrefixedHex(bytes, equals + 1, end, values, field);
    if (behind < 0) return false;
    at = behindDecimal(bytes, behind, end);
    if (at < 0) return false;
    if (index < 0) continue;
    known++;
    if (fields[index]!.storage === 'text') {
      const symbol = row.symbols?.[fields[index]!.name]?.[values.numbers[index]!];
      if (symbol !== undefined) values.setTextId(index, strings.intern(symbol));
      else values.setRange(index, equals + 1, behind);
    }
  }
  values.present[spare] = 0;
  return known > 0;
}

/** Behind ` (decimal)`, or -1. */
function behindDecimal(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] !== 32 || bytes[at + 1] !== 40) return -1;
  let i = at + 2;
  while (i < end && (bytes[i] === 45 || (bytes[i]! >= 48 && bytes[i]! <= 57))) i++;
  return i < end && i > at + 2 && bytes[i] === 41 ? i + 1 : -1;
}
