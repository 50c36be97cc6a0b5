/**
 * What a folio is exposed to when it is unmapped. A fault gets in before the entries are there (kernel-model 3.6) only if a
 * task touches the folio in that moment, and tasks that slept on entries before do not touch anything until they run again:
 * right after an episode few of them do, and while other folios of the call are under entries they sleep on those. So a
 * policy that lets a request begin sooner after the one before (no RCU wait, say) is met by fewer tasks. How soon they are
 * back is the recording machine's business, and is taken from its own recorded sleeps.
 */
import { addTo } from '../base/groups.ts';
import { countLeading } from '../base/sorted.ts';
import type { Episode, History } from '../history/facts.ts';
import type { FaultWindow, Visit } from '../model/world.ts';
import type { Unit } from './demand.ts';
import type { Count } from './draws.ts';
import { type Chance, firstBlock, firstBlockAfter, firstBlockBeside, fixed, happens } from './questions.ts';
import type { Luck } from './recall.ts';

export interface Exposures {
  /**
   * By episode id: ns from the last end of any episode to its beginning, which is the start of the call for the first folio
   * of a call (what goes on before its entries are set is part of the window). Infinity = nothing was under entries before.
   */
  readonly since: Float64Array;
  /** By episode id: other folios of its call that were under entries when it began. */
  readonly beside: Uint16Array;
  /** Ends of all episodes, ascending. */
  readonly ends: Float64Array;
  /** ns from the end of an episode until a task that slept on its entries ran again, ascending; empty = none was seen. */
  readonly wakes: Float64Array;
}

export function exposuresOf(history: History): Exposures {
  const { episodes, calls } = history;
  const since = new Float64Array(episodes.length);
  const beside = new Uint16Array(episodes.length);
  const ends = Float64Array.from(episodes, ({ end }) => end)
    .filter((end) => !Number.isNaN(end))
    .sort();
  const byCall = new Map<number, Episode[]>();
  for (const episode of episodes) addTo(byCall, episode.call, episode);
  for (const [call, list] of byCall) {
    list.sort((a, b) => a.start - b.start);
    let open: Episode[] = [];
    list.forEach((episode, place) => {
      const { id, start } = episode;
      open = open.filter(({ end }) => end > start);
      beside[id] = call < 0 ? 0 : open.length;
      if (!Number.isNaN(episode.end)) open.push(episode);
      const began = call >= 0 && place === 0 && calls[call]!.start <= start ? calls[call]!.start : start;
      since[id] = began - lastBefore(ends, began);
    });
  }
  return { since, beside, ends, wakes: wakesOf(history) };
}

/** The last end of an episode at or before a time; -Infinity = none. */
export function lastBefore(ends: Float64Array, time: number): number {
  return ends[countLeading(ends.length, (i) => ends[i]! <= time) - 1] ?? Number.NEGATIVE_INFINITY;
}

function wakesOf(history: History): Float64Array {
  const wakes: number[] = [];
  for (const { on, episode, end } of history.waits) {
    const after = on === 'entry' && episode >= 0 ? end - history.episodes[episode]!.end : Number.NaN;
    if (after >= 0) wakes.push(after);
  }
  return Float64Array.from(wakes).sort();
}

/** Share of tasks that are back so long after they were let go: the mean of its posterior; 1 where no sleep was seen. */
function shareBack({ wakes }: Exposures, since: number): number {
  if (wakes.length === 0 || since === Number.POSITIVE_INFINITY) return 1;
  return (countLeading(wakes.length, (i) => wakes[i]! <= since) + 0.5) / (wakes.length + 1);
}

/** Something of each kind of TLB flush: deferred until all folios of a batch are unmapped, or at once for each. */
export interface ByFlush<T> {
  readonly deferred: T;
  readonly eager: T;
}

/** First episodes by what they were exposed to, and how many of them were blocked. */
export interface FirstBlocks {
  /** While no other folio of the call was under entries; a trial counts as the share of tasks that are back. */
  readonly alone: ByFlush<Count>;
  /** While others were. */
  readonly beside: ByFlush<Count>;
}

const noCounts = () => ({ deferred: { trials: 0, hits: 0 }, eager: { trials: 0, hits: 0 } });

