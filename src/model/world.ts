/**
 * Everything that the model cannot decide by itself: how long things take, who touches a folio, who holds it. Replay
 * answers from recorded facts or from keyed luck. Every question carries the identity of what it is about, never a
 * position in a stream of random numbers, so that two policies which ask in another order see the same luck.
 *
 * Times are nanoseconds of the capture; `Infinity` = never.
 */
import type { Mode } from './decisions.ts';

/** Who holds a reference beyond those that the migration check expects, or what else stands in the way. */
export const holders = [
  /** An entry in a per-CPU LRU batch (mm/swap.c), by kind. */
  'add batch',
  'activate batch',
  /** Of the other kinds, or in a CPU's bh_lrus. */
  'other batch',
  'mlock batch',
  /** A fault took a page-cache reference in the window before the migration entry and sleeps on the folio lock. */
  'lock-blocked fault',
  /** A task on its way to sleep on a migration entry (up to 5.16 only). */
  'entry waiter',
  /** FOLL_PIN: 1024 references on a small folio, one on a folio that counts pins. */
  'pin',
  'transient reference',
  /** A reference that the recording shows without saying whose it is. */
  'unknown reference',
  /** No reference, but migrate_folio_unmap waits or gives up. */
  'writeback',
  'lock contention',
  /** No destination: -ENOMEM. */
  'no memory',
  /** PG_lru was clear, so that the folio was never isolated. */
  'not on LRU',
] as const;
export type Holder = (typeof holders)[number];

/** A stretch in which something outside the model stands in a folio's way. It begins and ends whatever the policy does. */
export interface Obstacle {
  readonly holder: 'pin' | 'transient reference' | 'unknown reference' | 'writeback' | 'lock contention' | 'no memory';
  readonly from: number;
  /** End, exclusive. Infinity = never lets go within the capture. */
  readonly until: number;
  /** References held: 1024 or 1 for a pin, else 1; 0 for writeback, lock contention and no memory. */
  readonly references: number;
}

/** A fault that got its reference before the migration entry was there, and sleeps on the folio lock until it is dropped. */
export interface BlockedFault {
  /** When it took the reference. */
  readonly at: number;
  /**
   * It found the entry clear, but its path to the reference (do_fault to shmem_get_folio_gfp or filemap_fault) was longer
   * than what was left of the unmapping: a comparison at the end of unmapping does not see it, one before the move does.
   */
  readonly late?: boolean;
  /** From the unlock that wakes it until it has dropped its reference. */
  readonly releaseAfter: number;
  /**
   * From the unlock that wakes it until it runs, its reference held and PG_waiters clear; absent = 0. A list: after each
   * race that it has lost the next one, and the last from then on.
   */
  readonly wakeAfter?: number | readonly number[];
  /** It has slept since an earlier episode of the folio, whose end woke it in vain: no new sleep. */
  readonly sleepsOn?: boolean;
  /** It waits for the unlock and not for the lock (swap cache, first try): no turn in the queue for the lock. */
  readonly shared?: boolean;
  /**
   * From `at` until just before ->fault(), where axis E may look at the entry once more. Absent: such a look finds the
   * migration entry of a late fault, and not that of another one.
   */
  readonly recheckAfter?: number;
  /** Axis E, `drop reference and retry`: how long the reference is held before the task waits on the entry instead; absent = 0. */
  readonly dropAfter?: number;
}

/** What a question is about. Indices count within the request and folio, from 0, so they exist under any policy. */
export interface Visit {
  /** `RequestDemand.id` and the folio's id in the machine. */
  readonly request: number;
  readonly folio: number;
  /** migrate_pages call of this request (for the draw's key; not a recorded call's id). */
  readonly call: number;
  /** Which episode of the folio in this request. */
  readonly episode: number;
  /** Which move attempt of the folio in this request. */
  readonly attempt: number;
  readonly mode: Mode;
  readonly now: number;
  /** When its last episode was undone, which woke who slept on its lock; NaN = none was in this request. */
  readonly undoneAt: number;
}

/** Where migrate_pages may be turned down for reasons that no reference shows. */
export type Refusal =
  /** folio_trylock() of the destination. */
  | 'destination lock'
  /** The walk left an entry behind. */
  | 'still mapped'
  /** filemap_release_folio() of a folio without a migrate handler. */
  | 'private'
  /** Dirty, and no handler but writing it out. */
  | 'dirty'
  /** A machine check in the copy. */
  | 'copy'
  /** The page cache let go of it. */
  | 'no mapping';

/** How tasks share CPUs (THP split). */
export interface CpuRules {
  readonly preemption: 'none' | 'voluntary' | 'full';
  /** ns of a scheduler slice. */
  readonly timeSlice: number;
  /** ns of one round of a spinning fault. */
  readonly spin: number;
  /** ns after which a standstill is called a livelock. */
  readonly patience: number;
}

