/**
 * What each folio saved costs: gain against price, one point a policy, and the frontier of those that no other beats in both.
 */
import type { Interval, PolicyRow } from '../../compare/comparison.ts';
import { type Metric, metrics } from '../../replay/outcome.ts';
import { directionOnly, knownMetrics, labelOf } from '../differences.ts';
import { difference, interval, list, middleOf } from '../numbers.ts';
import { type Table, table } from '../tables.ts';
import { policyLooks } from './colours.ts';
import { bounds, type Chart, type Facts, spec, widths } from './figure.ts';
import { numberScale } from './scale.ts';

/** What is paid for fewer folios given up: the first that are known are panels. */
const prices: readonly Metric[] = ['allCpuDrains', 'stall', 'callTime'];
const mostPanels = 2;

export const pareto: Chart = (facts, width = widths.wide) => {
  const { rows, recorded } = facts.comparison;
  const others = rows.filter(({ policy }) => policy !== recorded);
  const shown = knownMetrics(facts, prices).slice(0, mostPanels);
  const isFlat = others.every(({ told }) => told.failedFolios === 'every draw equal');
  return {
    id: 'pareto',
    title: 'What a folio saved costs',
    finding: finding(facts, shown, isFlat),
    tables: others.length === 0 || shown.length === 0 ? [] : tablesOf(facts, others, shown),
    spec: others.length === 0 || shown.length === 0 || isFlat ? undefined : draw(facts, shown, width),
  };
};

function isKnown({ low }: Interval): boolean {
  return !Number.isNaN(low);
}

/** Folios fewer given up than under the recorded policy. */
function savedOf({ difference: { failedFolios } }: PolicyRow): Interval {
  const { estimate, low, high } = failedFolios;
  return { estimate: 0 - estimate, low: 0 - high, high: 0 - low };
}

interface Offer {
  readonly row: PolicyRow;
  readonly saved: number;
  readonly price: number;
}

/**
 * Policies of which no other saves as many folios for less, or more for as much: the cheapest first. By the means; of bounds, which
 * are no policies, and of policies of which only bounds are known there are none.
 */
export function frontierOf(rows: readonly PolicyRow[], price: Metric): Offer[] {
  const offers = rows
    .filter(({ policy, answer }) => !bounds.has(policy) && answer !== 'bounded')
    .map((row) => ({ row, saved: savedOf(row).estimate, price: row.difference[price].estimate }))
    .filter((one) => !Number.isNaN(one.saved + one.price))
    .sort((a, b) => a.price - b.price || b.saved - a.saved);
  const frontier: Offer[] = [];
  for (const offer of offers) {
    const last = frontier.at(-1);
    const isTwin = last?.saved === offer.saved && last.price === offer.price;
    if (last === undefined || offer.saved > last.saved || isTwin) frontier.push(offer);
  }
  return frontier;
}

const isReal = ({ policy }: PolicyRow): boolean => !bounds.has(policy);

interface Reach {
  readonly from: number;
  readonly to: number;
}

/** From the least to the most that a policy has, bounds left out, with nought. */
function reachOf(rows: readonly PolicyRow[], of: (row: PolicyRow) => Interval): Reach {
  const known = rows.filter(isReal).map(of).filter(isKnown);
  return { from: Math.min(0, ...known.map(({ low }) => low)), to: Math.max(0, ...known.map(({ high }) => high)) };
}

/** Those with numbers; of bounds only those that would not press all policies together. */
function drawnRows(rows: readonly PolicyRow[], price: Metric): PolicyRow[] {
  const priceOf = ({ difference }: PolicyRow): Interval => difference[price];
  return rows.filter((row) =>
    [savedOf, priceOf].every((of) => {
      const { from, to } = reachOf(rows, of);
      const room = (to - from) * 0.1;
      const { low, high } = of(row);
      return isReal(row) ? !Number.isNaN(low) : low >= from - room && high <= to + room;
    }),
  );
}

