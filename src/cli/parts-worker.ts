/** The second thread of a comparison (`parts.ts`): reads the capture as the first one did, and does the parts it is told to. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { planComparison } from '../compare/compare.ts';
import { workOut } from '../history/history.ts';
import { withCapture } from './captures.ts';
import { compareOptionsOf, type ReplayOptions, wantedPolicies } from './replays.ts';

/** What is compared: the same words that the first thread was given. */
export interface PartsInput {
  readonly file: string;
  readonly options: ReplayOptions;
}

/** Parts that there are, when all is read; then what came of each. */
export type FromWorker = { readonly tasks: number } | { readonly task: number; readonly result: unknown };
export interface ToWorker {
  readonly task: number;
}

async function serve({ file, options }: PartsInput): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error('this is a worker');
  const policies = await wantedPolicies(options);
  // What could not be read has been told by the first thread.
  const history = await withCapture(file, { ...options, threads: 1 }, workOut);
  const { tasks } = planComparison(history, compareOptionsOf(options, policies));
  port.on('message', ({ task }: ToWorker) => {
    port.postMessage({ task, result: tasks[task]!.run() } satisfies FromWorker);
  });
  port.postMessage({ tasks: tasks.length } satisfies FromWorker);
}

if (!isMainThread) await serve(workerData as PartsInput);
