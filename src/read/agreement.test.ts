/**
 * A capture that exists in several formats tells the same events in the same order with the same fields, whatever the
 * format. What is compared with what, and which differences have a reason, is in `scripts/exact/` and docs/formats/exactness.md;
 * `npm run check:captures` does the same for all captures of a folder.
 */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { foldersWithSeveral } from '../../scripts/exact/captures.ts';
import { type Comparison, compareFolder } from '../../scripts/exact/folder.ts';
import { outsideCaptures, tracePath } from '../test-support.ts';

function check(comparison: Comparison): void {
  const { what, kind, compared, unexplained, examples, explained } = comparison;
  assert.equal(unexplained, 0, `${what}: ${examples.join('\n')}`);
  assert.ok(compared > 500, `${what}: ${compared} events compared`);
  if (kind !== 'two buffers') return;
  const rereads = explained.get('read anew through a pointer') ?? 0;
  assert.ok(rereads <= compared / 50, `${what}: ${rereads} of ${compared} differ in what was read through a pointer`);
  assert.ok((comparison.drift ?? 0) < 50e6, `${what}: clocks drift by ${comparison.drift} ns`);
}

const folders = foldersWithSeveral(tracePath());
const pairs = new Set<string>();

for (const folder of folders) {
  test(`${folder.slice(tracePath().length + 1)}: every format tells the same events`, async (t) => {
    const comparisons = await compareFolder(folder);
    assert.ok(comparisons.length > 0);
    for (const comparison of comparisons) {
      t.diagnostic(`${comparison.what}: ${comparison.compared} events, ${JSON.stringify([...comparison.explained])}`);
      check(comparison);
      pairs.add(comparison.what);
    }
  });
}

test('the bundled captures hold every pair of formats', () => {
  for (const pair of [
    'trace, trace.dat',
    'trace, perf.data',
    'trace.dat, perf.data',
    'trace.dat, report',
    'perf.data, perf script',
  ]) {
    assert.ok(pairs.has(pair), `${pair} is not among ${[...pairs].join('; ')}`);
  }
});

test('captures outside the repository: every format tells the same events', {
  skip: outsideCaptures === undefined && 'FOLIOSCOPE_CAPTURES is not set',
}, async (t) => {
  let events = 0;
  let comparisons = 0;
  for (const folder of foldersWithSeveral(outsideCaptures ?? '')) {
    for (const comparison of await compareFolder(folder)) {
      assert.equal(comparison.unexplained, 0, `${folder}, ${comparison.what}: ${comparison.examples.join('\n')}`);
      events += comparison.compared;
      comparisons++;
    }
  }
  t.diagnostic(`${comparisons} comparisons, ${events} events`);
  assert.ok(comparisons > 0);
});
