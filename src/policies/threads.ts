/** Alternatives proposed on mailing lists: each answers one axis or two and leaves the rest to what it is laid over. */
import type { Axis } from './policy.ts';

/** What a capture must hold for an alternative to be worth a row when nobody asked for it by name. */
export type Occasion = 'longterm pin' | 'migrate_vma' | 'thp split' | 'page faults';

export interface Alternative {
  readonly name: string;
  readonly title: string;
  readonly source: string;
  readonly choices: Readonly<Partial<Record<Axis, string>>>;
  /** The end of its axis and nobody's proposal: no answer to its question drains (or undoes, or tries) more, or less. */
  readonly kind?: 'bound';
  /** In which comparisons it stands when nobody asked for it: all, or those of captures with one of these; absent: none. */
  readonly shown?: 'always' | readonly Occasion[];
}

const retryEarlier = 'thread "mm: Retry migration earlier upon refcount mismatch", 2024-08';
const disablePagevec = 'thread "mm: disable LRU pagevec during the migration temporarily", 2021-03';
const drainMlock = 'thread "mm/gup: Drain batched mlock folio processing before attempting migration", 2025-08';
const relaxWait = 'thread "mm, thp: relax migration wait when failed to get tail page", 2021-06';
const pfnLocked = 'thread "mm/migrate.c: Remove MIGRATE_PFN_LOCKED", 2021-10';

const faults: readonly Occasion[] = ['page faults'];
const pins: readonly Occasion[] = ['longterm pin'];
const devices: readonly Occasion[] = ['migrate_vma'];
const splits: readonly Occasion[] = ['thp split'];

