/** Whatever happens to a file, it is read as far as it goes and every byte of it is in the books. */
import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { Out, record, round } from '../../../scripts/perf-data-encoder.ts';
import { compressed2, encodeFile, zstdBlock, zstdHead } from '../../../scripts/perf-data-files.ts';
import {
  activateSample,
  attrs,
  base,
  expected,
  features,
  records,
  startSample,
} from '../../../scripts/perf-data-scene.ts';
import { TraceError } from '../../base/errors.ts';
import { balance, type Capture } from '../../events/capture.ts';
import { tracePath } from '../../test-support.ts';
import type { ByteSource } from '../format.ts';
import { type PlainEvent, readChunked } from '../test-support.ts';
import { openPerfData } from './file-reader.ts';
import { perfPipe } from './format.ts';
import { readPerfFile, shown } from './test-support.ts';

const bundled = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(tracePath('synthetic', `perf-${name}`, 'perf.data')));

const files = ['little-endian', 'big-endian', 'compressed', 'compressed2'].map(bundled);
const pipes = ['pipe', 'pipe-big-endian'].map(bundled);
const zipped = new Uint8Array(gunzipSync(readFileSync(tracePath('debian-6.12-4k', 'fmt_perf_z', 'perf.data.gz'))));

function check(bytes: Uint8Array, capture: Capture, events: readonly PlainEvent[]): void {
  const { accounting } = capture;
  assert.ok(balance(accounting), JSON.stringify(accounting));
  assert.equal(accounting.total, bytes.length);
  assert.equal(events.length, capture.events);
}

/** Reads a file; one that is refused must be so for a reason. */
async function readDamaged(bytes: Uint8Array): Promise<{ capture: Capture; events: PlainEvent[] } | undefined> {
  try {
    const read = await readPerfFile(bytes);
    check(bytes, read.capture, read.events);
    return read;
  } catch (error) {
    if (error instanceof TraceError) return undefined;
    throw error;
  }
}

test('a file cut anywhere: what is there is read, what is missing is told', async () => {
  for (const bytes of files) {
    for (let size = 104; size < bytes.length; size++) {
      const read = await readDamaged(bytes.slice(0, size));
      assert.ok(read !== undefined);
      const { capture } = read;
      assert.ok(
        capture.remarks.some((remark) => /is cut|are cut/.test(remark)),
        `cut at ${size}`,
      );
    }
  }
});

test('a pipe cut anywhere', () => {
  for (const bytes of pipes) {
    for (let size = 1; size < bytes.length; size++) {
      const part = bytes.slice(0, size);
      const { capture, events } = readChunked(perfPipe, part);
      check(part, capture, events);
      // Between two records, nobody can tell.
      const isBetween = capture.accounting.skipped === 0;
      assert.ok(isBetween || capture.accounting.skips.length > 0);
    }
  }
});

test('one bit turned over', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...files), fc.nat(), fc.nat({ max: 7 }), async (bytes, place, bit) => {
      const damaged = bytes.slice();
      damaged[place % bytes.length]! ^= 1 << bit;
      await readDamaged(damaged);
    }),
    { numRuns: 3000 },
  );
});

test('one bit turned over in a pipe, and in a real compressed file', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...pipes, zipped), fc.nat(), fc.nat({ max: 7 }), async (bytes, place, bit) => {
      const damaged = bytes.slice();
      damaged[place % bytes.length]! ^= 1 << bit;
      if (bytes === zipped) await readDamaged(damaged);
      else {
        const { capture, events } = readChunked(perfPipe, damaged, [1000]);
        check(damaged, capture, events);
      }
    }),
    { numRuns: 600 },
  );
});

test('eight bytes replaced by a size that lies', async () => {
  const lies = [0n, 1n, 0xffffn, 0x7fffffffn, 0xffffffffn, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...files), fc.nat(), fc.constantFrom(...lies), async (bytes, place, lie) => {
      const damaged = bytes.slice();
      const at = (place % (bytes.length - 8)) & ~3;
      new DataView(damaged.buffer).setBigUint64(at, lie, true);
      await readDamaged(damaged);
    }),
    { numRuns: 3000 },
  );
});

test('a pipe in pieces of any size gives the same', () => {
  const whole = pipes.map((bytes) => readChunked(perfPipe, bytes));
  fc.assert(
    fc.property(fc.nat({ max: 1 }), fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 }), (which, sizes) => {
      const { capture, events } = readChunked(perfPipe, pipes[which]!, sizes);
      assert.deepEqual(events, whole[which]!.events);
      assert.deepEqual(capture.accounting, whole[which]!.capture.accounting);
      assert.deepEqual(capture.losses, whole[which]!.capture.losses);
    }),
  );
});

