/** Whether a prediction came true: for each metric the difference that real runs show, and the one that was predicted. */
import type { Spread, Validation, ValidationRow } from '../../compare/validate.ts';
import { metrics } from '../../replay/outcome.ts';
import { difference, interval, inUnit, list, many } from '../numbers.ts';
import { type Table, table } from '../tables.ts';
import { colours, recordedLook } from './colours.ts';
import { axisNumbers, characterWidth, type Figure, spec, timeScale, widths } from './figure.ts';

/** Mean of runs and how far they reach. */
export function spreadText({ mean, low, high }: Spread, unit: string): string {
  return low === high ? inUnit(mean, unit) : `${inUnit(mean, unit)} (${inUnit(low, unit)} … ${inUnit(high, unit)})`;
}

/** What became of a prediction, in words. */
export function verdictText({ sign, told, inside, real }: ValidationRow): string {
  // One recording a side has no interval to be inside of.
  if (Number.isNaN(real.low)) return 'no real interval';
  const where = inside ? 'inside' : 'outside';
  if (sign === 'not tellable') return `${where}, no real sign`;
  if (sign === 'wrong') return `${where}, sign wrong`;
  return told ? `${where}, sign right` : `${where}, sign right by the mean alone`;
}

const titleOf = ({ metric }: ValidationRow): string => metrics[metric].title;

/** The figure of one validation. `width` in CSS pixels. Pure. */
export function validationFigure(validation: Validation, width: number = widths.wide): Figure {
  const { rows, policy } = validation;
  const columns = width < 500 ? 1 : 3;
  const labels = Math.ceil('predicted'.length * characterWidth) + 14;
  const panelWidth = Math.floor(width / columns) - labels - 24;
  return {
    id: 'validation',
    title: `${policy}, predicted and real`,
    finding: finding(validation),
    tables: tablesOf(validation),
    spec:
      rows.length === 0
        ? undefined
        : spec({
            columns,
            spacing: { row: 16, column: 16 },
            concat: rows.map((row) => panel(row, panelWidth, labels)),
          }),
  };
}

const places = { real: 0, predicted: 1 } as const;

function panel(row: ValidationRow, width: number, labels: number): object {
  const { real, predicted, a, b } = row;
  const runs = b.runs.map((run) => run - a.mean);
  const largest = Math.max(
    ...[real.low, real.high, predicted.low, predicted.high, ...runs].filter(Number.isFinite).map(Math.abs),
  );
  const { unit, scale } = row.unit === 'ns' ? timeScale(largest) : { unit: row.unit, scale: 1 };
  const values = (['real', 'predicted'] as const).map((what) => {
    const { estimate, low, high } = row[what];
    // Of a single run a side there is a difference and no interval.
    const [from, to] = Number.isNaN(low) ? [estimate, estimate] : [low, high];
    return { what, place: places[what], estimate: estimate / scale, low: from / scale, high: to / scale };
  });
  const y = {
    field: 'place',
    type: 'quantitative',
    scale: { domain: [-0.6, 1.6], reverse: true, nice: false },
    axis: {
      values: Object.values(places),
      labelExpr: `${JSON.stringify(Object.keys(places))}[datum.value]`,
      title: null,
      grid: false,
      domain: false,
      ticks: false,
      labelPadding: 8,
      minExtent: labels,
      maxExtent: labels,
    },
  };
  const x = (field: string): object => ({
    field,
    type: 'quantitative',
    scale: { zero: true, nice: true, ...(largest > 0 ? {} : { domain: [-1, 1] }) },
    axis: { title: `difference, ${unit}`, tickCount: 4, labelExpr: axisNumbers, grid: false },
  });
  const color = {
    field: 'what',
    type: 'nominal',
    scale: { domain: ['real', 'predicted'], range: [recordedLook.colour, colours.blue] },
    legend: null,
  };
  return {
    title: [titleOf(row), verdictText(row)],
    width,
    height: 56,
    layer: [
      {
        data: { values: [{ at: 0 }] },
        mark: { type: 'rule', opacity: 0.5, strokeDash: [3, 3] },
        encoding: { x: x('at') },
      },
      {
        data: { values: runs.map((run) => ({ run: run / scale, place: places.real })) },
        mark: { type: 'tick', orient: 'vertical', thickness: 1, size: 14, color: 'currentColor', opacity: 0.7 },
        encoding: { x: x('run'), y },
      },
      {
        data: { values },
        mark: { type: 'rule', strokeWidth: 3 },
        encoding: { x: x('low'), x2: { field: 'high' }, y, color },
      },
      {
        data: { values },
        mark: { type: 'point', filled: true, size: 70, opacity: 1 },
        encoding: {
          x: x('estimate'),
          y,
          color,
          shape: {
            field: 'what',
            type: 'nominal',
            scale: { domain: ['real', 'predicted'], range: [recordedLook.shape, 'circle'] },
            legend: null,
          },
        },
      },
    ],
  };
}

function tablesOf({ rows, silent, a, b, level }: Validation): Table[] {
  if (rows.length === 0) return silentTable(silent);
  return [
    table(
      ['', 'real difference>', 'predicted difference>', 'verdict'],
      rows.map((row) => [
        titleOf(row),
        difference(row.real, row.unit),
        difference(row.predicted, row.unit),
        verdictText(row),
      ]),
      {
        title: 'B less A',
        notes: [
          `Intervals at ${Math.round(level * 100)} %. Inside: they overlap. A sign is real where the real interval leaves zero out.`,
        ],
      },
    ),
    table(
      ['', 'A recorded>', 'B recorded>', 'one run of B, predicted>', 'covers>'],
      rows.map((row) => [
        titleOf(row),
        spreadText(row.a, row.unit),
        spreadText(row.b, row.unit),
        interval(row.predictedB, row.unit),
        `${row.covered} of ${row.b.runs.length}`,
      ]),
      {
        title: `Runs: ${many(a.sources.length, 'recording')} of A, ${many(b.sources.length, 'recording')} of B`,
        notes: [
          'Recorded: the mean, and from the least to the most that a run had. Covers: runs of B in the predicted interval.',
        ],
      },
    ),
    ...silentTable(silent),
  ];
}

function silentTable(silent: Validation['silent']): Table[] {
  if (silent.length === 0) return [];
  return [
    table(
      ['not told by these captures'],
      silent.map((metric) => [metrics[metric].title]),
    ),
  ];
}

function finding({ rows, policy, a, b }: Validation): string {
  const predict = a.sources.length === 1 ? 'predicts' : 'predict';
  const sides = `${many(a.sources.length, 'recording')} under ${list(a.recorded)} ${predict} ${policy}, held against ${many(b.sources.length, 'recording')}`;
  if (rows.length === 0) return `${sides}: nothing that both sides count.`;
  const tellable = rows.filter(({ sign }) => sign !== 'not tellable');
  const spread = rows.filter(({ real }) => !Number.isNaN(real.low));
  if (spread.length === 0) return `${sides}: one recording a side, so no real difference can be told from chance.`;
  const inside = spread.filter((row) => row.inside).length;
  const overall = `the predicted interval overlaps the real one in ${inside} of ${many(spread.length, 'metric')}`;
  if (tellable.length === 0) return `${sides}: no real difference can be told from chance; ${overall}.`;
  const right = tellable.filter(({ sign }) => sign === 'right').length;
  const named = tellable.map(
    (row) => `${titleOf(row)} (${difference(row.real, row.unit)}, predicted ${difference(row.predicted, row.unit)})`,
  );
  return `${sides}: there is a real difference in ${list(named)}; its sign is right in ${right} of ${tellable.length}, and ${overall}.`;
}
