/** How far each answer moves with what is assumed: two bars an assumption, of the policy that moves most (a tornado chart). */
import type { Assumption, Move } from '../../compare/comparison.ts';
import { metrics } from '../../replay/outcome.ts';
import { count, duration, inUnit, list } from '../numbers.ts';
import { type Table, table } from '../tables.ts';
import { colours } from './colours.ts';
import { bounds, type Chart, spec, widths } from './figure.ts';

interface Swing {
  readonly assumption: Assumption;
  readonly most: Move;
  readonly low: number;
  readonly high: number;
}

/** How far a policy's answer goes from what it is, at the further of the two ends. */
function reach({ asItIs, halved, doubled }: Move): number {
  return Math.max(0, ...[halved, doubled].filter((end) => !Number.isNaN(end)).map((end) => Math.abs(end - asItIs)));
}

/** The policy that moves most; a bound, which is nobody's choice, only where no policy moves. */
function mostOf({ moves }: Assumption): Move | undefined {
  const sorted = [...moves].sort((a, b) => reach(b) - reach(a));
  return sorted.find((move) => !bounds.has(move.policy) && reach(move) > 0) ?? sorted[0];
}

/** Assumptions with a move, the widest first: against the number as it is, because some are folios and some times. */
function swings(assumptions: readonly Assumption[]): Swing[] {
  return assumptions
    .flatMap((assumption) => {
      const most = mostOf(assumption);
      if (most === undefined) return [];
      const values = [most.asItIs, most.halved, most.doubled].filter((value) => !Number.isNaN(value));
      return values.length < 2 ? [] : [{ assumption, most, low: Math.min(...values), high: Math.max(...values) }];
    })
    .sort((a, b) => Number(bounds.has(a.most.policy)) - Number(bounds.has(b.most.policy)) || width(b) - width(a));
}

function width({ most, low, high }: Swing): number {
  return (high - low) / Math.max(1, Math.abs(most.asItIs));
}

export const sensitivity: Chart = ({ comparison: { assumptions } }, size = widths.wide) => {
  const moved = swings(assumptions).filter(({ low, high }) => high > low);
  const folios = moved.filter(({ assumption }) => assumption.metric === 'failedFolios');
  const real = folios.filter(({ most }) => !bounds.has(most.policy));
  // Where a policy moves, what moves bounds alone is left to the table: it would set the scale.
  const drawn = real.length > 0 ? real : folios;
  return {
    id: 'sensitivity',
    title: 'How far the answers move with what is assumed',
    finding: finding(assumptions, moved),
    tables: [mostTable(assumptions), eachTable(moved), whyTable(assumptions)].filter(({ rows }) => rows.length > 0),
    spec: drawn.length === 0 ? undefined : tornado(drawn, size),
  };
};

const ends = { halved: colours.sky, doubled: colours.orange } as const;

/** A row for each assumption, the end that halves it above the one that doubles it, both from the answer as it is: answers of different policies stand on one scale. */
function tornado(drawn: readonly Swing[], size: number) {
  const x = (field: string): object => ({
    field,
    type: 'quantitative',
    title: `${metrics.failedFolios.title}, more or fewer than as it is`,
    axis: {
      tickCount: size < 500 ? 4 : 8,
      grid: false,
      labelExpr: "datum.value === 0 ? '0' : format(datum.value, '+~r')",
    },
    scale: { zero: true, nice: true },
  });
  const y = (field: string): object => ({
    field,
    type: 'quantitative',
    scale: { domain: [0, drawn.length], reverse: true, nice: false },
    axis: null,
  });
  const names = Object.keys(ends) as (keyof typeof ends)[];
  const values = drawn.flatMap(({ most }, place) =>
    names
      .filter((end) => !Number.isNaN(most[end]))
      .map((end) => ({
        end,
        top: place + (end === 'halved' ? 0.46 : 0.67),
        bottom: place + (end === 'halved' ? 0.65 : 0.86),
        from: 0,
        to: most[end] - most.asItIs,
      })),
  );
  return spec({
    width: size - 20,
    height: drawn.length * 36,
    layer: [
      {
        data: { values },
        mark: { type: 'rect' },
        encoding: {
          x: x('from'),
          x2: { field: 'to' },
          y: y('top'),
          y2: { field: 'bottom' },
          color: {
            field: 'end',
            type: 'nominal',
            scale: { domain: names, range: names.map((end) => ends[end]) },
            legend: { orient: 'top', title: null },
          },
        },
      },
      {
        data: {
          values: drawn.map((_, place) => ({ at: 0, top: place + 0.42, bottom: place + 0.9 })),
        },
        mark: { type: 'rule', strokeWidth: 2 },
        encoding: { x: x('at'), y: y('top'), y2: { field: 'bottom' } },
      },
      {
        data: { values: drawn.map((swing, place) => ({ at: place + 0.25, text: rowText(swing, size < 500) })) },
        mark: { type: 'text', align: 'left', baseline: 'middle', x: 0 },
        encoding: { y: y('at'), text: { field: 'text', type: 'nominal' } },
      },
    ],
  });
}

