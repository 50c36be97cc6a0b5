/** A thread that reads parts of a text (text-ranges.ts): one part at a time, as file-threads.ts asks for them. */
import { readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { type PartAnswer, type PartTask, readPart } from './text-parts.ts';
import { buffersOf } from './text-ranges.ts';

/** The open file of the thread that hired this one. */
const file = workerData as number;

parentPort?.on('message', (task: PartTask) => {
  const part = readPart((buffer, length, at) => readSync(file, buffer, 0, length, at), task);
  parentPort?.postMessage({ place: task.place, result: part } satisfies PartAnswer, buffersOf(part));
});
