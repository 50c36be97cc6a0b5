import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { exponential, uniform } from '../base/random.ts';
import { resolvePolicy } from '../policies/policies.ts';
import type { Decisions } from './decisions.ts';
import { emptyBackground, type FolioSpec, type RequestDemand } from './demand.ts';
import { Machine, type MachineResult } from './machine.ts';
import { emptyWorld, type Obstacle, type World } from './world.ts';

const shmem: FolioSpec = { order: 0, kind: 'shmem', mapped: 1 };

function request(folios: readonly number[], more: Partial<RequestDemand> = {}): RequestDemand {
  return {
    id: 0,
    model: 'call',
    reason: 'syscall_or_cpuset',
    mode: 'sync',
    cpu: 0,
    start: 0,
    end: 1e6,
    chunks: [{ folios, gap: 0 }],
    ...more,
  };
}

/** Every service takes 10 ns, so that times can be worked out by hand; a cleared entry is replaced at once. */
const steady: World = {
  ...emptyWorld,
  serviceTime: (service) => (service === 'entry' ? 0 : 10),
  drainWorkTime: () => 100,
  rcuWaitTime: () => 1000,
};

/** A reference that never goes away. */
const forever: Obstacle = {
  holder: 'unknown reference',
  from: 0,
  until: Number.POSITIVE_INFINITY,
  references: 1,
};
const stubborn: World = { ...steady, obstacles: () => [forever] };

function run(
  decisions: Decisions,
  world: World,
  demand: RequestDemand,
  folios: readonly FolioSpec[] = [shmem],
): MachineResult {
  const machine = new Machine(decisions, world, {
    cpus: 2,
    folios,
    requests: [demand],
    background: emptyBackground,
  });
  while (machine.step()) assert.deepEqual(machine.brokenInvariants(), []);
  assert.deepEqual(machine.brokenInvariants(), []);
  return machine.result();
}

const countersOf = (result: MachineResult) => result.requests[0]!.counters;

// kernel: mode -> episodes and move attempts of one folio whose reference never goes away.
const table = [
  ['linux-5.10', 'async', 10, 10],
  ['linux-5.10', 'sync', 10, 10],
  ['linux-6.1.192', 'async', 10, 10],
  ['linux-6.1.192', 'sync-light', 10, 10],
  ['linux-6.1.192', 'sync', 10, 10],
  ['linux-6.3', 'async', 1, 10],
  ['linux-6.3', 'sync', 2, 10],
  ['linux-6.12.117', 'async', 1, 10],
  ['linux-6.12.117', 'sync-light', 2, 10],
  ['linux-6.12.117', 'sync', 2, 10],
  ['linux-7.2', 'sync', 2, 10],
  ['linux-6.12+refcheck-unmap', 'sync', 10, 0],
  ['linux-6.12+refcheck-unmap', 'async', 10, 0],
  ['linux-6.12+combined-loop', 'async', 10, 10],
  ['linux-6.12+combined-loop', 'sync', 10, 10],
] as const;

for (const [name, mode, episodes, attempts] of table) {
  test(`one stubborn folio, ${name}, ${mode}: ${episodes} episodes, ${attempts} move attempts`, () => {
    const counters = countersOf(run(resolvePolicy(name).decisions, stubborn, request([0], { mode })));
    assert.equal(counters.episodes, episodes);
    assert.equal(counters.moveAttempts, attempts);
    assert.equal(counters.failedFolios, 1);
    assert.equal(counters.calls, 1);
  });
}

test('a contiguous allocation calls five times: 50 attempts, 50 episodes before 6.3 and 10 since', () => {
  const demand = request([0], { model: 'contiguous allocation', reason: 'contig_range' });
  for (const [name, episodes] of [
    ['linux-6.1.192', 50],
    ['linux-6.12.117', 10],
  ] as const) {
    const result = run(resolvePolicy(name).decisions, stubborn, demand);
    assert.equal(countersOf(result).calls, 5);
    assert.equal(countersOf(result).moveAttempts, 50);
    assert.equal(countersOf(result).episodes, episodes);
    assert.equal(result.requests[0]!.returned, -16);
    assert.equal(result.requests[0]!.chunks[0]![0]!.holder, 'unknown reference');
  }
});

