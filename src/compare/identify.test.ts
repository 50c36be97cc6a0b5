import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import type { History } from '../history/facts.ts';
import { workOut } from '../history/history.ts';
import { axes } from '../policies/axes/axes.ts';
import { resolvePolicy } from '../policies/policies.ts';
import type { Axis } from '../policies/policy.ts';
import { openCapture } from '../read/file.ts';
import { madeUpHistory } from '../replay/made-up.ts';
import { tracePath } from '../test-support.ts';
import { answerFor, refuse } from './answer.ts';
import { assumptionNames } from './assumptions.ts';
import { identify } from './identify.ts';

const answersOf = (history: History) => new Map(identify(history).map((one) => [one.axis, one]));
const answer = (history: History, axis: Axis) => answersOf(history).get(axis)!.answer;
const busy = madeUpHistory(Array.from({ length: 20 }, () => ['m', 'um', 'uu']));
const without = (observed: Partial<History['observed']>): History => ({
  ...busy,
  observed: { ...busy.observed, ...observed },
});

test('every axis has an answer, a reason, and names of assumptions that can be set', () => {
  const all = identify(busy);
  assert.deepEqual(
    all.map(({ axis }) => axis),
    axes.map(({ axis }) => axis),
  );
  const names = Object.values(assumptionNames).map(({ name }) => name);
  for (const { axis, why, assumes, answer } of all) {
    assert.ok(why.length > 10, axis);
    for (const name of assumes) assert.ok(names.includes(name), name);
    if (answer === 'assumed') assert.ok(assumes.length > 0, `${axis} is assumed, and nothing says what`);
  }
});

test('retries: seen where folios were tried again, assumed where none was, idle where nothing was undone', () => {
  assert.equal(answer(busy, 'B'), 'observed');
  const once = madeUpHistory(Array.from({ length: 20 }, () => ['m', 'u']));
  assert.deepEqual([answer(once, 'B'), answersOf(once).get('B')!.assumes.includes('blocked-again')], ['assumed', true]);
  assert.equal(answer(madeUpHistory([['m', 'm']]), 'B'), 'observed');
  assert.match(answersOf(madeUpHistory([['m', 'm']])).get('B')!.why, /none of 2 episodes was undone/);
});

test('what no event shows is said to be unanswered, with a command that would show it', () => {
  const blind = without({ episodes: 'unknown', batchFlushes: 'unknown' });
  for (const [axis, event] of [
    ['A', 'migrate:set_migration_pte'],
    ['G', 'pagemap:mm_lru_insertion'],
    ['J', 'p:fs/mlock_folio mlock_folio'],
  ] as const) {
    const { answer, record } = answersOf(axis === 'J' ? without({ mlockBatches: 'unknown' }) : blind).get(axis)!;
    assert.equal(answer, 'cannot answer', axis);
    assert.ok(record.includes(event) && record.includes('trace-cmd record -C mono'), record);
  }
  const old = {
    ...blind,
    capture: { ...blind.capture, kernelVersion: { value: '5.10.223', from: 'option' as const } },
  };
  assert.match(answersOf(old).get('A')!.record, /record on a later one/);
});

test('probes are named as the recorded kernel names its functions', () => {
  const recordOn = (version: string) => {
    const capture = { ...busy.capture, kernelVersion: { value: version, from: 'option' as const } };
    return identify({ ...without({ entryWaits: 'unknown', mlockBatches: 'unknown' }), capture });
  };
  const of = (version: string, axis: Axis) => recordOn(version).find((one) => one.axis === axis)!.record;
  assert.match(of('7.2.12', 'F'), / softleaf_entry_wait_on_locked /);
  assert.match(of('6.12.117', 'F'), / migration_entry_wait_on_locked /);
  assert.match(of('5.10.223', 'F'), / put_and_wait_on_page_locked /);
  assert.match(of('6.1.192', 'J'), / mlock_new_page /);
  assert.match(of('6.12.117', 'J'), / mlock_new_folio /);
});

test('a policy is answered as far as the worst axis it differs on, and refused where none of them is', () => {
  const recorded = resolvePolicy('linux-6.12.117');
  const known = identify(busy);
  assert.equal(answerFor(recorded, recorded, known).answer, 'observed');
  const both = resolvePolicy('linux-6.12.117+refcheck-unmap+drain-once');
  const single = resolvePolicy('drain-once', recorded);
  assert.equal(answerFor(single, recorded, known).answer, 'bounded', 'nobody was seen to come back after an episode');
  assert.equal(answerFor(both, recorded, known).answer, 'assumed', 'no sleep on a lock says when a reference came');
  const immediate = resolvePolicy('mlock-immediate', recorded);
  const unprobed = without({ mlockBatches: 'unknown' });
  assert.match(refuse(unprobed, immediate, recorded, identify(unprobed))!.missing[0]!, /axis J/);
  const probed = without({ mlockBatches: 'seen' });
  assert.equal(refuse(probed, immediate, recorded, identify(probed)), undefined);
});

test('a real capture: batches give bounds, references are observed, mlock is not shown', async () => {
  const path = tracePath('pairs', 'shared-anon-hot', 'baseline', 'run01', 'trace.txt.gz');
  const history = await workOut(await openCapture(path));
  assert.deepEqual(
    (['A', 'B', 'G', 'I', 'J', 'O'] as const).map((axis) => answer(history, axis)),
    ['observed', 'observed', 'bounded', 'observed', 'cannot answer', 'observed'],
  );
});
