/** What each policy costs more or less than the recorded one: a panel for every cost, from nought to the paired difference. */
import type { Interval, PolicyRow } from '../../compare/comparison.ts';
import { type Metric, metricNames, metrics } from '../../replay/outcome.ts';
import { directionOnly, knownMetrics, labelOf } from '../differences.ts';
import { interval, list, many, middleOf } from '../numbers.ts';
import { table } from '../tables.ts';
import { verdictOf, verdicts, verdictWords } from './counterfactual.ts';
import { bounds, type Chart, characterWidth, type Facts, spec, widths } from './figure.ts';
import { numberScale } from './scale.ts';

export const costs: Chart = (facts, width = widths.wide) => {
  const { rows, recorded } = facts.comparison;
  const others = rows.filter(({ policy }) => policy !== recorded);
  const known = knownMetrics(
    facts,
    metricNames.filter((metric) => metrics[metric].better === 'less'),
  );
  const moved = known.filter((metric) => others.some((row) => row.told[metric] !== 'every draw equal'));
  const drawn = moved.filter((metric) => twinOf(metric, moved, rows) === undefined);
  return {
    id: 'costs',
    title: 'Every cost, against the recorded policy',
    finding: finding(facts, { known, moved, drawn }),
    tables: others.length === 0 || known.length === 0 ? [] : [verdictTable(facts, others, moved)],
    spec:
      others.length === 0 || drawn.length === 0
        ? undefined
        : width < 500
          ? scorecard(facts, others, drawn, width)
          : panels(facts, others, drawn, width),
  };
};

/** A cost before it with the same numbers under every policy, which would be drawn twice: pages, where all folios are one page. */
function twinOf(metric: Metric, moved: readonly Metric[], rows: readonly PolicyRow[]): Metric | undefined {
  const numbers = (of: Metric): string =>
    JSON.stringify(rows.map(({ value, difference }) => [value[of], difference[of]]));
  return moved.slice(0, moved.indexOf(metric)).find((other) => numbers(other) === numbers(metric));
}

const shownVerdicts = (Object.keys(verdicts) as (keyof typeof verdicts)[]).filter((verdict) => verdict !== 'recorded');

function look(of: 'colour' | 'shape', columns: number): object {
  return {
    field: 'verdict',
    type: 'nominal',
    scale: { domain: shownVerdicts, range: shownVerdicts.map((verdict) => verdicts[verdict][of]) },
    legend: { orient: 'top', title: null, columns, symbolOpacity: 1 },
  };
}

/** Where there is no room for numbers: a row a cost, a column a policy, and the verdict where they meet. */
function scorecard({ comparison }: Facts, others: readonly PolicyRow[], moved: readonly Metric[], width: number) {
  const titles = moved.map((metric) => metrics[metric].title);
  const labels = Math.ceil(Math.max(...titles.map((title) => title.length)) * characterWidth) + 10;
  const step = Math.min(22, Math.floor((width - labels - 16) / others.length));
  const values = others.flatMap((row, column) =>
    moved.flatMap((metric, line) => {
      const { low, estimate, high } = row.difference[metric];
      if (Number.isNaN(low)) return [];
      const seen = row.answer === 'observed' && (!Number.isNaN(estimate) || low === high);
      return [{ column, line, seen, verdict: verdictWords(row, comparison.recorded, metric) }];
    }),
  );
  const place = (field: string, names: readonly string[], axis: object): object => ({
    field,
    type: 'quantitative',
    scale: { domain: [-0.5, names.length - 0.5], nice: false, reverse: field === 'line' },
    axis: {
      values: names.map((_, i) => i),
      labelExpr: `${JSON.stringify(names)}[datum.value]`,
      labelOverlap: false,
      title: null,
      domain: false,
      ticks: false,
      labelPadding: 6,
      ...axis,
    },
  });
  const policies = others.map(({ policy }) => policy);
  return spec({
    width: step * others.length,
    height: moved.length * 18,
    layer: [true, false].map((seen) => ({
      data: { values: values.filter((one) => one.seen === seen) },
      mark: {
        type: 'point',
        filled: seen,
        size: Math.min(80, step * step * 0.4) * (seen ? 1.4 : 1),
        strokeWidth: seen ? 0 : 1.5,
        opacity: 1,
      },
      encoding: {
        x: place('column', policies, { orient: 'top', labelAngle: -90, labelAlign: 'left', grid: false }),
        y: place('line', titles, { grid: false, minExtent: labels, maxExtent: labels }),
        color: look('colour', 1),
        shape: look('shape', 1),
      },
    })),
  });
}

