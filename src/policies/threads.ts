/** Alternatives proposed on mailing lists: each answers one axis or two and leaves the rest to what it is laid over. */
import type { Axis } from './policy.ts';

export interface Alternative {
  readonly name: string;
  readonly title: string;
  readonly source: string;
  readonly choices: Readonly<Partial<Record<Axis, string>>>;
}

const retryEarlier = 'thread "mm: Retry migration earlier upon refcount mismatch", 2024-08';
const disablePagevec = 'thread "mm: disable LRU pagevec during the migration temporarily", 2021-03';

export const threads: readonly Alternative[] = [
  {
    name: 'refcheck-unmap',
    title: 'compare references at the end of unmapping',
    source: `Dev Jain, patch 1/2 of ${retryEarlier}-09`,
    choices: { A: 'at end of unmap' },
  },
  {
    name: 'waiters-undo',
    title: 'undo when somebody waits, resubmit',
    source: `David Hildenbrand in ${retryEarlier}-11`,
    choices: { B: 'undo if waiters, resubmitted' },
  },
  {
    name: 'waiters-undo-caller',
    title: 'undo when somebody waits, the caller retries',
    source: `David Hildenbrand in ${retryEarlier}-11, read literally`,
    choices: { B: 'undo if waiters, to the caller' },
  },
  {
    name: 'requeue-last',
    title: 'undo when somebody waits, retry after the others',
    source: `Christoph Lameter in ${retryEarlier}-09`,
    choices: { B: 'undo if waiters, requeued last' },
  },
  {
    name: 'combined-loop',
    title: 'undo before every retry, in one loop',
    source: `Huang Ying in ${retryEarlier}-12`,
    choices: { B: 'one combined loop' },
  },
  {
    name: 'drain-once',
    title: 'drain all CPUs once, batches stay on',
    source: `what callers had before 5.13; ${disablePagevec}`,
    choices: { G: 'drain once' },
  },
  {
    name: 'drain-each-failure',
    title: 'drain all CPUs again after each failed call',
    source: `what memory offlining had before 5.13; ${disablePagevec}`,
    choices: { G: 'drain after each failure' },
  },
  {
    name: 'lru-cache-disable',
    title: 'batches off while a request migrates',
    source: `Minchan Kim, d479960e44f2; ${disablePagevec}`,
    choices: { G: 'disabled for the window' },
  },
];
