/**
 * Prediction: the demand of a capture replayed under each policy, many times, each time with another draw of what the
 * capture does not show, and with the same draw for every policy.
 */
import type { History } from '../history/facts.ts';
import type { Decisions } from '../model/decisions.ts';
import { type Axis, batchAxes, type Policy, retryAxes } from '../policies/policy.ts';
import { conditionsOf } from './abduction.ts';
import { drawsAddsAnew } from './adds-anew.ts';
import { type Condition, isFree } from './condition.ts';
import type { Unit } from './demand.ts';
import { addFates, type Fates, joinedFates, noFates } from './fates.ts';
import { runUnit, type UnitOutcome } from './job.ts';
import { type Metric, metricNames, type PolicyOutcome, type Totals } from './outcome.ts';
import { drawParameters } from './parameters.ts';
import type { Scene } from './slice.ts';
import { type Stage, stageOf } from './stage.ts';
import { createWorld, meetsFault } from './world.ts';

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

function addTo(sums: Numbers, outcome: UnitOutcome): void {
  const { values } = outcome;
  for (let i = 0; i < metricNames.length; i++) sums[i]! += values[metricNames[i]!];
}

function count(sums: Sums, draw: number, unit: Unit, outcome: UnitOutcome): void {
  addTo(sums.byReason.get(unit.reason)![draw]!, outcome);
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
  addTo(sums.get(reason)!, outcome);
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
    failed: sums.failed.map((times) => times / draws),
    fates: sums.fates,
  };
}

/** Replays of the same policies, one behind the other in the order of their draws, as one. */
export function joined(parts: readonly (readonly PolicyOutcome[])[]): PolicyOutcome[] {
  const [first = []] = parts;
  return first.map(({ policy, byReason, failed }, p) => {
    const own = parts.map((part) => part[p]!);
    const draws = own.reduce((sum, part) => sum + part.draws, 0);
    const behind = (of: (part: PolicyOutcome) => Totals): Totals =>
      Object.fromEntries(
        metricNames.map((name) => [name, Float64Array.from(own.flatMap((part) => [...of(part)[name]]))]),
      ) as Record<Metric, Float64Array>;
    return {
      policy,
      draws,
      totals: behind(({ totals }) => totals),
      byReason: byReason.map(({ reason }, r) => ({ reason, totals: behind((part) => part.byReason[r]!.totals) })),
      // Shares of each part's draws: whole numbers again, so that nothing hangs on how the draws were parted.
      failed: failed.map(
        (_, row) => own.reduce((sum, part) => sum + Math.round(part.failed[row]! * part.draws), 0) / draws,
      ),
      fates: joinedFates(own.map(({ fates }) => fates)),
    };
  });
}

/** Replays the demand under each policy, conditioned on what was recorded. The same options give the same numbers. */
export function replay(
  history: History,
  policies: readonly Policy[],
  recorded: Policy,
  options: ReplayOptions,
): PolicyOutcome[] {
  return replayStage(stageOf(history, recorded, options.seed), policies, options);
}

/** The draws asked for, of all policies, each draw with the same luck for every one of them. */
export function replayStage(stage: Stage, policies: readonly Policy[], options: ReplayOptions): PolicyOutcome[] {
  return replayer(stage, policies, options.seed)(options);
}

/** Plays draws of these policies, as many and as often as asked; what no draw reaches is played once for all of them. */
export function replayer(
  stage: Stage,
  policies: readonly Policy[],
  seed: number,
): (options: Omit<ReplayOptions, 'seed'>) => PolicyOutcome[] {
  const { history, recorded, variants, abduction, evidenceAt, assumed } = stage;
  const reasons = [...new Set(stage.scenes.map(({ unit }) => unit.reason))];
  const calmAt = variants.map((scenes) => calmOf(scenes.length, policies.length));
  const likeness = policies.map((policy) => likenessOf(policy, recorded));
  const against = policies.findIndex(({ name }) => name === recorded.name);
  const alike = policies.map((a) => policies.map((b) => meetsAlike(a.decisions, b.decisions)));
  const constant = new Map<Scene, { conditions: Condition[]; isFree: boolean }>();
  const play = (sums: readonly Sums[], draw: number, done: number): void => {
    const pace = draw % variants.length;
    const evidence = evidenceAt[abduction.untold.levelOf(seed, draw)]!;
    const parameters = drawParameters(evidence, assumed, seed, draw, pace);
    const calm = calmAt[pace]!;
    variants[pace]!.forEach((scene, s) => {
      if (calm.open[s] === 0) return;
      const { unit } = scene;
      let known = constant.get(scene);
      const isSteady = known !== undefined || isSmooth(unit);
      if (known === undefined) {
        const conditions = conditionsOf(abduction, scene, recorded, assumed, seed, draw);
        known = { conditions, isFree: conditions.every(isFree) };
        if (isSteady) constant.set(scene, known);
      }
      const { conditions, isFree: wasFree } = known;
      const quiet: { p: number; outcome: UnitOutcome }[] = [];
      const came: UnitOutcome[] = [];
      policies.forEach((policy, p) => {
        const place = s * policies.length + p;
        if (calm.settled[place] === 1) {
          came[p] = calm.outcomes[place]!;
          quiet.push({ p, outcome: came[p] });
          return;
        }
        const input = {
          unit,
          recorded,
          decisions: policy.decisions,
          abduction,
          conditions,
          parameters,
          evidence,
          seed,
          draw,
          pace,
          withheld: false,
          ...likeness[p]!,
        };
        // Where nothing was in the way in the recording nothing of a draw but its pace reaches a unit, unless something is
        // in the way under this policy: a fault or an add, too, where it asks for luck that was not recorded.
        const { own, sameBatches } = likeness[p]!;
        const asRecorded = own && sameBatches;
        const isAnew = drawsAddsAnew(scene, policy.decisions, recorded.decisions);
        const untouched = wasFree && (asRecorded || !(isAnew || meetsFault(input, policy.decisions)));
        const same =
          (untouched ? calm.outcomes[place] : undefined) ?? quiet.find((other) => alike[other.p]![p])?.outcome;
        const outcome = same ?? runUnit(scene, policy, createWorld(input), conditions, sameBatches);
        came[p] = outcome;
        if (outcome.quiet) {
          quiet.push({ p, outcome });
          if (untouched) calm.outcomes[place] = outcome;
          if (untouched && asRecorded && isSteady) {
            settle(calm, s, p, unit.reason, outcome);
            return;
          }
        }
        count(sums[p]!, done, unit, outcome);
      });
      const base = came[against];
      if (base !== undefined) came.forEach((own, p) => addFates(sums[p]!.fates, done, conditions, base, own));
    });
  };
  return ({ draws, first = 0, onProgress }) => {
    const sums = policies.map(
      (): Sums => ({
        byReason: new Map(reasons.map((reason) => [reason, Array.from({ length: draws }, noNumbers)])),
        failed: new Float64Array(stage.rows),
        fates: noFates(draws),
      }),
    );
    for (let done = 0; done < draws; done++) {
      play(sums, first + done, done);
      onProgress?.(done + 1, draws);
    }
    return policies.map((policy, p) =>
      finish(policy.name, draws, sums[p]!, (done) => calmAt[(first + done) % variants.length]!.sums[p]!, history),
    );
  };
}

