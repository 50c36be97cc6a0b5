import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import {
  PERF_SAMPLE,
  sample,
  type TestAttr,
  type TestContext,
  usualSample,
} from '../../../scripts/perf-data-encoder.ts';
import { encodeFile, tracingData, usualFeatures } from '../../../scripts/perf-data-files.ts';
import { formats, start } from '../../../scripts/perf-data-scene.ts';
import { balance } from '../../events/capture.ts';
import { readPerfFile } from './test-support.ts';

const raw = (isLittle: boolean): Uint8Array =>
  isLittle
    ? Uint8Array.of(0x5a, 2, 1, 0, 50, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0)
    : Uint8Array.of(2, 0x5a, 1, 0, 0, 0, 0, 50, 0, 0, 0, 2, 0, 0, 0, 3);

async function readSamples(attr: TestAttr, isLittle: boolean, behind = 0, size?: number) {
  const context: TestContext = { attr, id: attr.ids[0]!, pid: 40, tid: 50, cpu: 1, time: 7_000_000_123n };
  const one = sample(isLittle, context, raw(isLittle), behind);
  if (size !== undefined) one[isLittle ? 6 : 7] = size;
  const other: TestAttr = { ...attr, name: 'other', ids: [99], type: 1, config: 9 };
  const attrs = [attr, other];
  const features = new Map([[1, tracingData(isLittle, formats)], ...usualFeatures(isLittle, attrs)]);
  return readPerfFile(encodeFile(isLittle, attrs, [one], features));
}

/** Everything that a sample may hold at once. */
const everything = Object.values(PERF_SAMPLE).reduce((sum, bit) => sum | bit, 0) & ~PERF_SAMPLE.WEIGHT;

for (const isLittle of [true, false]) {
  const order = isLittle ? 'little' : 'big';
  for (const [name, bit] of Object.entries(PERF_SAMPLE)) {
    test(`a sample with ${name}, ${order} endian`, async () => {
      const attr: TestAttr = {
        ...start,
        sampleType: usualSample | bit,
        regsUser: 0x40000001,
        regsIntr: 0x7,
        branchType: (1 << 17) | (1 << 19),
      };
      const { capture, events } = await readSamples(attr, isLittle);
      assert.equal(events.length, 1);
      assert.deepEqual(events[0]?.values, ['MIGRATE_SYNC', 'syscall_or_cpuset']);
      assert.equal(events[0]?.time, 7_000_000_123n);
      assert.deepEqual([events[0]?.cpu, events[0]?.pid, events[0]?.tgid], [1, 50, 40]);
      assert.ok(balance(capture.accounting));
      assert.equal(capture.accounting.skipped, 0);
    });
  }

  for (let readFormat = 0; readFormat < 32; readFormat++) {
    test(`every field at once, counters read in format ${readFormat}, ${order} endian`, async () => {
      const attr: TestAttr = { ...start, sampleType: everything, readFormat, regsUser: 0xff, regsIntr: 1 };
      const { capture, events } = await readSamples(attr, isLittle);
      assert.deepEqual(events[0]?.values, ['MIGRATE_SYNC', 'syscall_or_cpuset']);
      assert.equal(capture.accounting.skipped, 0);
    });
  }
}

test('attributes of other sizes: the first version, and one that is longer than any known', async () => {
  for (const size of [64, 72, 112, 128, 144, 200]) {
    const { events } = await readSamples({ ...start, size }, true);
    assert.deepEqual(events[0]?.values, ['MIGRATE_SYNC', 'syscall_or_cpuset'], `${size} bytes`);
  }
});

test('what a newer kernel puts behind a sample is passed over, where the attribute says that there is something', async () => {
  const newer = await readSamples({ ...start, sampleType: BigInt(usualSample) | (1n << 40n) }, true, 24);
  assert.deepEqual(newer.events[0]?.values, ['MIGRATE_SYNC', 'syscall_or_cpuset']);
  const older = await readSamples(start, true, 24);
  assert.equal(older.events.length, 0);
  assert.equal(older.capture.accounting.skips[0]?.reason, 'sample whose fields do not fit its length');
});

test('a sample whose tracepoint record is that of another event is skipped', async () => {
  const { capture, events } = await readSamples({ ...start, config: 601 }, true);
  assert.equal(events.length, 0);
  assert.equal(capture.accounting.skips[0]?.reason, 'sample that holds the record of another event');
});

test('a tracepoint without its record keeps its name, address and period', async () => {
  const { events } = await readSamples({ ...start, sampleType: usualSample & ~PERF_SAMPLE.RAW }, true);
  assert.equal(events[0]?.system, 'migrate');
  assert.equal(events[0]?.name, 'mm_migrate_pages_start');
  assert.deepEqual(events[0]?.values, [0xffff800080123456n, 77]);
});

test('samples without a time, thread or cpu have none', async () => {
  const { capture, events } = await readSamples(
    { ...start, sampleType: PERF_SAMPLE.RAW | PERF_SAMPLE.IDENTIFIER },
    true,
  );
  assert.deepEqual([events[0]?.cpu, events[0]?.pid, events[0]?.tgid, events[0]?.comm], [-1, -1, -1, undefined]);
  assert.equal(capture.clock.unit, 'none');
});

test('the clock that was chosen is named', async () => {
  const clocks = { 0: 'real', 1: 'mono', 4: 'mono_raw', 7: 'boot', 11: 'tai', 5: 'clock 5' };
  for (const [clockid, name] of Object.entries(clocks)) {
    for (const isLittle of [true, false]) {
      const { capture } = await readSamples({ ...start, clockid: Number(clockid) }, isLittle);
      assert.deepEqual(capture.clock.name, { value: name, from: 'capture' });
    }
  }
});
