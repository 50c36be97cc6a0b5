/** Intervals of the difference between two lots of runs: as they were recorded, and as replays of one lot predict it. */
import type { Interval } from './comparison.ts';
import { mean, percentileInterval, studentQuantile, variance } from './statistics.ts';

/** Runs a side from which on their spread is estimated; of fewer only their ranges are compared. */
export const fewestRuns = 3;

const unknown: Interval = { estimate: Number.NaN, low: Number.NaN, high: Number.NaN };

/**
 * Mean of `b` minus mean of `a` with its interval. From three runs a side on that of Welch ("The generalization of `Student's'
 * problem when several different population variances are involved", Biometrika 34, 1947), which asks for no equal variances.
 * Of two runs a side all that is said is from the least difference of two runs to the largest; of one there is none (NaN).
 */
export function differenceOfMeans(a: readonly number[], b: readonly number[], level: number): Interval {
  const estimate = mean(b) - mean(a);
  if (Number.isNaN(estimate)) return unknown;
  const fewest = Math.min(a.length, b.length);
  if (fewest < 2) return { ...unknown, estimate };
  if (fewest < fewestRuns) {
    return { estimate, low: Math.min(...b) - Math.max(...a), high: Math.max(...b) - Math.min(...a) };
  }
  return around(
    estimate,
    [
      { variance: variance(a) / a.length, degrees: a.length - 1 },
      { variance: variance(b) / b.length, degrees: b.length - 1 },
    ],
    level,
  );
}

/**
 * The mean over runs of what their replays predict, with its interval; each run is given by its draws. By the law of total
 * variance one run's prediction varies by W + B, where W is the mean of the variances of draws within the runs, and B the
 * variance of the runs' means; the mean of n runs by (W + B) / n. Degrees of freedom by Welch and Satterthwaite. This is
 * Rubin's rule (Multiple Imputation for Nonresponse in Surveys, 1987, 3.1) for runs that are samples of their own, each with its
 * own draws: there W is of one and the same data, and is not divided. Of fewer than three runs: from the lowest lower end of
 * a run's own interval to the highest upper end.
 */
export function meanOverRuns(runs: readonly ArrayLike<number>[], level: number): Interval {
  const estimate = mean(runs.map(mean));
  if (Number.isNaN(estimate)) return unknown;
  if (runs.length < fewestRuns) {
    const own = runs.map((draws) => percentileInterval(draws, level));
    return { estimate, low: Math.min(...own.map(({ low }) => low)), high: Math.max(...own.map(({ high }) => high)) };
  }
  return spreadBy(1 / runs.length, runs, level);
}

/**
 * Where one more run lies, of which the runs given (by their draws) are a sample: the mean of the runs, varied by W + B of one run
 * besides the uncertainty of the mean. Of fewer than three runs the span of their own intervals, as above.
 */
export function oneMoreRun(runs: readonly ArrayLike<number>[], level: number): Interval {
  if (runs.length < fewestRuns) return meanOverRuns(runs, level);
  return spreadBy(1 + 1 / runs.length, runs, level);
}

/** The mean of runs with `share` times the variance of one of them. */
function spreadBy(share: number, runs: readonly ArrayLike<number>[], level: number): Interval {
  const means = runs.map(mean);
  const estimate = mean(means);
  if (Number.isNaN(estimate)) return unknown;
  const n = runs.length;
  return around(
    estimate,
    [
      { variance: share * variance(means), degrees: n - 1 },
      ...runs.map((draws) => ({ variance: (share * variance(draws)) / n, degrees: draws.length - 1 })),
    ],
    level,
  );
}

interface Part {
  readonly variance: number;
  readonly degrees: number;
}

/** Welch and Satterthwaite: a sum of variances, each estimated with its own degrees of freedom. */
function around(estimate: number, parts: readonly Part[], level: number): Interval {
  const known = parts.filter((part) => part.variance > 0);
  const total = known.reduce((sum, part) => sum + part.variance, 0);
  if (total === 0) return { estimate, low: estimate, high: estimate };
  const degrees = total ** 2 / known.reduce((sum, part) => sum + part.variance ** 2 / part.degrees, 0);
  const half = studentQuantile((1 + level) / 2, degrees) * Math.sqrt(total);
  return { estimate, low: estimate - half, high: estimate + half };
}

/** Probability that the ranges of two lots of runs of one and the same kind do not touch: 2 a! b! / (a + b)!. */
export function chanceOfSeparation(a: number, b: number): number {
  let ways = 1;
  for (let i = 1; i <= a; i++) ways *= (b + i) / i;
  return Math.min(1, 2 / ways);
}
