/** When calls ran, when they failed and when the capture was blind: equal bins of the time from the first call to the last. */
import { count, duration, many, percent } from '../numbers.ts';
import { table } from '../tables.ts';
import { blindness, type Run, shadeLayer, shadeSentence } from './blind.ts';
import { colours } from './colours.ts';
import { type Chart, spec, widths } from './figure.ts';

interface Bin {
  calls: number;
  handled: number;
  failed: number;
}

const tableBins = 12;

/** CPUs beyond these that lost events are in the shading only. */
const cpusDrawn = 12;

/** Bins that runs cover. */
function covered(runs: readonly Run[]): number {
  return runs.reduce((sum, { from, to }) => sum + to - from, 0);
}

export const timeline: Chart = ({ history }, width = widths.wide) => {
  const { capture, calls } = history;
  const timed = capture.clock.unit !== 'none';
  // Without time the order of calls is all there is: the n-th call stands at n.
  const at = (i: number): number => (timed ? (Number.isNaN(calls[i]!.start) ? calls[i]!.end : calls[i]!.start) : i);
  // Only the span in which calls ran: a capture often starts long before its first call.
  const times = calls.map((_, i) => at(i)).filter((time) => !Number.isNaN(time));
  const first = times.reduce((least, time) => Math.min(least, time), timed ? Number.POSITIVE_INFINITY : 0);
  const begin = Number.isFinite(first) ? first : 0;
  const end =
    Math.max(
      times.reduce((most, time) => Math.max(most, time), begin),
      begin,
    ) + 1;
  const seconds = capture.clock.unit === 'ns';
  const binned = (n: number): Bin[] => {
    const bins = Array.from({ length: n }, () => ({ calls: 0, handled: 0, failed: 0 }));
    for (let i = 0; i < calls.length; i++) {
      const bin = bins[Math.min(n - 1, Math.max(0, Math.floor(((at(i) - begin) / (end - begin)) * n)))];
      if (!bin) continue; // neither end has a time
      bin.calls++;
      bin.handled += calls[i]!.folios.length;
      bin.failed += calls[i]!.folios.filter((folio) => folio.outcome === 'failed').length;
    }
    return bins;
  };
  const scale = seconds ? 1e9 : 1;
  const place = (n: number, i: number): number => (begin + (i / n) * (end - begin)) / scale;
  const fine = binned(width < 500 ? 60 : 140);
  const values = fine
    .map((bin, i) => ({
      start: place(fine.length, i),
      end: place(fine.length, i + 1),
      handled: bin.handled,
      failed: bin.failed,
    }))
    .filter((bin) => bin.handled > 0);
  const blind = timed ? blindness(history, begin, end, fine.length) : { losses: 0, rows: [], shades: [] };
  const missing = [...blind.rows].sort((a, b) => covered(b.runs) - covered(a.runs)).slice(0, cpusDrawn);
  const shown = blind.rows.filter((row) => missing.includes(row));
  const axisTitle = seconds
    ? 'seconds since the first event'
    : timed
      ? 'clock units since the first event'
      : 'calls in order';
  const x = (last: boolean): object => ({
    field: 'start',
    type: 'quantitative',
    scale: { domain: [begin / scale, end / scale], nice: false },
    axis: last
      ? { title: axisTitle, tickCount: width < 500 ? 5 : 10, grid: false }
      : { labels: false, title: null, ticks: false, grid: false },
  });
  const panel = (field: 'handled' | 'failed', title: string, colour: string, last: boolean): object => ({
    title,
    width: width - 60,
    height: last ? 70 : 90,
    layer: [
      ...(blind.shades.length > 0 ? [shadeLayer(blind, (bin) => place(fine.length, bin))] : []),
      {
        data: { values: values.filter((bin) => bin[field] > 0) },
        mark: { type: 'rect', color: colour },
        encoding: {
          x: x(last),
          x2: { field: 'end' },
          y: {
            field,
            type: 'quantitative',
            title: null,
            axis: { tickCount: 3, tickMinStep: 1, minExtent: 34, maxExtent: 34, format: '~s' },
            scale: { zero: true },
          },
          y2: { datum: 0 },
        },
      },
    ],
  });
  // Loss is a CPU's own: one row for each that lost events.
  const losses = {
    title: 'events are missing, by CPU',
    width: width - 60,
    height: shown.length * 12,
    data: {
      values: shown.flatMap(({ runs }, row) =>
        runs.map(({ from, to }) => ({
          start: place(fine.length, from),
          end: place(fine.length, to),
          top: row + 0.1,
          bottom: row + 0.9,
        })),
      ),
    },
    mark: { type: 'rect', color: colours.grey },
    encoding: {
      x: x(true),
      x2: { field: 'end' },
      y: {
        field: 'top',
        type: 'quantitative',
        title: null,
        scale: { domain: [0, shown.length], reverse: true, nice: false },
        axis: {
          values: shown.map((_, row) => row + 0.5),
          labelExpr: `${JSON.stringify(shown.map(({ cpu }) => String(cpu)))}[floor(datum.value)]`,
          labelOverlap: false,
          grid: false,
          ticks: false,
          minExtent: 34,
          maxExtent: 34,
        },
      },
      y2: { field: 'bottom' },
    },
  };
  const failed = values.reduce((sum, bin) => sum + bin.failed, 0);
  const coarse = binned(tableBins);
  const mark = (i: number): string => {
    const value = begin + (i / tableBins) * (end - begin);
    return seconds ? duration(value) : count(Math.round(value));
  };
  return {
    id: 'timeline',
    title: 'When calls ran, and when they failed',
    finding: finding(coarse, mark, history.observed.calls !== 'unknown', seconds, timed, blind.losses),
    tables: [
      table(
        [seconds ? 'start' : timed ? 'start (clock units)' : 'first call', 'end', 'calls>', 'folios>', 'failed>'],
        calls.length === 0
          ? []
          : coarse.map((bin, i) => [mark(i), mark(i + 1), count(bin.calls), count(bin.handled), count(bin.failed)]),
      ),
    ],
    spec:
      values.length === 0
        ? undefined
        : spec({
            spacing: 8,
            vconcat: [
              panel('handled', 'folios handled', colours.sky, failed === 0 && shown.length === 0),
              ...(failed > 0 ? [panel('failed', 'folios failed in calls', colours.vermilion, shown.length === 0)] : []),
              ...(shown.length > 0 ? [losses] : []),
            ],
          }),
  };
};

