/** For tests of readers: inputs cut into chunks, and every event with all that is stored of it. */
import { eventsOf, type PlainEvent } from '../../scripts/exact/plain-events.ts';
import type { EventBatch } from '../events/batch.ts';
import type { Capture } from '../events/capture.ts';
import type { ReadOptions, StreamFormat } from './format.ts';
import { formats } from './formats.ts';

// Formats are opened here without waiting.
for (const format of formats) if (format.access === 'stream') await format.load?.();

export { eventsOf, type PlainEvent, readEvents } from '../../scripts/exact/plain-events.ts';

/** Reads bytes with a format's reader, in chunks of the sizes given, over and over; one chunk without them. */
export function readChunked(
  format: StreamFormat,
  bytes: Uint8Array,
  sizes: readonly number[] = [],
  options: ReadOptions = {},
): { capture: Capture; events: PlainEvent[] } {
  const reader = format.open('test', options);
  const batches: EventBatch[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes.length === 0 ? bytes.length : Math.max(1, sizes[i % sizes.length]!);
    // A copy: what a reader keeps of a chunk must be its own.
    batches.push(...reader.push(bytes.slice(at, at + size)));
    at += size;
  }
  batches.push(...reader.end());
  return { capture: reader.capture, events: eventsOf(reader.capture, batches) };
}

/** A text as the only chunk of an input. */
export async function* chunksOf(...texts: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield typeof text === 'string' ? new TextEncoder().encode(text) : text;
}

/** All that a reading gave: for readings that must be equal to the last id, not only in what their events mean. */
export interface Told {
  readonly capture: Capture;
  readonly events: ReturnType<typeof eventsOf>;
  /** Ids and places too, which `events` shows only by what they mean. */
  readonly columns: readonly (readonly number[])[];
}

export function told(capture: Capture, batches: readonly EventBatch[]): Told {
  const columns = (['ordinal', 'time', 'comm', 'kind'] as const).map((name) =>
    batches.flatMap((batch) => [...batch[name].subarray(0, batch.length)]),
  );
  return { capture, events: eventsOf(capture, batches), columns };
}
