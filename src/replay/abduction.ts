/**
 * Abduction: what the recording does not show, inferred from what it does. For each draw, every failed folio gets one
 * cause, picked from its posterior, and the luck of every recorded episode is known or left open. A replay that is
 * conditioned on the recording keeps this luck wherever its own control flow still asks for it.
 */
import { addTo } from '../base/groups.ts';
import { uniform } from '../base/random.ts';
import { type Cause, causes, type Episode, type History, type Wait } from '../history/facts.ts';
import type { Policy } from '../policies/policy.ts';
import { type Account, accountsOf, causeWithout, heldBy, type Share, type Sort, sortsOf } from './accounts.ts';
import { blameOf, type Posterior, pick } from './blame.ts';
import { type Condition, free, noPasses } from './condition.ts';
import { finallyOf, type Member, type Unit } from './demand.ts';
import { lockSleepsOf } from './lock-sleeps.ts';
import { type Assumptions, defaultAssumptions, type LuckOf } from './parameters.ts';
import { joined } from './passes.ts';
import type { Scene } from './slice.ts';
import { staysOn, type UntoldFaults, untoldFaultsOf } from './untold-faults.ts';
import { isSilent, silentCondition } from './without-calls.ts';

const lockBlocked = causes.indexOf('lock-blocked fault');

/** What every draw shares. */
export interface Abduction {
  /** The posterior of each failure, given the recorded episodes of its folio. */
  readonly blame: readonly Posterior[];
  /** The same at each level of `untold`. */
  readonly blameAt: readonly (readonly Posterior[])[];
  /** By member, where its episodes say something: which holders account for them, and how. */
  readonly accounts: ReadonlyMap<Member, Account>;
  /** Probability that a recorded episode was blocked by a fault; NaN where the episode says nothing. */
  readonly blocked: LuckOf;
  /** The same at each level of `untold`. */
  readonly blockedAt: readonly LuckOf[];
  /** Faults that no event shows. */
  readonly untold: UntoldFaults;
  /**
   * By recorded episode, where the sleep of the fault that blocked it was seen: whether it began after the last entry was
   * set, so that its reference came too late for a comparison at the end of unmapping. First episodes of a call only: what
   * blocks a later one has mostly slept on.
   */
  readonly lateOf: ReadonlyMap<number, boolean>;
  /** Tasks asleep on the entries of each recorded episode, in order, as ns after its first entry. */
  readonly waitsOf: ReadonlyMap<number, readonly number[]>;
}

