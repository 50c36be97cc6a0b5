/** A thread that reads parts of a trace.dat (ring-buffer/ring-parts.ts): one part at a time, as file-hands.ts asks for them. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Answer } from './file-hands.ts';
import type { RingInput } from './file-ring-threads.ts';
import { ReadySource } from './file-source.ts';
import { type RingPart, RingPartReader, type RingTask, ringBuffers } from './ring-buffer/ring-parts.ts';
import { traceDat } from './trace-dat/format.ts';

const { path, file, size, options } = workerData as RingInput;

// Where the file cannot be opened or is not to be read in parts, the thread that hired this one says so, or asks for none.
const reader = traceDat.openAt(path, new ReadySource(path, file, size), options).then(
  (opened) => {
    const ring = opened.ring?.();
    return ring === undefined ? undefined : new RingPartReader(ring);
  },
  () => undefined,
);

parentPort?.on('message', async (task: RingTask) => {
  const result = await (await reader)?.read(task);
  const buffers = result === undefined ? [] : ringBuffers(result);
  parentPort?.postMessage({ place: task.place, result } satisfies Answer<RingPart>, buffers);
});