export const threads: readonly Alternative[] = [
  {
    name: 'refcheck-unmap',
    title: 'compare references at the end of unmapping',
    source: `Dev Jain, patch 1/2 of ${retryEarlier}-09`,
    choices: { A: 'at end of unmap' },
    shown: 'always',
  },
  {
    name: 'waiters-undo',
    title: 'undo when somebody waits, resubmit',
    source: `David Hildenbrand in ${retryEarlier}-11`,
    choices: { B: 'undo if waiters, resubmitted' },
    shown: 'always',
  },
  {
    name: 'waiters-undo-caller',
    title: 'undo when somebody waits, the caller retries',
    source: `David Hildenbrand in ${retryEarlier}-11, read literally`,
    choices: { B: 'undo if waiters, to the caller' },
    shown: 'always',
  },
  {
    name: 'requeue-last',
    title: 'undo when somebody waits, retry after the others',
    source: `Christoph Lameter in ${retryEarlier}-09`,
    choices: { B: 'undo if waiters, requeued last' },
    shown: 'always',
  },
  {
    name: 'combined-loop',
    title: 'undo before every retry, in one loop',
    source: `Huang Ying in ${retryEarlier}-12`,
    choices: { B: 'one combined loop' },
    shown: 'always',
  },
  {
    name: 'refcheck-unmap-x3',
    title: 'compare references at the end of unmapping, three times the passes',
    source: `Dev Jain, an experiment in ${retryEarlier}`,
    choices: { A: 'at end of unmap', C: '9 + 21' },
  },
  {
    name: 'retries-x3',
    title: 'three times the passes',
    source: `Dev Jain, half of an experiment in ${retryEarlier}`,
    choices: { C: '9 + 21' },
  },
  {
    name: 'waiters-undo-lock-sleepers',
    title: 'undo when somebody sleeps on the lock, resubmit',
    source: `David Hildenbrand in ${retryEarlier}-11, waiters taken to be those with a reference`,
    choices: { B: 'undo if lock sleepers, resubmitted' },
  },
  {
    name: 'waiters-undo-caller-lock-sleepers',
    title: 'undo when somebody sleeps on the lock, the caller retries',
    source: `David Hildenbrand in ${retryEarlier}-11, read literally, waiters taken to be those with a reference`,
    choices: { B: 'undo if lock sleepers, to the caller' },
  },
  {
    name: 'requeue-last-lock-sleepers',
    title: 'undo when somebody sleeps on the lock, retry after the others',
    source: `Christoph Lameter in ${retryEarlier}-09, waiters taken to be those with a reference`,
    choices: { B: 'undo if lock sleepers, requeued last' },
  },
  {
    name: 'requeue-last-any',
    title: 'undo at the first sight of a waiter, retry after the others',
    source: `Christoph Lameter in ${retryEarlier}-09, read literally`,
    choices: { B: 'undo at any waiter, requeued last' },
  },
  {
    name: 'outer-loop',
    title: 'one attempt a submission, the loop around it',
    source: `Huang Ying in ${retryEarlier}-12 to 19`,
    choices: { B: 'one attempt, the caller loops' },
  },
  {
    name: 'reference-sleep',
    title: 'sleep up to a second for references, for longterm pins',
    source: 'John Hubbard, RFC of 2026-04-09',
    choices: { B: 'sleep for references' },
  },
  {
    name: 'flush-at-once',
    title: 'flush TLBs of every folio at once',
    source: 'David Hildenbrand, an experiment on x86 in the thread before, 2024-08',
    choices: { D: 'clear, flush, entry' },
  },
  {
    name: 'marker-first',
    title: 'mark the entry invalid before it is flushed',
    source: 'Dev Jain, RFC of 2024-08-01, before the thread',
    choices: { D: 'marker first' },
  },
  {
    name: 'entry-first',
    title: 'write the migration entry before TLBs are flushed',
    source: 'patch to try_to_migrate_one(), 2024-12',
    choices: { D: 'entry before flush' },
  },
  {
    name: 'fault-recheck',
    title: 'a fault looks at the entry again before it takes a reference',
    source: retryEarlier,
    choices: { E: 'recheck before ->fault' },
    shown: faults,
  },
  {
    name: 'fault-drop',
    title: 'a fault drops its reference before it sleeps',
    source: retryEarlier,
    choices: { E: 'drop reference and retry' },
    shown: faults,
  },
  {
    name: 'drain-once',
    title: 'drain all CPUs once, batches stay on',
    source: `what callers had before 5.13; ${disablePagevec}`,
    choices: { G: 'drain once' },
    shown: 'always',
  },
  {
    name: 'drain-each-failure',
    title: 'drain all CPUs again after each failed call',
    source: `what memory offlining had before 5.13; ${disablePagevec}`,
    choices: { G: 'drain after each failure' },
    shown: 'always',
  },
  {
    name: 'lru-cache-disable',
    title: 'batches off while a request migrates',
    source: `Minchan Kim, d479960e44f2; ${disablePagevec}`,
    choices: { G: 'disabled for the window' },
    shown: 'always',
  },
  {
    name: 'drain-all-works',
    title: 'a work on every CPU when batches are switched off',
    source: 'lru_cache_disable(), 5.13 to 5.17',
    choices: { N: 'generation skip, works on all CPUs' },
  },
  {
    name: 'drain-local-first',
    title: 'drain this CPU before the others are asked',
    source: 'Hugh Dickins, "mm: better GUP pin lru_add_drain_all()" 6/6, 2025-08-31',
    choices: { N: 'local first, expedited RCU' },
  },
  {
    name: 'gup-lru-flag',
    title: 'a pin drains all CPUs for a folio off the LRU',
    source: `5.13 to 6.16; ${drainMlock}`,
    choices: { I: 'LRU flag, all CPUs' },
    shown: pins,
  },
  {
    name: 'gup-mlock-drain',
    title: 'a pin also drains for an mlocked folio',
    source: `Will Deacon, ${drainMlock}-15`,
    choices: { I: 'LRU flag or mlocked' },
    shown: pins,
  },
  {
    name: 'gup-refcheck',
    title: 'a pin drains where references are more than expected, and forgets its own',
    source: `Hugh Dickins, 98c6d259319e (6.17), out of ${drainMlock}`,
    choices: { I: 'references, local then all' },
    shown: pins,
  },
  {
    name: 'gup-refcheck-biased',
    title: 'a pin drains where references are more than expected and its own',
    source: '"mm/gup: fix always draining LRU caches in collect_longterm_unpinnable_folios()", 6.12.111 and 7.2',
    choices: { I: 'references with pin bias' },
    shown: pins,
  },
  {
    name: 'gup-refcheck-large',
    title: 'a pin drains for large folios, too',
    source: 'Hugh Dickins, "mm: better GUP pin lru_add_drain_all()", before its patch 5/6',
    choices: { I: 'references, also of large folios' },
    shown: pins,
  },
  {
    name: 'gup-always',
    title: 'every pin drains all CPUs',
    source: 'a bound of axis I',
    choices: { I: 'always' },
    kind: 'bound',
    shown: pins,
  },
  {
    name: 'gup-never',
    title: 'no pin drains',
    source: 'a bound of axis I',
    choices: { I: 'never' },
    kind: 'bound',
    shown: pins,
  },
  {
    name: 'mlock-immediate',
    title: 'mlock without a batch',
    source: `a revert of 2fbb0c10d1e8, weighed by Hugh Dickins in ${drainMlock}-28`,
    choices: { J: 'immediate' },
    shown: pins,
  },
  {
    name: 'mlock-flag-clear',
    title: 'mlock batches that clear PG_lru',
    source: `weighed by Hugh Dickins in ${drainMlock}-28`,
    choices: { J: 'converted to flag-clear' },
  },
  {
    name: 'lru-flag-cleared',
    title: 'PG_lru clear while a folio is queued',
    source: `Ge Yang, 33dfe9204f29 (6.11); ${drainMlock}`,
    choices: { H: 'cleared' },
  },
  {
    name: 'lru-flag-kept',
    title: 'PG_lru kept while a folio is queued',
    source: `Hugh Dickins, afb99e9f5004 (6.17); ${drainMlock}`,
    choices: { H: 'kept' },
  },
  {
    name: 'large-in-batches',
    title: 'large folios up to 16 pages rest in batches',
    source: `talked about at LSF/MM, quoted by David Hildenbrand in ${drainMlock}-28; the order is an own choice`,
    choices: { Q: 'up to order 4' },
  },
  {
    name: 'tail-page-wait',
    title: 'a fault on a tail page spins: the bug',
    source: `__migration_entry_wait() up to 5.12; ${relaxWait}-01`,
    choices: { F: 'get and wait, tail pages fail' },
    shown: splits,
  },
  {
    name: 'wait-cond-resched',
    title: 'a fault on a tail page gives up the CPU, then spins on',
    source: `Xu Yu, ${relaxWait}-01`,
    choices: { F: 'cond_resched on failure' },
    shown: splits,
  },
  {
    name: 'head-page-wait',
    title: 'a fault on a tail page waits on the head',
    source: `Hugh Dickins, ffc90cbb2970 (5.13), out of ${relaxWait}-01`,
    choices: { F: 'get and wait' },
    shown: splits,
  },
  {
    name: 'gup-resched',
    title: 'a fault on a tail page spins, GUP gives up the CPU between retries',
    source: `Hugh Dickins in ${relaxWait}-01`,
    choices: { F: 'resched in GUP' },
    shown: splits,
  },
  {
    name: 'double-trylock',
    title: 'two trylocks of a folio in migrate_vma',
    source: `up to 5.16; ${pfnLocked}`,
    choices: { M: 'two' },
    shown: devices,
  },
  {
    name: 'single-trylock',
    title: 'one trylock of a folio in migrate_vma',
    source: `Alistair Popple, ab09243aa95a (5.17); ${pfnLocked}`,
    choices: { M: 'one' },
    shown: devices,
  },
];
