/** What the speed is measured on and against must itself be right, or the ratios mean nothing. */
import { strict as assert } from 'node:assert';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { openCapture } from '../src/read/file.ts';
import { tracePath } from '../src/test-support.ts';
import { readWithRegex } from './regex-reader.ts';
import { repeatCapture } from './repeat-capture.ts';

const folder = mkdtempSync(join(tmpdir(), 'folioscope-scripts-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

async function drain(path: string) {
  const { capture, batches } = await openCapture(path);
  let events = 0;
  for await (const batch of batches) events += batch.length;
  return { capture, events };
}

for (const name of ['trace.txt.gz', 'perf_script.txt.gz'])
  test(`a repeated capture is the capture again and again, later each time: ${name}`, async () => {
    const source = tracePath('debian-6.1-4k', 'shanon_hot', name);
    const once = await drain(source);
    const size = gunzipSync(readFileSync(source)).length;
    const path = join(folder, 'repeated.txt');
    const out = createWriteStream(path);
    const written = await repeatCapture(source, size * 2.5, out);
    out.end();
    await finished(out);
    assert.ok(written >= size * 2.5 && written < size * 3.5);
    const thrice = await drain(path);
    assert.equal(thrice.events, 3 * once.events);
    assert.equal(thrice.capture.accounting.skipped, 0);
    assert.equal(thrice.capture.inversions, 3 * once.capture.inversions);
    assert.equal(thrice.capture.origin, once.capture.origin);
    assert.equal(thrice.capture.end, 3 * once.capture.end + 2 * 1000);
  });

for (const [format, name] of [
  ['tracefs', 'trace.txt.gz'],
  ['perf-script', 'perf_script.txt.gz'],
] as const)
  test(`readline and regular expressions find the same events: ${format}`, async () => {
    const source = tracePath('debian-6.1-4k', 'shanon_hot', name);
    const path = join(folder, `${format}.txt`);
    writeFileSync(path, gunzipSync(readFileSync(source)));
    assert.equal(await readWithRegex(path, format), (await drain(source)).events);
  });
