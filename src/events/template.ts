/**
 * Templates of event text, compiled to byte matchers: no string, bigint or object is made per event.
 *
 *     folio={folio:p} pfn={pfn:0x} lru={lru:d} flags={flags:f6}
 *     literal  value  literal  value ...
 *
 * The notation is that of `Era.text` (catalog.ts). Probes add `{name:v}`: any value that a probe prints for the field's
 * storage (kernel/trace/trace_probe.c print types).
 */
import type { Field } from './kinds.ts';
import {
  type FieldValues,
  parseDecimal,
  parseHex,
  parseLruFlags,
  parsePointer,
  parsePrefixedHex,
  presence,
} from './values.ts';

const hows = { d: 0, x: 1, '0x': 2, p: 3, w: 4, f6: 5, v: 6 } as const;
type How = keyof typeof hows;

/** A compiled template: literal 0, value 0, literal 1, value 1, ..., last literal. */
export interface Template {
  readonly text: string;
  readonly literals: readonly Uint8Array[];
  readonly hows: Uint8Array;
  /** Which field each value is. */
  readonly fields: Uint8Array;
  readonly fieldCount: number;
  /** For `v`: storage of the value, as an index into `storages`. */
  readonly storages: Uint8Array;
}

const storageCodes = { number: 0, u64: 1, text: 2, bytes: 3 } as const;

/** Compiles a template. Throws on a placeholder that is no field or has no such notation: a mistake in a catalogue row. */
export function compileTemplate(text: string, fields: readonly Field[]): Template {
  const encoder = new TextEncoder();
  const literals: Uint8Array[] = [];
  const codes: number[] = [];
  const indexes: number[] = [];
  let from = 0;
  for (const match of text.matchAll(/\{([^{}:]+):(d|x|0x|p|w|f6|v)\}/g)) {
    const index = fields.findIndex((field) => field.name === match[1]);
    if (index < 0) throw new Error(`template "${text}": no field "${match[1]}"`);
    literals.push(encoder.encode(text.slice(from, match.index)));
    codes.push(hows[match[2] as How]);
    indexes.push(index);
    from = match.index + match[0].length;
  }
  const tail = text.slice(from).replace(/ +$/, '');
  if (literals.some((literal) => literal.includes(123)) || tail.includes('{')) {
    throw new Error(`template "${text}": a placeholder is not {field:how}`);
  }
  literals.push(encoder.encode(tail));
  return {
    text,
    literals,
    hows: Uint8Array.from(codes),
    fields: Uint8Array.from(indexes),
    fieldCount: fields.length,
    storages: Uint8Array.from(indexes, (index) => storageCodes[fields[index]!.storage]),
  };
}

/**
 * Matches `bytes[start..end)` and fills `values`; false when the text is another. Trailing spaces are forgiven: the
 * kernel prints some, and tools strip them.
 */
export function matchTemplate(
  template: Template,
  bytes: Uint8Array,
  start: number,
  end: number,
  values: FieldValues,
): boolean {
  values.clear(template.fieldCount);
  const { literals } = template;
  const count = template.hows.length;
  let at = start;
  for (let i = 0; i < count; i++) {
    const literal = literals[i]!;
    if (at + literal.length > end) return false;
    for (let k = 0; k < literal.length; k++) if (bytes[at + k] !== literal[k]) return false;
    at += literal.length;
    const field = template.fields[i]!;
    switch (template.hows[i]) {
      case hows.d:
        at = parseDecimal(bytes, at, end, values, field);
        break;
      case hows.x:
        at = parseHex(bytes, at, end, values, field);
        break;
      case hows['0x']:
        at = parsePrefixedHex(bytes, at, end, values, field);
        break;
      case hows.p:
        at = parsePointer(bytes, at, end, values, field);
        break;
      case hows.f6:
        at = parseLruFlags(bytes, at, end, values, field);
        break;
      case hows.w:
        at = parseText(bytes, at, end, literals[i + 1]!, values, field);
        break;
      default:
        at = parseProbeValue(bytes, at, end, literals[i + 1]!, template.storages[i]!, values, field);
    }
    if (at < 0) return false;
  }
  const tail = literals[count]!;
  if (at + tail.length > end) return false;
  for (let k = 0; k < tail.length; k++) if (bytes[at + k] !== tail[k]) return false;
  at += tail.length;
  while (at < end && bytes[at] === 32) at++;
  return at === end;
}

/** Text up to the literal that follows, or to the end; padding behind it is not part of it. */
function parseText(
  bytes: Uint8Array,
  at: number,
  end: number,
  next: Uint8Array,
  values: FieldValues,
  field: number,
): number {
  const stop = next.length === 0 ? end : indexOf(bytes, at, end, next);
  if (stop < 0) return -1;
  let last = stop;
  while (last > at && bytes[last - 1] === 32) last--;
  values.setRange(field, at, last);
  return stop;
}

/**
 * A value that a probe prints. `(fault)` and `(efault)` say that the memory could not be read: not recorded. Strings are
 * quoted; symbols, arrays and characters are kept as text.
 */
function parseProbeValue(
  bytes: Uint8Array,
  at: number,
  end: number,
  next: Uint8Array,
  storage: number,
  values: FieldValues,
  field: number,
): number {
  if (at < end && bytes[at] === 40) {
    let close = at + 1;
    while (close < end && close - at < 10 && bytes[close] !== 41) close++;
    if (close < end && bytes[close] === 41 && bytes[close - 1] === 116) {
      values.present[field] = presence.absent;
      return close + 1;
    }
  }
  if (storage >= storageCodes.text) {
    const behind = parseText(bytes, at, end, next, values, field);
    if (behind < 0) return -1;
    const first = values.start[field]!;
    const last = values.end[field]!;
    if (last - first >= 2 && bytes[first] === 34 && bytes[last - 1] === 34) values.setRange(field, first + 1, last - 1);
    return behind;
  }
  if (end - at > 2 && bytes[at] === 48 && bytes[at + 1] === 120) return parseHex(bytes, at + 2, end, values, field);
  return parseDecimal(bytes, at, end, values, field);
}

/** First place of `wanted` in `bytes[from..end)`, or -1. */
export function indexOf(bytes: Uint8Array, from: number, end: number, wanted: Uint8Array): number {
  const first = wanted[0]!;
  const last = end - wanted.length;
  for (let i = from; i <= last; i++) {
    if (bytes[i] !== first) continue;
    let k = 1;
    while (k < wanted.length && bytes[i + k] === wanted[k]) k++;
    if (k === wanted.length) return i;
  }
  return -1;
}
