/**
 * A text file read by more than one thread: this one and workers read parts of it, and this one puts them together in the
 * order of the file (text-ranges.ts).
 *
 *     file     | beginning | part 0 | part 1 | part 2 | part 3 | ...                       | tail |
 *     worker                 part 0            part 2   part 3
 *     here       beginning            part 1 · 0 1 given out · part 4 ...  2 3 4 given out    tail
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { TraceError } from '../base/errors.ts';
import type { EventBatch } from '../events/batch.ts';
import type { OpenCapture } from '../events/capture.ts';
import { settleFacts } from './facts.ts';
import { Hands } from './file-hands.ts';
import type { ReadOptions } from './format.ts';
import { fromShared, type SharedPart } from './text-memory.ts';
import { type OwnPart, type PartTask, readerOfParts } from './text-parts.ts';
import type { FrontReader } from './text-ranges.ts';
import type { TracefsSeed } from './tracefs/reader.ts';

export interface ThreadOptions {
  /** Threads that decode, this one among them; 2 or more. */
  readonly threads: number;
  /** Bytes of a part, about. */
  readonly partSize?: number;
  readonly onProgress?: ((bytes: number, total: number) => void) | undefined;
}

/** 16 MiB: a tenth of a second's work, so that no thread waits long for another; smaller parts cost more hand-overs. */
const usualPartSize = 1 << 24;

/** Bytes at the end that are no part, about; every thread but this one is idle while they are read. */
const tailSize = 1 << 20;

/** Where a cut is looked for at a time; nearly every line of a trace may begin a part. */
const windowSize = 1 << 16;

/** Bytes pushed at a time where the text is read in order. */
const chunkSize = 1 << 20;

/**
 * Reads a text file of `size` bytes whose front reader this is; settles its facts when it is opened and at its end.
 *
 * @throws TraceError `unreadable`
 */
export function openInThreads(
  path: string,
  size: number,
  front: FrontReader<TracefsSeed>,
  options: ReadOptions,
  how: ThreadOptions,
): OpenCapture {
  const reading = new ThreadedReading(path, size, front, how, options.lendsBatches === true);
  const first = reading.beginning();
  settleFacts(front.capture, options);
  const batches = async function* (): AsyncGenerator<EventBatch> {
    try {
      yield* first;
      yield* reading.rest();
      settleFacts(front.capture, options);
    } finally {
      await reading.close();
    }
  };
  return { capture: front.capture, batches: batches(), close: () => reading.close() };
}

class ThreadedReading {
  readonly #path: string;
  readonly #size: number;
  readonly #front: FrontReader<TracefsSeed>;
  readonly #how: ThreadOptions;
  readonly #partSize: number;
  /** Batches are not kept (`ReadOptions.lendsBatches`). */
  readonly #lends: boolean;
  #file: number;
  /** Everything before it has been given out. */
  #at = 0;
  readonly #hands: Hands<PartTask, OwnPart | SharedPart>;
  readonly #readPart: (task: PartTask) => OwnPart;
  /** What part readers begin with; the same for all until a part is not taken. */
  #seed: TracefsSeed | undefined;
  #age = 0;
  /** Memory for parts to come from other threads in, when it holds none; and for their batches here. */
  readonly #memories: SharedArrayBuffer[] = [];
  readonly #spares: Uint8Array[] = [];

