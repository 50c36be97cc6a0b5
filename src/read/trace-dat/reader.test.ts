import { strict as assert } from 'node:assert';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { balance } from '../../events/capture.ts';
import { tracePath } from '../../test-support.ts';
import type { Item } from '../ring-buffer/test-support.ts';
import type { PlainEvent } from '../test-support.ts';
import { type BufferItems, type FileItems, read, type Shape, told, traceDatOf, usualShape } from './test-support.ts';

const lru = (time: number | bigint, pfn: number, more: Partial<Extract<Item, { what: 'event' }>> = {}): Item => ({
  what: 'event',
  time: BigInt(time),
  event: 'mm_lru_insertion',
  pid: 46,
  values: [0x80000000 + pfn * 64, pfn, 1, 0x33],
  ...more,
});

const migrate = (time: number | bigint, nr: number): Item => ({
  what: 'event',
  time: BigInt(time),
  event: 'mm_migrate_pages',
  pid: 71,
  values: [nr, 1, 0, 0, 0, 2, 3],
});

const note = (time: number | bigint, zone: string): Item => ({
  what: 'event',
  time: BigInt(time),
  event: 'thermal_note',
  pid: 0,
  values: [-5_000_000_000n, -7, [1, 2, 250, 4], zone],
});

const cmdlines = '46 kcompactd1\n71 kworker/1:2\n';

/** Two CPUs, every kind of event, gaps of time beyond 27 bits, an absolute time, an event taken back. */
const first: Item[] = [
  lru(1000n, 0x40207),
  lru(1016n, 0x40208, { isLong: true }),
  { what: 'discarded', time: 1048n, size: 24 },
  migrate(1064n, 16),
  lru(1064n + (1n << 27n), 0x40209),
  note(900_000_000_016n, 'big-core'),
  lru(900_000_000_048n, 0x4020a, { isAbsolute: true }),
];
const second: Item[] = [
  migrate(1064n, 3),
  { what: 'page', isLossy: true, count: 12 },
  lru(2000n, 0x5000),
  { what: 'page', isLossy: true },
  ...Array.from({ length: 400 }, (_, i) => lru(3000n + 32n * BigInt(i), 0x6000 + i)),
];
const top: BufferItems = {
  name: '',
  clock: 'mono',
  cpus: [
    { cpu: 0, items: first },
    { cpu: 3, items: second },
  ],
};
const scene: FileItems = { buffers: [top], cmdlines };

/** All that is in a scene, in the order of time, of equal times the first CPU first: from what was written, not from the reader. */
function written(buffers: readonly BufferItems[]): { time: bigint; cpu: number; event: string; pid: number }[] {
  return buffers
    .flatMap(({ cpus }) => cpus.flatMap(({ cpu, items }) => items.map((item) => ({ cpu, item }))))
    .flatMap(({ cpu, item }) =>
      item.what === 'event' ? [{ time: item.time, cpu, event: item.event, pid: item.pid }] : [],
    )
    .map((event, i) => ({ event, i }))
    .sort((a, b) => (a.event.time === b.event.time ? a.i - b.i : a.event.time < b.event.time ? -1 : 1))
    .map(({ event }) => event);
}

