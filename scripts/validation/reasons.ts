/**
 * Why a prediction missed, as far as it was found out: by workload, policy predicted from, policy predicted, and metric. A miss
 * without an entry is printed as not explained. Entries say what was looked at, and hold as long as the miss is there.
 */
import type { Metric } from '../../src/replay/outcome.ts';

/** `workload: recorded → predicted`. */
export type PairName = `${string}: ${string} → ${string}`;

/** Replays of the recorded policy, conditioned on everything seen: 326 of 364, 344 of 374, 322 of 348, 367 of 456, 359 of 434. */
const sleepersMissEpisodes =
  'the recorded policy, conditioned on everything seen, replays 80 to 93 % of its own sleeps (five runs), because undone episodes take drawn times while their sleepers keep recorded ones';
const tasksComeBack = `${sleepersMissEpisodes}; and an episode that another policy makes longer, or later, keeps the sleepers that were recorded of it, where the real kernel has more`;
const shorterEpisodes = `${sleepersMissEpisodes}; and first episodes that move are shorter under drain-once (1.26 ms in the mean, against 1.68 to 2.06 ms under the others), while a replay takes lengths from the recording`;
/** Milliseconds per folio are medians over all calls of four runs in which nothing was undone. */
const fasterCalls =
  'calls in which nothing was undone take 1.0 ms a folio under drain-once and 2.0 ms under each of the three others; a replay takes lengths from the recording, and nothing in a capture says why tasks are faster there';
const onlyOthersWait =
  'a replay under another policy follows the migrator until it comes back to an undone folio, the replay of the recorded policy that is taken off does not (514 of 1088 ms of the first run): the difference of the two is too large by that';
const onlyOthersQueue =
  'a replay under another policy follows the queue for the lock, where further tasks fall asleep; the replay of the recorded policy that is taken off counts one sleep for a row of blocked episodes (33 of 41 in baseline run01, 32 of 41 in refcheck-unmap run01), so that the difference is too large by as much';

export const reasons: Readonly<Record<PairName, Partial<Readonly<Record<Metric, string>>>>> = {
  'cma-second-reads: baseline → drain-once': {
    calls:
      'of 661 more calls 240 are further tries of lists given up, which are predicted; 420 are for lists that were isolated because a range that is scanned again meets pages that came meanwhile (4229 lists a run against 3809), and a replay isolates what was recorded',
    callTime:
      'of 136 ms 49 are the 240 further tries, predicted at about 20; the others are calls for lists that came meanwhile, and slower ones, which a replay does not make',
  },
  'cma-second-reads: drain-once → baseline': {
    calls:
      'of 661 fewer calls 240 are tries of lists given up, which are predicted; 420 were for pages that came while ranges were scanned again, and a replay still asks for what was recorded',
  },
  'shared-anon-hot: baseline → refcheck-unmap': { entryWaits: tasksComeBack },
  'shared-anon-hot: baseline → waiters-undo': { entryWaits: tasksComeBack, lockWaits: onlyOthersQueue },
  'shared-anon-hot: drain-once → baseline': { entryWaits: shorterEpisodes },
  'shared-anon-hot: drain-once → refcheck-unmap': { entryWaits: tasksComeBack },
  'shared-anon-hot: drain-once → waiters-undo': { entryWaits: tasksComeBack },
  'shared-anon-hot: refcheck-unmap → drain-once': {
    entryWaits: shorterEpisodes,
    callTime: `${fasterCalls}; and ${onlyOthersWait}`,
  },
  'shared-anon-hot: refcheck-unmap → waiters-undo': { lockWaits: onlyOthersQueue, callTime: onlyOthersWait },
  'shared-anon-hot: waiters-undo → baseline': { entryWaits: tasksComeBack },
  'shared-anon-hot: waiters-undo → drain-once': {
    entryWaits: shorterEpisodes,
    callTime: `${fasterCalls}; and ${onlyOthersWait}`,
  },
};
