/** What is inferred from stock events alone, against what probes show of the same run. */
import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { readBytes } from '../read/bytes.ts';
import { openCapture } from '../read/file.ts';
import { tracePath } from '../test-support.ts';
import type { History } from './facts.ts';
import { workOut } from './history.ts';

/** The same text without its probe lines: `(function+0x0/0x10)` and `(caller+0x8/0x10 <- function)`. */
async function withoutProbes(path: string, kernelVersion: string): Promise<History> {
  const probe = /\([\w.]+\+0x[0-9a-f]+\/0x[0-9a-f]+( <- [\w.]+)?\)/;
  const lines = gunzipSync(readFileSync(path)).toString().split('\n');
  const text = lines.filter((line) => !probe.test(line)).join('\n');
  async function* once(): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode(text);
  }
  return workOut(await readBytes('stock', once(), { kernelVersion }));
}

const ranges = (history: History): string[] =>
  history.requests
    .filter((request) => request.kind === 'contiguous allocation' && request.calls.length > 0)
    .map(({ startPfn, endPfn, returned, lists }) => JSON.stringify([startPfn, endPfn, returned, lists]));

for (const [capture, kernel, count] of [
  ['debian-6.1-4k/contig_lowmem_apps', '6.1.192', 25],
  ['pairs/cma-second-reads/baseline/run02', '6.12.117', 12],
] as const) {
  test(`${capture}: the ranges, results and lists of contiguous allocations are the same without probes`, async () => {
    const path = tracePath(capture, 'trace.txt.gz');
    const seen = await openCapture(path).then(workOut);
    const inferred = await withoutProbes(path, kernel);
    assert.equal(ranges(seen).length, count);
    assert.deepEqual(ranges(inferred), ranges(seen));
    assert.equal(inferred.observed.attempts, 'unknown');
    assert.ok(inferred.requests.every((request) => request.certainty === 'inferred' || request.kind === 'cma'));
  });
}

test('episodes and the frames of folios need no probe', async () => {
  const path = tracePath('debian-6.12-4k/shanon_hot/trace.txt.gz');
  const key = (history: History): string[] =>
    history.episodes.map((one) => `${one.sourcePfn} ${one.destinationPfn} ${one.index} ${one.deferredFlush}`);
  assert.deepEqual(key(await withoutProbes(path, '6.12.117')), key(await openCapture(path).then(workOut)));
});

test('kernel layout and page size are told by the entries alone: the same episodes without a sidecar', async () => {
  const key = (history: History): string[] => history.episodes.map((one) => `${one.sourcePfn} ${one.destinationPfn}`);
  for (const capture of ['debian-6.1-4k', 'debian-6.12-4k', 'debian-6.12-16k', 'debian-7.2-4k']) {
    const path = tracePath(capture, 'shanon_hot/trace.txt.gz');
    async function* bytes(): AsyncGenerator<Uint8Array> {
      yield readFileSync(path);
    }
    const bare = await workOut(await readBytes('bare', bytes()));
    assert.equal(bare.capture.kernelVersion, undefined);
    const known = await openCapture(path).then(workOut);
    assert.ok(known.episodes.length > 200);
    assert.deepEqual(key(bare), key(known), capture);
  }
});
