/**
 * Faults asleep on the folio lock that no event shows. Where sleeps on locks were not recorded, a folio that was undone may have been
 * blocked by a fault or held by somebody else, and nothing tells them apart but what came of it: a fault runs once the undo has
 * woken it and is gone then, anybody else stays as long as he does. Which of the two sorts a machine has is a fact of the capture,
 * not of each folio: its tasks fault on what is migrated, or they do not. So the share of such folios that faults were behind is one
 * latent number of the whole capture, of which each draw takes a level.
 */
import { uniform } from '../base/random.ts';
import { causes, type History } from '../history/facts.ts';
import type { Policy } from '../policies/policy.ts';
import type { Posterior } from './blame.ts';
import { finallyOf, type Member, type Unit } from './demand.ts';
import type { Assumptions } from './parameters.ts';

/** Shares of untold holders that are faults, by level: none, some (any share is as likely), all. */
const levels: readonly (readonly number[])[] = [[0], Array.from({ length: 10 }, (_, i) => (i + 0.5) / 10), [1]];

export interface UntoldFaults {
  /** By level: its probability, given what came of the folios that were undone. One level of probability 1: nothing is untold. */
  readonly chances: readonly number[];
  /** Level of a draw: draws are spread evenly over the chances. */
  levelOf(seed: number, draw: number): number;
  /** Posteriors of each failure: over all levels, and at each. */
  readonly blame: readonly Posterior[];
  readonly blameAt: readonly (readonly Posterior[])[];
}

const lockBlocked = causes.indexOf('lock-blocked fault');
const cannotTell = causes.indexOf('cannot tell');
const us = 1000;
/** How long a woken task takes to run, and how long others stay: orders of magnitude, each as likely as the next. */
const wakes = scale(us, 10_000 * us);
const stays = scale(10 * us, 10_000_000 * us);

/** From one time to another, two to an order of magnitude. */
function scale(from: number, to: number): number[] {
  const count = Math.round(2 * Math.log10(to / from));
  return Array.from({ length: count + 1 }, (_, i) => from * 10 ** (i / 2));
}

/** A folio that was undone. */
interface Undone {
  /** Row of its last failure; -1 = it moved in the end. */
  readonly failure: number;
  /** ns for which it was unlocked after an undo until it was locked again. */
  readonly unlocked: number;
  /** Probability that nothing tells its holder. */
  readonly weight: number;
  /** Odds of a fault by what else is known of it. */
  readonly odds: number;
}

/**
 * What is untold in a capture.
 *
 * @param blame of the history's failures, without this
 */
export function untoldFaultsOf(
  history: History,
  units: readonly Unit[],
  { decisions }: Policy,
  blame: readonly Posterior[],
  { untoldFault }: Pick<Assumptions, 'untoldFault'>,
): UntoldFaults {
  const isHidden = history.observed.lockWaits === 'unknown' && decisions.faultWindow;
  const all = isHidden
    ? units.flatMap((unit) => unit.members.flatMap((member) => undoneOf(history, unit, member, blame)))
    : [];
  const failed = all.filter(({ failure }) => failure >= 0);
  if (failed.length === 0) return { chances: [1], levelOf: () => 0, blame, blameAt: [blame] };
  const before = [(1 - untoldFault) ** 2, 2 * untoldFault * (1 - untoldFault), untoldFault ** 2];
  const logs = levels.map((shares) => logLikelihoods(all, shares));
  const best = Math.max(...logs.flat());
  const weights = logs.map((own) => own.map((log) => Math.exp(log - best)));
  const after = weights.map((own, level) => before[level]! * total(own));
  const sum = total(after);
  const chances = sum > 0 ? after.map((one) => one / sum) : before;
  const shares = new Map(
    failed.map((one) => [one.failure, levels.map((of, level) => faultGiven(one, of, weights[level]!))]),
  );
  const changed = (shareOf: (byLevel: readonly number[]) => number) =>
    blame.map((posterior, failure) => {
      const byLevel = shares.get(failure);
      return byLevel === undefined ? posterior : withFaults(posterior, shareOf(byLevel));
    });
  return {
    chances,
    levelOf(seed, draw) {
      let left = (uniform(seed, 'parameter', levelKey) + draw * goldenRatio) % 1;
      const level = chances.findIndex((chance) => {
        left -= chance;
        return left < 0;
      });
      return level < 0 ? chances.length - 1 : level;
    },
    blame: changed((byLevel) => total(byLevel.map((share, level) => share * chances[level]!))),
    blameAt: levels.map((_, level) => changed((byLevel) => byLevel[level]!)),
  };
}

