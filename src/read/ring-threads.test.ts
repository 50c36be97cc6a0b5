/** The same trace.dat read by one thread and by several is the same capture. */
import { strict as assert } from 'node:assert';
import {
  closeSync,
  createWriteStream,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { test } from 'node:test';
import { repeatTraceDat } from '../../scripts/repeat-trace-dat.ts';
import { balance } from '../events/capture.ts';
import { tracePath } from '../test-support.ts';
import { openCapture } from './file.ts';
import { RingHands } from './file-ring-threads.ts';
import { ReadySource } from './file-source.ts';
import { eventsOf, readEvents } from './test-support.ts';
import { traceDat } from './trace-dat/format.ts';

const folder = mkdtempSync(join(tmpdir(), 'folioscope-ring-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

async function repeated(kernel: string, name: string, size: number): Promise<string> {
  const path = join(folder, `${kernel}-${name}-${size}.dat`);
  const out = createWriteStream(path);
  await repeatTraceDat(tracePath(kernel, name, 'trace.dat.gz'), size, out);
  out.end();
  await finished(out);
  return path;
}

async function alone(path: string) {
  const open = await openCapture(path, { threads: 1 });
  return { books: open.capture, events: await readEvents(open) };
}

for (const [kernel, name, threads] of [
  ['debian-6.1-4k', 'shanon_hot', 2],
  ['debian-5.10-4k', 'shanon_hot', 3],
] as const)
  test(`${threads} threads, parts of 150,000 bytes: ${kernel}/${name}`, async () => {
    const path = await repeated(kernel, name, 3_000_000);
    const one = await alone(path);
    const { size } = statSync(path);
    const file = openSync(path, 'r');
    const told: number[] = [];
    const hands = new RingHands({ path, file, size, options: {} }, threads, (bytes) => told.push(bytes), 150_000);
    const reader = hands.readerOf(await traceDat.openAt(path, new ReadySource(path, file, size), {}));
    const batches = [];
    for await (const batch of reader.batches()) batches.push(batch);
    closeSync(file);
    const { strings, ...books } = reader.capture;
    const { strings: wanted, ...expected } = one.books;
    assert.deepEqual(books, expected);
    assert.deepEqual(eventsOf(reader.capture, batches), one.events);
    assert.deepEqual(
      Array.from({ length: strings.size }, (_, id) => strings.text(id)),
      Array.from({ length: wanted.size }, (_, id) => wanted.text(id)),
    );
    assert.ok(balance(books.accounting));
    assert.equal(books.accounting.total, size);
    assert.equal(told.at(-1), size);
    assert.ok(told.length > 4, `${told.length} parts`);
  });

test('threads by option, over parts of the usual size', async () => {
  const path = await repeated('debian-6.1-4k', 'shanon_hot', 30_000_000);
  const counts = [];
  for (const threads of [1, 2]) {
    const open = await openCapture(path, { threads });
    let sum = 0;
    let events = 0;
    for await (const batch of open.batches) {
      for (let i = 0; i < batch.length; i++)
        sum = (sum * 31 + batch.time[i]! + batch.kind[i]! + batch.comm[i]!) % 2 ** 40;
      events += batch.length;
    }
    const { accounting, losses, inversions, end, origin } = open.capture;
    counts.push({ sum, events, accounting, losses, inversions, end, origin });
  }
  assert.deepEqual(counts[1], counts[0]);
});

test('whoever has seen enough stops the threads', async () => {
  const path = await repeated('debian-6.1-4k', 'shanon_hot', 3_000_000);
  const open = await openCapture(path, { threads: 2 });
  for await (const batch of open.batches) {
    assert.ok(batch.length > 0);
    break;
  }
  await open.close?.();
  // Or never asks for anything.
  await (await openCapture(path, { threads: 2 })).close?.();
});

test('packed pages, and what is no trace.dat behind its head, are for one thread', async () => {
  const packed = tracePath('debian-6.1-4k', 'shanon_hot', 'trace.dat.gz');
  const { gunzipSync } = await import('node:zlib');
  const path = join(folder, 'packed.dat');
  writeFileSync(path, gunzipSync(readFileSync(packed)));
  const one = await alone(path);
  const open = await openCapture(path, { threads: 2 });
  assert.deepEqual(await readEvents(open), one.events);
  writeFileSync(path, readFileSync(path).subarray(0, 200));
  await assert.rejects(openCapture(path, { threads: 2 }), { name: 'TraceError' });
});

test('a file that is cut while it is read ends where it ends', async () => {
  const path = await repeated('debian-6.1-4k', 'shanon_hot', 3_100_000);
  const open = await openCapture(path, { threads: 2 });
  writeFileSync(path, readFileSync(path).subarray(0, 2_700_000));
  const events = await readEvents(open);
  assert.ok(events.length > 0);
});