test('move_pages stops at the first call that leaves a folio behind, and counts what it never tried', () => {
  const world: World = { ...steady, obstacles: (_, folio) => (folio === 1 ? [forever] : []) };
  const chunks = [[0], [1], [2, 3]].map((folios) => ({ folios, gap: 0 }));
  const result = run(resolvePolicy('linux-6.12').decisions, world, request([], { model: 'move_pages', chunks }), [
    shmem,
    shmem,
    shmem,
    shmem,
  ]);
  const endings = result.requests[0]!.chunks.flat().map((member) => member.ending);
  assert.deepEqual(endings, ['moved', 'failed', 'not tried', 'not tried']);
  assert.equal(result.requests[0]!.returned, 3);
  assert.equal(countersOf(result).failedFolios, 3);
  assert.equal(countersOf(result).calls, 2);
});

test('nothing in the way: one episode, one attempt, one flush, and the times add up', () => {
  const result = run(resolvePolicy('linux-6.12').decisions, steady, request([0]));
  const { episodes, moveAttempts, tlbFlushes, timeUnderEntries, movedFolios } = countersOf(result);
  assert.deepEqual(
    { episodes, moveAttempts, tlbFlushes, movedFolios },
    {
      episodes: 1,
      moveAttempts: 1,
      tlbFlushes: 1,
      movedFolios: 1,
    },
  );
  // Entries are written after the walk; then the deferred flush, the attempt and the copy, 10 ns each.
  assert.equal(timeUnderEntries, 30);
  assert.equal(result.requests[0]!.ended, 70, 'and the way back to the caller');
});

test('an unmapped folio moves without an episode', () => {
  const unmapped: FolioSpec = { order: 0, kind: 'file', mapped: 0 };
  const result = run(resolvePolicy('linux-6.12').decisions, steady, request([0]), [unmapped]);
  assert.equal(countersOf(result).episodes, 0);
  assert.equal(countersOf(result).moveAttempts, 1);
  assert.equal(countersOf(result).movedFolios, 1);
});

test('writeback: an asynchronous call gives up at once, a synchronous one waits for it', () => {
  const writeback: Obstacle = { holder: 'writeback', from: 0, until: 5000, references: 0 };
  const world: World = { ...steady, obstacles: () => [writeback] };
  const { decisions } = resolvePolicy('linux-6.12');
  const light = run(decisions, world, request([0], { mode: 'sync-light' }));
  assert.equal(countersOf(light).episodes, 0);
  assert.equal(light.requests[0]!.chunks[0]![0]!.holder, 'writeback');
  const sync = run(decisions, world, request([0]));
  assert.equal(countersOf(sync).movedFolios, 1);
  assert.ok(sync.requests[0]!.ended > 5000);
});

test('a lock held for ever leaves a synchronous call unfinished, which is a finding', () => {
  const held: Obstacle = { ...forever, holder: 'lock contention', references: 0 };
  const world: World = { ...steady, obstacles: () => [held] };
  const sync = run(resolvePolicy('linux-6.12').decisions, world, request([0]));
  assert.equal(sync.requests[0]!.chunks[0]![0]!.ending, 'unfinished');
  assert.ok(Number.isNaN(sync.requests[0]!.ended));
  const tried = run(resolvePolicy('linux-6.12').decisions, world, request([0], { mode: 'async' }));
  assert.equal(tried.requests[0]!.chunks[0]![0]!.ending, 'failed');
  assert.equal(tried.requests[0]!.chunks[0]![0]!.holder, 'lock contention');
});

test('no memory ends the call; what was not tried has failed with it', () => {
  const world: World = {
    ...steady,
    obstacles: (_, folio) => (folio === 1 ? [{ ...forever, holder: 'no memory', references: 0 }] : []),
  };
  for (const name of ['linux-6.1.192', 'linux-6.12']) {
    const result = run(resolvePolicy(name).decisions, world, request([0, 1, 2]), [shmem, shmem, shmem]);
    const endings = result.requests[0]!.chunks.flat().map((member) => member.ending);
    assert.deepEqual(endings, ['moved', 'failed', 'failed'], name);
  }
});

/**
 * Touches at rate 1/mean: the first touch after an entry is cleared blocks on the lock when it comes before the entry
 * is written. It never gets on within the call, so an attempt succeeds exactly when no touch came.
 */
