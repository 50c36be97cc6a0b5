/** The two parts of disabling the caches: told apart where the capture shows them, and drawn where it does not. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import type { Drain, Flush, History, Window } from '../history/facts.ts';
import { resolvePolicy } from '../policies/policies.ts';
import { barrierOf, barriersOf, soonerBy } from './barrier.ts';
import { madeUpHistory } from './made-up.ts';

const kernel = resolvePolicy('linux-6.12.117');
const once = resolvePolicy('drain-once', kernel);

/** Windows of 1 ms each, 10 ms apart; `flushed`: in each, ns until works of CPUs flushed something. */
function barred(flushed: readonly (readonly number[])[]): History {
  const windows: Window[] = [];
  const drains: Drain[] = [];
  const flushes: Flush[] = [];
  flushed.forEach((works, id) => {
    const start = (id + 1) * 1e7;
    windows.push({ pid: 100, start, drained: start + 1e6, end: start + 2e6, endCertainty: 'seen', request: -1 });
    drains.push({
      id,
      scope: 'disable',
      pid: 100,
      comm: 'mover',
      cpu: 0,
      start,
      end: start + 1e6,
      cpus: works.map((_, cpu) => cpu),
      certainty: 'seen',
      ordinal: 0,
    });
    works.forEach((after, cpu) => {
      const at = start + after;
      flushes.push({
        cpu,
        batch: 'add',
        pid: 9,
        start: at,
        end: at,
        count: 1,
        cause: 'all-CPU drain',
        drain: id,
        ordinal: 0,
      });
    });
  });
  return madeUpHistory([['m']], { windows, drains, flushes });
}

const luck = { wakes: Float64Array.of(1000, 5000), unseen: { worker: 0, rcu: 0.5 }, seed: 1, key: 7, pace: 0 };
const at = (drainStart: number) => ({ drainStart, drainTime: 1e6 });

test('a window in which no work flushed anything was an RCU wait as a whole', () => {
  const barriers = barriersOf(barred([[], [600_000, 900_000]]), kernel);
  assert.deepEqual([...barriers.rcu], [1e6]);
  const idle = barrierOf({ ...luck, barriers }, at(1e7));
  assert.equal(idle.rcuWaitTime(0, 0), 1e6);
  assert.equal(idle.takes(kernel.decisions), 1e6);
  assert.equal(idle.takes(once.decisions), 0);
});

test('where works flushed, the RCU wait ended before, and each CPU is drained in its own time', () => {
  const barriers = barriersOf(barred([[], [600_000, 900_000]]), kernel);
  const busy = barrierOf({ ...luck, barriers }, at(2e7));
  assert.equal(busy.rcuWaitTime(0, 0), 600_000);
  assert.equal(busy.drainWorkTime(0, 0, 0), 0);
  // The last one is waited for to the end.
  assert.equal(busy.drainWorkTime(1, 0, 0), 400_000);
  assert.equal(busy.takes(once.decisions), 400_000);
  // Works are drawn from those that were seen where the range had none.
  const idle = barrierOf({ ...luck, barriers }, at(1e7));
  assert.equal(idle.drainWorkTime(1, 0, 0), 400_000);
});

test("a worker's own wait is at most what windows with works took longer", () => {
  const barriers = barriersOf(barred([[], [600_000]]), kernel);
  assert.equal(barriers.late, 0);
  const never = barriersOf(barred([[600_000], [800_000]]), kernel);
  assert.equal(never.late, 700_000);
  const barrier = barrierOf({ ...luck, barriers: never, unseen: { worker: 0.5, rcu: 0 } }, at(1e7));
  assert.equal(barrier.rcuWaitTime(0, 0), 250_000);
});

test('a recording that only drained says nothing of an RCU wait: it is drawn between none and all tasks being back', () => {
  const barriers = barriersOf(barred([[], [600_000]]), once);
  assert.deepEqual([...barriers.rcu], []);
  const barrier = barrierOf({ ...luck, barriers }, at(2e7));
  assert.equal(barrier.rcuWaitTime(0, 0), 5000);
  assert.equal(barrier.takes(once.decisions), 1e6);
  assert.equal(barrier.takes(kernel.decisions), 1e6 + 5000);
});

test('a task comes sooner to its next request by all its barriers since, of requests without calls as well', () => {
  const barriers = barriersOf(barred([[], [600_000], []]), kernel);
  const input = { ...luck, barriers };
  const by = (decisions: typeof kernel.decisions, pid = 100) =>
    soonerBy(input, { decisions, pid, from: 1.5e7, until: 4e7 });
  assert.equal(by(once.decisions), 600_000 + 1e6);
  assert.equal(by(kernel.decisions), 0);
  assert.equal(by(once.decisions, 101), 0);
});
