/**
 * Two captures of one workload set against each other as they were recorded, without any model: request by request where both
 * want the same, and as a whole. Of several captures a side only the wholes are compared, each being one run.
 */
import { uniform } from '../base/random.ts';
import { type Cause, causes, type History } from '../history/facts.ts';
import { blameOf } from '../replay/blame.ts';
import { demandOf, type Unit } from '../replay/demand.ts';
import { type Metric, metrics } from '../replay/outcome.ts';
import { recordedPolicy } from '../replay/recorded.ts';
import { align, wishesOf } from './align.ts';
import type { Interval } from './comparison.ts';
import { type Measures, measuresByUnit, totalOf } from './measures.ts';
import { percentileInterval, quantile } from './statistics.ts';
import { differenceOfMeans } from './two-samples.ts';
import { type Run, type Spread, spreadOf } from './validate.ts';

/** What a capture can count by itself. */
const compared: readonly Metric[] = [
  'failedFolios',
  'failedRequests',
  'movedFolios',
  'pagesFailed',
  'calls',
  'episodes',
  'entryWaits',
  'lockWaits',
  'stall',
  'allCpuDrains',
  'busyRetries',
  'busyAllocations',
  'timeUnderEntries',
  'callTime',
];

export interface DiffRow {
  readonly metric: Metric;
  readonly unit: string;
  /** In the whole capture. */
  readonly a: number;
  readonly b: number;
  /** B less A over the aligned requests, with its interval (`bootstrapSums`); NaN ends where too few are aligned. */
  readonly difference: Interval;
}

/** How long things of one sort took: how many, and quantiles in ns. */
export interface Lengths {
  readonly count: number;
  readonly median: number;
  readonly p90: number;
}

export interface Diff {
  readonly a: string;
  readonly b: string;
  readonly recorded: { readonly a: string; readonly b: string };
  readonly seed: number;
  readonly level: number;
  /** Requests by kind: paired, how many of those want exactly the same as far as is known, and without a partner. */
  readonly alignment: readonly {
    readonly kind: string;
    readonly paired: number;
    readonly exact: number;
    readonly onlyA: number;
    readonly onlyB: number;
  }[];
  /** What became of paired requests: `failed` = something stayed where it was, or it was told so. */
  readonly outcomes: {
    readonly bothDone: number;
    readonly onlyAFailed: number;
    readonly onlyBFailed: number;
    readonly bothFailed: number;
  };
  readonly rows: readonly DiffRow[];
  /** Metrics that one of the captures cannot tell. */
  readonly silent: readonly Metric[];
  /** Expected number of failures by cause, of the whole captures. */
  readonly blame: readonly { readonly cause: Cause; readonly a: number; readonly b: number }[];
  /** Facts of the whole captures, counted. */
  readonly counts: readonly { readonly what: string; readonly a: number; readonly b: number }[];
  readonly lengths: readonly { readonly what: string; readonly a: Lengths; readonly b: Lengths }[];
  readonly remarks: readonly string[];
}

/** Of fewer aligned requests nothing is said about chance. */
export const fewestPairs = 5;

/**
 * @throws ScenarioError when nothing says which kernel recorded a capture.
 */
