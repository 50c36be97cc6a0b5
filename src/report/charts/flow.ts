/**
 * What becomes of the folios that the recorded policy gave up: to the left of the middle those that each policy saves, to the right
 * those that it gives up again and those that it gives up instead, in the colours of what held them.
 */
import type { Interval, PolicyRow } from '../../compare/comparison.ts';
import type { Cause } from '../../history/facts.ts';
import { behindPolicies, labelOf } from '../differences.ts';
import { count, interval, list, many, middleOf } from '../numbers.ts';
import { type Table, table } from '../tables.ts';
import { causeLooks, colours } from './colours.ts';
import { bounds, type Chart, type Facts, type Figure, spec, widths } from './figure.ts';

/** What a policy gives up that the recorded one does not: nothing says what held it. */
const instead = 'given up instead';
const ink = 'currentColor';
/** Of the longest bar: what is narrower is not seen, and would only be a name in the legend. */
const leastShare = 0.004;

export const flow: Chart = (facts, width = widths.wide): Figure => {
  const { rows } = facts.comparison;
  const isEmpty = rows.every(({ fates }) => largestOf(fates.again) + largestOf(fates.instead) === 0);
  return {
    id: 'flow',
    title: 'What becomes of each folio that was given up',
    finding: finding(facts),
    tables: isEmpty ? [] : tablesOf(facts),
    spec: isEmpty || rows.length < 2 ? undefined : draw(facts, width),
  };
};

function largestOf({ high }: Interval): number {
  return Number.isFinite(high) ? high : 0;
}

/** One stretch of a bar, in folios from the middle: to the left below zero. */
interface Segment {
  readonly place: number;
  readonly from: number;
  readonly to: number;
  /** A cause, or `instead`; undefined where it may be or not. */
  readonly what: string | undefined;
}

function draw({ comparison }: Facts, width: number) {
  const { rows, recorded } = comparison;
  const limit = limitOf(rows);
  const cut = (value: number): number => Math.max(-limit, Math.min(limit, value));
  const segments = rows.flatMap((row, place) => segmentsOf(row, place));
  const shown = segments
    .map((one) => ({ ...one, from: cut(one.from), to: cut(one.to) }))
    .filter(({ from, to }) => Math.abs(to - from) > limit * leastShare);
  const drawnNames = causesOf(rows).filter((cause) => shown.some(({ what }) => what === cause));
  const names = [...drawnNames, ...(shown.some(({ what }) => what === instead) ? [instead] : [])];
  const colour = {
    field: 'what',
    type: 'nominal',
    scale: { domain: names, range: names.map((name) => (name === instead ? ink : causeLooks[name as Cause].colour)) },
    legend: {
      orient: 'top',
      title: null,
      columns: Math.max(1, Math.floor(width / 160)),
      symbolType: 'square',
      labelExpr: "datum.label === 'cannot tell' ? 'who held it cannot be told' : datum.label",
      symbolStrokeWidth: 0,
    },
  };
  const step = 34;
  const y = (field: string): object => ({
    field,
    type: 'quantitative',
    scale: { domain: [0, rows.length], reverse: true, nice: false },
    axis: null,
  });
  const whiskers = rows.flatMap((row, place) => {
    const { low, high } = row.value.failedFolios;
    const isWide = Number.isFinite(low) && high > low && row.answer !== 'bounded';
    return isWide ? [{ middle: place + 0.68, low: cut(low), high: cut(high) }] : [];
  });
  const left = Math.max(0, ...shown.map(({ from, to }) => -Math.min(from, to)));
  const right = Math.max(1, ...shown.map(({ from, to }) => Math.max(from, to)), ...whiskers.map(({ high }) => high));
  const x = (field: string): object => ({
    field,
    type: 'quantitative',
    scale: { domain: [-left, right], nice: false, zero: true },
    axis: {
      title: '← saved · folios · given up →',
      orient: 'top',
      offset: 6,
      labelExpr: 'abs(datum.value)',
      tickCount: width < 500 ? 5 : 10,
      tickMinStep: 1,
      grid: false,
    },
  });
  return spec({
    width: width - 24,
    height: rows.length * step,
    layer: [
      ...[true, false].map((sure) => ({
        data: { values: shown.filter(({ what }) => (what !== undefined) === sure) },
        transform: [
          { calculate: 'datum.place + 0.5', as: 'top' },
          { calculate: 'datum.place + 0.86', as: 'bottom' },
        ],
        mark: sure
          ? { type: 'rect' }
          : { type: 'rect', color: colours.grey, fillOpacity: 0.2, strokeWidth: 1, strokeDash: [2, 2], stroke: ink },
        encoding: {
          x: x('from'),
          x2: { field: 'to' },
          y: y('top'),
          y2: { field: 'bottom' },
          ...(sure ? { color: colour } : {}),
        },
      })),
      {
        data: { values: whiskers },
        mark: { type: 'rule', strokeWidth: 1.5 },
        encoding: { x: x('low'), x2: { field: 'high' }, y: y('middle') },
      },
      {
        // In pieces, so that it strikes no text out.
        data: { values: rows.map((_, place) => ({ at: 0, top: place + 0.46, bottom: place + 0.9 })) },
        mark: { type: 'rule', strokeWidth: 1.5 },
        encoding: { x: x('at'), y: y('top'), y2: { field: 'bottom' } },
      },
      {
        data: {
          values: rows.map((row, place) => ({ at: place + 0.3, text: barText(row, recorded, limit, width < 500) })),
        },
        mark: { type: 'text', align: 'left', baseline: 'middle', x: 0 },
        encoding: { y: y('at'), text: { field: 'text', type: 'nominal' } },
      },
    ],
  });
}

