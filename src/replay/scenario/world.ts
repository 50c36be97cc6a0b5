/**
 * What the model asks of a scenario: service times, who touches a folio, who holds it. Every answer is a function of the
 * seed, the draw and of what is asked about (request, folio, episode, attempt), never of what a policy did before.
 */
import { uniform } from '../../base/random.ts';
import type { BlockedFault, Obstacle, Service, Visit, World } from '../../model/world.ts';
import { meanOf, residual, sampler } from './durations.ts';
import type { GroupPlace } from './places.ts';
import { type Hold, holds, kindOf, type Law, type Scenario, type ScenarioService } from './scenario.ts';

/** What the tasks together do to each folio of a group. */
interface Pressure {
  /** Touches of one folio, per ns, and how many tasks there are to touch it. */
  touch: number;
  touchers: number;
  /** Reads of one folio, per ns. */
  read: number;
  readonly holds: HoldLine[];
}

interface HoldLine {
  readonly holder: Obstacle['holder'];
  readonly references: number;
  /** Of one folio, per ns; 0 with `times`. */
  readonly rate: number;
  readonly length: (u: number) => number;
  /** By place within the group: when somebody takes hold of it (`at`). */
  readonly times: ReadonlyMap<number, readonly number[]>;
  readonly key: number;
}

/** Services told apart by number in keys of luck: append, never renumber. */
const services: Readonly<Record<Service, number>> = {
  isolate: 0,
  destination: 1,
  unmap: 2,
  flush: 3,
  attempt: 4,
  copy: 5,
  restore: 6,
  putback: 7,
  entry: 8,
  split: 9,
  'device copy': 10,
  pin: 11,
  reclaim: 12,
  collect: 13,
  return: 14,
};

/** Services of which there is one a move attempt, and one a call; there is one of each other an episode. */
const perAttempt: ReadonlySet<Service> = new Set(['attempt', 'copy', 'device copy']);
const perCall: ReadonlySet<Service> = new Set(['isolate', 'putback', 'pin', 'reclaim', 'collect', 'return']);

const nobody: readonly BlockedFault[] = [];
const nothing: readonly Obstacle[] = [];

export interface WorldInput {
  readonly scenario: Scenario;
  readonly groups: ReadonlyMap<string, GroupPlace>;
  readonly groupOf: (folio: number) => GroupPlace;
  readonly seed: number;
  /** Rounds durations up (to whole microseconds, where a capture is to be written). */
  readonly up: (ns: number) => number;
  /** Keeps the stretches of a folio for other policies in the same draw. */
  readonly shared: { stretches(folio: number, make: () => readonly Obstacle[]): readonly Obstacle[] };
}

/** The world of one draw; asked by one machine. */
export function worldOf({ scenario, groups, groupOf, seed, up, shared }: WorldInput): World {
  const { machine, falseWaiters, duration } = scenario;
  const pressures = pressuresOf(scenario, groups, seed);
  const timeOf = (service: ScenarioService): ((u: number) => number) | number => {
    const law = scenario.services[service];
    if (law === undefined) return 0;
    if (law.kind === 'fixed') return up(law.ns);
    const sample = sampler(law);
    return (u) => up(sample(u));
  };
  const serviceLaws = Object.fromEntries(
    Object.keys(services).map((service) => [service, timeOf(service as Service)]),
  ) as Record<Service, ((u: number) => number) | number>;
  const draw = (law: ((u: number) => number) | number, u: () => number) => (typeof law === 'number' ? law : law(u()));
  const [drainWork, rcu, expedited] = [timeOf('drain work'), timeOf('rcu'), timeOf('expedited rcu')];
  const [release, wake, fault, entryReference] = [
    timeOf('release'),
    timeOf('wake'),
    timeOf('fault'),
    timeOf('entry reference'),
  ];
  const readLaw: Law | undefined = scenario.services.read;
  const reading = readLaw === undefined ? undefined : { mean: meanOf(readLaw), rest: residual(readLaw) };
  // Stretches are given to the machine once: it keeps those of a folio that another request wants later.
  const told = new Set<number>();
  const at = ({ request, folio }: Visit) => request * 2 ** 32 + folio;
  /**
   * The n-th arrival (from 0) of a Poisson stream that begins at `from`. Never rounded: a window may be as short as the
   * grain, and no arrival would fall into it.
   */
  const arrival = (from: number, rate: number, purpose: 'touch' | 'entryTouch', visit: Visit, n: number): number => {
    let time = from;
    for (let i = 0; i <= n; i++) time -= Math.log(uniform(seed, purpose, at(visit), visit.episode, i)) / rate;
    return time;
  };

  return {
    serviceTime(service, visit) {
      const law = serviceLaws[service];
      // Never no time at all: an unlock and the next lock are told apart by the clock.
      if (typeof law === 'number') return service === 'unmap' ? Math.max(1, law) : law;
      const nth = perAttempt.has(service) ? visit.attempt : perCall.has(service) ? visit.call : visit.episode;
      return law(uniform(seed, 'law', at(visit), services[service], nth));
    },
    drainWorkTime: (cpu, nth) => draw(drainWork, () => uniform(seed, 'law', nth, 100, cpu)),
    rcuWaitTime: (nth, _, isExpedited = false) =>
      draw(isExpedited ? expedited : rcu, () => uniform(seed, 'law', nth, 101)),
    faultEnters(visit, { from, until, deferredFlush }) {
      const group = groupOf(visit.folio);
      const { touch, touchers } = pressures.get(group.name)!;
      // Where the flush is yet to come, a task whose TLB still has the translation sees nothing of the cleared entry.
      const rate = touch * (deferredFlush ? machine.tlbMiss : 1);
      if (!(rate > 0) || !(until > from)) return nobody;
      const faults: BlockedFault[] = [];
      for (let n = 0; n < touchers; n++) {
        const met = arrival(from, rate, 'touch', visit, n);
        if (met >= until) break;
        const luck = (purpose: 'release' | 'wake' | 'lateReference') => () =>
          uniform(seed, purpose, at(visit), visit.episode, n);
        const got = met + draw(fault, luck('lateReference'));
        const late = got > until;
        faults.push({
          at: late ? until : up(got),
          ...(late ? { late } : {}),
          releaseAfter: draw(release, luck('release')),
          wakeAfter: draw(wake, luck('wake')),
          // do_swap_page() waits for the unlock, and comes back (__folio_lock_or_retry()).
          ...(group.kind === 'swapcache' ? { shared: true } : {}),
        });
      }
      return faults;
    },
    entryWaiter(visit, n, from) {
      const { touch, touchers } = pressures.get(groupOf(visit.folio).name)!;
      if (!(touch > 0) || n >= touchers) return Number.POSITIVE_INFINITY;
      return arrival(from, touch, 'entryTouch', visit, n);
    },
    entryWaitReferenceTime: (visit, n) =>
      draw(entryReference, () => uniform(seed, 'law', at(visit), 102, visit.episode * 256 + n)),
    obstacles(_request, folio) {
      const group = groupOf(folio);
      const pressure = pressures.get(group.name)!;
      if (pressure.holds.length === 0 || told.has(folio)) return nothing;
      told.add(folio);
      return shared.stretches(folio, () =>
        pressure.holds.flatMap((line) => stretches(line, folio, folio - group.first, duration, seed, up)),
      );
    },
    transient(visit) {
      if (reading === undefined) return undefined;
      const { read } = pressures.get(groupOf(visit.folio).name)!;
      if (!(read > 0)) return undefined;
      // Readers at any time are Poisson with mean rate x length (M/G/inf, whatever the law of the length).
      const u = uniform(seed, 'read', at(visit), visit.attempt);
      if (u >= 1 - Math.exp(-read * reading.mean)) return undefined;
      const rest = reading.rest(
        uniform(seed, 'read', at(visit), visit.attempt, 1),
        uniform(seed, 'read', at(visit), visit.attempt, 2),
      );
      return { until: up(visit.now + rest) };
    },
    ...(falseWaiters > 0
      ? {
          staleWaiters: (visit: Visit) =>
            uniform(seed, 'staleWaiters', at(visit), visit.episode, visit.attempt) < falseWaiters,
        }
      : {}),
    cpus: machine,
  };
}

