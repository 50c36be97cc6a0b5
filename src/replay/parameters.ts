/**
 * What is estimated from a capture, as counts: how often a fault gets in the way of an episode, how often it is still
 * (or again) there in the next one, how long things take. Every draw takes its own probabilities from the posteriors.
 */

import { once } from '../base/once.ts';
import { uniform } from '../base/random.ts';
import type { Episode, History } from '../history/facts.ts';
import type { Policy } from '../policies/policy.ts';
import { type Barriers, barriersOf, type Unseen } from './barrier.ts';
import type { Unit } from './demand.ts';
import { type Count, probability, probabilityMean } from './draws.ts';
import { type Chances, type Exposures, exposuresOf, FirstBlockCounter, type FirstBlocks } from './exposure.ts';
import { drawFirstBlocks } from './first-blocks.ts';
import { firstMoves, type OwnTimes } from './own-times.ts';
import { type RecordedSteps, recordedStepsOf } from './recorded-steps.ts';
import { blockedAnew, type Returns, returnsOf, seenWaiting, sleepersOf, sleepsBegun, wakeChainsOf } from './repeats.ts';
import { drawWakeLaw, type WakeEvidence, type WakeLaw, wakeEvidenceOf } from './wake-law.ts';

/** Facts that are not data. Each has a default, can be set, and has a row in the sensitivity table. */
export interface Assumptions {
  /** Probability that a folio nobody can tell the holder of is held for as long as the request lasts. */
  readonly persistent: number;
  /** Probability of a further blocked episode right after one, where the capture shows no such pair. NaN = not assumed. */
  readonly repeatHit: number;
  /** Probability that a pin outlives the request. */
  readonly pinPersists: number;
  /** Probability that a fault's reference comes after the end of unmapping, where the capture shows no sleep on a lock: in the mean. */
  readonly lateReference: number;
  /** Odds of "cannot tell" against any one cause with evidence, before the evidence. */
  readonly untoldOdds: number;
  /** Share of recorded undone episodes of folios that moved later that count as blocked by a fault in what is estimated. */
  readonly undoneByFault: number;
  /** Share of holders nobody can tell, of folios that were undone, that are faults where no sleep on a lock is recorded: in the mean. */
  readonly untoldFault: number;
  /** The most faults that may find the window of an immediate flush, as a multiple of those that find a deferred one's. */
  readonly unseenPhase: number;
  /** Hits, and misses, that count as seen beforehand of every estimated probability: 0.5 is Jeffreys' prior. */
  readonly priorWeight: number;
  /** Move attempts that whatever let go in the end is met by, as a multiple of the recorded ones; at least 1. */
  readonly passingOutlasts: number;
  /** How fast others go on filling batches while a request is held up longer than recorded; 1 = as recorded, 0 = not at all. */
  readonly backgroundPace: number;
  /** How long after its recorded end a request still meets the recorded background, in its own recorded lengths. */
  readonly backgroundBeyond: number;
  /** Exponent of the uniform number that throws an add between its bounds: 1 = evenly, 2 = earlier, 0.5 = later. */
  readonly addTimes: number;
  /** Folios of a list of which only an empty call is left. */
  readonly emptyList: number;
  /** Tasks that fall asleep on entries, as a multiple of those recorded in a like step of the migrator. */
  readonly entryTouches: number;
  /** Areas that one CMA allocation tries at most, unless the recording tried more, or failed: then these were all. */
  readonly areaLimit: number;
  /** Areas in a row that got no further after which a CMA allocation is given up. */
  readonly stuckAreas: number;
  /** Rounds of a loop that the kernel does not bound (offlining, pinning), none of which gets anywhere. */
  readonly outerLoops: number;
}

export const defaultAssumptions: Assumptions = {
  persistent: 0.5,
  repeatHit: 0.5,
  pinPersists: 1,
  lateReference: 0.5,
  untoldOdds: 1,
  undoneByFault: 1,
  untoldFault: 0.5,
  unseenPhase: 100,
  priorWeight: 0.5,
  passingOutlasts: 1,
  backgroundPace: 1,
  backgroundBeyond: 0.5,
  addTimes: 1,
  emptyList: 1,
  entryTouches: 1,
  areaLimit: 16,
  stuckAreas: 2,
  outerLoops: 1,
};

