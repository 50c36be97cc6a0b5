/** For tests only: a perf.data file, read whole. */
import type { EventBatch } from '../../events/batch.ts';
import type { Capture } from '../../events/capture.ts';
import { MemorySource } from '../sources.ts';
import { eventsOf, type PlainEvent } from '../test-support.ts';
import { perfData } from './format.ts';

export async function readPerfFile(bytes: Uint8Array): Promise<{ capture: Capture; events: PlainEvent[] }> {
  const reader = await perfData.openAt('test', new MemorySource([bytes]), {});
  const batches: EventBatch[] = [];
  for await (const batch of reader.batches()) batches.push(batch);
  return { capture: reader.capture, events: eventsOf(reader.capture, batches) };
}