test('events come in the order of time, of equal times the first CPU first, with their fields, names and losses', async () => {
  const { capture, events } = await read(traceDatOf(scene, usualShape));
  assert.deepEqual(
    events.map(({ time, cpu, name, pid }) => ({ time, cpu, event: name, pid })),
    written([top]),
  );
  assert.equal(capture.inversions, 0);
  const [insertion, , migration, other] = events;
  assert.deepEqual([insertion?.comm, insertion?.flags, insertion?.form], ['kcompactd1', 1, 'catalogued']);
  const value = (event: PlainEvent | undefined, name: string) =>
    event?.values[event.fields.findIndex((field) => field.name === name)];
  assert.equal(value(insertion, 'pfn'), 0x40207);
  assert.equal(value(insertion, 'folio'), 0x80000000n + 0x40207n * 64n);
  assert.deepEqual([value(migration, 'nr_succeeded'), value(migration, 'mode')], [16, 'MIGRATE_SYNC']);
  assert.equal(other?.cpu, 3);
  const vendor = events.find(({ name }) => name === 'thermal_note');
  assert.deepEqual([vendor?.comm, vendor?.system], ['<idle>', 'vendor']);
  assert.deepEqual([value(vendor, 'delta'), value(vendor, 'level'), value(vendor, 'zone')], [-5e9, -7, 'big-core']);
  assert.deepEqual(
    capture.losses.map(({ cpu, count, start, end, how }) => ({ cpu, count, start, end, how })),
    [
      { cpu: 3, count: 12, start: 64, end: 1000, how: 'lost' },
      { cpu: 3, count: Number.NaN, start: 1000, end: 2000, how: 'lost' },
    ],
  );
});

test('the file tells its kernel, its tool, its clock and its CPUs', async () => {
  const { capture } = await read(traceDatOf(scene, usualShape));
  assert.equal(capture.kernelRelease?.value, '6.1.0-56-arm64');
  assert.equal(capture.arch?.value, 'arm64');
  assert.equal(capture.tool?.value, 'trace-cmd 3.2.0');
  assert.equal(capture.cpus?.value, 4);
  assert.equal(capture.pageSize?.value, 4096);
  assert.deepEqual(capture.clock, { unit: 'ns', resolution: 1, name: { value: 'mono', from: 'capture' } });
});

const shapes: Record<string, Partial<Shape>> = {
  'little-64-7-none': {},
  'little-64-6': { version: 6 },
  'little-32-7-none': { longSize: 4 },
  'big-64-7-none': { isLittleEndian: false },
  'big-32-6': { version: 6, longSize: 4, isLittleEndian: false },
  'little-64-7-zlib': { packing: 'zlib' },
  'big-64-7-zlib': { packing: 'zlib', isLittleEndian: false },
  'little-32-7-zstd': { packing: 'zstd', longSize: 4 },
  'little-64-7-none-16k': { pageSize: 16384 },
  'little-64-7-zlib-64k': { packing: 'zlib', pageSize: 65536 },
};

for (const [name, change] of Object.entries(shapes)) {
  test(`the same events and books that add up: ${name}`, async () => {
    const plain = await read(traceDatOf(scene, usualShape));
    const shape = { ...usualShape, ...change };
    const bytes = traceDatOf(scene, shape);
    const { capture, events } = await read(bytes);
    assert.deepEqual(events.map(told), plain.events.map(told));
    assert.ok(balance(capture.accounting));
    assert.equal(capture.accounting.skipped, 0, JSON.stringify(capture.accounting.skips));
    if (shape.packing === 'none') assert.equal(capture.accounting.total, bytes.length);
  });
}

test('bundled synthetic files are those that the encoder writes, and are read alike', async () => {
  const plain = await read(traceDatOf(scene, usualShape));
  for (const name of ['big-64-7-none', 'big-32-6', 'little-32-7-none', 'little-64-7-zlib'] as const) {
    const path = `traces/synthetic/trace-dat-${name}/trace.dat`;
    const bytes = traceDatOf(scene, { ...usualShape, ...shapes[name] });
    // Zlib may pack otherwise in another version of node: there, reading alike is what counts.
    if (!name.endsWith('zlib') || process.env['UPDATE'] === '1') goldenBytes(path, bytes);
    const { events } = await read(new Uint8Array(readFileSync(tracePath('..', path))));
    assert.deepEqual(events.map(told), plain.events.map(told));
  }
});

/** A golden file of bytes, by way of its text in hex. */
function goldenBytes(path: string, bytes: Uint8Array): void {
  if (process.env['UPDATE'] === '1') {
    mkdirSync(dirname(tracePath('..', path)), { recursive: true });
    writeFileSync(tracePath('..', path), bytes);
  }
  assert.deepEqual(new Uint8Array(readFileSync(tracePath('..', path))), bytes, path);
}
