/**
 * When folios were put into per-CPU batches. Stock events show flushes only (mm_lru_insertion and mm_lru_activate fire
 * when a batch is flushed, mm/swap.c), so the time of an add is seen by a probe, or bounded: batches are flushed in the
 * order they were filled, so it lies between the flush (or drain) before and its own flush on that CPU. Inside a window
 * with caches disabled an add is its flush. Elsewhere adds are thrown uniformly between the bounds and put in order. A per-CPU
 * batch is flushed on its own CPU (works are bound), so the CPU of the flush is the CPU of the add.
 */

import { addTo } from '../base/groups.ts';
import { countLeading } from '../base/sorted.ts';
import type { History } from '../history/facts.ts';
import { timeKeyOf } from './keys.ts';

/** Adds of every batch, grouped by CPU and kind, in order of time within a group. Times as in the history. */
export interface Adds {
  readonly length: number;
  /** Bounds of the time of the add; equal where it is known. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** Row of the flush that ended it, -1 = none: adds of one flush came in their order. */
  readonly flush: Int32Array;
  /** When the recording flushed it; Infinity = never. */
  readonly flushed: Float64Array;
  readonly pfn: Float64Array;
  /** Of the luck of those that are thrown between bounds; 0 of the others. */
  readonly key: Float64Array;
  readonly groups: readonly AddGroup[];
  /** How many times were seen, follow exactly from a disabled cache or a full batch, or are thrown between bounds. */
  readonly seen: number;
  readonly exact: number;
  readonly spread: number;
}

/** Rows `first` up to `last` (exclusive) of one CPU's batch of one kind. */
export interface AddGroup {
  readonly cpu: number;
  readonly batch: number;
  readonly first: number;
  readonly last: number;
}

/** A drain somebody other than the replayed requests asked for, or of which nobody knows who did. */
export interface DrainRow {
  readonly time: number;
  readonly cpu: number;
  readonly all: boolean;
  readonly pid: number;
}

/** Drains that the replay takes as given: every request makes its own again. */
export function drainsOf(history: History): DrainRow[] {
  const rows: DrainRow[] = [];
  const byDrain = new Set(history.drains.map(({ id }) => id));
  for (const drain of history.drains) {
    if (drain.scope === 'disable') continue;
    rows.push({ time: drain.start, cpu: drain.cpu, all: drain.scope === 'all', pid: drain.pid });
  }
  // Without drain events a batch that was flushed before it was full was drained by somebody.
  for (const flush of history.flushes) {
    if (flush.cause === 'local drain' && !byDrain.has(flush.drain)) {
      rows.push({ time: flush.start, cpu: flush.cpu, all: false, pid: flush.pid });
    }
  }
  return rows.sort((a, b) => a.time - b.time || a.cpu - b.cpu);
}

