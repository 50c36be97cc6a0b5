/**
 * A policy predicted from recordings under another one, set against recordings under it: for each metric the difference that
 * was predicted, the difference that there was, and how far real runs of one policy differ among themselves.
 */
import { TraceError } from '../base/errors.ts';
import type { History } from '../history/facts.ts';
import type { Policy } from '../policies/policy.ts';
import { type Metric, metricNames, metrics, modelVersion } from '../replay/outcome.ts';
import { recordedPolicy } from '../replay/recorded.ts';
import { replayStage } from '../replay/replay.ts';
import { stageOf } from '../replay/stage.ts';
import { holdsDemand } from '../replay/without-calls.ts';
import { refuse } from './answer.ts';
import { type PolicyMaker, usualDraws } from './compare.ts';
import type { Interval } from './comparison.ts';
import { identify } from './identify.ts';
import { type Measures, measuresOf } from './measures.ts';
import { mean } from './statistics.ts';
import { chanceOfSeparation, differenceOfMeans, fewestRuns, meanOverRuns, oneMoreRun } from './two-samples.ts';

/** What is set against real runs: what kernels and their probes count, so that a recording and a replay count the same. */
export const validated: readonly Metric[] = [
  'pagesFailed',
  'calls',
  'episodes',
  'entryWaits',
  'lockWaits',
  'allCpuDrains',
  'busyRetries',
  'busyAllocations',
  'callTime',
];

/** One recording: who made it, under which policy, and what it counted. */
export interface Run {
  readonly source: string;
  readonly recorded: Policy;
  readonly measures: Measures;
}

/** What the replay of one recording says of another policy: by draw, its number less the recorded policy's, with the same luck. */
export type Prediction = Readonly<Record<Metric, Float64Array>>;

