/**
 * A text file read by more than one thread: this one and workers read parts of it, and this one puts them together in the
 * order of the file (text-ranges.ts).
 *
 *     file     | beginning | part 0 | part 1 | part 2 | part 3 | ...                       | tail |
 *     worker                 part 0            part 2   part 3
 *     here       beginning            part 1 · 0 1 given out · part 4 ...  2 3 4 given out    tail
 *
 * Nothing but the parts in flight is held: at most `mostAhead` of them.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { TraceError } from '../base/errors.ts';
import type { EventBatch } from '../events/batch.ts';
import type { OpenCapture } from '../events/capture.ts';
import { settleFacts } from './facts.ts';
import type { ReadOptions } from './format.ts';
import { type PartAnswer, type PartTask, readPart } from './text-parts.ts';
import type { FrontReader, Part } from './text-ranges.ts';
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

interface Range {
  readonly start: number;
  readonly end: number;
}

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
  const reading = new ThreadedReading(path, size, front, how);
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

/** A worker, and the places of the parts that it was asked for and has not answered. */
interface Hired {
  readonly worker: Worker;
  readonly pending: Set<number>;
  isDown: boolean;
}

class ThreadedReading {
  readonly #path: string;
  readonly #size: number;
  readonly #front: FrontReader<TracefsSeed>;
  readonly #how: ThreadOptions;
  readonly #partSize: number;
  #file: number;
  /** Everything before it has been given out. */
  #at = 0;
  readonly #workers: Hired[] = [];
  /** Answers that wait for their turn, by the part's place. */
  readonly #answers = new Map<number, PartAnswer>();
  #wake: (() => void) | undefined;

  constructor(path: string, size: number, front: FrontReader<TracefsSeed>, how: ThreadOptions) {
    this.#path = path;
    this.#size = size;
    this.#front = front;
    this.#how = how;
    this.#partSize = how.partSize ?? usualPartSize;
    this.#file = openSync(path, 'r');
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
    const ranges: Range[] = [];
    const aheadOf = this.#how.threads * 2 + 1;
    let given = 0;
    let asked = 0;
    const plan = (): void => {
      while (ranges.length < given + aheadOf && cut < this.#size) {
        // The tail is short, and read here to the end that the file has by then.
        const target = Math.min(cut + this.#partSize, this.#size - Math.min(tailSize, this.#partSize));
        const end = target <= cut ? this.#size : this.#cutFrom(target);
        if (end < this.#size) ranges.push({ start: cut, end });
        cut = end;
      }
    };
    plan();
    while (given < ranges.length) {
      // Answers of workers arrive.
      await new Promise((resolve) => setImmediate(resolve));
      asked = this.#ask(ranges, asked);
      const answer = this.#answers.get(given);
      if (answer !== undefined) {
        this.#answers.delete(given);
        yield* this.#give(answer.part, ranges[given]!);
        given++;
        plan();
      } else if (asked < ranges.length) {
        // Every worker has something to do, so this thread takes a part too.
        const task = this.#task(asked, ranges[asked]!);
        this.#answers.set(asked++, { place: task.place, part: this.#read(task) });
      } else await this.#answered();
    }
    yield* this.#toEnd();
    yield* this.#front.end();
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.splice(0).map(({ worker }) => worker.terminate()));
    if (this.#file >= 0) closeSync(this.#file);
    this.#file = -1;
  }

  /** Gives every worker one part to read and one to go on with. */
  #ask(ranges: readonly Range[], from: number): number {
    let asked = from;
    while (this.#workers.length < this.#how.threads - 1 && asked < ranges.length) this.#hire();
    for (let depth = 1; depth <= 2; depth++) {
      for (const { worker, pending, isDown } of this.#workers) {
        if (isDown || pending.size >= depth || asked >= ranges.length) continue;
        worker.postMessage(this.#task(asked, ranges[asked]!));
        pending.add(asked++);
      }
    }
    return asked;
  }

  #hire(): void {
    // Threads share the files that are open.
    const worker = new Worker(new URL('./text-worker.js', import.meta.url), { workerData: this.#file });
    const hired: Hired = { worker, pending: new Set(), isDown: false };
    const settle = (answer: PartAnswer): void => {
      hired.pending.delete(answer.place);
      this.#answers.set(answer.place, answer);
      this.#wake?.();
    };
    worker.on('message', settle);
    worker.on('error', () => {
      // What it was to read is read here, and whatever stopped it is met again and said.
      hired.isDown = true;
      for (const place of hired.pending) settle({ place, part: undefined });
    });
    // Somebody who stops asking for batches must not keep the process alive; who waits for an answer does (#answered).
    worker.unref();
    this.#workers.push(hired);
  }

  #task(place: number, { start, end }: Range): PartTask {
    return { place, start, end, seed: this.#front.seed()! };
  }

  #read(task: PartTask): Part {
    return this.#guarded(task.start, () =>
      readPart((buffer, length, at) => readSync(this.#file, buffer, 0, length, at), task),
    );
  }

  async #answered(): Promise<void> {
    for (const { worker } of this.#workers) worker.ref();
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
    for (const { worker } of this.#workers) worker.unref();
  }

  /** The events of a part in their turn; a part that could not be taken as it is, is read again in order. */
  *#give(part: Part | undefined, { start, end }: Range): Generator<EventBatch> {
    const isWhole = part !== undefined && part.bytes === end - start && this.#at === start;
    const batches = isWhole ? this.#front.take(part) : undefined;
    if (batches === undefined) {
      yield* this.#here(end);
      return;
    }
    this.#at = end;
    this.#how.onProgress?.(end, this.#size);
    yield* batches;
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