/** Every add of a history, with the bounds of its time. */
export function addsOf(history: History): Adds {
  const { stays, flushes } = history;
  const order = new Map<number, number[]>();
  for (let i = 0; i < stays.length; i++) {
    const key = stays.cpu[i]! * 8 + stays.batch[i]!;
    addTo(order, key, i);
  }
  const emptied = emptyings(history);
  const asked = askedOf(history);
  const windows = flushes.some(({ cause }) => cause === 'cache disabled') ? history.windows : [];
  // What is flushed after a window was added after it: it was drained, and an add flushed at once until its end.
  const enabled = windows.filter(({ end }) => !Number.isNaN(end)).map(({ end }) => ({ from: end, by: end }));
  enabled.sort((a, b) => a.by - b.by);
  const low = new Float64Array(stays.length);
  const high = new Float64Array(stays.length);
  const ended = new Int32Array(stays.length);
  const flushed = new Float64Array(stays.length);
  const pfn = new Float64Array(stays.length);
  const luck = new Float64Array(stays.length);
  const timeKey = timeKeyOf(history.capture);
  const groups: AddGroup[] = [];
  const counts = { seen: 0, exact: 0, spread: 0 };
  let next = 0;
  for (const key of [...order.keys()].sort((a, b) => a - b)) {
    const rows = order.get(key)!;
    const cpu = key >> 3;
    const first = next;
    // What a batch held when the capture began was added at the rate at which the capture has adds of its kind there.
    const begun = flushes[stays.flush[rows[0]!]!];
    let before = begun === undefined ? 0 : Math.min(0, begun.start - (begun.count / rows.length) * history.capture.end);
    for (let i = 0; i < rows.length; ) {
      const flush = stays.flush[rows[i]!]!;
      let end = i + 1;
      if (flush >= 0) while (end < rows.length && stays.flush[rows[end]!] === flush) end++;
      const fact = flush < 0 ? undefined : flushes[flush]!;
      const at = fact?.start ?? Number.POSITIVE_INFINITY;
      const bound = Math.max(before, emptiedBefore(emptied.get(cpu), at), emptiedBefore(enabled, at));
      // While caches are being disabled an add flushes what was added before they were, and itself.
      const raised = fact?.cause === 'unknown' && end - i > 1 ? raisedAt(windows, at) : Number.NaN;
      const immediate = fact !== undefined && (fact.cause === 'cache disabled' || fact.cause === 'bypass');
      for (let j = i; j < end; j++) {
        const row = rows[j]!;
        const out = stays.flushed[row]!;
        flushed[next] = Number.isNaN(out) ? Number.POSITIVE_INFINITY : out;
        pfn[next] = stays.pfn[row]!;
        const seen = stays.added[row]!;
        ended[next] = flush;
        if (!Number.isNaN(seen)) {
          low[next] = high[next] = seen;
          counts.seen++;
        } else if (immediate && (end - i === 1 || fact.cause === 'cache disabled')) {
          low[next] = high[next] = out;
          counts.exact++;
        } else if (j === end - 1 && (fact?.cause === 'full' || fact?.cause === 'bypass' || raised > bound)) {
          low[next] = high[next] = at;
          counts.exact++;
        } else {
          const { time = at, ofAll = false } = asked.get(flush) ?? {};
          const latest = raised > bound ? raised : j === i || ofAll ? Math.min(at, time) : at;
          low[next] = bound;
          high[next] = Math.max(bound, Math.min(latest, history.capture.end));
          luck[next] = timeKey(Number.isFinite(out) ? out : at, pfn[next]!, key);
          counts.spread++;
        }
        next++;
      }
      if (fact !== undefined) before = Math.max(before, fact.end);
      i = end;
    }
    groups.push({ cpu, batch: key & 7, first, last: next });
  }
  return { length: stays.length, low, high, flush: ended, flushed, pfn, key: luck, groups, ...counts };
}

/**
 * By flush of a work: when its drain was asked for (lru_add_drain_all(), lru_cache_disable()), which bounds the adds. Works
 * are queued for CPUs with something in a batch: what one finds first was there then, if it flushed nothing before. And
 * disabling the caches begins with raising the count, from where on an add is flushed at once: all that a work of its drain
 * finds was there before.
 */
function askedOf({ drains, flushes }: History): Map<number, { readonly time: number; readonly ofAll: boolean }> {
  const asking = new Map(drains.filter(({ scope }) => scope !== 'local').map((drain) => [drain.id, drain]));
  const first = new Map<string, number>();
  const asked = new Map<number, { time: number; ofAll: boolean }>();
  flushes.forEach(({ drain, cpu }, row) => {
    const by = asking.get(drain);
    if (by === undefined) return;
    const key = `${drain} ${cpu}`;
    const before = first.get(key);
    first.set(key, before ?? row);
    if (by.scope === 'disable') asked.set(row, { time: by.start, ofAll: true });
    else if (before === undefined) asked.set(row, { time: by.start, ofAll: false });
    else asked.delete(before);
  });
  return asked;
}

/** When the caches began to be disabled that were not yet drained at a time; NaN = none were. */
function raisedAt(windows: History['windows'], at: number): number {
  return windows.find(({ start, drained }) => start < at && at <= drained)?.start ?? Number.NaN;
}

/** A CPU's batches were empty at some time between the two. */
interface Emptied {
  readonly from: number;
  readonly by: number;
}

/** By CPU, in order of `by`. A drain of all CPUs that was seen to its end found nothing where no work of it flushed anything. */
function emptyings({ drains, flushes }: History): Map<number, Emptied[]> {
  const byCpu = new Map<number, Emptied[]>();
  const every = new Set(flushes.map(({ cpu }) => cpu));
  for (const { scope, cpu, cpus, pid, start, end } of drains) {
    if (scope === 'local') addTo(byCpu, cpu, { from: start, by: start });
    else if (!Number.isNaN(end)) for (const one of pid >= 0 ? every : cpus) addTo(byCpu, one, { from: start, by: end });
  }
  for (const list of byCpu.values()) list.sort((a, b) => a.by - b.by);
  return byCpu;
}

/** What a batch that is flushed at a time holds was added after this. A drain under way may be what flushes it. */
function emptiedBefore(list: readonly Emptied[] | undefined, at: number): number {
  return list?.[countLeading(list.length, (i) => list[i]!.by < at) - 1]?.from ?? Number.NEGATIVE_INFINITY;
}
