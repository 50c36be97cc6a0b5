/**
 * Prediction: the demand of a capture replayed under each policy, many times, each time with another draw of what the
 * capture does not show, and with the same draw for every policy.
 */
import { addTo } from '../base/groups.ts';
import type { History } from '../history/facts.ts';
import type { Policy } from '../policies/policy.ts';
import { conditionsOf } from './abduction.ts';
import { type Condition, isFree } from './condition.ts';
import type { Unit } from './demand.ts';
import { addFates, type Fates, joinedFates, noFates } from './fates.ts';
import { runUnit, type UnitOutcome } from './job.ts';
import { likenessOf, meetsAlike } from './likeness.ts';
import { type Metric, metricNames, type PolicyOutcome, type Totals } from './outcome.ts';
import { drawParameters } from './parameters.ts';
import { type Held, Memory } from './recall.ts';
import type { Scene } from './slice.ts';
import { type Stage, stageOf } from './stage.ts';
import { createWorld } from './world.ts';

export interface ReplayOptions {
  readonly draws: number;
  /** Number of the first draw, 0 unless told: parts of a replay that are put together are the whole (`joined`). */
  readonly first?: number;
  readonly seed: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Numbers of a draw, or of its calm part: metric by metric, in the order of `metricNames`. */
type Numbers = number[];

/** Sums of one policy, filled draw by draw. */
interface Sums {
  readonly byReason: Map<string, Numbers[]>;
  /** By call folio: draws in which it was given up. */
  readonly failed: Float64Array;
  readonly fates: Fates;
}

const noNumbers = (): Numbers => metricNames.map(() => 0);

function addNumbers(sums: Numbers, outcome: UnitOutcome): void {
  const { values } = outcome;
  for (let i = 0; i < metricNames.length; i++) sums[i]! += values[metricNames[i]!];
}

function count(sums: Sums, draw: number, unit: Unit, outcome: UnitOutcome): void {
  addNumbers(sums.byReason.get(unit.reason)![draw]!, outcome);
  if (outcome.quiet) return;
  unit.members.forEach((member, m) => {
    if (outcome.givenUp[m]! > 0) for (const row of member.rows) sums.failed[row]!++;
  });
}

/**
 * What is the same in every draw of one pace: the units that nothing was in the way of, under a policy that asks for nothing
 * but recorded luck. They are played once, and their numbers kept apart, so that parts of a replay add up as the whole does.
 */
interface Calm {
  /** By scene and policy: what came of it when it was calm. */
  readonly outcomes: (UnitOutcome | undefined)[];
  /** By scene and policy: 1 = so it is in every draw, and counted in `sums`. */
  readonly settled: Uint8Array;
  /** By scene: policies that are not settled. */
  readonly open: Int32Array;
  /** By policy and reason. */
  readonly sums: readonly Map<string, Numbers>[];
}

function calmOf(scenes: number, policies: number): Calm {
  return {
    outcomes: new Array<UnitOutcome | undefined>(scenes * policies).fill(undefined),
    settled: new Uint8Array(scenes * policies),
    open: new Int32Array(scenes).fill(policies),
    sums: Array.from({ length: policies }, () => new Map<string, Numbers>()),
  };
}

function settle(calm: Calm, scene: number, policy: number, reason: string, outcome: UnitOutcome): void {
  calm.settled[scene * calm.sums.length + policy] = 1;
  calm.open[scene]!--;
  const sums = calm.sums[policy]!;
  if (!sums.has(reason)) sums.set(reason, noNumbers());
  addNumbers(sums.get(reason)!, outcome);
}

/** Metrics that a capture cannot give: NaN in every draw, which says so wherever they are shown. */
export function untold({ observed, requests }: History): Set<Metric> {
  const names = new Set<Metric>();
  const isUnknown = (fact: keyof History['observed']) => observed[fact] === 'unknown';
  if (isUnknown('durations') || isUnknown('episodes')) names.add('timeUnderEntries').add('stall').add('callTime');
  if (isUnknown('entryWaits') && isUnknown('lockWaits')) names.add('stall');
  if (isUnknown('entryWaits')) names.add('entryWaits');
  if (isUnknown('lockWaits')) names.add('lockWaits');
  if (isUnknown('episodes')) names.add('episodes').add('tlbFlushes').add('entryWaits').add('lockWaits');
  if (isUnknown('batchFlushes')) names.add('drainWorks').add('lruLocks');
  const hasAreas = requests.some(({ kind }) => kind === 'cma');
  if (!hasAreas) names.add('busyRetries');
  if (!hasAreas && !requests.some(({ kind }) => kind === 'contiguous allocation')) names.add('busyAllocations');
  return names;
}

/** `calmOfDraw`: the calm part of each draw. */
function finish(
  policy: string,
  draws: number,
  sums: Sums,
  calmOfDraw: (draw: number) => ReadonlyMap<string, Numbers>,
  history: History,
): PolicyOutcome {
  const unknown = untold(history);
  const toTotals = (at: (draw: number, metric: number) => number): Totals =>
    Object.fromEntries(
      metricNames.map((name, i) => [
        name,
        Float64Array.from({ length: draws }, (_, draw) => (unknown.has(name) ? Number.NaN : at(draw, i))),
      ]),
    ) as Record<Metric, Float64Array>;
  const reasons = [...sums.byReason.keys()].sort();
  const ofReason = (reason: string, draw: number, metric: number): number =>
    sums.byReason.get(reason)![draw]![metric]! + (calmOfDraw(draw).get(reason)?.[metric] ?? 0);
  return {
    policy,
    draws,
    totals: toTotals((draw, metric) => reasons.reduce((sum, reason) => sum + ofReason(reason, draw, metric), 0)),
    byReason: reasons.map((reason) => ({
      reason,
      totals: toTotals((draw, metric) => ofReason(reason, draw, metric)),
    })),
    failed: sums.failed.map((times) => times / Math.max(1, draws)),
    fates: sums.fates,
  };
}

/** Some draws of a replay, in any order: data that can be sent. */
export interface Part {
  readonly numbers: readonly number[];
  /** By policy; its draws are these numbers, in this order. */
  readonly outcomes: readonly PolicyOutcome[];
}

/** Replays of the same policies as one, in the order of the numbers of their draws. */
export function joined(parts: readonly Part[]): PolicyOutcome[] {
  const order = parts
    .flatMap(({ numbers }, part) => numbers.map((number, at) => ({ number, part, at })))
    .sort((a, b) => a.number - b.number);
  const draws = order.length;
  const [first] = parts;
  return (first?.outcomes ?? []).map(({ policy, byReason, failed }, p) => {
    const own = parts.map(({ outcomes }) => outcomes[p]!);
    const inOrder = (of: (part: PolicyOutcome) => Totals): Totals => {
      const each = own.map(of);
      return Object.fromEntries(
        metricNames.map((name) => [name, Float64Array.from(order, ({ part, at }) => each[part]![name][at]!)]),
      ) as Record<Metric, Float64Array>;
    };
    return {
      policy,
      draws,
      totals: inOrder(({ totals }) => totals),
      byReason: byReason.map(({ reason }, r) => ({ reason, totals: inOrder((part) => part.byReason[r]!.totals) })),
      // Shares of each part's draws: whole numbers again, so that nothing hangs on how the draws were parted.
      failed: failed.map(
        (_, row) => own.reduce((sum, part) => sum + Math.round(part.failed[row]! * part.draws), 0) / draws,
      ),
      fates: joinedFates(
        own.map(({ fates }) => fates),
        order,
      ),
    };
  });
}

/** Replays the demand under each policy, conditioned on what was recorded. The same options give the same numbers. */
export function replay(
  history: History,
  policies: readonly Policy[],
  recorded: Policy,
  options: ReplayOptions,
): readonly PolicyOutcome[] {
  return replayStage(stageOf(history, recorded, options.seed), policies, options);
}

/** The draws asked for, of all policies, each draw with the same luck for every one of them. */
export function replayStage(
  stage: Stage,
  policies: readonly Policy[],
  { draws, seed, first = 0, onProgress }: ReplayOptions,
): readonly PolicyOutcome[] {
  const numbers = numbersFrom(first, draws);
  return replayDraws(stage, policies, numbers, { seed, onProgress }).outcomes;
}

export function numbersFrom(first: number, draws: number): number[] {
  return Array.from({ length: draws }, (_, i) => first + i);
}

/** Numbers of draws by their pace: those of one pace have so much in common that they are played together. */
export function byPace(numbers: readonly number[], { variants }: Stage): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (const number of numbers) addTo(groups, number % variants.length, number);
  return groups;
}

