/**
 * An axis of numbers that lie in few places far apart, such as page frames: the stretches between the places are left out,
 * and the places stand side by side.
 */

export interface Island {
  /** Numbers `[from, to)`. */
  readonly from: number;
  readonly to: number;
}

/** An island with the bins that it was cut into, and where its first bin stands among the bins of all. */
export interface BinnedIsland extends Island {
  readonly place: number;
  readonly bins: number;
}

export interface IslandAxis {
  /** Numbers a bin: a power of two, so that bins and blocks of frames begin together. */
  readonly size: number;
  readonly islands: readonly BinnedIsland[];
  /** Bins of all, with those that keep islands apart. */
  readonly length: number;
}

/** Empty bins that keep two islands apart. */
const apart = 2;
const mostIslands = 6;

/** Ranges as islands: apart are those between which more is empty than in all islands together. */
export function islandsOf(ranges: readonly Island[]): Island[] {
  const merged: { from: number; to: number }[] = [];
  for (const { from, to } of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else merged.push({ from, to });
  }
  const first = merged[0];
  if (first === undefined) return [];
  let span = merged.at(-1)!.to - first.from;
  const cuts: number[] = [];
  const gaps = merged.slice(1).map(({ from }, i) => ({ at: i + 1, gap: from - merged[i]!.to }));
  for (const { at, gap } of gaps.sort((a, b) => b.gap - a.gap)) {
    if (cuts.length === mostIslands - 1 || gap <= span - gap) break;
    span -= gap;
    cuts.push(at);
  }
  const starts = [0, ...cuts.sort((a, b) => a - b)];
  return starts.map((start, i) => ({
    from: merged[start]!.from,
    to: merged[(starts[i + 1] ?? merged.length) - 1]!.to,
  }));
}

/** Cuts islands into bins of one size, as small as it can be with at most `most` bins in all. */
export function islandAxis(islands: readonly Island[], most: number): IslandAxis {
  const binsAt = ({ from, to }: Island, size: number): number => Math.ceil(to / size) - Math.floor(from / size);
  let size = 1;
  while (islands.reduce((sum, island) => sum + binsAt(island, size) + apart, -apart) > most) size *= 2;
  let place = 0;
  const binned = islands.map((island) => {
    const bins = binsAt(island, size);
    const own = { from: Math.floor(island.from / size) * size, to: Math.ceil(island.to / size) * size, place, bins };
    place += bins + apart;
    return own;
  });
  return { size, islands: binned, length: Math.max(0, place - apart) };
}

/** The bin of a number that lies in some island. */
export function binOf({ size, islands }: IslandAxis, number: number): number {
  const island = islands.findLast(({ from }) => from <= number) ?? islands[0]!;
  return island.place + Math.floor((number - island.from) / size);
}

/** Numbers to write at the axis and where: each island's first, and round ones as far as they keep `room` bins apart. */
export function ticksOf(
  { size, islands }: IslandAxis,
  room: number,
): { readonly at: number; readonly number: number }[] {
  const ticks: { at: number; number: number }[] = [];
  const step = size * 2 ** Math.ceil(Math.log2(room));
  let free = 0;
  for (const { from, to, place } of islands) {
    if (place >= free) {
      ticks.push({ at: place, number: from });
      free = place + room;
    }
    for (let number = (Math.floor(from / step) + 1) * step; number < to; number += step) {
      const at = place + (number - from) / size;
      if (at < free) continue;
      ticks.push({ at, number });
      free = at + room;
    }
  }
  return ticks;
}
