/** Numbers and padding in the columns in front of an event. */

const space = 32;

/** Result of the last `digits` call, beside its position: the number, and how many digits it has. */
export let number = 0;
export let count = 0;

/** Decimal digits from `at`: the position behind them; `number` and `count` tell the rest. */
export function digits(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  let value = 0;
  while (i < end) {
    const digit = bytes[i]! - 48;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
    i++;
  }
  number = value;
  count = i - at;
  return i;
}

export function skipSpaces(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && bytes[i] === space) i++;
  return i;
}

/** Nanoseconds of a decimal by how many digits follow it: `powersOfTen[9 - count]`. */
export const powersOfTen: readonly number[] = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
