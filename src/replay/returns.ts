/**
 * What becomes of folios that a fault has blocked, where recorded luck does not hold: the tasks asleep on the lock are woken
 * by each undo and run when they run (`wake-law.ts`), the migrator comes back when it does, and whether it then finds
 * somebody waiting is as often so as it was recorded.
 */
import { uniform } from '../base/random.ts';
import { lockUnfairness } from '../model/folio-lock.ts';
import type { BlockedFault, Visit } from '../model/world.ts';
import type { Unit } from './demand.ts';
import type { Evidence, Parameters } from './parameters.ts';
import { happens, hasCompany, seenAfter, seenFirst } from './questions.ts';
import type { Luck } from './recall.ts';
import { quantile } from './wake-law.ts';

export interface Returning {
  /** The tasks that block this episode, one at least. */
  faults(visit: Visit, late: boolean): readonly BlockedFault[];
  /** A task asleep on the lock blocks this episode. */
  blocked(visit: Visit): void;
  /** From the undo of the folio until it is locked again; 0 when it was not undone since the last time this was asked. */
  again(visit: Visit): number;
  /** Whether a fault has blocked the folio before and it was undone since. */
  isBack(visit: Visit): boolean;
  rewalk(visit: Visit): number;
  /** PG_waiters at this attempt; undefined where who sleeps decides, and nothing that was recorded. */
  waiters(visit: Visit): boolean | undefined;
}

interface LuckKey {
  readonly seed: number;
  readonly draw: number;
  readonly luck: Luck;
  readonly withheld: boolean;
}

export function createReturns(
  { members }: Unit,
  { services, sleepers }: Evidence,
  { wakes, seen: { isKnown } }: Parameters,
  { seed, draw, luck, withheld }: LuckKey,
): Returning {
  const cameBack = new Float64Array(members.length).fill(Number.NaN);
  /** By folio, the last episode that somebody blocked anew; -1 = none. */
  const blockedIn = new Int32Array(members.length).fill(-1);
  /** By folio, the episode that it was last looked at in, and the first attempt of it. */
  const lookedIn = new Int32Array(members.length).fill(-1);
  const firstAttempt = new Int32Array(members.length);
  const isBack = ({ folio, undoneAt }: Visit) => blockedIn[folio]! >= 0 && !Number.isNaN(undoneAt);
  const isTwo = ({ folio, episode }: Visit): boolean => {
    return luck.isSo(happens(seed, 'wake', members[folio]!.key, episode * 64 + 63, hasCompany));
  };
  const wakesAfter = ({ folio, episode }: Visit, which: number): number => {
    luck.drawsNumber();
    return quantile(wakes!, uniform(seed, 'wake', members[folio]!.key, episode * 64 + which, draw));
  };
  const pickOne = (times: Float64Array, { folio, episode }: Visit, which: number): number => {
    if (times.length === 0) return 0;
    luck.drawsNumber();
    const u = uniform(seed, 'serviceTime', members[folio]!.key, episode * 8 + which, draw);
    return times[Math.floor(u * times.length)]!;
  };
  return {
    faults(visit, late) {
      const { folio, episode, now } = visit;
      const recorded = withheld || episode > 0 ? undefined : sleepers.get(members[folio]!.episodes[0]?.id ?? -1);
      const count = recorded ?? (isTwo(visit) ? 2 : 1);
      blockedIn[folio] = episode;
      // One delay for each unlock that wakes a task: after so many lost races it is handed the lock.
      return Array.from({ length: count }, (_, nth) => ({
        at: now,
        releaseAfter: 0,
        late,
        wakeAfter: Array.from({ length: lockUnfairness + 1 }, (_, race) => wakesAfter(visit, nth * 8 + race)),
      }));
    },
    blocked({ folio, episode }) {
      blockedIn[folio] = episode;
    },
    again(visit) {
      const { folio, undoneAt } = visit;
      if (!isBack(visit) || cameBack[folio] === undoneAt) return 0;
      cameBack[folio] = undoneAt;
      return pickOne(services.again, visit, 3);
    },
    isBack,
    rewalk: (visit) => pickOne(services.rewalk, visit, 4),
    waiters(visit) {
      const { folio, episode, attempt } = visit;
      // Who came anew is asleep, and is seen.
      if (!isBack(visit) || blockedIn[folio] === episode) return undefined;
      if (lookedIn[folio] !== episode) {
        lookedIn[folio] = episode;
        firstAttempt[folio] = attempt;
      }
      for (let n = firstAttempt[folio]!; n <= attempt; n++) {
        const chance = n === firstAttempt[folio] ? seenFirst : seenAfter;
        if (luck.isSo(happens(seed, 'staleWaiters', members[folio]!.key, episode * 64 + n, chance))) return true;
      }
      // Where no attempt shows the flag, who the model knows to sleep is seen all the same.
      return isKnown ? false : undefined;
    },
  };
}
