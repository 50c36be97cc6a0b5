/**
 * Prediction: the demand of a capture replayed under each policy, many times, each time with another draw of what the
 * capture does not show, and with the same draw for every policy.
 */
import { uniform } from '../base/random.ts';
import type { History } from '../history/facts.ts';
import type { Decisions } from '../model/decisions.ts';
import type { Policy } from '../policies/policy.ts';
import { type Abduction, abduct, type Condition, conditionsOf, lastingShares } from './abduction.ts';
import { addsOf, drainsOf } from './adds.ts';
import { demandOf, finallyOf, type Unit } from './demand.ts';
import { runUnit, type UnitOutcome } from './job.ts';
import { type Metric, metricNames, type PolicyOutcome, type Totals } from './outcome.ts';
import {
  type Assumptions,
  defaultAssumptions,
  drawParameters,
  type Evidence,
  evidenceOf,
  type Parameters,
} from './parameters.ts';
import { type Scene, sceneOf } from './slice.ts';
import { createWorld, meetsFault } from './world.ts';

export interface ReplayOptions {
  readonly draws: number;
  readonly seed: number;
  readonly assumed?: Partial<Assumptions>;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Everything about a capture that is the same for all policies and draws. */
export interface Stage {
  readonly history: History;
  readonly recorded: Policy;
  readonly scenes: readonly Scene[];
  /** The scenes again, each time with another throw of what is only bounded; draws take them in turn. */
  readonly variants: readonly (readonly Scene[])[];
  readonly abduction: Abduction;
  readonly evidence: Evidence;
  /** Number of call folios of the history, the length of `PolicyOutcome.failed`. */
  readonly rows: number;
  /** How many adds to batches have a seen time, an exact one, and one spread between bounds. */
  readonly adds: { readonly seen: number; readonly exact: number; readonly spread: number };
}

/** Sets the stage once; `replay`, `reproduce` and `withheld` take it from here. */
export function stageOf(history: History, recorded: Policy, seed = 0): Stage {
  const demand = demandOf(history);
  const abduction = abduct(history);
  const drains = drainsOf(history);
  const cpus = cpusOf(history);
  const adds = addsOf(history);
  const { seen, exact, spread } = adds;
  const variants = Array.from({ length: variantCount }, (_, variant) =>
    demand.units.map((unit) => sceneOf(unit, adds, drains, cpus, { seed, variant })),
  );
  const evidence = evidenceOf(history, demand.units, recorded, abduction.blocked);
  return {
    history,
    recorded,
    scenes: variants[0]!,
    variants,
    abduction,
    evidence,
    rows: demand.rows,
    adds: { seen, exact, spread },
  };
}

/** Throws of add times, scan pace and service times that the draws of a capture share; a tenth of the usual draws. */
const variantCount = 10;

function cpusOf(history: History): number {
  let cpus = history.capture.cpus?.value ?? 1;
  for (const { cpu } of history.eventsByCpu) cpus = Math.max(cpus, cpu + 1);
  for (const { cpu } of history.calls) cpus = Math.max(cpus, cpu + 1);
  for (const { cpu } of history.flushes) cpus = Math.max(cpus, cpu + 1);
  return cpus;
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
function untold(history: History): Set<Metric> {
  const names = new Set<Metric>();
  if (history.observed.durations === 'unknown' || history.observed.episodes === 'unknown') {
    names.add('timeUnderEntries').add('stall');
  }
  if (history.observed.entryWaits === 'unknown' && history.observed.lockWaits === 'unknown') names.add('stall');
  if (history.observed.episodes === 'unknown') names.add('episodes').add('tlbFlushes');
  if (history.observed.batchFlushes === 'unknown') names.add('drainWorks').add('lruLocks');
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
  return replayStage(stageOf(history, recorded), policies, options);
}

export function replayStage(stage: Stage, policies: readonly Policy[], options: ReplayOptions): PolicyOutcome[] {
  const { draws, seed, onProgress } = options;
  const assumed = { ...defaultAssumptions, ...options.assumed };
  const { history, recorded, variants, abduction, evidence } = stage;
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
      const conditions = constant.get(scene) ?? conditionsOf(abduction, unit, recorded, assumed, seed, draw);
      if (!constant.has(scene) && isSmooth(unit)) constant.set(scene, conditions);
      // Where nothing was in the way in the recording nothing of a draw but its pace reaches a unit, unless something is
      // in the way under this policy.
      const untouched = conditions.every(isFree);
      const quiet: { policy: Policy; outcome: UnitOutcome }[] = [];
      policies.forEach((policy, p) => {
        const key = `${s} ${p} ${pace}`;
        const same =
          (untouched ? calm.get(key) : undefined) ??
          quiet.find((other) => meetsAlike(other.policy.decisions, policy.decisions))?.outcome;
        const own = retriesAlike(policy, recorded);
        const input = {
          unit,
          recorded,
          abduction,
          conditions,
          parameters,
          evidence,
          seed,
          draw,
          pace,
          withheld: false,
          own,
        };
        const outcome = same ?? runUnit(scene, policy, createWorld(input));
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
 * Whether two policies do the same as long as no references mismatch: all that is left to differ is when they compare,
 * what they answer to a mismatch and how often they try. A unit that met none under one of them has met none under both.
 */
export function meetsAlike(a: Decisions, b: Decisions): boolean {
  return (
    a.checkBeforeUnmap === b.checkBeforeUnmap &&
    a.checkBeforeCopy === b.checkBeforeCopy &&
    a.plan.loop === b.plan.loop &&
    a.plan.unmapBatchPages === b.plan.unmapBatchPages &&
    a.plan.cutPages === b.plan.cutPages &&
    Math.min(1, a.plan.syncFirstPasses) === Math.min(1, b.plan.syncFirstPasses) &&
    a.deferredFlush === b.deferredFlush &&
    a.entryWaitHoldsReference === b.entryWaitHoldsReference &&
    a.lruCaches === b.lruCaches &&
    a.clearsLruFlagWhenQueued === b.clearsLruFlagWhenQueued &&
    a.drainAfterMove === b.drainAfterMove &&
    a.batchCapacity === b.batchCapacity &&
    a.drainAll.skipIfScheduledSince === b.drainAll.skipIfScheduledSince &&
    a.drainAll.localFirst === b.drainAll.localFirst &&
    a.drainAll.everyCpu === b.drainAll.everyCpu &&
    a.batchesMlock === b.batchesMlock &&
    a.oracle === b.oracle &&
    a.neverDrain === b.neverDrain
  );
}

/** Whether two policies retry alike: what is recorded of a folio that failed then holds under both. */
function retriesAlike(a: Policy, b: Policy): boolean {
  return (['A', 'B', 'C', 'D', 'O', 'P'] as const).every((axis) => a.choices[axis] === b.choices[axis]);
}

/** One folio for which the replay of the recorded policy, conditioned on everything seen, says something else. */
export interface Miss {
  readonly unit: Unit;
  readonly member: number;
  readonly recorded: string;
  readonly replayed: string;
}

/**
 * Replays the recorded policy conditioned on everything seen: outcome and number of episodes of every folio must come
 * out as recorded. Anything less is a bug of the model, of the history, or of their meeting.
 */
export function reproduce(stage: Stage, seed = 0): { folios: number; reproduced: number; misses: Miss[] } {
  const { recorded, scenes, abduction, evidence } = stage;
  const assumed = defaultAssumptions;
  const parameters = drawParameters(evidence, assumed, seed, 0);
  let folios = 0;
  const misses: Miss[] = [];
  for (const scene of scenes) {
    const { unit } = scene;
    const conditions = conditionsOf(abduction, unit, recorded, assumed, seed, 0);
    const input = {
      unit,
      recorded,
      abduction,
      conditions,
      parameters,
      evidence,
      seed,
      draw: 0,
      pace: 0,
      withheld: false,
      own: true,
    };
    const outcome = runUnit(scene, recorded, createWorld(input));
    unit.members.forEach((member, m) => {
      if (!isScored(member)) return;
      const last = finallyOf(unit, member);
      folios++;
      const moved = outcome.left[m] === 0;
      const open = member.episodes.some(({ outcome }) => outcome === 'open');
      const sameEpisodes = member.episodes.length === 0 || open || outcome.episodes[m] === member.episodes.length;
      if (moved === (last === 'moved') && sameEpisodes) return;
      misses.push({
        unit,
        member: m,
        recorded: `${last} after ${member.episodes.length} episodes`,
        replayed: `${moved ? 'moved' : 'failed'} after ${outcome.episodes[m]} episodes`,
      });
    });
  }
  return { folios, reproduced: folios - misses.length, misses };
}

/** Predictions of the recorded policy without its outcomes. */
export interface Withheld {
  readonly folds: number;
  /** For each draw, folios predicted to fail, and episodes. */
  readonly failures: Float64Array;
  readonly episodes: Float64Array;
  /** For each folio with a known outcome: share of draws in which it was predicted to fail, whether it did, its fold. */
  readonly predicted: Float64Array;
  readonly failed: Uint8Array;
  readonly fold: Uint8Array;
}

/**
 * Replays the recorded policy with outcomes withheld: each unit with parameters estimated from the other folds, and luck
 * of its own. Folds are of units, not of folios, because the folios of one request share their circumstances.
 */
export function withheld(stage: Stage, options: ReplayOptions & { readonly folds: number }): Withheld {
  const { history, recorded, scenes, abduction } = stage;
  const { draws, seed, folds, onProgress } = options;
  const assumed = { ...defaultAssumptions, ...options.assumed };
  const known = scenes.filter(({ unit }) => unit.members.some(isScored));
  const foldOf = known.map(({ unit }) => Math.floor(uniform(seed, 'fold', unit.id) * folds));
  const perFold = Array.from({ length: folds }, (_, fold) => {
    const others = known.filter((_, i) => foldOf[i] !== fold).map(({ unit }) => unit);
    const evidence = evidenceOf(history, others, recorded, abduction.blocked);
    const { pinned, held } = lastingShares(abduction, others);
    return { ...evidence, pinned, persistent: held };
  });
  const failures = new Float64Array(draws);
  const episodes = new Float64Array(draws);
  const first: number[] = [];
  let count = 0;
  for (const { unit } of known) {
    first.push(count);
    count += unit.members.filter(isScored).length;
  }
  const predicted = new Float64Array(count);
  const failed = new Uint8Array(count);
  const fold = new Uint8Array(count);
  const calm = new Map<number, UnitOutcome>();
  for (let draw = 0; draw < draws; draw++) {
    const parameters = perFold.map((evidence) => drawParameters(evidence, assumed, seed, draw));
    known.forEach((scene, i) => {
      const { unit } = scene;
      const evidence = perFold[foldOf[i]!]!;
      const own = parameters[foldOf[i]!]!;
      const conditions = unit.members.map((_, m) => conditionAnew(unit, m, own, seed, draw));
      const input = {
        unit,
        recorded,
        abduction,
        conditions,
        parameters: own,
        evidence,
        seed,
        draw,
        pace: 0,
        withheld: true,
        own: true,
      };
      const untouched = conditions.every(isFree) && !meetsFault(input);
      const outcome = (untouched ? calm.get(i) : undefined) ?? runUnit(scene, recorded, createWorld(input));
      if (untouched && outcome.quiet) calm.set(i, outcome);
      let row = first[i]!;
      unit.members.forEach((member, m) => {
        if (!isScored(member)) return;
        const bad = outcome.givenUp[m]! > 0 ? 1 : 0;
        failures[draw]! += bad;
        episodes[draw]! += outcome.episodes[m]!;
        predicted[row]! += bad / draws;
        failed[row] = finallyOf(unit, member) === 'failed' ? 1 : 0;
        fold[row] = foldOf[i]!;
        row++;
      });
    });
    onProgress?.(draw + 1, draws);
  }
  return { folds, failures, episodes, predicted, failed, fold };
}

/** Nothing failed and nothing was undone, so that no draw has anything to abduct. */
function isSmooth({ members }: Unit): boolean {
  return members.every(
    ({ failures, outcomes, episodes }) =>
      failures.length === 0 && outcomes.at(-1) !== 'failed' && episodes.every(({ outcome }) => outcome === 'moved'),
  );
}

/** Nothing holds it, and no recorded episode of it was blocked or is unknown. */
function isFree({ obstacles, failingAttempts, luck }: Condition): boolean {
  return obstacles.length === 0 && failingAttempts === 0 && luck.every((one) => one === 0);
}

function isScored({ latent, outcomes }: Unit['members'][number]): boolean {
  const last = outcomes.at(-1);
  return !latent && last !== undefined && last !== 'unknown';
}

/** What may hold a folio of which nothing is known but the rates of the others. */
function conditionAnew(unit: Unit, member: number, parameters: Parameters, seed: number, draw: number): Condition {
  const u = uniform(seed, 'pinDuration', unit.id * 2 ** 20 + member, 1, draw);
  const holder =
    u < parameters.pinned ? 'pin' : u < parameters.pinned + parameters.persistent ? 'unknown reference' : undefined;
  if (holder === undefined) return { cause: undefined, obstacles: [], failingAttempts: 0, luck: [] };
  const references = holder === 'pin' ? 1024 : 1;
  const obstacle = { holder, from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY, references } as const;
  return { cause: undefined, obstacles: [obstacle], failingAttempts: 0, luck: [] };
}
