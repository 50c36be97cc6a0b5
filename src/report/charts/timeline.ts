/** When calls ran, when they failed and when the capture was blind: equal bins of the time from the first call to the last. */

import type { History } from '../../history/facts.ts';
import { factsId } from '../evidence-id.ts';
import { count, duration, list, many, percent } from '../numbers.ts';
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

/** A call, or a request that works without calls; where it stands on the axis, and where each of its folios does. */
interface Work {
  readonly isCall: boolean;
  /** When it began, or else when it ended. */
  readonly at: number;
  readonly folios: readonly { readonly at: number; readonly failed: boolean }[];
}

/** A folio was handled when its last entry went back or its last attempt returned, else when its call did. */
function worksOf({ calls, requests, episodes, attempts, capture }: History): Work[] {
  const timed = capture.clock.unit !== 'none';
  const known = (...times: readonly (number | undefined)[]): number =>
    times.find((time) => time !== undefined && !Number.isNaN(time)) ?? Number.NaN;
  const silent = requests.flatMap(({ start, end, withoutCalls }) =>
    withoutCalls === undefined ? [] : [{ start, end, folios: withoutCalls.folios, isCall: false }],
  );
  // Without time the order of calls is all there is: the n-th stands at n.
  const all = [...calls.map(({ start, end, folios }) => ({ start, end, folios, isCall: true })), ...silent];
  return all.map(({ start, end, folios, isCall }, n) => ({
    isCall,
    at: timed ? known(start, end) : n,
    folios: folios.map((folio) => {
      const last = known(episodes[folio.episodes.at(-1) ?? -1]?.end, attempts[folio.attempts.at(-1) ?? -1]?.end);
      return { at: timed ? known(last, end, start) : n, failed: folio.outcome === 'failed' };
    }),
  }));
}

export const timeline: Chart = ({ history }, width = widths.wide) => {
  const { capture } = history;
  const timed = capture.clock.unit !== 'none';
  const works = worksOf(history);
  // Only the span in which calls ran: a capture often starts long before its first call.
  let begin = timed ? Number.POSITIVE_INFINITY : 0;
  let end = Number.NEGATIVE_INFINITY;
  for (const { at, folios } of works) {
    for (const time of [at, ...folios.map((folio) => folio.at)]) {
      if (time < begin) begin = time;
      if (time > end) end = time;
    }
  }
  if (!Number.isFinite(begin)) begin = 0;
  end = Math.max(end, begin) + 1;
  const seconds = capture.clock.unit === 'ns';
  /** Folios at their own times; with `byCall` those of calls, when their calls began. */
  const binned = (n: number, byCall = false): Bin[] => {
    const bins = Array.from({ length: n }, () => ({ calls: 0, handled: 0, failed: 0 }));
    // Undefined of what has no time.
    const binAt = (time: number): Bin | undefined =>
      bins[Math.min(n - 1, Math.max(0, Math.floor(((time - begin) / (end - begin)) * n)))];
    for (const { at, folios, isCall } of works) {
      if (byCall && !isCall) continue;
      const bin = binAt(at);
      if (bin !== undefined) bin.calls++;
      for (const folio of folios) {
        const own = byCall ? bin : binAt(folio.at);
        if (own === undefined) continue;
        own.handled++;
        if (folio.failed) own.failed++;
      }
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
    title: 'When folios were handled, and when they failed',
    finding: finding(history, coarse, mark, blind.losses),
    tables: [
      table(
        [
          seconds ? 'start' : timed ? 'start (clock units)' : 'first call',
          'end',
          'calls begun>',
          'their folios>',
          'failed>',
        ],
        history.calls.length === 0
          ? []
          : binned(tableBins, true).map((bin, i) => [
              mark(i),
              mark(i + 1),
              count(bin.calls),
              count(bin.handled),
              count(bin.failed),
            ]),
        // Calls without times have only an order.
        timed && history.calls.length > 0 ? { evidence: coarse.map((_, i) => behindBin(begin, end, i)) } : {},
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

/** Calls and folios of a row of the table: times are whole numbers, so its ends may be. */
function behindBin(begin: number, end: number, i: number): (string | undefined)[] {
  const edge = (n: number): number => Math.ceil(begin + (n / tableBins) * (end - begin));
  const within = { from: edge(i), to: edge(i + 1) };
  const folios = (outcome?: string): string => factsId('folios', { by: 'call', outcome, ...within });
  return [undefined, undefined, factsId('calls', within), folios(), folios('failed')];
}

function finding(history: History, bins: readonly Bin[], mark: (i: number) => string, losses: number): string {
  const { capture, observed, calls, requests } = history;
  const silent = requests.filter(({ withoutCalls }) => withoutCalls !== undefined).length;
  if (calls.length + silent === 0)
    return observed.calls === 'unknown'
      ? 'Calls are not recorded in this capture.'
      : 'There was no call to place in time.';
  const failed = bins.reduce((sum, bin) => sum + bin.failed, 0);
  const clock = {
    ns: '',
    integer: " The capture's clock gives an order and no durations.",
    none: ' The capture has no times; calls stand in their order.',
  }[capture.clock.unit];
  const shaded = shadeSentence(losses);
  const ran = [
    ...(calls.length > 0 ? [many(calls.length, 'call')] : []),
    ...(silent > 0 ? [many(silent, 'request without calls', 'requests without calls')] : []),
  ];
  if (failed === 0) return `${list(ran)} ran and no folio is known to have failed in them.${clock}${shaded}`;
  let worst = 0;
  for (let i = 1; i < bins.length; i++) if (bins[i]!.failed > bins[worst]!.failed) worst = i;
  const share = bins[worst]!.failed / failed;
  const when = `between ${mark(worst)} and ${mark(worst + 1)}`;
  const spread = bins.filter((bin) => bin.failed > 0).length;
  const where =
    spread === 1
      ? `all fell ${when}`
      : `${percent(share)} fell ${when}, and ${spread} of ${bins.length} equal parts of the time from the first call to the end of the last have some`;
  return failed === 1
    ? `The one failure of a single call fell ${when}.${clock}${shaded}`
    : `Of ${count(failed)} failures of single calls, ${where}.${clock}${shaded}`;
}
