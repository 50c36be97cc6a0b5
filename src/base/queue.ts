/**
 * A queue of things that happen: ordered by time, equal times in the order they were put in.
 *
 * First in, first out among equals is a promise, not a detail: a heap without it would be a hidden policy, and two
 * replays could differ for no reason.
 *
 * A heap of four children a node in flat arrays (docs/decisions/event-queue.md).
 */
export class EventQueue<T> {
  // Begins as small as an array may be that needs no memory of its own: a replay makes a queue for each request.
  #times = new Float64Array(8);
  #orders = new Float64Array(8);
  #items: (T | undefined)[] = new Array<T | undefined>(8).fill(undefined);
  #size = 0;
  #next = 0;
  /** The time of the earliest item; Infinity when the queue is empty. A field, for it is asked for at every step. */
  nextTime = Number.POSITIVE_INFINITY;

  get size(): number {
    return this.#size;
  }

  push(time: number, item: T): void {
    let i = this.#size++;
    if (i === this.#times.length) this.#grow();
    const times = this.#times;
    const orders = this.#orders;
    const items = this.#items;
    while (i > 0) {
      const parent = (i - 1) >> 2;
      const parentTime = times[parent]!;
      if (parentTime <= time) break;
      times[i] = parentTime;
      orders[i] = orders[parent]!;
      items[i] = items[parent];
      i = parent;
    }
    times[i] = time;
    orders[i] = this.#next++;
    items[i] = item;
    this.nextTime = times[0]!;
  }

  /** Takes the earliest item; undefined when the queue is empty. */
  pop(): T | undefined {
    if (this.#size === 0) return undefined;
    const times = this.#times;
    const orders = this.#orders;
    const items = this.#items;
    const first = items[0];
    const size = --this.#size;
    const time = times[size]!;
    const order = orders[size]!;
    const item = items[size];
    items[size] = undefined;
    if (size === 0) {
      this.nextTime = Number.POSITIVE_INFINITY;
      return first;
    }
    let i = 0;
    for (;;) {
      let child = 4 * i + 1;
      if (child >= size) break;
      const last = Math.min(child + 4, size);
      let childTime = times[child]!;
      for (let other = child + 1; other < last; other++) {
        const otherTime = times[other]!;
        if (otherTime < childTime || (otherTime === childTime && orders[other]! < orders[child]!)) {
          child = other;
          childTime = otherTime;
        }
      }
      if (childTime > time || (childTime === time && orders[child]! > order)) break;
      times[i] = childTime;
      orders[i] = orders[child]!;
      items[i] = items[child];
      i = child;
    }
    times[i] = time;
    orders[i] = order;
    items[i] = item;
    this.nextTime = times[0]!;
    return first;
  }

  #grow(): void {
    const times = new Float64Array(this.#times.length * 2);
    times.set(this.#times);
    this.#times = times;
    const orders = new Float64Array(times.length);
    orders.set(this.#orders);
    this.#orders = orders;
    // Never a list with holes, which reads slower for good.
    for (let i = this.#items.length; i < times.length; i++) this.#items.push(undefined);
  }
}
