/** G: what protects a migration from per-CPU LRU batches (kernel-model 2.8 and 7.6). */
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
      directions: { S: '=', R: '=', L: '=', W: '=', D: '=', C: '=' },
      settles: { lruCaches: 'nothing', offlineDrainsAgain: false },
    },
    {
      name: 'drain once',
      does: 'drains all CPUs once before the first call, memory offline again after each failure; batches fill again meanwhile',
      mainline: [{ before: '5.13' }],
      source: 'migrate_prep(), up to 5.12',
      directions: { S: '+', R: '-', L: '=', W: '=', D: '+', C: '=' },
      settles: { lruCaches: 'drain once', offlineDrainsAgain: true },
    },
    {
      name: 'drain after each failure',
      does: 'drains all CPUs before the first call and again after each call that left folios behind',
      source: 'offline_pages(), up to 5.12, made a rule for all',
      directions: { S: '+', R: '-', L: '=', W: '=', D: '++', C: '=' },
      settles: { lruCaches: 'drain after each failure', offlineDrainsAgain: false },
    },
    {
      name: 'disabled for the window',
      does: 'disables the batches of all CPUs from before the first call until after the last',
      mainline: [{ since: '5.13' }],
      source: 'd479960e44f2 "mm: disable LRU pagevec during the migration temporarily", 5.13',
      directions: { S: '++', R: '-', L: '=', W: '=', D: '+', C: '++' },
      settles: { lruCaches: 'disable', offlineDrainsAgain: false },
    },
  ],
};
