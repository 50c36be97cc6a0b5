/**
 * Which holders account for the recorded episodes of a folio. Evidence makes causes more or less likely; the episodes
 * themselves rule some out: held for good, a folio goes through every pass, and what lets go between two attempts is not met
 * by a comparison that comes before them. A cause that cannot have given the recorded number of episodes has probability 0.
 */
import { type Cause, causes, type History } from '../history/facts.ts';
import type { Policy } from '../policies/policy.ts';
import type { Posterior } from './blame.ts';
import { type Condition, forGood, free, type Lasting, type Passes } from './condition.ts';
import { finallyOf, type Member, type Unit } from './demand.ts';
import type { Assumptions } from './parameters.ts';
import { type PassFinder, passFinder } from './passes.ts';

/** What can hold a folio, as far as a replay tells it apart. `passing` lets go after the recorded attempts. */
export type Sort = Lasting | 'fault' | 'passing';

/** By sort of holder that can have given a member's recorded episodes: the ways of each of its calls (`PassFinder.of`). */
export type Account = ReadonlyMap<Sort, readonly (readonly Passes[])[]>;

export interface Accounts {
  /** Of members with an episode that was undone, and none that the capture cuts off. */
  readonly byMember: ReadonlyMap<Member, Account>;
  /** The posteriors of each failure that were given, without the causes that its folio's last call rules out. */
  readonly blames: readonly (readonly Posterior[])[];
}

const onlyFault: Posterior = Float64Array.from(causes, (cause) => (cause === 'lock-blocked fault' ? 1 : 0));

interface Given {
  /** Posteriors of each failure; the first has every cause that any of them has. */
  readonly blames: readonly (readonly Posterior[])[];
  /** As abduction has it. */
  readonly waitsOf: ReadonlyMap<number, readonly number[]>;
  readonly assumed: Assumptions;
}

/** Works out what the recorded episodes leave of the causes in `blames`. */
export function accountsOf(
  history: History,
  units: readonly Unit[],
  recorded: Policy,
  { blames, waitsOf, assumed }: Given,
): Accounts {
  // Most captures need none.
  let finder: PassFinder | undefined;
  const byMember = new Map<Member, Account>();
  const left = blames.map((blame) => [...blame]);
  const shares = (cause: Cause | undefined, unit: Unit, member: Member) => sortsOf(cause, unit, member, assumed);
  for (const unit of units) {
    for (const member of unit.members) {
      const { episodes, failures } = member;
      const outcomes = new Set(episodes.map(({ outcome }) => outcome));
      if (member.latent || outcomes.has('open') || !outcomes.has('undone')) continue;
      finder ??= passFinder(history, recorded, waitsOf);
      const failure = failures.at(-1);
      const posterior = failure === undefined ? undefined : blames[0]![failure]!;
      const able = posterior === undefined ? [causeWithout(member)] : causes.filter((_, i) => posterior[i]! > 0);
      const sorts = able.flatMap((cause) => shares(cause, unit, member));
      let account = accountOf(unit, member, finder, sorts);
      if (account.size === 0) {
        // None of those that there is evidence for. What comes back episode after episode is a fault.
        account = accountOf(unit, member, finder, [{ sort: 'fault', share: 1 }]);
        if (posterior !== undefined && account.size > 0) for (const blame of left) blame[failure!] = onlyFault;
      } else if (posterior !== undefined) {
        const chance = (cause: Cause) =>
          shares(cause, unit, member).reduce((sum, { sort, share }) => sum + (account.has(sort) ? share : 0), 0);
        for (const blame of left) blame[failure!] = given(blame[failure!]!, chance);
      }
      byMember.set(member, account);
    }
  }
  return { byMember, blames: left };
}

/** What a member without a failure of its own is taken to have met: a fault, unless it was left behind. */
export function causeWithout({ outcomes }: Member): Cause | undefined {
  return outcomes.at(-1) === 'failed' ? 'cannot tell' : undefined;
}

/** A sort of holder, and how much of a cause it is. */
export interface Share {
  readonly sort: Sort;
  readonly share: number;
}

/** What a cause (none: whatever undid a folio that moved in the end) is to a replay. The shares add up to 1. */
export function sortsOf(cause: Cause | undefined, unit: Unit, member: Member, assumed: Assumptions): Share[] {
  if (cause === undefined) return [{ sort: 'fault', share: 1 }];
  // A fault without an episode that it undid is not replayed as one: it is gone some time after the recorded attempts.
  if (cause === 'lock-blocked fault' && member.episodes.at(-1)?.outcome === 'undone') {
    return [{ sort: 'fault', share: 1 }];
  }
  // The request got what it wanted: whatever it was, it let go.
  if (finallyOf(unit, member) === 'moved') return [{ sort: 'passing', share: 1 }];
  switch (cause) {
    case 'pin':
      return lasting('pin', assumed.pinPersists);
    case 'no memory':
      return lasting('no memory', 1);
    case 'cannot tell':
      return lasting('unknown reference', assumed.persistent);
    default:
      // Batches, writeback, lock contention, transient references.
      return [{ sort: 'passing', share: 1 }];
  }
}

function lasting(sort: Lasting, share: number): Share[] {
  return [
    { sort, share },
    { sort: 'passing', share: 1 - share },
  ];
}

/** A member held so, for `attempts` move attempts where it passes. */
export function heldBy(sort: Sort, { episodes }: Member, attempts: number): Condition {
  const luck = episodes.map(({ outcome }) =>
    outcome === 'open' ? Number.NaN : sort === 'fault' && outcome === 'undone' ? 1 : 0,
  );
  if (sort === 'fault') return { ...free, luck };
  if (sort === 'passing') return { ...free, luck, failingAttempts: attempts };
  return { ...free, luck, obstacles: [forGood(sort)] };
}

function accountOf(unit: Unit, member: Member, finder: PassFinder, sorts: readonly Share[]): Account {
  const account = new Map<Sort, readonly (readonly Passes[])[]>();
  const looked = new Set<Sort>();
  for (const { sort, share } of sorts) {
    if (share === 0 || looked.has(sort)) continue;
    looked.add(sort);
    const ways = finder.of(unit, member, heldBy(sort, member, Number.POSITIVE_INFINITY));
    if (ways.every((one) => one.length > 0)) account.set(sort, ways);
  }
  return account;
}

/** A posterior given what each cause makes of the recorded episodes. */
function given(posterior: Posterior, chance: (cause: Cause) => number): Posterior {
  const left = posterior.map((p, i) => (p > 0 ? p * chance(causes[i]!) : 0));
  const sum = left.reduce((all, p) => all + p, 0);
  return sum > 0 ? left.map((p) => p / sum) : posterior;
}
