/** How often each mark is seen on folios that moved all the same: the second half of every likelihood ratio. */
import { batchKinds } from './facts.ts';
import { share } from './likelihoods.ts';
import { covering, entryWaiters, type Facts, type Index, laterActivation, look, sleepers } from './marks.ts';
import { takers } from './reference-evidence.ts';
import { heldInScan } from './scanned.ts';

/** How often each mark is seen on folios that moved all the same, and how often anything failed. */
export interface Rates {
  readonly moved: number;
  readonly failed: number;
  readonly sleepers: number;
  readonly lockWaits: number;
  readonly attempts: number;
  readonly waiters: number;
  /** Folios that did not move and showed PG_waiters at one of their checks. */
  readonly waitersOfFailed: number;
  readonly entryWaiters: number;
  /** Somebody took a reference while they were under migration, and kept it (page_ref events). */
  readonly takers: number;
  /** Lists of which nothing failed and whose scanned frames are known; those with a frame that a batch held. */
  readonly lists: number;
  readonly listsHeld: number;
  /** By batch: those that were in one while they moved. */
  readonly covered: Float64Array;
  /** Of the moved: those whose destination was activated next, and those that met a wrong count before they moved. */
  readonly activated: number;
  readonly recovered: number;
  /** How often a wrong count, on a folio that moved in the end, was still wrong at the next attempt. */
  readonly survival: number;
  /** Inside windows flushes held one folio each. Otherwise batches were not off there, whatever the window is called. */
  readonly batchesOff: boolean;
}

export function ratesOf(facts: Facts, index: Index): Rates {
  let moved = 0;
  let failed = 0;
  let slept = 0;
  let attempts = 0;
  let waiters = 0;
  let waitersOfFailed = 0;
  let entered = 0;
  let took = 0;
  const covered = new Float64Array(batchKinds.length);
  let activated = 0;
  let recovered = 0;
  let mismatches = 0;
  let survived = 0;
  for (const call of facts.calls) {
    for (const folio of call.folios) {
      if (folio.outcome === 'failed') {
        failed++;
        if (folio.attempts.some((id) => facts.attempts[id]!.returned !== 0 && facts.attempts[id]!.waiters === 'yes')) {
          waitersOfFailed++;
        }
      }
      if (folio.outcome !== 'moved' || Number.isNaN(folio.pfn)) continue;
      moved++;
      const seen = look(facts, call, folio);
      if (sleepers(index, seen).length > 0) slept++;
      if (entryWaiters(index, seen).length > 0) entered++;
      // It had been let go when it moved; what came after its last comparison is no mark.
      if (takers(facts, index, seen, seen.attempts.at(-1)?.start ?? seen.end).length > 0) took++;
      for (const row of covering(facts, index, seen)) covered[facts.stays.batch[row]!]!++;
      // What moved lives on as its destination: how often that is activated next says how common activations are.
      if (laterActivation(facts, index, folio.destination, seen.start) >= 0) activated++;
      const wrong = seen.attempts.filter((attempt) => attempt.returned < 0).length;
      if (wrong > 0) {
        recovered++;
        mismatches += wrong;
        survived += wrong - 1;
      }
      const last = seen.attempts.at(-1);
      if (last !== undefined && last.returned === 0 && last.waiters !== 'unknown') {
        attempts++;
        if (last.waiters === 'yes') waiters++;
      }
    }
  }
  let lockWaits = 0;
  for (const list of index.locks.values()) lockWaits += list.length;
  const survival = share(survived, mismatches);
  const batchesOff = areBatchesOff(facts);
  const { lists, listsHeld } = countLists(facts, index);
  return {
    moved,
    failed,
    sleepers: slept,
    lockWaits,
    attempts,
    waiters,
    waitersOfFailed,
    entryWaiters: entered,
    takers: took,
    lists,
    listsHeld,
    covered,
    activated,
    recovered,
    survival,
    batchesOff,
  };
}

/** Needed only where a folio that failed has no name. */
function countLists(facts: Facts, index: Index): { lists: number; listsHeld: number } {
  let lists = 0;
  let listsHeld = 0;
  const nameless = facts.calls.some(({ folios }) =>
    folios.some(({ outcome, pfn }) => outcome === 'failed' && Number.isNaN(pfn)),
  );
  if (!nameless) return { lists, listsHeld };
  for (const call of facts.calls) {
    if (call.request < 0 || !(call.failed === 0)) continue;
    const held = heldInScan(facts, index, call);
    if (held === undefined) continue;
    lists++;
    if (held.length > 0) listsHeld++;
  }
  return { lists, listsHeld };
}

/**
 * Were batches off inside windows? Every folio moved there is then flushed alone. On kernels whose lru_cache_disable drains
 * once and no more (or did, before 5.13) they fill as ever.
 */
function areBatchesOff(facts: Facts): boolean {
  let alone = 0;
  let together = 0;
  let at = 0;
  for (const flush of facts.flushes) {
    while (at < facts.windows.length && facts.windows[at]!.end < flush.start) at++;
    const window = facts.windows[at];
    if (window === undefined) break;
    if (!(flush.start > window.drained && flush.end < window.end)) continue;
    if (flush.count > 1) together++;
    else alone++;
  }
  return alone > together;
}
