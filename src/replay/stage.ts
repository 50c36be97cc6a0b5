/** The stage: everything about a capture that is the same for all policies and draws. */
import type { History } from '../history/facts.ts';
import type { Policy } from '../policies/policy.ts';
import { type Abduction, abduct } from './abduction.ts';
import { addsOf, drainsOf } from './adds.ts';
import { demandOf, type Unit } from './demand.ts';
import { type Assumptions, defaultAssumptions, type Evidence, evidenceOf } from './parameters.ts';
import { type Corner, type Scene, sceneOf } from './slice.ts';

/** Everything about a capture that is the same for all policies and draws. */
export interface Stage {
  readonly history: History;
  readonly recorded: Policy;
  readonly scenes: readonly Scene[];
  /** The scenes again, each time with another throw of what is only bounded; draws take them in turn. */
  readonly variants: readonly (readonly Scene[])[];
  readonly abduction: Abduction;
  readonly evidence: Evidence;
  /** The same at each level of the abduction's untold faults. */
  readonly evidenceAt: readonly Evidence[];
  /** What stands in for data; the same in every scene. */
  readonly assumed: Assumptions;
  /** Number of call folios of the history, the length of `PolicyOutcome.failed`. */
  readonly rows: number;
  /** How many adds to batches have a seen time, an exact one, and one spread between bounds. */
  readonly adds: { readonly seen: number; readonly exact: number; readonly spread: number };
}

/** What may be set otherwise than usual. */
export interface StageOptions {
  readonly assumed?: Partial<Assumptions>;
  /** Puts adds of which only bounds are known there, instead of throwing them. */
  readonly corner?: Corner;
  /** How many throws, when fewer draws than usual will be made of it. */
  readonly variants?: number;
}

/** Sets the stage once; `replay`, `reproduce` and `withheld` take it from here. */
export function stageOf(history: History, recorded: Policy, seed = 0, options: StageOptions = {}): Stage {
  const assumed = { ...defaultAssumptions, ...options.assumed };
  const demand = demandOf(history, assumed);
  const abduction = abduct(history, demand.units, recorded, assumed);
  const drains = drainsOf(history);
  const cpus = cpusOf(history);
  const adds = addsOf(history);
  const { seen, exact, spread } = adds;
  const batchesOn = recorded.decisions.lruCaches !== 'disable';
  const thrown = (variant: number) =>
    demand.units.map((unit) =>
      sceneOf(unit, adds, drains, cpus, { seed, variant, corner: options.corner }, batchesOn, assumed),
    );
  const first = thrown(0);
  const length = Math.max(1, Math.min(options.variants ?? mostThrows, throwsFor(first)));
  const variants = [first, ...Array.from({ length: length - 1 }, (_, i) => thrown(i + 1))];
  const evidenceAt = evidencesOf(history, demand.units, recorded, abduction, assumed);
  const [only, ...others] = evidenceAt;
  const evidence = others.length === 0 ? only! : evidenceOf(history, demand.units, recorded, abduction, assumed);
  return {
    history,
    recorded,
    scenes: first,
    variants,
    abduction,
    evidence,
    evidenceAt,
    assumed,
    rows: demand.rows,
    adds: { seen, exact, spread },
  };
}

/** What is counted over these units at each level of the untold faults. */
export function evidencesOf(
  history: History,
  units: readonly Unit[],
  recorded: Policy,
  { blockedAt, lateOf }: Abduction,
  assumed: Assumptions,
): Evidence[] {
  return blockedAt.map((blocked) => evidenceOf(history, units, recorded, { blocked, lateOf }, assumed));
}

/** Assumptions that the stage itself is set by; the others are only read while it is played. */
const sets: readonly (keyof Assumptions)[] = [
  'untoldOdds',
  'undoneByFault',
  'untoldFault',
  'backgroundBeyond',
  'addTimes',
  'emptyList',
  'entryTouches',
];

/** The same stage under other assumptions; set anew only where one of them asks for it. `seed` as it was set with. */
export function restaged(stage: Stage, changed: Partial<Assumptions>, seed: number, variants: number): Stage {
  const assumed = { ...stage.assumed, ...changed };
  if (sets.some((name) => assumed[name] !== stage.assumed[name])) {
    return stageOf(stage.history, stage.recorded, seed, { assumed, variants });
  }
  const scenesOf = (scenes: readonly Scene[]) => scenes.map((scene) => ({ ...scene, assumed }));
  const others = stage.variants.slice(0, variants).map(scenesOf);
  return { ...stage, assumed, variants: others, scenes: others[0]! };
}

const fewestThrows = 10;
const mostThrows = 40;

/**
 * How many throws of add times, scan pace and service times the draws of a capture take in turn: as many as its size leaves
 * time for, since an interval of 95 % can hold no more than ten of ten.
 */
function throwsFor(scenes: readonly Scene[]): number {
  let size = 0;
  for (const { unit, background } of scenes) size += unit.members.length + background.length;
  const budget = 60_000;
  return Math.max(fewestThrows, Math.min(mostThrows, Math.floor(budget / Math.max(1, size))));
}

function cpusOf(history: History): number {
  let cpus = history.capture.cpus?.value ?? 1;
  for (const { cpu } of history.eventsByCpu) cpus = Math.max(cpus, cpu + 1);
  for (const { cpu } of history.calls) cpus = Math.max(cpus, cpu + 1);
  for (const { cpu } of history.flushes) cpus = Math.max(cpus, cpu + 1);
  return cpus;
}

/** Whether a member's recorded outcome is known, so that a replay can be held against it. */
export function isScored({ latent, outcomes }: Unit['members'][number]): boolean {
  const last = outcomes.at(-1);
  return !latent && last !== undefined && last !== 'unknown';
}
