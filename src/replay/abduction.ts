/**
 * Abduction: what the recording does not show, inferred from what it does. For each draw, every failed folio gets one
 * cause, picked from its posterior, and the luck of every recorded episode is known or left open. A replay that is
 * conditioned on the recording keeps this luck wherever its own control flow still asks for it.
 */
import { uniform } from '../base/random.ts';
import { type Cause, causes, type History, type Wait } from '../history/facts.ts';
import type { Obstacle } from '../model/world.ts';
import type { Policy } from '../policies/policy.ts';
import { blameOf, type Posterior, pick } from './blame.ts';
import { finallyOf, type Member, type Unit } from './demand.ts';
import type { Assumptions, LuckOf } from './parameters.ts';

const lockBlocked = causes.indexOf('lock-blocked fault');

/** What every draw shares. */
export interface Abduction {
  readonly blame: readonly Posterior[];
  /** Probability that a recorded episode was blocked by a fault; NaN where the episode says nothing. */
  readonly blocked: LuckOf;
  /** Tasks asleep on the entries of each recorded episode, in order, as ns after its first entry. */
  readonly waitsOf: ReadonlyMap<number, readonly number[]>;
}

export function abduct(history: History): Abduction {
  const blame = blameOf(history);
  const slept = lockWaits(history.waits);
  const blocked: LuckOf = (unit, m, index) => {
    const member = unit.members[m]!;
    const episode = member.episodes[index]!;
    if (episode.outcome === 'open') return Number.NaN;
    if (episode.outcome === 'moved') return 0;
    const waits = slept.get(episode.sourcePfn) ?? [];
    if (waits.some(({ start, end }) => start <= episode.end && !(end < episode.start))) return 1;
    const failure = member.failures.at(-1);
    // Undone and moved later in the same request: of what can be gone so soon, only a fault is woken by the undoing.
    return failure === undefined ? 1 : blame[failure]![lockBlocked]!;
  };
  return { blame, blocked, waitsOf: entryWaits(history) };
}

function lockWaits(waits: readonly Wait[]): Map<number, Wait[]> {
  const byPfn = new Map<number, Wait[]>();
  for (const wait of waits) {
    if (wait.on !== 'lock' || Number.isNaN(wait.pfn) || wait.holdsReference === 'no') continue;
    const list = byPfn.get(wait.pfn);
    if (list === undefined) byPfn.set(wait.pfn, [wait]);
    else list.push(wait);
  }
  return byPfn;
}

function entryWaits(history: History): Map<number, number[]> {
  const byEpisode = new Map<number, number[]>();
  for (const wait of history.waits) {
    if (wait.on !== 'entry' || wait.episode < 0) continue;
    const offset = Math.max(0, wait.start - history.episodes[wait.episode]!.start);
    const list = byEpisode.get(wait.episode);
    if (list === undefined) byEpisode.set(wait.episode, [offset]);
    else list.push(offset);
  }
  for (const list of byEpisode.values()) list.sort((a, b) => a - b);
  return byEpisode;
}

/** How a member of a unit is held in one draw. */
export interface Condition {
  readonly cause: Cause | undefined;
  readonly obstacles: readonly Obstacle[];
  /** Its first so many move attempts meet a reference that is gone afterwards: as many as the recording made in vain. */
  readonly failingAttempts: number;
  /** By recorded episode: 1 blocked, 0 clear, NaN not known. */
  readonly luck: readonly number[];
}

const free: Condition = { cause: undefined, obstacles: [], failingAttempts: 0, luck: [] };

/** A key for whatever concerns one member of one unit. */
export function memberKey(unit: Unit, member: number): number {
  return unit.id * 2 ** 20 + member;
}

