/** Pages read in parts are the same pages: same events in the same columns, same kinds, same strings, same books. */
import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { EventBatch } from '../../events/batch.ts';
import { balance } from '../../events/capture.ts';
import { tracePath } from '../../test-support.ts';
import type { RandomReader } from '../format.ts';
import { MemorySource } from '../sources.ts';
import { type Told, told } from '../test-support.ts';
import { traceDat } from '../trace-dat/format.ts';
import { type FileItems, type Shape, traceDatOf, usualShape } from '../trace-dat/test-support.ts';
import { RingFront, type RingPart, RingPartReader, type RingTask, ringBuffers } from './ring-parts.ts';
import type { Item } from './test-support.ts';

const open = (bytes: Uint8Array): Promise<RandomReader> => traceDat.openAt('test.dat', new MemorySource([bytes]), {});

async function whole(bytes: Uint8Array): Promise<Told> {
  const reader = await open(bytes);
  const batches: EventBatch[] = [];
  for await (const batch of reader.batches()) batches.push(batch);
  return told(reader.capture, batches);
}

/** What becomes of each part in turn: which of the readers reads it, or none. */
type Fate = 0 | 1 | 'lost';

/** As threads do it: readers that open the file themselves, parts asked for ahead, everything through a copy. */
async function inParts(
  bytes: Uint8Array,
  partSize: number,
  ahead: number,
  fates: readonly Fate[],
): Promise<Told & { taken: number; parts: number }> {
  const reader = await open(bytes);
  const ring = reader.ring?.();
  assert.ok(ring !== undefined);
  const others = [new RingPartReader(ring), new RingPartReader((await open(bytes)).ring!()!)];
  const front = new RingFront(ring, partSize);
  const batches: EventBatch[] = [];
  for await (const batch of front.beginning()) batches.push(batch);
  const waiting: { task: RingTask; read: RingPart | undefined }[] = [];
  let parts = 0;
  let taken = 0;
  for (;;) {
    while (waiting.length <= ahead) {
      const task = await front.ask(parts);
      if (task === undefined) break;
      const fate = fates[parts++ % fates.length] ?? 0;
      const read = fate === 'lost' ? undefined : await others[fate]!.read(structuredClone(task));
      waiting.push({ task, read: read && structuredClone(read, { transfer: ringBuffers(read) }) });
    }
    const next = waiting.shift();
    if (next === undefined) break;
    const before = front.taken;
    for await (const batch of front.take(next.task, next.read)) batches.push(batch);
    if (front.taken > before) taken++;
  }
  for await (const batch of front.rest()) batches.push(batch);
  return { ...told(reader.capture, batches), taken, parts };
}

function same(actual: Told, expected: Told): void {
  const { strings, ...books } = actual.capture;
  const { strings: wanted, ...expectedBooks } = expected.capture;
  assert.deepEqual(books, expectedBooks);
  assert.deepEqual(actual.columns, expected.columns);
  assert.deepEqual(actual.events, expected.events);
  assert.deepEqual(
    Array.from({ length: strings.size }, (_, id) => strings.text(id)),
    Array.from({ length: wanted.size }, (_, id) => wanted.text(id)),
  );
  assert.ok(balance(actual.capture.accounting));
}

const real = (kernel: string, name: string): Uint8Array =>
  gunzipSync(readFileSync(tracePath(kernel, name, 'trace.dat.gz')));

test('a real capture in parts', async () => {
  const bytes = real('debian-6.1-4k', 'shanon_v6');
  const expected = await whole(bytes);
  for (const partSize of [5_000, 20_000]) {
    const actual = await inParts(bytes, partSize, 3, [0, 1, 1]);
    same(actual, expected);
    assert.equal(actual.taken, actual.parts);
    assert.ok(actual.parts > 3, `${actual.parts} parts`);
  }
});

test('packed pages cannot be read in parts, and nobody is told that they could', async () => {
  for (const [kernel, name] of [
    ['debian-5.10-4k', 'shanon_hot'],
    ['lab-6.12-4k', 'pageref_gup_tc'],
  ] as const)
    assert.equal((await open(real(kernel, name))).ring?.(), undefined);
});

