/** For whatever compares readings, event by event: every event with all that is stored of it. Tests use it too. */
import type { Column, EventBatch } from '../../src/events/batch.ts';
import type { Capture, OpenCapture } from '../../src/events/capture.ts';
import type { Field, Probe } from '../../src/events/kinds.ts';

/** One event, straight from the columns: nothing here goes through the writers. */
export interface PlainEvent {
  /** Absolute: ns, or clock units. */
  readonly time: bigint;
  readonly cpu: number;
  readonly pid: number;
  readonly tgid: number;
  readonly comm: string | undefined;
  readonly flags: number;
  readonly system: string;
  readonly name: string;
  readonly form: string;
  readonly fields: readonly Field[];
  readonly probe: Probe | undefined;
  /** undefined = not recorded. */
  readonly values: readonly (number | bigint | string | undefined)[];
}

const decoder = new TextDecoder();

function valueIn(column: Column, row: number, batch: EventBatch, capture: Capture): PlainEvent['values'][number] {
  switch (column.storage) {
    case 'number':
      return Number.isNaN(column.values[row]!) ? undefined : column.values[row]!;
    case 'u64':
      if (column.present[row] === 0) return undefined;
      return (BigInt(column.values.hi[row]!) << 32n) | BigInt(column.values.lo[row]!);
    case 'text':
      return column.values[row]! < 0 ? undefined : capture.strings.text(column.values[row]!);
    case 'bytes':
      return decoder.decode(batch.arena.subarray(column.start[row]!, column.end[row]!));
  }
}

export function eventsOf(capture: Capture, batches: readonly EventBatch[]): PlainEvent[] {
  const events: PlainEvent[] = [];
  for (const batch of batches) {
    for (let i = 0; i < batch.length; i++) {
      const kind = capture.kinds[batch.kind[i]!]!;
      const columns = batch.fields[kind.id]!;
      const row = batch.row[i]!;
      const values = columns.columns.map((column) => valueIn(column, row, batch, capture));
      events.push({
        time: capture.origin + BigInt(batch.time[i]!),
        cpu: batch.cpu[i]!,
        pid: batch.pid[i]!,
        tgid: batch.tgid[i]!,
        comm: batch.comm[i]! < 0 ? undefined : capture.strings.text(batch.comm[i]!),
        flags: batch.flags[i]!,
        system: kind.system,
        name: kind.name,
        form: kind.form,
        fields: kind.fields,
        probe: kind.probe,
        values,
      });
    }
  }
  return events;
}

/** Reads an open capture to its end. */
export async function readEvents(open: OpenCapture): Promise<PlainEvent[]> {
  const batches: EventBatch[] = [];
  for await (const batch of open.batches) batches.push(batch);
  return eventsOf(open.capture, batches);
}
