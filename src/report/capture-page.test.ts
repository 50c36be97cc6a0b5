import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import type { Interval } from '../compare/comparison.ts';
import { cards } from './capture-page.ts';
import type { Facts } from './charts/figure.ts';
import { nextAnswers, nextTables } from './next.ts';
import { madeUpFacts } from './test-support.ts';

const made = madeUpFacts();
const answerOf = (facts: Facts, question: RegExp) => cards(facts, 'c1').find((one) => question.test(one.question))!;

/** The same without the events that were lost. */
const whole: Facts = {
  ...made,
  history: { ...made.history, capture: { ...made.history.capture, losses: [] } },
};

function withFidelity(state: 'good' | 'poor' | 'unchecked', recordedFailures = 27): Facts {
  const fidelity = { ...whole.comparison.fidelity, state, recordedFailures };
  return { ...whole, comparison: { ...whole.comparison, fidelity } };
}

/** No difference of any policy leaves zero out. */
function untold(facts: Facts): Facts {
  const rows = facts.comparison.rows.map((row) => {
    const failedFolios = { estimate: -1, low: -3, high: 1 };
    const told = { ...row.told, failedFolios: 'cannot tell' as const };
    return { ...row, difference: { ...row.difference, failedFolios }, told };
  });
  return { ...facts, comparison: { ...facts.comparison, rows } };
}

test('an interval that holds nearly anything is no plain yes', () => {
  const fidelity = { ...whole.comparison.fidelity, predictedFailures: { estimate: 20, low: 2, high: 30 } };
  const wide = { ...whole, comparison: { ...whole.comparison, fidelity } };
  assert.equal(answerOf(wide, /believed/).answer, 'Within wide intervals');
  assert.equal(answerOf(wide, /believed/).mood, 'unchecked');
});

test('what was lost stands in the way of a plain yes', () => {
  assert.deepEqual(answerOf(whole, /believed/).mood, 'good');
  assert.match(answerOf(whole, /believed/).answer, /^Yes/);
  assert.equal(answerOf(made, /believed/).answer, 'Only of what was recorded');
  assert.equal(answerOf(made, /believed/).mood, 'unchecked');
  assert.match(answerOf(made, /missing/).answer, /^34 events lost \(0\.4 %\)$/);
  const none = { ...made, history: { ...made.history, failures: [] } };
  assert.equal(answerOf(none, /failed/).answer, 'Nothing that was recorded');
  assert.equal(answerOf(withFidelity('poor'), /believed/).answer, 'As a direction only');
  const events = made.history.capture.events / 50;
  const holey = { ...made, history: { ...made.history, capture: { ...made.history.capture, events } } };
  assert.equal(answerOf(holey, /next/).answer, 'Record with larger buffers');
  assert.notEqual(answerOf(made, /next/).answer, 'Record with larger buffers');
});

test('the policy that wins is named with its interval, its price and what it rests on', () => {
  const [first] = nextAnswers(whole);
  assert.match(first!.answer, /^waiters-undo, .*: \[-19\.4, -13\] folios given up against /);
  assert.match(first!.answer, /Its price: .*all-CPU drains \[\+/);
  assert.match(first!.answer, /It rests on bounded: /);
  assert.match(answerOf(whole, /changed/).answer, /^waiters-undo$/);
  const [table] = nextTables(whole);
  assert.equal(table?.rows[0]?.[0], 'waiters-undo');
  assert.ok(!nextTables(whole)[0]?.rows.some(([policy]) => policy === 'oracle'), 'a bound is nobody’s choice');
});

test('none can be told is said plainly, and why', () => {
  const [first] = nextAnswers(untold(whole));
  assert.match(first!.answer, /^None can be told: whether fewer folios would be given up cannot be told under /);
  assert.equal(answerOf(untold(whole), /changed/).answer, 'None can be told');
  const [nothing] = nextAnswers(untold(withFidelity('good', 0)));
  assert.match(nothing!.answer, /no folio was given up, so there is nothing that another policy could save/);
  const alone = { ...whole, comparison: { ...whole.comparison, rows: whole.comparison.rows.slice(0, 1) } };
  assert.match(nextAnswers(alone)[0]!.answer, /no other policy could be replayed/);
});

test('who gives up as many for less is named, and nobody whose other costs rise', () => {
  const asMany = (allCpuDrains: Interval, stall: Interval) => {
    const rows = whole.comparison.rows.map((row) => {
      if (row.policy !== 'waiters-undo') return row;
      const nought = { estimate: 0, low: 0, high: 0 };
      const none = Object.fromEntries(Object.keys(row.difference).map((metric) => [metric, nought]));
      const difference = { ...none, allCpuDrains, stall } as typeof row.difference;
      return { ...row, difference, told: { ...row.told, failedFolios: 'every draw equal' as const } };
    });
    return nextAnswers({ ...whole, comparison: { ...whole.comparison, rows } });
  };
  const fewer = { estimate: -12, low: -15, high: -8 };
  const less = (answers: ReturnType<typeof asMany>) => answers.find(({ question }) => /for less/.test(question));
  assert.match(
    less(asMany(fewer, { estimate: 0, low: -1, high: 1 }))!.answer,
    /^waiters-undo \(\w+\): all-CPU drains -12 \[-15, -8\]\. No cost/,
  );
  assert.equal(less(asMany(fewer, { estimate: 2e6, low: 1e6, high: 3e6 })), undefined);
});

test('a model that misses the recording asks for a trial and not for a patch', () => {
  const answers = nextAnswers(withFidelity('poor'));
  assert.match(answers[0]!.answer, /A direction, not numbers/);
  assert.match(
    answers.find(({ question }) => question === 'Before deciding')!.answer,
    /try the policy on the workload/,
  );
  assert.match(answerOf(withFidelity('poor'), /next/).answer, /^Record waiters-undo and compare$/);
  assert.ok(nextAnswers(made).some(({ question }) => question === 'Events were lost'));
  assert.ok(!nextAnswers(whole).some(({ question }) => question === 'Events were lost'));
});
