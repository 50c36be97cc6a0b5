/**
 * Events of all CPUs in the order of their times, from bundles that each hold one CPU's.
 *
 * A recording reads the buffers of one CPU after the other, again and again, so events that belong side by side may be two
 * read periods apart in the file. Bundles are held until `windowBytes` of them are there; then the earliest events leave.
 * What one CPU brings is in order already, so the queues of CPUs are merged, not sorted.
 *
 *     cpu 0   [bundle ....][bundle ....]
 *     cpu 1   [bundle ..]                      the earliest of the heads goes first,
 *     cpu 2   [bundle .........][bundle ...]   of equals the one that came first
 *
 * How the input is cut into chunks has no say in this: only whole packets come here.
 */

/** Bundles held, in bytes: as much as the buffers of eight CPUs hold at 8 MiB each, four times what a device's usually do. */
export const windowBytes = 64 << 20;

/** What a bundle takes beside its bytes, roughly; so that very many small ones are bounded too. */
const overhead = 512;

/** Most queues; more sequences than that is not a recording. */
const mostQueues = 4096;

/** Events of one CPU in order; `hi` and `lo` are the time of the one that comes next. */
export interface Run {
  hi: number;
  lo: number;
  /** Bytes held. */
  readonly size: number;
  /** Gives out the event and goes to the next; false when there is none. */
  take(): boolean;
}

/** In the place of a run that has given all it had, so that its bytes are let go of. */
const done: Run = { hi: 0, lo: 0, size: 0, take: () => false };

interface Queue {
  readonly runs: Run[];
  /** Index of the first run that is not done. */
  first: number;
  /** When that run came. */
  order: number;
  readonly orders: number[];
}

export class Order {
  readonly #queues = new Map<number, Queue>();
  /** Binary heap of the queues that have events. */
  readonly #heap: Queue[] = [];
  readonly #window: number;
  #held = 0;
  #runs = 0;

  constructor(window: number = windowBytes) {
    this.#window = window;
  }

  /** @param key which queue: what comes under one key is in order; @param run has an event to give */
  add(key: number, run: Run): void {
    const slot = this.#queues.size < mostQueues || this.#queues.has(key) ? key : Math.abs(key % mostQueues);
    let queue = this.#queues.get(slot);
    if (queue === undefined) {
      queue = { runs: [], first: 0, order: 0, orders: [] };
      this.#queues.set(slot, queue);
    }
    const wasEmpty = queue.first === queue.runs.length;
    queue.runs.push(run);
    queue.orders.push(this.#runs++);
    this.#held += run.size + overhead;
    if (wasEmpty) {
      queue.order = queue.orders[queue.first]!;
      this.#heap.push(queue);
      this.#up(this.#heap.length - 1);
    }
    while (this.#held > this.#window) this.#one();
  }

  /** Gives out all that is held. */
  flush(): void {
    while (this.#heap.length > 0) this.#one();
  }

  /** Gives out the earliest event. */
  #one(): void {
    const queue = this.#heap[0]!;
    const run = queue.runs[queue.first]!;
    if (!run.take()) this.#leave(queue, run);
    if (this.#heap.length > 1) this.#down();
  }

  #leave(queue: Queue, run: Run): void {
    this.#held -= run.size + overhead;
    queue.runs[queue.first++] = done;
    // Runs that are done are let go of in one go, so that a long queue is not moved for each.
    if (queue.first > 64 || queue.first === queue.runs.length) {
      queue.runs.splice(0, queue.first);
      queue.orders.splice(0, queue.first);
      queue.first = 0;
    }
    if (queue.runs.length > 0) {
      queue.order = queue.orders[queue.first]!;
      return;
    }
    const last = this.#heap.pop()!;
    if (this.#heap.length > 0) this.#heap[0] = last;
  }

  #up(from: number): void {
    const heap = this.#heap;
    let i = from;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!isEarlier(heap[i]!, heap[parent]!)) return;
      const moved = heap[i]!;
      heap[i] = heap[parent]!;
      heap[parent] = moved;
      i = parent;
    }
  }

  #down(): void {
    const heap = this.#heap;
    const { length } = heap;
    let i = 0;
    for (;;) {
      const left = 2 * i + 1;
      if (left >= length) return;
      const right = left + 1;
      const child = right < length && isEarlier(heap[right]!, heap[left]!) ? right : left;
      if (!isEarlier(heap[child]!, heap[i]!)) return;
      const moved = heap[i]!;
      heap[i] = heap[child]!;
      heap[child] = moved;
      i = child;
    }
  }
}

function isEarlier(a: Queue, b: Queue): boolean {
  const left = a.runs[a.first]!;
  const right = b.runs[b.first]!;
  if (left.hi !== right.hi) return left.hi < right.hi;
  if (left.lo !== right.lo) return left.lo < right.lo;
  return a.order < b.order;
}
