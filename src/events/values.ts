/**
 * The fields of one event while it is being decoded, and the parsers that fill them from bytes.
 *
 * One object is used again for every event, so that decoding allocates nothing: a matcher writes here, and only when the
 * whole text has matched are the values copied to columns. Every parser takes the bytes `[at, end)`, writes the value of
 * `field` and returns the position behind it, or -1 when the bytes are no such value (then nothing may be relied on).
 */

/** Most fields an event may have. Kernel events have up to about twenty; probes may have more arguments. */
export const maxFields = 128;

/** What `present` says of a field. */
export const presence = { absent: 0, value: 1, textId: 2 } as const;

export class FieldValues {
  /** Values of `number` fields; for `text` fields with `presence.textId`, the interned id. */
  readonly numbers = new Float64Array(maxFields);
  readonly hi = new Uint32Array(maxFields);
  readonly lo = new Uint32Array(maxFields);
  /** Byte ranges of `text` and `bytes` fields, in the bytes that were matched. */
  readonly start = new Uint32Array(maxFields);
  readonly end = new Uint32Array(maxFields);
  readonly present = new Uint8Array(maxFields);

  /** Forgets the first `fields` values. */
  clear(fields: number): void {
    const { present } = this;
    for (let i = 0; i < fields; i++) present[i] = 0; // For a dozen fields, faster than a call of fill().
  }

  /** Sets a value that is not a byte range, for readers of typed input. */
  setNumber(field: number, value: number): void {
    this.numbers[field] = value;
    this.hi[field] = Math.floor(value / 2 ** 32);
    this.lo[field] = value;
    this.present[field] = presence.value;
  }

  setU64(field: number, hi: number, lo: number): void {
    this.hi[field] = hi;
    this.lo[field] = lo;
    this.numbers[field] = signedNumber(hi >>> 0, lo >>> 0);
    this.present[field] = presence.value;
  }

  /** Sets a text by its id in the capture's string table. */
  setTextId(field: number, id: number): void {
    this.numbers[field] = id;
    this.present[field] = presence.textId;
  }

  setRange(field: number, start: number, end: number): void {
    this.start[field] = start;
    this.end[field] = end;
    this.present[field] = presence.value;
  }
}

/** 64 bits as a float64: exact below 2^53, and the negative number where the bits are that of a small one (`-1`). */
function signedNumber(hi: number, lo: number): number {
  if (hi >= 0xffe00000) return (hi - 2 ** 32) * 2 ** 32 + lo;
  return hi * 2 ** 32 + lo;
}

/** Value of each byte as a hex digit; 255 for all others. One look-up instead of comparisons: a fifth of the time of a match. */
const hexDigits = new Uint8Array(256).fill(255);
for (let digit = 0; digit < 10; digit++) hexDigits[48 + digit] = digit;
for (let digit = 10; digit < 16; digit++) {
  hexDigits[87 + digit] = digit;
  hexDigits[55 + digit] = digit;
}

/** A decimal integer, sign allowed, of up to 20 digits: both as a number and as 64 bits. */
export function parseDecimal(bytes: Uint8Array, at: number, end: number, values: FieldValues, field: number): number {
  let i = at;
  const negative = i < end && bytes[i] === 45;
  if (negative) i++;
  const first = i;
  let value = 0;
  while (i < end) {
    const digit = bytes[i]! - 48;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
    i++;
  }
  if (i === first || i - first > 20) return -1;
  if (value <= 0x7fffffff) {
    values.numbers[field] = negative ? -value : value;
    values.lo[field] = negative ? -value : value; // Kept modulo 2^32, which makes two's complement of a negative one.
    values.hi[field] = negative && value > 0 ? 0xffffffff : 0;
  } else if (value <= Number.MAX_SAFE_INTEGER) {
    values.setNumber(field, negative ? -value : value);
  } else {
    longDecimal(bytes, first, i, negative, values, field);
  }
  values.present[field] = presence.value;
  return i;
}