test('a recording that was killed is read up to the end of the file, and says what is missing', async () => {
  const bytes = encodeFile(true, attrs, records(true), new Map());
  new DataView(bytes.buffer).setBigUint64(48, 0n, true);
  const { capture, events } = await readPerfFile(bytes);
  assert.equal(events.length, expected.length);
  assert.ok(balance(capture.accounting));
  assert.match(capture.remarks[0] ?? '', /did not end in order/);
  assert.deepEqual(
    events.map((event) => event.time - 5_000_000_000n),
    expected.map((line) => BigInt(line.split(' ')[0] ?? '')),
  );
});

test('a record of no size ends the reading, and the rest is counted', async () => {
  const list = records(true);
  list.splice(6, 0, record(true, 9, new Uint8Array(0), 0, 0));
  const { capture, events } = await readPerfFile(encodeFile(true, attrs, list, features(true)));
  assert.equal(events.length, 3);
  const [skip] = capture.accounting.skips;
  assert.match(skip?.reason ?? '', /a record that says it has 0 bytes/);
  assert.equal(
    skip?.count,
    list.slice(6).reduce((sum, one) => sum + one.length, 0),
  );
});

test('unknown records and features of a newer perf are passed over by their size, and counted', async () => {
  const list = records(true);
  list.splice(4, 0, record(true, 23, new Uint8Array(40)), record(true, 95, new Uint8Array(16)));
  const more = features(true).set(40, new Uint8Array(52));
  const { capture, events } = await readPerfFile(encodeFile(true, attrs, list, more));
  assert.deepEqual(shown(events, base), expected);
  assert.deepEqual(
    capture.accounting.skips.map(({ reason, count }) => [reason, count]),
    [
      ['feature section that is not known here', 52],
      ['record of a type that is not known here', 48 + 24],
    ],
  );
  assert.ok(
    capture.remarks.includes('records of types that are not known here (23, 95) were passed over by their size'),
  );
});

test('records of simpleperf are passed over by their 32 bits of size', async () => {
  const list = records(true);
  const size = 70000;
  list.splice(
    4,
    0,
    new Out(true)
      .u32(32769)
      .u16(size >> 16)
      .u16(size & 0xffff)
      .bytes(),
    new Uint8Array(size - 8).fill(0x11),
  );
  const more = features(true).set(129, new Uint8Array(8));
  const { capture, events } = await readPerfFile(encodeFile(true, attrs, list, more));
  assert.deepEqual(shown(events, base), expected);
  assert.deepEqual(
    capture.accounting.skips.map(({ count }) => count),
    [8, size],
  );
});

test('traces of the processor itself are skipped with their data', async () => {
  const list = records(true);
  const auxtrace = new Out(true).u64(1000).u64(0).u64(0).u32(0).u32(0).u32(0).u32(0).bytes();
  list.splice(4, 0, record(true, 71, auxtrace), new Uint8Array(1000).fill(0xff), record(true, 11, new Uint8Array(24)));
  const { capture, events } = await readPerfFile(encodeFile(true, attrs, list, features(true)));
  assert.deepEqual(shown(events, base), expected);
  assert.deepEqual(
    capture.accounting.skips.map(({ count }) => count),
    [48 + 1000 + 32],
  );
});

test('samples of an event that the file does not describe are skipped', async () => {
  const { capture, events } = await readPerfFile(encodeFile(true, attrs.slice(0, 2), records(true), features(true)));
  assert.equal(events.length, expected.length - 1);
  assert.equal(capture.accounting.skips[0]?.reason, 'sample of an event that the file does not describe');
});

test('several events whose samples do not say which they are of', async () => {
  const silent = attrs.map((attr) => ({ ...attr, sampleType: 0x587 }));
  const { capture, events } = await readPerfFile(encodeFile(true, silent, records(true), features(true)));
  assert.equal(events.length, 0);
  assert.equal(capture.accounting.skips[0]?.reason, 'sample that does not say which event it is of');
});

test('the first version is refused with the way out', async () => {
  const bytes = bundled('little-endian');
  bytes.set(new TextEncoder().encode('PERFFILE'));
  await assert.rejects(
    readPerfFile(bytes),
    (error: unknown) => error instanceof TraceError && error.code === 'old-format',
  );
});

