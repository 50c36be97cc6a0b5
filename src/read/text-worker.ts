/** A thread that reads parts of a text (text-ranges.ts): one part at a time, as file-threads.ts asks for them. */
import { readSync } from 'node:fs';
import { parentPort, threadId, workerData } from 'node:worker_threads';
import { toShared } from './text-memory.ts';
import { type PartAnswer, type PartTask, readerOfParts } from './text-parts.ts';

/** The open file of the thread that hired this one. */
const file = workerData as number;

const readPart = readerOfParts((buffer, length, at) => readSync(file, buffer, 0, length, at), threadId);

parentPort?.on('message', (task: PartTask) => {
  const { part, giveBack } = readPart(task);
  const result = toShared(part, task.memory);
  giveBack();
  parentPort?.postMessage({ place: task.place, result } satisfies PartAnswer);
});
