/**
 * What happened: the facts that history works out of events. Every fact keeps the ordinals of the events behind it, so
 * that any number in a report leads back to the lines it was made of.
 *
 * Times are nanoseconds since the capture's first event (clock units for integer clocks). NaN = not known. -1 = none.
 */
import type { Capture } from '../events/capture.ts';
import type { Isolation } from './isolations.ts';
import type { ReferenceTable } from './references.ts';

/** The per-CPU batches of mm/swap.c and mm/mlock.c. */
export type BatchKind = 'add' | 'activate' | 'deactivate' | 'deactivate-file' | 'lazyfree' | 'rotate' | 'mlock';

/** How sure a fact is: its own events show it, it follows from others, or neither. */
export type Certainty = 'seen' | 'inferred' | 'unknown';

/** Why a folio's references (or lock) kept it from moving. "Cannot tell" is an honest answer. */
export const causes = [
  'add batch',
  'activate batch',
  'deactivate batch',
  'mlock batch',
  'lock-blocked fault',
  'entry waiter',
  'pin',
  'writeback',
  'buffer heads',
  'not on LRU',
  'transient reference',
  'lock contention',
  'no memory',
  'cannot tell',
] as const;
export type Cause = (typeof causes)[number];

/** One migrate_pages() call. */
export interface Call {
  readonly id: number;
  readonly startOrdinal: number;
  readonly endOrdinal: number;
  readonly start: number;
  readonly end: number;
  readonly pid: number;
  readonly cpu: number;
  readonly comm: string;
  /** `MIGRATE_ASYNC`, `MIGRATE_SYNC_LIGHT`, `MIGRATE_SYNC`. */
  readonly mode: string;
  /** As printed: `syscall_or_cpuset`, `contig_range`, ... */
  readonly reason: string;
  /** Base pages, from mm_migrate_pages; NaN when its end was not seen. */
  readonly succeeded: number;
  readonly failed: number;
  readonly thpSucceeded: number;
  readonly thpFailed: number;
  readonly thpSplit: number;
  /** Folios not migrated, or a negative error; NaN without a return probe. */
  readonly returned: number;
  readonly folios: readonly CallFolio[];
  /** Id of the request that made it, or -1. */
  readonly request: number;
  /** Both ends seen; or which is missing (lost, or outside the capture). */
  readonly complete: 'whole' | 'no start' | 'no end';
  /** Events of its CPU were lost while it ran. */
  readonly lossy: boolean;
}

/** A folio as a member of one call. Members without a pfn stand for what only the call's totals count. */
export interface CallFolio {
  /** Source pfn, NaN for an anonymous member. */
  readonly pfn: number;
  /** Identity across the capture when the pfn is not known: `strings` id of the folio pointer, or -1. */
  readonly pointer: number;
  readonly order: number;
  /** Destination pfn when it moved, else NaN. */
  readonly destination: number;
  readonly outcome: 'moved' | 'failed' | 'unknown';
  readonly episodes: readonly number[];
  readonly attempts: readonly number[];
  /** `migrate_vma`: it was in device-private memory, which is on no LRU list. */
  readonly onDevice?: boolean;
}

/** One stretch in which a folio was locked with its page-table entries replaced by migration entries. */
export interface Episode {
  readonly id: number;
  /** Id of the call, or -1 (of a split or migrate_vma, or of a call whose start was lost). */
  readonly call: number;
  readonly pid: number;
  readonly cpu: number;
  readonly sourcePfn: number;
  /** From the restored entry; equal to the source when undone; NaN while open or unseen. */
  readonly destinationPfn: number;
  readonly order: number;
  /** User address of the first entry. */
  readonly address: number;
  /**
   * Entries set and removed. None set where they have no event: migrate_vma's collection, and a huge page whose one entry
   * is split into migration entries. `start` is then the request's, which comes before the entries (where no probe shows
   * it, of the first entry that went).
   */
  readonly set: number;
  readonly removed: number;
  readonly start: number;
  /** Last set: all of its mappings are gone; what is left of unmapping has no event. */
  readonly lastSet: number;
  /** Last remove; NaN when the capture ends (or loses events) first. */
  readonly end: number;
  readonly outcome: 'moved' | 'undone' | 'open';
  /** Whether TLB flushes were deferred (TTU_BATCH_FLUSH): the async part of a synchronous call since 6.3. */
  readonly deferredFlush: 'yes' | 'no' | 'unknown';
  /** When its unmapping began, the folio locked (a probe on try_to_migrate); absent = not probed. */
  readonly unmapStart?: number;
  /** 0 for the folio's first episode in its call, 1 for the second, ... */
  readonly index: number;
  readonly firstOrdinal: number;
  readonly lastOrdinal: number;
}

