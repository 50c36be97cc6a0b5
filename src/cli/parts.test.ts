/** Comparisons made by two threads, made again from their manifest, and stopped. */
import { strict as assert } from 'node:assert';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Plan } from '../compare/compare.ts';
import { tracePath } from '../test-support.ts';
import { runParts } from './parts.ts';
import { folioscope, temporaryFolder } from './test-support.ts';

const capture = tracePath('pairs/shared-anon-hot/baseline/run01/trace.txt.gz');
const asked = ['compare', capture, '--json', '--draws', '4', '--policy', 'refcheck-unmap'];

test('two threads give the bytes of one, and a manifest gives them again', (t) => {
  const folder = temporaryFolder(t);
  const written = join(folder, 'manifest.json');
  const one = folioscope([...asked, '--threads', '1']);
  const two = folioscope([...asked, '--threads', '2', '--manifest', written]);
  assert.equal(two.stdout, one.stdout);
  const again = folioscope(['rerun', written]);
  assert.deepEqual([again.stdout, again.code], [one.stdout, 0]);
  const printed = join(folder, 'comparison.json');
  writeFileSync(printed, one.stdout);
  assert.equal(folioscope(['rerun', printed]).stdout, one.stdout);

  const manifest = JSON.parse(readFileSync(written, 'utf8'));
  assert.deepEqual(manifest, JSON.parse(one.stdout).manifest);
  assert.ok(manifest.inputs.some(({ path }: { path: string }) => path === capture));
  assert.ok(
    manifest.policies.some(
      ({ name, choices }: { name: string; choices: object }) => name === 'refcheck-unmap' && choices,
    ),
  );
  manifest.inputs[0].sha256 = '0'.repeat(64);
  writeFileSync(written, JSON.stringify(manifest));
  const changed = folioscope(['rerun', written]);
  assert.equal(changed.code, 3);
  assert.match(changed.stderr, /is another file now/);
  manifest.modelVersion = -1;
  manifest.inputs = [];
  writeFileSync(written, JSON.stringify(manifest));
  assert.match(folioscope(['rerun', written]).stderr, /made by model -1/);
  writeFileSync(written, '{}');
  const none = folioscope(['rerun', written]);
  assert.deepEqual([none.code, /holds no manifest/.test(none.stderr)], [2, true]);
});

test('Ctrl-C stops the work between two parts and keeps what was done', async () => {
  const tasks = Array.from({ length: 5 }, (_, i) => ({
    what: 'counting',
    cost: 1,
    run: () => {
      if (i === 2) process.kill(process.pid, 'SIGINT');
      return i;
    },
  }));
  const plan: Plan = { tasks, size: 1, finish: () => undefined };
  const told: number[] = [];
  const { results, isStopped } = await runParts(plan, {
    again: undefined,
    threads: 1,
    onProgress: (done) => told.push(done),
  });
  assert.equal(isStopped, true);
  // A signal takes its time to arrive, so a part more may have been done.
  const done = results.filter((one) => one !== undefined);
  assert.ok(done.length >= 3 && done.length < 5, `${done.length} parts`);
  assert.deepEqual(
    told,
    done.map((_, i) => i + 1),
  );
});
