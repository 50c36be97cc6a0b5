/** What stays of Minchan Kim's count when batches are off: the part that is not identified. */
import type { ScoreRow } from './row.ts';

const published = { before: 400, after: 30 };

export const row: ScoreRow = {
  id: 'lru-disable-rest',
  result: 'The same count with batches switched off: how many failures are left?',
  source: 'Minchan Kim, "mm: disable LRU pagevec during the migration temporarily", v3 2021-03-10; d479960e44f2 (5.13)',
  given: 'as above; which holders the 400 had was not said',
  fixed: '',
  run() {
    return {
      says: `the batches' part falls to 0, and what other holders cause stays as it was: anything from 0 (all ${published.before} were batches) to ${published.before} (none was)`,
      low: 0,
      high: published.before,
      estimate: Number.NaN,
      unit: 'failed tries in 500 allocations',
    };
  },
  published: `${published.after}`,
  judge: () => 'cannot be told',
  why: `The share of other holders (pins, buffer heads, page-cache users, faults on the lock) in the ${published.before} is not published, and it is the whole answer. Setting it to ${published.after} of ${published.before} would put the result in by hand.`,
};
