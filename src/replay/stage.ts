/** The stage: everything about a capture that is the same for all policies and draws. */
import type { History } from '../history/facts.ts';
import type { Policy } from '../policies/policy.ts';
import { type Abduction, abduct } from './abduction.ts';
import { addsOf, drainsOf } from './adds.ts';
import { demandOf, type Unit } from './demand.ts';
import { type Evidence, evidenceOf } from './parameters.ts';
import { type Scene, sceneOf } from './slice.ts';

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
    demand.units.map((unit) =>
      sceneOf(unit, adds, drains, cpus, { seed, variant }, recorded.decisions.lruCaches !== 'disable'),
    ),
  );
  const evidence = evidenceOf(history, demand.units, recorded, abduction);
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

/** Whether a member's recorded outcome is known, so that a replay can be held against it. */
export function isScored({ latent, outcomes }: Unit['members'][number]): boolean {
  const last = outcomes.at(-1);
  return !latent && last !== undefined && last !== 'unknown';
}