/** Everything but bounds that dwarf it is drawn whole: a bound that is ten times as long says nothing by its length. */
function limitOf(rows: readonly PolicyRow[]): number {
  const real = rows.filter(({ policy }) => !bounds.has(policy));
  const longest = Math.max(
    1,
    ...real.map(({ value, fates }) => Math.max(largestOf(value.failedFolios), largestOf(fates.moved))),
  );
  return longest * 1.25;
}

/** Causes by the folios that they held, most first. */
function causesOf(rows: readonly PolicyRow[]): Cause[] {
  const sizes = new Map<Cause, number>();
  for (const { cause, moved, notReached, again } of rows[0]?.fates.byCause ?? [])
    sizes.set(
      cause,
      [moved, notReached, again].reduce((sum, one) => sum + middleOf(one), 0),
    );
  for (const { fates } of rows) for (const { cause } of fates.byCause) if (!sizes.has(cause)) sizes.set(cause, 0);
  return [...sizes].sort(([, a], [, b]) => b - a).map(([cause]) => cause);
}

/**
 * Means stack up. Where only bounds are known, what is sure does (each part at its least), and the rest up to the most is drawn
 * as an outline that belongs to no part.
 */
function segmentsOf({ fates, value, answer }: PolicyRow, place: number): Segment[] {
  const segments: Segment[] = [];
  const least = ({ estimate, low }: Interval): number => (answer === 'bounded' ? low : estimate);
  const stack = (side: -1 | 1, parts: readonly (readonly [string, number])[], most: number): void => {
    let from = 0;
    for (const [what, size] of parts) {
      if (!(size > 0)) continue;
      segments.push({ place, from: side * from, to: side * (from + size), what });
      from += size;
    }
    if (answer === 'bounded' && most > from)
      segments.push({ place, from: side * from, to: side * most, what: undefined });
  };
  stack(
    -1,
    fates.byCause.map(({ cause, moved, notReached }) => [cause, least(moved) + least(notReached)]),
    fates.moved.high + fates.notReached.high,
  );
  stack(
    1,
    [
      ...fates.byCause.map(({ cause, again }): [string, number] => [cause, least(again)]),
      [instead, least(fates.instead)],
    ],
    value.failedFolios.high,
  );
  return segments;
}

function barText(row: PolicyRow, recorded: string, limit: number, narrow: boolean): string {
  const { fates, value } = row;
  const name = labelOf(row, recorded);
  if (row.policy === recorded) return `${name}: ${interval(value.failedFolios)} given up`;
  const further = largestOf(value.failedFolios) > limit ? ', beyond the drawing' : '';
  if (narrow) return `${row.policy}: ${short(fates.moved)} saved, ${short(value.failedFolios)} given up`;
  const not = largestOf(fates.notReached) > 0 ? `, ${interval(fates.notReached)} not reached` : '';
  return `${name}: ${interval(fates.moved)} moved${not}, ${interval(fates.again)} again, ${interval(fates.instead)} instead${further}`;
}

/** A mean, or both bounds. */
function short({ estimate, low, high }: Interval): string {
  return Number.isNaN(estimate)
    ? `${count(Math.round(low))}…${count(Math.round(high))}`
    : count(Number(estimate.toFixed(1)));
}

