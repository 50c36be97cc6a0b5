/**
 * Arguments of trace_printk() as `bprint` records hold them: packed in the order of the format's conversions
 * (lib/vsprintf.c vbin_printf(), bstr_printf(), 6.12). Numbers of 8 bytes are aligned to 4, others to their size; strings,
 * and pointers that print what they point to, are text with a zero byte behind.
 */
import type { Environment } from './c-code.ts';
import { integer } from './c-type.ts';
import { settle } from './int64.ts';
import { type Conversion, type Part, parseFormat } from './print-format.ts';
import type { RecordBytes } from './record.ts';
import type { TextOut } from './text-out.ts';

/** The parts of such a format; undefined where its arguments cannot be told apart (a width among them). */
export function bprintParts(format: string, longSize: 4 | 8): Part[] | undefined {
  if (/%[-+ #0]*(?:\*|\d*\.\*)/.test(format)) return undefined;
  return parseFormat(format, [], longSize);
}

/** Appends the text of a record whose arguments begin at `offset`; false when the record ends before they do. */
export function writeBprint(
  record: RecordBytes,
  out: TextOut,
  parts: readonly Part[],
  offset: number,
  environment: Environment,
): boolean {
  let at = offset;
  for (const part of parts) {
    if (typeof part === 'string') {
      out.addString(part);
      continue;
    }
    const from = out.length;
    const isPlainPointer = part.letter === 'p' && /^(?:$|[SsxKe])/.test(part.pointer);
    if (part.letter === 's' || (part.letter === 'p' && !isPlainPointer)) {
      let end = record.start + at;
      while (end < record.end && record.bytes[end] !== 0) end++;
      if (end >= record.end) return false;
      const last = part.precision >= 0 ? Math.min(end, record.start + at + part.precision) : end;
      out.add(record.bytes, record.start + at, last);
      at = end - record.start + 1;
    } else {
      const size = part.letter === 'p' ? environment.longSize : part.letter === 'c' ? 1 : part.bits / 8;
      const align = Math.min(size, 4);
      at = Math.ceil(at / align) * align;
      if (!record.load(at, size, part.letter === 'd')) return false;
      at += size;
      writeNumber(record, out, part, environment);
    }
    if (part.width > 0) {
      const isLeft = part.flags.includes('-');
      out.pad(from, part.width, isLeft, part.flags.includes('0') && part.letter !== 's' ? 48 : 32);
    }
  }
  return true;
}

function writeNumber(record: RecordBytes, out: TextOut, part: Conversion, environment: Environment): void {
  const { hi, lo } = record;
  if (part.letter === 'p') {
    if (/^[Ss]/.test(part.pointer)) {
      const ids = part.pointer.startsWith('s') ? environment.names : environment.places;
      out.addAll(environment.strings.bytes(ids.id(hi, lo)));
    } else out.addHex(hi, lo, environment.longSize * 2);
    return;
  }
  settle(record, integer(part.bits, part.letter === 'd'), hi, lo);
  switch (part.letter) {
    case 'c':
      out.addByte(lo & 0xff);
      return;
    case 'x':
    case 'X':
      if (part.flags.includes('#')) out.addText('0x');
      out.addHex(record.hi, record.lo, part.precision);
      return;
    default:
      out.addDecimal(record.hi, record.lo, part.letter === 'd');
  }
}
