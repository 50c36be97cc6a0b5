/**
 * Several captures of one kind together: how far each policy's difference goes from one run to the next, which no interval of
 * a single capture knows.
 */
import { type Metric, metricNames } from '../replay/outcome.ts';
import type { Comparison, Interval, PolicyRow } from './comparison.ts';
import { mean, studentQuantile, variance } from './statistics.ts';

/** One policy's difference over captures. */
export interface PooledRow {
  readonly policy: string;
  /** Captures that replayed it. */
  readonly captures: number;
  /** Mean difference of such captures, and the interval for it. */
  readonly difference: Readonly<Record<Metric, Interval>>;
  /** Where the difference of one more capture of the kind would lie. */
  readonly another: Readonly<Record<Metric, Interval>>;
  /** Standard deviation of the difference from capture to capture; NaN where only bounds are known. */
  readonly between: Readonly<Record<Metric, number>>;
  /** Some capture gives bounds only: the ends are pooled, not a point. */
  readonly isBounded: boolean;
}

/** Captures recorded under one policy, pooled. */
export interface Pooled {
  readonly recorded: string;
  readonly sources: readonly string[];
  readonly method: string;
  readonly level: number;
  readonly rows: readonly PooledRow[];
}

const method =
  "t-interval over captures, with the draws of each as imputations (Rubin, Multiple Imputation for Nonresponse in Surveys, 1987, chapter 3); where only bounds are known, such an interval's outer end at each bound; single intervals, not corrected for the number of policies";

/** A group for each recorded policy of which there are two captures or more. */
export function pool(comparisons: readonly Comparison[]): Pooled[] {
  const groups = new Map<string, Comparison[]>();
  for (const one of comparisons) groups.set(one.recorded, [...(groups.get(one.recorded) ?? []), one]);
  return [...groups]
    .filter(([, group]) => group.length > 1)
    .map(([recorded, group]) => {
      const { level } = group[0]!;
      const names = [...new Set(group.flatMap(({ rows }) => rows.map(({ policy }) => policy)))];
      const rowsOf = (name: string) =>
        group.flatMap(({ rows, draws }) => rows.filter(({ policy }) => policy === name).map((row) => ({ row, draws })));
      return {
        recorded,
        sources: group.map(({ source }) => source),
        method,
        level,
        rows: names
          .filter((name) => name !== recorded)
          .map((name) => ({ name, rows: rowsOf(name) }))
          .filter(({ rows }) => rows.length > 1)
          .map(({ name, rows }) => pooledRow(name, rows, level)),
      };
    });
}

interface Sampled {
  readonly row: PolicyRow;
  readonly draws: number;
}

function pooledRow(policy: string, rows: readonly Sampled[], level: number): PooledRow {
  const isBounded = rows.some(({ row }) => row.answer === 'bounded');
  const byMetric = metricNames.map((metric) => ({ metric, ...pooledOf(rows, metric, level, isBounded) }));
  const pick = <T>(of: (one: (typeof byMetric)[number]) => T) =>
    Object.fromEntries(byMetric.map((one) => [one.metric, of(one)])) as Record<Metric, T>;
  return {
    policy,
    captures: rows.length,
    difference: pick(({ difference }) => difference),
    another: pick(({ another }) => another),
    between: pick(({ between }) => between),
    isBounded,
  };
}

function pooledOf(rows: readonly Sampled[], metric: Metric, level: number, isBounded: boolean) {
  const n = rows.length;
  const t = studentQuantile((1 + level) / 2, n - 1);
  const of = (end: keyof Interval) => rows.map(({ row }) => row.difference[metric][end]);
  const lows = of('low');
  const highs = of('high');
  if (isBounded) {
    const around = (scale: number): Interval => ({
      estimate: Number.NaN,
      low: mean(lows) - t * Math.sqrt(scale * variance(lows)),
      high: mean(highs) + t * Math.sqrt(scale * variance(highs)),
    });
    return { difference: around(1 / n), another: around(1 + 1 / n), between: Number.NaN };
  }
  const estimates = of('estimate');
  const estimate = mean(estimates);
  // Draws scatter around each capture's own difference, and so are part of how captures differ (law of total variance).
  const within = mean(rows.map(({ row }) => row.deviation[metric] ** 2));
  const between = variance(estimates) + within;
  const fewest = Math.min(...rows.map(({ draws }) => draws));
  // Rubin's total: the sampling variance of complete data, and the variance of the imputed mean, (1 + 1 / draws) of it.
  const total = between / n + (1 + 1 / fewest) * (within / n);
  // What single captures were widened by for lost events is kept: it is not luck, and does not average out.
  const lost = mean(rows.map(({ row }) => row.lost[metric]));
  const around = (spread: number): Interval => ({
    estimate,
    low: estimate - t * Math.sqrt(spread) - lost,
    high: estimate + t * Math.sqrt(spread) + lost,
  });
  return { difference: around(total), another: around(total + between), between: Math.sqrt(between) };
}
