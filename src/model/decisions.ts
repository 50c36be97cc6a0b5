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
  /**
   * Somebody sleeps on the folio's lock and holds a reference meanwhile. No kernel can see this: PG_waiters alone does not
   * tell such a sleeper from one that waits on a migration entry without a reference (kernel-model 8.2). It is here
   * because one reading of a thread takes waiters to mean just these.
   */
  readonly lockSleepers: boolean;
  /** Why the folios are migrated, as mm_migrate_pages prints it: `longterm_pin`. */
  readonly reason: string;
  /** ns already slept for this folio's references in this call. */
  readonly waited: number;
}

/**
 * What to do with a folio whose references do not match after it was unmapped:
 * `keep` it locked with its entries and try again next pass; `undo` it (entries restored, lock dropped) and leave it on
 * the list for the next pass; `give back` to whoever submitted it (undone; a synchronous caller may submit it again);
 * `sleep` with lock and entries until references go, for at most `referenceSleep` in all, then as `keep`.
 */
export type MismatchAnswer = 'keep' | 'undo' | 'give back' | 'sleep';

/** What collect_longterm_unpinnable_folios() can see of a folio before it isolates it (axis I, kernel-model 5.3). */
export interface UnpinnableView {
  readonly onLru: boolean;
  readonly mlocked: boolean;
  /** order > 0: never in a batch (folio_may_be_lru_cached()), unless axis Q says otherwise. */
  readonly large: boolean;
  /** All references, with those of the caller's own pins. */
  readonly references: number;
  /** folio_expected_ref_count(): without the caller's. */
  readonly expected: number;
  /** References that one pin adds: GUP_PIN_COUNTING_BIAS (1024), or 1 where the folio has a pincount. */
  readonly pinReferences: number;
  /** What this collection has drained so far: nothing, this CPU, all CPUs. */
  readonly drained: 0 | 1 | 2;
}

/** `go on`: isolate it. After a drain the same folio is asked about again, with fresh numbers. */
export type UnpinnableAnswer = 'go on' | 'drain this CPU' | 'drain all CPUs';

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
  /** B: PG_waiters at the start of a move undoes the folio, before any reference is compared. */
  readonly undoesOnWaiters: boolean;
  /** B: the most ns that one folio's references are slept for when `onMismatch` says `sleep`. */
  readonly referenceSleep: number;
  /** B and C */
  readonly plan: Plan;
  /** D: page-table entries of an asynchronous part are flushed from TLBs in one go, which closes the fault window. */
  readonly deferredFlush: boolean;
  /** D: is there a window between the cleared entry and the migration entry, in which a fault goes to the page cache? */
  readonly faultWindow: boolean;
  /**
   * E: what a fault that came through that window does. `recheck entry` looks at the page table once more just before
   * vma->vm_ops->fault(); `drop reference` lets go of the folio before it sleeps on its lock, and comes again.
   */
  readonly faultSide: 'as is' | 'recheck entry' | 'drop reference';
  /** F: does a task that waits on a migration entry hold a reference while it gets to sleep? */
  readonly entryWaitHoldsReference: boolean;
  /**
   * F: a waiter on the entry of a THP tail page. `none` sleeps as on any other; `head page` sleeps on the head, and spins
   * only while the head is frozen; `spin` returns and faults again at once (a tail page has no references to take),
   * `spin and yield` after cond_resched(), `spin, yield in GUP` with cond_resched() only in GUP's own retry.
   */
  readonly tailPageWait: 'none' | 'head page' | 'spin' | 'spin and yield' | 'spin, yield in GUP';
  /** G: asked by move_pages, contiguous allocation and offlining, once a request. */
  readonly lruCaches: CacheAnswer;
  /** G: memory offline drains all CPUs again after each failure, whatever `lruCaches` says (up to 5.12). */
  readonly offlineDrainsAgain: boolean;
  /** H: PG_lru is cleared while a folio is queued in a batch other than add (6.11 .. 6.16). */
  readonly clearsLruFlagWhenQueued: boolean;
  /** I: asked for each unpinnable folio before it is isolated, and again after each drain, until `go on`. */
  onUnpinnable(view: UnpinnableView): UnpinnableAnswer;
  /** I: a collection that lists nothing counts as success (6.14 to 6.16), instead of being tried again. */
  readonly emptyCollectEnds: boolean;
  /** K: drain this CPU after the destination was added: when it was mapped, only when also mlocked, or not (5.17 and before). */
  readonly drainAfterMove: 'mapped' | 'mlocked' | 'never';
  /** L: entries that fill a batch: the entry that makes it this many flushes it. 0 = batches are off. */
  readonly batchCapacity: number;
  /** M: trylocks that migrate_vma gives a folio: when it collects, and up to 5.16 again when it prepares. */
  readonly vmaLockAttempts: 1 | 2;
  /** N: how an all-CPU drain meets others, and how a disable makes sure that every CPU has seen it. */
  readonly drainAll: {
    /** Another drain that was scheduled since this one was asked for does its work (lru_drain_gen, 5.5). */
    readonly skipIfScheduledSince: boolean;
    readonly localFirst: boolean;
    /** lru_cache_disable() queues a work on every online CPU. */
    readonly everyCpu: boolean;
    /** lru_cache_disable() waits for an expedited grace period, not a plain one (5.18.8, 5.19). */
    readonly expeditedRcu: boolean;
    /** Which drains empty the buffer-head LRUs of a CPU, too. */
    readonly bufferHeads: 'never' | 'every drain' | 'all-CPU drains';
    /** A folio whose only reference is its batch entry is freed by the drain and never put on the LRU. */
    readonly freesLone: boolean;
  };
  /** O: calls of migrate_pages for one isolated list before a contiguous allocation gives up on a range. */
  readonly contiguousTries: number;
  /** O: clean page cache of the list is reclaimed before each of those calls (reclaim_clean_pages_from_list()). */
  readonly reclaimsCleanFirst: boolean;
  /** J: mlock and munlock are batched (5.18 and later). */
  readonly batchesMlock: boolean;
  /** Q: the largest order that may rest in a batch; larger ones flush it at once (folio_may_be_lru_cached()). */
  readonly largestBatchedOrder: number;
  /** The oracle: every folio that has no permanent obstacle moves at its first attempt. A bound, not a kernel. */
  readonly oracle: boolean;
  /** The other bound: nobody ever drains; batches empty only when they fill. */
  readonly neverDrain: boolean;
}
