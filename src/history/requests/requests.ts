/** What asked for the calls: the list of kinds, outermost first, each claiming the calls that are its own. */
import type { Flush, Request, Window } from '../facts.ts';
import { cma, contiguous } from './contiguous.ts';
import type { Draft, RequestWork } from './draft.ts';
import { movePages } from './move-pages.ts';
import { compactions, numaBalancing, offlines, others, pins, softOfflines } from './spans.ts';

/** In this order: a pin's calls say contig_range in 5.10, so pins come before contiguous allocations. */
export function foldRequests(work: RequestWork): { requests: Request[]; requestOfCall: Int32Array } {
  const pinned = pins(work);
  const ranges = contiguous(work);
  const drafts = [
    ...pinned,
    ...cma(work, ranges),
    ...ranges,
    ...offlines(work),
    ...softOfflines(work),
    ...compactions(work),
    ...movePages(work),
    ...numaBalancing(work),
    ...others(work),
  ].sort((a, b) => a.startOrdinal - b.startOrdinal);
  const ids = new Map<Draft, number>(drafts.map((draft, id) => [draft, id]));
  const requests = drafts.map(
    (draft, id): Request => ({
      id,
      kind: draft.kind,
      certainty: draft.certainty,
      basis: draft.basis,
      pid: draft.pid,
      comm: draft.comm,
      start: draft.start,
      end: draft.end,
      calls: draft.calls,
      lists: draft.lists,
      startPfn: draft.startPfn,
      endPfn: draft.endPfn,
      parent: draft.parent === undefined ? -1 : ids.get(draft.parent)!,
      returned: draft.returned,
      ordinal: draft.startOrdinal,
    }),
  );
  const requestOfCall = new Int32Array(work.calls.length).fill(-1);
  for (const request of requests) {
    if (request.kind !== 'cma') for (const call of request.calls) requestOfCall[call] = request.id;
  }
  return { requests, requestOfCall };
}

/**
 * Ends of windows: lru_cache_enable leaves no event. It follows the last call of the request that opened the window (mm/migrate.c
 * do_pages_move, mm/page_alloc.c __alloc_contig_migrate_range); a request without calls ends with its own end, or its drain.
 */
export function closeWindows(
  windows: readonly (Omit<Window, 'end' | 'endCertainty' | 'request'> & {
    end: number;
    endCertainty: Window['endCertainty'];
    request: number;
  })[],
  ordinals: readonly { readonly start: number }[],
  requests: readonly Request[],
  calls: readonly { readonly end: number }[],
): void {
  const byPid = new Map<number, Request[]>();
  for (const request of requests) {
    const list = byPid.get(request.pid);
    if (list === undefined) byPid.set(request.pid, [request]);
    else list.push(request);
  }
  for (const [index, window] of windows.entries()) {
    const at = ordinals[index]!.start;
    // The innermost request of the task that had begun (a CMA allocation holds its ranges) and was not over.
    const mine = (byPid.get(window.pid) ?? []).filter(
      (request) => request.ordinal <= at && !(request.end < window.start) && request.kind !== 'cma',
    );
    const request = mine.at(-1);
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
  windows: readonly { readonly pid: number; readonly start: number; readonly request: number; end: number }[],
  requests: readonly Request[],
  calls: readonly { readonly failed: number }[],
  flushes: Flush[],
): void {
  const byPid = new Map<number, number[]>();
  for (const [row, flush] of flushes.entries()) {
    if (flush.count !== 1 || flush.cause !== 'unknown') continue;
    const list = byPid.get(flush.pid);
    if (list === undefined) byPid.set(flush.pid, [row]);
    else list.push(row);
  }
  for (const [index, window] of windows.entries()) {
    const last = requests[window.request]?.calls.at(-1);
    const own = byPid.get(window.pid);
    if (last === undefined || own === undefined) continue;
    const next = windows.slice(index + 1).find((later) => later.pid === window.pid)?.start ?? Number.POSITIVE_INFINITY;
    let left = calls[last]!.failed;
    for (const row of own) {
      const flush = flushes[row]!;
      if (flush.start < window.end || !(left > 0)) continue;
      if (flush.start >= next) break;
      flushes[row] = { ...flush, cause: 'cache disabled' };
      window.end = flush.end;
      left--;
    }
  }
}
