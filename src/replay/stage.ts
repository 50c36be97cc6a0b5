/** The stage: everything about a capture that is the same for all policies and draws. */
import type { History } from '../history/facts.ts';
import type { Policy } from '../policies/policy.ts';
import { type Abduction, abduct } from './abduction.ts';
import { type Adds, addsOf, type DrainRow, drainsOf } from './adds.ts';
import { type Demand, demandOf, type Unit } from './demand.ts';
import { type Assumptions, defaultAssumptions, type Evidence, evidenceOf } from './parameters.ts';
import { type Corner, type Scene, sceneOf } from './slice.ts';

/** Scenes by throw, set when they are asked for; only those asked for last are kept. */
export interface Throws {
  readonly length: number;
  at(variant: number): readonly Scene[];
}

/** Everything about a capture that is the same for all policies and draws. */
export interface Stage {
  readonly history: History;
  readonly recorded: Policy;
  readonly seed: number;
  readonly corner: Corner | undefined;
  readonly demand: Demand;
  readonly background: { readonly adds: Adds; readonly drains: readonly DrainRow[]; readonly cpus: number };
  readonly scenes: readonly Scene[];
  /** The scenes again, each time with another throw of what is only bounded; draws take them in turn. */
  readonly variants: Throws;
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
  readonly corner?: Corner | undefined;
  /** How many throws, when fewer draws than usual will be made of it. */
  readonly variants?: number;
}

/** Assumptions by which each part of a stage is set; the others are only read while it is played. */
const demandBy: readonly (keyof Assumptions)[] = ['emptyList'];
const abductionBy: typeof demandBy = [...demandBy, 'untoldOdds', 'undoneByFault', 'untoldFault'];
const evidenceBy: typeof demandBy = [...abductionBy, 'entryTouches'];
const scenesBy: typeof demandBy = [...demandBy, 'backgroundBeyond', 'addTimes'];

/**
 * Sets the stage once; `replay`, `reproduce` and `withheld` take it from here. `like`: a stage of the same capture, whose parts are
 * taken where no assumption has them otherwise.
 */
export function stageOf(
  history: History,
  recorded: Policy,
  seed = 0,
  { assumed: changed, corner, variants }: StageOptions = {},
  like?: Stage,
): Stage {
  const assumed = { ...defaultAssumptions, ...changed };
  const isLike = (names: readonly (keyof Assumptions)[]) =>
    names.every((name) => like?.assumed[name] === assumed[name]);
  const demand = isLike(demandBy) ? like!.demand : demandOf(history, assumed);
  const abduction = isLike(abductionBy) ? like!.abduction : abduct(history, demand.units, recorded, assumed);
  const { evidence, evidenceAt } = isLike(evidenceBy)
    ? like!
    : evidencesFor(history, demand.units, recorded, abduction, assumed);
  const background = like?.background ?? { adds: addsOf(history), drains: drainsOf(history), cpus: cpusOf(history) };
  const { adds, drains, cpus } = background;
  const batchesOn = recorded.decisions.lruCaches !== 'disable';
  const sameScenes = isLike(scenesBy) && like!.seed === seed && like!.corner === corner ? like!.variants : undefined;
  const thrown = (variant: number): readonly Scene[] =>
    sameScenes?.at(variant).map((scene) => ({ ...scene, assumed })) ??
    demand.units.map((unit) => sceneOf(unit, adds, drains, cpus, { seed, variant, corner }, batchesOn, assumed));
  const scenes = thrown(0);
  // Whoever plays plays all of one throw before the next.
  let last = { variant: 0, scenes };
  const at = (variant: number): readonly Scene[] => {
    if (variant !== last.variant) last = { variant, scenes: thrown(variant) };
    return last.scenes;
  };
  const { seen, exact, spread } = adds;
  return {
    history,
    recorded,
    seed,
    corner,
    demand,
    background,
    scenes,
    variants: { length: Math.max(1, Math.min(variants ?? mostThrows, throwsFor(scenes))), at },
    abduction,
    evidence,
    evidenceAt,
    assumed,
    rows: demand.rows,
    adds: { seen, exact, spread },
  };
}

/** The same stage under other assumptions; set anew only as far as one of them asks for it. */
export function restaged(stage: Stage, changed: Partial<Assumptions>, variants: number): Stage {
  const { history, recorded, seed, corner } = stage;
  return stageOf(history, recorded, seed, { assumed: { ...stage.assumed, ...changed }, corner, variants }, stage);
}

function evidencesFor(
  history: History,
  units: readonly Unit[],
  recorded: Policy,
  abduction: Abduction,
  assumed: Assumptions,
): Pick<Stage, 'evidence' | 'evidenceAt'> {
  const evidenceAt = evidencesOf(history, units, recorded, abduction, assumed);
  const [only, ...others] = evidenceAt;
  const evidence = others.length === 0 ? only! : evidenceOf(history, units, recorded, abduction, assumed);
  return { evidence, evidenceAt };
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
