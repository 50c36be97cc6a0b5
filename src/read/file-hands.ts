/**
 * Tasks done by this thread and by workers, whose results come in the order of the tasks. Nothing but the tasks in flight is
 * held: at most two for each thread and one more.
 *
 *     worker   task 0            task 2   task 3
 *     here              task 1 · 0 1 given out · task 4 ...  2 3 4 given out
 */
import type { Worker } from 'node:worker_threads';

/** What came of a task; nothing when it could not be done there, or the thread has stopped. */
export interface Answer<R> {
  readonly place: number;
  readonly result: R | undefined;
}

/** A worker, and the places of the tasks that it was asked for and has not answered. */
interface Hired {
  readonly worker: Worker;
  readonly pending: Set<number>;
  isDown: boolean;
}

export interface Work<T, R> {
  /** The next task, its `place` one more than that of the last; undefined when there is none. Asked for as late as can be. */
  next(place: number): T | undefined | Promise<T | undefined>;
  /** Does a task in this thread. */
  here(task: T): R | undefined | Promise<R | undefined>;
}

export class Hands<T extends { readonly place: number }, R> {
  readonly #threads: number;
  readonly #start: () => Worker;
  readonly #hired: Hired[] = [];
  /** Answers that wait for their turn, by the task's place. */
  readonly #answers = new Map<number, Answer<R>>();
  #wake: (() => void) | undefined;

  /**
   * @param threads this one among them; 2 or more
   * @param start makes a worker, which gets tasks as messages and answers each with an `Answer`
   */
  constructor(threads: number, start: () => Worker) {
    this.#threads = threads;
    this.#start = start;
  }

  /** Starts the workers, which takes each a tenth of a second: before there is a task for them, where that is known. */
  hire(): void {
    while (this.#hired.length < this.#threads - 1) this.#hireOne();
  }

  /** Every task with what came of it, in order. */
  async *results({ next, here }: Work<T, R>): AsyncGenerator<{ readonly task: T; readonly result: R | undefined }> {
    const ahead = this.#threads * 2 + 1;
    const tasks = new Map<number, T>();
    let asked = 0;
    let isOver = false;
    for (let given = 0; ; given++) {
      const ask = async (): Promise<T | undefined> => {
        if (isOver || asked >= given + ahead) return undefined;
        const task = await next(asked);
        if (task === undefined) isOver = true;
        else tasks.set(asked++, task);
        return task;
      };
      while (!this.#answers.has(given)) {
        // Answers of workers arrive.
        await new Promise((resolve) => setImmediate(resolve));
        await this.#give(ask);
        if (this.#answers.has(given)) break;
        // Every worker has something to do, so this thread takes a task too.
        const task = await ask();
        if (task !== undefined) this.#answers.set(task.place, { place: task.place, result: await here(task) });
        else if (given === asked) return;
        else if (!this.#answers.has(given)) await this.#answered();
      }
      const { result } = this.#answers.get(given)!;
      const task = tasks.get(given)!;
      this.#answers.delete(given);
      tasks.delete(given);
      yield { task, result };
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#hired.splice(0).map(({ worker }) => worker.terminate()));
  }

  /** Gives every worker one task to do and one to go on with. */
  async #give(ask: () => Promise<T | undefined>): Promise<void> {
    for (let depth = 1; depth <= 2; depth++) {
      for (let i = 0; i < this.#threads - 1; i++) {
        const hired = this.#hired[i];
        if (hired !== undefined && (hired.isDown || hired.pending.size >= depth)) continue;
        const task = await ask();
        if (task === undefined) return;
        const { worker, pending } = this.#hired[i] ?? this.#hireOne();
        pending.add(task.place);
        worker.postMessage(task);
      }
    }
  }

  #hireOne(): Hired {
    const worker = this.#start();
    const hired: Hired = { worker, pending: new Set(), isDown: false };
    const settle = (answer: Answer<R>): void => {
      hired.pending.delete(answer.place);
      this.#answers.set(answer.place, answer);
      this.#wake?.();
    };
    worker.on('message', settle);
    worker.on('error', () => {
      // What it was to do is done here, and whatever stopped it is met again and said.
      hired.isDown = true;
      for (const place of hired.pending) settle({ place, result: undefined });
    });
    // Somebody who stops asking for batches must not keep the process alive; who waits for an answer does (#answered).
    worker.unref();
    this.#hired.push(hired);
    return hired;
  }

  async #answered(): Promise<void> {
    for (const { worker } of this.#hired) worker.ref();
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
    for (const { worker } of this.#hired) worker.unref();
  }
}
