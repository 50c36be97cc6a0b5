/**
 * Prediction: the demand of a capture replayed under each policy, many times, each time with another draw of what the
 * capture does not show, and with the same draw for every policy.
 */
import type { History } from '../history/facts.ts';
import type { Decisions } from '../model/decisions.ts';
import { type Axis, batchAxes, type Policy, retryAxes } from '../policies/policy.ts';
import { conditionsOf } from './abduction.ts';
import { type Condition, isFree } from './condition.ts';
import type { Unit } from './demand.ts';
import { runUnit, type UnitOutcome } from './job.ts';
import { type Metric, metricNames, type PolicyOutcome, type Totals } from './outcome.ts';
import { drawParameters } from './parameters.ts';
import type { Scene } from './slice.ts';
import { type Stage, stageOf } from './stage.ts';
import { createWorld, meetsFault } from './world.ts';

export interface ReplayOptions {
  readonly draws: number;
  readonly seed: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Sums of one policy, filled draw by draw. */
interface Sums {
  readonly totals: Record<Metric, Float64Array>;
  readonly byReason: Map<string, Record<Metric, Float64Array>>;
  readonly failed: Float64Array;
}

function emptyTotals(draws: number): Record<Metric, Float64Array> {
  return Object.fromEntries(metricNames.map((name) => [name, new Float64Array(draws)])) as Record<Metric, Float64Array>;
}

function add(sums: Sums, draws: number, draw: number, unit: Unit, outcome: UnitOutcome): void {
  let reason = sums.byReason.get(unit.reason);
  if (reason === undefined) {
    reason = emptyTotals(draws);
    sums.byReason.set(unit.reason, reason);
  }
  for (const name of metricNames) {
    sums.totals[name][draw]! += outcome.values[name];
    reason[name][draw]! += outcome.values[name];
  }
  if (outcome.quiet) return;
  unit.members.forEach((member, m) => {
    const failed = outcome.givenUp[m]! > 0 ? 1 / draws : 0;
    for (const row of member.rows) sums.failed[row]! += failed;
  });
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

function finish(policy: string, draws: number, sums: Sums, history: History): PolicyOutcome {
  const unknown = untold(history);
  const close = (totals: Record<Metric, Float64Array>): Totals => {
    for (const name of unknown) totals[name].fill(Number.NaN);
    return totals;
  };
  const byReason = [...sums.byReason].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    policy,
    draws,
    totals: close(sums.totals),
    byReason: byReason.map(([reason, totals]) => ({ reason, totals: close(totals) })),
    failed: sums.failed,
  };
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

export function replayStage(stage: Stage, policies: readonly Policy[], options: ReplayOptions): PolicyOutcome[] {
  const { draws, seed, onProgress } = options;
  const { history, recorded, variants, abduction, evidence, assumed } = stage;
  const sums = policies.map(
    (): Sums => ({ totals: emptyTotals(draws), byReason: new Map(), failed: new Float64Array(stage.rows) }),
  );
  const calm = new Map<string, UnitOutcome>();
  const constant = new Map<Scene, Condition[]>();
  for (let draw = 0; draw < draws; draw++) {
    const parameters = drawParameters(evidence, assumed, seed, draw);
    const pace = draw % variants.length;
    variants[pace]!.forEach((scene, s) => {
      const { unit } = scene;
      const conditions = constant.get(scene) ?? conditionsOf(abduction, scene, recorded, assumed, seed, draw);
      if (!constant.has(scene) && isSmooth(unit)) constant.set(scene, conditions);
      const wasFree = conditions.every(isFree);
      const quiet: { policy: Policy; outcome: UnitOutcome }[] = [];
      policies.forEach((policy, p) => {
        const key = `${s} ${p} ${pace}`;
        const own = chooseAlike(policy, recorded, retryAxes);
        const sameBatches = chooseAlike(policy, recorded, batchAxes) && policy.kind !== 'bound';
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
          own,
          sameBatches,
        };
        // Where nothing was in the way in the recording nothing of a draw but its pace reaches a unit, unless something is
        // in the way under this policy: a fault, too, where the policy asks for luck that was not recorded.
        const untouched = wasFree && ((own && sameBatches) || !meetsFault(input, policy.decisions));
        const same =
          (untouched ? calm.get(key) : undefined) ??
          quiet.find((other) => meetsAlike(other.policy.decisions, policy.decisions))?.outcome;
        const outcome = same ?? runUnit(scene, policy, createWorld(input), conditions, sameBatches);
        if (outcome.quiet) {
          quiet.push({ policy, outcome });
          if (untouched) calm.set(key, outcome);
        }
        add(sums[p]!, draws, draw, unit, outcome);
      });
    });
    onProgress?.(draw + 1, draws);
  }
  return policies.map((policy, p) => finish(policy.name, draws, sums[p]!, history));
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
