/**
 * One world, the whole way: run under its kernel, written as a capture, read, worked out, replayed; and the truth, from the
 * same world with the same luck under each policy. What comes of it is where each truth lies among the draws.
 */
import { uniform } from '../../src/base/random.ts';
import { mean, percentileInterval } from '../../src/compare/statistics.ts';
import type { History } from '../../src/history/facts.ts';
import { workOut } from '../../src/history/history.ts';
import type { CounterName } from '../../src/model/counters.ts';
import { resolvePolicy } from '../../src/policies/policies.ts';
import type { Policy } from '../../src/policies/policy.ts';
import { readBytes } from '../../src/read/bytes.ts';
import { demandOf, finallyOf, timesGivenUp } from '../../src/replay/demand.ts';
import { replayStage } from '../../src/replay/replay.ts';
import { eventsOf } from '../../src/replay/scenario/events.ts';
import { type Recording, recordScenario } from '../../src/replay/scenario/record.ts';
import type { Scenario } from '../../src/replay/scenario/scenario.ts';
import { stageOf } from '../../src/replay/stage.ts';
import { totalNames, withheld } from '../../src/replay/withheld.ts';
import { ftraceText } from '../../src/write/emit/ftrace.ts';
import type { World, WorldKind } from './prior.ts';

/** Of the middle intervals that are scored. */
export const levels = [0.5, 0.8, 0.95] as const;

/** What is scored of a policy: of the first, what the capture of a run under it says; of the rest, what the model counted. */
const told = ['failedFolios', 'movedFolios', 'calls', 'episodes', 'pagesFailed'] as const;
const counted = ['moveAttempts', 'timeUnderEntries', 'drainWorks'] as const satisfies readonly CounterName[];

/** Where one truth lies among its draws. */
export interface Score {
  readonly world: number;
  readonly kind: WorldKind;
  /** `one fold`, `all folds`: the recorded policy without outcomes; else the policy that was predicted. */
  readonly what: string;
  readonly metric: string;
  readonly truth: number;
  /** Mean of the draws. */
  readonly mean: number;
  /** Share of draws below the truth, with a share by luck of those that are equal to it: in (0, 1). */
  readonly rank: number;
  /** By level: whether the truth lies in the middle interval. */
  readonly inside: readonly boolean[];
  /** All draws are equal: nothing was left open. */
  readonly settled: boolean;
}

export interface ScoreOptions {
  readonly seed: number;
  readonly draws: number;
  /** Scores the recorded policy without the outcomes of one fold, and nothing else. */
  readonly oneFold?: boolean;
}

/** Requests are in so many folds, of which one is predicted. */
const folds = 4;

/** How many requests a scenario makes. */
export function requestsOf({ requests }: Scenario): number {
  return requests.reduce((sum, { at }) => sum + ('count' in at ? at.count : at.length), 0);
}

/** A recording as the capture that a kernel would have written, read back. */
export async function historyOf(recording: Recording, { kernel, machine }: Scenario): Promise<History> {
  const encoder = new TextEncoder();
  const pieces = (async function* () {
    for (const piece of ftraceText(eventsOf(recording), recording)) yield encoder.encode(piece);
  })();
  return workOut(await readBytes('world', pieces, { kernelVersion: kernel, pageSize: machine.pageSize }));
}

/** The place of a truth among draws, ties split by `u`: uniform if the truth is one more of them (Talts et al. 2018). */
export function rankOf(truth: number, draws: Float64Array, u: number): number {
  let below = 0;
  let equal = 0;
  for (const value of draws) {
    if (value < truth) below++;
    else if (value === truth) equal++;
  }
  // The truth is one of equal + 1 that are alike; any place among them, and within its place, is as good as another.
  return (below + u * (equal + 1)) / (draws.length + 1);
}

