/** Dev Jain's counts of the migration selftest: unpatched, with the check after unmapping, with three times the passes. */
import type { Decisions } from '../../src/model/decisions.ts';
import type { ModelSays, ScoreRow } from './row.ts';
import {
  aboutHundred,
  blockedOf,
  correlated,
  episodesOfFailure,
  independent,
  meanIterations,
  tested,
} from './selftest.ts';

const source =
  'Dev Jain, 2024-08-05, in "Race condition observed between page migration and page fault handling on arm64 machines"';
const given =
  'arm64; one page of shared memory, readers on all CPUs but one; neither their rate nor the times of a call';
const fixed =
  'the probability r that an episode is blocked, whatever came before it: r^10 = 1/100 (A fails when its ten episodes are all blocked), r = 0.63; "about" is read as 50 to 200';
const assumption =
  'Episodes are taken to be blocked independently of each other. A reader that has been woken may not have run when the folio is locked again, so that the same one blocks the next episode, too';

/** Iterations until all episodes of a call are blocked: r^-n, for r from each reading of "about 100". */
function closedForm(decisions: Decisions): Omit<ModelSays, 'says'> {
  const n = episodesOfFailure(decisions);
  const of = (iterations: number) => blockedOf(iterations) ** -n;
  return {
    low: of(aboutHundred.low),
    estimate: of(aboutHundred.estimate),
    high: of(aboutHundred.high),
    unit: 'iterations before a failure',
  };
}

export const rows: readonly ScoreRow[] = [
  {
    id: 'move-pages-unpatched',
    result:
      'Calls of move_pages until one leaves the page behind: about 100 with the comparison at the end of unmapping (A), against the kernel without it (B)',
    source,
    given,
    fixed,
    run(options) {
      const said = closedForm(tested.mainline);
      const r = blockedOf(aboutHundred.estimate);
      const world = (seed: number) => independent(r, seed);
      const [b, a] = [tested.mainline, tested.check].map((policy) => meanIterations(policy, world, options, 10_000));
      const slow = [tested.mainline, tested.check].map((policy) =>
        meanIterations(policy, (seed) => correlated(2e-4, seed), options, 10_000),
      );
      return {
        ...said,
        says: `a call fails when its two episodes are both blocked: 1 / r^2. Run call by call, ${b!.toFixed(1)} (and ${a!.toFixed(0)} for A). With 0.4 touches a flush (of 2 us), where a woken reader needs 1 us on average to get on and the folio is locked again after 0.3 us, the check gains little: ${slow[0]!.toFixed(1)} against ${slow[1]!.toFixed(1)}`,
      };
    },
    published: 'under 10 on average',
    judge: ({ high }) => (high < 10 ? 'agrees' : 'disagrees'),
    why: `${assumption}; the second figure is of such readers. A published gain of ten and more says that on that machine most readers did run in between. The verdict hangs on it: where an episode after a blocked one is blocked with probability s instead, A fixes p s^9 (p: the first one), and B is 100 s^8, which is under 10 for s up to 0.75 only.`,
  },
  {
    id: 'move-pages-passes-x3',
    result: 'The same with the check: about 100 with 3 + 7 passes (A), against 9 + 21 (B)',
    source,
    given,
    fixed,
    run: () => ({
      ...closedForm(tested.checkTimesThree),
      says: 'thirty episodes instead of ten: 1 / r^30 is the cube of A',
    }),
    published: 'above 2000 on average',
    judge: ({ low }) => (low > 2000 ? 'same direction' : 'disagrees'),
    why: `${assumption}, which would cost B more than A: the cube is an upper end. Above 2000 it is, but whether 2000 was where the runs ended or where they failed was not published, so that only the direction is compared.`,
  },
  {
    id: 'move-pages-one-loop',
    result:
      'The same: about 100 with the check (A), against undoing every mismatch and beginning again from unmapping (B)',
    source:
      'Dev Jain, 2024-08-13, quoted by Huang Ying on 2024-08-19, in "mm: Retry migration earlier upon refcount mismatch"',
    given: `${given}; how often the loop went round was not said`,
    fixed,
    run: () => ({
      ...closedForm(tested.combined),
      says: 'one loop with ten rounds has as many episodes as the check with its ten; N rounds have N',
    }),
    published: 'rarely reaches a count of three digits; less than with the check',
    judge: () => 'cannot be told',
    why: 'The number of rounds was not published, and it is the whole answer: fewer than ten give less than the check, as published. With ten the model would not agree: it then says as much as with the check, for both end an episode at a mismatch, the check earlier, before the destination is copied to.',
  },
];
