import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { TraceError } from '../base/errors.ts';
import { outsideCaptures, tracePath } from '../test-support.ts';
import { readBytes } from './bytes.ts';
import { gunzipNode } from './file.ts';
import type { ByteSource } from './format.ts';
import { glanceAt, glanceStream, quickBytes } from './quick.ts';
import { MemorySource } from './sources.ts';
import { chunksOf } from './test-support.ts';

/** An input with something at both ends, NUL bytes between them, and a count of the bytes that were asked for. */
function hollow(head: string, tail: string, size: number): ByteSource & { bytes: number } {
  const start = new TextEncoder().encode(head);
  const end = new TextEncoder().encode(tail);
  return {
    size,
    bytes: 0,
    async read(offset, length) {
      const out = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      this.bytes += out.length;
      for (let i = 0; i < out.length; i++) {
        const at = offset + i;
        if (at < start.length) out[i] = start[at]!;
        else if (at >= size - end.length) out[i] = end[at - (size - end.length)]!;
      }
      return out;
    },
  };
}

const line = (seconds: number, pfn: number): string =>
  `  kworker/1:2-71   [001] d....  ${seconds}.353410: mm_lru_insertion: folio=fffffc00000081c0 pfn=0x${pfn.toString(16)} lru=0 flags=Ma bd\n`;

test('a tebibyte of text is read at its two ends only', async () => {
  const input = hollow(`# tracer: nop\n#\n${line(3, 1)}${line(4, 2)}`, `\n${line(700, 3)}${line(701, 4)}`, 2 ** 40);
  const look = await glanceAt('big', input, {});
  assert.equal(look.first, 3_353_410_000n);
  assert.equal(look.last, 701_353_410_000n);
  assert.equal(look.basis, 'reckoned');
  assert.ok(input.bytes <= 3 * quickBytes, `${input.bytes} bytes read`);
  assert.match(look.unseen.join(), /the middle was not read/);
});

test('the tail of a table is read under the header of its head', async () => {
  const rows = (from: number): string =>
    Array.from(
      { length: 40_000 },
      (_, i) => `${from + i},1,7,,task,pagemap:mm_lru_insertion,0x${i.toString(16)},0\n`,
    ).join('');
  const header = 'time_ns,cpu,pid,tgid,comm,event,pfn,lru\n';
  const look = await glanceAt('table', hollow(header + rows(1000), `\n${rows(5_000_000)}`, 2 ** 33), {});
  assert.equal(look.first, 1000n);
  assert.equal(look.last, 5_039_999n);
  assert.deepEqual(look.skips, []);
});

test('losses at both ends are told, in the time of the first event', async () => {
  const lost = 'CPU:1 [LOST 12 EVENTS]\n';
  const filler = Array.from({ length: 9000 }, (_, i) => line(10 + i, i)).join('');
  const input = hollow(`${line(3, 1)}${lost}${filler}`, `\n${line(70_000, 3)}${lost}${line(70_001, 4)}`, 2 ** 32);
  const { losses, capture } = await glanceAt('lossy', input, {});
  assert.deepEqual(
    losses.map(({ count, start, end }) => [count, start, end]),
    [
      [12, 0, 7e9],
      [12, 70_000e9 - 3e9, 70_001e9 - 3e9],
    ],
  );
  assert.equal(capture.origin, 3_353_410_000n);
});

test('damage at the end is told, and a cut in the middle of a line is none', async () => {
  const filler = Array.from({ length: 9000 }, (_, i) => line(10 + i, i)).join('');
  const whole = await glanceAt('whole', hollow(filler, `rest of a line\n${filler}`, 2 ** 32), {});
  assert.deepEqual(whole.skips, []);
  const cut = await glanceAt(
    'cut',
    hollow(filler, `\n${line(70_000, 3)}what is this\n${line(70_001, 3).slice(0, 70)}`, 2 ** 32),
    {},
  );
  assert.equal(
    cut.skips.reduce((sum, { count }) => sum + count, 0),
    2,
  );
  assert.equal(cut.last, 70_000_353_410_000n);
});

test('an end without any event: the last time is not known', async () => {
  const look = await glanceAt('zeros', hollow(line(3, 1), '', 2 ** 36), {});
  assert.equal(look.first, 3_353_410_000n);
  assert.equal(look.last, undefined);
  assert.match(look.unseen.join(), /no event can be told in the last/);
});

