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
  lruFlagsText,
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
  /** For printing: columns that each value takes at least. */
  readonly widths: Uint8Array;
}

const storageCodes = { number: 0, u64: 1, text: 2, bytes: 3 } as const;

/** Compiles a template. Throws on a placeholder that is no field or has no such notation: a mistake in a catalogue row. */
export function compileTemplate(
  text: string,
  fields: readonly Field[],
  widths: Readonly<Record<string, number>> = {},
): Template {
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
    widths: Uint8Array.from(indexes, (index) => widths[fields[index]!.name] ?? 0),
  };
}

/**
 * Matches `bytes[start..end)` and fills `values`; false when the text is another. Trailing spaces are forgiven: the
 * kernel prints some, and tools strip them.
 *
 * A text ends where the literal behind it first stands, unless what follows then does not fit: `kworker/0:1:34 [120]` is the
 * task `kworker/0:1`. Only the last text before the misfit is taken further (as in globs), so no input costs more than one
 * walk over it for each text.
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
  let lastText = -1;
  let textStart = 0;
  let textStop = 0;
  for (let i = 0; ; i++) {
    at = skipLiteral(literals[i]!, bytes, at, end);
    if (at >= 0) {
      if (i === count) {
        while (at < end && bytes[at] === 32) at++;
        if (at === end) return true;
        at = -1;
      } else {
        if (template.hows[i] === hows.w) {
          lastText = i;
          textStart = at;
        }
        at = parseValue(template, i, bytes, at, end, values);
        if (template.hows[i] === hows.w) {
          if (at < 0) return false;
          textStop = at;
        }
      }
    }
    if (at >= 0) continue;
    if (lastText < 0 || literals[lastText + 1]!.length === 0) return false;
    const next = indexOf(bytes, textStop + 1, end, literals[lastText + 1]!);
    if (next < 0) return false;
    setText(bytes, textStart, next, values, template.fields[lastText]!);
    textStop = next;
    at = next;
    i = lastText;
  }
}

function skipLiteral(literal: Uint8Array, bytes: Uint8Array, at: number, end: number): number {
  const { length } = literal;
  if (at + length > end) return -1;
  for (let k = 0; k < length; k++) if (bytes[at + k] !== literal[k]) return -1;
  return at + length;
}

function parseValue(
  template: Template,
  i: number,
  bytes: Uint8Array,
  at: number,
  end: number,
  values: FieldValues,
): number {
  const field = template.fields[i]!;
  switch (template.hows[i]) {
    case hows.d:
      return parseDecimal(bytes, at, end, values, field);
    case hows.x:
      return parseHex(bytes, at, end, values, field);
    case hows['0x']:
      return parsePrefixedHex(bytes, at, end, values, field);
    case hows.p:
      return parsePointer(bytes, at, end, values, field);
    case hows.f6:
      return parseLruFlags(bytes, at, end, values, field);
    case hows.w:
      return parseText(bytes, at, end, template.literals[i + 1]!, values, field);
    default:
      return parseProbeValue(bytes, at, end, template.literals[i + 1]!, template.storages[i]!, values, field);
  }
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
  if (stop >= 0) setText(bytes, at, stop, values, field);
  return stop;
}

function setText(bytes: Uint8Array, start: number, stop: number, values: FieldValues, field: number): void {
  let last = stop;
  while (last > start && bytes[last - 1] === 32) last--;
  values.setRange(field, start, last);
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

/** A value to be printed: of `number` fields a number, of `u64` ones a bigint, of `text` ones a string; undefined = not recorded. */
export type PrintValue = number | bigint | string | undefined;

/**
 * The text of an event as the kernel prints it, from the values of its row's fields (by place); undefined where the text needs
 * a value that was not recorded, or has no way to print it. What it prints, `matchTemplate` reads back to the same values:
 * a text must not hold what stands behind it, nor end in spaces.
 */
export function printTemplate(template: Template, values: readonly PrintValue[]): string | undefined {
  const decoder = new TextDecoder();
  let printed = '';
  for (let i = 0; i < template.hows.length; i++) {
    const value = printValue(template, i, values[template.fields[i]!]);
    if (value === undefined) return undefined;
    printed += decoder.decode(template.literals[i]) + value;
  }
  // Spaces at the end, which a match forgives, are part of the text.
  return printed + template.text.slice(template.text.lastIndexOf('}') + 1);
}

function printValue(template: Template, i: number, value: PrintValue): string | undefined {
  const how = template.hows[i];
  const width = template.widths[i]!;
  // %p before the hash key is ready, which is read as "not recorded" (lib/vsprintf.c ptr_to_id()).
  if (value === undefined) return how === hows.p ? '(____ptrval____)' : undefined;
  if (typeof value === 'string') return how === hows.w || how === hows.v ? value.padEnd(width) : undefined;
  switch (how) {
    case hows.d:
      return value < 0 ? String(value) : String(value).padStart(width, '0');
    case hows.x:
      return hexText(value);
    case hows['0x']:
      return `0x${hexText(value).padStart(width, '0')}`;
    case hows.p:
      return hexText(value).padStart(16, '0');
    case hows.f6:
      return lruFlagsText(Number(value));
    case hows.v:
      return typeof value === 'bigint' ? `0x${hexText(value)}` : String(value);
  }
  return undefined;
}

/** The 64 bits of a value: all ones for -1. */
function hexText(value: number | bigint): string {
  return (value < 0 ? BigInt.asUintN(64, BigInt(value)) : value).toString(16);
}