/** Samples that compress to nothing are as good as any here: more of them than one compressed record holds. */
function manySamples(): Uint8Array {
  const list = Array.from({ length: 900 }, (_, i) =>
    i % 2 === 0 ? startSample(true, 0, 50, i + 1) : activateSample(true, 0, 50, i + 1, BigInt(i)),
  );
  return Uint8Array.from(list.flatMap((one) => [...one]));
}

/** Whole records in bytes. */
function wholeIn(bytes: Uint8Array): number {
  let count = 0;
  for (let at = 0; at + 8 <= bytes.length; count++) {
    at += bytes[at + 6]! + bytes[at + 7]! * 256;
    if (at > bytes.length) break;
  }
  return count;
}

test('compressed records whose length perf let overflow are read by the length of their content', async () => {
  const stream = new Out(true).raw(zstdHead);
  const samples = manySamples();
  for (let at = 0; at < samples.length; at += 20000) stream.raw(zstdBlock(samples.subarray(at, at + 20000)));
  const content = stream.bytes();
  assert.ok(content.length > 65519 && content.length < 2 * 65519);
  // Of one record, and then of two written at once: the first says the length of both and has none, the second has no length of content.
  const one = content.subarray(0, 65519);
  const two = content.subarray(65519);
  const single = new Out(true).u32(83).u16(0).u16(0).u64(one.length).raw(one).bytes();
  const total = 16 + one.length + 16 + two.length;
  const first = new Out(true)
    .u32(83)
    .u16(0)
    .u16((total + 7) & 0xfff8)
    .u64(total - 16)
    .raw(one)
    .bytes();
  const second = new Out(true)
    .u32(83)
    .u16(0)
    .u16(16 + two.length)
    .u64(0xdeadbeef)
    .raw(two)
    .bytes();
  for (const list of [
    [single, compressed2(true, two)],
    [first, second],
  ]) {
    const bytes = encodeFile(true, attrs, [...list, round(true)], features(true));
    const { capture, events } = await readPerfFile(bytes);
    check(bytes, capture, events);
    assert.equal(events.length, 900);
    assert.equal(capture.accounting.skipped, 0);
  }
});

test('behind the end of a compressed stream nothing is taken, and a window that is too large neither', async () => {
  const last = (bytes: Uint8Array): Uint8Array => {
    const block = zstdBlock(bytes);
    block[0]! |= 1;
    return block;
  };
  const samples = manySamples().subarray(0, 5000);
  // A frame of its own for each record is what gzip would do; a window of 2 GiB is what a flipped bit asks for.
  const frame = new Out(true).raw(zstdHead).raw(last(samples)).bytes();
  const large = new Out(true).raw(zstdHead.with(5, 0xa8)).raw(zstdBlock(samples)).bytes();
  for (const list of [[compressed2(true, frame), compressed2(true, frame)], [compressed2(true, large)]]) {
    const bytes = encodeFile(true, attrs, [...list, ...records(true)], features(true));
    const { capture, events } = await readPerfFile(bytes);
    check(bytes, capture, events);
    assert.equal(events.length, expected.length + (list.length > 1 ? wholeIn(samples) : 0));
    assert.ok(capture.accounting.skips.some(({ reason }) => /end of the stream|window is larger/.test(reason)));
  }
});

test('a compressed record that makes more than the buffers held is refused, and so are those behind it', async () => {
  // Blocks of one byte, 128 KiB of it each.
  const bomb = new Out(true).raw(zstdHead);
  for (let i = 0; i < 600; i++) bomb.number((131072 << 3) | 2, 3).number(0x41, 1);
  const list = [
    compressed2(true, bomb.bytes()),
    compressed2(true, zstdBlock(manySamples().subarray(0, 5000))),
    ...records(true),
  ];
  const bytes = encodeFile(true, attrs, list, features(true));
  const { capture, events } = await readPerfFile(bytes);
  check(bytes, capture, events);
  assert.deepEqual(shown(events, base), expected);
  assert.ok(capture.accounting.skipped >= list[0]!.length);
});

test('attributes whose size is that of a whole disk are not all read', async () => {
  const bytes = files[0]!.slice();
  const view = new DataView(bytes.buffer);
  view.setBigUint64(32, 2n ** 40n, true);
  let most = 0;
  const input: ByteSource = {
    size: 2 ** 41,
    read: async (offset, length) => {
      most = Math.max(most, length);
      return bytes.slice(offset, offset + length);
    },
  };
  const reader = await openPerfData('test', input, {});
  assert.ok(most <= 2 ** 28, `${most} bytes were asked for at once`);
  assert.ok(reader.capture.remarks.some((remark) => /attributes of the events are cut/.test(remark)));
});
