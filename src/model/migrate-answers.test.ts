/** Axes A to E of kernel-model 8.1 in one call: episodes and attempts by hand. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { resolvePolicy } from '../policies/policies.ts';
import { emptyBackground, type RequestDemand } from './demand.ts';
import { Machine, type RequestResult } from './machine.ts';
import { one, rowsOf } from './made-up.ts';
import { emptyWorld, type Obstacle, type World } from './world.ts';

/** Every service takes 10 ns, but a cleared entry is replaced at once. */
const steady: World = {
  ...emptyWorld,
  serviceTime: (service) => (service === 'entry' ? 0 : 10),
  drainWorkTime: () => 100,
};
const forever: Obstacle = { holder: 'unknown reference', from: 0, until: Number.POSITIVE_INFINITY, references: 1 };
const stubborn: World = { ...steady, obstacles: () => [forever] };

const call: RequestDemand = {
  id: 0,
  model: 'call',
  reason: 'syscall_or_cpuset',
  mode: 'sync',
  cpu: 0,
  start: 0,
  end: 1e6,
  chunks: [{ folios: [0], gap: 0 }],
};

function migrate(policy: string, world: World, demand: Partial<RequestDemand> = {}): RequestResult {
  return one(resolvePolicy(policy).decisions, {}, { model: 'call', ...demand }, world);
}

const episodesOf = ({ counters }: RequestResult) => [counters.episodes, counters.moveAttempts];

/** A task that came with the first episode and never gets on. */
const sleeper: World = {
  ...steady,
  faultEnters: (visit, { from }) => (visit.episode === 0 ? [{ at: from, releaseAfter: 1e12, wakeAfter: 1e12 }] : []),
};
/** A task that blocks on every episode and is gone as soon as it is woken. */
const keen: World = { ...steady, faultEnters: (_, { from }) => [{ at: from, releaseAfter: 0 }] };

// kernel-model 3.6: episodes and move attempts of one folio, synchronous, whose reference belongs to nobody who waits.
for (const [policy, episodes, attempts] of [
  ['linux-6.1.192', 10, 10],
  ['linux-6.12.117', 2, 10],
  ['linux-6.12+refcheck-unmap', 10, 0],
  // Nobody waits: as mainline.
  ['linux-6.12+waiters-undo', 2, 10],
  ['linux-6.12+waiters-undo-lock-sleepers', 2, 10],
  ['linux-6.12+requeue-last', 2, 10],
  ['linux-6.12+requeue-last-any', 2, 10],
  ['linux-6.12+combined-loop', 10, 10],
  // Given back by the first part, then submitted once and ten times more.
  ['linux-6.12+outer-loop', 1 + 11, 1 + 11],
  ['linux-6.12+retries-x3', 2, 30],
  ['linux-6.12+refcheck-unmap-x3', 30, 0],
] as const) {
  test(`a reference without a waiter, ${policy}: ${episodes} episodes, ${attempts} move attempts`, () => {
    const result = migrate(policy, stubborn);
    assert.deepEqual(episodesOf(result), [episodes, attempts]);
    assert.equal(result.counters.failedFolios, 1);
  });
}

// The same with a task asleep on the lock in every episode. 6.5: an eager flush leaves the window open in both parts.
for (const [policy, episodes, attempts] of [
  ['linux-6.5', 2, 10],
  ['linux-6.5+waiters-undo', 1 + 7, 1 + 7],
  ['linux-6.5+waiters-undo-lock-sleepers', 1 + 7, 1 + 7],
  ['linux-6.5+waiters-undo-caller', 2, 2],
  // One round a pass: 3, then 7.
  ['linux-6.5+requeue-last', 10, 10],
  ['linux-6.5+requeue-last-lock-sleepers', 10, 10],
  // Before any comparison.
  ['linux-6.5+requeue-last-any', 10, 0],
  ['linux-6.5+refcheck-unmap', 10, 0],
] as const) {
  test(`a task that sleeps on the lock each time, ${policy}: ${episodes} episodes, ${attempts} attempts`, () => {
    assert.deepEqual(episodesOf(migrate(policy, keen)), [episodes, attempts]);
  });
}

test('both readings of "somebody waits": those who wait on an entry set PG_waiters and hold no reference', () => {
  const hot: World = { ...stubborn, entryWaiter: (_, n, from) => (n === 0 ? from : Number.POSITIVE_INFINITY) };
  assert.deepEqual(episodesOf(migrate('linux-6.12+waiters-undo', hot)), [8, 8]);
  assert.deepEqual(episodesOf(migrate('linux-6.12+waiters-undo-lock-sleepers', hot)), [2, 10]);
  // Read literally, waiters alone turn it back: nothing stands in this folio's way, and it never moves.
  const free: World = { ...hot, obstacles: () => [] };
  const literal = migrate('linux-6.12+requeue-last-any', free);
  assert.deepEqual(episodesOf(literal), [10, 0]);
  assert.equal(literal.counters.failedFolios, 1);
  assert.equal(migrate('linux-6.12+requeue-last', free).counters.movedFolios, 1);
});

test('a stale PG_waiters (another folio of the same hash) backs off for nobody', () => {
  const stale: World = { ...stubborn, staleWaiters: () => true };
  assert.deepEqual(episodesOf(migrate('linux-6.12+waiters-undo', stale)), [8, 8]);
  assert.deepEqual(episodesOf(migrate('linux-6.12+waiters-undo-lock-sleepers', stale)), [2, 10]);
});

