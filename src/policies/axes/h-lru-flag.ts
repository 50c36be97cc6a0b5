/** H: PG_lru of a folio that is queued in a batch other than add. */
import type { AxisOfChoice } from '../axis.ts';

export const lruFlag: AxisOfChoice = {
  axis: 'H',
  question: 'is PG_lru cleared while a folio is queued?',
  needs: ['batch flushes'],
  choices: [
    {
      name: 'kept',
      does: 'keeps PG_lru while a folio is queued for activation and the like',
      mainline: [{ before: '6.11' }, { since: '6.17' }],
      branches: [{ branch: '6.12', from: 50 }],
      source: 'up to 6.10; afb99e9f5004 (revert) in 6.17 and 6.12.50',
      directions: { S: '=', R: '=', L: '=', W: '=', D: '=', C: '=' },
      settles: { clearsLruFlagWhenQueued: false },
    },
    {
      name: 'cleared',
      does: 'clears PG_lru while a folio is queued, so that it can neither be queued twice nor be isolated',
      mainline: [{ since: '6.11', before: '6.17' }],
      source: '33dfe9204f29, 6.11 to 6.16 and 6.12.0 to 6.12.49',
      directions: { S: '?', R: '?', L: '=', W: '=', D: '-', C: '=' },
      settles: { clearsLruFlagWhenQueued: true },
    },
  ],
};
