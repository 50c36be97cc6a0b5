/** Values of one field in two formats: when they are the same. */
import type { PlainEvent } from './plain-events.ts';
import { pairsIn } from './reference.ts';

export type Value = PlainEvent['values'][number];

/** Numbers by their 64 bits, whatever column they are in; texts by their letters. */
export function sameValue(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || typeof a === 'string' || typeof b === 'string') return false;
  return BigInt.asUintN(64, BigInt(a)) === BigInt.asUintN(64, BigInt(b));
}

/**
 * The fields of an event by name. An event that nothing knows has its text in one field where it was read from text, and
 * its fields one by one where it was read from a record: then the text's `name=value` pairs are its fields.
 */
export function fieldsOf(event: PlainEvent): Map<string, { value: Value; role: string }> {
  const fields = new Map<string, { value: Value; role: string }>();
  event.fields.forEach((field, i) => {
    const value = event.values[i];
    if (event.form === 'generic' && field.storage === 'bytes' && field.name === 'text' && typeof value === 'string') {
      for (const [name, text] of pairsIn(value)) fields.set(name, { value: text, role: '' });
      return;
    }
    fields.set(field.name, { value, role: event.probe?.roles[i] ?? '' });
  });
  return fields;
}

/** A text that may be the print of a number. */
export function printsAs(text: Value, number: Value): boolean {
  if (typeof text !== 'string' || number === undefined || typeof number === 'string') return false;
  const bits = BigInt.asUintN(64, BigInt(number));
  const printed = text.trim();
  const hex = bits.toString(16);
  return [String(number), String(bits), hex, `0x${hex}`, ...(bits === 0n ? ['(nil)', '(null)'] : [])].includes(printed);
}
