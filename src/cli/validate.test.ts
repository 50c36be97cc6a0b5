import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tracePath } from '../test-support.ts';
import { folioscope, temporaryFolder } from './test-support.ts';

const runs = (policy: string) =>
  ['run01', 'run02'].map((run) => tracePath('pairs', 'shared-anon-hot', policy, run, 'trace.txt.gz'));
const baseline = runs('baseline');
const refcheck = runs('refcheck-unmap');

test('two runs predict two others: text, and a chart', (t) => {
  const chart = join(temporaryFolder(t), 'chart.svg');
  const { code, stdout, stderr } = folioscope([
    'validate',
    ...baseline,
    '--against',
    ...refcheck,
    '--draws',
    '5',
    '-o',
    chart,
  ]);
  assert.equal(stderr, '');
  assert.equal(code, 0);
  // Both real runs had 6 and 7 failed pages, after 23 and 28.
  assert.match(stdout, /failed pages +-19 \[-22, -16\]/);
  assert.match(stdout, /predict refcheck-unmap/);
  assert.match(stdout, /note: With 2 and 2 runs/);
  assert.ok(Math.max(...stdout.split('\n').map((line) => [...line].length)) <= 80);
  assert.match(readFileSync(chart, 'utf8'), /^<svg[\s\S]*<\/svg>\n$/);
});

test('JSON: rows with intervals, and what was left out', () => {
  const { code, stdout } = folioscope([
    'validate',
    baseline[0]!,
    '--json',
    '--draws',
    '5',
    '--policy',
    'refcheck-unmap',
    '--against',
    refcheck[0]!,
    'no-such-file',
  ]);
  assert.equal(code, 3);
  const { policy, rows, leftOut, draws, remarks } = JSON.parse(stdout);
  assert.equal(policy, 'refcheck-unmap');
  assert.deepEqual(draws, [5]);
  const [first] = rows;
  assert.deepEqual([first.metric, first.a.runs, first.b.runs, first.sign], ['pagesFailed', [23], [7], 'not tellable']);
  assert.deepEqual(first.real, { estimate: -16, low: null, high: null });
  assert.equal(leftOut[0].file, 'no-such-file');
  assert.match(remarks[0], /One run a side/);
});

test('what cannot be is said before anything is read', () => {
  for (const [args, message] of [
    [[...baseline], /^folioscope: required option '--against <file\.\.\.>' not specified/],
    [[...baseline, '--against', ...refcheck, '--policy', 'refchek-unmap'], /^folioscope: .*refchek-unmap/],
    [['-', '--against', '-'], /^folioscope: stdin \(-\) is named twice/],
  ] as const) {
    const { code, stdout, stderr } = folioscope(['validate', ...args]);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.match(stderr, message);
  }
});

test('captures of several policies to set it against: which one is meant must be said', () => {
  const { code, stderr } = folioscope(['validate', baseline[0]!, '--against', refcheck[0]!, baseline[1]!]);
  assert.equal(code, 2);
  assert.match(stderr, /recorded under several policies: refcheck-unmap and linux-6\.12\.117/);
});
