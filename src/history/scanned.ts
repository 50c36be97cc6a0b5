/** Frames that were scanned for one list of a request (mm_compaction_isolate_migratepages), and which of them a batch held. */
import type { Call } from './facts.ts';
import { type Facts, type Index, laterActivation } from './marks.ts';

/** Ranges `[startPfn, endPfn)` out of which the list that a call worked on was taken, and since when; undefined where not known. */
function scannedFor({ requests, calls }: Facts, call: Call) {
  const request = requests[call.request];
  if (request?.scans === undefined || request.lists === undefined) return undefined;
  const at = request.lists.findIndex((list) => list.includes(call.id));
  if (at < 0) return undefined;
  const first = calls[request.lists[at]![0]!]!.start;
  const before = at === 0 ? Number.NEGATIVE_INFINITY : calls[request.lists[at - 1]!.at(-1)!]!.end;
  const ranges = request.scans.filter(({ time, taken }) => taken > 0 && time >= before && time <= first);
  return ranges.length === 0 ? undefined : { ranges, since: first };
}

/**
 * Stays in activate batches of the frames that were scanned for a call's list, which ended after the call began, before anything
 * else was seen of the frame. Undefined where the capture does not show what was scanned.
 */
export function heldInScan(facts: Facts, index: Index, call: Call): number[] | undefined {
  const scanned = scannedFor(facts, call);
  if (scanned === undefined) return undefined;
  const rows: number[] = [];
  for (const { startPfn, endPfn } of scanned.ranges) {
    for (let pfn = startPfn; pfn < endPfn; pfn++) {
      const row = laterActivation(facts, index, pfn, scanned.since);
      if (row >= 0) rows.push(row);
    }
  }
  return rows;
}
