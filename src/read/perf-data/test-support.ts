/** For tests only: perf.data files read whole, and their events as lines. */
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

/** Time after `base`, cpu, thread, task, event, and one field of it. */
export function shown(events: readonly PlainEvent[], base: bigint): string[] {
  return events.map((event) => {
    const field = event.fields.findIndex(({ name }) => ['mode', 'pfn', 'period'].includes(name));
    const name = event.system === '' ? event.name : `${event.system}:${event.name}`;
    const value = event.values[field];
    const number = typeof value === 'string' ? modes.indexOf(value) : String(value);
    return `${event.time - base} ${event.cpu} ${event.pid} ${event.comm ?? '-'} ${name} ${event.fields[field]?.name}=${number}`;
  });
}

const modes = ['MIGRATE_ASYNC', 'MIGRATE_SYNC_LIGHT', 'MIGRATE_SYNC'];
