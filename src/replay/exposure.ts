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

/** By episode id, as recorded. */
export interface Exposures {
  /**
   * ns from the last end of any episode to this one: to the start of its call for the first folio of a call, as in
   * `sinceLetGo`. Infinity = nothing was under entries before.
   */
  readonly since: Float64Array;
  /** Other folios of its call that were under entries when it began. */
  readonly beside: Uint16Array;
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
  return { since, beside };
}

/** The last end of an episode at or before a time; -Infinity = none. */
export function lastBefore(ends: Float64Array, time: number): number {
  return ends[countLeading(ends.length, (i) => ends[i]! <= time) - 1] ?? Number.NEGATIVE_INFINITY;
}

/** ns from the end of an episode until a task that slept on its entries ran again, ascending; empty = none was seen. */
export function wakesOf(history: History): Float64Array {
  const wakes: number[] = [];
  for (const { on, episode, end } of history.waits) {
    const after = on === 'entry' && episode >= 0 ? end - history.episodes[episode]!.end : Number.NaN;
    if (after >= 0) wakes.push(after);
  }
  return Float64Array.from(wakes).sort();
}

/**
 * The share of tasks that are back this long after they were let go (the mean of its posterior under Jeffreys' prior); 1
 * where no sleep was seen.
 */
export function shareBack(wakes: Float64Array, since: number): number {
  if (wakes.length === 0 || since === Number.POSITIVE_INFINITY) return 1;
  return (countLeading(wakes.length, (i) => wakes[i]! <= since) + 0.5) / (wakes.length + 1);
}

/** The chance of a block where `share` of the tasks are back, if it is `whole` with all of them: 1 - exp(-rate * share). */
export function chanceOf(whole: number, share: number): number {
  return 1 - (1 - whole) ** share;
}
