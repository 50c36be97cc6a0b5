/**
 * Why a prediction missed, as far as it was found out: by workload, policy predicted from, policy predicted, and metric. A miss
 * without an entry is printed as not explained. Entries say what was looked at, and hold as long as the miss is there.
 */
import type { Metric } from '../../src/replay/outcome.ts';

/** `workload: recorded → predicted`. */
export type PairName = `${string}: ${string} → ${string}`;

/** Sleeps on the first folio of calls that undid none, in the mean of four runs, by how many tasks had been let go and did not run yet. */
const tasksAwayUnderDrainOnce =
  'under drain-once fewer tasks come to the first folio of a call however many are back: 1.6, 1.7 and 1.6 sleeps on it with none, one and two of three still on their way, against 2.4, 1.9 and 2.2 under baseline; nothing in a capture of drain-once says who would come after a wait for RCU that it does not have';
/** A list is one isolation; of ranges that are scanned again below the place where they were given up 6 and 1 lists were isolated. */
const fullerRanges =
  '421 are that the ranges held more page cache in those two runs, 337 and 368 lists an allocation under drain-once and 315 and 320 under baseline (single ones hold 236 to 420 under both): a replay asks for what was recorded';

export const reasons: Readonly<Record<PairName, Partial<Readonly<Record<Metric, string>>>>> = {
  'cma-second-reads: baseline → drain-once': {
    calls: `of 661 more calls 240 are further tries of lists given up, which are predicted; ${fullerRanges}`,
    callTime:
      '68 of 136 ms are tries in vain, predicted at 37, for none was recorded: one is taken to be as long as a try that moved its folio, without the time between two, which is a third of it; the others are calls that moved folios, which took 374 and 293 ms for 4069 and 4821 folios under drain-once, 264 and 269 ms for 4549 and 3737 under baseline',
  },
  'cma-second-reads: drain-once → baseline': {
    calls: `of 661 fewer calls 240 are tries of lists given up, which are predicted; ${fullerRanges}`,
  },
  'shared-anon-hot: drain-once → refcheck-unmap': { entryWaits: tasksAwayUnderDrainOnce },
  'shared-anon-hot: drain-once → waiters-undo': { entryWaits: tasksAwayUnderDrainOnce },
};
