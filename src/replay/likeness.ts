/** What two policies have in common, so that what is known of one holds of the other. */
import type { Decisions } from '../model/decisions.ts';
import { type Axis, batchAxes, type Policy, retryAxes } from '../policies/policy.ts';

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
