/**
 * Windows in which LRU caches were disabled. Their beginning is a probe's; `lru_cache_enable` is inline and leaves no event, so
 * their end is inferred.
 */

import { addTo } from '../base/groups.ts';
import { countLeading } from '../base/sorted.ts';
import type { Flush, Request, Window } from './facts.ts';

type Open = { -readonly [K in keyof Window]: Window[K] };

/** Number of elements of a sorted list that are at or before a value. */
function countUpTo<T>(list: readonly T[], value: number, key: (element: T) => number): number {
  return countLeading(list.length, (i) => key(list[i]!) <= value);
}

function groupByPid<T extends { readonly pid: number }>(list: readonly T[]): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const one of list) {
    addTo(groups, one.pid, one);
  }
  return groups;
}

/**
 * The window that is open at a moment, its drain done; undefined when there is none. Windows come in the order they opened.
 * Few tasks disable caches at once, so a window that is still open is among the last few that opened.
 */
export function windowAt(windows: readonly Window[], time: number): Window | undefined {
  const opened = countUpTo(windows, time, (window) => window.start);
  for (let at = opened - 1; at >= 0 && at >= opened - 8; at--) {
    const window = windows[at]!;
    if (!(window.drained > time) && window.end >= time) return window;
  }
  return undefined;
}

/**
 * lru_cache_enable follows the last call of the request that opened the window (mm/migrate.c do_pages_move, mm/page_alloc.c
 * __alloc_contig_migrate_range); a request without calls ends with its own end, or its drain. Fills `request` and `end`.
 */
export function closeWindows(
  windows: readonly Open[],
  ordinals: readonly { readonly start: number }[],
  requests: readonly Request[],
  calls: readonly { readonly end: number }[],
): void {
  // A CMA allocation opens no window; the ranges that it tries do.
  const byPid = groupByPid(requests.filter((request) => request.kind !== 'cma'));
  for (const [index, window] of windows.entries()) {
    const mine = byPid.get(window.pid) ?? [];
    // The innermost request that had begun and was not over.
    let at = countUpTo(mine, ordinals[index]!.start, (request) => request.ordinal) - 1;
    while (at >= 0 && mine[at]!.end < window.start && mine[at]!.parent >= 0) at--;
    const request = at >= 0 && !(mine[at]!.end < window.start) ? mine[at] : undefined;
    if (request !== undefined) window.request = request.id;
    const last = request?.calls.at(-1);
    const end = last === undefined ? (request?.end ?? NaN) : calls[last]!.end;
    window.end = Number.isNaN(end) ? window.drained : end;
    window.endCertainty = Number.isNaN(window.end) ? 'unknown' : 'inferred';
  }
}

/**
 * Folios that a call did not move are put back on the LRU after it returned and before caches are enabled: with caches off,
 * each of them is flushed alone by the same task. Those flushes belong to the window, and move its end.
 */
export function stretchWindows(
  windows: readonly Open[],
  requests: readonly Request[],
  calls: readonly { readonly failed: number }[],
  flushes: Flush[],
): void {
  const alone = flushes
    .map((flush, row) => ({ pid: flush.pid, start: flush.start, end: flush.end, row }))
    .filter(({ row }) => flushes[row]!.count === 1 && flushes[row]!.cause === 'unknown');
  const flushesOf = groupByPid(alone);
  for (const [pid, own] of groupByPid(windows)) {
    const candidates = flushesOf.get(pid) ?? [];
    for (const [index, window] of own.entries()) {
      const last = requests[window.request]?.calls.at(-1);
      if (last === undefined) continue;
      const next = own[index + 1]?.start ?? Number.POSITIVE_INFINITY;
      let at = countUpTo(candidates, window.end, (flush) => flush.start);
      for (let left = calls[last]!.failed; left > 0 && at < candidates.length; left--, at++) {
        const flush = candidates[at]!;
        if (flush.start >= next) break;
        flushes[flush.row] = { ...flushes[flush.row]!, cause: 'cache disabled' };
        window.end = flush.end;
      }
    }
  }
}
