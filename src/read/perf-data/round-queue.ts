/**
 * Records in order of time, as perf orders them (tools/perf/util/ordered-events.c): stable, flushed round by round.
 *
 * perf record empties one CPU's buffer after the other, again and again, and marks the end of each pass:
 *
 *     CPU 0        1           CPU 0        1           CPU 0   1
 *     1 4 5 9  |  2 3 8  | ROUND | 11 12  | 10 13 14 | ROUND | 15  |  16 ...
 *
 * What comes after a round's end may still be older than what came before it, but by no more than one pass: so at the end of
 * a round everything up to the latest time of the round *before* it is complete, and is given out.
 *
 * A round is a row of sorted runs, so the merge of runs that are there already is all the sorting that it takes.
 */

/** Called for each record given out, in order. */
export interface Delivery {
  /** @param slot where the columns of the queue hold the record */
  deliver(slot: number): void;
}

export class RoundQueue {
  /** Time of each record, relative to the first one's upper half: exact to 104 days away from it. */
  #times = new Float64Array(4096);
  /** Where the record is in its window. */
  places = new Float64Array(4096);
  /** Number of the sample's attribute; `noAttr` for other records. */
  attrs = new Uint16Array(4096);
  /** Of records that came compressed: 1 + what they take of the file in bytes. 0: they lie in the file as they are. */
  shares = new Uint32Array(4096);
  /** Records waiting. The first of them may be those that an earlier flush left, in order. */
  length = 0;
  #order = new Uint32Array(4096);
  #other = new Uint32Array(4096);
  #originHi = -1;
  /** Latest of the records waiting (perf's max_timestamp), and up to where the next round's end gives out. */
  #latest = Number.NEGATIVE_INFINITY;
  #limit = Number.NEGATIVE_INFINITY;

  push(hi: number, lo: number, place: number, attr: number, share: number): void {
    if (this.#originHi < 0) this.#originHi = hi;
    const slot = this.length;
    if (slot === this.places.length) this.#grow();
    const time = (hi - this.#originHi) * 2 ** 32 + lo;
    this.#times[slot] = time;
    this.places[slot] = place;
    this.attrs[slot] = attr;
    this.shares[slot] = share;
    if (slot === 0 || time > this.#latest) this.#latest = time;
    this.length = slot + 1;
  }

  /** The end of a round. */
  round(to: Delivery): void {
    // OE_FLUSH__ROUND; of an empty queue perf does not even move the limit.
    if (this.length === 0) return;
    if (this.#limit > Number.NEGATIVE_INFINITY) this.#flush(to, this.#limit);
    this.#limit = this.#latest;
  }

  /** The older half of the time that is waiting (OE_FLUSH__HALF), for a file whose rounds do not fit in memory. */
  half(to: Delivery): void {
    if (this.length === 0) return;
    let first = Number.POSITIVE_INFINITY;
    for (let slot = 0; slot < this.length; slot++) first = Math.min(first, this.#times[slot]!);
    this.#flush(to, first + Math.floor((this.#latest - first) / 2));
  }

  /** Everything. */
  finish(to: Delivery): void {
    this.#flush(to, Number.POSITIVE_INFINITY);
  }

  #flush(to: Delivery, limit: number): void {
    const { length } = this;
    const order = this.#sorted();
    const times = this.#times;
    let i = 0;
    for (; i < length; i++) {
      const slot = order[i]!;
      if (times[slot]! > limit) break;
      to.deliver(slot);
    }
    this.#keep(order, i);
  }

  /** What is left moves to the front, in order. */
  #keep(order: Uint32Array, from: number): void {
    const left = this.length - from;
    const times = new Float64Array(left);
    const places = new Float64Array(left);
    const attrs = new Uint16Array(left);
    const shares = new Uint32Array(left);
    for (let i = 0; i < left; i++) {
      const slot = order[from + i]!;
      times[i] = this.#times[slot]!;
      places[i] = this.places[slot]!;
      attrs[i] = this.attrs[slot]!;
      shares[i] = this.shares[slot]!;
    }
    this.#times.set(times);
    this.places.set(places);
    this.attrs.set(attrs);
    this.shares.set(shares);
    this.length = left;
  }

  /** The first place of those waiting that are in the window asked for: all before it may go. */
  firstPlace(isCompressed: boolean, none: number): number {
    let first = none;
    for (let slot = 0; slot < this.length; slot++) {
      if (this.shares[slot]! > 0 === isCompressed && this.places[slot]! < first) first = this.places[slot]!;
    }
    return first;
  }

  /** Slots by time, of equal times the earlier slot first: a merge of the runs that are there. */
  #sorted(): Uint32Array {
    const { length } = this;
    if (this.#order.length < length) {
      this.#order = new Uint32Array(this.places.length);
      this.#other = new Uint32Array(this.places.length);
    }
    const times = this.#times;
    const first = this.#order;
    // Where runs begin, and the end.
    let runs: number[] = [0];
    let last = Number.NEGATIVE_INFINITY;
    for (let slot = 0; slot < length; slot++) {
      const time = times[slot]!;
      first[slot] = slot;
      if (time < last) runs.push(slot);
      last = time;
    }
    runs.push(length);
    let from = this.#order;
    let into = this.#other;
    while (runs.length > 2) {
      const merged: number[] = [];
      for (let run = 0; run < runs.length - 1; run += 2) {
        const start = runs[run]!;
        const middle = runs[run + 1]!;
        const end = runs[run + 2] ?? middle;
        mergeRuns(times, from, into, start, middle, end);
        merged.push(start);
      }
      merged.push(length);
      runs = merged;
      [from, into] = [into, from];
    }
    return from;
  }

  #grow(): void {
    const capacity = this.places.length * 2;
    const times = new Float64Array(capacity);
    times.set(this.#times);
    this.#times = times;
    const places = new Float64Array(capacity);
    places.set(this.places);
    this.places = places;
    const attrs = new Uint16Array(capacity);
    attrs.set(this.attrs);
    this.attrs = attrs;
    const shares = new Uint32Array(capacity);
    shares.set(this.shares);
    this.shares = shares;
  }
}

/** Stands for the attribute of records that are no samples. */
export const noAttr = 0xffff;

function mergeRuns(
  times: Float64Array,
  from: Uint32Array,
  into: Uint32Array,
  start: number,
  middle: number,
  end: number,
): void {
  let left = start;
  let right = middle;
  let at = start;
  while (left < middle && right < end) {
    const a = from[left]!;
    const b = from[right]!;
    if (times[b]! < times[a]!) {
      into[at++] = b;
      right++;
    } else {
      into[at++] = a;
      left++;
    }
  }
  while (left < middle) into[at++] = from[left++]!;
  while (right < end) into[at++] = from[right++]!;
}
