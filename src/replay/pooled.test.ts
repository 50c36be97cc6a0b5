/** What failures of one kind of requester say of each other. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { type Cause, causes, type Evidence, type Failure, type History } from '../history/facts.ts';
import { blameOf, posteriorOf } from './blame.ts';
import { madeUpHistory } from './made-up.ts';

const says = (cause: Cause, weight: number, assumed = false): Evidence => ({
  says: '',
  cause,
  weight,
  ordinal: 0,
  ...(assumed ? { assumed } : {}),
});

/** A failure of each list of evidence, in the calls of a made-up history in turn; frames from 1 on. */
function historyOf(evidence: readonly (readonly Evidence[])[], pfn = (i: number) => i + 1): History {
  const made = madeUpHistory(evidence.map(() => ['uu']));
  return {
    ...made,
    failures: evidence.map((one, i): Failure => ({ ...made.failures[i]!, pfn: pfn(i), evidence: one })),
  };
}

const held = [says('activate batch', 500)];
/** The mark that a held one leaves in half of the cases is missing. */
const unexplained: Evidence[] = [{ ...says('activate batch', 0.5), missing: true }];
const share = (history: History, i: number, cause: Cause): number => blameOf(history)[i]![causes.indexOf(cause)]!;

test('an unexplained failure among many that a batch held is likely held by one; by itself it is not', () => {
  // A missing mark alone is no reason to think of a batch.
  const alone = posteriorOf(historyOf([unexplained]).failures[0]!)[causes.indexOf('activate batch')]!;
  assert.equal(alone, 0);
  assert.equal(share(historyOf([unexplained]), 0, 'activate batch'), 0);
  const among = historyOf([...Array.from({ length: 40 }, () => held), unexplained, unexplained]);
  assert.ok(share(among, 40, 'activate batch') > 0.9);
});

test('the share follows what the others were: half held by a pin leaves half', () => {
  const pinned = [says('pin', 500)];
  const both = [says('activate batch', 1), says('pin', 1)];
  const mixed = historyOf([...Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? held : pinned)), both]);
  const batch = share(mixed, 40, 'activate batch');
  assert.ok(Math.abs(batch - share(mixed, 40, 'pin')) < 0.01 && batch > 0.45, `${batch}`);
});

test('evidence against a cause outweighs what the others were', () => {
  const ruledOut = historyOf([
    ...Array.from({ length: 40 }, () => held),
    [{ ...says('activate batch', 1e-6), missing: true }],
  ]);
  assert.ok(share(ruledOut, 40, 'cannot tell') > 0.9);
});

test('forty failures of one folio are one observation, and none for the folio itself', () => {
  const one = historyOf([...Array.from({ length: 40 }, () => held), unexplained], (i) => (i < 40 ? 7 : 8));
  const two = historyOf([held, unexplained]);
  assert.ok(Math.abs(share(one, 40, 'activate batch') - share(two, 1, 'activate batch')) < 1e-6);
  const itself = historyOf([...Array.from({ length: 40 }, () => held), unexplained], () => 7);
  assert.equal(share(itself, 40, 'activate batch'), 0);
});

test('other kinds of requester say nothing, and neither do ratios that are assumed', () => {
  const mixed = historyOf([...Array.from({ length: 40 }, () => held), unexplained]);
  const calls = mixed.calls.map((call, i) => (i < 40 ? call : { ...call, request: -1, reason: 'compaction' }));
  assert.equal(share({ ...mixed, calls }, 40, 'activate batch'), 0);
  const assumed = historyOf(Array.from({ length: 40 }, () => [says('pin', 2, true)]));
  assert.ok(Math.abs(share(assumed, 0, 'pin') - 2 / 3) < 0.01);
});
