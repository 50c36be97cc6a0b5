import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { TraceError } from '../base/errors.ts';
import type { History } from '../history/facts.ts';
import { workOut } from '../history/history.ts';
import { resolvePolicy } from '../policies/policies.ts';
import type { Policy } from '../policies/policy.ts';
import { openCapture } from '../read/file.ts';
import { madeUpHistory } from '../replay/made-up.ts';
import { metricNames } from '../replay/outcome.ts';
import { tracePath } from '../test-support.ts';
import type { Measures } from './measures.ts';
import { judge, type Prediction, predict, type Run, runOf, validate } from './validate.ts';

/** `failing` of 20 requests have a folio that fails, the others one that moves. */
const historyWith = (failing: number): History =>
  madeUpHistory(Array.from({ length: 20 }, (_, i) => (i < failing ? ['m', 'uu'] : ['m', 'm'])));
const kernel = runOf(historyWith(1)).recorded;
const waiters = (recorded: Policy) => resolvePolicy('waiters-undo', recorded);

const runWith = (pagesFailed: number, recorded = kernel): Run => ({
  source: 'made-up',
  recorded,
  measures: Object.fromEntries(metricNames.map((name) => [name, pagesFailed])) as Measures,
});
const sure = (difference: number) =>
  Object.fromEntries(metricNames.map((name) => [name, new Float64Array(10).fill(difference)])) as Prediction;
const runs = (...numbers: number[]) => numbers.map((n) => runWith(n));

test('a difference that is there and was predicted is right and inside; a predicted one that is not there is outside', () => {
  const right = judge('pagesFailed', runs(20, 22, 24), runs(5, 6, 7), [sure(-15), sure(-16), sure(-17)], 0.95);
  assert.equal(right.real.estimate, -16);
  assert.deepEqual([right.sign, right.told, right.inside], ['right', true, true]);
  // 20 - 15, 22 - 16, 24 - 17.
  assert.equal(right.predictedB.estimate, 6);
  assert.equal(right.covered, 3);
  const none = judge('pagesFailed', runs(20, 22, 24), runs(21, 22, 23), [sure(-15), sure(-16), sure(-17)], 0.95);
  assert.deepEqual([none.sign, none.told, none.inside, none.covered], ['not tellable', true, false, 0]);
});

test('the sign is wrong where the prediction goes the other way, or says that nothing changes', () => {
  for (const predicted of [+3, 0]) {
    const of = [sure(predicted), sure(predicted), sure(predicted)];
    const row = judge('pagesFailed', runs(20, 22, 24), runs(5, 6, 7), of, 0.95);
    assert.deepEqual([row.sign, row.inside], ['wrong', false]);
  }
});

test('one run a side tells no sign, two only where their ranges do not touch', () => {
  assert.equal(judge('pagesFailed', runs(20), runs(5), [sure(-15)], 0.95).sign, 'not tellable');
  const two = [sure(-15), sure(-15)];
  assert.equal(judge('pagesFailed', runs(20, 22), runs(5, 7), two, 0.95).sign, 'right');
  assert.equal(judge('pagesFailed', runs(20, 22), runs(5, 20), two, 0.95).sign, 'not tellable');
});

test('a history predicts nothing new of the policy that it was recorded under, and another of another', () => {
  const { policies, predictions, draws } = predict(historyWith(10), [(recorded) => recorded, waiters], {
    draws: 40,
    seed: 1,
  });
  assert.equal(draws, 40);
  assert.deepEqual(
    policies.map(({ name }) => name),
    ['linux-6.12.117', 'waiters-undo'],
  );
  for (const name of metricNames) {
    assert.ok(
      predictions[0]![name].every((value) => value === 0 || Number.isNaN(value)),
      name,
    );
  }
  assert.ok(predictions[1]!.failedFolios.every((value) => value <= 0));
  assert.ok(predictions[1]!.failedFolios.some((value) => value < 0));
});

test('the same captures, draws and seed give the same validation; what neither side tells is said', () => {
  const histories = [8, 10, 12].map(historyWith);
  const a = histories.map(runOf);
  const validationOf = (seed: number) => {
    const predictions = histories.map((history) => predict(history, [waiters], { draws: 20, seed }).predictions[0]!);
    return validate(waiters(kernel), a, a, predictions, { draws: [20, 20, 20], seed });
  };
  const one = validationOf(1);
  assert.equal(JSON.stringify(one), JSON.stringify(validationOf(1)));
  assert.notEqual(JSON.stringify(one.rows), JSON.stringify(validationOf(2).rows));
  assert.deepEqual(one.silent, ['entryWaits', 'lockWaits', 'busyRetries', 'busyAllocations']);
  assert.deepEqual(
    one.rows.map(({ metric }) => metric),
    ['pagesFailed', 'calls', 'episodes', 'allCpuDrains', 'callTime'],
  );
  assert.match(one.remarks.join(' '), /recorded under linux-6\.12\.117, not under waiters-undo/);
});

test('few runs are remarked on with what chance would do', () => {
  const remark = (n: number) =>
    validate(kernel, runs(...Array(n).keys()), runs(...Array(n).keys()), Array(n).fill(sure(0)), { draws: [], seed: 1 })
      .remarks;
  assert.match(remark(1)[0]!, /no spread/);
  assert.match(remark(2)[0]!, /once in 3/);
  assert.deepEqual(remark(3), []);
});

test('a capture without a call, or without what a policy hangs on, cannot be predicted from', () => {
  const empty = { ...historyWith(1), calls: [] };
  assert.throws(() => predict(empty, [waiters], { seed: 1 }), TraceError);
  const blind = { ...historyWith(1), observed: { ...historyWith(1).observed, episodes: 'unknown' as const } };
  assert.throws(() => predict(blind, [waiters], { seed: 1 }), /cannot be replayed under waiters-undo: it lacks/);
});

test('two real runs of a kernel predict two of another: failed pages and episodes have the right sign and overlap', async () => {
  const read = async (policy: string, run: string) =>
    workOut(await openCapture(tracePath('pairs', 'shared-anon-hot', policy, run, 'trace.txt.gz')));
  const names = ['run01', 'run02'];
  const before = await Promise.all(names.map((run) => read('baseline', run)));
  const after = await Promise.all(names.map((run) => read('refcheck-unmap', run)));
  const b = after.map(runOf);
  const maker = () => b[0]!.recorded;
  const predictions = before.map((history) => predict(history, [maker], { draws: 40, seed: 1 }).predictions[0]!);
  const { rows } = validate(b[0]!.recorded, before.map(runOf), b, predictions, { draws: [40, 40], seed: 1 });
  for (const metric of ['pagesFailed', 'episodes']) {
    const row = rows.find((one) => one.metric === metric)!;
    assert.deepEqual([row.sign, row.inside], ['right', true], metric);
  }
});