/** Beyond 2^53 the 64 bits are put together from 16-bit pieces. */
function longDecimal(
  bytes: Uint8Array,
  from: number,
  to: number,
  negative: boolean,
  values: FieldValues,
  field: number,
) {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = from; i < to; i++) {
    d = d * 10 + (bytes[i]! - 48);
    c = c * 10 + (d >>> 16);
    b = b * 10 + (c >>> 16);
    a = (a * 10 + (b >>> 16)) & 0xffff;
    d &= 0xffff;
    c &= 0xffff;
    b &= 0xffff;
  }
  let hi = ((a << 16) | b) >>> 0;
  let lo = ((c << 16) | d) >>> 0;
  if (negative) {
    lo = -lo >>> 0;
    hi = (~hi + (lo === 0 ? 1 : 0)) >>> 0;
  }
  values.setU64(field, hi, lo);
}

/** Hex digits without prefix, at most 16. */
export function parseHex(bytes: Uint8Array, at: number, end: number, values: FieldValues, field: number): number {
  let i = at;
  let hi = 0;
  let lo = 0;
  while (i < end) {
    const digit = hexDigits[bytes[i]!]!;
    if (digit > 15) break;
    hi = (hi << 4) | (lo >>> 28);
    lo = (lo << 4) | digit;
    i++;
  }
  if (i === at || i - at > 16) return -1;
  values.hi[field] = hi;
  values.lo[field] = lo;
  values.numbers[field] = hi === 0 ? lo >>> 0 : signedNumber(hi >>> 0, lo >>> 0);
  values.present[field] = presence.value;
  return i;
}

/** `0x` and hex digits. */
export function parsePrefixedHex(
  bytes: Uint8Array,
  at: number,
  end: number,
  values: FieldValues,
  field: number,
): number {
  if (end - at < 3 || bytes[at] !== 48 || (bytes[at + 1]! | 32) !== 120) return -1;
  return parseHex(bytes, at + 2, end, values, field);
}

/**
 * A pointer as `%p` prints it: 16 digits, hashed or raw (lib/vsprintf.c pointer_string()); tools put `0x` before it. Before
 * the hash key is ready the kernel prints `(____ptrval____)`, which is no value; `(null)` and `(nil)` are zero.
 */
export function parsePointer(bytes: Uint8Array, at: number, end: number, values: FieldValues, field: number): number {
  if (at < end && bytes[at] === 40) {
    let close = at + 1;
    while (close < end && bytes[close] !== 41 && close - at < 24) close++;
    if (close >= end || bytes[close] !== 41) return -1;
    if (bytes[at + 1] === 110) values.setU64(field, 0, 0);
    else values.present[field] = presence.absent;
    return close + 1;
  }
  if (end - at > 2 && bytes[at] === 48 && (bytes[at + 1]! | 32) === 120)
    return parseHex(bytes, at + 2, end, values, field);
  return parseHex(bytes, at, end, values, field);
}

/**
 * The six columns of LRU page flags, each a letter or a space (include/trace/events/pagemap.h trace_pagemap_flags()).
 * Trailing spaces are significant to the kernel and often stripped by whoever stored the text.
 */
export function parseLruFlags(bytes: Uint8Array, at: number, end: number, values: FieldValues, field: number): number {
  let flags = 0;
  let i = at;
  for (let column = 0; column < 6 && i < end; column++, i++) {
    const byte = bytes[i]!;
    if (column === 1) {
      if (byte === 97) flags |= 2;
      else if (byte === 102) flags |= 4;
      else return -1;
    } else if (byte === lruFlagLetters[column]) flags |= lruFlagBits[column]!;
    else if (byte !== 32) return -1;
  }
  if (i - at < 2) return -1;
  values.setNumber(field, flags);
  return i;
}

const lruFlagLetters = [77, 0, 115, 98, 100, 66]; // M, a|f, s, b, d, B
const lruFlagBits = [1, 0, 8, 16, 32, 64];

/** The six columns for a value, as the kernel prints them. */
export function lruFlagsText(flags: number): string {
  let text = '';
  for (let column = 0; column < 6; column++) {
    if (column === 1) text += flags & 2 ? 'a' : 'f';
    else text += flags & lruFlagBits[column]! ? String.fromCharCode(lruFlagLetters[column]!) : ' ';
  }
  return text;
}