function rowText({ assumption, most }: Swing, isNarrow: boolean): string {
  const name = `${most.policy}${bounds.has(most.policy) ? ' (a bound)' : ''}`;
  const to = [most.halved, most.doubled]
    .filter((end) => !Number.isNaN(end))
    .map(count)
    .join(' and ');
  return isNarrow ? `${assumption.name}: ${name}` : `${assumption.name}: ${name}, ${count(most.asItIs)} to ${to}`;
}

function textOf({ value, unit }: Assumption): string {
  return unit === 'ns' ? duration(value) : `${count(value)} ${unit}`.trim();
}

function mostTable(assumptions: readonly Assumption[]): Table {
  const sorted = swings(assumptions).map(({ assumption }) => assumption);
  const rest = assumptions.filter((one) => !sorted.includes(one));
  return {
    ...table(
      ['assumption', 'value', 'moves', 'most under', 'as it is>', 'halved>', 'doubled>'],
      [...sorted, ...rest].map((one) => {
        const { metric } = one;
        const most = mostOf(one);
        const number = (value: number | undefined) => (value === undefined ? '' : inUnit(value, metrics[metric].unit));
        return [
          one.name,
          `${textOf(one)}${one.value === one.usual ? '' : ` (usually ${count(one.usual)})`}`,
          most === undefined ? 'nothing in this capture hangs on it' : metrics[metric].title,
          most?.policy ?? '',
          number(most?.asItIs),
          number(most?.halved),
          number(most?.doubled),
        ];
      }),
      {
        title: 'Assumptions that are not data, and how far the answer moves with them',
        notes: [
          'Each is set by --assume NAME=VALUE. Means over some of the draws, the same ones on every side; – where it cannot go that way.',
        ],
      },
    ),
    stacked: true,
  };
}

/** Why each is taken to be what it is. */
function whyTable(assumptions: readonly Assumption[]): Table {
  return {
    ...table(
      ['assumption', 'why'],
      assumptions.map(({ name, why }) => [name, why]),
      { title: 'What each of them says' },
    ),
    stacked: true,
  };
}

/** Every policy that moves, for each assumption that moves any. */
function eachTable(moved: readonly Swing[]): Table {
  return table(
    ['assumption', 'policy', 'as it is>', 'halved>', 'doubled>'],
    moved.flatMap(({ assumption }) =>
      assumption.moves
        .filter(({ asItIs, halved, doubled }) => [halved, doubled].some((one) => !Number.isNaN(one) && one !== asItIs))
        .map(({ policy, asItIs, halved, doubled }) => [
          assumption.name,
          policy,
          ...[asItIs, halved, doubled].map((value) => inUnit(value, metrics[assumption.metric].unit)),
        ]),
    ),
    { title: 'Each policy that moves' },
  );
}

function finding(assumptions: readonly Assumption[], moved: readonly Swing[]): string {
  const idle = assumptions.filter(({ moves }) => moves.length === 0).length;
  const [first, ...others] = moved;
  const rest = idle === 0 ? '' : ` Nothing in this capture hangs on the other ${idle}.`;
  if (first === undefined) {
    return `No answer moves when any of ${count(assumptions.length - idle)} assumptions is halved or doubled.${rest}`;
  }
  const { assumption, most } = first;
  const unit = metrics[assumption.metric].unit;
  const values = [most.halved, most.doubled]
    .filter((value) => !Number.isNaN(value))
    .map((value) => inUnit(value, unit));
  const next = others.length === 0 ? '' : ` Then come ${list(others.slice(0, 3).map((one) => one.assumption.name))}.`;
  return `What is assumed of ${assumption.name} moves the answer most: ${metrics[assumption.metric].title} under ${most.policy}${bounds.has(most.policy) ? ', a bound,' : ''} from ${inUnit(most.asItIs, unit)} to ${list(values)} (halved and doubled).${next}${rest}`;
}
