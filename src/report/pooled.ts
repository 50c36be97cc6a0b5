/** Captures of one kind together: what they tell as one, and its rows. */
import type { Comparison } from '../compare/comparison.ts';
import { type Pooled, pool } from '../compare/pool.ts';
import { type Metric, metricNames, metrics } from '../replay/outcome.ts';
import { bounds } from './charts/figure.ts';
import { drawn } from './differences.ts';
import { difference, list, many } from './numbers.ts';
import { type Table, table } from './tables.ts';

/** A table for each kind of capture of which there are several. */
export function pooledTables(comparisons: readonly Comparison[]): Table[] {
  return pool(comparisons).flatMap((group) => (group.rows.length === 0 ? [] : [pooledTable(group)]));
}

/** For each kind of capture what all of them together tell of folios given up, by policies that are nobody's bound. */
export function pooledAnswers(comparisons: readonly Comparison[]): { question: string; answer: string }[] {
  return pool(comparisons).flatMap(({ recorded, sources, rows }) => {
    const replayed = rows.filter(({ policy }) => !bounds.has(policy) && policy !== recorded);
    if (replayed.length === 0) return [];
    const of = (is: (row: (typeof rows)[number]) => boolean): string[] =>
      replayed
        .filter(is)
        .map((row) => `${row.policy} (${difference(row.difference.failedFolios)}${row.isBounded ? ', bounded' : ''})`);
    const fewer = of((row) => row.difference.failedFolios.high < 0);
    const more = of((row) => row.difference.failedFolios.low > 0);
    const told = [
      ...(fewer.length > 0 ? [`fewer folios given up under ${list(fewer)}`] : []),
      ...(more.length > 0 ? [`more under ${list(more)}`] : []),
    ];
    const answer =
      told.length > 0
        ? `${told.join('; ')}.`
        : `of ${many(replayed.length, 'policy', 'policies')} none is told from ${recorded} in folios given up by what these captures have in common.`;
    return [
      {
        question: `${many(sources.length, 'capture')} of ${recorded}`,
        answer: `${answer.charAt(0).toUpperCase()}${answer.slice(1)}`,
      },
    ];
  });
}

function pooledTable({ recorded, sources, method, level, rows }: Pooled): Table {
  const shown = metricNames.filter(
    (metric) => drawn.includes(metric) && rows.some((row) => !Number.isNaN(row.difference[metric].low)),
  );
  const written = (values: (typeof rows)[number]['difference'], metric: Metric) =>
    difference(values[metric], metrics[metric].unit);
  return {
    ...table(
      ['policy', 'what', 'captures>', 'difference>', 'another capture>'],
      rows.flatMap((row) =>
        shown.map((metric) => [
          row.isBounded ? `${row.policy} (bounded)` : row.policy,
          metrics[metric].title,
          String(row.captures),
          written(row.difference, metric),
          written(row.another, metric),
        ]),
      ),
      {
        title: `Pooled: difference from ${recorded} over ${many(sources.length, 'capture')}`,
        notes: [
          `${Math.round(level * 100)} %, ${method}. This is the mean of captures of which these are taken to be a sample; “another capture” is where one more would lie.`,
        ],
      },
    ),
    stacked: true,
  };
}