/** What nobody can tell, and what only faults that let go of others speak for, in other shares. */
function withFaults(posterior: Posterior, share: number): Posterior {
  const changed = posterior.slice();
  const untold = posterior[cannotTell]! + posterior[lockBlocked]!;
  changed[lockBlocked] = untold * share;
  changed[cannotTell] = untold * (1 - share);
  return changed;
}

const goldenRatio = (Math.sqrt(5) - 1) / 2;
/** Apart from other keys of `parameter`. */
const levelKey = 2 ** 28;

function undoneOf({ failures }: History, unit: Unit, member: Member, blame: readonly Posterior[]): Undone[] {
  const { episodes, latent } = member;
  if (latent || episodes.some(({ outcome }) => outcome === 'open')) return [];
  const last = episodes.findLastIndex(({ outcome }) => outcome === 'undone');
  if (last < 0) return [];
  let unlocked = 0;
  for (let i = 1; i < episodes.length; i++) {
    if (episodes[i - 1]!.outcome === 'undone') unlocked += Math.max(0, episodes[i]!.start - episodes[i - 1]!.end);
  }
  const failure = member.failures.at(-1) ?? -1;
  if (failure < 0) return finallyOf(unit, member) === 'moved' ? [{ failure, unlocked, weight: 1, odds: 1 }] : [];
  const ofFaults = failures[failure]!.evidence.filter(({ cause }) => cause === 'lock-blocked fault');
  const isTold = ofFaults.some(({ assumed }) => assumed !== true);
  const weight = blame[failure]![cannotTell]! + blame[failure]![lockBlocked]!;
  if (isTold || last < episodes.length - 1 || weight === 0) return [];
  // How many others were let go is in what they came to.
  const odds = ofFaults.reduce((product, one) => product * (one.together === true ? 1 : one.weight), 1);
  return [{ failure, unlocked, weight, odds }];
}

/** That it was kept for so long, or let go within: of one whose time has this mean. */
function keptOrNot({ failure, unlocked }: Undone, mean: number): number {
  const kept = Math.exp(-unlocked / mean);
  return failure >= 0 ? kept : 1 - kept;
}

/** ns that somebody who has stayed for so long stays on, by two uniform numbers: of an exponential time with any of these means. */
export function staysOn(stayed: number, u: number, v: number): number {
  const weights = stays.map((stay) => Math.exp(-stayed / stay));
  let left = u * total(weights);
  const stay = stays.find((_, i) => {
    left -= weights[i]!;
    return left < 0;
  });
  return -(stay ?? stays.at(-1)!) * Math.log(v);
}

/**
 * How well (as a logarithm) each share of faults with each pair of times explains what came of all folios that were undone, in that order; each
 * share counts for as much as there are of them.
 */
function logLikelihoods(all: readonly Undone[], shares: readonly number[]): number[] {
  const ofWakes = all.map((one) => wakes.map((wake) => one.odds * keptOrNot(one, wake)));
  const ofStays = all.map((one) => stays.map((stay) => keptOrNot(one, stay)));
  return shares.flatMap((share) =>
    wakes.flatMap((_, w) =>
      stays.map((_, s) => {
        let log = 0;
        for (let i = 0; i < all.length; i++) {
          const chance = share * ofWakes[i]![w]! + (1 - share) * ofStays[i]![s]!;
          log += all[i]!.weight * Math.log(Math.max(chance, Number.MIN_VALUE));
        }
        return log - Math.log(shares.length);
      }),
    ),
  );
}

/** Probability that a fault held one folio, given how likely each share and pair of times is. */
function faultGiven(one: Undone, shares: readonly number[], weights: readonly number[]): number {
  let faults = 0;
  let all = 0;
  let i = 0;
  for (const share of shares) {
    for (const wake of wakes) {
      for (const stay of stays) {
        const fault = share * one.odds * keptOrNot(one, wake);
        const chance = fault + (1 - share) * keptOrNot(one, stay);
        const weight = weights[i++]!;
        if (chance === 0) continue;
        faults += (weight * fault) / chance;
        all += weight;
      }
    }
  }
  return all > 0 ? faults / all : total(shares) / shares.length;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
