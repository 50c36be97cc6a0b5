import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { type Company, type Doing, nobody, type RecordedSteps, type Step } from './recorded-steps.ts';
import { createTasks } from './tasks.ts';

const asked: { last: Doing; next: Doing; company: Company }[] = [];

/** Two tasks, who are back 50 ns after they were let go; each step as given, whoever is there. */
function stepsOf(step: Partial<Step>, change: Partial<RecordedSteps> = {}): RecordedSteps {
  return {
    tasks: 2,
    touches: 1,
    wakes: Float64Array.of(50),
    of(last, next, company) {
      asked.push({ last, next, company });
      return [{ time: 100, sleeps: [], company: nobody, ...step }];
    },
    backAfter: () => [],
    ...change,
  };
}

const created = (steps: RecordedSteps, sooner = 0) =>
  createTasks({ steps, key: 1, start: 0, sooner, seed: 1, pace: 0 });

const arrivals = (tasks: ReturnType<typeof created>, folio: number) =>
  [0, 1, 2].map((n) => tasks.arrival(folio, n)).filter((time) => time < Number.POSITIVE_INFINITY);

test('no more fall asleep than there are, each on the folio that the recorded one slept on', () => {
  const sleeps = [0, 0.5, 0.9].map((place, n) => ({ after: 10 * n, place }));
  const tasks = created(stepsOf({ sleeps }));
  tasks.call(0, 1000);
  tasks.set(7, 1000, false);
  tasks.set(8, 1020, false);
  assert.equal(tasks.step('moved', 0.5, 1050), 70, 'what is left of 100 ns since the last entry');
  assert.deepEqual([arrivals(tasks, 7), arrivals(tasks, 8)], [[1050], [1050]]);
});

test('who sleeps on one folio comes to no other before it was let go and is back', () => {
  const tasks = created(stepsOf({ sleeps: [{ after: 10, place: 0.9 }] }));
  tasks.call(0, 0);
  tasks.set(7, 0, false);
  tasks.block(7, 2, 0);
  tasks.set(8, 10, false);
  tasks.step('moved', 0.5, 10);
  assert.deepEqual(arrivals(tasks, 8), [], 'both want the lock of the first');
  tasks.gone(7, 110, 'undone');
  tasks.step('moved', 0.5, 110);
  assert.deepEqual(arrivals(tasks, 8), [], 'both are on their way');
  tasks.step('moved', 0.5, 180);
  assert.deepEqual(arrivals(tasks, 8), [180]);
});

test('a step is one that began among as many who sleep and as many who are not back', () => {
  asked.length = 0;
  const tasks = created(stepsOf({}, { backAfter: () => [500] }), 300);
  tasks.call(0, 600);
  tasks.step('set', 0.5, 600);
  tasks.set(7, 700, false);
  tasks.block(7, 1, 700);
  tasks.step('tried', 0.5, 700);
  tasks.step('undone', 0.5, 800);
  tasks.gone(7, 900, 'undone');
  tasks.step('return', 0.5, 900);
  assert.deepEqual(asked, [
    { last: 'call', next: 'set', company: { asleep: 0, wanting: 0, gotIn: false, woken: 1 } },
    { last: 'set', next: 'tried', company: { asleep: 1, wanting: 1, gotIn: true, woken: 1 } },
    { last: 'tried', next: 'undone', company: { asleep: 1, wanting: 1, gotIn: false, woken: 0 } },
    { last: 'undone', next: 'return', company: { asleep: 0, wanting: 0, gotIn: false, woken: 1 } },
  ]);
});