/**
 * Whether two policies do the same as long as no references mismatch and no folio stays behind: all that is left to differ
 * is at which of its points a check is made that finds nothing, what they answer to a mismatch and how often they try. A
 * unit that met none under one of them has met none under both.
 */
export function meetsAlike(a: Decisions, b: Decisions): boolean {
  return (Object.keys(asked) as (keyof Decisions)[]).every((name) => asked[name](a, b));
}

type Alike = (a: Decisions, b: Decisions) => boolean;
const same =
  (name: keyof Decisions): Alike =>
  (a, b) =>
    a[name] === b[name];
const never: Alike = () => true;

/** By question: whether it was answered alike; `never` = it is not asked before a mismatch or a failure. */
const asked: Readonly<Record<keyof Decisions, Alike>> = {
  checkBeforeUnmap: same('checkBeforeUnmap'),
  checkAtEndOfUnmap: never,
  checkBeforeCopy: same('checkBeforeCopy'),
  onMismatch: never,
  // Asked before any comparison: somebody who only waits on the entry undoes a folio as well.
  undoesOnWaiters: same('undoesOnWaiters'),
  referenceSleep: never,
  plan: (a, b) =>
    a.plan.loop === b.plan.loop &&
    a.plan.unmapBatchPages === b.plan.unmapBatchPages &&
    a.plan.cutPages === b.plan.cutPages &&
    Math.min(1, a.plan.syncFirstPasses) === Math.min(1, b.plan.syncFirstPasses),
  deferredFlush: same('deferredFlush'),
  faultWindow: same('faultWindow'),
  faultSide: same('faultSide'),
  entryWaitHoldsReference: same('entryWaitHoldsReference'),
  tailPageWait: same('tailPageWait'),
  lruCaches: same('lruCaches'),
  offlineDrainsAgain: never,
  clearsLruFlagWhenQueued: same('clearsLruFlagWhenQueued'),
  onUnpinnable: same('onUnpinnable'),
  emptyCollectEnds: same('emptyCollectEnds'),
  drainAfterMove: same('drainAfterMove'),
  batchCapacity: same('batchCapacity'),
  vmaLockAttempts: same('vmaLockAttempts'),
  drainAll: (a, b) => JSON.stringify(a.drainAll) === JSON.stringify(b.drainAll),
  contiguousTries: never,
  reclaimsCleanFirst: same('reclaimsCleanFirst'),
  batchesMlock: same('batchesMlock'),
  largestBatchedOrder: same('largestBatchedOrder'),
  oracle: same('oracle'),
  neverDrain: same('neverDrain'),
};

/** What of the recorded luck a policy meets: that of retries (`own`) and that of batches. */
export function likenessOf(policy: Policy, recorded: Policy): { readonly own: boolean; readonly sameBatches: boolean } {
  return {
    own: chooseAlike(policy, recorded, retryAxes),
    sameBatches: chooseAlike(policy, recorded, batchAxes) && policy.kind !== 'bound',
  };
}

function chooseAlike(a: Policy, b: Policy, axes: readonly Axis[]): boolean {
  return axes.every((axis) => a.choices[axis] === b.choices[axis]);
}

/** Nothing failed and nothing was undone, so that no draw has anything to abduct. */
function isSmooth({ members }: Unit): boolean {
  return members.every(
    ({ failures, outcomes, episodes }) =>
      failures.length === 0 && outcomes.at(-1) !== 'failed' && episodes.every(({ outcome }) => outcome === 'moved'),
  );
}