export function diff(a: History, b: History, { seed = 1, level = 0.95 }: { seed?: number; level?: number } = {}): Diff {
  const [sideA, sideB] = [sideOf(a), sideOf(b)];
  const { pairs, onlyA, onlyB } = align(wishesOf(sideA.units), wishesOf(sideB.units));
  const kinds = [...new Set([...sideA.units, ...sideB.units].map(({ model }) => model))].sort();
  const isKind = (units: readonly Unit[], kind: string) => (place: number) => units[place]!.model === kind;
  const alignment = kinds.map((kind) => {
    const own = pairs.filter((pair) => isKind(sideA.units, kind)(pair.a));
    return {
      kind,
      paired: own.length,
      exact: own.filter(({ alike }) => alike === 1).length,
      onlyA: onlyA.filter(isKind(sideA.units, kind)).length,
      onlyB: onlyB.filter(isKind(sideB.units, kind)).length,
    };
  });
  const columns = compared.map((metric) =>
    Float64Array.from(pairs, (pair) => sideB.measures[pair.b]![metric] - sideA.measures[pair.a]![metric]),
  );
  const intervals = bootstrapSums(columns, seed, level);
  const [totalA, totalB] = [totalOf(a, sideA.measures), totalOf(b, sideB.measures)];
  const isTold = (metric: Metric) => !Number.isNaN(totalA[metric] + totalB[metric]);
  const failed = (measures: Measures) => measures.failedRequests > 0;
  const outcomes = pairs.map((pair) => `${failed(sideA.measures[pair.a]!)} ${failed(sideB.measures[pair.b]!)}`);
  const share = pairs.length / Math.max(1, Math.min(sideA.units.length, sideB.units.length));
  return {
    a: a.capture.source,
    b: b.capture.source,
    recorded: { a: sideA.recorded, b: sideB.recorded },
    seed,
    level,
    alignment,
    outcomes: {
      bothDone: outcomes.filter((one) => one === 'false false').length,
      onlyAFailed: outcomes.filter((one) => one === 'true false').length,
      onlyBFailed: outcomes.filter((one) => one === 'false true').length,
      bothFailed: outcomes.filter((one) => one === 'true true').length,
    },
    rows: compared
      .map((metric, i) => ({
        metric,
        unit: metrics[metric].unit,
        a: totalA[metric],
        b: totalB[metric],
        difference: intervals[i]!,
      }))
      .filter(({ metric }) => isTold(metric)),
    silent: compared.filter((metric) => !isTold(metric)),
    blame: blameRows(a, b),
    counts: countRows(a, b),
    lengths: lengthRows(a, b),
    remarks: [
      ...(pairs.length < fewestPairs ? [`Of ${pairs.length} aligned requests nothing is said about chance.`] : []),
      ...(share < 2 / 3
        ? [
            `Only ${pairs.length} of ${sideA.units.length} and ${sideB.units.length} requests want the same: this may not be one workload, or not with one seed.`,
          ]
        : []),
      ...unlikeFacts(a, b),
      ...durationRemarks([a, b]),
    ],
  };
}

function sideOf(history: History): { units: readonly Unit[]; measures: readonly Measures[]; recorded: string } {
  const { policy } = recordedPolicy(history.capture);
  const { units } = demandOf(history);
  return { units, measures: measuresByUnit(history, units, policy), recorded: policy.name };
}

/**
 * Sums of columns that hold one number an aligned request, with intervals of the bootstrap (Efron and Tibshirani, An
 * Introduction to the Bootstrap, chapter 13): as many requests drawn from them, with replacement, again and again, the same ones for
 * every column. It asks for requests that do not hang together; requests of one run partly do. Every draw is keyed.
 */
export function bootstrapSums(columns: readonly Float64Array[], seed: number, level: number): Interval[] {
  const n = columns[0]?.length ?? 0;
  const sums = columns.map((column) => column.reduce((sum, value) => sum + value, 0));
  if (n < fewestPairs) return sums.map((estimate) => ({ estimate, low: Number.NaN, high: Number.NaN }));
  const resamples = Math.max(200, Math.min(2000, Math.floor(4e6 / n)));
  const drawn = columns.map(() => new Float64Array(resamples));
  for (let r = 0; r < resamples; r++) {
    for (let k = 0; k < n; k++) {
      const request = Math.floor(uniform(seed, 'bootstrap', r, k) * n);
      for (let c = 0; c < columns.length; c++) drawn[c]![r]! += columns[c]![request]!;
    }
  }
  return drawn.map((values, c) => ({ ...percentileInterval(values, level), estimate: sums[c]! }));
}

function blameRows(a: History, b: History): Diff['blame'] {
  const [ofA, ofB] = [blameOf(a), blameOf(b)];
  return causes
    .map((cause, i) => ({
      cause,
      a: ofA.reduce((sum, posterior) => sum + posterior[i]!, 0),
      b: ofB.reduce((sum, posterior) => sum + posterior[i]!, 0),
    }))
    .filter((row) => Math.max(row.a, row.b) > 0.005)
    .sort((x, y) => y.a + y.b - x.a - x.b);
}