/** Real runs of one side, and how they spread. */
export interface Spread {
  readonly runs: readonly number[];
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

export interface ValidationRow {
  readonly metric: Metric;
  readonly unit: string;
  readonly a: Spread;
  readonly b: Spread;
  /** For one run of B: what a run of A recorded and the difference that it predicts, over the runs of A (`oneMoreRun`). */
  readonly predictedB: Interval;
  /** Real runs of B that lie in it. */
  readonly covered: number;
  /** B - A: real, and predicted; `differenceOfMeans` and `meanOverRuns` say how. */
  readonly real: Interval;
  readonly predicted: Interval;
  /** Whether the prediction has the sign of the real difference, where the real interval leaves zero out. */
  readonly sign: 'right' | 'wrong' | 'not tellable';
  /** Whether the predicted interval leaves zero out, so that the prediction tells a sign by itself. */
  readonly told: boolean;
  /** Whether the two intervals overlap; false where there are not two. */
  readonly inside: boolean;
}

export interface Validation {
  readonly modelVersion: number;
  /** The policy that was predicted. */
  readonly policy: string;
  readonly a: { readonly sources: readonly string[]; readonly recorded: readonly string[] };
  readonly b: { readonly sources: readonly string[]; readonly recorded: readonly string[] };
  /** By run of A. */
  readonly draws: readonly number[];
  readonly seed: number;
  readonly level: number;
  /** Every metric that both sides can tell. */
  readonly rows: readonly ValidationRow[];
  /** Metrics that one side cannot tell. */
  readonly silent: readonly Metric[];
  readonly remarks: readonly string[];
}

/**
 * @throws ScenarioError when nothing says which kernel recorded the capture.
 */
export function runOf(history: History): Run {
  const { policy } = recordedPolicy(history.capture);
  return { source: history.capture.source, recorded: policy, measures: measuresOf(history, policy) };
}

export interface PredictOptions {
  /** By default as many as `compare` would take. */
  readonly draws?: number;
  readonly seed: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Predicts policies from one recording; makers get the recorded policy to be laid over. A prediction each, in order.
 *
 * @throws TraceError when the capture holds nothing to replay, or cannot feed one of the policies.
 */
export function predict(
  history: History,
  makers: readonly PolicyMaker[],
  options: PredictOptions,
): { policies: Policy[]; predictions: Prediction[]; draws: number } {
  const { capture } = history;
  if (!holdsDemand(history)) {
    throw new TraceError(
      'nothing-to-replay',
      { file: capture.source },
      'holds no migrate_pages call: nothing to predict from',
    );
  }
  const { seed, onProgress } = options;
  const { policy: recorded } = recordedPolicy(capture);
  const lay = capture.pageSize === undefined ? {} : { pageSize: capture.pageSize.value };
  const policies = makers.map((make) => make(recorded, lay));
  const axes = identify(history);
  for (const policy of policies) {
    const refusal = refuse(history, policy, recorded, axes);
    if (refusal === undefined) continue;
    throw new TraceError(
      'cannot-feed',
      { file: capture.source },
      `cannot be replayed under ${policy.name}: it lacks ${refusal.missing.join(' and ')}`,
      refusal.record,
    );
  }
  const stage = stageOf(history, recorded, seed);
  const draws = options.draws ?? usualDraws(stage, policies.length + 1);
  const [base, ...others] = replayStage(stage, [recorded, ...policies], {
    draws,
    seed,
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  const predictions = others.map(
    ({ totals }) =>
      Object.fromEntries(
        metricNames.map((name) => [name, totals[name].map((value, draw) => value - base!.totals[name][draw]!)]),
      ) as Record<Metric, Float64Array>,
  );
  return { policies, predictions, draws };
}

/** One row of a validation: recorded runs of both sides, and the differences that each run of A predicts, draw by draw. */
export function judge(
  metric: Metric,
  a: readonly Run[],
  b: readonly Run[],
  predictions: readonly Prediction[],
  level: number,
): ValidationRow {
  const before = spreadOf(a.map(({ measures }) => measures[metric]));
  const after = spreadOf(b.map(({ measures }) => measures[metric]));
  const draws = predictions.map((prediction) => prediction[metric]);
  const real = differenceOfMeans(before.runs, after.runs, level);
  const predicted = meanOverRuns(draws, level);
  const agrees = Math.sign(real.estimate) === Math.sign(predicted.estimate);
  const predictedB = oneMoreRun(
    draws.map((own, i) => own.map((difference) => before.runs[i]! + difference)),
    level,
  );
  return {
    metric,
    unit: metrics[metric].unit,
    a: before,
    b: after,
    predictedB,
    covered: after.runs.filter((value) => predictedB.low <= value && value <= predictedB.high).length,
    real,
    predicted,
    sign: leavesZeroOut(real) ? (agrees ? 'right' : 'wrong') : 'not tellable',
    told: leavesZeroOut(predicted),
    inside: predicted.low <= real.high && real.low <= predicted.high,
  };
}

function leavesZeroOut({ low, high }: Interval): boolean {
  return low > 0 || high < 0;
}

/** Mean and reach of runs; NaN where one of them is not told. */
export function spreadOf(runs: readonly number[]): Spread {
  return { runs, mean: mean(runs), low: Math.min(...runs), high: Math.max(...runs) };
}

export interface ValidateOptions {
  readonly draws: readonly number[];
  readonly seed: number;
  readonly level?: number;
}

/** All rows of a validation, with what has to be said about it. `policy` is what the predictions are of. */
export function validate(
  policy: Policy,
  a: readonly Run[],
  b: readonly Run[],
  predictions: readonly Prediction[],
  { draws, seed, level = 0.95 }: ValidateOptions,
): Validation {
  const rows = validated.map((metric) => judge(metric, a, b, predictions, level));
  const isTold = ({ real, predicted }: ValidationRow) => !Number.isNaN(real.estimate + predicted.estimate);
  const side = (runs: readonly Run[]) => ({
    sources: runs.map(({ source }) => source),
    recorded: [...new Set(runs.map(({ recorded }) => recorded.name))],
  });
  return {
    modelVersion,
    policy: policy.name,
    a: side(a),
    b: side(b),
    draws,
    seed,
    level,
    rows: rows.filter(isTold),
    silent: rows.filter((row) => !isTold(row)).map(({ metric }) => metric),
    remarks: remarksOf(policy, a, b),
  };
}

function remarksOf(policy: Policy, a: readonly Run[], b: readonly Run[]): string[] {
  const remarks: string[] = [];
  const others = [...new Set(b.map(({ recorded }) => recorded.name))].filter((name) => name !== policy.name);
  if (others.length > 0) {
    remarks.push(
      `What is held against the prediction was recorded under ${others.join(', ')}, not under ${policy.name}.`,
    );
  }
  if (new Set(a.map(({ recorded }) => recorded.name)).size > 1)
    remarks.push('The runs predicted from were recorded under several policies; each is replayed from its own.');
  return [...remarks, ...chanceRemarks(a.length, b.length)];
}

/** What few runs a side cannot tell. */
export function chanceRemarks(a: number, b: number): string[] {
  const fewest = Math.min(a, b);
  if (fewest >= fewestRuns) return [];
  if (fewest < 2) return ['One run a side has no spread: no real difference can be told from chance.'];
  const chance = Math.round(1 / chanceOfSeparation(a, b));
  return [
    `With ${a} and ${b} runs intervals are ranges, and a difference is told only where the ranges of the runs do not touch, which those of one and the same policy do as well, once in ${chance}.`,
  ];
}
