/**
 * What the model asks, answered for one unit in one draw: recorded luck where the recording has it and the replay still
 * asks for it, keyed luck with estimated probabilities elsewhere. Two policies that ask for the same folio and episode
 * get the same answer, whatever they asked before.
 */
import { uniform } from '../base/random.ts';
import type { Decisions } from '../model/decisions.ts';
import type { Background } from '../model/demand.ts';
import type { BlockedFault, FaultWindow, Service, Visit, World } from '../model/world.ts';
import type { Policy } from '../policies/policy.ts';
import type { Abduction } from './abduction.ts';
import { addsOfDraw, addsWhileHeld, drawsAddsAnew, type Hold } from './adds-anew.ts';
import { asRecorded } from './as-recorded.ts';
import { type Barrier, barrierOf, soonerBy } from './barrier.ts';
import { type Condition, heldUntil } from './condition.ts';
import type { Unit } from './demand.ts';
import { exposedTo, lastBefore } from './exposure.ts';
import { type Evidence, isDeferred, type Parameters } from './parameters.ts';
import { preparationOf } from './preparation.ts';
import {
  blockedAnew,
  type Chance,
  happens,
  late,
  lateAgain,
  otherWindow,
  stillThere,
  touchesAfter,
  touchesAt,
} from './questions.ts';
import { type Luck, luckOf } from './recall.ts';
import type { Doing } from './recorded-steps.ts';
import { createReturns } from './returns.ts';
import type { Row, Scene } from './slice.ts';
import { createTasks, type Tasks } from './tasks.ts';

export interface WorldInput {
  readonly unit: Unit;
  readonly recorded: Policy;
  /** Of the policy that is replayed; absent = as recorded. */
  readonly decisions?: Decisions;
  readonly abduction: Pick<Abduction, 'lateOf' | 'waitsOf'>;
  readonly conditions: readonly Condition[];
  readonly parameters: Parameters;
  readonly evidence: Evidence;
  readonly seed: number;
  readonly draw: number;
  /** Takes the luck of this draw, and remembers what it was asked; absent = nobody does. */
  readonly luck?: Luck | undefined;
  /** Draws that share a number here share their service times. */
  readonly pace: number;
  /** Outcomes withheld: no recorded luck is used. */
  readonly withheld: boolean;
  /** The policy retries as the recorded one: a folio that failed goes on failing, whatever else is asked about it. */
  readonly own: boolean;
  /** The policy treats batches as the recorded one: what a batch held then, it holds now. */
  readonly sameBatches: boolean;
}

/** The world of one unit, whose ranges are each prepared in their own time. */
export interface UnitWorld extends World {
  prepared(range: number): Barrier;
  /** What others do to the batches meanwhile, at recorded times. */
  background(scene: Scene): Background;
  /** What they do to it while the request is held up as it was not in the recording. */
  held(scene: Scene, hold: Hold): Row[];
}

const nobody: readonly BlockedFault[] = [];
const nothing = new Float64Array(0);

/** ns: what an attempt meets is gone by the next one. */
const betweenTries = 2;