/** One try to move an unmapped folio: from probes on the move functions only. */
export interface Attempt {
  readonly id: number;
  readonly call: number;
  readonly episode: number;
  readonly pfn: number;
  readonly start: number;
  readonly end: number;
  /** Reference count as it was compared; NaN without the argument. */
  readonly references: number;
  /** What the check expected (section 1.3 or 1.4 of the kernel notes); NaN when it cannot be computed. */
  readonly expected: number;
  /** 0, -11 (-EAGAIN), ...; NaN when the return was not seen. */
  readonly returned: number;
  /** PG_waiters at entry, where the flags argument shows it. */
  readonly waiters: 'yes' | 'no' | 'unknown';
  readonly ordinal: number;
}

export type RequestKind =
  | 'move_pages'
  | 'contiguous allocation'
  | 'cma'
  | 'compaction'
  | 'longterm pin'
  | 'memory offline'
  | 'soft offline'
  | 'numa balancing'
  | 'migrate_vma'
  | 'thp split'
  | 'other';

/** Of migrate_vma: migrate_vma_setup(), the driver's copy after it, migrate_vma_pages(), migrate_vma_finalize(). Of a split: until the first entry goes back, and from there until the last has. */
export type RequestPart = 'setup' | 'copy' | 'pages' | 'finalize' | 'unmap' | 'restore';

/** The work of migrate_vma or of split_huge_page(), which put migration entries in place by themselves. */
export interface WithoutCalls {
  readonly cpu: number;
  /**
   * Of `migrate_vma` the folios that its events name (what collection left out has no event), `moved` to or from the
   * device; of a `thp split` the one folio, where `moved` stands for split.
   */
  readonly folios: readonly CallFolio[];
  /** ns that its parts took; absent ones were not seen. */
  readonly parts: Readonly<Partial<Record<RequestPart, number>>>;
}

/** What asked for migrate_pages calls, with its own retries; or does such work without them (`withoutCalls`). */
export interface Request {
  readonly id: number;
  readonly kind: RequestKind;
  readonly certainty: Certainty;
  /** Why it is believed, in words (`alloc_contig_range probe`, `same task, adjacent ranges`). */
  readonly basis: string;
  readonly pid: number;
  readonly comm: string;
  readonly start: number;
  readonly end: number;
  readonly calls: readonly number[];
  /**
   * The calls again, grouped by the isolated list they worked on: a contiguous allocation gives one list to migrate_pages up
   * to five times, and those calls stand together. Other kinds have one call a list.
   */
  readonly lists?: readonly (readonly number[])[];
  /** What a request did itself that makes no calls; absent for all others. */
  readonly withoutCalls?: WithoutCalls;
  /**
   * What its scanner went over, in order (mm_compaction_isolate_migratepages): the frames of `[startPfn, endPfn)` were
   * looked at, and `taken` of their pages isolated, by `time`. Absent where the event was not recorded.
   */
  readonly scans?: readonly {
    readonly time: number;
    readonly startPfn: number;
    readonly endPfn: number;
    readonly taken: number;
  }[];
  /** Range of page frames wanted, where known (contiguous allocation, offline); else NaN. */
  readonly startPfn: number;
  readonly endPfn: number;
  /** For nested requests (a CMA allocation holds the ranges it tried): id of the outer one, or -1. */
  readonly parent: number;
  /**
   * 0 done, negative errno, NaN when not seen. Of move_pages(2) and migrate_pages(2) a positive number is that of pages which
   * did not move, with those that were not got round to (mm/migrate.c do_pages_move(), 4.17 and later).
   */
  readonly returned: number;
  readonly ordinal: number;
}

/** A stretch in which LRU caches were disabled (lru_cache_disable .. lru_cache_enable). */
export interface Window {
  readonly pid: number;
  readonly start: number;
  /** End of the disabling drain. */
  readonly drained: number;
  readonly end: number;
  /** lru_cache_enable is inline: its end is mostly inferred from the request's end. */
  readonly endCertainty: Certainty;
  readonly request: number;
}

/** Stays of folios in per-CPU batches, one row a stay. Columns, because there is one for every LRU insertion. */
export interface StayTable {
  readonly length: number;
  readonly pfn: Float64Array;
  /** Index into `batchKinds`. */
  readonly batch: Uint8Array;
  readonly cpu: Int32Array;
  /** When it was added: seen by a probe, else NaN. */
  readonly added: Float64Array;
  readonly flushed: Float64Array;
  /** Row of the flush that ended it, or -1 while it stays. */
  readonly flush: Int32Array;
  readonly ordinal: Float64Array;
  /** Task that added it and its interned name, -1 where no probe saw that; absent where no add was probed. */
  readonly adderPid?: Int32Array;
  readonly adderComm?: Int32Array;
}
export const batchKinds: readonly BatchKind[] = [
  'add',
  'activate',
  'deactivate',
  'deactivate-file',
  'lazyfree',
  'rotate',
  'mlock',
];

