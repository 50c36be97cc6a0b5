/** J: whether mlock and munlock go through a per-CPU batch (kernel-model 2.1 and 2.5). */
import type { AxisOfChoice } from '../axis.ts';

export const mlockBatching: AxisOfChoice = {
  axis: 'J',
  question: 'are mlock and munlock batched?',
  needs: ['batch flushes'],
  choices: [
    {
      name: 'immediate',
      does: 'does every mlock at once',
      mainline: [{ before: '5.18' }],
      source: 'up to 5.17',
      directions: { S: '+', R: '-', L: '=', W: '=', D: '-', C: '++' },
      settles: { batchesMlock: false },
    },
    {
      name: 'batched',
      does: 'queues mlock and munlock in a per-CPU batch, each entry a reference',
      mainline: [{ since: '5.18' }],
      source: '2fbb0c10d1e8, 5.18',
      directions: { S: '=', R: '=', L: '=', W: '=', D: '=', C: '=' },
      settles: { batchesMlock: true },
    },
    {
      name: 'converted to flag-clear',
      does: 'queues mlock and munlock with PG_lru cleared, so that a folio is in at most one batch of any kind',
      source:
        'Hugh Dickins in thread "mm/gup: Drain batched mlock folio processing before attempting migration", 2025-08-28',
      directions: {},
      refused:
        'munlock cannot be converted: where clearing PG_lru fails, a folio would be munlocked too soon or too late (Hugh Dickins, 2025-08-28)',
      settles: {},
    },
  ],
};
