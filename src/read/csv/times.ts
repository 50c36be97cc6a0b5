/** The time of a row, exact, in the two parts that the builder takes. */
import type { Capture } from '../../events/capture.ts';
import { printable } from '../detect.ts';
import type { TimeUnit } from './header.ts';

/** Decimals that lie between a unit and the nanosecond (or the clock's own value). */
const unitDigits: Readonly<Record<TimeUnit, number>> = { ns: 0, us: 3, ms: 6, s: 9, clock: 0, auto: 0 };

/** A time of 24 digits with a point; a longer cell is none that is read from bytes. */
const longestTime = 26;

export class TimeReader {
  seconds = 0;
  nanoseconds = 0;
  /** Times seen so far are all multiples of this, ns. */
  resolution = 1000;
  #unit: TimeUnit;
  /** Of the time read last, where its last nine digits or all its decimals are nanoseconds: the digits before them, */
  #high = 0;
  /** whether a point is between, */
  #point = 0;
  /** how many they are, 0 where it was another time, */
  #low = 0;
  /** and what the last one stands for. */
  #scale = 1;
  readonly #capture: Capture;

  constructor(capture: Capture, unit: TimeUnit) {
    this.#capture = capture;
    this.#unit = unit;
  }

  /** Reads a cell; what is wrong with it, or undefined. */
  read(cell: string): string | undefined {
    const capture = this.#capture;
    const text = cell.trim();
    if (capture.events === 0 && text === '' && this.#unit === 'ns') {
      // The export of a capture that has no times at all (tracefs with context-info off).
      capture.clock = { unit: 'none', resolution: 1 };
      this.resolution = 1;
    }
    if (capture.clock.unit === 'none') {
      if (text !== '') return 'a time in a table whose first event has none';
      this.seconds = 0;
      this.nanoseconds = 0;
      return undefined;
    }
    const point = text.indexOf('.');
    if (this.#unit === 'auto') {
      this.#unit = point >= 0 ? 's' : 'ns';
      capture.remarks.push(
        `times are read as ${point >= 0 ? 'seconds' : 'nanoseconds'}: the first is ${printable(text, 40)}`,
      );
    }
    const whole = point < 0 ? text : text.slice(0, point);
    const fraction = point < 0 ? '' : text.slice(point + 1);
    const digits = unitDigits[this.#unit];
    if (!/^\d{1,20}$/.test(whole) || !/^\d*$/.test(fraction) || fraction.length > digits) {
      return this.#unit === 'clock' ? 'the clock value is not a whole number' : 'the time is not a number';
    }
    const all = whole + fraction.padEnd(digits, '0');
    this.seconds = all.length > 9 ? Number(all.slice(0, -9)) : 0;
    this.nanoseconds = Number(all.slice(-9));
    this.#refine();
    return undefined;
  }

  /** As `read`, from bytes; false where the cell is not digits and a point alone, or `read` has to judge it. */
  readBytes(bytes: Uint8Array, start: number, end: number): boolean {
    if (!this.#readDigits(bytes, start, end)) return false;
    this.#refine();
    return true;
  }

  #readDigits(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#unit === 'auto' || this.#capture.events === 0 || this.#capture.clock.unit === 'none') return false;
    const wanted = unitDigits[this.#unit];
    let point = start;
    while (point < end && bytes[point] !== 46) point++;
    const decimals = point < end ? end - point - 1 : 0;
    const whole = point - start;
    // Fifteen digits and nine: a float64 is exact there.
    if (whole < 1 || whole + wanted > 24 || whole > 20 || decimals > wanted) return false;
    // Digits in the order of the text, and zeros where the unit's decimals are not all written: the last nine apart.
    const split = whole + wanted - 9;
    let high = 0;
    let low = 0;
    for (let i = 0; i < whole + wanted; i++) {
      const at = i < whole ? start + i : start + i + 1;
      const digit = i < whole + decimals ? bytes[at]! - 48 : 0;
      if (digit < 0 || digit > 9) return false;
      if (i < split) high = high * 10 + digit;
      else low = low * 10 + digit;
    }
    this.seconds = high;
    this.nanoseconds = low;
    return true;
  }

  /**
   * As `readBytes`, of the cell at `start`: the place of the delimiter behind it, or -1. Times of one table have one length,
   * nearly all: the delimiter is looked for where it was. `settle` is to be called when the row is an event.
   *
   * @param view of the same bytes, with 24 more behind the last line's end
   */
  readAhead(view: DataView, bytes: Uint8Array, start: number, delimiter: number): number {
    const split = start + this.#high;
    const low = split + this.#point;
    const end = low + this.#low;
    if (end === low || bytes[end] !== delimiter || (low > split && bytes[split] !== 46))
      return this.#readNewForm(bytes, start, delimiter);
    let high = 0;
    for (let at = start; at < split; at++) {
      const digit = bytes[at]! - 48;
      if (digit < 0 || digit > 9) return -1;
      high = high * 10 + digit;
    }
    let rest = 0;
    let at = low;
    for (; at < end - 3; at += 4) {
      const four = fourDigits(view.getInt32(at, true));
      if (four < 0) return -1;
      rest = rest * 10_000 + four;
    }
    for (; at < end; at++) {
      const digit = bytes[at]! - 48;
      if (digit < 0 || digit > 9) return -1;
      rest = rest * 10 + digit;
    }
    this.seconds = high;
    this.nanoseconds = rest * this.#scale;
    return end;
  }

  #readNewForm(bytes: Uint8Array, start: number, delimiter: number): number {
    let end = start;
    while (end - start < longestTime && bytes[end] !== delimiter && bytes[end] !== 10) end++;
    if (bytes[end] !== delimiter || !this.#readDigits(bytes, start, end)) return -1;
    const point = bytes.subarray(start, end).indexOf(46);
    const wanted = unitDigits[this.#unit];
    // What has no nine digits, or a unit's decimals on both sides of the ninth, is read the longer way each time.
    this.#low = 0;
    if (point < 0 && wanted === 0 && end - start >= 9) {
      this.#high = end - start - 9;
      this.#point = 0;
      this.#low = 9;
      this.#scale = 1;
    } else if (point >= 0 && wanted === 9) {
      this.#high = point;
      this.#point = 1;
      this.#low = end - start - point - 1;
      this.#scale = 10 ** (9 - this.#low);
    }
    return end;
  }

  /** The time read by `readAhead` is an event's. */
  settle(): void {
    this.#refine();
  }

  #refine(): void {
    if (this.resolution !== 1 && this.nanoseconds % this.resolution !== 0) this.resolution = 1;
  }
}

/** Four digits as they lie in memory, first byte lowest; -1 where one is none. */
function fourDigits(word: number): number {
  const digits = word ^ 0x30303030;
  // A digit plus 118 stays below the highest bit, every other byte of ASCII passes it.
  if (((digits + 0x76767676) | digits) & 0x80808080) return -1;
  const pairs = (digits * 10 + (digits >>> 8)) & 0x00ff00ff;
  return (pairs & 0xff) * 100 + (pairs >>> 16);
}
