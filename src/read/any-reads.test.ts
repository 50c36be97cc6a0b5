/**
 * How an input comes is not part of it: any chunking of a stream, any placing and splitting in memory of what is read at any
 * place, gives the same events, the same books, or the same refusal.
 */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { readInput } from '../../scripts/fuzz/read.ts';
import { findSamples, type Sample } from '../../scripts/fuzz/samples.ts';
import { tracePath } from '../test-support.ts';
import { readAt } from './bytes.ts';
import { detectFormat, headSize } from './detect.ts';
import type { ByteSource } from './format.ts';
import { formats } from './formats.ts';
import { type PlainEvent, readEvents } from './test-support.ts';

/** The smallest samples of a format: enough to have every seam, little enough to be read a hundred times. */
async function smallest(ids: readonly string[], count: number): Promise<Sample[]> {
  const samples = await findSamples(tracePath(), new Set(ids));
  return ids.flatMap((id) =>
    samples
      .filter((sample) => sample.format === id && sample.shape !== 'folder')
      .sort((a, b) => a.bytes.length - b.bytes.length)
      .slice(0, count),
  );
}

const streams = formats.filter((format) => format.access === 'stream').map(({ id }) => id);
const randoms = formats.filter((format) => format.access === 'random').map(({ id }) => id);

test('a stream in chunks of any sizes is the same capture', async () => {
  const samples = await smallest(streams, 2);
  assert.deepEqual([...new Set(samples.map(({ format }) => format))], streams);
  for (const sample of samples) {
    const whole = await readInput(sample, sample.bytes, sample.bytes.length);
    assert.ok(whole.refused === '' && whole.events > 0, `${sample.name}: ${whole.refused}`);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3000 }), async (chunk) => {
        const again = await readInput(sample, sample.bytes, chunk);
        assert.equal(again.digest, whole.digest, `${sample.name} in chunks of ${chunk}`);
      }),
      { numRuns: 8 },
    );
  }
});

/** Gives bytes as a source may: in memory of their own at odd places, in the caller's, or as a part of something larger. */
function awkward(bytes: Uint8Array, ways: readonly number[]): ByteSource {
  let reads = 0;
  return {
    size: bytes.length,
    read: async (offset, length, into) => {
      const from = Math.min(Math.max(0, offset), bytes.length);
      const part = bytes.subarray(from, Math.min(bytes.length, from + Math.max(0, length)));
      const way = ways[reads++ % ways.length] ?? 0;
      if (way === 0 && into !== undefined) {
        into.set(part);
        return into.subarray(0, part.length);
      }
      const pad = way % 13;
      const memory = new Uint8Array(pad + part.length + way).fill(0xa5);
      memory.set(part, pad);
      return memory.subarray(pad, pad + part.length);
    },
  };
}

async function readAwkwardly(
  sample: Sample,
  ways: readonly number[],
): Promise<{ events: PlainEvent[]; books: unknown }> {
  const format = detectFormat(sample.bytes.subarray(0, headSize), formats)?.format;
  if (format?.access !== 'random') throw new Error(`${sample.name} is read from front to back`);
  const open = await readAt('test', awkward(sample.bytes, ways), format, {}, async () => undefined);
  const events = await readEvents(open);
  const { accounting, losses, remarks } = open.capture;
  return { events, books: { accounting, losses, remarks } };
}

test('what is read at any place is the same capture wherever its bytes are put', async () => {
  const samples = await smallest(randoms, 3);
  assert.deepEqual([...new Set(samples.map(({ format }) => format))], randoms);
  for (const sample of samples) {
    const plain = await readAwkwardly(sample, [0]);
    assert.ok(plain.events.length > 0);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 9 }), async (ways) => {
        assert.deepEqual(await readAwkwardly(sample, ways), plain, `${sample.name} ${ways.join(' ')}`);
      }),
      { numRuns: 8 },
    );
  }
});
