/** For tests only: descriptions written as the kernel writes them, and records built field by field. */

import { type Accounting, type Capture, newCapture } from '../../events/capture.ts';
import { type BatchBuilder, BatchBuilder as Builder } from '../builder.ts';
import { eventsOf, type PlainEvent } from '../test-support.ts';
import { type EventFormat, parseEventFormat } from './event-format.ts';
import { type RecordOptions, RecordTable } from './record-table.ts';
import { parseKallsyms } from './symbols.ts';

/** The common fields of every kernel since 2.6.33. */
const commonFields = [
  '\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;',
  '\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;',
  '\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;',
  '\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;',
];

/** A field as `[declaration, offset, size, signed]`. */
export type Declared = readonly [declaration: string, offset: number, size: number, signed?: 0 | 1];

/** The text of a description. */
export function formatText(name: string, id: number, fields: readonly Declared[], print: string): string {
  const lines = fields.map(
    ([declaration, offset, size, signed = 0]) =>
      `\tfield:${declaration};\toffset:${offset};\tsize:${size};\tsigned:${signed};`,
  );
  return `name: ${name}\nID: ${id}\nformat:\n${commonFields.join('\n')}\n\n${lines.join('\n')}\n\nprint fmt: ${print}\n`;
}

export function formatOf(
  system: string,
  name: string,
  id: number,
  fields: readonly Declared[],
  print: string,
): EventFormat {
  const format = parseEventFormat(formatText(name, id, fields, print), system);
  if (!format) throw new Error(`no description: ${name}`);
  return format;
}

/** Values at their offsets, in records of one byte order; the common fields are type, flags 1 (irqs off), pid 77. */
export class RecordWriter {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #little: boolean;

  constructor(id: number, length: number, isLittleEndian = true) {
    this.bytes = new Uint8Array(length);
    this.#view = new DataView(this.bytes.buffer);
    this.#little = isLittleEndian;
    this.put(0, 2, id).put(2, 1, 1).put(4, 4, 77);
  }

  put(offset: number, size: number, value: number | bigint): this {
    const bits = BigInt.asUintN(size * 8, BigInt(value));
    if (size === 8) this.#view.setBigUint64(offset, bits, this.#little);
    else if (size === 4) this.#view.setUint32(offset, Number(bits), this.#little);
    else if (size === 2) this.#view.setUint16(offset, Number(bits), this.#little);
    else this.#view.setUint8(offset, Number(bits));
    return this;
  }

  text(offset: number, text: string): this {
    this.bytes.set(new TextEncoder().encode(text), offset);
    return this;
  }
}

export const little: RecordOptions = { isLittleEndian: true, longSize: 8 };

const symbols = parseKallsyms(
  new TextEncoder().encode(
    [
      'ffff800008300000 T tracing_mark_write',
      'ffff800008300100 T do_work',
      'ffff800008300200 T folio_add_lru',
      'ffff800008300300 T __folio_batch_add_and_move',
      'ffff800008300400 T lru_add',
      'ffff800008300500 t last',
    ].join('\n'),
  ),
);
/** The same, of a capture that has symbols. */
export const withSymbols: RecordOptions = { ...little, symbols };

export interface Decoded {
  readonly events: PlainEvent[];
  readonly capture: Capture;
}

/** Decodes records as a reader would: `begin` with what the table says of each, then `decode`. */
export function decodeAll(
  formats: readonly EventFormat[],
  records: readonly Uint8Array[],
  options: RecordOptions = little,
  probeDefinitions: readonly string[] = [],
): Decoded {
  const unit: Accounting['unit'] = 'bytes';
  const capture = newCapture('test', 'records', unit);
  const builder: BatchBuilder = new Builder(capture, probeDefinitions);
  const table = new RecordTable(builder, options);
  for (const format of formats) table.add(format);
  const batches = records.flatMap((bytes, i) => {
    builder.at = i;
    builder.units = bytes.length;
    const pid = table.pidOf(bytes, 0, bytes.length);
    builder.beginAt(0, i, 0, pid, -1, -1, table.flagsOf(bytes, 0, bytes.length));
    table.decode(bytes, 0, bytes.length);
    return builder.take();
  });
  batches.push(...builder.finish());
  return { events: eventsOf(capture, batches), capture };
}

/** An event's values by field name, without those not recorded. */
export function valuesOf(event: PlainEvent | undefined): Record<string, PlainEvent['values'][number]> {
  if (!event) throw new Error('no such event');
  const entries = event.fields.map((field, i) => [field.name, event.values[i]] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** Milliseconds of this process's own time that something takes: a machine that is busy otherwise does not count. */
export function cpuTime(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
