import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { tracePath } from '../test-support.ts';
import { folioscope } from './test-support.ts';

const run = (policy: string, name: string) => tracePath('pairs', 'shared-anon-hot', policy, name, 'trace.txt.gz');

test('two captures, request by request', () => {
  const { code, stdout, stderr } = folioscope(['diff', run('baseline', 'run01'), run('waiters-undo', 'run01')]);
  assert.equal(stderr, '');
  assert.equal(code, 0);
  assert.match(stdout, /^A:\s[\s\S]*baseline[\s\S]*B:\s[\s\S]*waiters-undo/);
  assert.match(stdout, /Requests side by side/);
  assert.match(stdout, /failed pages +23 +3 /);
  assert.match(stdout, /durations say\s+nothing of a device/);
  assert.ok(Math.max(...stdout.split('\n').map((line) => [...line].length)) <= 80);
});

test('JSON of two captures, and of several a side', () => {
  const one = folioscope(['diff', '--json', run('baseline', 'run01'), run('drain-once', 'run01')]);
  const { rows, alignment, recorded } = JSON.parse(one.stdout);
  assert.equal(recorded.b, 'drain-once');
  assert.equal(rows[0].metric, 'failedFolios');
  assert.ok(alignment[0].paired > 90);
  const several = folioscope([
    'diff',
    '--json',
    run('baseline', 'run01'),
    run('baseline', 'run02'),
    '--against',
    run('drain-once', 'run01'),
    'no-such-file',
  ]);
  assert.equal(several.code, 3);
  const found = JSON.parse(several.stdout);
  assert.equal(found.a.sources.length, 2);
  assert.equal(found.leftOut[0].file, 'no-such-file');
  assert.match(found.remarks[0], /One run a side/);
});

test('one capture, or three without saying which side, is a mistake', () => {
  for (const files of [[run('baseline', 'run01')], ['a', 'b', 'c']]) {
    const { code, stdout, stderr } = folioscope(['diff', ...files]);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /^folioscope: diff sets two captures against each other, not \d\n {2}hint: .*--against/);
  }
});
