/** Rows of several captures of one kind together, after those of each. */
import type { Comparison } from '../compare/comparison.ts';
import { type Pooled, pool } from '../compare/pool.ts';
import { type Metric, metricNames, metrics } from '../replay/outcome.ts';
import { drawn } from './differences.ts';
import { difference, many } from './numbers.ts';
import { type Table, table } from './tables.ts';

/** A table for each kind of capture of which there are several. */
export function pooledTables(comparisons: readonly Comparison[]): Table[] {
  return pool(comparisons).flatMap((group) => (group.rows.length === 0 ? [] : [pooledTable(group)]));
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