function panels({ comparison }: Facts, others: readonly PolicyRow[], moved: readonly Metric[], width: number) {
  const { rows, recorded } = comparison;
  const columns = 3;
  const names = others.map((row) => labelOf(row, recorded));
  const labels = Math.ceil(Math.max(...names.map((name) => name.length)) * characterWidth) + 14;
  const gap = 20;
  const panelWidth = Math.floor((width - labels - 34 - gap * (columns - 1)) / columns);
  const panel = (metric: Metric, column: number): object => {
    const spans = others.map((row) => row.difference[metric]).filter(({ low }) => !Number.isNaN(low));
    const number = numberScale(
      metric,
      spans.map(middleOf),
      { from: Math.min(0, ...spans.map(({ low }) => low)), to: Math.max(0, ...spans.map(({ high }) => high)) },
      3,
    );
    const { divisor } = number;
    const values = others.flatMap((row, place) => {
      const { estimate, low, high } = row.difference[metric];
      if (Number.isNaN(low)) return [];
      return [
        {
          place,
          seen: row.answer === 'observed',
          hasPoint: !Number.isNaN(estimate) || low === high,
          middle: middleOf(row.difference[metric]) / divisor,
          low: low / divisor,
          high: high / divisor,
          verdict: verdictWords(row, recorded, metric),
        },
      ];
    });
    const y = {
      field: 'place',
      type: 'quantitative',
      scale: { domain: [-0.7, others.length - 0.3], reverse: true, nice: false },
      axis:
        column > 0
          ? null
          : {
              values: others.map((_, place) => place),
              labelExpr: `${JSON.stringify(names)}[datum.value]`,
              title: null,
              grid: true,
              domain: false,
              ticks: false,
              labelPadding: 8,
              minExtent: labels,
              maxExtent: labels,
            },
    };
    const x = (field: string): object => ({ field, type: 'quantitative', scale: number.scale, axis: number.axis });
    const color = look('colour', shownVerdicts.length);
    return {
      title: {
        text: metrics[metric].title,
        subtitle: `recorded: ${interval(recordedValue(rows, metric), metrics[metric].unit)}`,
        subtitleColor: 'currentColor',
        subtitleFontSize: 11,
      },
      width: panelWidth,
      height: others.length * 16,
      layer: [
        {
          data: { values: [{ at: 0 }] },
          mark: { type: 'rule', opacity: 0.7, strokeDash: [4, 3] },
          encoding: { x: x('at') },
        },
        // From where the recorded policy is to where this one would be.
        {
          data: {
            values: values
              .filter(({ hasPoint, middle }) => hasPoint && middle !== 0)
              .map((one) => ({ ...one, zero: 0 })),
          },
          mark: { type: 'rule', strokeWidth: 1, opacity: 0.6 },
          encoding: { x: x('zero'), x2: { field: 'middle' }, y, color },
        },
        ...[true, false].flatMap((seen) => [
          {
            data: { values: values.filter((one) => one.seen === seen && one.low < one.high) },
            mark: { type: 'rule', strokeWidth: seen ? 3 : 2, ...(seen ? {} : { strokeDash: [3, 3] }) },
            encoding: { x: x('low'), x2: { field: 'high' }, y, color },
          },
          {
            data: { values: values.filter((one) => one.seen === seen && one.hasPoint) },
            mark: { type: 'point', filled: seen, size: seen ? 60 : 45, strokeWidth: seen ? 0 : 1.5, opacity: 1 },
            encoding: { x: x('middle'), y, color, shape: look('shape', shownVerdicts.length) },
          },
        ]),
      ],
    };
  };
  const lines = Array.from({ length: Math.ceil(moved.length / columns) }, (_, line) =>
    moved.slice(line * columns, (line + 1) * columns),
  );
  return spec({
    spacing: 16,
    vconcat: lines.map((line) => ({ spacing: gap, hconcat: line.map(panel) })),
    resolve: { scale: { color: 'shared', shape: 'shared' } },
  });
}

