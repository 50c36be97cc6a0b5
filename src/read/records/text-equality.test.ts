/** A record and the text that its kernel prints for it give the same columns. */
import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { newCapture } from '../../events/capture.ts';
import { findRow } from '../../events/rows.ts';
import { tracePath } from '../../test-support.ts';
import { BatchBuilder } from '../builder.ts';
import { eventsOf } from '../test-support.ts';
import type { Environment } from './c-code.ts';
import { printedText } from './conversion.ts';
import { type EventFormat, parseEventFormat, type RecordField } from './event-format.ts';
import { partsOf, scopeOf } from './generic-record.ts';
import { RecordBytes } from './record.ts';
import { bindRow } from './row-record.ts';
import { ShortNotes } from './short-notes.ts';
import { SymbolIds } from './symbol-ids.ts';
import { decodeAll, RecordWriter, valuesOf } from './test-support.ts';
import { TextOut } from './text-out.ts';

function catalogued(): EventFormat[] {
  const top = tracePath('formats');
  const formats: EventFormat[] = [];
  for (const kernel of readdirSync(top)) {
    for (const system of readdirSync(join(top, kernel), { withFileTypes: true })) {
      if (!system.isDirectory()) continue;
      for (const file of readdirSync(join(top, kernel, system.name))) {
        const format = parseEventFormat(readFileSync(join(top, kernel, system.name, file), 'utf8'), system.name);
        if (format && findRow(format.system, format.name)) formats.push(format);
      }
    }
  }
  return formats;
}

/** What a 64-bit machine without symbols gives to expressions. */
function newEnvironment(): Environment {
  const { strings } = newCapture('t', 't', 'bytes');
  const ids = new SymbolIds(strings, undefined, 'name', '0x');
  return {
    longSize: 8,
    strings,
    names: ids,
    places: ids,
    callers: ids,
    symbols: undefined,
    printkFormats: undefined,
    out: new TextOut(),
    spill: new TextOut(),
    shorts: new ShortNotes([]),
  };
}

/** The event's line as the kernel prints it: the print format, run by itself. */
function textOf(format: EventFormat, bytes: Uint8Array): string {
  const out = new TextOut();
  const environment = newEnvironment();
  const record = new RecordBytes(true);
  record.set(bytes, 0, bytes.length);
  const { write } = printedText(partsOf(format, environment), scopeOf(format, environment));
  assert.ok(write(record, out), `${format.name} cannot be printed`);
  return new TextDecoder().decode(out.bytes.subarray(0, out.length));
}

const numbers = fc.oneof(
  fc.bigInt(0n, 40n),
  fc.bigInt(0n, 2n ** 64n - 1n),
  fc.constantFrom(2n ** 64n - 1n, 2n ** 32n - 1n, 2n ** 31n, 2n ** 53n, 0x81e58n, 0xffff_fc00_0107_dac0n),
);
const words = fc.stringMatching(/^[a-z][a-z_.]{0,11}$/);

/** A record of the event: numbers in all its fields, text behind its locations. */
function recordOf(format: EventFormat, values: readonly bigint[], word: string): Uint8Array {
  const end = Math.max(...format.fields.map((field) => field.offset + field.size));
  const writer = new RecordWriter(format.id, end + 16);
  format.fields.forEach((field, i) => {
    const value = values[i % values.length]!;
    if (field.location === '__data_loc') {
      writer.put(field.offset, 4, ((word.length + 1) << 16) | end).text(end, `${word}\0`);
    } else writer.put(field.offset, field.size, possible(format, field, value));
  });
  return writer.bytes;
}

/** A value that the kernel can have written: LRU flags that are one thing or the other, shifts of less than a long. */
function possible(format: EventFormat, field: RecordField, value: bigint): bigint {
  if (format.name === 'mm_lru_insertion' && field.name === 'flags') return lruFlags(value);
  return field.name === 'defer_shift' ? value & 63n : value;
}

/** The flags that the six letters can tell: anonymous or of a file, never both, never neither. */
function lruFlags(value: bigint): bigint {
  const bits = value & 0x7bn;
  return bits & 2n ? bits : bits | 4n;
}

test('text and record of every catalogued event of every bundled kernel give the same columns', () => {
  const formats = catalogued();
  assert.ok(formats.length > 150);
  const encoder = new TextEncoder();
  let compared = 0;
  const cases = fc.array(fc.tuple(fc.array(numbers, { minLength: 1, maxLength: 12 }), words), {
    minLength: 1,
    maxLength: 20,
  });
  for (const format of formats) {
    fc.assert(
      fc.property(cases, (values) => {
        const records = values.map(([fields, word]) => recordOf(format, fields, word));
        const lines = records.map((bytes) => `${format.name}: ${textOf(format, bytes)}`);
        const capture = newCapture('t', 't', 'lines');
        const builder = new BatchBuilder(capture);
        for (const line of lines) {
          const bytes = encoder.encode(line);
          builder.begin(0, 0, 0, 77, -1, -1, 0);
          builder.text(bytes, 0, format.name.length, format.name.length + 2, bytes.length);
        }
        const fromText = eventsOf(capture, builder.finish());
        const fromRecords = decodeAll([format], records).events;
        lines.forEach((line, i) => {
          assert.equal(fromText[i]?.form, 'catalogued', line);
          assert.deepEqual(valuesOf(fromRecords[i]), valuesOf(fromText[i]), line);
        });
        compared += lines.length;
      }),
      { numRuns: 3, includeErrorInReport: true },
    );
  }
  assert.ok(compared >= formats.length * 3, `${compared} lines`);
});

test('nothing that a record of a bundled kernel holds is left out', () => {
  const environment = newEnvironment();
  for (const format of catalogued()) {
    const row = findRow(format.system, format.name);
    assert.ok(row);
    const { boundBy } = bindRow(row, format, environment);
    assert.ok(!boundBy.includes('computed'), format.name);
  }
});
