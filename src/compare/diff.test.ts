import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import type { History } from '../history/facts.ts';
import { workOut } from '../history/history.ts';
import { openCapture } from '../read/file.ts';
import { madeUpHistory } from '../replay/made-up.ts';
import { tracePath } from '../test-support.ts';
import { bootstrapSums, diff, diffRuns } from './diff.ts';
import { runOf } from './validate.ts';

const calm = madeUpHistory(Array.from({ length: 40 }, () => ['m', 'm']));
const troubled = madeUpHistory(Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? ['m', 'uu'] : ['m', 'm'])));
const rowOf = (found: ReturnType<typeof diff>, metric: string) => found.rows.find((row) => row.metric === metric)!;

test('a capture does not differ from itself', () => {
  const { alignment, rows, outcomes, remarks } = diff(troubled, troubled);
  assert.deepEqual(alignment, [{ kind: 'move_pages', paired: 40, exact: 40, onlyA: 0, onlyB: 0 }]);
  for (const { difference } of rows) assert.deepEqual(difference, { estimate: 0, low: 0, high: 0 });
  assert.deepEqual(outcomes, { bothDone: 20, onlyAFailed: 0, onlyBFailed: 0, bothFailed: 20 });
  assert.deepEqual(remarks, []);
});

test('what fails in one and not in the other is told, with its interval', () => {
  const found = diff(calm, troubled);
  assert.deepEqual(found.outcomes, { bothDone: 20, onlyAFailed: 0, onlyBFailed: 20, bothFailed: 0 });
  const { a, b, difference } = rowOf(found, 'failedFolios');
  assert.deepEqual([a, b, difference.estimate], [0, 20, 20]);
  // Of 40 requests half differ by one: 40 draws of a fair coin, whose middle 95 % are 14 to 26.
  assert.ok(Math.abs(difference.low - 14) <= 1 && Math.abs(difference.high - 26) <= 1);
  assert.equal(rowOf(found, 'calls').difference.high, 0);
  assert.deepEqual(found.silent.slice(0, 2), ['entryWaits', 'lockWaits']);
  assert.equal(found.blame[0]!.cause, 'lock-blocked fault');
  assert.equal(found.blame[0]!.a, 0);
  assert.ok(found.blame[0]!.b > 10);
});

test('the same captures and seed give the same bytes; another seed other intervals', () => {
  const text = (seed: number) => JSON.stringify(diff(calm, troubled, { seed }));
  assert.equal(text(1), text(1));
  assert.notEqual(text(1), text(2));
});

test('few requests, unlike probes and an emulator: said', () => {
  const few = diff(madeUpHistory([['m']]), madeUpHistory([['m']]));
  assert.match(few.remarks[0]!, /Of 1 aligned requests/);
  assert.ok(Number.isNaN(few.rows[0]!.difference.low));
  const blind = { ...calm, observed: { ...calm.observed, drains: 'inferred' as const } };
  const uneven = diff(calm, blind);
  assert.match(uneven.remarks.join(' '), /drains \(seen, inferred\)/);
  assert.ok(!uneven.counts.some(({ what }) => what === 'drains of one CPU'));
  const emulated: History = { ...calm, capture: { ...calm.capture, emulator: { value: 'tcg', from: 'sidecar' } } };
  assert.match(diff(calm, emulated).remarks.join(' '), /emulated machine \(tcg\)/);
});

test('bootstrap: sums of a column that never differs have no width, and columns share their draws', () => {
  const ones = new Float64Array(50).fill(1);
  const ramp = Float64Array.from({ length: 50 }, (_, i) => i);
  const [flat, wide, twice] = bootstrapSums([ones, ramp, ramp.map((x) => 2 * x)], 3, 0.95);
  assert.deepEqual(flat, { estimate: 50, low: 50, high: 50 });
  assert.equal(twice!.low, 2 * wide!.low);
  // Standard deviation of a sum of 50 draws of 0 .. 49: 14.43 times the root of 50.
  const half = 1.96 * 14.43 * Math.sqrt(50);
  assert.ok(Math.abs((wide!.high - wide!.low) / 2 - half) < 0.08 * half);
});

test('runs of real captures, and one request by request: the same seed asked for nearly the same', async () => {
  const read = async (run: string) =>
    workOut(await openCapture(tracePath('pairs', 'shared-anon-hot', run, 'trace.txt.gz')));
  const [a, b, c, d] = await Promise.all(
    ['baseline/run01', 'refcheck-unmap/run01', 'baseline/run02', 'refcheck-unmap/run02'].map(read),
  );
  const found = diff(a!, b!);
  const [requests] = found.alignment;
  assert.ok(requests!.paired >= 95 && requests!.exact >= 80 && requests!.onlyA + requests!.onlyB <= 20);
  assert.ok(rowOf(found, 'pagesFailed').difference.high < 0);
  assert.match(found.remarks.join(' '), /emulated machine/);
  // Another seed of the workload asks for other pages, which is no diff of a policy.
  assert.match(diff(a!, c!).remarks.join(' '), /may not be one workload, or not with one seed/);
  const rows = diffRuns([runOf(a!), runOf(c!)], [runOf(b!), runOf(d!)]);
  const failed = rows.find(({ metric }) => metric === 'pagesFailed')!;
  assert.deepEqual(failed.a.runs, [23, 28]);
  assert.deepEqual(failed.difference, { estimate: -19, low: -22, high: -16 });
});