function draw({ comparison }: Facts, shown: readonly Metric[], width: number) {
  const { rows, recorded } = comparison;
  const narrow = width < 500;
  const names = rows
    .map(({ policy }) => policy)
    .filter((name) => shown.some((price) => drawnRows(rows, price).some(({ policy }) => policy === name)));
  const look = (of: 'colour' | 'shape'): object => ({
    field: 'policy',
    type: 'nominal',
    scale: { domain: names, range: names.map((name) => looks.get(name)![of]) },
    legend: { orient: 'bottom', title: null, columns: narrow ? 2 : 5, symbolStrokeWidth: 2, symbolOpacity: 1 },
  });
  const looks = policyLooks(
    rows.map(({ policy }) => policy),
    recorded,
  );
  const real = rows.filter(isReal);
  const reach = (of: (row: PolicyRow) => Interval) => reachOf(rows, of);
  const gains = reach(savedOf);
  const panelWidth = narrow ? width - 70 : Math.floor((width - 72 * shown.length - 10) / shown.length);
  const panel = (price: Metric): object => {
    const costs = reach(({ difference }) => difference[price]);
    const ticks = narrow ? 5 : 6;
    const scaleX = numberScale(
      'failedFolios',
      real.map((row) => middleOf(savedOf(row))),
      gains,
      ticks,
    );
    const scaleY = numberScale(
      price,
      real.map((row) => middleOf(row.difference[price])),
      costs,
      ticks,
    );
    const values = drawnRows(rows, price).map((row) => {
      const saved = savedOf(row);
      const cost = row.difference[price];
      return {
        policy: row.policy,
        isBounded: row.answer === 'bounded',
        seen: row.answer === 'observed',
        x: middleOf(saved),
        left: saved.low,
        right: saved.high,
        y: middleOf(cost) / scaleY.divisor,
        bottom: cost.low / scaleY.divisor,
        top: cost.high / scaleY.divisor,
      };
    });
    const frontier = frontierOf(rows, price);
    const x = (field: string): object => ({
      field,
      type: 'quantitative',
      scale: scaleX.scale,
      axis: { ...scaleX.axis, title: 'folios saved →' },
    });
    const y = (field: string): object => ({
      field,
      type: 'quantitative',
      scale: scaleY.scale,
      axis: { ...scaleY.axis, title: `${scaleY.unit} more than recorded` },
    });
    const color = look('colour');
    const line = (data: object, from: object, filled: object): object => ({ data, ...from, ...filled });
    const up = { from: costs.from / scaleY.divisor, to: costs.to / scaleY.divisor };
    const points = ringed(
      values.filter(({ isBounded }) => !isBounded),
      gains,
      up,
    );
    return {
      title: metrics[price].title,
      width: panelWidth,
      height: narrow ? 220 : 260,
      layer: [
        ...['x', 'y'].map((side) => ({
          data: { values: [{ at: 0 }] },
          mark: { type: 'rule', opacity: 0.35, strokeDash: [4, 3] },
          encoding: side === 'x' ? { x: x('at') } : { y: y('at') },
        })),
        {
          data: {
            // From the left edge: at the lowest price something is to be had anyway.
            values: [{ saved: gains.from, price: frontier[0]?.price ?? 0 }, ...frontier].map((one, order) => ({
              order,
              x: one.saved,
              y: one.price / scaleY.divisor,
            })),
          },
          mark: { type: 'line', interpolate: 'step-before', strokeWidth: 5, opacity: 0.2, color: 'currentColor' },
          encoding: { x: x('x'), y: y('y'), order: { field: 'order' } },
        },
        // Bounds alone: somewhere in this box.
        line(
          { values: values.filter(({ isBounded }) => isBounded) },
          { mark: { type: 'rect', fillOpacity: 0.08, strokeWidth: 1.5, strokeDash: [3, 3] } },
          {
            encoding: {
              x: x('left'),
              x2: { field: 'right' },
              y: y('bottom'),
              y2: { field: 'top' },
              color,
              stroke: color,
            },
          },
        ),
        ...boxNames(
          values.filter(({ isBounded }) => isBounded),
          gains,
          up,
        ).map(({ align, dx, dy, ...name }) => ({
          data: { values: [name] },
          mark: { type: 'text', lineBreak: '\n', align, dx, dy, baseline: 'middle', fontSize: 10 },
          encoding: { x: x('x'), y: y('top'), text: { field: 'text' } },
        })),
        {
          data: { values: points },
          mark: { type: 'rule', opacity: 0.5, strokeWidth: 1.5 },
          encoding: { x: x('left'), x2: { field: 'right' }, y: y('y'), color },
        },
        {
          data: { values: points },
          mark: { type: 'rule', opacity: 0.5, strokeWidth: 1.5 },
          encoding: { x: x('x'), y: y('bottom'), y2: { field: 'top' }, color },
        },
        ...[true, false].map((filled) => ({
          data: { values: points.filter(({ ring, seen }) => (ring === 0 && seen) === filled) },
          mark: { type: 'point', filled, strokeWidth: filled ? 0 : 2, opacity: 1 },
          encoding: {
            x: x('x'),
            y: y('y'),
            color,
            shape: look('shape'),
            size: { field: 'size', type: 'quantitative', scale: null },
          },
        })),
      ],
    };
  };
  return spec({
    spacing: 24,
    [narrow ? 'vconcat' : 'hconcat']: shown.map(panel),
    resolve: { scale: { color: 'shared', shape: 'shared' } },
  });
}