/** What happened under a policy. */
function truthOf(
  recording: Recording,
  history: History,
  policy: Policy,
  requests: number,
): ReadonlyMap<string, number> {
  const truth = new Map<string, number>(counted.map((name) => [name, 0]));
  for (let run = 0; run < requests; run++) {
    const counters = recording.result(run)?.counters;
    for (const name of counted) truth.set(name, truth.get(name)! + (counters?.[name] ?? Number.NaN));
  }
  let failedFolios = 0;
  let movedFolios = 0;
  for (const unit of demandOf(history).units) {
    for (const member of unit.members) {
      failedFolios += timesGivenUp(unit, member, policy.decisions.contiguousTries);
      if (!member.latent && finallyOf(unit, member) === 'moved') movedFolios++;
    }
  }
  truth.set('failedFolios', failedFolios).set('movedFolios', movedFolios).set('calls', history.calls.length);
  truth.set('episodes', history.episodes.length);
  return truth.set(
    'pagesFailed',
    history.calls.reduce((sum, { failed }) => sum + failed, 0),
  );
}

/** A truth, and what was predicted of it. */
export interface Prediction {
  readonly what: string;
  readonly metric: string;
  readonly truth: number;
  readonly drawn: Float64Array;
}

/** What is predicted of one world, policy by policy and metric by metric; what cannot be told is left out. */
export async function predictionsOf(
  world: World,
  { seed, draws, oneFold = false }: ScoreOptions,
): Promise<Prediction[]> {
  const { scenario, alternatives, number } = world;
  const lay = { pageSize: scenario.machine.pageSize };
  const base = resolvePolicy(`linux-${scenario.kernel}`, undefined, lay);
  const run = (policy: Policy) => recordScenario(scenario, policy, { seed: number });
  const requests = requestsOf(scenario);
  const stage = stageOf(await historyOf(run(base), scenario), base, seed);
  const predictions: Prediction[] = [];
  const add = (what: string, metric: string, truth: number, drawn: Float64Array) => {
    if (!Number.isNaN(truth) && !Number.isNaN(mean(drawn))) predictions.push({ what, metric, truth, drawn });
  };
  for (const [what, only] of [
    ['one fold', { only: 0 }],
    ['all folds', {}],
  ] as const) {
    if (oneFold && what !== 'one fold') continue;
    const { failures, failed, episodes, recordedEpisodes, totals } = withheld(stage, { draws, seed, folds, ...only });
    if (failed.length === 0) continue;
    const recordedFailures = failed.reduce((sum, one) => sum + one, 0);
    add(what, 'failedFolios', recordedFailures, failures);
    add(what, 'episodes', recordedEpisodes, episodes);
    for (const name of totalNames) add(what, name, totals[name].recorded, totals[name].drawn);
  }
  if (oneFold) return predictions;
  const policies = [base, ...alternatives.map((name) => resolvePolicy(name, base, lay))];
  const outcomes = replayStage(stage, policies, { draws, seed });
  for (const [place, policy] of policies.entries()) {
    const recording = run(policy);
    const truth = truthOf(recording, await historyOf(recording, scenario), policy, requests);
    const totals: Readonly<Record<string, Float64Array>> = outcomes[place]!.totals;
    for (const name of [...told, ...counted]) {
      const drawn = totals[name];
      if (drawn !== undefined) add(place === 0 ? 'recorded' : policy.name, name, truth.get(name)!, drawn);
    }
  }
  return predictions;
}

/** Where the truths of a world lie; `seed` is that of ties. */
export function scoresOf({ number, kind }: World, predictions: readonly Prediction[], seed: number): Score[] {
  return predictions.map(({ what, metric, truth, drawn }, place) => ({
    world: number,
    kind,
    what,
    metric,
    truth,
    mean: mean(drawn),
    rank: rankOf(truth, drawn, uniform(seed, 'world', number, -1 - place)),
    inside: levels.map((level) => {
      const { low, high } = percentileInterval(drawn, level);
      return low <= truth && truth <= high;
    }),
    settled: drawn.every((value) => value === drawn[0]),
  }));
}
