/**
 * The passes behind a folio's recorded episodes. A pass leaves no episode when the folio's lock is not to be had
 * (mm/migrate.c migrate_folio_unmap(): a try in asynchronous parts, and in the first three passes of the per-folio loop);
 * under policies that undo a folio before its passes are used up, one episode may use up those that are left. The number of
 * episodes, and the attempts to move where probes show them, say that there were such passes, and mostly not which: all
 * ways that give the recorded number are found here by making the call again, one folio at a time, and a draw takes one.
 */
import type { Episode, History } from '../history/facts.ts';
import type { Decisions } from '../model/decisions.ts';
import { emptyBackground } from '../model/demand.ts';
import type { Policy } from '../policies/policy.ts';
import type { Condition, Passes } from './condition.ts';
import type { Member, Unit } from './demand.ts';
import { runUnit } from './job.ts';
import { defaultAssumptions, drawParameters, evidenceOf, isDeferred } from './parameters.ts';
import { createWorld } from './world.ts';

/** Ways to place lost tries that are looked at for one call; more than any mainline call has. */
const mostWays = 400;

/** Finds the passes of a member's recorded calls that a condition of it allows. */
export interface PassFinder {
  /**
   * One list for each recorded call in which the member has episodes, in order: the ways in which its passes can have
   * been, each as good as the others. An empty list: so held, it cannot have had these episodes. `luck` and the obstacles
   * are of `condition`, its passes are not looked at.
   */
  of(unit: Unit, member: Member, condition: Condition): readonly (readonly Passes[])[];
}

export function passFinder(
  history: History,
  recorded: Policy,
  waitsOf: ReadonlyMap<number, readonly number[]>,
): PassFinder {
  const { decisions } = recorded;
  const nothing = { blocked: () => Number.NaN, lateOf: new Map() };
  const evidence = evidenceOf(history, [], recorded, nothing);
  const parameters = drawParameters(evidence, defaultAssumptions, 0, 0);
  const attempts = history.observed.attempts === 'seen' ? attemptsIn(history) : undefined;

  const fits = (unit: Unit, episodes: readonly Episode[], condition: Condition): boolean => {
    const alone = onlyFolio(unit, episodes);
    const input = {
      unit: alone,
      recorded,
      abduction: { lateOf: nothing.lateOf, waitsOf },
      conditions: [condition],
      parameters,
      evidence,
      seed: 0,
      draw: 0,
      pace: 0,
      withheld: false,
      own: true,
      sameBatches: true,
    };
    const scene = {
      unit: alone,
      background: emptyBackground,
      cpus: 1,
      until: 0,
      queued: new Uint8Array(1),
      assumed: defaultAssumptions,
    };
    const outcome = runUnit(scene, recorded, createWorld(input), [condition], true);
    const moved = episodes.at(-1)!.outcome === 'moved';
    return outcome.episodes[0] === episodes.length && (outcome.left[0] === 0) === moved;
  };

  const ofCall = (unit: Unit, episodes: readonly Episode[], condition: Condition): readonly Passes[] => {
    for (const spent of spentIn(unit, recorded, episodes, attempts)) {
      for (let tries = 0; tries <= mostLost(unit, decisions); tries++) {
        const ways: Passes[] = [];
        let looked = 0;
        for (const lost of placed(tries, episodes.length + 1)) {
          for (const one of spent) {
            if (++looked > mostWays) break;
            const passes = { lost, spent: one };
            if (fits(unit, episodes, { ...condition, passes })) ways.push(passes);
          }
        }
        if (ways.length > 0) return ways;
      }
    }
    return [];
  };

  return {
    of(unit, member, condition) {
      let first = 0;
      return byCall(member.episodes).map((episodes) => {
        const luck = condition.luck.slice(first, first + episodes.length);
        first += episodes.length;
        return ofCall(unit, episodes, { ...condition, luck });
      });
    },
  };
}

