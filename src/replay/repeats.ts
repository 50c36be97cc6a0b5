/**
 * What a recording shows of folios that were undone and tried again: the tasks that the undo had woken, the time that the
 * migrator took to come back, and whether it saw anybody wait then. `returns.ts` makes them happen again.
 */
import { addTo } from '../base/groups.ts';
import { countLeading } from '../base/sorted.ts';
import type { Episode, History, Wait } from '../history/facts.ts';
import type { Policy } from '../policies/policy.ts';
import type { Unit } from './demand.ts';
import type { Count } from './draws.ts';
import { lockSleepsOf } from './lock-sleeps.ts';
import type { LuckOf } from './parameters.ts';
import type { WakeChain } from './wake-law.ts';

/** Times of the migrator with a folio that it has undone before, ascending. */
export interface Returns {
  /** From undoing the folio to locking it again, without what the migrator did to other folios meanwhile. */
  readonly again: Float64Array;
  /** From that lock to the last of its entries. */
  readonly rewalk: Float64Array;
}

/**
 * When a folio was locked for an episode after one that ended then: as a probe shows, else its first entry less what
 * unmapping a folio mostly takes, but no more than half of the time between.
 */
function lockedAt({ unmapStart, start }: Episode, unmapping: number, after: number): number {
  return unmapStart ?? Math.max(after + (start - after) / 2, start - unmapping);
}

/** The usual times of unmapping and of copying one folio. */
export interface Usual {
  readonly unmap: number;
  readonly copy: number;
}

/**
 * What went on between two episodes of a folio in one request: the migrator moved others, which the model does anew, and
 * was held up, because it gives way to those whom the undo has woken or has lost its CPU.
 */
export function returnsOf(history: History, units: readonly Unit[], usual: Usual): Returns {
  const again: number[] = [];
  const rewalk: number[] = [];
  const doings = new Map<number, { time: number; ends: boolean }[]>();
  for (const { pid, start, end } of history.episodes) {
    addTo(doings, pid, { time: start, ends: false });
    if (!Number.isNaN(end)) addTo(doings, pid, { time: end, ends: true });
  }
  for (const list of doings.values()) list.sort((a, b) => a.time - b.time);
  for (const { members } of units) {
    for (const { episodes } of members) {
      for (let i = 1; i < episodes.length; i++) {
        const before = episodes[i - 1]!;
        const episode = episodes[i]!;
        if (before.outcome !== 'undone') continue;
        const locked = lockedAt(episode, usual.unmap, before.end);
        rewalk.push(Math.max(0, episode.lastSet - locked));
        const all = doings.get(episode.pid)!;
        const first = countLeading(all.length, (at) => all[at]!.time <= before.end);
        const last = countLeading(all.length, (at) => all[at]!.time < locked, first) - 1;
        if (last < first) {
          again.push(locked - before.end);
          continue;
        }
        const { time, ends } = all[first]!;
        again.push(Math.max(0, time - before.end - (ends ? usual.copy : usual.unmap)) + locked - all[last]!.time);
      }
    }
  }
  return { again: Float64Array.from(again).sort(), rewalk: Float64Array.from(rewalk).sort() };
}

/**
 * Tasks that slept on the locks of these units' folios. Where sleeps were probed each episode has the task that fell asleep
 * first: the unlock wakes no other one that wants the lock. Elsewhere whoever blocked an episode is taken to be there until
 * an episode is clear, or somebody else came.
 */
export function wakeChainsOf(
  history: History,
  units: readonly Unit[],
  { blocked, unmapping }: { readonly blocked: LuckOf; readonly unmapping: number },
): WakeChain[] {
  const chains: WakeChain[] = [];
  const followed = new Set<Wait>();
  const isProbed = history.observed.lockWaits !== 'unknown';
  const slept = lockSleepsOf(history.waits);
  const byPfn = new Map<number, Episode[]>();
  if (isProbed) for (const episode of history.episodes) addTo(byPfn, episode.sourcePfn, episode);
  for (const unit of units) {
    unit.members.forEach(({ episodes, latent }, m) => {
      if (latent) return;
      let open = -1;
      episodes.forEach((episode, index) => {
        if (isProbed) {
          if (episode.outcome !== 'undone') return;
          const asleep = (slept.get(episode.sourcePfn) ?? []).filter(
            ({ start, end }) => start <= episode.end && !(end < episode.end),
          );
          if (asleep.length === 0 || asleep.some((wait) => followed.has(wait))) return;
          const first = asleep.reduce((a, b) => (b.start < a.start ? b : a));
          followed.add(first);
          chains.push(chainOfSleep(first, byPfn.get(episode.sourcePfn)!, episode, unmapping));
          return;
        }
        const hit = blocked(unit, m, index);
        if (open < 0 && hit > 0) {
          open = index;
          chains.push(chainOfEpisodes(episodes, index, (at) => blocked(unit, m, at), unmapping));
        } else if (!(hit > 0)) open = -1;
      });
    });
  }
  return chains;
}

