/** The migration selftest with patience: how many failures in a row it takes before it gives up. */
import type { ScoreRow } from './row.ts';
import { aboutHundred, blockedOf, episodesOfFailure, independent, iterations, tested } from './selftest.ts';

const source = 'Dev Jain, 2024-08-09 and later, "mm: Retry migration earlier upon refcount mismatch"';
const given = 'the kernel without the check; arm64, readers on all CPUs but one, no rates';
const fixed =
  'the probability r that an episode is blocked, from another count: about 100 iterations with the check, whose ten episodes must all be blocked: r^10 = 1/100; "about" is read as 50 to 200';
const independence =
  'Failures in a row are taken to be independent, like episodes. A reader that stays in the way would make long runs of failures more likely';

/** Iterations until a call fails so many times in a row: 1 / p^k, p = r^n the probability that one call fails. */
function until(patience: number, about: number): number {
  return blockedOf(about) ** (-episodesOfFailure(tested.mainline) * patience);
}

const unit = 'iterations before it gives up';

export const rows: readonly ScoreRow[] = [
  {
    id: 'selftest-tolerates-7',
    result:
      'Iterations of the selftest that gives up at the first failure: under 10 (A), against after 7 failures in a row (B)',
    source: `${source}, quoted by Huang Ying on 2024-08-19`,
    given,
    fixed,
    run({ seed, draws }) {
      const r = blockedOf(aboutHundred.estimate);
      const most = 100_000;
      // A quarter of the draws, as each runs some hundred iterations.
      const runs = Math.ceil(draws / 4);
      let sum = 0;
      for (let draw = 0; draw < runs; draw++) {
        sum += iterations(tested.mainline, independent(r, seed * 1000 + draw), most, 7) / runs;
      }
      return {
        says: `each call fails with r^2, so that seven in a row come after 1 / r^14 iterations; run call by call, ${runs} times, ${sum.toFixed(0)}`,
        low: until(7, aboutHundred.low),
        estimate: until(7, aboutHundred.estimate),
        high: until(7, aboutHundred.high),
        unit,
      };
    },
    published: 'can reach counts of four digits',
    judge: ({ low, high }) => (low < 9999 && high >= 1000 ? 'agrees' : 'disagrees'),
    why: `${independence}.`,
  },
  {
    id: 'selftest-tolerates-100',
    result: 'The same: gives up at the first failure (A), against after 100 failures in a row (B), as it was merged',
    source: `${source}, patch 2/2 (6.12)`,
    given: `${given}; a run lasts 20 s`,
    fixed,
    run: () => ({
      says: '1 / r^200 iterations: more than any run makes',
      low: until(100, aboutHundred.low),
      estimate: until(100, aboutHundred.estimate),
      high: until(100, aboutHundred.high),
      unit,
    }),
    published: 'passes',
    // A call takes a microsecond at least, so that 20 s hold fewer.
    judge: ({ low }) => (low > 20e6 ? 'same direction' : 'disagrees'),
    why: `${independence}, and a hundred of them far more; a page that is pinned for the 20 s would fail it all the same. Only that it passes was published.`,
  },
];
