import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { openCapture } from '../src/read/file.ts';
import { readEvents } from '../src/read/test-support.ts';
import { tracePath } from '../src/test-support.ts';
import { repeatTraceDat } from './repeat-trace-dat.ts';

for (const name of ['shanon_hot', 'shanon_v6']) {
  test(`${name} repeated: every event as often as its pages, each time later, and nothing skipped`, async () => {
    const path = tracePath('debian-6.1-4k', name, 'trace.dat.gz');
    const chunks: Uint8Array[] = [];
    const out = new Writable({
      write(chunk: Uint8Array, _, done) {
        chunks.push(Uint8Array.from(chunk));
        done();
      },
    });
    const written = await repeatTraceDat(path, 3_200_000, out);
    const bytes = Buffer.concat(chunks);
    assert.equal(bytes.length, written);
    const folder = mkdtempSync(join(tmpdir(), 'repeat-'));
    try {
      const file = join(folder, 'trace.dat');
      writeFileSync(file, bytes);
      const original = await readEvents(await openCapture(path));
      const open = await openCapture(file);
      const events = await readEvents(open);
      const times = events.length / original.length;
      assert.ok(Number.isInteger(times) && times > 1, `${events.length} of ${original.length}`);
      assert.equal(open.capture.inversions, 0);
      assert.equal(open.capture.accounting.skipped, 0);
      const told = ({ cpu, pid, name, values }: (typeof events)[number]): unknown[] => [cpu, pid, name, values];
      assert.deepEqual(events.slice(-original.length).map(told), original.map(told));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
