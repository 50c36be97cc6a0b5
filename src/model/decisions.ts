/**
 * The questions the kernel asks. At each point where kernel versions, patches or mailing-list threads differ, the model
 * asks; a policy is the object that answers. One member per axis; letters as in docs/policies.md. The model never
 * knows a policy by name, and an answer sees only what the kernel could see at that point.
 */

/** What is visible when a mismatch of references was found in the move phase (axis B). */
export interface MismatchView {
  /** PG_waiters: somebody sleeps on this folio's lock or migration entry (may be stale-true). */
  readonly waiters: boolean;
  /** Reference count and what the check expected. */
  readonly references: number;
  readonly expected: number;
  /** Pass of the present loop, from 0, and its budget. */
  readonly pass: number;
  readonly passes: number;
}

/**
 * What to do with a folio whose references do not match after it was unmapped:
 * `keep` it locked with its entries and try again next pass; `undo` it (entries restored, lock dropped) and leave it on
 * the list for the next pass; `give back` to whoever submitted it (undone; a synchronous caller may submit it again).
 */
export type MismatchAnswer = 'keep' | 'undo' | 'give back';

export type Mode = 'async' | 'sync-light' | 'sync';

/**
 * The shape of one call (axes B and C): which loop runs over which set. `per-folio` unmaps and moves one folio at a
 * time, pass by pass (up to 6.2, and 6.1.y); `batched` unmaps all, then moves all (6.3 and later).
 */
export interface Plan {
  readonly loop: 'per-folio' | 'batched';
  /** Passes of an asynchronous call (and of a per-folio one in any mode). */
  readonly asyncPasses: number;
  /** `batched`, synchronous: passes of the first, asynchronous part over the whole batch. */
  readonly syncFirstPasses: number;
  /** `batched`, synchronous: passes of the second part, one folio at a time. */
  readonly syncThenPasses: number;
  /** How often a synchronous caller submits again what was given back. */
  readonly resubmissions: number;
  /** Folios (in base pages) unmapped before the first is moved (axis P); `per-folio` uses 1. */
  readonly unmapBatchPages: number;
  /**
   * `per-folio` only: the list is cut into runs of this many base pages, each with its own passes (6.1.116 and later,
   * NR_MAX_BATCHED_MIGRATION backported without the batching). Absent = not cut.
   */
  readonly cutPages?: number;
}

/** What protects a migration from per-CPU batches (axis G). */
export type CacheAnswer = 'nothing' | 'drain once' | 'drain after each failure' | 'disable';

export interface Decisions {
  /** A: compare references before unmapping at all? */
  readonly checkBeforeUnmap: boolean;
  /** A: compare at the end of unmapping, where a mismatch restores the entries and drops the lock at once? */
  readonly checkAtEndOfUnmap: boolean;
  /** A: compare before copying (6.11 and later), so that a mismatch throws no copy away? */
  readonly checkBeforeCopy: boolean;
  /** B */
  onMismatch(view: MismatchView): MismatchAnswer;
  /** B and C */
  readonly plan: Plan;
  /** D: page-table entries of an asynchronous part are flushed from TLBs in one go, which closes the fault window. */
  readonly deferredFlush: boolean;
  /** F: does a task that waits on a migration entry hold a reference while it gets to sleep? */
  readonly entryWaitHoldsReference: boolean;
  /** G: asked by move_pages, contiguous allocation and offlining, once a request. */
  readonly lruCaches: CacheAnswer;
  /** H: PG_lru is cleared while a folio is queued in a batch other than add (6.11 .. 6.16). */
  readonly clearsLruFlagWhenQueued: boolean;
  /** K: drain this CPU after the destination was added: when it was mapped, only when also mlocked, or not (5.17 and before). */
  readonly drainAfterMove: 'mapped' | 'mlocked' | 'never';
  /** L: entries that fill a batch: the entry that makes it this many flushes it. 0 = batches are off. */
  readonly batchCapacity: number;
  /** N: how an all-CPU drain meets others. */
  readonly drainAll: {
    readonly skipIfScheduledSince: boolean;
    readonly localFirst: boolean;
    readonly everyCpu: boolean;
  };
  /** O: calls of migrate_pages for one isolated list before a contiguous allocation gives up on a range. */
  readonly contiguousTries: number;
  /** J: mlock and munlock are batched (5.18 and later). */
  readonly batchesMlock: boolean;
  /** The oracle: every folio that has no permanent obstacle moves at its first attempt. A bound, not a kernel. */
  readonly oracle: boolean;
  /** The other bound: nobody ever drains; batches empty only when they fill. */
  readonly neverDrain: boolean;
}