/** One flush of one batch: a run of insertions (or activations) of one CPU. */
export interface Flush {
  readonly cpu: number;
  readonly batch: BatchKind;
  readonly pid: number;
  readonly start: number;
  readonly end: number;
  readonly count: number;
  readonly cause: 'full' | 'bypass' | 'local drain' | 'all-CPU drain' | 'cache disabled' | 'unknown';
  /** Row of the drain that caused it, or -1. */
  readonly drain: number;
  readonly ordinal: number;
}

/** Somebody emptied batches. */
export interface Drain {
  readonly id: number;
  /** One CPU's batches by itself; every CPU's; or every CPU's because caches get disabled. */
  readonly scope: 'local' | 'all' | 'disable';
  readonly pid: number;
  readonly comm: string;
  readonly cpu: number;
  readonly start: number;
  /** When the caller went on; NaN without a return probe. */
  readonly end: number;
  /** CPUs on which work ran for it, as far as seen. */
  readonly cpus: readonly number[];
  readonly certainty: Certainty;
  readonly ordinal: number;
}

/** A task asleep because of a folio under migration. */
export interface Wait {
  readonly pid: number;
  readonly comm: string;
  readonly cpu: number;
  readonly start: number;
  readonly end: number;
  /** On a migration entry (no reference since 5.17), or on the folio lock. */
  readonly on: 'entry' | 'lock';
  /** Whether the sleeper holds a reference, which makes every attempt of this episode fail. */
  readonly holdsReference: 'yes' | 'no' | 'unknown';
  readonly pfn: number;
  readonly episode: number;
  readonly ordinal: number;
}

/** A reference beyond the expected ones, with the evidence for it. */
export interface Hold {
  readonly pfn: number;
  readonly holder: Cause;
  readonly start: number;
  readonly end: number;
  readonly evidence: string;
  readonly certainty: Certainty;
}

/** Who holds a folio, as far as seen: -1, '' and NaN for what is not known. */
export interface Holder {
  readonly cpu: number;
  readonly pid: number;
  readonly comm: string;
  /** Since when. */
  readonly since: number;
}

/** One piece of evidence for or against a cause: a likelihood, in words and as a number. */
export interface Evidence {
  readonly says: string;
  readonly cause: Cause;
  /** How much likelier the evidence is under this cause than under "cannot tell" (1 = says nothing). */
  readonly weight: number;
  readonly ordinal: number;
  /** Who would be to blame, where the evidence names somebody. */
  readonly who?: Holder;
  /** The weight is an assumption of the model and not counted in this capture: it says nothing of other failures. */
  readonly assumed?: true;
  /** It speaks of all folios of the capture together, by how many there were: replay looks at each with its times as well. */
  readonly together?: true;
  /** A mark that was looked for and not found: it speaks against the cause, and alone is no reason to think of it. */
  readonly missing?: true;
}

/**
 * One folio that one call did not move (or a request without calls, or that was not split), and what speaks for each
 * cause. The posterior is made once, by replay.
 */
export interface Failure {
  readonly id: number;
  /** -1 where `request` says whose it is. */
  readonly call: number;
  /** Of a request without calls: its id. */
  readonly request?: number;
  /** Index into the call's `folios`, or those of the request. */
  readonly folio: number;
  readonly pfn: number;
  /** Base pages. */
  readonly pages: number;
  readonly time: number;
  readonly evidence: readonly Evidence[];
}

/** Which facts this capture can show at all. `absent` never means "did not happen". */
export interface Observability {
  readonly calls: Certainty;
  readonly episodes: Certainty;
  readonly attempts: Certainty;
  readonly batchAdds: Certainty;
  readonly batchFlushes: Certainty;
  readonly activations: Certainty;
  readonly mlockBatches: Certainty;
  readonly drains: Certainty;
  readonly windows: Certainty;
  readonly entryWaits: Certainty;
  readonly lockWaits: Certainty;
  readonly references: Certainty;
  readonly requests: Certainty;
  readonly durations: Certainty;
}

export interface History {
  readonly capture: Capture;
  readonly observed: Observability;
  readonly calls: readonly Call[];
  readonly episodes: readonly Episode[];
  readonly attempts: readonly Attempt[];
  readonly requests: readonly Request[];
  readonly windows: readonly Window[];
  readonly stays: StayTable;
  readonly flushes: readonly Flush[];
  readonly drains: readonly Drain[];
  readonly waits: readonly Wait[];
  readonly holds: readonly Hold[];
  /** Absent where the capture has no page_ref events. */
  readonly references?: ReferenceTable;
  /** Tries to take folios off the LRU (folio_isolate_lru); absent where they were not probed. */
  readonly isolations?: readonly Isolation[];
  readonly failures: readonly Failure[];
  /** Entries that decode to no pfn, pages of 64 KiB, ...: what could not be worked out, with the reason. */
  readonly refusals: readonly { readonly what: string; readonly reason: string; readonly count: number }[];
  /** Events by kind id, and by CPU. */
  readonly eventCounts: Float64Array;
  readonly eventsByCpu: readonly { readonly cpu: number; readonly events: number }[];
}