/** One way for each call, as passes of the whole request: what came after the last episode of a call comes before the next. */
export function joined(calls: readonly Passes[]): Passes {
  const lost: number[] = [0];
  const spent: boolean[] = [];
  for (const call of calls) {
    lost[lost.length - 1]! += call.lost[0]!;
    lost.push(...call.lost.slice(1));
    spent.push(...call.spent);
  }
  return { lost, spent };
}

function byCall(episodes: readonly Episode[]): Episode[][] {
  const calls: Episode[][] = [];
  for (const episode of episodes) {
    const last = calls.at(-1);
    if (last?.[0]?.call === episode.call) last.push(episode);
    else calls.push([episode]);
  }
  return calls;
}

function attemptsIn(history: History): Map<number, number> {
  const count = new Map<number, number>();
  for (const { episode } of history.attempts) if (episode >= 0) count.set(episode, (count.get(episode) ?? 0) + 1);
  return count;
}

/** A call on nothing but this folio. */
function onlyFolio(unit: Unit, episodes: readonly Episode[]): Unit {
  const { order, set } = episodes[0]!;
  const moved = episodes.at(-1)!.outcome === 'moved';
  return {
    ...unit,
    model: 'call',
    areas: 0,
    areaStarts: [],
    cpu: 0,
    start: 0,
    end: 0,
    members: [
      {
        key: 0,
        pfn: Number.NaN,
        order,
        mapped: set,
        rows: [],
        episodes,
        outcomes: [moved ? 'moved' : 'failed'],
        failures: [],
        latent: false,
      },
    ],
    lists: [{ members: [0], time: 0, gap: 0, from: 0 }],
    scans: [],
    calls: [],
    preparations: [{ ...unit.preparations[0]!, delay: 0, drainTime: Number.NaN, from: 0, until: 0 }],
  };
}

/** Tries for one folio's lock in one call that do not wait for it; see `maySleepOnLock` of the model. */
function mostLost({ mode }: Unit, { plan }: Decisions): number {
  if (mode === 'async') return plan.asyncPasses;
  return plan.loop === 'batched' ? plan.syncFirstPasses : Math.min(3, plan.asyncPasses);
}

/** All ways to put so many things into so many places. */
function* placed(things: number, places: number): Generator<number[], void, void> {
  if (places === 1) {
    yield [things];
    return;
  }
  for (let here = things; here >= 0; here--) {
    for (const rest of placed(things - here, places - 1)) yield [here, ...rest];
  }
}

/**
 * In which episodes the move passes of a part can have been used up, the likeliest first: as the attempts show, else (in
 * turn, each as good as the others) in the last episode of the first part, in the last of all, in both or in none. Only of
 * policies that may undo a folio sooner.
 */
function spentIn(
  unit: Unit,
  { decisions, ...recorded }: Policy,
  episodes: readonly Episode[],
  attempts: ReadonlyMap<number, number> | undefined,
): boolean[][][] {
  const never = episodes.map(() => false);
  if (!decisions.checkAtEndOfUnmap && !backsOff(decisions)) return [[never]];
  const { plan } = decisions;
  const last = episodes.length - 1;
  const ways: boolean[][] = [];
  for (let first = 0; first <= last; first++) {
    for (const atLast of [false, true])
      ways.push(never.map((_, i) => (first < last && i === first) || (atLast && i === last)));
  }
  if (attempts === undefined) return [ways];
  const seen = episodes.map((episode) => {
    const made = attempts.get(episode.id) ?? 0;
    // Nothing but the comparison at the end of unmapping keeps it from being tried at all.
    if (decisions.checkAtEndOfUnmap) return made > 0;
    const isFirst = isDeferred(episode, unit, { decisions, ...recorded });
    const passes = unit.mode === 'async' ? plan.asyncPasses : isFirst ? plan.syncFirstPasses : plan.syncThenPasses;
    return made >= passes;
  });
  return [[seen], ways];
}

/** Whether it matters that somebody is seen to wait for the folio. */
function backsOff({ onMismatch }: Decisions): boolean {
  const view = { references: 3, expected: 2, pass: 0, passes: 2, reason: '', waited: 0 };
  const answer = (seen: boolean) => onMismatch({ ...view, waiters: seen, lockSleepers: seen });
  return answer(true) !== answer(false);
}