/** Counts behind the posteriors. */
export interface Evidence {
  /** First episodes with deferred flush, and with an eager one: how many were blocked by a fault. */
  readonly deferred: Count;
  readonly eager: Count;
  /** Episodes that follow a blocked one of the same folio in the same request: how many were blocked as well. */
  readonly repeat: Count;
  /** How long woken tasks take until they run; undefined = no folio that a fault had blocked was tried again. */
  readonly wakes: WakeEvidence | undefined;
  /**
   * First blocked episodes whose sleeper was seen: how many references came after the folio was unmapped. From reading an
   * empty entry to the page-cache reference is a long way (do_fault, filemap_get_entry); a deferred flush leaves little
   * of the unmapping to come.
   */
  readonly late: Count;
  /** First episodes of all kinds: how many were blocked. */
  readonly firstBlocks: Count;
  /** Episodes of folios that were undone before: how many a fault blocked that came only then; and how many of these late. */
  readonly anew: Count;
  readonly lateAgain: Count;
  /** Faults that go to sleep on entries, a ns under entries and folio; and tasks seen doing so. NaN = not observable. */
  readonly entryWaitRate: number;
  readonly waiters: number;
  /** Tasks asleep on the lock at the end of first episodes, by episode id; of those counted over, which had more than one. */
  readonly sleepers: ReadonlyMap<number, number>;
  readonly company: Count;
  /** Sleeps on the lock that began in an episode, by its id: none where it is not in; undefined = not recorded. */
  readonly sleepsBegun: ReadonlyMap<number, number> | undefined;
  /** PG_waiters at the first attempt of later episodes, and at one after an attempt that did not find it set. */
  readonly seenWaiting: { readonly first: Count; readonly after: Count };
  readonly services: Services;
  /** The first two again, by what the episodes were exposed to. */
  readonly firsts: FirstBlocks;
  readonly exposures: Exposures;
  readonly barriers: Barriers;
  /** Who comes to the entries of calls, and how that holds up the migrator; undefined = nobody was seen there. */
  readonly steps: RecordedSteps | undefined;
}

/** Recorded durations in ascending order; empty = none was seen, and the service takes no time. */
export interface Services extends Returns {
  readonly unmap: Float64Array;
  readonly copy: Float64Array;
  /** One in vain: where none was, an attempt that moved its folio, which took a little longer. */
  readonly attempt: Float64Array;
  /** One that moved its folio. */
  readonly moving: Float64Array;
  readonly drain: Float64Array;
  /** By recorded episode: its own, where it was seen. A replay of the same episode takes the same time, under any policy. */
  readonly own: OwnTimes;
}

/** One draw of everything that is estimated. */
export interface Parameters extends Chances {
  /** Of a folio blocked before, where the law of wakeups is not known. */
  readonly repeat: number;
  readonly wakes: WakeLaw | undefined;
  /** That a second task sleeps on the lock of a blocked folio; 0 where no sleep was seen. */
  readonly company: number;
  /** That PG_waiters is set, as in `Evidence.seenWaiting`; not known = no attempt shows it, and it may be anything. */
  readonly seen: { readonly first: number; readonly after: number; readonly isKnown: boolean };
  /** That a fault blocks a folio anew that was undone before; where no sleep was seen, as often as any first time. */
  readonly anew: number;
  readonly late: number;
  /** The same of a fault that blocks a folio which was undone before. */
  readonly lateAgain: number;
  readonly unseen: Unseen;
  /** As in the evidence. */
  readonly entryWaitRate: number;
}

/** The luck of each recorded episode of a member, as abduction has it (probabilities of `blocked`). NaN = not known. */
export type LuckOf = (unit: Unit, member: number, index: number) => number;

/**
 * Counts over the units given: `blocked` is the probability that a fault undid a recorded episode, `lateOf` when it came.
 */
