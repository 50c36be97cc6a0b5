import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { causes, type Evidence, type Failure } from '../history/facts.ts';
import { holdersOf, holderText, likeliest, pick, posteriorOf } from './blame.ts';
import { madeUpHistory } from './made-up.ts';

const failure = (evidence: Evidence[]): Failure => ({ id: 0, call: 0, folio: 0, pfn: 1, pages: 1, time: 0, evidence });
const says = (cause: Evidence['cause'], weight: number): Evidence => ({ says: '', cause, weight, ordinal: 0 });

test('a failure without evidence is one that nobody can tell', () => {
  assert.equal(likeliest(posteriorOf(failure([]))), 'cannot tell');
  assert.equal(posteriorOf(failure([]))[causes.indexOf('cannot tell')], 1);
});

test('likelihood ratios multiply, against cannot tell at 1', () => {
  const posterior = posteriorOf(failure([says('pin', 2), says('pin', 4), says('writeback', 3)]));
  assert.equal(posterior[causes.indexOf('pin')], 8 / 12);
  assert.equal(posterior[causes.indexOf('writeback')], 3 / 12);
  assert.equal(posterior[causes.indexOf('cannot tell')], 1 / 12);
  assert.equal(posterior[causes.indexOf('add batch')], 0);
});

test('evidence that rules a cause out leaves nothing of it', () => {
  const posterior = posteriorOf(failure([says('pin', 100), says('pin', 0)]));
  assert.equal(likeliest(posterior), 'cannot tell');
});

test('a uniform number picks causes by their probability', () => {
  const posterior = posteriorOf(failure([says('pin', 3)]));
  assert.equal(pick(posterior, 0.74), 'pin');
  assert.equal(pick(posterior, 0.76), 'cannot tell');
});

test('holders: a task by its name wherever it ran, a batch by its CPU, each with the failures expected of it', () => {
  const who = (pid: number, cpu: number) => ({ pid, cpu, comm: pid < 0 ? '' : 'app', since: 0 });
  const named = (cause: Evidence['cause'], pid: number, cpu: number): Evidence => ({
    ...says(cause, 3),
    who: who(pid, cpu),
  });
  const made = madeUpHistory([['uu'], ['uu'], ['uu']]);
  const evidence = [[named('pin', 7, 1)], [named('pin', 7, 2)], [named('add batch', -1, 2), says('add batch', 2)]];
  const history = { ...made, failures: evidence.map((one, i) => ({ ...failure(one), id: i, call: i })) };
  const rows = holdersOf(
    history,
    history.failures.map((one) => posteriorOf(one)),
  );
  assert.deepEqual(
    rows.map((row) => [holderText(row), row.cause, row.folios]),
    [
      ['app-7', 'pin', 1.5],
      ['CPU 2', 'add batch', 6 / 7],
    ],
  );
});
