/**
 * What each recorded episode took, step by step, where it can be seen. A replay of the same episode takes the same time: what
 * was seen is kept, so that sleepers on its entries meet it as they did.
 */
import type { Episode, History } from '../history/facts.ts';

/** ns by episode. */
export interface OwnTimes {
  readonly unmap: ReadonlyMap<number, number>;
  readonly copy: ReadonlyMap<number, number>;
}

/**
 * The first move of each call whose every folio moved at once, from the last entry that was set: with the flush, and whatever
 * else comes between unmapping and moving. It is no copy like the others, so that it speaks for its own episode alone.
 */
export function firstMoves({ calls, episodes }: History): Map<number, number> {
  const times = new Map<number, number>();
  for (const { folios } of calls) {
    const own = folios.flatMap((folio) => folio.episodes.map((id) => episodes[id]!));
    if (own.length !== folios.length || own.some(({ outcome, index }) => outcome !== 'moved' || index > 0)) continue;
    const first = own.reduce<Episode | undefined>((a, b) => (a !== undefined && a.end <= b.end ? a : b), undefined);
    if (first === undefined) continue;
    const time = first.end - lastSet(own, first.end);
    if (time >= 0) times.set(first.id, time);
  }
  return times;
}

/** When the last of these entries was set that was set before `until`. */
function lastSet(episodes: readonly Episode[], until: number): number {
  return Math.max(...episodes.map(({ start }) => start).filter((start) => start <= until));
}
