/**
 * The parts of a comparison, done by this thread and a second one. The other thread reads the capture for itself, while this one
 * has begun with the work: what is read cannot be sent, and reading takes a fraction of replaying. Between two parts this thread
 * listens, so that Ctrl-C ends the work and not what it gave.
 */
import { availableParallelism } from 'node:os';
import { setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Plan } from '../compare/compare.ts';
import { onInterrupt } from './interrupt.ts';
import type { FromWorker, PartsInput, ToWorker } from './parts-worker.ts';

/** From this much work on (policies times draws times what is played in one) a second thread is worth its reading. */
const workForTwo = 4_000_000;

export interface PartsOptions {
  /** What the other thread reads; undefined when it cannot be read again. */
  readonly again: PartsInput | undefined;
  /** As the user wants it: 1, or 2 and more; undefined: 2 where it is worth it. */
  readonly threads: number | undefined;
  readonly onProgress: (done: number, total: number, what: string) => void;
}

/** What came of each task, undefined of those that were not done; and whether somebody stopped it. */
export async function runParts(
  { tasks, size }: Plan,
  { again, threads, onProgress }: PartsOptions,
): Promise<{ results: readonly unknown[]; isStopped: boolean }> {
  const results: unknown[] = tasks.map(() => undefined);
  const total = tasks.reduce((sum, { cost }) => sum + cost, 0);
  let next = 0;
  let done = 0;
  const keep = (task: number, result: unknown): void => {
    results[task] = result;
    done += tasks[task]!.cost;
    onProgress(done, total, tasks[task]!.what);
  };
  const interrupt = onInterrupt();
  const isWorth = threads === undefined ? total * size >= workForTwo && availableParallelism() > 1 : threads > 1;
  const helper =
    isWorth && again !== undefined ? new Helper(again, tasks.length, { take: () => next++, keep }) : undefined;
  try {
    while (next < tasks.length && !interrupt.isAsked) {
      const task = next++;
      keep(task, tasks[task]!.run());
      // Messages of the other thread and signals are looked at.
      await turn();
      helper?.throwFailure();
    }
    if (!interrupt.isAsked) await Promise.race([helper?.finished, interrupt.asked]);
    return { results, isStopped: interrupt.isAsked };
  } finally {
    interrupt.end();
    await helper?.end();
  }
}

/** The second thread: asks for a part whenever it has done one. */
class Helper {
  readonly finished: Promise<void>;
  readonly #worker: Worker;
  #failure: unknown;

  constructor(
    input: PartsInput,
    tasks: number,
    { take, keep }: { readonly take: () => number; readonly keep: (task: number, result: unknown) => void },
  ) {
    this.#worker = new Worker(new URL('./parts-worker.js', import.meta.url), { workerData: input });
    this.finished = new Promise((resolve, reject) => {
      const fail = (error: unknown) => {
        this.#failure = error;
        reject(error);
      };
      this.#worker.on('error', fail);
      this.#worker.on('message', (message: FromWorker) => {
        if ('task' in message) keep(message.task, message.result);
        else if (message.tasks !== tasks) {
          fail(new Error(`a capture that has ${tasks} parts has ${message.tasks} when it is read again`));
          return;
        }
        const task = take();
        if (task >= tasks) resolve();
        else this.#worker.postMessage({ task } satisfies ToWorker);
      });
    });
    // Told by `throwFailure` as well, where nobody waits for the end.
    this.finished.catch(() => undefined);
  }

  throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}