function touching(seed: number, mean: number, window: number, releaseAfter: number): World {
  return {
    ...emptyWorld,
    serviceTime: (service) => (service === 'flush' ? window : service === 'entry' ? 0 : 1),
    faultEnters: (visit, { from, until }) => {
      const at = from + exponential(mean, uniform(seed, 'faultWindow', visit.folio, visit.episode));
      return at < until ? [{ at, releaseAfter }] : [];
    },
  };
}

const folioCount = 20_000;
const many = Array.from({ length: folioCount }, () => shmem);
const all = many.map((_, id) => id);

test('exponential touches: one attempt succeeds with exp(-window/mean)', () => {
  const { decisions } = resolvePolicy('linux-6.1');
  const once: Decisions = { ...decisions, plan: { ...decisions.plan, asyncPasses: 1 } };
  for (const [mean, window] of [
    [1000, 100],
    [1000, 700],
    [1000, 2000],
  ] as const) {
    const machine = new Machine(once, touching(1, mean, window, 1e12), {
      cpus: 1,
      folios: many,
      requests: [request(all)],
      background: emptyBackground,
    });
    const moved = machine.run().requests[0]!.counters.movedFolios / folioCount;
    const expected = Math.exp(-window / mean);
    const error = Math.sqrt((expected * (1 - expected)) / folioCount);
    assert.ok(Math.abs(moved - expected) < 4 * error, `${moved} against ${expected} ± ${error}`);
  }
});

test('independent episodes multiply: n passes fail with (1 - exp(-window/mean))^n', () => {
  const { decisions } = resolvePolicy('linux-6.1');
  for (const passes of [2, 4]) {
    const plan: Decisions = { ...decisions, plan: { ...decisions.plan, asyncPasses: passes } };
    // A woken task is done at once, so that each episode begins anew.
    const machine = new Machine(plan, touching(7, 1000, 1200, 0), {
      cpus: 1,
      folios: many,
      requests: [request(all)],
      background: emptyBackground,
    });
    const failed = machine.run().requests[0]!.counters.failedFolios / folioCount;
    const expected = (1 - Math.exp(-1.2)) ** passes;
    const error = Math.sqrt((expected * (1 - expected)) / folioCount);
    assert.ok(Math.abs(failed - expected) < 4 * error, `${failed} against ${expected} ± ${error}`);
  }
});

test('a deferred flush closes the window of the asynchronous part only', () => {
  const world = touching(1, 1, 1000, 0);
  const { decisions } = resolvePolicy('linux-6.12');
  const asynchronous = run(decisions, world, request([0], { mode: 'async' }));
  assert.equal(countersOf(asynchronous).movedFolios, 1);
  const before = run(resolvePolicy('linux-6.5').decisions, world, request([0], { mode: 'async' }));
  assert.equal(countersOf(before).failedFolios, 1, 'before 6.6 arm64 flushed at once');
});

/** In its first two episodes a fault blocks on the lock. */
const twice: World = {
  ...steady,
  faultEnters: (visit, { from }) => (visit.episode < 2 ? [{ at: from, releaseAfter: 5 }] : []),
};

test('a lock-blocked fault outlives every move pass of 6.3 and is let go by every undo', () => {
  const kept = run(resolvePolicy('linux-6.5').decisions, twice, request([0]));
  assert.equal(countersOf(kept).failedFolios, 1);
  assert.equal(countersOf(kept).episodes, 2);
  assert.equal(countersOf(kept).moveAttempts, 10);
  const undone = run(resolvePolicy('linux-6.1.192').decisions, twice, request([0]));
  assert.equal(countersOf(undone).movedFolios, 1);
  assert.equal(countersOf(undone).episodes, 3);
});

test('the alternatives of the thread free a lock-blocked fault', () => {
  for (const [name, episodes] of [
    // Both the first and the resubmitted part undo at the first mismatch; the third episode moves.
    ['waiters-undo', 3],
    ['requeue-last', 3],
    ['combined-loop', 3],
    ['refcheck-unmap', 3],
  ] as const) {
    const result = run(resolvePolicy(`linux-6.5+${name}`).decisions, twice, request([0]));
    assert.equal(countersOf(result).movedFolios, 1, name);
    assert.equal(countersOf(result).episodes, episodes, name);
  }
  const caller = run(resolvePolicy('linux-6.5+waiters-undo-caller').decisions, twice, request([0]));
  assert.equal(countersOf(caller).failedFolios, 1, 'the caller of this request does not retry');
  assert.equal(countersOf(caller).moveAttempts, 2);
});