/** Counts first episodes one by one. */
export class FirstBlockCounter implements FirstBlocks {
  readonly alone = noCounts();
  readonly beside = noCounts();
  readonly #exposures: Exposures;

  constructor(exposures: Exposures) {
    this.#exposures = exposures;
  }

  /** `hit` = the probability that it was blocked; `weight` = the probability that it counts as a first one. */
  add(id: number, deferred: boolean, hit: number, weight: number): void {
    const isBeside = this.#exposures.beside[id]! > 0;
    const count = (isBeside ? this.beside : this.alone)[deferred ? 'deferred' : 'eager'];
    count.hits += hit * weight;
    // Never fewer trials than hits: a fault that got in was there.
    count.trials += weight * (isBeside ? 1 : Math.max(hit, shareBack(this.#exposures, this.#exposures.since[id]!)));
  }
}

/** Chances of a first block in one draw. */
export interface Chances {
  /** With all tasks back. */
  readonly alone: ByFlush<number>;
  /** Beside others under entries; NaN = never recorded: as if there were no others. */
  readonly beside: ByFlush<number>;
  /** In [0, 1]: where no sleeps were recorded, how far the chance goes along with the time that tasks have to come back. */
  readonly back: number;
}

interface Exposed {
  /** An episode's window, in order of time; what the others are asked about is the last one told of. */
  meet(visit: Visit, window: FaultWindow): void;
  /** The chance of a first block in it, if its flush is of this kind. */
  chance(deferred: boolean): Chance;
  /** Whether the recorded luck of a first episode still holds, although the request may have begun sooner or later. */
  keepsLuck(): boolean;
}

export interface ExposedInput {
  readonly unit: Pick<Unit, 'members' | 'lists'>;
  readonly exposures: Exposures;
  /**
   * ns by which the unit begins sooner than recorded, as seen from the last recorded episode before it; absent = its
   * barriers are the recorded ones.
   */
  readonly sooner: ((from: number) => number) | undefined;
  readonly seed: number;
  readonly luck: Luck;
}

/** What the folios of one unit are exposed to in one replay. */
export function exposedTo({ unit, exposures, sooner, seed, luck }: ExposedInput): Exposed {
  const { members, lists } = unit;
  const { ends, since, wakes } = exposures;
  /** Until an episode has ended in this replay, what came before is recorded, and how long ago is the policy's doing. */
  let letGo = lastBefore(ends, lists[0]?.time ?? Number.NaN);
  letGo += sooner?.(letGo) ?? 0;
  let isFirst = true;
  let call = -1;
  let beside = 0;
  let now = 0;
  let then = 0;
  let member = members[0];
  let episode = 0;
  return {
    meet(visit, window) {
      const ended = window.letGo ?? Number.NEGATIVE_INFINITY;
      beside = window.beside ?? 0;
      if (ended > letGo) letGo = ended;
      isFirst = isFirst && ended === Number.NEGATIVE_INFINITY && visit.episode === 0;
      const begun = visit.call === call || beside > 0 ? window.from : (window.begun ?? window.from);
      call = visit.call;
      now = Math.max(0, begun - letGo);
      member = members[visit.folio]!;
      episode = visit.episode;
      then = since[member.episodes[0]?.id ?? -1] ?? Number.NaN;
    },
    chance(deferred) {
      const kind = deferred ? 'deferred' : 'eager';
      if (beside > 0) return firstBlockBeside(kind, shareBack(exposures, now));
      const isToldByTime = wakes.length === 0 && sooner !== undefined && isFirst;
      return isToldByTime ? firstBlockAfter(kind, now / then) : firstBlock(kind, shareBack(exposures, now));
    },
    keepsLuck() {
      if (!isFirst || beside > 0 || Number.isNaN(then) || now === then) return true;
      // A task that got in at the old time gets in at a new one only by another chance; the nearer, the likelier the same.
      const kept = Math.min(now, then) / Math.max(now, then);
      return luck.isSo(happens(seed, 'faultWindow', member!.key, lucky + episode, fixed(kept)));
    },
  };
}

/** Apart from the keys of episodes (`faultWindow` of a member and its episode). */
const lucky = 2 ** 20;