/** Events, some of which go back in time, and pages that begin anywhere. */
const step = fc.record({
  delta: fc.oneof(
    { weight: 12, arbitrary: fc.integer({ min: 0, max: 40 }) },
    { weight: 1, arbitrary: fc.integer({ min: -60, max: -1 }) },
    { weight: 1, arbitrary: fc.constant(200_000_000) },
  ),
  kind: fc.constantFrom('mm_lru_insertion', 'mm_migrate_pages', 'thermal_note'),
  text: fc.constantFrom('cpu', 'gpu', 'a b', ''),
  pid: fc.constantFrom(0, 1, 46, 734, 99_999),
  page: fc.constantFrom<'page' | 'lossy' | 'counted' | 'discarded' | 'none'>(
    'none',
    'none',
    'none',
    'page',
    'lossy',
    'counted',
    'discarded',
  ),
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function itemsOf(steps: readonly Step[], start: bigint): Item[] {
  const items: Item[] = [];
  let time = start;
  for (const { delta, kind, text, pid, page } of steps) {
    if (page === 'page') items.push({ what: 'page' });
    else if (page === 'lossy') items.push({ what: 'page', isLossy: true });
    else if (page === 'counted') items.push({ what: 'page', isLossy: true, count: 7 });
    else if (page === 'discarded') items.push({ what: 'discarded', time, size: 16 });
    time += BigInt(delta);
    const values =
      kind === 'mm_lru_insertion'
        ? [0xfffffc000107dac0n, 0x5eac1, 0, 3]
        : kind === 'mm_migrate_pages'
          ? [1, 2, 0, 0, 0, 1, 3]
          : [delta, 1, [1, 2, 3, 4], text];
    items.push({ what: 'event', time, event: kind, pid, values, isAbsolute: delta < 0 });
  }
  return items;
}

const file = fc.record({
  cpus: fc.array(fc.array(step, { minLength: 1, maxLength: 120, size: 'max' }), { minLength: 1, maxLength: 4 }),
  instance: fc.array(step, { maxLength: 60, size: 'max' }),
  start: fc.constantFrom(1_000_000n, 2n ** 53n + 12_345n, 2n ** 60n + 77n),
  version: fc.constantFrom(6 as const, 7 as const),
  isLittleEndian: fc.boolean(),
});

function bytesOf({
  cpus,
  instance,
  start,
  version,
  isLittleEndian,
}: typeof file extends fc.Arbitrary<infer T> ? T : never): Uint8Array {
  const buffers = [
    { name: '', clock: 'mono', cpus: cpus.map((steps, cpu) => ({ cpu, items: itemsOf(steps, start + BigInt(cpu)) })) },
    ...(instance.length > 0
      ? [{ name: 'own', clock: 'mono', cpus: [{ cpu: 1, items: itemsOf(instance, start) }] }]
      : []),
  ];
  const items: FileItems = { buffers, cmdlines: '46 kcompactd0\n734 init.sh\n' };
  const shape: Shape = { ...usualShape, version, isLittleEndian };
  return traceDatOf(items, shape);
}

const manner = {
  partSize: fc.constantFrom(1, 4096, 10_000, 30_000),
  ahead: fc.nat(4),
  fates: fc.array(fc.constantFrom<Fate>(0, 1, 0, 1, 'lost'), { minLength: 1, maxLength: 7 }),
};

test('any pages, in parts of any size, read by anybody', async () => {
  let taken = 0;
  let parts = 0;
  await fc.assert(
    fc.asyncProperty(file, fc.record(manner), async (about, { partSize, ahead, fates }) => {
      const bytes = bytesOf(about);
      const actual = await inParts(bytes, partSize, ahead, fates);
      taken += actual.taken;
      parts += actual.parts;
      same(actual, await whole(bytes));
    }),
    { numRuns: Number(process.env['FOLIOSCOPE_RUNS'] ?? 60) },
  );
  // The property says something only where parts were really taken, and others really read again.
  assert.ok(taken > parts / 4 && taken < parts, `${taken} of ${parts} parts taken`);
});

test('damaged pages', async () => {
  let taken = 0;
  const base = fc.sample(file, { numRuns: 5, seed: 3 }).map(bytesOf);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...base),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 12 }),
      fc.option(fc.nat(9999), { freq: 4 }),
      fc.record(manner),
      async (original, flips, cut, { partSize, ahead, fates }) => {
        let bytes = original.slice();
        // The descriptions stay as they are: what is damaged lies behind them.
        const pages = 4096 * 2;
        for (const [at, value] of flips) bytes[pages + (at % (bytes.length - pages))] = value;
        if (cut !== null) bytes = bytes.slice(0, bytes.length - Math.min(cut, bytes.length >> 1));
        const expected = await whole(bytes).catch((error: unknown) => error);
        if (expected instanceof Error) return;
        if ((await open(bytes)).ring?.() === undefined) return;
        const actual = await inParts(bytes, partSize, ahead, fates);
        taken += actual.taken;
        same(actual, expected as Told);
      },
    ),
    { numRuns: Number(process.env['FOLIOSCOPE_RUNS'] ?? 80) },
  );
  assert.ok(taken > 0);
});
