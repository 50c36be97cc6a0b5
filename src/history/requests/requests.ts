/** What asked for the calls: the list of kinds, outermost first, each claiming the calls that are its own. */
import type { Request } from '../facts.ts';
import { cma, contiguous } from './contiguous.ts';
import type { Draft, RequestWork } from './draft.ts';
import { movePages } from './move-pages.ts';
import { compactions, numaBalancing, offlines, others, pins, softOfflines } from './spans.ts';

/** In this order, and those that make no calls (`silent`): a pin's calls say contig_range in 5.10, so pins come before contiguous allocations. */
export function foldRequests(
  work: RequestWork,
  silent: readonly Draft[],
): { requests: Request[]; requestOfCall: Int32Array } {
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
    ...silent,
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
      ...(draft.scans === undefined ? {} : { scans: draft.scans }),
      ...(draft.withoutCalls === undefined ? {} : { withoutCalls: draft.withoutCalls }),
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
