/** F: what a task does that waits for a migration entry to go. */
import type { AxisOfChoice } from '../axis.ts';

export const entryWait: AxisOfChoice = {
  axis: 'F',
  question: 'does a task that waits on a migration entry hold a reference on its way to sleep?',
  needs: ['episodes'],
  choices: [
    {
      name: 'get and wait',
      does: 'takes a reference until the waiter is queued',
      mainline: [{ before: '5.17' }],
      source: '__migration_entry_wait(), up to 5.16',
      settles: { entryWaitHoldsReference: true },
    },
    {
      name: 'no reference',
      does: 'queues the waiter under the page-table lock, without a reference',
      mainline: [{ since: '5.17' }],
      source: 'ffa65753c431 (migration_entry_wait_on_locked), 5.17',
      settles: { entryWaitHoldsReference: false },
    },
  ],
};