test('woken and not yet run: PG_waiters is clear, the reference is held, and undoing for waiters spins all passes', () => {
  // The first part undoes it at its first mismatch. In the second it has not run yet.
  const result = migrate('linux-6.5+waiters-undo', sleeper);
  assert.deepEqual(episodesOf(result), [2, 1 + 7]);
  assert.equal(result.chunks[0]![0]!.holder, 'lock-blocked fault');
});

test('sleep for references: woken by the drain that drops them, and only for a longterm pin', () => {
  // CPU 1 has the folio in its activate batch until it drains at 50,000.
  const rows = rowsOf([
    [100, 1, 1, 0],
    [50_000, 1, 7, 0],
  ]);
  const { decisions } = resolvePolicy('linux-6.12.117+reference-sleep');
  const pin = one(decisions, {}, { model: 'call', reason: 'longterm_pin' }, steady, rows);
  assert.equal(pin.counters.movedFolios, 1);
  assert.deepEqual(episodesOf(pin), [1, 2]);
  assert.ok(Math.abs(pin.counters.referenceSleep - 49_000) < 100, `slept ${pin.counters.referenceSleep}`);
  const other = one(decisions, {}, { model: 'call' }, steady, rows);
  assert.equal(other.counters.failedFolios, 1);
  assert.equal(other.counters.referenceSleep, 0);
});

test('sleep for references: what never goes is slept for one second a folio and call, in all', () => {
  const result = migrate('linux-6.12.117+reference-sleep', stubborn, { reason: 'longterm_pin' });
  assert.equal(result.counters.referenceSleep, 1e9);
  assert.deepEqual(episodesOf(result), [2, 10]);
  // A reference that goes by itself wakes it then.
  const passing: World = { ...steady, obstacles: () => [{ ...forever, until: 2e6 }] };
  const moved = migrate('linux-6.12.117+reference-sleep', passing, { reason: 'longterm_pin' });
  assert.equal(moved.counters.movedFolios, 1);
  assert.ok(moved.counters.referenceSleep < 2e6);
});

test('no window between the cleared entry and the migration entry: no fault gets in', () => {
  assert.equal(migrate('linux-6.5', keen).counters.failedFolios, 1);
  for (const policy of ['linux-6.5+marker-first', 'linux-6.5+entry-first']) {
    const { counters } = migrate(policy, keen);
    assert.deepEqual([counters.movedFolios, counters.episodes, counters.tlbFlushes], [1, 1, 1], policy);
    // The entry stands before the flush now: flush, attempt and copy pass under it.
    assert.equal(counters.timeUnderEntries, 30, policy);
  }
});

test('a second look before ->fault() catches those that are slower than the unmapping', () => {
  // Cleared, flushed for 10 ns, replaced. The look comes 4 or 15 ns after the fault found the entry clear.
  const after = (recheckAfter: number | undefined, late = false): World => ({
    ...steady,
    faultEnters: (visit, { from }) =>
      visit.episode > 0
        ? []
        : [{ at: from, releaseAfter: 1e12, late, ...(recheckAfter === undefined ? {} : { recheckAfter }) }],
  });
  for (const [world, moved] of [
    [after(4), 0],
    [after(15), 1],
    [after(undefined), 0],
    [after(undefined, true), 1],
  ] as const) {
    const { counters } = migrate('linux-6.1+fault-recheck', world, { mode: 'async' });
    assert.equal(counters.movedFolios, moved);
    // Who was caught waits on the entry instead.
    if (moved === 1) assert.ok(counters.stall > 0 && counters.stall <= 20);
  }
  assert.equal(migrate('linux-6.1', after(15), { mode: 'async' }).counters.movedFolios, 0);
});

test('a fault that drops its reference before it sleeps is in the way for a moment only', () => {
  const holding = (dropAfter: number): World => ({
    ...steady,
    faultEnters: (visit, { from }) => (visit.episode > 0 ? [] : [{ at: from, releaseAfter: 1e12, dropAfter }]),
  });
  const { counters } = migrate('linux-6.5+fault-drop', holding(5), { mode: 'async' });
  assert.deepEqual([counters.movedFolios, counters.episodes, counters.moveAttempts], [1, 1, 1]);
  assert.ok(counters.stall > 0);
  // Longer than flush and attempt: the first attempt meets it.
  const slow = migrate('linux-6.5+fault-drop', holding(25), { mode: 'async' }).counters;
  assert.deepEqual([slow.movedFolios, slow.episodes, slow.moveAttempts], [1, 1, 2]);
});

test('a request that sleeps for the lock has set PG_waiters as well', () => {
  // The second wants to pin the folio when the second part of the first has it under entries, and sleeps until they go:
  // one attempt, given back, submitted again, and nobody waits any more.
  const requests: RequestDemand[] = [
    { ...call, id: 0, start: 0 },
    { ...call, id: 1, start: 105, model: 'longterm pin', reason: 'longterm_pin' },
  ];
  for (const [policy, attempts] of [
    ['linux-6.12.117', 3 + 7],
    ['linux-6.12.117+waiters-undo', 3 + 1 + 7],
  ] as const) {
    const { decisions } = resolvePolicy(policy);
    const result = new Machine(decisions, stubborn, {
      cpus: 2,
      folios: [{ order: 0, kind: 'shmem', mapped: 1 }],
      requests,
      background: emptyBackground,
      horizon: 1e6,
      outerLoops: 1,
    }).run();
    assert.equal(result.requests[0]!.counters.moveAttempts, attempts, policy);
  }
});