/** The condition of each member of a unit in one draw. */
export function conditionsOf(
  abduction: Abduction,
  unit: Unit,
  recorded: Policy,
  assumed: Assumptions,
  seed: number,
  draw: number,
): Condition[] {
  return unit.members.map((member, m) => {
    if (member.latent) return free;
    const key = memberKey(unit, m);
    const failure = member.failures.at(-1);
    const failed = member.outcomes.at(-1) === 'failed';
    const cause =
      failure === undefined
        ? failed
          ? 'cannot tell'
          : undefined
        : pick(abduction.blame[failure]!, uniform(seed, 'cause', key, 0, draw));
    const isFault = cause === undefined || cause === 'lock-blocked fault';
    const luck = member.episodes.map((_, index) => {
      const p = abduction.blocked(unit, m, index);
      if (Number.isNaN(p)) return Number.NaN;
      return p > 0 && isFault ? 1 : 0;
    });
    if (cause === undefined || (isFault && luck.at(-1) === 1))
      return { cause, obstacles: [], failingAttempts: 0, luck };
    const attempts = attemptsMade(member, unit, recorded);
    // The request got what it wanted: whatever it was, it let go.
    if (failed && finallyOf(unit, member) === 'moved') return { cause, luck, failingAttempts: attempts, obstacles: [] };
    const persists = (p: number) => uniform(seed, 'pinDuration', key, 0, draw) < p;
    switch (cause) {
      case 'pin':
        if (persists(assumed.pinPersists))
          return { cause, luck, failingAttempts: 0, obstacles: [forGood('pin', 1024)] };
        return { cause, luck, failingAttempts: attempts, obstacles: [] };
      case 'no memory':
        return { cause, luck, failingAttempts: 0, obstacles: [forGood('no memory', 0)] };
      case 'cannot tell':
        if (persists(assumed.persistent)) {
          return { cause, luck, failingAttempts: 0, obstacles: [forGood('unknown reference', 1)] };
        }
        return { cause, luck, failingAttempts: attempts, obstacles: [] };
      case 'add batch':
      case 'activate batch':
      case 'mlock batch':
        // Its entry is among the background's adds and rests or not by the rules of the policy.
        if (recorded.decisions.lruCaches !== 'disable' || !protects(unit)) {
          return { cause, luck, failingAttempts: 0, obstacles: [] };
        }
        // Batches were off under the recorded policy: an entry that outlived the drain is beyond these rules.
        return { cause, luck, failingAttempts: attempts, obstacles: [] };
      default:
        // Writeback, lock contention, transient references, a fault without a recorded episode: gone some time after
        // the recorded attempts, which all met it.
        return { cause, luck, failingAttempts: attempts, obstacles: [] };
    }
  });
}

function forGood(holder: Obstacle['holder'], references: number): Obstacle {
  return { holder, from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY, references };
}

/** Move attempts in vain: those the capture shows, else what the recorded policy's passes add up to. */
function attemptsMade(member: Member, unit: Unit, recorded: Policy): number {
  const { plan } = recorded.decisions;
  const perCall =
    plan.loop === 'batched' && unit.mode !== 'async' ? plan.syncFirstPasses + plan.syncThenPasses : plan.asyncPasses;
  return perCall * Math.max(1, member.outcomes.length);
}

/** Shares of failed members that each kind of lasting cause takes, for predicting without outcomes. */
export function lastingShares(abduction: Abduction, units: readonly Unit[]) {
  let members = 0;
  let pinned = 0;
  let held = 0;
  for (const unit of units) {
    for (const member of unit.members) {
      if (member.latent) continue;
      members++;
      const failure = member.failures.at(-1);
      if (failure === undefined) continue;
      const posterior = abduction.blame[failure]!;
      pinned += posterior[causes.indexOf('pin')]!;
      for (const cause of [
        'transient reference',
        'cannot tell',
        'not on LRU',
        'writeback',
        'lock contention',
      ] as const) {
        held += posterior[causes.indexOf(cause)]!;
      }
      // A fault behind a folio without episodes cannot be replayed as one.
      if (member.episodes.length === 0) held += posterior[lockBlocked]!;
    }
  }
  return { pinned: { trials: members, hits: pinned }, held: { trials: members, hits: held } };
}

/** Requests that answer axis G at all. */
function protects({ model }: Unit): boolean {
  return model === 'move_pages' || model === 'contiguous allocation' || model === 'memory offline';
}