/** What is counted, and the sort of fact that it is; what one capture shows and the other only suggests is not set side by side. */
function countRows(a: History, b: History): Diff['counts'] {
  const of = (what: string, fact: keyof History['observed'], count: (history: History) => number) => ({
    what,
    fact,
    a: count(a),
    b: count(b),
  });
  const episodes = (outcome: string) => (history: History) =>
    history.episodes.filter((episode) => episode.outcome === outcome).length;
  const waits = (on: 'entry' | 'lock') => (history: History) => history.waits.filter((wait) => wait.on === on).length;
  const drains = (scope: string) => (history: History) =>
    history.drains.filter((drain) => drain.scope === scope).length;
  return [
    of('requests', 'requests', ({ requests }) => requests.filter(({ parent }) => parent < 0).length),
    of('calls that failed pages', 'calls', ({ calls }) => calls.filter(({ failed }) => failed > 0).length),
    of('episodes that moved', 'episodes', episodes('moved')),
    of('episodes undone', 'episodes', episodes('undone')),
    of('sleeps on entries', 'entryWaits', waits('entry')),
    of('sleeps for folio locks', 'lockWaits', waits('lock')),
    of('drains of one CPU', 'drains', drains('local')),
    of('drains of all CPUs', 'drains', drains('all')),
    of('disablings of caches', 'windows', drains('disable')),
  ]
    .filter(({ fact }) => a.observed[fact] === b.observed[fact] && a.observed[fact] !== 'unknown')
    .map(({ what, a, b }) => ({ what, a, b }));
}

/** Sorts of facts that the two captures show with different certainty. */
function unlikeFacts(a: History, b: History): string[] {
  const unlike = (Object.keys(a.observed) as (keyof History['observed'])[]).filter(
    (fact) => a.observed[fact] !== b.observed[fact],
  );
  if (unlike.length === 0) return [];
  const each = unlike.map((fact) => `${fact} (${a.observed[fact]}, ${b.observed[fact]})`);
  return [
    `The captures do not show the same sorts of facts, so that a difference may be of what was recorded: ${each.join(', ')}.`,
  ];
}

function lengthRows(a: History, b: History): Diff['lengths'] {
  const of = (what: string, items: (history: History) => readonly { start: number; end: number }[]) => ({
    what,
    a: lengthsOf(items(a)),
    b: lengthsOf(items(b)),
  });
  return [
    of('request', ({ requests }) => requests.filter(({ parent }) => parent < 0)),
    of('call', ({ calls }) => calls),
    of('episode', ({ episodes }) => episodes),
    of('wait on an entry', ({ waits }) => waits.filter(({ on }) => on === 'entry')),
    of('wait for a folio lock', ({ waits }) => waits.filter(({ on }) => on === 'lock')),
    of('drain of all CPUs', ({ drains }) => drains.filter(({ scope }) => scope !== 'local')),
  ].filter((row) => row.a.count + row.b.count > 0);
}

function lengthsOf(items: readonly { readonly start: number; readonly end: number }[]): Lengths {
  const times = Float64Array.from(
    items.map(({ start, end }) => end - start).filter((time) => !Number.isNaN(time)),
  ).sort();
  return { count: times.length, median: quantile(times, 0.5), p90: quantile(times, 0.9) };
}

/** What durations of these captures are worth. */
export function durationRemarks(histories: readonly History[]): string[] {
  const emulators = [...new Set(histories.flatMap(({ capture }) => capture.emulator?.value ?? []))];
  const units = new Set(histories.map(({ capture }) => capture.clock.unit));
  return [
    ...(emulators.length > 0
      ? [
          `Recorded on an emulated machine (${emulators.join(', ')}): counts and orders are the kernel's, durations say nothing of a device.`,
        ]
      : []),
    ...(units.size > 1 || !units.has('ns')
      ? ['Not every capture has times in nanoseconds: durations cannot be compared.']
      : []),
  ];
}

/** One metric of several captures a side. */
export interface RunsRow {
  readonly metric: Metric;
  readonly unit: string;
  readonly a: Spread;
  readonly b: Spread;
  readonly difference: Interval;
}

/** Several captures a side, each as a whole; metrics that all of them tell. */
export function diffRuns(a: readonly Run[], b: readonly Run[], level = 0.95): RunsRow[] {
  return compared
    .map((metric) => {
      const [before, after] = [a, b].map((runs) => spreadOf(runs.map(({ measures }) => measures[metric])));
      return {
        metric,
        unit: metrics[metric].unit,
        a: before!,
        b: after!,
        difference: differenceOfMeans(before!.runs, after!.runs, level),
      };
    })
    .filter(({ difference }) => !Number.isNaN(difference.estimate));
}