/** How many tasks were seen asleep on the lock at the end of first episodes of calls, by episode id. */
export function sleepersOf({ episodes, waits }: History): Map<number, number> {
  const slept = lockSleepsOf(waits);
  const seen = new Map<number, number>();
  for (const { id, index, outcome, sourcePfn, end } of episodes) {
    if (index > 0 || outcome !== 'undone') continue;
    const count = (slept.get(sourcePfn) ?? []).filter((wait) => wait.start <= end && !(wait.end < end)).length;
    if (count > 0) seen.set(id, count);
  }
  return seen;
}

/** How many sleeps on the lock began in each episode that had any, by episode id; undefined where none is recorded. */
export function sleepsBegun({ waits, observed }: History): ReadonlyMap<number, number> | undefined {
  if (observed.lockWaits === 'unknown') return undefined;
  const begun = new Map<number, number>();
  for (const wait of [...lockSleepsOf(waits).values()].flat()) {
    if (wait.episode >= 0) begun.set(wait.episode, (begun.get(wait.episode) ?? 0) + 1);
  }
  return begun;
}

/**
 * PG_waiters at attempts in vain of episodes after an undone one: at first attempts, and at those after one that did not
 * find it set. Woken tasks come and go while the migrator tries; the flag is all that it sees of them.
 */
export function seenWaiting({ attempts, episodes }: History): { readonly first: Count; readonly after: Count } {
  const first = { trials: 0, hits: 0 };
  const after = { trials: 0, hits: 0 };
  attempts.forEach(({ episode, returned, waiters }, i) => {
    if (episode < 0 || returned === 0 || waiters === 'unknown' || episodes[episode]!.index === 0) return;
    const before = attempts[i - 1]?.episode === episode ? attempts[i - 1]! : undefined;
    if (before?.waiters === 'yes') return;
    const count = before === undefined ? first : after;
    count.trials++;
    if (waiters === 'yes') count.hits++;
  });
  return { first, after };
}

/**
 * Sleeps on the lock that began in an episode of a folio which was undone before in its call: how many such episodes had
 * one, and how many of these tasks were too late for a comparison at the end of unmapping: as the recorded one says, else as
 * they began after the last entry was set. No trials where no sleeps are recorded.
 */
export function blockedAnew(
  { episodes, waits, attempts, observed }: History,
  { decisions }: Policy,
): { readonly anew: Count; readonly late: Count } {
  if (observed.lockWaits === 'unknown') return { anew: { trials: 0, hits: 0 }, late: { trials: 0, hits: 0 } };
  let returns = 0;
  let met = 0;
  const tried = new Set(attempts.map(({ episode }) => episode));
  const compares = decisions.checkAtEndOfUnmap && observed.attempts !== 'unknown';
  const slept = lockSleepsOf(waits);
  let trials = 0;
  let hits = 0;
  const ends = new Map<number, number>();
  for (const { id, index, outcome, sourcePfn, lastSet, end } of episodes) {
    const before = ends.get(sourcePfn) ?? Number.POSITIVE_INFINITY;
    ends.set(sourcePfn, end);
    if (index === 0) continue;
    returns++;
    if (outcome !== 'undone') continue;
    const starts = (slept.get(sourcePfn) ?? []).filter(({ start }) => start > before && start <= end);
    if (starts.length > 0) met++;
    for (const { start } of starts) {
      trials++;
      if (compares ? tried.has(id) : start > lastSet) hits++;
    }
  }
  return { anew: { trials: returns, hits: met }, late: { trials, hits } };
}

/** A sleep that was seen, from the undo of an episode until it got the lock. */
function chainOfSleep(sleep: Wait, episodes: readonly Episode[], first: Episode, unmapping: number): WakeChain {
  const undone = [0];
  const locked: number[] = [];
  let before = first.end;
  for (const episode of episodes) {
    if (!(episode.start > before) || !(episode.end <= sleep.end)) continue;
    locked.push(lockedAt(episode, unmapping, before) - first.end);
    undone.push(episode.end - first.end);
    before = episode.end;
  }
  return { weight: 1, undone, locked, ran: sleep.end - first.end, goneBy: Number.NaN };
}

function chainOfEpisodes(
  episodes: readonly Episode[],
  first: number,
  blocked: (index: number) => number,
  unmapping: number,
): WakeChain {
  const from = episodes[first]!.end;
  const undone = [0];
  const locked: number[] = [];
  let goneBy = Number.NaN;
  for (let index = first + 1; index < episodes.length; index++) {
    const hit = blocked(index);
    if (Number.isNaN(hit)) break;
    const lock = lockedAt(episodes[index]!, unmapping, episodes[index - 1]!.end) - from;
    if (!(hit > 0)) {
      goneBy = lock;
      break;
    }
    locked.push(lock);
    undone.push(episodes[index]!.end - from);
  }
  return { weight: blocked(first), undone, locked, ran: Number.NaN, goneBy };
}
