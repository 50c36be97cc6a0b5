/** Putting policies together: one choice per axis, laid over a policy that is already there. */
import { ScenarioError } from '../base/errors.ts';
import type { Decisions } from '../model/decisions.ts';
import { axes } from './axes/axes.ts';
import { type AxisOfChoice, type Choice, findChoice, settle } from './axis.ts';
import { nearest } from './nearest.ts';
import type { Axis, Need, Policy } from './policy.ts';

/** Page size of a capture whose own is not known: what most arm64 kernels use. */
export const usualPageSize = 4096;

export interface LayOptions {
  /** Bytes; decides HPAGE_PMD_NR (axis P). */
  readonly pageSize?: number;
}

/** Before any axis has spoken. Every kernel settles every axis, so none of this is ever seen. */
const blank: Decisions = {
  checkBeforeUnmap: false,
  checkAtEndOfUnmap: false,
  checkBeforeCopy: false,
  onMismatch: () => 'undo',
  undoesOnWaiters: false,
  referenceSleep: 0,
  plan: {
    loop: 'per-folio',
    asyncPasses: 10,
    syncFirstPasses: 0,
    syncThenPasses: 10,
    resubmissions: 0,
    unmapBatchPages: 1,
  },
  deferredFlush: false,
  faultWindow: true,
  faultSide: 'as is',
  entryWaitHoldsReference: false,
  tailPageWait: 'none',
  lruCaches: 'nothing',
  offlineDrainsAgain: false,
  clearsLruFlagWhenQueued: false,
  onUnpinnable: () => 'go on',
  emptyCollectEnds: false,
  drainAfterMove: 'never',
  batchCapacity: 15,
  vmaLockAttempts: 1,
  drainAll: {
    skipIfScheduledSince: false,
    localFirst: false,
    everyCpu: false,
    expeditedRcu: false,
    bufferHeads: 'never',
    freesLone: false,
  },
  contiguousTries: 5,
  reclaimsCleanFirst: true,
  batchesMlock: false,
  largestBatchedOrder: 0,
  oracle: false,
  neverDrain: false,
};

/** One of the axes that are modelled, by its letter. Throws a ScenarioError for others. */
export function axisOf(letter: string): AxisOfChoice {
  const axis = axes.find((one) => one.axis === letter);
  if (axis !== undefined) return axis;
  throw new ScenarioError(
    'policy-axis',
    `axis ${letter}: not modelled`,
    `modelled are ${axes.map((one) => one.axis).join(', ')}`,
  );
}

/** A choice by name. Throws a ScenarioError with the nearest names, or with the reason why it cannot be built. */
export function choiceNamed(axis: AxisOfChoice, name: string): Choice {
  const choice = findChoice(axis, name);
  if (choice?.refused !== undefined) {
    throw new ScenarioError('policy-refused', `axis ${axis.axis}: "${name}" cannot be built`, choice.refused);
  }
  if (choice !== undefined) return choice;
  const names = axis.choices.map((one) => one.name);
  const near = nearest(name, names);
  const all = `${names.map((one) => `"${one}"`).join(', ')}${axis.numbered === undefined ? '' : `, or ${axis.numbered.form}`}`;
  throw new ScenarioError(
    'policy-choice',
    `axis ${axis.axis}: no choice "${name}"`,
    near.length > 0 ? `did you mean "${near[0]}"? There are ${all}` : `there are ${all}`,
  );
}

/** The decisions that a set of choices makes over a ground. Axes are laid in the order of `axes`. */
export function layChoices(
  choices: ReadonlyMap<Axis, Choice>,
  over: Decisions | undefined,
  options: LayOptions = {},
): Decisions {
  let decisions = over ?? blank;
  for (const axis of axes) {
    const choice = choices.get(axis.axis);
    if (choice !== undefined) {
      decisions = settle(choice, { decisions, pageSize: options.pageSize ?? usualPageSize });
    }
  }
  return decisions;
}

/** Axes on which two policies have chosen differently. */
export function differingAxes(a: Policy, b: Policy): Axis[] {
  return axes.map((one) => one.axis).filter((axis) => a.choices[axis] !== b.choices[axis]);
}

/** What a policy with these choices does that the other did not, a sentence an axis. */
export function changesAgainst(choices: Policy['choices'], over: Policy): string[] {
  const changes: string[] = [];
  for (const axis of axes) {
    const name = choices[axis.axis];
    if (name === undefined || name === over.choices[axis.axis]) continue;
    const does = findChoice(axis, name)?.does ?? name;
    changes.push(`${axis.axis}: ${does}`);
  }
  return changes;
}

/** What a trace must show for the axes that differ to be answerable. Calls are always needed. */
export function needsOf(differing: readonly Axis[]): Need[] {
  const needs = new Set<Need>(['calls']);
  for (const axis of axes) if (differing.includes(axis.axis)) for (const need of axis.needs) needs.add(need);
  return [...needs];
}
