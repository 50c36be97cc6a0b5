import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { repeatPerfData } from '../../../scripts/repeat-perf-data.ts';
import { tracePath } from '../../test-support.ts';
import type { ByteSource } from '../format.ts';
import { perfData } from './format.ts';
import { readPerfFile } from './test-support.ts';

const path = tracePath('debian-6.1-4k', 'shanon_hot', 'perf.data.gz');

async function repeated(size: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const out = new Writable({
    write: (chunk: Uint8Array, _encoding, done) => {
      chunks.push(chunk);
      done();
    },
  });
  await repeatPerfData(path, size, out);
  return new Uint8Array(Buffer.concat(chunks));
}

/** Counts what is read of it. */
class Watched implements ByteSource {
  readonly #bytes: Uint8Array;
  taken = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#bytes.length;
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    const part = this.#bytes.slice(offset, Math.max(offset, offset + length));
    this.taken += part.length;
    return Promise.resolve(part);
  }
}

async function look(bytes: Uint8Array) {
  const input = new Watched(bytes);
  const reader = await perfData.openAt('test', input, {});
  const glance = await reader.glance?.();
  assert.ok(glance !== undefined);
  return { ...glance, taken: input.taken };
}

const small = new Uint8Array(gunzipSync(readFileSync(path)));
const large = await repeated(8_000_000);

test('a small file is counted', async () => {
  const { capture, events } = await readPerfFile(small);
  const glance = await look(small);
  assert.deepEqual([glance.first, glance.last], [capture.origin, capture.origin + BigInt(capture.end)]);
  assert.deepEqual([glance.events, glance.isCounted], [events.length, true]);
});

test('of a large one heads and tails are read, and its events reckoned', async () => {
  const { capture } = await readPerfFile(large);
  const glance = await look(large);
  assert.ok(glance.taken < 2_500_000);
  assert.deepEqual([glance.first, glance.last], [capture.origin, capture.origin + BigInt(capture.end)]);
  assert.equal(glance.isCounted, false);
  assert.ok(Math.abs(glance.events / capture.events - 1) < 0.02);
});

test('without the times that the file notes, those of its first and last records are taken', async () => {
  const bytes = large.slice();
  // HEADER_SAMPLE_TIME is the 21st feature. A perf that did not look at its own samples writes zeros.
  const view = new DataView(bytes.buffer);
  const data = Number(view.getBigUint64(40, true) + view.getBigUint64(48, true));
  const bits = view.getBigUint64(72, true);
  const row = [...Array(21).keys()].filter((bit) => ((bits >> BigInt(bit)) & 1n) === 1n).length;
  const place = Number(view.getBigUint64(data + row * 16, true));
  bytes.fill(0, place, place + 16);
  const { capture } = await readPerfFile(large);
  const glance = await look(bytes);
  assert.deepEqual([glance.first, glance.last], [capture.origin, capture.origin + BigInt(capture.end)]);
});

test('a repeated recording has the same events, later each time', async () => {
  const once = await readPerfFile(small);
  const { capture, events } = await readPerfFile(large);
  assert.equal(events.length % once.events.length, 0);
  assert.equal(capture.accounting.skipped, 0);
  assert.equal(capture.inversions, 0);
  const second = events.slice(once.events.length, once.events.length * 2);
  const shift = second[0]!.time - once.events[0]!.time;
  second.forEach((event, i) => {
    const before = once.events[i]!;
    assert.deepEqual(event.time - shift, before.time);
    assert.deepEqual(
      [event.name, event.cpu, event.pid, event.values],
      [before.name, before.cpu, before.pid, before.values],
    );
  });
});
