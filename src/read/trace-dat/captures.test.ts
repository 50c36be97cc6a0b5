/** The bundled captures, against the tool that wrote them where it is installed. */
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { balance } from '../../events/capture.ts';
import { skipWithout, tracePath } from '../../test-support.ts';
import { openCapture } from '../file.ts';
import { type PlainEvent, readEvents } from '../test-support.ts';

interface Bundled {
  readonly path: string;
  readonly events: number;
  readonly release: string;
  readonly version: 6 | 7;
}

const bundled: readonly Bundled[] = [
  { path: 'debian-6.1-4k/shanon_hot', events: 7585, release: '6.1.0-56-arm64', version: 7 },
  { path: 'debian-6.1-4k/shanon_v6', events: 9210, release: '6.1.0-56-arm64', version: 6 },
  { path: 'debian-5.10-4k/shanon_hot', events: 26425, release: '5.10.0-32-arm64', version: 7 },
  { path: 'lab-6.12-4k/pageref_gup_tc', events: 2295, release: '6.12.117-fslab', version: 7 },
];

function hasTraceCmd(): boolean {
  try {
    execFileSync('trace-cmd', ['--version'], { stdio: 'ignore' });
    return true;
  } catch (error) {
    // Not installed; the tool itself may answer a question for its version with any exit code.
    return !(error instanceof Error && 'code' in error && error.code === 'ENOENT');
  }
}

/** `comm-pid [cpu] seconds.nanoseconds: name:` of each line of `trace-cmd report -R -t`. */
function report(file: string): string[] {
  const text = execFileSync('trace-cmd', ['report', '-R', '-t', file], {
    maxBuffer: 2 ** 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  }).toString('latin1');
  return [...text.matchAll(/^ *(.*)-(\d+) +\[(\d+)\] +(\d+)\.(\d{9}): ([\w-]+):/gm)].map((line) =>
    line.slice(1).join(' '),
  );
}

function told({ comm, pid, cpu, time, name }: PlainEvent): string {
  const [seconds, rest] = [time / 1_000_000_000n, time % 1_000_000_000n];
  return [comm ?? '<...>', pid, String(cpu).padStart(3, '0'), seconds, String(rest).padStart(9, '0'), name].join(' ');
}

for (const { path, events: count, release, version } of bundled) {
  const file = tracePath(path, 'trace.dat.gz');
  test(`${path}: all events, every byte in the books`, async () => {
    const open = await openCapture(file);
    const events = await readEvents(open);
    const { capture } = open;
    assert.equal(events.length, count);
    assert.ok(balance(capture.accounting));
    assert.deepEqual(capture.accounting.skips, []);
    const size = gunzipSync(readFileSync(file)).length;
    if (version === 6) assert.equal(capture.accounting.total, size);
    else assert.ok(capture.accounting.total > size);
    assert.equal(capture.kernelRelease?.value, release);
    assert.equal(capture.tool?.value, 'trace-cmd 3.1.6');
    assert.equal(capture.clock.name?.value, 'mono');
    assert.equal(capture.inversions, 0);
  });

  test(`${path}: time, CPU, task and event of every line of trace-cmd report`, {
    skip: skipWithout('trace-cmd', hasTraceCmd()),
  }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'trace-dat-'));
    try {
      const plain = join(folder, 'trace.dat');
      writeFileSync(plain, gunzipSync(readFileSync(file)));
      const events = await readEvents(await openCapture(plain));
      const lines = report(plain);
      assert.equal(lines.length, count);
      assert.deepEqual(events.map(told), lines);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
