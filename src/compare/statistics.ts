/** Quantiles and intervals over draws. Small on purpose: each formula has a published example as its test. */
import type { Interval } from './comparison.ts';

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

/** Mean squared error of probabilities against outcomes 0 or 1 (Brier, Monthly Weather Review 78, 1950; one class). */
export function brierScore(predicted: ArrayLike<number>, outcomes: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < predicted.length; i++) sum += (predicted[i]! - outcomes[i]!) ** 2;
  return predicted.length === 0 ? Number.NaN : sum / predicted.length;
}
