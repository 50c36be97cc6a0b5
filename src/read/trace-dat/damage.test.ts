import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { TraceError } from '../../base/errors.ts';
import { balance } from '../../events/capture.ts';
import type { ByteSource } from '../format.ts';
import type { Item } from '../ring-buffer/test-support.ts';
import { MemorySource } from '../sources.ts';
import type { PlainEvent } from '../test-support.ts';
import { type BufferItems, read, readSource, type Shape, told, traceDatOf, usualShape } from './test-support.ts';

const lru = (time: number, pfn: number): Item => ({
  what: 'event',
  time: BigInt(time),
  event: 'mm_lru_insertion',
  pid: 46,
  values: [pfn * 64, pfn, 1, 0x33],
});

const run = (from: number, count: number, step: number): Item[] =>
  Array.from({ length: count }, (_, i) => lru(from + i * step, i));

const top: BufferItems = {
  name: '',
  clock: 'mono',
  cpus: [
    { cpu: 0, items: run(1000, 250, 32) },
    { cpu: 1, items: run(1016, 120, 64) },
    { cpu: 2, items: run(5000, 10, 16) },
  ],
};
const scene = { buffers: [top], cmdlines: '46 kcompactd1\n' };
const file = (change: Partial<Shape> = {}): Uint8Array => traceDatOf(scene, { ...usualShape, ...change });

/** Reads what may be damaged: events and books that add up, or a refusal that names a place. */
async function survive(bytes: Uint8Array): Promise<Awaited<ReturnType<typeof read>> | undefined> {
  try {
    const result = await read(bytes);
    assert.ok(balance(result.capture.accounting));
    return result;
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
    return undefined;
  }
}

const shapes: readonly Partial<Shape>[] = [
  {},
  { version: 6 },
  { packing: 'zlib' },
  { packing: 'zstd', isLittleEndian: false },
];

for (const shape of shapes) {
  const what = JSON.stringify(shape);
  test(`cut at any byte: events and books that add up, or a refusal ${what}`, async () => {
    const whole = file(shape);
    const all = (await read(whole)).events.map(key);
    const known = new Set(all);
    const cut = async (size: number): Promise<void> => {
      const result = await survive(whole.subarray(0, size));
      if (result === undefined) return;
      const { events, capture } = result;
      // Nothing is made up: what is read of a cut file is in the whole one.
      for (const event of events) assert.ok(known.has(key(event)), `cut at ${size}`);
      const { skipped, cutShort } = capture.accounting;
      if (events.length < all.length) assert.ok(skipped > 0 || cutShort === true, `cut at ${size}: nothing is said`);
    };
    for (let back = 1; back < 60; back++) await cut(whole.length - back);
    await fc.assert(fc.asyncProperty(fc.nat(whole.length - 1), cut), { numRuns: 250 });
  });

  test(`any bytes changed: events and books that add up, or a refusal ${what}`, async () => {
    const whole = file(shape);
    const change = fc.tuple(fc.nat(whole.length - 1), fc.oneof(fc.nat(255), fc.constantFrom(0, 0x80, 0xff)));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 12 }), async (changes) => {
        const bytes = whole.slice();
        for (const [at, value] of changes) bytes[at] = value;
        await survive(bytes);
      }),
      { numRuns: 100 },
    );
  });
}

function key({ time, cpu, values }: PlainEvent): string {
  return `${time} ${cpu} ${values.join(' ')}`;
}

test('chunks of any size and windows of any size give the same events', async () => {
  for (const shape of shapes) {
    const bytes = file(shape);
    const whole = (await read(bytes)).events.map(told);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 40 }), async (sizes) => {
        const chunks: Uint8Array[] = [];
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = sizes[i % sizes.length]!;
          chunks.push(bytes.slice(at, at + size));
          at += size;
        }
        const { events } = await readSource(new MemorySource(chunks));
        assert.deepEqual(events.map(told), whole);
      }),
      { numRuns: 15 },
    );
  }
});

