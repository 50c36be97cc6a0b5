/**
 * What kept folios in their place that has no model of its own (pins, references nobody can tell, memory that ran out), as
 * rates: for predicting a request without its outcomes. By request first, then by list, then by how many, because it comes
 * in clusters: a pinned buffer, a file being written, a call that ran out of memory; and by who asked, because compaction
 * comes by other folios than move_pages does.
 */
import { keyOf, uniform } from '../base/random.ts';
import { type Cause, causes } from '../history/facts.ts';
import type { RequestModel } from '../model/demand.ts';
import type { Policy } from '../policies/policy.ts';
import { type Abduction, attemptsInVain, isBatch } from './abduction.ts';
import { type Condition, forGood, free } from './condition.ts';
import { finallyOf, type Member, type Unit } from './demand.ts';
import { type Count, probability } from './draws.ts';

/** How often lists have such a folio, and how many and which then. */
interface Affliction {
  /** Requests, and those with such a folio (expected number). */
  readonly requests: Count;
  /** Lists of those requests that have several, and those with such a folio. */
  readonly lists: Count;
  /**
   * How many folios of an afflicted list it was (expected). A number, not a share of the list: what fails in a list of 8
   * and in one of 300 is mostly one folio.
   */
  readonly counts: readonly Weighted[];
  /** `passing` only: attempts in vain of each such folio. */
  readonly attempts: readonly Weighted[];
}

/** A value that was seen, and how sure it is one: weights of a list add up to 1. */
interface Weighted {
  readonly value: number;
  readonly weight: number;
}

/** Sorts of what holds: a pin and an unknown reference last, `passing` let go before the request gave up. */
const sorts = ['pin', 'no memory', 'unknown reference', 'passing'] as const;
type Sort = (typeof sorts)[number];

/** By who asked; `undefined` for all of them together. */
export type Afflictions = ReadonlyMap<RequestModel | undefined, Readonly<Record<Sort, Affliction>>>;

const lasting: readonly Cause[] = ['transient reference', 'cannot tell', 'not on LRU', 'writeback', 'lock contention'];
const lockBlocked: Cause = 'lock-blocked fault';

/**
 * Counted over these units; `queued`: of whom the background has the adds that batches held them by; `level`: how many of those
 * nobody can tell about were faults.
 */
export function afflictionsOf(
  abduction: Abduction,
  units: readonly Unit[],
  recorded: Policy,
  queued: ReadonlySet<Member>,
  level: number,
): Afflictions {
  const byModel = new Map<RequestModel | undefined, Record<Sort, Affliction>>();
  for (const model of [undefined, ...new Set(units.map((unit) => unit.model))]) {
    const own = units.filter((unit) => model === undefined || unit.model === model);
    const tally = (sort: Sort) => tallyOf({ abduction, recorded, queued, level }, own, sort);
    byModel.set(model, {
      pin: tally('pin'),
      'no memory': tally('no memory'),
      'unknown reference': tally('unknown reference'),
      passing: tally('passing'),
    });
  }
  return byModel;
}

/** Probability that this sort of thing held a member of a unit. */
function chance({ abduction, queued, level }: Tallied, unit: Unit, member: Member, sort: Sort): number {
  const { failures, episodes } = member;
  const failure = failures.at(-1);
  if (failure === undefined) return 0;
  const passed = finallyOf(unit, member) === 'moved';
  if (passed !== (sort === 'passing')) return 0;
  const posterior = abduction.blameAt[level]![failure]!;
  const sum = (of: readonly Cause[]) => of.reduce((p, cause) => p + posterior[causes.indexOf(cause)]!, 0);
  // A fault behind a folio without episodes cannot be replayed as one.
  const fault = episodes.length === 0 ? sum([lockBlocked]) : 0;
  const unseen = queued.has(member) ? 0 : sum(causes.filter(isBatch));
  switch (sort) {
    case 'pin':
    case 'no memory':
      return sum([sort]);
    case 'unknown reference':
      return sum(lasting) + fault + unseen;
    case 'passing':
      return sum([...lasting, 'pin', 'no memory']) + fault + unseen;
  }
}

interface Tallied {
  readonly abduction: Abduction;
  readonly recorded: Policy;
  readonly queued: ReadonlySet<Member>;
  readonly level: number;
}

