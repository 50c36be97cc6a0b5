/**
 * What a request did between its calls, by the clock: the drain before each range that it went for, and the gaps in which
 * it isolated lists. The model makes calls and drains anew; that they meet the background when they did is this file's.
 */
import { countLeading } from '../base/sorted.ts';
import type { Call, History } from '../history/facts.ts';

/** An all-CPU drain (or disabling of the caches) before the lists of a range, as recorded. */
export interface Preparation {
  /** ns from the start of the request (or the last call for the range before) to the drain. */
  readonly delay: number;
  /** ns that it took; NaN when it made none or none was seen. */
  readonly drainTime: number;
  /** When it began; NaN when it made none. */
  readonly drainStart: number;
  /** Recorded times of the beginning of the delay and of the end of the drain. */
  readonly from: number;
  readonly until: number;
}

/** When the CPUs were drained for a request, and until when. */
interface Drained {
  readonly start: number;
  readonly drained: number;
}

/**
 * Drains of a request before its lists: windows where history has them; else the all-CPU drain whose works were seen to
 * flush between the start of the request and its first call.
 */
export function drainsBefore(
  history: History,
  { pid, start, first, last }: { pid: number; start: number; first: number; last: number },
): readonly Drained[] {
  // In the order they opened.
  const all = history.windows;
  const from = countLeading(all.length, (i) => all[i]!.start < start);
  const windows: Drained[] = [];
  for (let i = from; i < all.length && all[i]!.start <= last; i++) if (all[i]!.pid === pid) windows.push(all[i]!);
  if (windows.length > 0 || !(first > start)) return windows;
  const own = history.drains.filter(
    (drain) =>
      drain.scope === 'all' && (drain.pid === pid || drain.pid < 0) && drain.start >= start && drain.start <= first,
  );
  if (own.length === 0) return [];
  const ids = new Set(own.map(({ id }) => id));
  let drained = own[0]!.start;
  for (const { end } of own) if (end <= first) drained = Math.max(drained, end);
  for (const { drain, end } of history.flushes) if (ids.has(drain) && end <= first) drained = Math.max(drained, end);
  return [{ start: own[0]!.start, drained }];
}

/** When a call began; its end, on kernels that show no more (5.10). */
export function startOf(call: Call): number {
  return Number.isNaN(call.start) ? call.end : call.start;
}

/**
 * The time between the end of whatever came before and the start of a list: isolation, and what the caller did. The first
 * list after a drain is timed from the drain's end; what came before the drain is its preparation's. What a call took
 * beyond the model's mean for its folios (or less than it) is made up for in the gaps that follow, so that after hundreds
 * of lists the scan meets the background when it did; calls of a list that was tried again are the model's own.
 */
export function withGaps(
  lists: { time: number; gap: number; from: number; call: Call }[],
  calls: readonly Call[],
  start: number,
  windows: readonly Drained[],
  perFolio: number,
): Preparation[] {
  const place = new Map(calls.map((call, i) => [call.id, i]));
  const preparations: Preparation[] = [];
  let next = 0;
  let debt = 0;
  let last: Call | undefined;
  for (const list of lists) {
    const call = calls[place.get(list.call.id)! - 1];
    let before = call === undefined ? start : call.end;
    if (call !== undefined && call === last && call.end >= call.start) {
      debt += call.end - call.start - perFolio * call.folios.length;
    }
    last = list.call;
    let window: Drained | undefined;
    while (next < windows.length && windows[next]!.start <= list.time) window = windows[next++];
    if (window !== undefined) {
      // A return that comes after the first call is not that of this drain.
      const drained = window.drained <= list.time ? window.drained : Number.NaN;
      const delay = Math.max(0, window.start - before);
      const until = Number.isNaN(drained) ? window.start : drained;
      preparations.push({ delay, drainTime: drained - window.start, drainStart: window.start, from: before, until });
      before = until;
    }
    list.from = before;
    const gap = list.time - before + debt;
    list.gap = gap > 0 ? gap : 0;
    debt = gap < 0 ? gap : 0;
  }
  return preparations.length === 0
    ? [{ delay: 0, drainTime: Number.NaN, drainStart: Number.NaN, from: start, until: start }]
    : preparations;
}

/** How a range is prepared, from 0; beyond what was recorded as the last one that was. */
export function preparationOf(preparations: readonly Preparation[], range: number): Preparation {
  return preparations[Math.min(range, preparations.length - 1)]!;
}