export function createWorld(input: WorldInput): UnitWorld {
  const { unit, recorded, abduction, conditions, parameters, evidence, seed, draw, pace } = input;
  const { withheld, own, sameBatches, decisions = recorded.decisions, luck = luckOf(draw, parameters) } = input;
  const { services } = evidence;
  // Whether the last episode asked about was blocked, by member; what the next one's chance hangs on.
  const blockedBefore = new Uint8Array(unit.members.length);
  const timing = {
    barriers: evidence.barriers,
    wakes: evidence.exposures.wakes,
    unseen: parameters.unseen,
    seed,
    key: unit.key,
    pace,
  };
  const prepared = (range: number) => barrierOf(timing, preparationOf(unit.preparations, range));
  // Its own barrier is the model's.
  const sooner = sameBatches
    ? undefined
    : (from: number) => soonerBy(timing, { decisions, pid: unit.pid, from, until: unit.start });
  const exposed = exposedTo({ unit, exposures: evidence.exposures, sooner, seed, luck });
  const begun = unit.lists[0]?.time ?? Number.NaN;
  const tasks =
    evidence.steps === undefined || unit.calls.length === 0
      ? undefined
      : createTasks({
          steps: evidence.steps,
          key: unit.key,
          start: begun,
          sooner: sooner?.(lastBefore(evidence.exposures.ends, begun)) ?? 0,
          seed,
          pace,
        });
  /** Members that are added to batches, under a policy that treats these otherwise. */
  const queued = new Set<number>();
  let tried = { folio: -1, attempt: -1, time: 0 };
  // Whose first episode comes at another time than recorded, so that its luck is another.
  const anew = new Uint8Array(unit.members.length);

  const passes = asRecorded(input);
  const losesLocks = conditions.some(({ passes: { lost } }) => lost.some((tries) => tries > 0));

  const keyOf = ({ folio }: Visit) => unit.members[folio]!.key;

  const paceLuck = (visit: Visit, which: number): number =>
    uniform(seed, 'serviceTime', keyOf(visit), visit.episode * 8 + which, pace);

  /** A recorded duration picked by this visit's luck, so that sums keep their means and policies share it. */
  const sample = (sorted: Float64Array, visit: Visit, which: number): number => {
    if (sorted.length === 0) return 0;
    return sorted[Math.floor(paceLuck(visit, which) * sorted.length)]!;
  };

  /**
   * Recorded luck says of each episode whether it was blocked. Where it does not hold, the tasks that block one are followed
   * through the folio's queue.
   */
  const followsWakes = ({ folio }: Visit) => parameters.wakes !== undefined && (withheld || !own || anew[folio] === 1);
  const returns = createReturns(unit, evidence, parameters, { seed, draw, luck, withheld });
  const happensIn = (visit: Visit, purpose: 'faultWindow' | 'lateReference', chance: Chance): boolean =>
    luck.isSo(happens(seed, purpose, keyOf(visit), visit.episode, chance));

  /** What this episode took when it was recorded. */
  const ownTime = (times: ReadonlyMap<number, number>, { folio, episode }: Visit): number | undefined => {
    const recordedOne = withheld ? undefined : unit.members[folio]!.episodes[episode];
    return recordedOne === undefined ? undefined : times.get(recordedOne.id);
  };

  const isBlocked = (visit: Visit, window: FaultWindow): boolean => {
    const { deferredFlush } = window;
    const member = unit.members[visit.folio]!;
    const before = blockedBefore[visit.folio] === 1;
    const episode = member.episodes[visit.episode];
    const recordedLuck = conditions[visit.folio]?.luck;
    exposed.meet(visit, window);
    if (!withheld && !sameBatches && !exposed.keepsLuck()) anew[visit.folio] = 1;
    const isAnew = withheld || anew[visit.folio] === 1;
    const known = isAnew ? undefined : recordedLuck?.[visit.episode];
    if (known !== undefined && !Number.isNaN(known) && episode !== undefined) {
      const recordedBefore = visit.episode > 0 && recordedLuck?.[visit.episode - 1] === 1;
      // Same window, same past: the same luck. A policy that retries otherwise comes back at another time, when the task
      // may or may not have run since it was woken, so that later episodes are other events.
      if (own && recordedBefore === before) return known === 1;
      if (visit.episode === 0) {
        const wasDeferred = isDeferred(episode, unit, recorded);
        if (wasDeferred === deferredFlush) return known === 1;
        // The window of a deferred flush is a part of the other: who got into the shorter one gets into the longer, too.
        const [shorter, longer] = [exposed.chance(true), exposed.chance(false)];
        if (wasDeferred ? known === 1 : known === 0) return known === 1;
        return happensIn(visit, 'faultWindow', otherWindow(wasDeferred, shorter, longer));
      }
    }
    const isPast = recordedLuck !== undefined && visit.episode >= recordedLuck.length;
    if (!isAnew && own && before && isPast && recordedLuck.at(-1) === 1) return true;
    // Where the law of wakeups is followed, whoever blocked it before is still in the folio's queue, or it is not there.
    const returned = followsWakes(visit) ? returns.isBack(visit) : before;
    const again = followsWakes(visit) ? blockedAnew : stillThere(visit.now - visit.undoneAt);
    return happensIn(visit, 'faultWindow', returned ? again : exposed.chance(deferredFlush));
  };

  // Whoever sleeps on from the episode before has its reference already; a new one may come after the end of unmapping.
  const comesLate = (visit: Visit, deferredFlush: boolean): boolean => {
    const { episodes } = unit.members[visit.folio]!;
    const episode = episodes[visit.episode];
    if (!withheld && episode !== undefined && isDeferred(episode, unit, recorded) === deferredFlush) {
      const seen = visit.episode === 0 ? abduction.lateOf.get(episode.id) : undefined;
      if (seen !== undefined) return seen;
    }
    return happensIn(visit, 'lateReference', returns.isBack(visit) ? lateAgain : late);
  };

  // A policy that retries otherwise comes at other times than the recorded attempts, and what it shares with them is the clock.
  const isByTime = (condition: Condition): boolean =>
    !own && !withheld && inVain(condition) > 0 && !Number.isNaN(condition.metUntil);
  const inVain = ({ failingAttempts, batchAttempts }: Condition): number =>
    failingAttempts + (sameBatches ? batchAttempts : 0);
  const standing = conditions.map((condition) =>
    isByTime(condition) ? [...condition.obstacles, heldUntil(condition.metUntil)] : condition.obstacles,
  );
  /** Whether an attempt meets a reference that is gone afterwards. */
  const meetsReference = (visit: Visit): boolean => {
    const condition = conditions[visit.folio];
    if (condition !== undefined && isByTime(condition)) return false;
    return passes.meetsReference(visit) ?? visit.attempt < (condition === undefined ? 0 : inVain(condition));
  };
  const isInVain = (visit: Visit): boolean =>
    blockedBefore[visit.folio] === 1 ||
    meetsReference(visit) ||
    (standing[visit.folio]?.some(({ until }) => until > visit.now) ?? false);

  /** Of an attempt; asked for how long what it meets stays, and for how long it takes. */
  const attemptTime = (visit: Visit): number => {
    const { folio, attempt, now } = visit;
    if (tried.folio !== folio || tried.attempt !== attempt) {
      const inVain = isInVain(visit);
      // Whether a batch holds it the model knows.
      const usual = inVain ? services.attempt : queued.has(folio) ? services.moving : nothing;
      const time = (inVain ? tasks?.step('tried', paceLuck(visit, 2), now) : undefined) ?? sample(usual, visit, 2);
      tried = { folio, attempt, time: Math.max(betweenTries, time) };
    }
    return tried.time;
  };

  /** How long the migrator takes among the tasks that are there. */
  const timeAmong = (tasks: Tasks, service: Service, visit: Visit): number => {
    const { now } = visit;
    const step = (next: Doing, which: number) => tasks.step(next, paceLuck(visit, which), now) ?? 0;
    tasks.call(visit.call, now);
    switch (service) {
      case 'destination':
        return returns.again(visit);
      case 'unmap':
        // Never no time at all: an unlock and the next lock are told apart by the clock.
        return Math.max(1, returns.isBack(visit) ? returns.rewalk(visit) : step('set', 0));
      case 'attempt':
        return attemptTime(visit);
      case 'copy':
        return step('moved', 1);
      case 'restore':
        return step('undone', 3);
      case 'return':
        return step('return', 5);
      default:
        return 0;
    }
  };

  return {
    serviceTime(service, visit) {
      const known = unit.services?.[service];
      if (known !== undefined) return known;
      if (tasks !== undefined) return timeAmong(tasks, service, visit);
      switch (service) {
        case 'destination':
          return followsWakes(visit) ? returns.again(visit) : 0;
        case 'unmap':
          if (followsWakes(visit) && returns.isBack(visit)) return Math.max(1, returns.rewalk(visit));
          // Never no time at all: an unlock and the next lock are told apart by the clock.
          return Math.max(1, ownTime(services.own.unmap, visit) ?? sample(services.unmap, visit, 0));
        case 'copy':
          // From the move before to this one: its own try is in it.
          return Math.max(0, (ownTime(services.own.copy, visit) ?? sample(services.copy, visit, 1)) - tried.time);
        case 'attempt':
          return attemptTime(visit);
        default:
          // Isolation is part of the recorded gap between lists; the others have no events of their own.
          return 0;
      }
    },
    ...prepared(0),
    prepared,
    background(scene) {
      if (sameBatches) return scene.background;
      const anew = drawsAddsAnew(scene, decisions, recorded.decisions);
      const adds = addsOfDraw(scene, { conditions, anew, seed, draw });
      if (adds !== scene.background) luck.drawsNumber();
      for (const folio of adds.folio) if (folio >= 0) queued.add(folio);
      return adds;
    },
    held(scene, hold) {
      if (sameBatches) return [];
      luck.drawsNumber();
      const adds = addsWhileHeld(scene, hold, { seed, draw });
      for (const { folio } of adds) if (folio >= 0) queued.add(folio);
      return adds;
    },
    faultEnters(visit: Visit, window: FaultWindow) {
      const before = blockedBefore[visit.folio] === 1;
      const blocked = isBlocked(visit, window);
      blockedBefore[visit.folio] = blocked ? 1 : 0;
      if (!blocked || passes.isAwake(visit)) return nobody;
      if (followsWakes(visit)) {
        const faults = returns.faults(visit, comesLate(visit, window.deferredFlush));
        tasks?.block(visit.folio, faults.length, visit.now);
        return faults;
      }
      returns.blocked(visit);
      const recordedOne = withheld ? undefined : unit.members[visit.folio]!.episodes[visit.episode];
      const begun =
        recordedOne === undefined || evidence.sleepsBegun === undefined
          ? Number(!before)
          : (evidence.sleepsBegun.get(recordedOne.id) ?? 0);
      tasks?.block(visit.folio, Math.max(1, begun), visit.now);
      // Let go by the unlock; whether it is still there in the next episode is that episode's question.
      const fault = {
        at: visit.now,
        releaseAfter: 0,
        sleepsOn: begun === 0,
        late: passes.comesLate(visit) ?? (!before && comesLate(visit, window.deferredFlush)),
      };
      return Array.from({ length: Math.max(1, begun) }, () => fault);
    },
    entryWaiter(visit, n, from) {
      // Whoever came to wait on the entries came when the attempts were over.
      if (passes.isAwake(visit)) return Number.POSITIVE_INFINITY;
      if (tasks !== undefined) return tasks.arrival(visit.folio, n);
      const episode = withheld ? undefined : unit.members[visit.folio]!.episodes[visit.episode];
      // The tasks that fell asleep on a recorded episode are those that touch this folio then.
      if (episode !== undefined) {
        const after = abduction.waitsOf.get(episode.id)?.[n] ?? Number.POSITIVE_INFINITY;
        // Of entries set without an event only the request's beginning is recorded.
        return episode.set === 0 ? Math.max(from, unit.start + after) : from + after;
      }
      if (n >= evidence.waiters) return Number.POSITIVE_INFINITY;
      const touch = { seed, key: keyOf(visit), episode: visit.episode, n, from };
      // Whoever comes later than now has not come: nobody asks when it will.
      if (luck.isSo(touchesAfter(touch, visit.now))) return Number.POSITIVE_INFINITY;
      luck.drawsNumber();
      return touchesAt(touch, draw, parameters);
    },
    entryWaitReferenceTime: () => 0, // from the fault to its sleep: too short for any event to show
    waiters(visit) {
      if (followsWakes(visit)) return returns.waiters(visit);
      return tasks === undefined ? undefined : passes.isWaitedFor(visit);
    },
    entries({ folio, episode, now }, what) {
      if (tasks === undefined) return;
      if (what === 'set') tasks.set(folio, now, episode > 0);
      else tasks.gone(folio, now, what);
    },
    obstacles(_request, folio) {
      return standing[folio] ?? [];
    },
    transient(visit) {
      if (!meetsReference(visit)) return undefined;
      return { until: visit.now + attemptTime(visit) + 1 };
    },
    ...(losesLocks ? { lockTaken: passes.isLockTaken } : {}),
  };
}

