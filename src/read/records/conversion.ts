/** What a conversion of a print format prints: the number, or the text (lib/vsprintf.c, 6.12). */
import {
  type Code,
  compile,
  constant,
  type NumberCode,
  notKnown,
  type Run,
  type Scope,
  type TextCode,
} from './c-code.ts';
import { integer } from './c-type.ts';
import type { RecordField } from './event-format.ts';
import { settle } from './int64.ts';
import type { Conversion, Part } from './print-format.ts';
import { findPrintk } from './printk-formats.ts';
import type { RecordBytes } from './record.ts';
import type { TextOut } from './text-out.ts';

/** A number of the record as it is, where nothing need be computed: bytes `[offset, offset + size)`. */
export interface Load {
  readonly offset: number;
  readonly size: number;
  readonly isSigned: boolean;
}

/** What a conversion prints as a number, in `hi` and `lo`; `load` where it is a plain field. */
export interface PrintedNumber {
  readonly run: Run;
  readonly load: Load | undefined;
}

/** The number that an integer or pointer conversion prints; undefined when its value is no number. */
export function printedNumber(conversion: Conversion, scope: Scope): PrintedNumber | undefined {
  const code = compile(conversion.value, scope);
  if (code.kind === 'text') return undefined;
  const bits = conversion.letter === 'p' ? scope.longSize * 8 : conversion.bits;
  const isSigned = conversion.letter === 'd';
  const load = code.field ? plainLoad(code.field, bits, isSigned) : undefined;
  const type = integer(bits as 32, isSigned);
  const { run } = code;
  return {
    load,
    run: (record) => {
      if (!run(record)) return false;
      settle(record, type, record.hi, record.lo);
      return true;
    },
  };
}

/** A field printed by a conversion of its own width is read as the conversion reads it; a narrower one is extended. */
function plainLoad({ offset, size, isSigned }: RecordField, bits: number, printsSigned: boolean): Load | undefined {
  if (size * 8 === bits) return { offset, size, isSigned: printsSigned };
  if (size * 8 < bits && (!isSigned || printsSigned)) return { offset, size, isSigned };
  return undefined;
}

/** A number that stands in a format string as text (`order=0`). */
export function literalNumber(value: number): PrintedNumber {
  const { run } = constant(value < 0 ? 0xffffffff : 0, value >>> 0, integer(64, true));
  return { run, load: undefined };
}

/**
 * The text of some parts as the kernel prints it. `id` gives the interned text without the spaces behind it, which is what
 * a text reader keeps; -1 when it is not known.
 */
export function printedText(
  parts: readonly Part[],
  scope: Scope,
): { id: (record: RecordBytes) => number; write: Writer } {
  const codes = parts.map((part) => (typeof part === 'string' ? undefined : stringCode(part, scope)));
  const writers = parts.map((part, i) =>
    typeof part === 'string' ? literalWriter(part) : writer(part, codes[i]!, scope),
  );
  const write: Writer = (record, out) => {
    for (let i = 0; i < writers.length; i++) if (!writers[i]!(record, out)) return false;
    return true;
  };
  const only = parts.length === 1 && typeof parts[0] !== 'string' ? parts[0] : undefined;
  const code = codes[0];
  // Padding behind is cut off again; padding in front and a precision change the text.
  const isPlain = only !== undefined && only.precision < 0 && (only.width < 0 || only.flags.includes('-'));
  if (isPlain && code?.kind === 'text' && code.id) {
    return { id: code.isTrimmed === true ? code.id : trimmedId(code.id, scope), write };
  }
  return { id: internedText(write, scope), write };
}

export type Writer = (record: RecordBytes, out: TextOut) => boolean;

/** Interns what `write` writes. */
export function internedText(write: Writer, scope: Scope): (record: RecordBytes) => number {
  const { strings, out } = scope;
  return (record) => {
    out.length = 0;
    if (!write(record, out) || record.isCut(out)) return -1;
    let { length } = out;
    while (length > 0 && out.bytes[length - 1] === 32) length--;
    if (!record.spend(length)) return -1;
    return strings.internBytes(out.bytes, 0, length);
  };
}

