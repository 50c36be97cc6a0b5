/** Arrays and bitmasks of records as text. */
import type { RecordBytes } from './record.ts';
import type { TextOut } from './text-out.ts';

/**
 * How an array is written: `numbers` as `{0x1,0x2}` (signed ones in decimal), `hex` as `01 0a ff`, `hexRun` as `010aff`,
 * `bits` as the kernel's `%*pb`, words of 32 bits from the highest on, `00000001,ffffffff`
 * (kernel/trace/trace_output.c trace_print_array_seq(), trace_print_hex_seq(), trace_print_bitmask_seq()).
 */
export type ArrayForm = 'numbers' | 'hex' | 'hexRun' | 'bits';

/**
 * Appends the data found last (`record.find`).
 *
 * @param size bytes of one element; where it is none of 1, 2, 4, 8, the bytes are written as `hexRun`
 */
export function writeArray(
  record: RecordBytes,
  out: TextOut,
  form: ArrayForm,
  size: number,
  isSigned: boolean,
): boolean {
  const { dataStart, dataEnd } = record;
  const isNumber = size === 1 || size === 2 || size === 4 || size === 8;
  if (form === 'bits' && (size === 4 || size === 8)) return writeBits(record, out, size);
  if (form !== 'numbers' || !isNumber) {
    for (let at = dataStart; at < dataEnd; at++) {
      if (form === 'hex' && at > dataStart) out.addByte(32);
      out.addHex(0, record.bytes[at]!, 2);
    }
    return true;
  }
  out.addByte(123);
  for (let at = dataStart; at + size <= dataEnd; at += size) {
    if (at > dataStart) out.addByte(44);
    if (!record.load(at - record.start, size, isSigned)) return false;
    if (isSigned) out.addDecimal(record.hi, record.lo, true);
    else {
      out.addByte(48);
      out.addByte(120);
      out.addHex(record.hi, record.lo);
    }
  }
  out.addByte(125);
  return true;
}

/** The kernel prints as many bits as the mask was declared with; the record holds whole longs. */
function writeBits(record: RecordBytes, out: TextOut, size: 4 | 8): boolean {
  const { dataStart, dataEnd } = record;
  const longs = Math.floor((dataEnd - dataStart) / size);
  for (let i = longs - 1; i >= 0; i--) {
    if (!record.load(dataStart - record.start + i * size, size, false)) return false;
    const { hi, lo } = record;
    if (i < longs - 1) out.addByte(44);
    if (size === 8) {
      out.addHex(0, hi, 8);
      out.addByte(44);
    }
    out.addHex(0, lo, 8);
  }
  return true;
}
