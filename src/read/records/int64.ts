/** Arithmetic on 64 bits as two uint32, for what print formats compute. Results are left in `hi` and `lo` of the record. */
import type { CType } from './c-type.ts';
import type { RecordBytes } from './record.ts';

/** Leaves a result, cut to its type and extended by its sign. */
export function settle(record: RecordBytes, type: CType, hi: number, lo: number): void {
  switch (type.bits) {
    case 64:
      record.hi = hi >>> 0;
      record.lo = lo >>> 0;
      return;
    case 32:
      record.lo = lo >>> 0;
      break;
    case 16:
      record.lo = type.isSigned ? ((lo << 16) >> 16) >>> 0 : lo & 0xffff;
      break;
    case 8:
      record.lo = type.isSigned ? ((lo << 24) >> 24) >>> 0 : lo & 0xff;
      break;
  }
  record.hi = type.isSigned && record.lo > 0x7fffffff ? 0xffffffff : 0;
}

/** -1, 0 or 1. */
export function compare(aHi: number, aLo: number, bHi: number, bLo: number, isSigned: boolean): number {
  if (aHi !== bHi) {
    if (isSigned) return (aHi | 0) < (bHi | 0) ? -1 : 1;
    return aHi < bHi ? -1 : 1;
  }
  return aLo === bLo ? 0 : aLo < bLo ? -1 : 1;
}

export function add(record: RecordBytes, type: CType, aHi: number, aLo: number, bHi: number, bLo: number): void {
  const lo = aLo + bLo;
  settle(record, type, aHi + bHi + (lo > 0xffffffff ? 1 : 0), lo);
}

export function subtract(record: RecordBytes, type: CType, aHi: number, aLo: number, bHi: number, bLo: number): void {
  settle(record, type, aHi - bHi - (aLo < bLo ? 1 : 0), aLo - bLo);
}

export function multiply(record: RecordBytes, type: CType, aHi: number, aLo: number, bHi: number, bLo: number): void {
  // aLo * bLo in full, from 16-bit halves; of the other products only the low 32 bits matter.
  const a0 = aLo & 0xffff;
  const a1 = aLo >>> 16;
  const b0 = bLo & 0xffff;
  const b1 = bLo >>> 16;
  const low = a0 * b0;
  const middle = a1 * b0 + (low >>> 16);
  const middle2 = a0 * b1 + (middle & 0xffff);
  const lo = ((middle2 & 0xffff) << 16) | (low & 0xffff);
  const carry = a1 * b1 + Math.floor(middle / 0x10000) + Math.floor(middle2 / 0x10000);
  settle(record, type, (carry + Math.imul(aHi, bLo) + Math.imul(aLo, bHi)) | 0, lo);
}

export function shift(
  record: RecordBytes,
  type: CType,
  aHi: number,
  aLo: number,
  count: number,
  isLeft: boolean,
): boolean {
  if (count >= type.bits) return false; // Not defined in C.
  if (count === 0) settle(record, type, aHi, aLo);
  else if (isLeft) {
    if (count >= 32) settle(record, type, aLo << (count - 32), 0);
    else settle(record, type, (aHi << count) | (aLo >>> (32 - count)), aLo << count);
  } else {
    const fill = type.isSigned && aHi > 0x7fffffff ? 0xffffffff : 0;
    if (count >= 32) {
      const part = count === 32 ? aHi : type.isSigned ? aHi >> (count - 32) : aHi >>> (count - 32);
      settle(record, type, fill, part);
    } else {
      settle(record, type, type.isSigned ? aHi >> count : aHi >>> count, (aLo >>> count) | (aHi << (32 - count)));
    }
  }
  return true;
}

/** Quotient or remainder; false for a division by zero. */
export function divide(
  record: RecordBytes,
  type: CType,
  aHi: number,
  aLo: number,
  bHi: number,
  bLo: number,
  isRemainder: boolean,
): boolean {
  if (bHi === 0 && bLo === 0) return false;
  const aNegative = type.isSigned && aHi > 0x7fffffff;
  const bNegative = type.isSigned && bHi > 0x7fffffff;
  let nHi = aHi;
  let nLo = aLo;
  let dHi = bHi;
  let dLo = bLo;
  if (aNegative) {
    nLo = -nLo >>> 0;
    nHi = (~nHi + (nLo === 0 ? 1 : 0)) >>> 0;
  }
  if (bNegative) {
    dLo = -dLo >>> 0;
    dHi = (~dHi + (dLo === 0 ? 1 : 0)) >>> 0;
  }
  let qHi = 0;
  let qLo = 0;
  let rHi = 0;
  let rLo = 0;
  // Bit by bit: divisions of print formats are rare, and most are of small numbers.
  if (nHi === 0 && dHi === 0) {
    qLo = Math.floor(nLo / dLo);
    rLo = nLo % dLo;
  } else {
    for (let bit = 63; bit >= 0; bit--) {
      const next = bit >= 32 ? (nHi >>> (bit - 32)) & 1 : (nLo >>> bit) & 1;
      const carried = rHi > 0x7fffffff;
      rHi = ((rHi << 1) | (rLo >>> 31)) >>> 0;
      rLo = ((rLo << 1) | next) >>> 0;
      if (!carried && compare(rHi, rLo, dHi, dLo, false) < 0) continue;
      rHi = (rHi - dHi - (rLo < dLo ? 1 : 0)) >>> 0;
      rLo = (rLo - dLo) >>> 0;
      if (bit >= 32) qHi = (qHi | (1 << (bit - 32))) >>> 0;
      else qLo = (qLo | (1 << bit)) >>> 0;
    }
  }
  let hi = isRemainder ? rHi : qHi;
  let lo = isRemainder ? rLo : qLo;
  if (isRemainder ? aNegative : aNegative !== bNegative) {
    lo = -lo >>> 0;
    hi = (~hi + (lo === 0 ? 1 : 0)) >>> 0;
  }
  settle(record, type, hi, lo);
  return true;
}