function tallyOf(tallied: Tallied, units: readonly Unit[], sort: Sort): Affliction {
  const requests = { trials: 0, hits: 0 };
  const lists = { trials: 0, hits: 0 };
  const counts: Weighted[] = [];
  const attempts: Weighted[] = [];
  for (const unit of units) {
    let all = 0;
    let afflicted = 0;
    let untouched = 1;
    for (const list of unit.lists) {
      const own = list.members.map((m) => unit.members[m]!).filter(({ latent }) => !latent);
      // One whose every folio was dropped before could have been afflicted as well.
      all++;
      let clear = 1;
      let hit = 0;
      for (const member of own) {
        const p = chance(tallied, unit, member, sort);
        if (p === 0) continue;
        clear *= 1 - p;
        hit += p;
        if (sort === 'passing') attempts.push({ value: attemptsInVain(member, unit, tallied.recorded), weight: p });
      }
      if (hit === 0) continue;
      afflicted += 1 - clear;
      untouched *= clear;
      counts.push({ value: hit / (1 - clear), weight: 1 - clear });
    }
    requests.trials++;
    requests.hits += 1 - untouched;
    if (all < 2) continue;
    lists.trials += all * (1 - untouched);
    lists.hits += afflicted;
  }
  return { requests, lists, counts: normalised(counts), attempts: normalised(attempts) };
}

function normalised(list: readonly Weighted[]): Weighted[] {
  const sum = list.reduce((all, { weight }) => all + weight, 0);
  return list.map(({ value, weight }) => ({ value, weight: weight / sum }));
}

function pickFrom(list: readonly Weighted[], u: number): number {
  let rest = u;
  for (const { value, weight } of list) {
    rest -= weight;
    if (rest < 0) return value;
  }
  return list.at(-1)?.value ?? 0;
}

/** An affliction with a draw of its two probabilities. */
interface Rate extends Affliction {
  readonly ofRequests: number;
  readonly ofLists: number;
}
type Rates = ReadonlyMap<RequestModel | undefined, Readonly<Record<Sort, Rate>>>;

/**
 * A draw of the rates. What afflicted none of the others is not predicted; what may have afflicted one (its expected number
 * is small) is predicted in as many draws as it did, each holder of a folio being one for itself (Poisson).
 */
export function ratesOf(afflictions: Afflictions, seed: number, draw: number): Rates {
  return new Map(
    [...afflictions].map(([model, own]) => {
      const drawn = sorts.map((sort, i) => {
        const { requests, lists } = own[sort];
        const any = uniform(seed, 'pinDuration', -1 - i, 0, draw) < 1 - Math.exp(-requests.hits);
        const ofRequests = any ? probability(requests, seed, draw, 4 + 2 * i) : 0;
        // Of the lists of a request nothing is known where every afflicted one had a single list.
        const ofLists = ofRequests > 0 ? probability(lists, seed, draw, 5 + 2 * i) : 0;
        return [sort, { ...own[sort], ofRequests, ofLists }];
      });
      return [model, Object.fromEntries(drawn)];
    }),
  );
}

/**
 * What may hold the folios of a unit of which nothing is known but the rates of the others: of those that asked for the same
 * purpose, or of all if there are none.
 */
export function conditionsAnew(unit: Unit, rates: Rates, seed: number, draw: number): Condition[] {
  const own = rates.get(unit.model) ?? rates.get(undefined)!;
  const conditions: Condition[] = unit.members.map(() => free);
  const here = sorts.map((sort, i) => uniform(seed, 'pinDuration', unit.key, 64 + i, draw) < own[sort].ofRequests);
  if (!here.includes(true)) return conditions;
  const wholeIsOneList = unit.lists.length === 1;
  unit.lists.forEach(({ members }, list) => {
    const key = keyOf(unit.key, list);
    const luck = (which: number) => uniform(seed, 'pinDuration', key, which, draw);
    let rest: number[] | undefined;
    sorts.forEach((sort, i) => {
      if (!here[i] || (!wholeIsOneList && luck(8 * i + 2) >= own[sort].ofLists)) return;
      rest ??= inRandomOrder(
        members.filter((m) => !unit.members[m]!.latent || Number.isNaN(unit.members[m]!.pfn)),
        (m) => uniform(seed, 'pinDuration', unit.members[m]!.key, 1, draw),
      );
      // A count that is only expected is rounded up as often as it is nearer to the next one.
      const count = Math.floor(pickFrom(own[sort].counts, luck(8 * i + 3)) + luck(8 * i + 4));
      for (const m of rest.splice(0, count)) {
        conditions[m] = conditionOf(sort, own[sort], uniform(seed, 'pinDuration', unit.members[m]!.key, 0, draw));
      }
    });
  });
  return conditions;
}

function inRandomOrder(members: readonly number[], luck: (member: number) => number): number[] {
  return members
    .map((m) => ({ m, u: luck(m) }))
    .sort((a, b) => a.u - b.u)
    .map(({ m }) => m);
}

function conditionOf(sort: Sort, { attempts }: Affliction, u: number): Condition {
  if (sort === 'passing') return { ...free, failingAttempts: pickFrom(attempts, u) };
  return { ...free, obstacles: [forGood(sort)] };
}
