/**
 * Abduction: what the recording does not show, inferred from what it does. For each draw, every failed folio gets one
 * cause, picked from its posterior, and the luck of every recorded episode is known or left open. A replay that is
 * conditioned on the recording keeps this luck wherever its own control flow still asks for it.
 */
import { addTo } from '../base/groups.ts';
import { uniform } from '../base/random.ts';
import { type Cause, causes, type Episode, type History, type Wait } from '../history/facts.ts';
import type { Obstacle } from '../model/world.ts';
import type { Policy } from '../policies/policy.ts';
import { blameOf, type Posterior, pick } from './blame.ts';
import { finallyOf, type Member, type Unit } from './demand.ts';
import { type Assumptions, defaultAssumptions, type LuckOf } from './parameters.ts';
import type { Scene } from './slice.ts';

const lockBlocked = causes.indexOf('lock-blocked fault');

/** What every draw shares. */
export interface Abduction {
  readonly blame: readonly Posterior[];
  /** Probability that a recorded episode was blocked by a fault; NaN where the episode says nothing. */
  readonly blocked: LuckOf;
  /**
   * By recorded episode, where the sleep of the fault that blocked it was seen: whether it began after the last entry was
   * set, so that its reference came too late for a comparison at the end of unmapping. First episodes of a call only: what
   * blocks a later one has mostly slept on.
   */
  readonly lateOf: ReadonlyMap<number, boolean>;
  /** Tasks asleep on the entries of each recorded episode, in order, as ns after its first entry. */
  readonly waitsOf: ReadonlyMap<number, readonly number[]>;
}

export function abduct(history: History, { untoldOdds, undoneByFault }: Assumptions = defaultAssumptions): Abduction {
  const blame = blameOf(history, untoldOdds);
  const slept = lockWaits(history.waits);
  const blocked: LuckOf = (unit, m, index) => {
    const member = unit.members[m]!;
    const episode = member.episodes[index]!;
    if (episode.outcome === 'open') return Number.NaN;
    if (episode.outcome === 'moved') return 0;
    if (sleepersOf(episode, slept).length > 0) return 1;
    const failure = member.failures.at(-1);
    // Undone and moved later in the same request: of what can be gone so soon, only a fault is woken by the undoing.
    return failure === undefined ? undoneByFault : blame[failure]![lockBlocked]!;
  };
  return { blame, blocked, lateOf: lateReferences(history, slept), waitsOf: entryWaits(history) };
}

/** Sleeps on the folio's lock that overlap an episode of it. */
function sleepersOf(episode: Episode, slept: ReadonlyMap<number, readonly Wait[]>): Wait[] {
  const waits = slept.get(episode.sourcePfn) ?? [];
  return waits.filter(({ start, end }) => start <= episode.end && !(end < episode.start));
}

function lateReferences(history: History, slept: ReadonlyMap<number, readonly Wait[]>): Map<number, boolean> {
  const late = new Map<number, boolean>();
  for (const episode of history.episodes) {
    if (episode.outcome !== 'undone' || episode.index > 0) continue;
    const starts = sleepersOf(episode, slept).map(({ start }) => start);
    if (starts.length > 0) late.set(episode.id, Math.min(...starts) > episode.lastSet);
  }
  return late;
}

function lockWaits(waits: readonly Wait[]): Map<number, Wait[]> {
  const byPfn = new Map<number, Wait[]>();
  for (const wait of waits) {
    if (wait.on !== 'lock' || Number.isNaN(wait.pfn) || wait.holdsReference === 'no') continue;
    addTo(byPfn, wait.pfn, wait);
  }
  return byPfn;
}

function entryWaits(history: History): Map<number, number[]> {
  const byEpisode = new Map<number, number[]>();
  for (const wait of history.waits) {
    if (wait.on !== 'entry' || wait.episode < 0) continue;
    const offset = Math.max(0, wait.start - history.episodes[wait.episode]!.start);
    addTo(byEpisode, wait.episode, offset);
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
  /** The same for a member that a batch held, under policies that treat batches as the recorded one did. */
  readonly batchAttempts: number;
  /** By recorded episode: 1 blocked, 0 clear, NaN not known. */
  readonly luck: readonly number[];
}

/** Nothing known against it. */
export const free: Condition = { cause: undefined, obstacles: [], failingAttempts: 0, batchAttempts: 0, luck: [] };

/** The condition of each member of a unit in one draw. */
export function conditionsOf(
  abduction: Abduction,
  { unit, queued }: Scene,
  recorded: Policy,
  assumed: Assumptions,
  seed: number,
  draw: number,
): Condition[] {
  return unit.members.map((member, m) => {
    if (member.latent) return free;
    const { key } = member;
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
    const held = { ...free, cause, luck };
    if (cause === undefined || (isFault && luck.at(-1) === 1)) return held;
    const attempts = attemptsInVain(member, unit, recorded);
    const isBatch = cause === 'add batch' || cause === 'activate batch' || cause === 'mlock batch';
    // Its entry is among the background's adds, and rests or not by the rules of the policy; unless none is there, or
    // batches were off, so that an entry that outlived the drain is beyond these rules.
    if (isBatch && queued[m] === 1 && !(recorded.decisions.lruCaches === 'disable' && protects(unit))) {
      return { ...held, batchAttempts: attempts };
    }
    // The request got what it wanted: whatever it was, it let go.
    if (finallyOf(unit, member) === 'moved') return { ...held, failingAttempts: attempts };
    const persists = (p: number) => uniform(seed, 'pinDuration', key, 0, draw) < p;
    if (cause === 'pin' && persists(assumed.pinPersists)) return { ...held, obstacles: [forGood('pin', 1024)] };
    if (cause === 'no memory') return { ...held, obstacles: [forGood('no memory', 0)] };
    if (cause === 'cannot tell' && persists(assumed.persistent)) {
      return { ...held, obstacles: [forGood('unknown reference', 1)] };
    }
    // Writeback, lock contention, transient references, a fault without a recorded episode: gone some time after the
    // recorded attempts, which all met it.
    return { ...held, failingAttempts: Math.ceil(attempts * Math.max(1, assumed.passingOutlasts)) };
  });
}

export function forGood(holder: Obstacle['holder'], references: number): Obstacle {
  return { holder, from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY, references };
}

/** Move attempts in vain: those the capture shows, else what the recorded policy's passes add up to. */
export function attemptsInVain(member: Member, unit: Unit, recorded: Policy): number {
  const { plan } = recorded.decisions;
  const perCall =
    plan.loop === 'batched' && unit.mode !== 'async' ? plan.syncFirstPasses + plan.syncThenPasses : plan.asyncPasses;
  return perCall * Math.max(1, member.outcomes.filter((outcome) => outcome !== 'moved').length);
}

/** Requests that answer axis G at all. */
function protects({ model }: Unit): boolean {
  return model === 'move_pages' || model === 'contiguous allocation' || model === 'memory offline';
}

/** Nothing holds it, and no recorded episode of it was blocked or is unknown. */
export function isFree({ obstacles, failingAttempts, batchAttempts, luck }: Condition): boolean {
  return obstacles.length === 0 && failingAttempts + batchAttempts === 0 && luck.every((one) => one === 0);
}