export function evidenceOf(
  history: History,
  units: readonly Unit[],
  recorded: Policy,
  { blocked, lateOf }: { readonly blocked: LuckOf; readonly lateOf: ReadonlyMap<number, boolean> },
  assumed: Assumptions = defaultAssumptions,
): Evidence {
  const deferred = { trials: 0, hits: 0 };
  const eager = { trials: 0, hits: 0 };
  const repeat = { trials: 0, hits: 0 };
  const late = { trials: 0, hits: 0 };
  const { services, exposures, sleepers, begun, waiting } = factsOf(history);
  const { again, barriers } = factsUnder(history)(recorded);
  const firsts = new FirstBlockCounter(exposures);
  for (const unit of units) {
    unit.members.forEach((member, m) => {
      if (member.latent) return;
      let before = 0;
      member.episodes.forEach((episode, index) => {
        const hit = blocked(unit, m, index);
        if (Number.isNaN(hit)) {
          before = 0;
          return;
        }
        const withDeferred = isDeferred(episode, unit, recorded);
        const first = withDeferred ? deferred : eager;
        // Of an episode after another one only the part in which the one before was blocked says something of repeats.
        first.trials += 1 - before;
        first.hits += hit * (1 - before);
        firsts.add(episode.id, withDeferred, hit, 1 - before);
        repeat.trials += before;
        repeat.hits += hit * before;
        before = hit;
        const cameLate = lateOf.get(episode.id);
        if (cameLate === undefined) return;
        late.trials++;
        if (cameLate) late.hits++;
      });
    });
  }
  const usual = { unmap: median(services.unmap), copy: median(services.copy) };
  const blocks = units.flatMap(({ members }) =>
    members.flatMap(({ episodes }) => sleepers.get(episodes[0]?.id ?? -1) ?? []),
  );
  const firstBlocks = { trials: deferred.trials + eager.trials, hits: deferred.hits + eager.hits };
  return {
    deferred,
    eager,
    repeat,
    wakes: wakeEvidenceOf(
      wakeChainsOf(history, units, { blocked, unmapping: usual.unmap }),
      probabilityMean(firstBlocks),
    ),
    late,
    firstBlocks,
    anew: again.anew,
    lateAgain: again.late,
    ...entryWaits(history, assumed),
    sleepers,
    sleepsBegun: begun,
    company: { trials: blocks.length, hits: blocks.filter((count) => count > 1).length },
    seenWaiting: waiting,
    services: { ...services, ...returnsOf(history, units, usual) },
    firsts,
    exposures,
    barriers,
    steps: stepsOf(history)(units)(assumed.entryTouches),
  };
}

/** What does not hang on the units that are counted over, which may be asked for often. */
const factsOf = once((history: History) => ({
  services: servicesOf(history),
  exposures: exposuresOf(history),
  sleepers: sleepersOf(history),
  begun: sleepsBegun(history),
  waiting: seenWaiting(history),
}));
const factsUnder = once((history: History) =>
  once((recorded: Policy) => ({ again: blockedAnew(history, recorded), barriers: barriersOf(history, recorded) })),
);

/** The same object for the same units, by which what is remembered of a replay is told apart (`recall.ts`). */
const stepsOf = once((history: History) =>
  once((units: readonly Unit[]) => {
    const known = new Map<number, RecordedSteps | undefined>();
    return (touches: number): RecordedSteps | undefined => {
      if (!known.has(touches))
        known.set(touches, recordedStepsOf(history, units, factsOf(history).exposures.wakes, touches));
      return known.get(touches);
    };
  }),
);