  constructor(path: string, size: number, front: FrontReader<TracefsSeed>, how: ThreadOptions, lends: boolean) {
    this.#path = path;
    this.#size = size;
    this.#front = front;
    this.#how = how;
    this.#partSize = how.partSize ?? usualPartSize;
    this.#lends = lends;
    this.#file = openSync(path, 'r');
    // Threads share the files that are open.
    const start = () => new Worker(new URL('./text-worker.js', import.meta.url), { workerData: this.#file });
    this.#hands = new Hands(how.threads, start);
    // They come up while the beginning is read.
    this.#hands.hire();
    // Workers have higher numbers.
    this.#readPart = readerOfParts((buffer, length, at) => readSync(this.#file, buffer, 0, length, at), 0);
  }

  /** The first bytes, which tell the layout and what the capture says of itself. */
  beginning(): EventBatch[] {
    return this.#here(Math.min(this.#size, chunkSize));
  }

  async *rest(): AsyncGenerator<EventBatch> {
    // Without an event there is no seed: whatever comes before the first one is read here.
    while (this.#front.seed() === undefined && this.#at < this.#size) yield* this.#here(this.#at + chunkSize);
    let cut = this.#cutFrom(this.#at);
    yield* this.#here(cut);
    const next = (place: number): PartTask | undefined => {
      if (cut >= this.#size) return undefined;
      // The tail is short, and read here to the end that the file has by then.
      const start = cut;
      const target = Math.min(start + this.#partSize, this.#size - Math.min(tailSize, this.#partSize));
      const end = target <= start ? this.#size : this.#cutFrom(target);
      cut = end;
      if (end >= this.#size) return undefined;
      this.#seed ??= this.#front.seed()!;
      return { place, start, end, seed: this.#seed, age: this.#age, memory: this.#memories.pop() };
    };
    const parts = this.#hands.results({ next, here: (task) => this.#read(task) });
    for await (const { task, result } of parts) yield* this.#give(this.#own(result, task), task);
    yield* this.#toEnd();
    yield* this.#front.end();
  }

  async close(): Promise<void> {
    await this.#hands.close();
    if (this.#file >= 0) closeSync(this.#file);
    this.#file = -1;
  }

  #read(task: PartTask): OwnPart {
    return this.#guarded(task.start, () => this.#readPart(task));
  }

  /** The part in this thread's own memory. */
  #own(result: OwnPart | SharedPart | undefined, { memory }: PartTask): OwnPart | undefined {
    if (result === undefined || !('memory' in result)) {
      if (memory !== undefined) this.#memories.push(memory);
      return result;
    }
    const { part, taken } = fromShared(result, this.#spares);
    this.#memories.push(result.memory);
    return { part, giveBack: () => this.#spares.push(...taken) };
  }

  /** The events of a part in their turn; a part that could not be taken as it is, is read again in order. */
  *#give(own: OwnPart | undefined, { start, end }: PartTask): Generator<EventBatch> {
    const isWhole = own !== undefined && own.part.bytes === end - start && this.#at === start;
    const batches = isWhole ? this.#front.take(own.part) : undefined;
    if (batches === undefined) {
      this.#seed = undefined;
      this.#age++;
      yield* this.#here(end);
      return;
    }
    this.#at = end;
    this.#how.onProgress?.(end, this.#size);
    yield* batches;
    if (this.#lends) own?.giveBack();
  }

  /** Reads in order up to `end`. */
  #here(end: number): EventBatch[] {
    const batches: EventBatch[] = [];
    while (this.#at < end) {
      const chunk = this.#bytes(this.#at, Math.min(chunkSize, end - this.#at));
      if (chunk.length === 0) break;
      this.#at += chunk.length;
      this.#how.onProgress?.(this.#at, this.#size);
      batches.push(...this.#front.push(chunk));
    }
    return batches;
  }

  *#toEnd(): Generator<EventBatch> {
    for (let before = -1; before < this.#at; ) {
      before = this.#at;
      yield* this.#here(this.#at + chunkSize);
    }
  }

  /** The first place from `from` on where a part may begin; the file's size when there is none. */
  #cutFrom(from: number): number {
    for (let at = from - 1; at < this.#size; ) {
      const bytes = this.#bytes(at, windowSize);
      const cut = this.#front.cutIn(bytes);
      if (cut >= 0) return at + cut;
      if (bytes.length < windowSize) break;
      // A line may go over two windows.
      const last = bytes.lastIndexOf(10);
      at += last > 0 ? last : bytes.length;
    }
    return this.#size;
  }

  #bytes(at: number, length: number): Uint8Array {
    return this.#guarded(at, () => {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, readSync(this.#file, bytes, 0, length, at));
    });
  }

  #guarded<T>(at: number, read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof Error && 'syscall' in error)
        throw new TraceError('unreadable', { file: this.#path, place: `byte ${at}` }, error.message);
      throw error;
    }
  }
}