function pressuresOf(
  { tasks }: Scenario,
  groups: ReadonlyMap<string, GroupPlace>,
  seed: number,
): ReadonlyMap<string, Pressure> {
  const pressures = new Map<string, Pressure>();
  for (const name of groups.keys()) pressures.set(name, { touch: 0, touchers: 0, read: 0, holds: [] });
  let key = 0;
  for (const { count, does } of tasks) {
    for (const { deed, every, at } of does) {
      const { kind, of } = kindOf(deed);
      const group = groups.get(of);
      const pressure = pressures.get(of);
      if (group === undefined || pressure === undefined) continue;
      const rate = every === undefined ? 0 : count / meanOf(every) / group.count;
      if (kind === 'touch') {
        pressure.touch += rate;
        pressure.touchers += count;
      } else if (kind === 'read') pressure.read += rate;
      else if ('for' in deed) {
        pressure.holds.push({
          holder: holds[kind as Hold],
          references: referencesOf(kind as Hold, group.order),
          rate,
          length: sampler(deed.for),
          times: timesByPlace(at ?? [], count, group.count, key, seed),
          key: key++,
        });
      }
    }
  }
  return pressures;
}

/** FOLL_PIN adds GUP_PIN_COUNTING_BIAS to a small folio, and one to a large one, which counts pins apart. */
function referencesOf(hold: Hold, order: number): number {
  if (hold === 'pin') return order === 0 ? 1024 : 1;
  return hold === 'hold' ? 1 : 0;
}

/** At each of the times each task takes hold of one folio of the group, any. */
function timesByPlace(
  times: readonly number[],
  tasks: number,
  folios: number,
  key: number,
  seed: number,
): ReadonlyMap<number, readonly number[]> {
  const byPlace = new Map<number, number[]>();
  times.forEach((time, n) => {
    for (let task = 0; task < tasks; task++) {
      const place = Math.floor(uniform(seed, 'hold', n, task, -1 - key) * folios);
      const list = byPlace.get(place);
      if (list === undefined) byPlace.set(place, [time]);
      else list.push(time);
    }
  });
  return byPlace;
}

/** When somebody holds this folio, over the whole scenario. */
function stretches(
  { holder, references, rate, length, times, key }: HoldLine,
  folio: number,
  place: number,
  duration: number,
  seed: number,
  up: (ns: number) => number,
): Obstacle[] {
  const list: Obstacle[] = [];
  const add = (from: number, n: number) => {
    const until = up(from + length(uniform(seed, 'hold', folio, key, 2 * n + 1)));
    list.push({ holder, from: up(from), until, references });
  };
  for (const [n, time] of (times.get(place) ?? []).entries()) add(time, n);
  if (!(rate > 0)) return list;
  let time = 0;
  for (let n = 0; ; n++) {
    time -= Math.log(uniform(seed, 'hold', folio, key, 2 * n)) / rate;
    if (time >= duration) return list;
    add(time, n);
  }
}