/**
 * The world as a later machine run of the same request meets it: its machine counts a folio's episodes and attempts from
 * 0 again, the request does not.
 */
export function continued(
  world: UnitWorld,
  episodes: Readonly<Uint16Array>,
  attempts: Readonly<Uint16Array>,
  area: number,
): World {
  const shift = (visit: Visit): Visit => ({
    ...visit,
    episode: visit.episode + episodes[visit.folio]!,
    attempt: visit.attempt + attempts[visit.folio]!,
  });
  return {
    ...world,
    serviceTime: (service, visit) => world.serviceTime(service, shift(visit)),
    faultEnters: (visit, window) => world.faultEnters(shift(visit), window),
    entryWaiter: (visit, n, from) => world.entryWaiter(shift(visit), n, from),
    entryWaitReferenceTime: (visit, n) => world.entryWaitReferenceTime(shift(visit), n),
    transient: (visit) => world.transient(shift(visit)),
    ...(world.entries === undefined ? {} : { entries: (visit, what) => world.entries!(shift(visit), what) }),
    ...(world.waiters === undefined ? {} : { waiters: (visit) => world.waiters!(shift(visit)) }),
    ...(world.lockTaken === undefined ? {} : { lockTaken: (visit, nth) => world.lockTaken!(shift(visit), nth) }),
    ...world.prepared(area),
  };
}
