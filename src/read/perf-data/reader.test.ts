import { strict as assert } from 'node:assert';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { Out } from '../../../scripts/perf-data-encoder.ts';
import {
  compressed,
  compressed2,
  encodeFile,
  encodePipe,
  zstdBlock,
  zstdHead,
} from '../../../scripts/perf-data-files.ts';
import { attrs, base, expected, features, records } from '../../../scripts/perf-data-scene.ts';
import { balance } from '../../events/capture.ts';
import { tracePath } from '../../test-support.ts';
import { readChunked } from '../test-support.ts';
import { perfData, perfPipe } from './format.ts';
import { readPerfFile, shown } from './test-support.ts';

function join(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** The records compressed, cut anywhere: three pieces, of which none ends where a record does. */
function packed(isLittle: boolean, pack: (isLittle: boolean, content: Uint8Array) => Uint8Array): Uint8Array[] {
  const whole = join(records(isLittle));
  const cuts = [0, 333, 901, whole.length];
  return cuts.slice(1).map((end, i) => {
    const block = zstdBlock(whole.subarray(cuts[i]!, end));
    return pack(isLittle, i === 0 ? join([zstdHead, block]) : block);
  });
}

/** The synthetic samples, and what is bundled of them. */
const samples: Readonly<Record<string, () => Uint8Array>> = {
  'perf-little-endian': () => encodeFile(true, attrs, records(true), features(true)),
  'perf-big-endian': () => encodeFile(false, attrs, records(false), features(false)),
  'perf-pipe': () => encodePipe(true, attrs, records(true), features(true)),
  'perf-pipe-big-endian': () => encodePipe(false, attrs, records(false), features(false)),
  'perf-compressed': () => encodeFile(true, attrs, packed(true, compressed), packedFeatures()),
  'perf-compressed2': () => encodeFile(true, attrs, packed(true, compressed2), packedFeatures()),
};

/** HEADER_COMPRESSED: version, zstd, level, ratio, size of a CPU's buffer. */
function packedFeatures(): Map<number, Uint8Array> {
  return features(true).set(27, new Out(true).u32(1).u32(1).u32(1).u32(1).u32(528384).bytes());
}

for (const [name, make] of Object.entries(samples)) {
  test(`${name}: the same events whatever holds them`, async () => {
    const bytes = make();
    const path = tracePath('synthetic', name, 'perf.data');
    if (process.env['UPDATE'] === '1') {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes);
    }
    assert.deepEqual(new Uint8Array(readFileSync(path)), bytes, 'the bundled sample is what the encoder makes');
    const isPipe = name.includes('pipe');
    assert.equal(perfPipe.detect(bytes) !== undefined, isPipe);
    assert.equal(perfData.detect(bytes) !== undefined, !isPipe);
    const { capture, events } = isPipe ? readChunked(perfPipe, bytes) : await readPerfFile(bytes);
    assert.deepEqual(shown(events, base), expected);
    assert.equal(capture.accounting.total, bytes.length);
    assert.ok(balance(capture.accounting));
    assert.equal(capture.accounting.skipped, 0);
    assert.deepEqual(capture.kernelRelease, { value: '6.12.30', from: 'capture' });
    assert.deepEqual(capture.tool, { value: 'perf version 6.12.30', from: 'capture' });
    assert.deepEqual(capture.command, { value: '/usr/bin/perf record -a -e migrate:*', from: 'capture' });
    assert.deepEqual(capture.arch, { value: 'arm64', from: 'capture' });
    assert.deepEqual(capture.cpus, { value: 4, from: 'capture' });
    assert.deepEqual(capture.clock, { unit: 'ns', resolution: 1, name: { value: 'perf', from: 'capture' } });
    const losses = capture.losses.map(({ cpu, count, how }) => ({ cpu, count, how }));
    assert.deepEqual(losses, [
      { cpu: 0, count: 7, how: 'lost' },
      { cpu: 1, count: Number.NaN, how: 'dropped' },
      // Of the ten that the counters tell at the end, seven were told in the stream.
      { cpu: 0, count: 3, how: 'lost' },
    ]);
    assert.deepEqual(capture.remarks, ['the kernel throttled events once: until it let go, none were recorded']);
  });
}

test('one file of a folder of perf record --threads: what the others hold is a loss, and said', async () => {
  // HEADER_DIR_FORMAT: the version of the folder's layout.
  const bytes = encodeFile(true, attrs, records(true), features(true).set(24, new Out(true).u32(1).u32(0).bytes()));
  const { capture } = await readPerfFile(bytes);
  assert.equal(capture.losses.at(0)?.how, 'dropped');
  assert.equal(capture.losses.at(0)?.cpu, -1);
  assert.match(capture.remarks.join(), /perf script -i FOLDER/);
});