test('the order in which the CPUs lie in the file changes nothing', async () => {
  const whole = (await read(file())).events.map(told);
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray([0, 1, 2], { minLength: 3 }), async (order) => {
      const cpus = order.map((i) => top.cpus[i]!);
      const { events, capture } = await read(traceDatOf({ ...scene, buffers: [{ ...top, cpus }] }, usualShape));
      assert.deepEqual(events.map(told), whole);
      assert.equal(capture.inversions, 0);
    }),
  );
});

test('a damaged page is left out with its reason, and its CPU goes on with the next', async () => {
  const bytes = file({ version: 6 });
  const pages = bytes.length / 4096;
  // The second page of CPU 0: three pages of CPU 0, two of CPU 1, one of CPU 2 are at the end.
  const at = (pages - 6 + 1) * 4096;
  const last = new DataView(bytes.buffer, at, 16).getUint32(8, true);
  new DataView(bytes.buffer, at).setUint32(8, last - 2, true);
  const { capture, events } = await read(bytes);
  assert.deepEqual(
    capture.accounting.skips.map(({ reason, count, firstPlace }) => [reason, count, firstPlace]),
    [['events of the page do not end where it says', 4096, `byte ${at}`]],
  );
  assert.equal(capture.losses.filter(({ cpu, how }) => cpu === 0 && how === 'dropped').length, 1);
  assert.ok(events.filter(({ cpu }) => cpu === 0).length > 100);
});

test('options that lead back to each other end', async () => {
  const bytes = file();
  const place = new TextDecoder('latin1').decode(bytes).indexOf('none\0\0') + 6;
  const view = new DataView(bytes.buffer);
  const options = Number(view.getBigUint64(place, true));
  // The last eight bytes of the first options lead to the next ones: let them lead to themselves.
  const size = Number(view.getBigUint64(options + 8, true));
  view.setBigUint64(options + 16 + size - 8, BigInt(options), true);
  const { capture, events } = await read(bytes);
  assert.equal(events.length, 0);
  assert.match(JSON.stringify(capture.accounting.skips), /sections of options lead back to each other/);
});

test('sizes up to 2^64 - 1 are never believed', async () => {
  for (const shape of shapes) {
    const whole = file(shape);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(4000),
        fc.constantFrom(0xffffffffffffffffn, 0x7fffffffffffffffn, 1n << 40n),
        async (at, size) => {
          const bytes = whole.slice();
          new DataView(bytes.buffer).setBigUint64(at % (bytes.length - 8), size, true);
          await survive(bytes);
        },
      ),
      { numRuns: 100 },
    );
  }
});

test('data of two CPUs in one place are read once', async () => {
  const bytes = file({ version: 6 });
  const table = new TextDecoder('latin1').decode(bytes).indexOf('flyrecord\0') + 10;
  bytes.copyWithin(table + 16, table, table + 16);
  const { capture, events } = await read(bytes);
  assert.equal(events.filter(({ cpu }) => cpu === 1).length, 0);
  assert.match(JSON.stringify(capture.accounting.skips), /lie within another part of the file/);
  assert.equal(capture.accounting.total, bytes.length);
});

test('a source that gives fewer bytes than it has is an input that ends early', async () => {
  const bytes = file({ version: 6 });
  const short: ByteSource = {
    size: bytes.length,
    read: async (offset, length) => bytes.subarray(offset, Math.min(offset + length, bytes.length - 5000)),
  };
  const { capture, events } = await readSource(short);
  assert.ok(events.length > 0);
  assert.ok(balance(capture.accounting));
});

test('versions and packings that are not known are refused with the way out', async () => {
  const bytes = file();
  bytes[10] = 0x39; // version 9
  await assert.rejects(read(bytes), (error: unknown) => {
    assert.ok(error instanceof TraceError);
    assert.equal(error.code, 'unsupported');
    assert.match(error.hint, /trace-cmd convert/);
    return true;
  });
});
