/** How numbers are written in tables and sentences. A number that is not known is `–`, never 0. */
import type { Interval } from '../compare/comparison.ts';

/** What stands where a number cannot be told; tables that hold one get a footnote. */
export const cannotTell = '–';

const thinSpace = '\u202f';

/** Digits in groups of three from 10 000 on: `9876`, `12 345` (narrow no-break space). */
function group(digits: string): string {
  return digits.length < 5 ? digits : digits.replace(/\B(?=(\d{3})+$)/g, thinSpace);
}

/** A count or an expected count: whole numbers without decimals, others with as many as their size deserves. */
export function count(value: number): string {
  if (Number.isNaN(value)) return cannotTell;
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '-∞';
  const size = Math.abs(value);
  const decimals = Number.isInteger(value) || size >= 100 ? 0 : size >= 10 ? 1 : 2;
  const [whole = '0', fraction] = trimZeros(size.toFixed(decimals)).split('.');
  const text = fraction === undefined ? group(whole) : `${group(whole)}.${fraction}`;
  return value < 0 && text !== '0' ? `-${text}` : text;
}

const timeUnits = [
  ['s', 1e9],
  ['ms', 1e6],
  ['µs', 1e3],
  ['ns', 1],
] as const;

/** Nanoseconds with a unit and three significant digits: `850 ns`, `12.3 µs`, `4.56 s`. */
export function duration(ns: number): string {
  if (Number.isNaN(ns)) return cannotTell;
  if (ns === 0) return '0 s';
  const size = Math.abs(ns);
  for (const [name, scale] of timeUnits) {
    // 999.6 would print as 1000 of the unit below.
    if (size / scale >= 0.9995 || scale === 1) {
      const scaled = size / scale;
      const text = scaled >= 999.5 ? group(scaled.toFixed(0)) : trimZeros(scaled.toPrecision(3));
      return `${ns < 0 ? '-' : ''}${text} ${name}`;
    }
  }
  return cannotTell;
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** A share as a percentage: `0 %`, `0.3 %`, `12 %`; never `0 %` for something, never `100 %` for not all. */
export function percent(share: number): string {
  if (Number.isNaN(share)) return cannotTell;
  const value = share * 100;
  if (value > 0 && value < 0.1) return 'under 0.1 %';
  if (value > 99.9 && value < 100) return 'over 99.9 %';
  return `${value < 10 || value > 90 ? trimZeros(value.toFixed(1)) : value.toFixed(0)} %`;
}

/** A number in the unit of its metric: times as durations, everything else as a count. */
export function inUnit(value: number, unit: string): string {
  return unit === 'ns' ? duration(value) : count(value);
}

/** `12 [8, 17]`, `[8, 17]` where only bounds are known, or the number alone when the interval has no width. */
export function interval(value: Interval, unit = ''): string {
  return written(value, (n) => inUnit(n, unit));
}

function written({ estimate, low, high }: Interval, one: (n: number) => string): string {
  const hasEstimate = !Number.isNaN(estimate);
  if (Number.isNaN(low) && !hasEstimate) return cannotTell;
  if (low === high && (!hasEstimate || low === estimate)) return one(low);
  const ends = `[${one(low)}, ${one(high)}]`;
  return hasEstimate ? `${one(estimate)} ${ends}` : ends;
}

/** The middle of what is known of a number: its estimate, else the middle of its bounds. For sorting only. */
export function middleOf({ estimate, low, high }: Interval): number {
  return Number.isNaN(estimate) ? (low + high) / 2 : estimate;
}

/** How intervals are to be read; a mean of counts may lie outside of the middle of its draws, and readers ask why. */
export function drawsSentence({ draws, seed, level }: { draws: number; seed: number; level: number }): string {
  const middle = `${Math.round(level * 100)} %`;
  return `${many(draws, 'draw')}, seed ${seed}. In “12 [8, 17]” 12 is the mean of the draws and [8, 17] holds their middle ${middle}; where nearly all draws agree, a few others can carry the mean outside.`;
}

/** An interval of a difference, with the sign written out: `-21 [-25, -14]`, `+3 [+1, +6]`, `0`. */
export function difference(value: Interval, unit = ''): string {
  return written(value, (n) => {
    const text = inUnit(n, unit);
    return n > 0 && text !== '0' ? `+${text}` : n === 0 ? '0' : text;
  });
}

/** `1 folio`, `2 folios`; the plural only where it is not an `s`. */
export function many(n: number, one: string, plural = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : plural}`;
}

/** Text as a sentence that others may follow: ends with a full stop. Its first letter stays, it may be a name's. */
export function sentence(text: string): string {
  return /[.!?:]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`;
}

/** `a`, `a and b`, `a, b and c`. */
export function list(items: readonly string[]): string {
  if (items.length < 2) return items[0] ?? '';
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

/** The quantile of sorted values by linear interpolation (type 7 of Hyndman and Fan, 1996); NaN of nothing. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return Number.NaN;
  const place = (sorted.length - 1) * share;
  const below = Math.floor(place);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (place - below);
}
