/** For tests of this folder: text in, events and books out. */
import { strict as assert } from 'node:assert';
import { balance, type Capture } from '../../events/capture.ts';
import type { ReadOptions } from '../format.ts';
import { type PlainEvent, readChunked } from '../test-support.ts';
import { tracefs } from './tracefs.ts';

const encoder = new TextEncoder();

/** Reads a text, in chunks of these sizes; the books must balance. */
export function read(
  text: string,
  options: ReadOptions = {},
  sizes: readonly number[] = [],
): { capture: Capture; events: PlainEvent[] } {
  const result = readChunked(tracefs, encoder.encode(text), sizes, options);
  assert.ok(balance(result.capture.accounting), JSON.stringify(result.capture.accounting));
  return result;
}

/** An event's fields by name. */
export function fields(event: PlainEvent | undefined): Record<string, unknown> {
  return Object.fromEntries((event?.fields ?? []).map((field, i) => [field.name, event?.values[i]]));
}

/** The one event of a text of one. */
export function only(text: string, options: ReadOptions = {}): PlainEvent {
  const { events } = read(text, options);
  assert.equal(events.length, 1, text);
  return events[0]!;
}

/** An event's name and text. */
export const activate = 'mm_lru_activate: folio=fffffc0000067880 pfn=0x58cce\n';

/** A whole line, without its end. */
export const wholeLine = `       fsl-mover-180     [000] d....     1.000000: ${activate.trimEnd()}`;

/** A header of seven lines. */
export const header = `# tracer: nop
#
# entries-in-buffer/entries-written: 2/2   #P:4
#
#                                _-----=> irqs-off/BH-disabled
#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
#              | |         |   |||||     |         |
`;
