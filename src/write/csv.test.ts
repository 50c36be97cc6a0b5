import { strict as assert } from 'node:assert';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ScenarioError } from '../base/errors.ts';
import type { OpenCapture } from '../events/capture.ts';
import { readBytes } from '../read/bytes.ts';
import { openCapture } from '../read/file.ts';
import { chunksOf, readEvents } from '../read/test-support.ts';
import { outsideCaptures, tracePath } from '../test-support.ts';
import { type CsvOptions, collectColumns, eventsToCsv } from './csv.ts';
import type { EventFilter } from './filter.ts';

async function csvOf(open: OpenCapture, filter?: EventFilter, options?: CsvOptions): Promise<string> {
  let out = '';
  for await (const piece of eventsToCsv(open, filter, options)) out += piece;
  return out;
}

const textOf = (text: string) => readBytes('text', chunksOf(text));

const table = `time_ns,cpu,pid,tgid,comm,event,text,folio,pfn,lru,flags
1700000000123456789,1,7,,"a, ""b""",pagemap:mm_lru_insertion,,0xfffffc0000088f80,0x4223e,0,0x13
1700000000123456790,,,,'=cmd,vendor:moved,two words,,,,
1700000000123456791,1,7,3,',pagemap:mm_lru_insertion,,,0x5,,
`;

test('a table reads and writes back byte for byte: commas, quotes, formulas, empty texts, what was not recorded', async () => {
  const open = await textOf(table);
  const events = await readEvents(open);
  assert.deepEqual(
    events.map((event) => event.comm),
    ['a, "b"', '=cmd', ''],
  );
  assert.deepEqual(events[2]?.values, [undefined, 5, undefined, undefined]);
  const columns = { fields: ['text', 'folio', 'pfn', 'lru', 'flags'], probe: false, context: false };
  assert.equal(await csvOf(await textOf(table), undefined, { columns }), table);
});

test('raw leaves formulas alone, and reads back the same all the same', async () => {
  const raw = await csvOf(await textOf(table), undefined, { raw: true });
  assert.match(raw, /,=cmd,vendor:moved/);
  assert.deepEqual(await readEvents(await textOf(raw)), await readEvents(await textOf(table)));
});

test('nothing that a capture may name becomes a formula: tasks, texts, and events, which a table may call anything', async () => {
  const text = 'time_ns,comm,event,x\n1,@a,=cmd(),+1\n2,-b,"\t=c",3\n';
  const written = await csvOf(await textOf(text));
  for (const cell of written.split('\n').flatMap((line) => line.split(','))) assert.doesNotMatch(cell, /^"?[=+\-@\t]/);
  assert.match(written, /'@a,'=cmd\(\),/);
  assert.deepEqual(await readEvents(await textOf(written)), await readEvents(await textOf(text)));
});

test('columns are those of the wanted events, in one pass or two', async () => {
  const filter = { names: ['vendor:*'] };
  const once = await csvOf(await textOf(table), filter);
  assert.equal(once, "time_ns,cpu,pid,tgid,comm,event,text\n1700000000123456790,,,,'=cmd,vendor:moved,two words\n");
  const columns = await collectColumns(await textOf(table), filter);
  assert.deepEqual(columns, { fields: ['text'], probe: false, context: false });
  assert.equal(await csvOf(await textOf(table), filter, { columns }), once);
});

test('bounds are those printed, both ends included', async () => {
  const times = async (filter: EventFilter) =>
    (await csvOf(await textOf(table), filter))
      .split('\n')
      .slice(1, -1)
      .map((line) => line.slice(16, 19));
  assert.deepEqual(await times({ from: '1700000000.12345679' }), ['790', '791']);
  assert.deepEqual(await times({ to: '+1ns' }), ['789', '790']);
  assert.deepEqual(await times({ from: '+2ns', to: '1700000001' }), ['791']);
  await assert.rejects(csvOf(await textOf(table), { from: 'noon' }), (error) => error instanceof ScenarioError);
});

test('no event still has a header', async () => {
  assert.equal(await csvOf(await textOf(table), { names: ['none'] }), 'time_ns,cpu,pid,tgid,comm,event\n');
});

test('an argument that is called like a column is a column of its own', async () => {
  const line = '  a  1 [002]  5.000001: fs:lru_add_drain_cpu: (ffff8000803324b0) cpu=3\n';
  const text = await csvOf(await textOf(line));
  assert.equal(
    text,
    'time_ns,cpu,pid,tgid,comm,event,field.cpu,probe\n' +
      '5000001000,2,1,,a,fs:lru_add_drain_cpu,3,p:lru_add_drain_cpu:name cpu=cpu:d\n',
  );
  assert.deepEqual(await readEvents(await textOf(text)), await readEvents(await textOf(line)));
});

/** Every text capture below a folder. */
function textCaptures(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /(?:^|\/)(?:trace|trace_pipe|perf_script\w*)\.txt\.gz$/.test(path))
    .sort();
}

/** Writes a capture as CSV, reads it again and compares everything that is stored of each event; how many there were. */
async function roundTrip(path: string): Promise<number> {
  const open = await openCapture(path);
  const events = await readEvents(open);
  const columns = await collectColumns(await openCapture(path));
  const pieces: string[] = [];
  for await (const piece of eventsToCsv(await openCapture(path), undefined, { columns })) pieces.push(piece);
  const again = await readBytes('table', chunksOf(...pieces));
  const back = await readEvents(again);
  assert.equal(back.length, events.length, path);
  // One by one: a difference among 250,000 events should not print them all.
  for (let i = 0; i < events.length; i++) assert.deepEqual(back[i], events[i], `${path} event ${i}`);
  assert.equal(again.capture.clock.unit, open.capture.clock.unit, path);
  assert.deepEqual(again.capture.accounting.skips, []);
  return events.length;
}

test('bundled captures of every layout come back equal: probes, generic events, integer clocks, no times at all', async () => {
  const small = textCaptures(tracePath()).filter(
    (path) => !/contig_lowmem|pin_vmsplice|second-reads|lossy\/trace_pipe/.test(path),
  );
  assert.ok(small.length > 15);
  let events = 0;
  for (const path of small) events += await roundTrip(join(tracePath(), path));
  assert.ok(events > 100_000);
});

test('captures outside the repository come back equal', {
  skip: outsideCaptures === undefined && 'FOLIOSCOPE_CAPTURES is not set',
}, async (t) => {
  const folder = outsideCaptures ?? '';
  const paths = textCaptures(folder);
  let events = 0;
  for (const path of paths) events += await roundTrip(join(folder, path));
  t.diagnostic(`${paths.length} captures, ${events} events`);
});
