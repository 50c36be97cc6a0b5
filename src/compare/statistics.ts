/** Quantiles and intervals over draws. Small on purpose: each formula has a published example as its test. */
import { countLeading } from '../base/sorted.ts';
import type { Interval } from './comparison.ts';
import { studentWithin } from './student.ts';

/**
 * Sample quantile, type 7 of Hyndman and Fan, "Sample Quantiles in Statistical Packages", The American Statistician
 * 50 (1996): linear between order statistics, h = (n - 1) p + 1; what R, NumPy and spreadsheets do by default.
 *
 * `sorted` ascending and without NaN; `p` in [0, 1]. NaN for an empty sample.
 */
export function quantile(sorted: ArrayLike<number>, p: number): number {
  const n = sorted.length;
  if (n === 0) return Number.NaN;
  const h = (n - 1) * Math.min(1, Math.max(0, p));
  const low = Math.floor(h);
  const a = sorted[low]!;
  const b = sorted[Math.min(n - 1, low + 1)]!;
  return a + (h - low) * (b - a);
}

/** Arithmetic mean; NaN for an empty sample, or when one value is NaN ("cannot tell" spreads). */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return values.length === 0 ? Number.NaN : sum / values.length;
}

/**
 * Mean and percentile interval of a sample of draws (Efron and Tibshirani, An Introduction to the Bootstrap, chapter 13:
 * the central `level` of the sample). Of a sample with a NaN, all three are NaN.
 */
export function percentileInterval(values: ArrayLike<number>, level: number): Interval {
  const estimate = mean(values);
  if (Number.isNaN(estimate)) return { estimate, low: Number.NaN, high: Number.NaN };
  const sorted = Float64Array.from(values).sort();
  const tail = (1 - level) / 2;
  return { estimate, low: quantile(sorted, tail), high: quantile(sorted, 1 - tail) };
}

/**
 * The level that each of `count` intervals needs so that all of them hold together with probability `level` at least:
 * Bonferroni's inequality (Dunn, "Multiple Comparisons Among Means", JASA 56, 1961). It asks nothing of dependence,
 * and policies that share their luck are dependent, which rules out Šidák's product.
 */
export function bonferroniLevel(level: number, count: number): number {
  return 1 - (1 - level) / Math.max(1, count);
}

/** Bands that hold together, and how they were cut. */
export interface Bands {
  /** In the order given; NaN where a column has a NaN. */
  readonly intervals: readonly Interval[];
  /** The bands are the whole span of the draws: a single draw more could move them. */
  readonly isWholeSpan: boolean;
}

/**
 * Simultaneous bands from joint draws (Besag, Green, Higdon and Mengersen, "Bayesian Computation and Stochastic Systems",
 * Statistical Science 10, 1995, section 6.3): each column is cut at the same rank from both ends, at the smallest rank for which
 * a share `level` of the draws lies inside every band at once. Columns hold one draw a row; those that move together share
 * their level, which Bonferroni's inequality pays for one by one. Of equal values in a column a draw gets the rank that favours it.
 */
export function simultaneousBands(columns: readonly ArrayLike<number>[], level: number): Bands {
  const nothing: Interval = { estimate: Number.NaN, low: Number.NaN, high: Number.NaN };
  const sorted = columns.map((column) => Float64Array.from(column).sort());
  const isKnown = columns.map((column) => column.length > 0 && !Number.isNaN(mean(column)));
  const n = columns[0]?.length ?? 0;
  // By draw: how far from the middle the band must be cut for it to hold this draw in every column.
  const needed = new Float64Array(n);
  columns.forEach((column, c) => {
    if (!isKnown[c]) return;
    const order = sorted[c]!;
    for (let draw = 0; draw < n; draw++) {
      const value = column[draw]!;
      const firstRank = countLeading(n, (i) => order[i]! < value) + 1;
      const lastRank = countLeading(n, (i) => order[i]! <= value);
      needed[draw] = Math.max(needed[draw]!, firstRank, n + 1 - lastRank);
    }
  });
  const rank = needed.sort()[Math.max(0, Math.ceil(level * n) - 1)] ?? 0;
  const intervals = columns.map((column, c) => {
    if (!isKnown[c]) return nothing;
    return { estimate: mean(column), low: sorted[c]![n - rank]!, high: sorted[c]![rank - 1]! };
  });
  return { intervals, isWholeSpan: rank === n && n > 0 };
}

/**
 * Quantile of Student's t by bisection of its distribution function. `p` in [0.5, 1); `degrees` need not be whole; Infinity
 * below one.
 */
export function studentQuantile(p: number, degrees: number): number {
  if (!(degrees >= 1)) return Number.POSITIVE_INFINITY;
  const central = 2 * p - 1;
  let low = 0;
  let high = Math.PI / 2;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (studentWithin(middle, degrees) < central) low = middle;
    else high = middle;
  }
  return Math.sqrt(degrees) * Math.tan((low + high) / 2);
}

/** Sample variance (divided by one less than their number); 0 of fewer than two, NaN when one value is NaN. */
export function variance(values: ArrayLike<number>): number {
  const middle = mean(values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i]! - middle) ** 2;
  return values.length < 2 ? 0 : sum / (values.length - 1);
}

/** Mean squared error of probabilities against outcomes 0 or 1 (Brier, Monthly Weather Review 78, 1950; one class). */
export function brierScore(predicted: ArrayLike<number>, outcomes: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < predicted.length; i++) sum += (predicted[i]! - outcomes[i]!) ** 2;
  return predicted.length === 0 ? Number.NaN : sum / predicted.length;
}
