/** How full batches were when they were emptied: what drains cost is paid per flush, and a batch's capacity shows as a peak. */
import type { Flush, History } from '../../history/facts.ts';
import { factsId } from '../evidence-id.ts';
import { count, list, many, percent } from '../numbers.ts';
import { table } from '../tables.ts';
import { flushColours } from './drains.ts';
import { type Chart, spec, widths } from './figure.ts';

/** Larger flushes than this are drawn together (the largest batch of any kernel holds 31). */
const most = 40;

const height = 130;

type Bins = ReadonlyMap<number, ReadonlyMap<Flush['cause'], number>>;

/** Flushes of a size, whatever caused them. */
function totalOf(bins: Bins, size: number): number {
  return [...(bins.get(size)?.values() ?? [])].reduce((sum, n) => sum + n, 0);
}

export const fill: Chart = ({ history }, width = widths.wide) => {
  const { flushes } = history;
  const causes = (Object.keys(flushColours) as Flush['cause'][]).filter((cause) =>
    flushes.some((flush) => flush.cause === cause),
  );
  const bins = new Map<number, Map<Flush['cause'], number>>();
  for (const flush of flushes) {
    const size = Math.min(flush.count, most);
    const bin = bins.get(size) ?? new Map<Flush['cause'], number>();
    bins.set(size, bin);
    bin.set(flush.cause, (bin.get(flush.cause) ?? 0) + 1);
  }
  const sizes = [...bins.keys()].sort((a, b) => a - b);
  // Few of many are what a reader looks for: what is there at all is drawn high enough to be seen.
  const least = Math.max(0, ...sizes.map((size) => totalOf(bins, size))) * (1.5 / height);
  const values = sizes.flatMap((size) => {
    let start = 0;
    return causes.flatMap((cause) => {
      const n = bins.get(size)?.get(cause) ?? 0;
      const from = start;
      start += n > 0 ? Math.max(n, least) : 0;
      return n === 0 ? [] : [{ left: size - 0.42, right: size + 0.42, cause, from, to: start }];
    });
  });
  const largest = Math.max(31, ...sizes);
  return {
    id: 'fill',
    title: 'How full batches were when they were emptied',
    finding: finding(history),
    tables: [
      table(
        ['folios in the flush', 'flushes>', ...causes.map((cause) => `${cause}>`)],
        sizes.map((size) => [
          size === most ? `${most} or more` : String(size),
          count(totalOf(bins, size)),
          ...causes.map((cause) => count(bins.get(size)?.get(cause) ?? 0)),
        ]),
        {
          // The last row is of several sizes.
          evidence: sizes.map((size) =>
            size === most
              ? []
              : [
                  undefined,
                  factsId('flushes', { count: size }),
                  ...causes.map((cause) => factsId('flushes', { count: size, cause })),
                ],
          ),
        },
      ),
    ],
    spec:
      values.length === 0
        ? undefined
        : spec({
            width: width - 64,
            height,
            data: { values },
            mark: { type: 'rect' },
            encoding: {
              x: {
                field: 'left',
                type: 'quantitative',
                scale: { domain: [0, largest + 1], nice: false },
                axis: { title: 'folios in one flush', tickCount: width < 500 ? 8 : 16, grid: false },
              },
              x2: { field: 'right' },
              y: {
                field: 'from',
                type: 'quantitative',
                title: 'flushes',
                axis: { tickCount: 4, tickMinStep: 1, format: '~s' },
              },
              y2: { field: 'to' },
              color: {
                field: 'cause',
                type: 'nominal',
                scale: { domain: causes, range: causes.map((cause) => flushColours[cause]) },
                legend: { orient: 'top', title: null, columns: Math.max(1, Math.floor(width / 150)) },
              },
            },
          }),
  };
};

function finding({ flushes, observed }: History): string {
  if (flushes.length === 0) {
    return observed.batchFlushes === 'unknown'
      ? 'This capture does not show batches being flushed, so how full they were is not known.'
      : 'No batch was flushed while this capture was taken.';
  }
  const sorted = flushes.map((flush) => flush.count).sort((a, b) => a - b);
  const folios = sorted.reduce((sum, n) => sum + n, 0);
  const single = sorted.filter((n) => n === 1).length;
  const full = flushes.filter((flush) => flush.cause === 'full');
  const sizes = [...new Set(full.map((flush) => flush.count))]
    .map((size) => ({ size, n: full.filter((flush) => flush.count === size).length }))
    .sort((a, b) => b.n - a.n);
  const peak =
    full.length > 0
      ? ` Full batches held ${list(sizes.slice(0, 2).map(({ size, n }) => `${many(size, 'folio')} (${count(n)})`))}${sizes.length > 2 ? ' or another number' : ''}.`
      : '';
  return `${many(flushes.length, 'flush', 'flushes')} took ${many(folios, 'folio')}, half of the flushes ${count(sorted[Math.floor((sorted.length - 1) / 2)]!)} or fewer; ${count(single)} (${percent(single / sorted.length)}) took one folio only.${peak}`;
}
