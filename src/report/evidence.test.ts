import { strict as assert } from 'node:assert';
import { before, test } from 'node:test';
import { ScenarioError } from '../base/errors.ts';
import type { History } from '../history/facts.ts';
import { workOut } from '../history/history.ts';
import { openCapture } from '../read/file.ts';
import { tracePath } from '../test-support.ts';
import { Evidence } from './evidence.ts';
import { anchorOf, factKinds, factsId, parseFactsId, policyId, policyOfId } from './evidence-id.ts';

let history: History;
let evidence: Evidence;

before(async () => {
  history = await workOut(await openCapture(tracePath('debian-6.1-4k', 'shanon_hot', 'trace.txt.gz')));
  evidence = new Evidence(history);
});

test('a selection reads back as it was written, whatever its values hold', () => {
  const where = { task: 'a,b=%2c\n', mode: '', reason: 'add batch', other: undefined };
  const id = factsId('failures', where);
  assert.equal(id, 'failures,task=a%2cb=%252c%0a,mode=,reason=add batch');
  assert.deepEqual(parseFactsId(id).where, [
    ['task', 'a,b=%2c\n'],
    ['mode', ''],
    ['reason', 'add batch'],
  ]);
  assert.equal(policyOfId(policyId('my,policy')), 'my,policy');
  assert.equal(policyOfId('calls'), undefined);
});

test('two ids never give one anchor, and an anchor needs no escapes', () => {
  const ids = ['calls,task=a b', 'calls,task=a~20~b', 'calls,task="><script>', 'calls,task=é', 'calls,task=_'];
  const anchors = ids.map(anchorOf);
  assert.equal(new Set(anchors).size, ids.length);
  for (const anchor of anchors) assert.match(anchor, /^[\w,=.~-]+$/);
});

test('each sort of facts counts as many as the history has, and every fact has its events', () => {
  const { calls, failures, episodes, requests, drains, flushes, stays, waits } = history;
  const folios = calls.reduce((sum, call) => sum + call.folios.length, 0);
  const all = { calls, failures, episodes, requests, drains, flushes, stays, waits, folios: { length: folios } };
  for (const kind of factKinds) {
    const selected = evidence.select(kind);
    assert.equal(selected.facts, all[kind].length, kind);
    const numbers = new Set(selected.ordinals());
    for (let n = 0; n < Math.min(200, selected.facts); n++) {
      const { says, ordinals } = selected.fact(n);
      assert.doesNotMatch(says, /undefined|NaN/);
      assert.ok(ordinals.length > 0, `${kind}: ${says}`);
      for (const one of ordinals) assert.ok(numbers.has(one) && one < history.capture.events);
    }
  }
  assert.ok(history.failures.length > 0 && history.calls.length > 0);
});

test('what is selected adds up: by outcome, by cause, by time', () => {
  const facts = (id: string) => evidence.select(id).facts;
  const outcomes = ['moved', 'failed', 'unknown'].map((outcome) => facts(factsId('folios', { outcome })));
  assert.equal(
    outcomes.reduce((a, b) => a + b),
    facts('folios'),
  );
  assert.equal(outcomes[1], history.failures.length);
  const middle = Math.ceil(history.capture.end / 2);
  assert.equal(facts(`calls,to=${middle}`) + facts(`calls,from=${middle}`), history.calls.length);
  const [first] = history.failures;
  assert.equal(facts(factsId('failures', { id: first!.id })), 1);
  assert.equal(facts(factsId('failures', { cause: 'no such cause' })), 0);
});

test('what cannot be selected is said with what can', () => {
  const refused = (id: string) => {
    try {
      evidence.select(id);
    } catch (error) {
      assert.ok(error instanceof ScenarioError && error.code === 'evidence/id', String(error));
      return `${error.message} ${error.hint}`;
    }
    return assert.fail(id);
  };
  assert.match(refused('folio'), /no sort of facts there are calls, folios/);
  assert.match(refused('calls,comm=x'), /have no "comm" they have id/);
  assert.match(refused('calls,reason'), /no KEY=VALUE/);
  assert.match(refused('calls,from=soon'), /no time/);
});