test('a comparison at the end of unmapping does not see a reference that comes late; the move does, and spins on it', () => {
  const blockedBy = (late: boolean): World => ({
    ...steady,
    faultEnters: (visit, { from }) => (visit.episode === 0 ? [{ at: from, releaseAfter: 0, late }] : []),
  });
  const refcheck = resolvePolicy('linux-6.5+refcheck-unmap').decisions;
  const early = countersOf(run(refcheck, blockedBy(false), request([0])));
  assert.deepEqual([early.movedFolios, early.episodes, early.moveAttempts], [1, 2, 1]);
  // Three attempts of the asynchronous part in vain, then the synchronous part moves it.
  const late = countersOf(run(refcheck, blockedBy(true), request([0])));
  assert.deepEqual([late.movedFolios, late.episodes, late.moveAttempts], [1, 2, 3 + 1]);
});

test('waiters-undo submits a folio at most seven times more', () => {
  const always: World = { ...steady, faultEnters: (_, { from }) => [{ at: from, releaseAfter: 0 }] };
  const result = run(resolvePolicy('linux-6.5+waiters-undo').decisions, always, request([0]));
  assert.equal(countersOf(result).episodes, 1 + 7);
  assert.equal(countersOf(result).moveAttempts, 1 + 7);
});

test('a task that is slower than the next lock sleeps on with its reference', () => {
  const slow: World = {
    ...steady,
    faultEnters: (visit, { from }) => (visit.episode === 0 ? [{ at: from, releaseAfter: 1e9 }] : []),
  };
  const result = run(resolvePolicy('linux-6.1.192').decisions, slow, request([0]));
  // Its wakeups are lost to the migrator until the lock is handed over (sysctl_page_lock_unfairness); then the
  // synchronous call waits for it.
  assert.equal(countersOf(result).movedFolios, 1);
  assert.ok(result.requests[0]!.ended > 1e9);
  assert.ok(countersOf(result).episodes > 6);
});

test('a private anonymous folio meets no lock-blocked fault', () => {
  const anon: FolioSpec = { order: 0, kind: 'anon', mapped: 1 };
  const result = run(resolvePolicy('linux-6.1').decisions, touching(1, 1, 1000, 1e12), request([0]), [anon]);
  assert.equal(countersOf(result).movedFolios, 1);
});

test('waiters on an entry stall for as long as the entry stands; before 5.17 they hold a reference for a moment', () => {
  const world: World = {
    ...steady,
    entryWaiter: (_, n, from) => (n === 0 ? from + 2 : Number.POSITIVE_INFINITY),
    entryWaitReferenceTime: () => 15,
  };
  const now = run(resolvePolicy('linux-6.1').decisions, world, request([0]));
  // Entries stand for attempt and copy; the waiter comes 2 ns after they were written.
  assert.equal(countersOf(now).stall, 18);
  assert.equal(countersOf(now).episodes, 1);
  const then = run(resolvePolicy('linux-5.10').decisions, world, request([0]));
  assert.ok(countersOf(then).episodes > 1, 'the reference collides with the comparison');
});

test('a reference taken during the copy throws the copy away since 6.11', () => {
  // Six services of 10 ns: isolation, destination, walk, flush, attempt (compared at 50), copy until 60.
  const late: Obstacle = { holder: 'transient reference', from: 55, until: 65, references: 1 };
  const world: World = { ...steady, obstacles: () => [late] };
  const after = run(resolvePolicy('linux-6.12').decisions, world, request([0], { mode: 'sync' }));
  assert.equal(countersOf(after).copiesThrownAway, 1);
  assert.equal(countersOf(after).movedFolios, 1);
  const before = run(resolvePolicy('linux-6.10').decisions, world, request([0], { mode: 'sync' }));
  assert.equal(countersOf(before).copiesThrownAway, 0);
});

test('the oracle moves at the first attempt unless something stands there all the time', () => {
  const { decisions } = resolvePolicy('oracle', resolvePolicy('linux-6.12'));
  const passing: Obstacle = { holder: 'transient reference', from: 0, until: 9e5, references: 1 };
  const moved = run(decisions, { ...steady, obstacles: () => [passing] }, request([0]));
  assert.equal(countersOf(moved).movedFolios, 1);
  assert.equal(countersOf(moved).moveAttempts, 1);
  const blocked = run(decisions, stubborn, request([0]));
  assert.equal(countersOf(blocked).failedFolios, 1);
});
