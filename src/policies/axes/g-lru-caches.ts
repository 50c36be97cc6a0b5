/** G: what protects a migration from per-CPU LRU batches. */
import type { AxisOfChoice } from '../axis.ts';

export const lruCaches: AxisOfChoice = {
  axis: 'G',
  question: 'what do move_pages, contiguous allocation and offlining do about LRU batches?',
  needs: ['batch flushes', 'requests'],
  choices: [
    {
      name: 'nothing',
      does: 'leaves the batches alone',
      source: 'a bound; compaction and NUMA balancing do so in every kernel',
      settles: { lruCaches: 'nothing' },
    },
    {
      name: 'drain once',
      does: 'drains all CPUs once before the first call; batches fill again meanwhile',
      mainline: [{ before: '5.13' }],
      source: 'migrate_prep(), up to 5.12',
      settles: { lruCaches: 'drain once' },
    },
    {
      name: 'drain after each failure',
      does: 'drains all CPUs before the first call and again after each call that left folios behind',
      source: 'offline_pages(), up to 5.12, made a rule for all',
      settles: { lruCaches: 'drain after each failure' },
    },
    {
      name: 'disabled for the window',
      does: 'disables the batches of all CPUs from before the first call until after the last',
      mainline: [{ since: '5.13' }],
      source: 'd479960e44f2 "mm: disable LRU pagevec during the migration temporarily", 5.13',
      settles: { lruCaches: 'disable' },
    },
  ],
};
