/** Damage anywhere in the input: the books still balance, and whatever is thrown is a TraceError. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { judge } from '../../scripts/fuzz/judge.ts';
import { findSamples } from '../../scripts/fuzz/samples.ts';
import { TraceError } from '../base/errors.ts';
import { balance } from '../events/capture.ts';
import { tracePath } from '../test-support.ts';
import { readPacked } from './bytes.ts';
import { gunzipNode } from './file.ts';
import { inMemory } from './sources.ts';
import { chunksOf, readEvents } from './test-support.ts';

const encoder = new TextEncoder();

const perf = Array.from(
  { length: 30 },
  (_, i) =>
    `      kworker/${i % 3}:1H  ${40 + i} [00${i % 4}]     4.5133${10 + i}:   migrate:set_migration_pte: addr=ffff80000${i}00, pte=3000041f00780 order=0\n`,
).join('');
const table = `time_ns,cpu,pid,tgid,comm,event,folio,pfn,text\n${Array.from(
  { length: 30 },
  (_, i) =>
    `${1000 + i},1,7,,"a, ""b""",pagemap:mm_lru_activate,0xfffffc0000088f80,0x${i},\n${1000 + i},,,,x,vendor:moved,,,"two\nlines"\n`,
).join('')}`;
const trace = `# tracer: nop\n#\n${Array.from(
  { length: 30 },
  (_, i) =>
    `       fsl-move-${40 + i}     [00${i % 4}] d..2.     4.5133${10 + i}: set_migration_pte: addr=ffff80000${i}00, pte=3000041f00780 order=0\n`,
).join('')}`;
const report = `cpus=4\n${Array.from(
  { length: 30 },
  (_, i) =>
    `       fsl-move-${40 + i}    [00${i % 4}]     4.5133${10 + i}: set_migration_pte:     addr=ffff80000${i}00 pte=3000041f00780 order=0\n`,
).join('')}`;
const inputs = [perf, table, trace, report].flatMap((text) => [encoder.encode(text), new Uint8Array(gzipSync(text))]);

const edit = fc.record({
  input: fc.integer({ min: 0, max: inputs.length - 1 }),
  /** In ten-thousandths of the input. */
  at: fc.integer({ min: 0, max: 9999 }),
  length: fc.integer({ min: 0, max: 200 }),
  insert: fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc
      .constantFrom('"', '\n', ',', '"\n', '\0\0\0', '\r\n', '# ', '4.513310: ', '\ufeff')
      .map((text) => encoder.encode(text)),
  ),
  cut: fc.boolean(),
});

test('an input damaged anywhere is read as far as it goes, and every unit of it is accounted for', async () => {
  let read = 0;
  await fc.assert(
    fc.asyncProperty(edit, async ({ input, at, length, insert, cut }) => {
      const whole = inputs[input]!;
      const place = Math.floor((at * whole.length) / 10_000);
      const parts = [whole.subarray(0, place), insert, cut ? new Uint8Array(0) : whole.subarray(place + length)];
      const damaged = Uint8Array.from(parts.flatMap((part) => [...part]));
      try {
        const open = await readPacked('damaged', chunksOf(damaged), {}, gunzipNode, inMemory);
        const events = await readEvents(open);
        const { accounting } = open.capture;
        assert.ok(balance(accounting), JSON.stringify(accounting));
        assert.equal(accounting.decoded + accounting.generic, events.length);
        for (const event of events) assert.ok(event.time >= 0n);
        read++;
      } catch (error) {
        if (!(error instanceof TraceError)) throw error;
        assert.match(error.message, /^damaged/);
      }
    }),
    { numRuns: 600 },
  );
  assert.ok(read > 300, `${read} of 600 could be read at all`);
});

test('a capture of any format that was cut off says so, wherever that was', async () => {
  const cuts = 6;
  const formats = new Set<string>();
  for (const sample of await findSamples(tracePath())) {
    if (sample.isBig || sample.format === 'sidecar' || sample.format === 'probes') continue;
    formats.add(sample.format);
    for (let i = 0; i < cuts; i++) {
      // Not at round places: a page's or a line's end would be the exception.
      const bytes = sample.bytes.subarray(0, Math.floor((sample.bytes.length * (i + 0.618)) / cuts));
      const mutant = {
        sample,
        bytes,
        plain: bytes,
        isDamagedGzip: false,
        unpacked: bytes.length,
        isCut: true,
        steps: [],
      };
      const { failure } = await judge(mutant, 1 << 16, 0);
      assert.equal(failure, undefined, `${sample.name}, ${bytes.length} of ${sample.bytes.length} bytes: ${failure}`);
    }
  }
  assert.ok(formats.size >= 10, [...formats].join(' '));
});