export interface DrawsOptions {
  readonly seed: number;
  /** What is remembered of draws of this pace, where all draws are of one; it serves other stages of the same capture, too. */
  readonly memory?: Memory;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Plays these draws of all policies. Those of one pace are played one behind the other, and then forgotten. */
export function replayDraws(
  stage: Stage,
  policies: readonly Policy[],
  numbers: readonly number[],
  { seed, memory, onProgress }: DrawsOptions,
): Part {
  const reasons = [...new Set(stage.scenes.map(({ unit }) => unit.reason))];
  const sums = policies.map(
    (): Sums => ({
      byReason: new Map(reasons.map((reason) => [reason, numbers.map(noNumbers)])),
      failed: new Float64Array(stage.rows),
      fates: noFates(numbers.length),
    }),
  );
  const place = new Map(numbers.map((number, i) => [number, i]));
  const calm = new Array<Calm['sums']>(numbers.length);
  let done = 0;
  for (const [pace, own] of byPace(numbers, stage)) {
    // One draw alone remembers for nobody.
    const remembered = memory ?? (own.length > 1 ? new Memory() : undefined);
    const { play, calmSums } = paceOf(stage, policies, { seed, pace, memory: remembered });
    for (const number of own) {
      calm[place.get(number)!] = calmSums;
      play(sums, number, place.get(number)!);
      onProgress?.(++done, numbers.length);
    }
  }
  return {
    numbers,
    outcomes: policies.map(({ name }, p) =>
      finish(name, numbers.length, sums[p]!, (at) => calm[at]![p]!, stage.history),
    ),
  };
}

/** How a unit is held in a draw, and what is remembered of it when it was held so. */
interface Known {
  readonly conditions: readonly Condition[];
  readonly isFree: boolean;
  readonly held: Held | undefined;
}

/** What plays draws of one pace. */
function paceOf(
  stage: Stage,
  policies: readonly Policy[],
  { seed, pace, memory }: { readonly seed: number; readonly pace: number; readonly memory: Memory | undefined },
): { readonly play: (sums: readonly Sums[], draw: number, at: number) => void; readonly calmSums: Calm['sums'] } {
  const { recorded, abduction, evidenceAt, assumed } = stage;
  const scenes = stage.variants.at(pace);
  const calm = calmOf(scenes.length, policies.length);
  const likeness = policies.map((policy) => likenessOf(policy, recorded));
  const against = policies.findIndex(({ name }) => name === recorded.name);
  const alike = policies.map((a) => policies.map((b) => meetsAlike(a.decisions, b.decisions)));
  const steady = new Map<Scene, Known>();
  const play = (sums: readonly Sums[], draw: number, at: number): void => {
    const evidence = evidenceAt[abduction.untold.levelOf(seed, draw)]!;
    const parameters = drawParameters(evidence, assumed, seed, draw, pace);
    const know = (scene: Scene): Known => {
      const conditions = conditionsOf(abduction, scene, recorded, assumed, seed, draw);
      return { conditions, isFree: conditions.every(isFree), held: memory?.of(scene, conditions, evidence) };
    };
    scenes.forEach((scene, s) => {
      if (calm.open[s] === 0) return;
      const { unit } = scene;
      let known = steady.get(scene);
      const isSteady = known !== undefined || isSmooth(unit);
      if (known === undefined) {
        known = know(scene);
        if (isSteady) steady.set(scene, known);
      }
      const { conditions, isFree: wasFree, held } = known;
      const quiet: { p: number; outcome: UnitOutcome }[] = [];
      const came: UnitOutcome[] = [];
      const playUnder = (policy: Policy, p: number): UnitOutcome => {
        const recall = held?.under(p);
        const found = recall?.find(draw, parameters);
        if (found !== undefined) return found;
        const { own, sameBatches } = likeness[p]!;
        const world = createWorld({
          unit,
          recorded,
          decisions: policy.decisions,
          abduction,
          conditions,
          parameters,
          evidence,
          seed,
          draw,
          luck: recall,
          pace,
          withheld: false,
          own,
          sameBatches,
        });
        const outcome = runUnit(scene, policy, world, conditions, sameBatches);
        return recall?.keep(outcome) ?? outcome;
      };
      policies.forEach((policy, p) => {
        const place = s * policies.length + p;
        if (calm.settled[place] === 1) {
          came[p] = calm.outcomes[place]!;
          quiet.push({ p, outcome: came[p] });
          return;
        }
        const outcome = quiet.find((other) => alike[other.p]![p])?.outcome ?? playUnder(policy, p);
        came[p] = outcome;
        if (outcome.quiet) {
          quiet.push({ p, outcome });
          // Where nothing was in the way in the recording, a policy that asks for nothing but recorded luck has this outcome
          // in every draw of the pace.
          const { own, sameBatches } = likeness[p]!;
          if (wasFree && own && sameBatches && isSteady) {
            calm.outcomes[place] = outcome;
            settle(calm, s, p, unit.reason, outcome);
            return;
          }
        }
        count(sums[p]!, at, unit, outcome);
      });
      const base = came[against];
      if (base === undefined) return;
      came.forEach((own, p) => {
        addFates(sums[p]!.fates, at, conditions, base, own);
      });
    });
  };
  return { play, calmSums: calm.sums };
}

/** Nothing failed and nothing was undone, so that no draw has anything to abduct. */
function isSmooth({ members }: Unit): boolean {
  return members.every(
    ({ failures, outcomes, episodes }) =>
      failures.length === 0 && outcomes.at(-1) !== 'failed' && episodes.every(({ outcome }) => outcome === 'moved'),
  );
}
