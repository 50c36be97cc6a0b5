/**
 * A file with ring-buffer pages read by more than one thread: this one and workers read parts of it, and this one puts them
 * together in the order of time (ring-buffer/ring-parts.ts).
 */
import { Worker } from 'node:worker_threads';
import type { EventBatch } from '../events/batch.ts';
import { Hands } from './file-hands.ts';
import type { RandomReader, ReadOptions } from './format.ts';
import { type Ring, RingFront, type RingPart, RingPartReader, type RingTask } from './ring-buffer/ring-parts.ts';

/** 4 MiB: a batch or two. Larger parts are no faster, and those in flight take a tenth of a gigabyte more for every 8 MiB. */
const usualPartSize = 1 << 22;

/** What a worker opens: the file that is open here, by what the user calls it. Plain data. */
export interface RingInput {
  readonly path: string;
  readonly file: number;
  readonly size: number;
  readonly options: ReadOptions;
}

/** Threads that read one file, already at work: they learn what the file says of its events while this thread does. */
export class RingHands {
  readonly #hands: Hands<RingTask, RingPart>;
  readonly #tell: (bytes: number) => void;
  readonly #partSize: number;

  /** @param threads this one among them; 2 or more */
  constructor(
    input: RingInput,
    threads: number,
    onProgress?: (bytes: number, total: number) => void,
    partSize = usualPartSize,
  ) {
    this.#tell = (bytes) => onProgress?.(Math.min(bytes, input.size), input.size);
    this.#partSize = partSize;
    const start = () => new Worker(new URL('./file-ring-worker.js', import.meta.url), { workerData: input });
    this.#hands = new Hands(threads, start);
    this.#hands.hire();
  }

  /** The reader, with its pages read by all threads where they can be. */
  readerOf(reader: RandomReader): RandomReader {
    const ring = reader.ring?.();
    if (ring === undefined) return reader;
    return { capture: reader.capture, batches: () => this.#batches(ring) };
  }

  async *#batches(ring: Ring): AsyncGenerator<EventBatch> {
    try {
      const front = new RingFront(ring, this.#partSize);
      yield* front.beginning();
      const reader = new RingPartReader(ring);
      const parts = this.#hands.results({ next: (place) => front.ask(place), here: (task) => reader.read(task) });
      for await (const { task, result } of parts) {
        yield* front.take(task, result);
        this.#tell(front.bytes);
      }
      yield* front.rest();
      this.#tell(Number.POSITIVE_INFINITY);
    } finally {
      await this.close();
    }
  }

  /** Stops the other threads. */
  close(): Promise<void> {
    return this.#hands.close();
  }
}