/**
 * Whose box it is, in its upper left corner, or beside it where it stands too far to the right for a name; boxes whose names would
 * stand on each other share them. Reaches as drawn.
 */
function boxNames(
  boxes: readonly { readonly policy: string; readonly left: number; readonly bottom: number; readonly top: number }[],
  across: Reach,
  up: Reach,
) {
  const places: { x: number; top: number; isFlat: boolean; policies: string[] }[] = [];
  for (const { policy, left: x, bottom, top } of boxes) {
    const met = places.find((place) => isNear(place.x, x, across, 0.3) && isNear(place.top, top, up, 0.05));
    if (met === undefined) places.push({ x, top, isFlat: bottom === top, policies: [policy] });
    else met.policies.push(policy);
  }
  return places.map(({ x, top, isFlat, policies }) => {
    const isRight = x > across.from + (across.to - across.from) * 0.5;
    const side = isRight ? { align: 'right', dx: -4 } : { align: 'left', dx: 4 };
    return { x, top, text: policies.join('\n'), ...side, dy: isFlat ? -10 : 8 };
  });
}

/** Policies at one place, or so near that one would hide another, stand as rings about the first. */
function ringed<T extends Spot>(
  points: readonly T[],
  across: Reach,
  up: Reach,
): (T & { ring: number; size: number })[] {
  const met: T[] = [];
  return points.map((point) => {
    const ring = met.filter((one) => isNear(one.x, point.x, across, 0.015) && isNear(one.y, point.y, up, 0.015)).length;
    met.push(point);
    // Areas whose square roots are as far apart as their edges can be told.
    return { ...point, ring, size: (9 + 5 * ring) ** 2 };
  });
}

interface Spot {
  readonly x: number;
  readonly y: number;
}

function isNear(a: number, b: number, { from, to }: Reach, share: number): boolean {
  return Math.abs(a - b) <= (to - from) * share;
}

function tablesOf({ comparison }: Facts, others: readonly PolicyRow[], shown: readonly Metric[]): Table[] {
  const { rows, recorded } = comparison;
  const frontiers = shown.map((price) => new Set(frontierOf(rows, price).map(({ row }) => row.policy)));
  return [
    table(
      [
        'policy',
        'folios saved>',
        ...shown.map((price) => `${metrics[price].title} more>`),
        'drains per saved folio>',
        'on the frontier of',
      ],
      others.map((row) => [
        labelOf(row, recorded),
        difference(savedOf(row)),
        ...shown.map((price) => difference(row.difference[price], metrics[price].unit)),
        typeof row.effects.drainsPerSavedFolio === 'string'
          ? row.effects.drainsPerSavedFolio
          : interval(row.effects.drainsPerSavedFolio),
        list(shown.filter((_, i) => frontiers[i]!.has(row.policy)).map((price) => metrics[price].title)),
      ]),
      {
        title: `Price and gain against ${recorded}`,
        notes: [
          'On the frontier: no other policy saves as many folios for less, or more for as much, by the means. Bounds, and policies of which only bounds are known, are on none. In the drawing they are boxes; policies at one place are rings about each other.',
          ...directionOnly(comparison),
        ],
      },
    ),
  ];
}

function finding({ comparison }: Facts, shown: readonly Metric[], isFlat: boolean): string {
  const { rows, recorded } = comparison;
  if (rows.length < 2) return 'No other policy could be replayed on this capture.';
  if (shown.length === 0) return 'This capture shows nothing that a saved folio could cost.';
  if (isFlat) return `No draw saves a folio, or gives one up, that ${recorded} does not: there is no gain to pay for.`;
  const parts = shown.map((price) => {
    const frontier = frontierOf(rows, price);
    const gainful = frontier.filter(({ row }) => row.policy !== recorded && savedOf(row).low > 0);
    const what = metrics[price].title;
    if (gainful.length === 0) return `for ${what} no policy on the frontier is sure to save a folio`;
    const named = gainful
      .slice(-3)
      .map(
        ({ row }) =>
          `${row.policy} saves ${interval(savedOf(row))} for ${difference(row.difference[price], metrics[price].unit)}`,
      );
    return `for ${what} ${list(named)}`;
  });
  const boxes = rows
    .filter(({ policy, answer }) => answer === 'bounded' && !bounds.has(policy))
    .map(({ policy }) => policy);
  const open =
    boxes.length === 0
      ? ''
      : ` Where ${list(boxes)} ${boxes.length === 1 ? 'stands' : 'stand'} is known within bounds only.`;
  return `No other policy saves as many folios for less: ${parts.join('; ')}.${open}`;
}
