/**
 * Flushes by an add that is not batched: a large folio is put into the batch and the whole batch flushed at once (mm/swap.c
 * folio_add_lru: folio_batch_add_and_move, folio_test_large). Which insertions are of large folios episodes tell: one that
 * moves is inserted at its destination while its entries are away, one that did not move is put back within its call.
 */
import { addTo } from '../base/groups.ts';
import type { Call, Episode, Flush, StayTable } from './facts.ts';

/** When a frame was a large folio's that somebody put on the LRU. */
interface Large {
  readonly from: number;
  readonly until: number;
}

/** Names the cause of flushes whose last line is a large folio, where no other cause is known. */
export function nameBypasses(
  flushes: readonly Flush[],
  stays: StayTable,
  episodes: readonly Episode[],
  calls: readonly Pick<Call, 'end'>[],
): Flush[] {
  const large = new Map<number, Large[]>();
  for (const { order, start, end, outcome, sourcePfn, destinationPfn, call } of episodes) {
    if (order === 0 || Number.isNaN(end)) continue;
    if (outcome === 'moved') addTo(large, destinationPfn, { from: start, until: end });
    else if (outcome === 'undone') addTo(large, sourcePfn, { from: end, until: calls[call]?.end ?? end });
  }
  if (large.size === 0) return [...flushes];
  const bypassed = new Set<number>();
  for (let row = 0; row < stays.length; row++) {
    const at = stays.flush[row]!;
    const time = stays.flushed[row]!;
    if (at < 0 || time !== flushes[at]!.end) continue;
    if (large.get(stays.pfn[row]!)?.some(({ from, until }) => from <= time && time <= until)) bypassed.add(at);
  }
  return flushes.map((flush, i) =>
    bypassed.has(i) && flush.cause === 'unknown' ? { ...flush, cause: 'bypass' } : flush,
  );
}
