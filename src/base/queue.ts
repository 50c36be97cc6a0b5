/**
 * A queue of things that happen: ordered by time, equal times in the order they were put in.
 *
 * First in, first out among equals is a promise, not a detail: a heap without it would be a hidden policy, and two
 * replays could differ for no reason.
 */
export class EventQueue<T> {
  #times: number[] = [];
  #orders: number[] = [];
  #items: T[] = [];
  #next = 0;

  get size(): number {
    return this.#items.length;
  }

  /** The time of the earliest item; Infinity when the queue is empty. */
  get nextTime(): number {
    return this.#times[0] ?? Number.POSITIVE_INFINITY;
  }

  push(time: number, item: T): void {
    let i = this.#items.length;
    const order = this.#next++;
    this.#times.push(time);
    this.#orders.push(order);
    this.#items.push(item);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (this.#times[parent]! <= time) break;
      this.#move(parent, i);
      i = parent;
    }
    this.#set(i, time, order, item);
  }

  /** Takes the earliest item; undefined when the queue is empty. */
  pop(): T | undefined {
    const first = this.#items[0];
    const time = this.#times.pop();
    const order = this.#orders.pop();
    const item = this.#items.pop();
    if (time === undefined || order === undefined) return undefined;
    const size = this.#items.length;
    if (size === 0) return first;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#before(child + 1, child)) child++;
      const childTime = this.#times[child]!;
      if (childTime > time || (childTime === time && this.#orders[child]! > order)) break;
      this.#move(child, i);
      i = child;
    }
    this.#set(i, time, order, item as T);
    return first;
  }

  #before(a: number, b: number): boolean {
    const ta = this.#times[a]!;
    const tb = this.#times[b]!;
    return ta < tb || (ta === tb && this.#orders[a]! < this.#orders[b]!);
  }

  #move(from: number, to: number): void {
    this.#set(to, this.#times[from]!, this.#orders[from]!, this.#items[from]!);
  }

  #set(i: number, time: number, order: number, item: T): void {
    this.#times[i] = time;
    this.#orders[i] = order;
    this.#items[i] = item;
  }
}
