/** What is asked of the machine: folios, requests to migrate them, and what other CPUs do to their batches meanwhile. */
import type { Mode } from './decisions.ts';

/** A folio as it is when the machine starts. Its id is its place in the list given to the machine. */
export interface FolioSpec {
  readonly order: number;
  /**
   * Private anonymous folios meet no lock-blocked faults (do_anonymous_page takes no reference on the folio under
   * migration); `shmem` includes shared anonymous memory. `unknown` is treated like `shmem`, as the world may say no.
   */
  readonly kind: 'anon' | 'file' | 'shmem' | 'swapcache' | 'unknown';
  /** Page-table entries that map it. 0 = not mapped: it moves without an episode. */
  readonly mapped: number;
  readonly mlocked?: boolean;
  /** PG_private: one more reference, expected. */
  readonly hasPrivate?: boolean;
  /** Starts off the LRU (it has only ever been allocated; a background `add` will queue it). */
  readonly notOnLru?: boolean;
}

/** Folios that one collecting step of a request puts on one list, before any migrate_pages call. */
export interface ChunkDemand {
  readonly folios: readonly number[];
  /** ns between the end of the chunk before (or of the request's preparation) and the isolation of this one. */
  readonly gap: number;
}

export type RequestModel =
  /** do_pages_move: caches once a request; stops at the first call that leaves folios behind. */
  | 'move_pages'
  /** __alloc_contig_migrate_range: caches once; up to `contiguousTries` calls a list. */
  | 'contiguous allocation'
  /** compact_zone: this CPU is drained once; every chunk is tried once. */
  | 'compaction'
  /** __gup_longterm_locked: pin, collect and migrate until nothing is left or a call fails. */
  | 'longterm pin'
  /** offline_pages: caches once; every chunk is tried again until it is gone or `passes` are used up. */
  | 'memory offline'
  /** A call whose requester is not known: one migrate_pages, no caches, putback. */
  | 'call';

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
}

/** What a background row does. Values below 7 add to the batch with that index in `batchKinds`. */
export const backgroundActions = {
  /** lru_add_drain() on that CPU, by anybody but the requests. */
  drainLocal: 7,
  /** lru_add_drain_all() by anybody but the requests. */
  drainAll: 8,
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
  /** 1 = a large folio that nobody migrates (it bypasses the batch); absent = all small. */
  readonly large?: Uint8Array;
}

export const emptyBackground: Background = {
  length: 0,
  time: new Float64Array(0),
  cpu: new Uint16Array(0),
  action: new Uint8Array(0),
  folio: new Int32Array(0),
};