function recordedValue(rows: readonly PolicyRow[], metric: Metric): Interval {
  return rows[0]!.value[metric];
}

/** In how many costs a policy is better, worse, or neither. */
function tally(row: PolicyRow, moved: readonly Metric[]): Record<'better' | 'worse' | 'same', Metric[]> {
  const groups = { better: [] as Metric[], worse: [] as Metric[], same: [] as Metric[] };
  for (const metric of moved) {
    const verdict = verdictOf(row, metric);
    if (verdict !== 'unknown') groups[verdict].push(metric);
  }
  return groups;
}

function verdictTable({ comparison }: Facts, others: readonly PolicyRow[], moved: readonly Metric[]) {
  const titles = (of: readonly Metric[]): string => of.map((metric) => metrics[metric].title).join('; ');
  return table(
    ['policy', 'less', 'more', 'no telling difference'],
    others.map((row) => {
      const { better, worse, same } = tally(row, moved);
      return [labelOf(row, comparison.recorded), titles(better), titles(worse), titles(same)];
    }),
    {
      title: 'What each policy costs less and more of',
      notes: [
        'By the interval of the paired difference: less and more where it leaves zero out. The numbers stand with the first figure of other policies.',
        ...directionOnly(comparison),
      ],
    },
  );
}

interface Shown {
  /** Costs of which the capture shows something; of them, those in which a draw differs; of those, each number once. */
  readonly known: readonly Metric[];
  readonly moved: readonly Metric[];
  readonly drawn: readonly Metric[];
}

function finding({ comparison: { rows, recorded } }: Facts, { known, moved, drawn }: Shown): string {
  const others = rows.filter(({ policy }) => policy !== recorded);
  if (others.length === 0) return 'No other policy could be replayed on this capture.';
  if (known.length === 0) return 'This capture shows no cost of any policy.';
  if (moved.length === 0) return `None of ${many(known.length, 'cost')} differs in any draw under any policy.`;
  const real = others.filter(({ policy }) => !bounds.has(policy));
  const tallies = real.map((row) => ({ row, ...tally(row, drawn) }));
  const named = (metric: Metric): string => metrics[metric].title;
  const free = tallies
    .filter(({ better, worse }) => better.length > 0 && worse.length === 0)
    .map(({ row }) => row.policy);
  const paid = tallies.filter(({ better, worse }) => better.length > 0 && worse.length > 0);
  const bad = tallies
    .filter(({ better, worse }) => better.length === 0 && worse.length > 0)
    .map(({ row }) => row.policy);
  const idle = tallies.filter(({ better, worse }) => better.length + worse.length === 0).map(({ row }) => row.policy);
  const parts = [
    ...(free.length > 0
      ? [`${list(free)} ${free.length === 1 ? 'costs' : 'cost'} less of something and more of nothing`]
      : []),
    ...paid
      .slice(0, 3)
      .map(
        ({ row, better, worse }) =>
          `${row.policy} costs less in ${better.length} and more in ${worse.length}, among them ${list(worse.slice(0, 2).map(named))}`,
      ),
    ...(paid.length > 3 ? [`${list(paid.slice(3).map(({ row }) => row.policy))} less of some and more of others`] : []),
    ...(bad.length > 0 ? [`${list(bad)} only more`] : []),
    ...(idle.length > 0 ? [`${list(idle)} neither, as far as can be told`] : []),
  ];
  const twins = drawn.flatMap((metric) => {
    const others = moved.filter((one) => !drawn.includes(one) && twinOf(one, moved, rows) === metric);
    return others.length === 0 ? [] : [` With the same numbers as ${named(metric)}: ${list(others.map(named))}.`];
  });
  const still = known.filter((metric) => !moved.includes(metric)).map(named);
  const rest = still.length === 0 ? '' : ` No draw differs in ${list(still)}.`;
  return `Of ${many(drawn.length, 'cost')} that differ: ${parts.join('; ')}.${twins.join('')}${rest}`;
}
