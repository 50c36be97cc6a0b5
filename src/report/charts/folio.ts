/** The life of folios as lanes over time: when each was in a batch, off the LRU, behind migration entries, waited for. */
import type { Capture } from '../../events/capture.ts';
import { type Life, type LifeLane, type LifeSpan, lifeLanes } from '../../history/life.ts';
import type { Posterior } from '../../replay/blame.ts';
import { likeliest } from '../../replay/blame.ts';
import { duration, list, many } from '../numbers.ts';
import { table, wrap } from '../tables.ts';
import { colours } from './colours.ts';
import { characterWidth, type Figure, spec, timeScale, widths } from './figure.ts';

const laneColours: Readonly<Record<LifeLane, string>> = {
  'in a batch': colours.orange,
  isolated: colours.sky,
  'under entries': colours.blue,
  waits: colours.vermilion,
};

const laneHeight = 18;

const name = (pfn: number): string => `0x${pfn.toString(16)}`;

/** What is drawn of a span whose beginning or end was not seen: a mark at the end that was. */
function drawn(span: LifeSpan): { start: number; end: number } {
  const start = Number.isNaN(span.start) ? span.end : span.start;
  return { start, end: Number.isNaN(span.end) ? start : span.end };
}

/** Total of the spans of a lane that have both ends. */
function total(life: Life, lane: LifeLane): number {
  let sum = 0;
  for (const span of life.spans) {
    if (span.lane === lane && !Number.isNaN(span.end - span.start)) sum += span.end - span.start;
  }
  return sum;
}

/**
 * The figure of some folios, one under the other.
 *
 * @param posteriors of the history's failures, in its order
 */
export function folioFigure(
  lives: readonly Life[],
  capture: Capture,
  posteriors: readonly Posterior[],
  width: number = widths.wide,
): Figure {
  const timed = capture.clock.unit === 'ns';
  const bars = lives.flatMap((life, i) =>
    life.spans.map((span) => ({
      ...drawn(span),
      lane: span.lane,
      row: i * (lifeLanes.length + 1) + lifeLanes.indexOf(span.lane),
    })),
  );
  const failures = lives.flatMap((life, i) =>
    life.events
      .filter(({ failure }) => failure !== undefined)
      .map(({ time }) => ({ time, row: i * (lifeLanes.length + 1) + lifeLanes.indexOf('under entries') })),
  );
  const times = [...bars.flatMap(({ start, end }) => [start, end]), ...failures.map(({ time }) => time)].filter(
    (time) => !Number.isNaN(time),
  );
  const first = times.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY);
  const end = times.reduce((most, time) => Math.max(most, time), Number.NEGATIVE_INFINITY);
  const { unit, scale } = timed ? timeScale(end - first) : { unit: 'clock units', scale: 1 };
  // What lasted too short to be seen at this width is drawn two pixels wide.
  const least = ((end - first) / scale) * (2 / width);
  const values = bars.map((bar) => {
    const from = (bar.start - first) / scale;
    return {
      from,
      to: Math.max((bar.end - first) / scale, from + least),
      lane: bar.lane,
      top: bar.row + 0.1,
      bottom: bar.row + 0.9,
    };
  });
  const labels = lives.flatMap(({ pfn }, i) =>
    lifeLanes.map((lane, l) => ({
      row: i * (lifeLanes.length + 1) + l + 0.5,
      label: l === 0 ? `${name(pfn)}  ${lane}` : lane,
    })),
  );
  const rows = lives.length * (lifeLanes.length + 1) - 1;
  const y = { type: 'quantitative', scale: { domain: [0, rows], reverse: true, nice: false }, axis: null };
  const x = {
    type: 'quantitative',
    title: `${unit} since the first fact${failures.length > 0 ? '; ×: not moved' : ''}`,
    scale: { domain: [0, (end - first) / scale], nice: false },
    axis: { tickCount: width < 500 ? 4 : 8, grid: false },
  };
  return {
    id: 'folio',
    title: 'The life of a folio',
    finding: lives.map((life) => findingOf(life, posteriors, timed)).join(' '),
    tables: [
      table(
        ['folio', 'frames>', ...lifeLanes.map((lane) => `${lane}>`), 'failures>'],
        lives.map((life) => [
          name(life.pfn),
          String(new Set(life.stretches.map(({ pfn }) => pfn)).size),
          ...lifeLanes.map((lane) => (timed ? duration(total(life, lane)) : '–')),
          String(life.events.filter(({ failure }) => failure !== undefined).length),
        ]),
      ),
    ],
    spec:
      times.length === 0 || !(end > first)
        ? undefined
        : spec({
            title: {
              text: lives.flatMap((life) => wrap(findingOf(life, posteriors, timed), width / characterWidth)),
              fontWeight: 'normal',
            },
            width: width - 150,
            height: rows * laneHeight,
            layer: [
              {
                data: { values },
                mark: 'rect',
                encoding: {
                  x: { field: 'from', ...x },
                  x2: { field: 'to' },
                  y: { field: 'top', ...y },
                  y2: { field: 'bottom' },
                  color: {
                    field: 'lane',
                    type: 'nominal',
                    legend: null,
                    scale: { domain: [...lifeLanes], range: lifeLanes.map((lane) => laneColours[lane]) },
                  },
                },
              },
              {
                data: { values: failures.map(({ time, row }) => ({ at: (time - first) / scale, row: row + 0.5 })) },
                mark: { type: 'point', shape: 'cross', angle: 45, size: 60, filled: true, color: 'currentColor' },
                encoding: { x: { field: 'at', ...x }, y: { field: 'row', ...y } },
              },
              {
                data: { values: labels },
                mark: { type: 'text', align: 'right', baseline: 'middle', x: -8 },
                encoding: { y: { field: 'row', ...y }, text: { field: 'label', type: 'nominal' } },
              },
            ],
          }),
  };
}

/** `0x59cf9 moved 3 times and failed 2 times (lock-blocked fault 2); 4.1 ms under entries, 2 waits.` */
export function findingOf(life: Life, posteriors: readonly Posterior[], timed: boolean): string {
  const moves = life.events.filter(({ says }) => says.startsWith('moved to')).length;
  const blamed = new Map<string, number>();
  for (const { failure } of life.events) {
    if (failure === undefined) continue;
    const cause = likeliest(posteriors[failure]!);
    blamed.set(cause, (blamed.get(cause) ?? 0) + 1);
  }
  const failed = [...blamed.values()].reduce((sum, one) => sum + one, 0);
  const causes = [...blamed].map(([cause, times]) => (blamed.size === 1 ? cause : `${cause} ${times}`));
  const waits = life.spans.filter(({ lane }) => lane === 'waits').length;
  const entries = total(life, 'under entries');
  const parts = [
    `moved ${many(moves, 'time')}`,
    failed > 0 ? `failed ${many(failed, 'time')} (likeliest: ${list(causes)})` : 'never failed',
    ...(timed && entries > 0 ? [`was under entries for ${duration(entries)}`] : []),
    ...(waits > 0 ? [`was slept on ${many(waits, 'time')}`] : []),
  ];
  return `${name(life.pfn)} ${list(parts)}.`;
}
