import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import type { Item } from '../ring-buffer/test-support.ts';
import { MemorySource } from '../sources.ts';
import { traceDat } from './format.ts';
import { type BufferItems, read, traceDatOf, usualShape } from './test-support.ts';

const lru = (time: number, pfn: number): Item => ({
  what: 'event',
  time: BigInt(time),
  event: 'mm_lru_insertion',
  pid: 46,
  values: [pfn * 64, pfn, 1, 0x33],
});

const run = (from: number, count: number): Item[] => Array.from({ length: count }, (_, i) => lru(from + 16 * i, i));

const top: BufferItems = {
  name: '',
  clock: 'mono',
  cpus: [
    { cpu: 0, items: run(5000, 30) },
    { cpu: 1, items: run(1000, 4000) },
  ],
};

for (const shape of [{}, { version: 6 }, { packing: 'zlib' }, { packing: 'zstd', longSize: 4 }] as const) {
  test(`heads and tails tell the first and the last event, and about how many there are ${JSON.stringify(shape)}`, async () => {
    const bytes = traceDatOf({ buffers: [top], cmdlines: '' }, { ...usualShape, ...shape });
    const { events } = await read(bytes);
    const reader = await traceDat.openAt('test.dat', new MemorySource([bytes]), {});
    const glance = await reader.glance?.();
    assert.equal(glance?.first, events[0]?.time);
    assert.equal(glance?.last, events[events.length - 1]?.time);
    assert.equal(glance?.isCounted, false);
    // The events between are reckoned from the pages looked at, which are alike here.
    assert.ok(Math.abs((glance?.events ?? 0) - events.length) < events.length * 0.05, String(glance?.events));
  });
}

test('of a few pages all are looked at, and the events counted', async () => {
  const small = { ...top, cpus: [{ cpu: 2, items: run(70, 25) }] };
  const bytes = traceDatOf({ buffers: [small], cmdlines: '' }, { ...usualShape, packing: 'zlib' });
  const reader = await traceDat.openAt('test.dat', new MemorySource([bytes]), {});
  assert.deepEqual(await reader.glance?.(), { first: 70n, last: 70n + 24n * 16n, events: 25, isCounted: true });
});
