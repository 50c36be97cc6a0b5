/** Things that overlap, on tracks where nothing does. */

/** Something that lasted; an end of Infinity was not seen. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The order in which spans are placed: by start, an outer one before those inside it. */
export function outerFirst(a: Span, b: Span): number {
  return a.start - b.start || (b.end === a.end ? 0 : b.end - a.end);
}

/** Tracks on each of which spans nest: one that would cut another's end goes to the next track. */
export class NestedLanes {
  /** Ends of the spans that are open on each lane, the innermost last. */
  readonly #open: number[][] = [];

  /** The lane of a span; spans come in the order of `outerFirst`. */
  place({ start, end }: Span): number {
    for (const [lane, open] of this.#open.entries()) {
      while (open.length > 0 && open.at(-1)! <= start) open.pop();
      const outer = open.at(-1);
      // What never ends holds whatever comes after it, which would look as if it belonged there.
      if (outer === undefined || (outer !== Number.POSITIVE_INFINITY && outer >= end)) {
        open.push(end);
        return lane;
      }
    }
    return this.#open.push([end]) - 1;
  }
}

/** Tracks with one span at a time: the lowest that is free. */
export class FreeLanes {
  readonly #until: number[] = [];

  /** The lane of a span; spans come by their starts. */
  place({ start, end }: Span): number {
    let lane = this.#until.findIndex((until) => until <= start);
    if (lane < 0) lane = this.#until.length;
    this.#until[lane] = end;
    return lane;
  }
}
