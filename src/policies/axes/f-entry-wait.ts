/** F: what a task does that waits for a migration entry to go (kernel-model 6.1 and 6.2). */
import type { AxisOfChoice } from '../axis.ts';

const relax = 'thread "mm, thp: relax migration wait when failed to get tail page", 2021-06';

export const entryWait: AxisOfChoice = {
  axis: 'F',
  question:
    'does a task that waits on a migration entry hold a reference on its way to sleep, and what of a tail page?',
  needs: ['episodes'],
  choices: [
    {
      name: 'get and wait, tail pages fail',
      does: 'takes a reference until the waiter is queued; on a tail page of a THP that always fails, and the fault comes again at once',
      mainline: [{ before: '5.13' }],
      source: '__migration_entry_wait(), up to 5.12 (stable branches that took the fix are not known here)',
      directions: { S: '=', R: '=', L: '=', W: '++', D: '=', C: '=' },
      settles: { entryWaitHoldsReference: true, tailPageWait: 'spin' },
    },
    {
      name: 'get and wait',
      does: 'takes a reference until the waiter is queued, of the head page of a THP',
      mainline: [{ since: '5.13', before: '5.17' }],
      source: `__migration_entry_wait(), 5.13 to 5.16; ffc90cbb2970, Hugh Dickins in ${relax}-01`,
      directions: { S: '=', R: '=', L: '=', W: '=', D: '=', C: '=' },
      settles: { entryWaitHoldsReference: true, tailPageWait: 'head page' },
    },
    {
      name: 'no reference',
      does: 'queues the waiter under the page-table lock, without a reference',
      mainline: [{ since: '5.17' }],
      source: 'ffa65753c431 (migration_entry_wait_on_locked), 5.17',
      directions: { S: '+', R: '-', L: '=', W: '=', D: '=', C: '=' },
      settles: { entryWaitHoldsReference: false, tailPageWait: 'none' },
    },
    {
      name: 'cond_resched on failure',
      does: 'takes a reference until the waiter is queued; where a tail page has none to take, gives up the CPU and faults again',
      source: `Xu Yu, patch of ${relax}-01 (not merged)`,
      directions: { S: '=', R: '=', L: '=', W: '+', D: '=', C: '=' },
      settles: { entryWaitHoldsReference: true, tailPageWait: 'spin and yield' },
    },
    {
      name: 'resched in GUP',
      does: 'takes a reference until the waiter is queued; a fault on a tail page comes again at once, and gives up the CPU only in the retry of GUP',
      source: `Hugh Dickins in ${relax}-01, as where a cond_resched() would belong (not merged)`,
      directions: { S: '=', R: '=', L: '=', W: '+', D: '=', C: '=' },
      settles: { entryWaitHoldsReference: true, tailPageWait: 'spin, yield in GUP' },
    },
  ],
};
