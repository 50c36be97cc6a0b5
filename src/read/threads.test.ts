/** The same file read by one thread and by several is the same capture. */
import { strict as assert } from 'node:assert';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { tracePath } from '../test-support.ts';
import { openCapture } from './file.ts';
import { openInThreads } from './file-threads.ts';
import { eventsOf, type PlainEvent, readEvents } from './test-support.ts';
import { openTracefs } from './tracefs/reader.ts';

const folder = mkdtempSync(join(tmpdir(), 'folioscope-threads-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const capture = gunzipSync(readFileSync(tracePath('debian-6.1-4k', 'shanon_hot', 'trace.txt.gz')));
const path = join(folder, 'trace.txt');
for (let i = 0; i < 3; i++) appendFileSync(path, capture);

async function alone() {
  const open = await openCapture(path, { threads: 1 });
  return { books: open.capture, events: await readEvents(open) };
}

for (const threads of [2, 3])
  test(`${threads} threads, parts of 300,000 bytes`, async () => {
    const one = await alone();
    const told: number[] = [];
    const front = openTracefs(path, {});
    let taken = 0;
    const take = front.take.bind(front);
    front.take = (part) => {
      const batches = take(part);
      if (batches !== undefined) taken++;
      return batches;
    };
    const size = readFileSync(path).length;
    const open = openInThreads(
      path,
      size,
      front,
      {},
      { threads, partSize: 300_000, onProgress: (bytes) => told.push(bytes) },
    );
    const events = await readEvents(open);
    assert.deepEqual(events, one.events);
    const { strings, ...books } = open.capture;
    const { strings: expected, ...expectedBooks } = one.books;
    assert.deepEqual(books, expectedBooks);
    assert.equal(strings.size, expected.size);
    assert.equal(told.at(-1), size);
    assert.ok(taken > 5, `${taken} parts were taken`);
  });

test('batches that are lent hold the same events, and columns of both threads are used again', async () => {
  const one = await alone();
  const open = openInThreads(
    path,
    readFileSync(path).length,
    openTracefs(path, {}),
    { lendsBatches: true },
    { threads: 2, partSize: 100_000 },
  );
  const events: PlainEvent[] = [];
  const memory = new Set<ArrayBufferLike>();
  let count = 0;
  for await (const batch of open.batches) {
    count++;
    memory.add(batch.time.buffer);
    events.push(...eventsOf(open.capture, [batch]));
  }
  assert.deepEqual(events, one.events);
  // How many are in hands at once is up to how the threads take turns.
  assert.ok(memory.size < 0.8 * count, `${count} batches in ${memory.size} places`);
});

test('threads by option; the file may end in the middle of a line, and grow while it is read', async () => {
  const short = join(folder, 'short.txt');
  writeFileSync(short, readFileSync(path).subarray(0, 2_500_000));
  const open = await openCapture(short, { threads: 2 });
  appendFileSync(short, ' a tail\n');
  await readEvents(open);
  const again = await openCapture(short, { threads: 1 });
  await readEvents(again);
  assert.deepEqual(open.capture.accounting, again.capture.accounting);
});

test('whoever has seen enough stops the threads', async () => {
  const open = await openCapture(path, { threads: 2 });
  for await (const batch of open.batches) {
    assert.ok(batch.length > 0);
    break;
  }
  await open.close?.();
});

test('a file that is cut while it is read ends where it ends', async () => {
  const shrinking = join(folder, 'shrinking.txt');
  writeFileSync(shrinking, readFileSync(path));
  const open = openInThreads(
    shrinking,
    readFileSync(shrinking).length,
    openTracefs(shrinking, {}),
    {},
    {
      threads: 2,
      partSize: 300_000,
    },
  );
  const rest = readFileSync(shrinking).subarray(0, 1_500_000);
  writeFileSync(shrinking, rest);
  const events = await readEvents(open);
  const again = await openCapture(shrinking, { threads: 1 });
  assert.equal(events.length, (await readEvents(again)).length);
});