/** The stretch in which the page-table entry is clear and no migration entry is written yet (try_to_migrate_one). */
export interface FaultWindow {
  readonly from: number;
  /** Eager flush: the TLB invalidation lies between. Deferred: `from`, for remote TLBs still hit. */
  readonly until: number;
  readonly deferredFlush: boolean;
  /** When the unmapping began that this window is part of; absent = `from`. */
  readonly begun?: number;
  /** Other folios under entries at the time, on which tasks may sleep instead; absent = 0. */
  readonly beside?: number;
  /** When entries of any folio went last, so that those asleep on them were let go; absent or -Infinity = not yet. */
  readonly letGo?: number;
}

/**
 * What takes time, in ns:
 * `isolate` off the LRU; `destination` allocation, before the lock is taken (a woken task may get in meanwhile); `unmap` rmap walk of one folio without its flush; `flush` one TLB flush (of one folio when
 * eager, of all deferred ones else); `attempt` one try to move up to its last comparison, without the copy; `copy` and
 * putting the destination in place; `restore` entries put back and the lock dropped; `putback` to a batch; `entry` from
 * the cleared entry to the written migration entry, without the flush; `split` the frozen phase of a split; `device copy`
 * of one page to or from a device; `pin` get_user_pages() of one folio; `reclaim` of one clean folio; `collect` of one
 * folio by migrate_vma_collect(); `return` from the last step with a folio of a call to the end of the call.
 */
export type Service =
  | 'isolate'
  | 'destination'
  | 'unmap'
  | 'flush'
  | 'attempt'
  | 'copy'
  | 'restore'
  | 'putback'
  | 'entry'
  | 'split'
  | 'device copy'
  | 'pin'
  | 'reclaim'
  | 'collect'
  | 'return';

/** No answer keeps the `Visit` that it is asked with: there is one a kernel, written anew for every question. */
export interface World {
  serviceTime(service: Service, visit: Visit): number;
  /** From queueing a drain work for a CPU until its batches are empty: mostly the wait for the bound kworker. */
  drainWorkTime(cpu: number, drain: number, now: number): number;
  /** One synchronize_rcu of lru_cache_disable, expedited since 5.19. */
  rcuWaitTime(nth: number, now: number, expedited?: boolean): number;
  /** Faults that take a reference in this window and then sleep on the lock. Asked once an episode of a mapped folio. */
  faultEnters(visit: Visit, window: FaultWindow): readonly BlockedFault[];
  /**
   * When the n-th task (from 0, ascending) faults on the entries of this episode and goes to sleep until they go.
   * `from` = when the entries were written. Infinity = no more. Asked while the answers lie before the end.
   */
  entryWaiter(visit: Visit, n: number, from: number): number;
  /** How long such a task keeps its brief reference; asked only where a policy says that it takes one (axis F). */
  entryWaitReferenceTime(visit: Visit, n: number): number;
  /** Obstacles of a folio, as absolute stretches, in any order. Asked once for each request that wants the folio. */
  obstacles(request: number, folio: number): readonly Obstacle[];
  /** A speculative reference met by this very attempt (luck, keyed by the attempt), beside the stretches above. */
  transient(visit: Visit): { readonly until: number } | undefined;
  /** PG_waiters at this attempt, whoever sleeps; absent or undefined = as the sleepers have it. */
  waiters?(visit: Visit): boolean | undefined;
  /** PG_waiters although nobody sleeps on this folio, for it shares a wait queue with others; absent = never. */
  staleWaiters?(visit: Visit): boolean;
  /** Absent = nothing is refused. */
  refuses?(visit: Visit, step: Refusal): boolean;
  /**
   * Whether the `nth` try (from 0) for the folio's lock since its last episode finds it taken by somebody whom nothing else
   * shows; a try that may sleep sleeps for no time then. `visit.episode` is the one to come. Absent = never.
   */
  lockTaken?(visit: Visit, nth: number): boolean;
  /** Told when the migration entries of a folio were written, and when they have gone: to the new place, or back. */
  entries?(visit: Visit, now: 'set' | 'moved' | 'undone'): void;
  readonly cpus?: CpuRules;
}

/** Nothing in the way and nothing takes time: a base for tests and for worlds that answer only some questions. */
export const emptyWorld: World = {
  serviceTime: () => 0,
  drainWorkTime: () => 0,
  rcuWaitTime: () => 0,
  faultEnters: () => [],
  entryWaiter: () => Number.POSITIVE_INFINITY,
  entryWaitReferenceTime: () => 0,
  obstacles: () => [],
  transient: () => undefined,
};