/** Names as they are in the format may end with spaces; each is looked at once. */
function trimmedId(id: (record: RecordBytes) => number, scope: Scope): (record: RecordBytes) => number {
  const trimmed = new Map<number, number>();
  return (record) => {
    const found = id(record);
    if (found < 0) return found;
    let result = trimmed.get(found);
    if (result === undefined) {
      result = scope.strings.intern(scope.strings.text(found).replace(/ +$/, ''));
      trimmed.set(found, result);
    }
    return result;
  };
}

const encoder = new TextEncoder();

function literalWriter(text: string): Writer {
  const bytes = encoder.encode(text);
  return (_, out) => {
    out.addAll(bytes);
    return true;
  };
}

/** The code of a conversion; pointers that print as names, and `%s` of text outside of the record, become text. */
function stringCode(conversion: Conversion, scope: Scope): Code {
  const code = compile(conversion.value, scope);
  if (code.kind === 'text') return code;
  if (conversion.letter === 's') return pointedText(code, scope);
  if (conversion.letter === 'p' && /^[sSfFB]/.test(conversion.pointer)) {
    const ids = /^[sf]/.test(conversion.pointer) ? scope.names : scope.places;
    return textById((record) => (code.run(record) ? ids.id(record.hi, record.lo) : -1), scope);
  }
  return code;
}

/** Text that is known by its id. */
function textById(id: (record: RecordBytes) => number, scope: Scope): TextCode {
  return {
    kind: 'text',
    id,
    write: (record, out) => {
      const found = id(record);
      if (found >= 0) out.addAll(scope.strings.bytes(found));
      return found >= 0;
    },
  };
}

/** Text that the kernel keeps at an address: the formats of trace_printk() and the strings of tracepoints are listed. */
function pointedText(code: NumberCode, scope: Scope): Code {
  const { printkFormats, strings } = scope;
  if (!printkFormats) return notKnown(scope);
  return textById((record) => {
    if (!code.run(record)) return -1;
    const text = findPrintk(printkFormats, record.hi, record.lo);
    return text === undefined ? -1 : strings.intern(text);
  }, scope);
}

function writer(conversion: Conversion, code: Code, scope: Scope): Writer {
  const { flags, width, precision, letter } = conversion;
  const isLeft = flags.includes('-');
  const body = bodyWriter(conversion, code, scope);
  const zero = flags.includes('0') && !isLeft && letter !== 's' ? 48 : 32;
  if (width < 0 && (precision < 0 || letter !== 's')) return body;
  return (record, out) => {
    const from = out.length;
    if (!body(record, out)) return false;
    if (letter === 's' && precision >= 0) out.length = Math.min(out.length, from + precision);
    if (width > 0) out.pad(from, width, isLeft, zero);
    return true;
  };
}

function bodyWriter(conversion: Conversion, code: Code, scope: Scope): Writer {
  const { letter, pointer, flags, precision } = conversion;
  if (code.kind === 'text') return letter === 's' || letter === 'p' ? code.write : nothing(scope);
  const { run } = code;
  if (letter === 'p') return pointerWriter(pointer, run, code, scope);
  // `%o` and `%n`: no event of the kernel prints them.
  if (letter === 's' || letter === 'o' || letter === 'n') return nothing(scope);
  const type = integer(conversion.bits, letter === 'd');
  const isPrefixed = flags.includes('#');
  return (record, out) => {
    if (!run(record)) return false;
    settle(record, type, record.hi, record.lo);
    const { hi, lo } = record;
    switch (letter) {
      case 'd':
      case 'u':
        out.addDecimal(hi, lo, letter === 'd');
        return true;
      case 'x':
      case 'X':
        if (isPrefixed) {
          out.addByte(48);
          out.addByte(120);
        }
        out.addHex(hi, lo, precision);
        return true;
      case 'c':
        out.addByte(lo & 0xff);
        return true;
    }
    return false;
  };
}

/** What cannot be written from the record. */
function nothing(scope: Scope): Writer {
  notKnown(scope);
  return () => false;
}

/** `%p` and its variants that need nothing but the number; the others look at memory behind it. */
function pointerWriter(pointer: string, run: Run, code: NumberCode, scope: Scope): Writer {
  const digits = code.type.bits === 64 ? 16 : 8;
  if (pointer === '' || pointer === 'x' || pointer === 'K') {
    return (record, out) => {
      if (!run(record)) return false;
      out.addHex(record.hi, record.lo, digits);
      return true;
    };
  }
  return nothing(scope);
}