function tablesOf({ comparison: { rows, recorded, level } }: Facts): Table[] {
  const others = rows.filter(({ policy }) => policy !== recorded);
  const held = new Map(rows[0]?.fates.byCause.map(({ cause, again }) => [cause, middleOf(again)]));
  const causes = causesOf(rows).filter((cause) => (held.get(cause) ?? 0) >= 0.5);
  return [
    table(
      ['policy', 'moved>', 'not reached>', 'given up again>', 'given up instead>'],
      others.map((row) => [
        labelOf(row, recorded),
        ...[row.fates.moved, row.fates.notReached, row.fates.again, row.fates.instead].map((one) => interval(one)),
      ]),
      {
        title: `What becomes of the folios that ${recorded} gave up`,
        evidence: behindPolicies(others, 4),
        notes: [
          `Folio by folio against ${recorded} in the same draw; intervals at ${Math.round(level * 100)} % of each number for itself. Not reached: an earlier list stopped the request, or it had its range without. Given up instead: not given up by ${recorded}.`,
        ],
      },
    ),
    ...(causes.length < 2
      ? []
      : [
          table(
            ['policy', 'held by', 'moved>', 'given up again>'],
            others.flatMap((row) =>
              causes.map((cause) => {
                const fates = row.fates.byCause.find((one) => one.cause === cause);
                return [
                  labelOf(row, recorded),
                  cause,
                  ...(fates ? [interval(fates.moved), interval(fates.again)] : ['0', '0']),
                ];
              }),
            ),
            {
              title: 'By what held them',
              notes: ['Causes that are expected to have held less than half a folio are left out.'],
            },
          ),
        ]),
  ];
}

function finding({ comparison: { rows, recorded } }: Facts): string {
  const [base, ...others] = rows;
  if (base === undefined || others.length === 0) return 'No other policy could be replayed on this capture.';
  const real = others.filter(({ policy }) => !bounds.has(policy));
  const given = base.value.failedFolios;
  const most = (of: (row: PolicyRow) => Interval): PolicyRow | undefined =>
    [...real].filter((row) => largestOf(of(row)) > 0).sort((a, b) => middleOf(of(b)) - middleOf(of(a)))[0];
  const worst = most(({ fates }) => fates.instead);
  const isLittle = ({ estimate, low }: Interval): boolean => low === 0 && !(estimate >= 0.5);
  const named = (row: PolicyRow, of: Interval): string => `${row.policy} (${interval(of)})`;
  if (largestOf(given) === 0)
    return worst === undefined
      ? `${recorded} gave no folio up, and no policy would have.`
      : `${recorded} gave no folio up, so none can be saved; given up instead: most under ${named(worst, worst.fates.instead)}.`;
  const best = most(({ fates }) => fates.moved);
  const isFew = best === undefined || isLittle(best.fates.moved);
  const saved = isFew
    ? 'no policy is sure to move any of them'
    : `most are moved under ${named(best, best.fates.moved)}${causeSentence(best)}`;
  // A difference hides what is lost beside what is gained.
  const mixed = real.filter(({ fates }) => fates.moved.low > 0 && fates.instead.low > 0);
  const both =
    mixed.length === 0
      ? ''
      : ` Gains and losses at once, which a difference hides: ${list(
          mixed
            .slice(0, 3)
            .map(
              ({ policy, fates }) =>
                `${policy} moves ${interval(fates.moved)} and gives up ${interval(fates.instead)} others`,
            ),
        )}.`;
  const lost =
    mixed.length > 0 || worst === undefined || isLittle(worst.fates.instead)
      ? ''
      : ` Most others given up instead: ${named(worst, worst.fates.instead)}.`;
  return `Of ${many(Math.round(middleOf(given)), 'folio')} given up, ${saved}.${both}${lost}`;
}

/** Of what a policy moves, what had held most. */
function causeSentence({ fates }: PolicyRow): string {
  const [first, ...others] = [...fates.byCause].sort((a, b) => middleOf(b.moved) - middleOf(a.moved));
  if (first === undefined || others.length === 0) return '';
  const what = first.cause === 'cannot tell' ? 'held by what cannot be told' : `held by “${first.cause}”`;
  const share = middleOf(first.moved) / middleOf(fates.moved);
  return share > 0.95 ? `, nearly all ${what}` : `, of them ${interval(first.moved)} ${what}`;
}
