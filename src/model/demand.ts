/** What is asked of the machine: folios, requests to migrate them, and what other CPUs do to their batches meanwhile. */
import type { Mode } from './decisions.ts';

/** A folio as it is when the machine starts. Its id is its place in the list given to the machine. */
export interface FolioSpec {
  readonly order: number;
  /**
   * Private anonymous folios meet no lock-blocked faults (do_anonymous_page takes no reference on the folio under
   * migration); `shmem` includes shared anonymous memory. `unknown` is treated like `shmem`, as the world may say no.
   */
  readonly kind: 'anon' | 'file' | 'shmem' | 'swapcache' | 'hugetlb' | 'unknown';
  /** Page-table entries that map it. 0 = not mapped: it moves without an episode. */
  readonly mapped: number;
  readonly mlocked?: boolean;
  /** PG_private: one more reference, expected. */
  readonly hasPrivate?: boolean;
  /** Starts off the LRU (it has only ever been allocated; a background `add` will queue it). */
  readonly notOnLru?: boolean;
  /** Clean page cache that nobody needs: reclaim_clean_pages_from_list() may drop it (axis O). */
  readonly clean?: boolean;
  /** PG_uptodate is clear: what is being read in is not waited for by a sync-light call. */
  readonly notUptodate?: boolean;
  /** `migrate_vma`: device-private memory, which is on no LRU list and never isolated. */
  readonly onDevice?: boolean;
  /** A large folio that split_folio() can split; absent = it can. */
  readonly splittable?: boolean;
}

/** Folios by id, described when first asked for: a million of them need no million descriptions. */
export interface FolioSource {
  readonly length: number;
  /** Folios of one group may share one description. */
  spec(id: number): FolioSpec;
}

/** Folios that one collecting step of a request puts on one list, before any migrate_pages call. */
export interface ChunkDemand {
  readonly folios: readonly number[];
  /** ns between the end of the chunk before (or of the request's preparation) and the isolation of this one. */
  readonly gap: number;
  /** `longterm pin`: pins of each folio in one call, aligned with `folios` (k times 1024 references); absent = 1. */
  readonly repeats?: readonly number[];
  /** `compaction`: the scanner leaves its block with this chunk, and drains before it (lru_add_drain_cpu_zone()). */
  readonly leavesBlock?: boolean;
}

/** A task that faults on a huge page under split. */
export interface SplitWaiter {
  readonly cpu: number;
  /** When it faults. */
  readonly at: number;
  /** In user mode (it comes back at each return), in copy_to_user() and the like, or in get_user_pages(). */
  readonly from: 'user' | 'copy' | 'gup';
  /** Its entry is of a tail page. */
  readonly tail: boolean;
}

/** Who asks for calls, and how often. Logs have a model's place here. */
export const requestModels = [
  /** do_pages_move: caches once a request; stops at the first call that leaves folios behind. */
  'move_pages',
  /** __alloc_contig_migrate_range: caches once; up to `contiguousTries` calls a list. */
  'contiguous allocation',
  /** compact_zone: this CPU is drained once; every chunk is tried once. */
  'compaction',
  /** __gup_longterm_locked: pin, collect and migrate until nothing is left or a call fails. */
  'longterm pin',
  /** offline_pages: caches once; every chunk is tried again until it is gone or `passes` are used up. */
  'memory offline',
  /** cma_alloc(): candidate areas in order, each a contiguous allocation. */
  'cma',
  /** migrate_misplaced_folio(): one folio a call, asynchronous, never split. */
  'numa balancing',
  /** soft_offline_in_use_page(). */
  'soft offline',
  /** migrate_vma_setup() to migrate_vma_finalize() of device memory; a chunk is a range. */
  'migrate_vma',
  /** split_huge_page() of one folio while others wait on its entries. */
  'thp split',
  /** do_migrate_pages(), mbind(): whole lists, no status of single pages. */
  'migrate_pages',
  /** A call whose requester is not known: one migrate_pages, no caches, putback. */
  'call',
] as const;
export type RequestModel = (typeof requestModels)[number];

export interface RequestDemand {
  /** Identity for keyed luck: the same under every policy. */
  readonly id: number;
  readonly model: RequestModel;
  /** As printed by mm_migrate_pages; results are summed by it. */
  readonly reason: string;
  readonly mode: Mode;
  readonly cpu: number;
  readonly start: number;
  /** End as recorded: what blocks a folio from `start` to here counts as permanent for the oracle. */
  readonly end: number;
  readonly chunks: readonly ChunkDemand[];
  /** `memory offline`: how often the whole range was gone over in the recording (the kernel has no bound). */
  readonly passes?: number;
  /** `cma`: places of the chunks of each candidate area, in the order in which they are tried. */
  readonly areas?: readonly (readonly number[])[];
  /** Failures in a row after which the user gives up (the migration selftest). */
  readonly userRetries?: number;
  /** The chunks are lists as a capture shows them, however long: COMPACT_CLUSTER_MAX does not cut them again. */
  readonly wholeLists?: boolean;
  /** `compaction`: through /proc/sys/vm/compact_memory, which drains all CPUs first. */
  readonly drainsAll?: boolean;
  /** `compaction`: a block that failed is gone over once more (finish_pageblock). */
  readonly rescans?: boolean;
  /** `thp split`: who faults meanwhile. */
  readonly waiters?: readonly SplitWaiter[];
}

/** What a background row does. Values below 7 add to the batch with that index in `batchKinds`. */
export const backgroundActions = {
  /** lru_add_drain() on that CPU, by anybody but the requests. */
  drainLocal: 7,
  /** lru_add_drain_all() by anybody but the requests. */
  drainAll: 8,
  /** folio_mark_accessed() on that CPU: the first one only notes it, the second activates. */
  accessed: 9,
  /** The last user lets go of the folio (folio_put() after it was unmapped and left the page cache). */
  free: 10,
  /** bh_lru_install(): a buffer head of the folio enters that CPU's bh_lrus. */
  bufferHead: 11,
} as const;

/** The per-CPU batches, in the order of their numbers (mm/swap.c `struct cpu_fbatches`, mm/mlock.c). */
export const batchKinds = ['add', 'activate', 'deactivate', 'deactivate-file', 'lazyfree', 'rotate', 'mlock'] as const;

/** What other tasks do to the batches: columns in ascending order of time. */
export interface Background {
  readonly length: number;
  readonly time: Float64Array;
  readonly cpu: Uint16Array;
  /** A batch index (0..6), or one of `backgroundActions`. */
  readonly action: Uint8Array;
  /** Folio id, or -1 for a folio that nobody migrates. */
  readonly folio: Int32Array;
  /**
   * Order of a folio that nobody migrates, 1 standing for any large one: it bypasses the batch unless axis Q lets its
   * order in. Absent = all small.
   */
  readonly large?: Uint8Array;
}

/** A background of any length, in blocks; each begins no earlier than the one before it ends. */
export interface BackgroundSource {
  next(): Background | undefined;
}

export const emptyBackground: Background = {
  length: 0,
  time: new Float64Array(0),
  cpu: new Uint16Array(0),
  action: new Uint8Array(0),
  folio: new Int32Array(0),
};