export function abduct(
  history: History,
  units: readonly Unit[],
  recorded: Policy,
  assumed: Assumptions = defaultAssumptions,
): Abduction {
  const waitsOf = entryWaits(history);
  const all = blameOf(history, assumed.untoldOdds);
  const calling = units.filter(({ model }) => !isSilent(model));
  const untold = untoldFaultsOf(history, calling, recorded, all, assumed);
  const given = { blames: [untold.blame, ...untold.blameAt], waitsOf, assumed };
  const { byMember: accounts, blames } = accountsOf(history, calling, recorded, given);
  const [blame, ...blameAt] = blames;
  const slept = lockSleepsOf(history.waits);
  const blockedBy =
    (blame: readonly Posterior[]): LuckOf =>
    (unit, m, index) => {
      const member = unit.members[m]!;
      const episode = member.episodes[index]!;
      if (episode.outcome === 'open' || isSilent(unit.model)) return Number.NaN;
      if (episode.outcome === 'moved') return 0;
      if (sleepersOf(episode, slept).length > 0) return 1;
      const failure = member.failures.at(-1);
      // Undone and moved later in the same request: of what can be gone so soon, only a fault is woken by the undoing.
      return failure === undefined ? assumed.undoneByFault : blame[failure]![lockBlocked]!;
    };
  return {
    blame: blame!,
    blameAt,
    accounts,
    blocked: blockedBy(blame!),
    blockedAt: blameAt.map(blockedBy),
    untold,
    lateOf: lateReferences(history, slept),
    waitsOf,
  };
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

/** The condition of each member of a unit in one draw. */
export function conditionsOf(
  abduction: Abduction,
  { unit }: Scene,
  recorded: Policy,
  assumed: Assumptions,
  seed: number,
  draw: number,
): Condition[] {
  const blame = abduction.blameAt[abduction.untold.levelOf(seed, draw)]!;
  return unit.members.map((member) => {
    if (member.latent) return free;
    if (isSilent(unit.model)) return silentCondition(unit, member);
    const { key } = member;
    const failure = member.failures.at(-1);
    const cause =
      failure === undefined ? causeWithout(member) : pick(blame[failure]!, uniform(seed, 'cause', key, 0, draw));
    const account = abduction.accounts.get(member);
    const sort = pickSort(sortsOf(cause, unit, member, assumed), account, uniform(seed, 'pinDuration', key, 0, draw));
    const ways = account?.get(sort);
    const passes =
      ways === undefined
        ? noPasses
        : joined(
            ways.map((one, call) => one[Math.floor(uniform(seed, 'lockContention', key, call, draw) * one.length)]!),
          );
    const attempts = attemptsInVain(member, unit, recorded);
    const lasts = finallyOf(unit, member) !== 'moved';
    const longer = lasts ? Math.max(1, assumed.passingOutlasts) : 1;
    const held = { ...heldBy(sort, member, Math.ceil(attempts * longer)), cause, passes };
    // Its entry rests or not by the rules of the policy: an add of the background, or one that no event shows.
    const rests = isBatch(cause) && leavesBatchesOn(unit, recorded);
    if (sort !== 'passing') return held;
    const luck = (which: number) => uniform(seed, 'pinDuration', key, which, draw);
    const metUntil = letsGoAt(unit, member, longer, lasts ? luck : undefined);
    return rests ? { ...held, metUntil, failingAttempts: 0, batchAttempts: attempts } : { ...held, metUntil };
  });
}

/**
 * When a holder lets go that was met from the first episode to the end of the last that was undone (without episodes, from the
 * first call to the last). One that was never seen to go stays beyond, as `staysOn` has it. NaN = it was seen to go, and not when.
 */
function letsGoAt(
  unit: Unit,
  { episodes }: Member,
  longer: number,
  luck: ((which: number) => number) | undefined,
): number {
  const last = episodes.findLast(({ outcome }) => outcome === 'undone');
  if (last === undefined && (luck === undefined || episodes.length > 0)) return Number.NaN;
  const from = episodes[0]?.start ?? unit.lists[0]!.time;
  const met = longer * ((last?.end ?? unit.end) - from);
  return from + met + (luck === undefined ? 0 : staysOn(met, luck(2), luck(3)));
}

/** One of the sorts that a cause may be, of those that account for the recorded episodes. */
function pickSort(sorts: readonly Share[], account: Account | undefined, u: number): Sort {
  const able = account === undefined ? sorts : sorts.filter(({ sort }) => account.has(sort));
  let left = u * able.reduce((sum, { share }) => sum + share, 0);
  for (const { sort, share } of able) {
    if (left < share) return sort;
    left -= share;
  }
  return (able.at(-1) ?? sorts.at(-1)!).sort;
}

/** Move attempts in vain: those the capture shows, else what the recorded policy's passes add up to. */
export function attemptsInVain(member: Member, unit: Unit, recorded: Policy): number {
  const { plan } = recorded.decisions;
  const perCall =
    plan.loop === 'batched' && unit.mode !== 'async' ? plan.syncFirstPasses + plan.syncThenPasses : plan.asyncPasses;
  return perCall * Math.max(1, member.outcomes.filter((outcome) => outcome !== 'moved').length);
}

const protecting: ReadonlySet<Unit['model']> = new Set([
  'move_pages',
  'migrate_pages',
  'contiguous allocation',
  'memory offline',
]);

export function isBatch(cause: Cause | undefined): boolean {
  return cause === 'add batch' || cause === 'activate batch' || cause === 'mlock batch';
}

/**
 * Whether batches were left on while a unit ran. Where they were off an entry that outlived the drain is beyond the rules of
 * any policy. Some requests never answer axis G.
 */
export function leavesBatchesOn({ model }: Unit, { decisions }: Policy): boolean {
  return decisions.lruCaches !== 'disable' || !protecting.has(model);
}
