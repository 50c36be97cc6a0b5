/** J: whether mlock and munlock go through a per-CPU batch. */
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
      settles: { batchesMlock: false },
    },
    {
      name: 'batched',
      does: 'queues mlock and munlock in a per-CPU batch, each entry a reference',
      mainline: [{ since: '5.18' }],
      source: '2fbb0c10d1e8, 5.18',
      settles: { batchesMlock: true },
    },
  ],
};
