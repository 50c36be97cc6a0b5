/** A few hundred mutations of the bundled samples in every test run; `npm run fuzz` does as many as one likes. */
import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { formats } from '../src/read/formats.ts';
import { tracePath } from '../src/test-support.ts';
import { inputOf, type Message, runInput } from './fuzz/child.ts';
import { judge } from './fuzz/judge.ts';
import { kindOf } from './fuzz/minimise.ts';
import { gzipBomb, zstdBomb, zstdOf } from './fuzz/packings.ts';
import { findSamples, type Sample } from './fuzz/samples.ts';

const runs = 400;
let loaded: Promise<Sample[]> | undefined;
const samples = (): Promise<Sample[]> => {
  loaded ??= findSamples(tracePath());
  return loaded;
};

test('there are samples of every format', async () => {
  const found = new Set((await samples()).map((sample) => sample.format));
  for (const { id } of formats) assert.ok(found.has(id), `no sample of ${id}`);
  assert.ok(found.has('sidecar') && found.has('probes'));
});

test('an unmutated sample is read, and its books cover it', async () => {
  for (const sample of await samples()) {
    if (sample.isBig) continue;
    const { bytes } = sample;
    const verdict = await judge(
      { sample, bytes, plain: bytes, isDamagedGzip: false, unpacked: bytes.length, isCut: false, steps: [] },
      1 << 16,
      1000,
    );
    assert.equal(verdict.failure, undefined, `${sample.name}: ${verdict.failure}`);
    assert.ok(!verdict.outcome.startsWith('refused'), `${sample.name}: ${verdict.outcome}`);
  }
});

test(`${runs} mutated inputs: no crash, no quiet loss, all within their bounds`, async (t) => {
  const all = await samples();
  const small = all.filter((sample) => !sample.isBig);
  const out = mkdtempSync(join(tmpdir(), 'folioscope-fuzz-'));
  const outcomes = new Map<string, number>();
  const failures: string[] = [];
  const tell = (message: Message): void => {
    if ('failed' in message) failures.push(`input ${message.failed}, ${message.sample}: ${message.failure}`);
    if ('done' in message) outcomes.set(message.outcome, (outcomes.get(message.outcome) ?? 0) + 1);
  };
  for (let input = 0; input < runs; input++) await runInput(small, 20, input, out, tell);
  rmSync(out, { recursive: true });
  t.diagnostic(JSON.stringify([...outcomes]));
  assert.deepEqual(failures, []);
  // On a busy machine the memory of inputs before may hide that of others, which only a new process can judge: they are not counted.
  const judged = [...outcomes.values()].reduce((sum, count) => sum + count, 0);
  assert.ok(judged > 0);
  // Mutations that all were refused, or that changed nothing, would prove nothing.
  assert.ok((outcomes.get('whole') ?? 0) > judged / 20, 'hardly any was read whole');
  assert.ok((outcomes.get('skips') ?? 0) > judged / 10, 'hardly any was read with skips');
});

test('the same seed and number make the same input', async () => {
  const all = await samples();
  for (const input of [0, 17, 399]) {
    const one = inputOf(all, 3, input);
    const other = inputOf(all, 3, input);
    assert.deepEqual(one.mutant.bytes, other.mutant.bytes);
    assert.deepEqual(one.mutant.steps, other.mutant.steps);
  }
  const bytesOf = (seed: number): Uint8Array[] => [0, 17, 399].map((input) => inputOf(all, seed, input).mutant.bytes);
  assert.notDeepEqual(bytesOf(3), bytesOf(4), 'another seed makes other inputs');
});

test('packings are what they say', async () => {
  const text = new TextEncoder().encode('a\n'.repeat(1000));
  assert.ok(gzipBomb(text, text, 1 << 20).length < 1 << 14);
  // 128 KiB in four bytes.
  assert.equal(zstdBomb(8, 0).length, 6 + 8 * 4);
  assert.equal(zstdOf(text).length, 6 + 3 + text.length);
});

test('failures are told apart by what they say, not by their numbers', () => {
  assert.equal(kindOf('12 lines in the books, 13 in the input'), kindOf('7 lines in the books, 9 in the input'));
  assert.notEqual(kindOf('took 3 s'), kindOf('took 3 MiB'));
});