/** 0 where there is nothing. */
function median(sorted: Float64Array): number {
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Whether an episode ran with deferred TLB flushes: said by the trace, else by the recorded policy and the phase. */
export function isDeferred(episode: Episode, unit: Unit, recorded: Policy): boolean {
  if (episode.deferredFlush !== 'unknown') return episode.deferredFlush === 'yes';
  const { deferredFlush, plan } = recorded.decisions;
  return deferredFlush && plan.loop === 'batched' && (unit.mode === 'async' || episode.index === 0);
}

function entryWaits(history: History, { entryTouches }: Assumptions): Pick<Evidence, 'entryWaitRate' | 'waiters'> {
  if (history.observed.entryWaits === 'unknown') return { entryWaitRate: Number.NaN, waiters: 0 };
  const waits = history.waits.filter(({ on, episode }) => on === 'entry' && episode >= 0);
  let under = 0;
  for (const { start, end } of history.episodes) if (end > start) under += end - start;
  return {
    entryWaitRate: under > 0 ? (entryTouches * waits.length) / under : 0,
    waiters: new Set(waits.map(({ pid }) => pid)).size,
  };
}

/**
 * Service times as recorded: `unmap` between the first entries of folios that one call unmaps one after the other;
 * `copy` between the last entries restored of folios moved one after the other; `attempt` from probes on the move
 * functions, from one try to the next of the same folio; `moving` the whole of one that succeeded; `drain` until a disabled cache was drained.
 */
export const servicesOf = once((history: History): Omit<Services, keyof Returns> => {
  const unmap: number[] = [];
  const copy: number[] = [];
  const own = { unmap: new Map<number, number>(), copy: new Map<number, number>() };
  let lastStart: Episode | undefined;
  let oneByOne = 0;
  for (const episode of history.episodes) {
    if (lastStart !== undefined && lastStart.call === episode.call && episode.call >= 0 && episode.index === 0) {
      const gap = episode.start - lastStart.start;
      const nothingBetween = !(lastStart.end <= episode.start);
      if (gap >= 0 && nothingBetween) {
        unmap.push(gap);
        own.unmap.set(episode.id, gap);
      }
      if (!nothingBetween) oneByOne++;
    }
    lastStart = episode;
  }
  const moved = history.episodes.filter(({ outcome, call }) => outcome === 'moved' && call >= 0);
  moved.sort((a, b) => a.end - b.end);
  for (let i = 1; i < moved.length; i++) {
    const gap = moved[i]!.end - moved[i - 1]!.end;
    if (moved[i]!.call === moved[i - 1]!.call && gap >= 0 && moved[i]!.start <= moved[i - 1]!.end) {
      copy.push(gap);
      own.copy.set(moved[i]!.id, gap);
    }
  }
  for (const [id, time] of firstMoves(history)) own.copy.set(id, time);
  const attempt: number[] = [];
  const moving: number[] = [];
  for (const { start, end, returned } of history.attempts) if (returned === 0 && end >= start) moving.push(end - start);
  history.attempts.forEach(({ start, end, returned, episode, call }, i) => {
    // The same folio again, as no other was left: all that lies between two tries is in it.
    const next = history.attempts[i + 1];
    const time =
      next !== undefined && next.episode === episode && next.call === call ? next.start - start : end - start;
    if (returned !== 0 && time >= 0) attempt.push(time);
  });
  const drain = history.windows
    .map(({ start, drained, end }) => (drained <= end ? drained - start : Number.NaN))
    .filter((time) => time >= 0);
  // Of a loop that moves each folio right after it was unmapped some seem to lie on each other where events were lost.
  if (10 * unmap.length <= oneByOne) {
    unmap.length = 0;
    copy.length = 0;
    own.unmap.clear();
    own.copy.clear();
  }
  if (unmap.length === 0) {
    // The rest of an episode of such a loop is the copy.
    let last: Episode | undefined;
    for (const episode of history.episodes) {
      const gap = last === undefined || last.call !== episode.call || last.call < 0 ? -1 : episode.start - last.end;
      if (gap >= 0) {
        unmap.push(gap);
        own.unmap.set(episode.id, gap);
      }
      last = episode;
    }
    for (const { id, start, end } of moved) {
      copy.push(end - start);
      own.copy.set(id, end - start);
    }
  }
  const sorted = (values: number[]) => Float64Array.from(values).sort();
  return {
    own,
    unmap: sorted(unmap),
    copy: sorted(copy),
    attempt: sorted(attempt.length > 0 ? attempt : moving),
    moving: sorted(moving),
    drain: sorted(drain),
  };
});

/**
 * The parameters of one draw.
 *
 * @param pace what draws share that share service times: the parts of a barrier are times, too
 */
export function drawParameters(
  evidence: Evidence,
  assumed: Assumptions,
  seed: number,
  draw: number,
  pace = 0,
): Parameters {
  const { priorWeight, lateReference } = assumed;
  const { seenWaiting: waiting } = evidence;
  // Evenly from never to always, if it is assumed to be so half of the time.
  const assumedLate = () => uniform(seed, 'parameter', draw, unseen + 3) ** (1 / lateReference - 1);
  const late = evidence.late.trials > 0 ? probability(evidence.late, seed, draw, 3, priorWeight) : assumedLate();
  return {
    ...drawFirstBlocks(evidence.firsts, assumed, seed, draw),
    back: uniform(seed, 'parameter', draw, unseen),
    entryWaitRate: evidence.entryWaitRate,
    unseen: { worker: spread(seed, pace, 1), rcu: spread(seed, pace, 2) },
    repeat: evidence.repeat.trials > 0 ? probability(evidence.repeat, seed, draw, 2, priorWeight) : assumed.repeatHit,
    anew: probability(evidence.anew.trials > 0 ? evidence.anew : evidence.firstBlocks, seed, draw, 21, priorWeight),
    company: evidence.company.trials > 0 ? probability(evidence.company, seed, draw, 18, priorWeight) : 0,
    seen: {
      first: probability(waiting.first, seed, draw, 19, priorWeight),
      after: probability(waiting.after, seed, draw, 20, priorWeight),
      isKnown: waiting.first.trials > 0,
    },
    wakes: evidence.wakes === undefined ? undefined : drawWakeLaw(evidence.wakes, seed, draw),
    late,
    lateAgain: evidence.lateAgain.trials > 0 ? probability(evidence.lateAgain, seed, draw, 17, priorWeight) : late,
  };
}

/** Apart from the keys of what probabilities are made of (`draws.ts`). */
const unseen = 2 ** 30;

/** By the plastic number: the first so many points lie evenly in the square (Roberts, sequence R2, 2018). */
const steps = [0, 0.7548776662466927, 0.5698402909980532] as const;

/** Even numbers over few paces, where independent ones would leave half of what is possible untried. */
function spread(seed: number, pace: number, which: 1 | 2): number {
  return (uniform(seed, 'parameter', unseen + which) + pace * steps[which]) % 1;
}