function finding(
  bins: readonly Bin[],
  mark: (i: number) => string,
  observed: boolean,
  seconds: boolean,
  timed: boolean,
  losses: number,
): string {
  const calls = bins.reduce((sum, bin) => sum + bin.calls, 0);
  if (calls === 0) return observed ? 'There was no call to place in time.' : 'Calls are not recorded in this capture.';
  const failed = bins.reduce((sum, bin) => sum + bin.failed, 0);
  const clock = seconds
    ? ''
    : timed
      ? " The capture's clock gives an order and no durations."
      : ' The capture has no times; calls stand in their order.';
  const shaded = shadeSentence(losses);
  if (failed === 0) return `${many(calls, 'call')} ran and no folio is known to have failed in them.${clock}${shaded}`;
  let worst = 0;
  for (let i = 1; i < bins.length; i++) if (bins[i]!.failed > bins[worst]!.failed) worst = i;
  const share = bins[worst]!.failed / failed;
  const when = `between ${mark(worst)} and ${mark(worst + 1)}`;
  const spread = bins.filter((bin) => bin.failed > 0).length;
  const where =
    spread === 1
      ? `all fell ${when}`
      : `${percent(share)} fell ${when}, and ${spread} of ${bins.length} equal parts of the time between the first call and the last have some`;
  return failed === 1
    ? `The one failure of a single call fell ${when}.${clock}${shaded}`
    : `Of ${count(failed)} failures of single calls, ${where}.${clock}${shaded}`;
}