/** Captures below a folder, by the names that they have in it. */
function capturesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) =>
      /(?:^|\/)(?:trace|trace_pipe|perf_script\w*|report\w*|perf\w*\.data|trace\w*\.dat|\w+\.perfetto-trace|atrace)(?:\.txt)?(?:\.gz)?$/.test(
        name,
      ),
    )
    .sort();
}

/** Looks at a capture quickly and wholly: what the quick look says must be so. Gives the share by which it misjudged the events. */
async function judge(path: string): Promise<number> {
  const bytes = new Uint8Array(readFileSync(path));
  const plain = path.endsWith('.gz') ? new Uint8Array(gunzipSync(bytes)) : bytes;
  const open = await readBytes('whole', chunksOf(plain));
  for await (const _ of open.batches);
  const { capture } = open;
  const look = await glanceAt('quick', new MemorySource([plain]), {});
  if (look.first !== undefined) assert.equal(look.first, capture.origin, `${path}: first`);
  if (look.last !== undefined)
    assert.equal(look.last, capture.origin + BigInt(Math.round(capture.end)), `${path}: last`);
  if (look.basis === 'counted') assert.equal(look.events, capture.events, `${path}: events`);
  assert.equal(look.capture.clock.unit, capture.clock.unit, path);
  assert.equal(look.capture.clock.name?.value, capture.clock.name?.value, path);
  assert.equal(look.capture.tool?.value, capture.tool?.value, path);
  return Math.abs(Math.log2(look.events / capture.events));
}

test('bundled captures: a time that a quick look tells is the one that a whole look finds', async () => {
  // Every binary one; of texts, which are many and alike, every third.
  const all = capturesIn(tracePath());
  const isText = (name: string): boolean => name.includes('.txt');
  const some = [...all.filter((name) => !isText(name)), ...all.filter(isText).filter((_, i) => i % 3 === 0)];
  assert.ok(some.length > 15, `${some.length}`);
  for (const name of some) {
    const off = await judge(tracePath(name));
    // An estimate from two ends may be half or double; ten times as much would be a mistake.
    assert.ok(Number.isNaN(off) || off < 1.5, `${name}: misjudged by 2^${off}`);
  }
});

test('captures outside the repository: the same', {
  skip: outsideCaptures === undefined && 'FOLIOSCOPE_CAPTURES is not set',
}, async (t) => {
  const folder = outsideCaptures ?? '';
  const all = capturesIn(folder);
  let known = 0;
  for (const name of all) if (!Number.isNaN(await judge(join(folder, name)))) known++;
  t.diagnostic(`${all.length} captures, events told of ${known}`);
});

test('packed input: its beginning only, and that is said; a small one is read whole', async () => {
  const sizes = { taken: 0, total: 0 };
  async function* bites(packed: Uint8Array): AsyncGenerator<Uint8Array> {
    sizes.total = packed.length;
    for (sizes.taken = 0; sizes.taken < packed.length; ) {
      const bite = packed.subarray(sizes.taken, sizes.taken + 8192);
      sizes.taken += bite.length;
      yield bite;
    }
  }
  const lines = Array.from({ length: 100_000 }, (_, i) => line(10 + i, (i * 7919) % 65536)).join('');
  const look = await glanceStream('packed', bites(gzipSync(lines)), {}, gunzipNode, () => sizes);
  assert.ok(sizes.taken < sizes.total / 2, 'most of it was not taken');
  assert.equal(look.last, undefined);
  assert.equal(look.basis, 'reckoned');
  assert.ok(look.events > 50_000 && look.events < 200_000, `${look.events}`);
  assert.match(look.unseen.join(), /packed \(gzip\)/);
  const small = await glanceStream('small', bites(gzipSync(line(1, 1) + line(2, 2))), {}, gunzipNode, () => sizes);
  assert.deepEqual([small.events, small.basis, small.last], [2, 'counted', 2_353_410_000n]);
});

test('nothing, and nothing known, are refused as they are for a whole look', async () => {
  const isRefused = (code: string) => (error: unknown) => error instanceof TraceError && error.code === code;
  await assert.rejects(glanceAt('empty', new MemorySource([]), {}), isRefused('empty'));
  await assert.rejects(glanceAt('zeros', hollow('', '', 2 ** 30), {}), isRefused('unknown-format'));
});
