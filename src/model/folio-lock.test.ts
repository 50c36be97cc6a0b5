import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FolioSpec } from './demand.ts';
import { type Folio, Folios, settle } from './folio.ts';
import {
  blockOn,
  hasLockSleepers,
  hasWaiters,
  isLocked,
  lock,
  lockedByFault,
  lockUnfairness,
  queueBehind,
  sleptSoFar,
  unlock,
} from './folio-lock.ts';
import type { Kernel } from './kernel.ts';
import type { BlockedFault } from './world.ts';

const shmem: FolioSpec = { order: 0, kind: 'shmem', mapped: 0 };
const nobodyElse = { wakeLockSleepers: () => undefined } as unknown as Kernel;

function createFolio(): Folio {
  return new Folios([shmem]).get(0);
}

const account = () => ({ stall: 0, waiterWakes: 0 });

/** The migrator holds the lock from `from` to `until`; false when it could not have it. */
function hold(folio: Folio, from: number, until: number): boolean {
  settle(folio, from);
  if (isLocked(folio)) return false;
  lock(folio, 0, from);
  settle(folio, until);
  unlock(folio, until, nobodyElse);
  return true;
}

/** References beyond the page cache's. */
function blockedReferences(folio: Folio, now: number): number {
  settle(folio, now);
  return folio.references - 1;
}

/** The rule before there was a queue, for one task: woken by any unlock, done `releaseAfter` later unless locked again. */
function oldRule(fault: BlockedFault) {
  let lockedBy = -1;
  let lockedSince = Number.NaN;
  let unlockedAt = Number.NEGATIVE_INFINITY;
  let handedUntil = Number.NaN;
  let lost = 0;
  let blocked = true;
  let stall = 0;
  const settleOld = (now: number) => {
    if (lockedBy === -2 && handedUntil <= now) {
      if (blocked) stall += unlockedAt - fault.at;
      blocked = false;
      lockedBy = -1;
      unlockedAt = handedUntil;
    }
    const until = lockedBy === -1 ? now : lockedSince;
    if (blocked && fault.at <= unlockedAt && unlockedAt + fault.releaseAfter <= until) {
      stall += unlockedAt - fault.at;
      blocked = false;
    }
  };
  return {
    settle: settleOld,
    isLocked: () => lockedBy !== -1,
    lock(now: number) {
      if (blocked) lost++;
      lockedBy = 0;
      lockedSince = now;
    },
    unlock(now: number) {
      unlockedAt = now;
      // One race earlier than it was then: the sixth sleep is the one that is handed the lock (mm/filemap.c).
      if (!blocked || lost < lockUnfairness) lockedBy = -1;
      else {
        lockedBy = -2;
        lockedSince = now;
        handedUntil = now + fault.releaseAfter;
      }
    },
    state: () => ({ blocked: blocked ? 1 : 0, stall }),
  };
}

test('one task of which only the time to its release is known: as before there was a queue', () => {
  let handovers = 0;
  const step = fc.record({ pause: fc.nat(40), held: fc.integer({ min: 1, max: 40 }) });
  fc.assert(
    fc.property(fc.nat(60), fc.array(step, { maxLength: 30 }), (releaseAfter, steps) => {
      const fault: BlockedFault = { at: 5, releaseAfter };
      const folio = createFolio();
      const counted = account();
      const old = oldRule(fault);
      lock(folio, 0, 0);
      blockOn(folio, fault, counted);
      // The task came with this lock held: no race was lost by it.
      let now = 10;
      unlock(folio, now, nobodyElse);
      old.unlock(now);
      for (const { pause, held } of steps) {
        now += pause;
        settle(folio, now);
        old.settle(now);
        assert.deepEqual({ blocked: folio.references - 1, stall: counted.stall }, old.state());
        assert.equal(isLocked(folio), old.isLocked());
        if (isLocked(folio)) continue;
        lock(folio, 0, now);
        old.lock(now);
        now += held;
        settle(folio, now);
        unlock(folio, now, nobodyElse);
        old.settle(now);
        old.unlock(now);
        handovers += folio.lockedBy === lockedByFault ? 1 : 0;
      }
    }),
    { numRuns: 500, seed: 3 },
  );
  assert.ok(handovers > 0, 'the runs must reach what they compare');
});

test('one exclusive task an unlock, first come first served: the k-th is done after the sum of the releases', () => {
  const folio = createFolio();
  const counted = account();
  lock(folio, 0, 0);
  for (const [at, releaseAfter] of [
    [1, 100],
    [2, 20],
    [3, 3],
  ] as const) {
    blockOn(folio, { at, releaseAfter }, counted);
  }
  unlock(folio, 10, nobodyElse);
  for (const [now, left] of [
    [10, 3],
    [109, 3],
    [110, 2],
    [129, 2],
    [130, 1],
    [132, 1],
    [133, 0],
  ] as const) {
    assert.equal(blockedReferences(folio, now), left, `at ${now}`);
  }
  // Each slept from its fault to the unlock before it.
  assert.equal(counted.stall, 10 - 1 + (110 - 2) + (130 - 3));
  assert.equal(counted.waiterWakes, 3);
});

test('those that wait for the unlock only are woken together, up to the first that wants the lock', () => {
  const folio = createFolio();
  const counted = account();
  lock(folio, 0, 0);
  blockOn(folio, { at: 1, releaseAfter: 5, shared: true }, counted);
  blockOn(folio, { at: 2, releaseAfter: 7, shared: true }, counted);
  blockOn(folio, { at: 3, releaseAfter: 50, wakeAfter: 1 }, counted);
  blockOn(folio, { at: 4, releaseAfter: 1, shared: true }, counted);
  unlock(folio, 10, nobodyElse);
  assert.equal(counted.waiterWakes, 3);
  assert.equal(blockedReferences(folio, 17), 2);
  // The fourth stands behind the third, and is woken when that one drops the lock, at 10 + 1 + 50.
  assert.equal(blockedReferences(folio, 61), 1);
  assert.equal(blockedReferences(folio, 62), 0);
  assert.equal(counted.waiterWakes, 4);
});

test('woken and not yet run: the reference is held, PG_waiters is clear; a lost race sets it again', () => {
  const folio = createFolio();
  const counted = account();
  lock(folio, 0, 0);
  blockOn(folio, { at: 1, releaseAfter: 5, wakeAfter: 100 }, counted);
  assert.ok(hasWaiters(folio) && hasLockSleepers(folio));
  unlock(folio, 10, nobodyElse);
  assert.ok(!hasWaiters(folio) && !hasLockSleepers(folio));
  // The migrator takes the lock again before the task runs, at 110, and finds nobody waiting until then.
  lock(folio, 0, 20);
  settle(folio, 109);
  assert.ok(!hasWaiters(folio));
  assert.equal(folio.references, 2);
  settle(folio, 110);
  assert.ok(hasWaiters(folio));
  unlock(folio, 200, nobodyElse);
  assert.equal(blockedReferences(folio, 305), 0);
  assert.equal(counted.stall, 199);
});

test('a task that runs while the lock is free has it, so that others find it locked', () => {
  const folio = createFolio();
  lock(folio, 0, 0);
  blockOn(folio, { at: 1, releaseAfter: 30, wakeAfter: 10 }, account());
  unlock(folio, 100, nobodyElse);
  settle(folio, 109);
  assert.ok(!isLocked(folio));
  settle(folio, 110);
  assert.ok(isLocked(folio));
  settle(folio, 140);
  assert.ok(!isLocked(folio));
  assert.equal(folio.references, 1);
});

test('after five lost races the next unlock hands over the lock', () => {
  const folio = createFolio();
  lock(folio, 0, 0);
  blockOn(folio, { at: 1, releaseAfter: 50, wakeAfter: 10 }, account());
  unlock(folio, 10, nobodyElse);
  let now = 11;
  let locks = 0;
  // Locked at once after every unlock, and for longer than the task needs to run.
  while (hold(folio, now, now + 100)) {
    locks++;
    now += 101;
    assert.ok(locks < 20);
  }
  assert.equal(locks, lockUnfairness);
  // It was handed the lock at the last unlock and holds it while it wakes up, too.
  assert.equal(blockedReferences(folio, now - 1 + 59), 1);
  assert.equal(blockedReferences(folio, now - 1 + 60), 0);
});

test('races are lost only by a task that runs: one that is never given the CPU is not handed the lock', () => {
  const folio = createFolio();
  lock(folio, 0, 0);
  blockOn(folio, { at: 1, releaseAfter: 50, wakeAfter: 1e6 }, account());
  unlock(folio, 10, nobodyElse);
  for (let n = 0; n < 50; n++) assert.ok(hold(folio, 20 + 10 * n, 25 + 10 * n));
  assert.equal(folio.blocked[0]!.lost, 0);
});

test('a waiter on an entry that queued behind a task sleeps until that task drops the lock', () => {
  const folio = createFolio();
  const counted = account();
  lock(folio, 0, 0);
  blockOn(folio, { at: 1, releaseAfter: 20, wakeAfter: 5 }, counted);
  assert.ok(queueBehind(folio, 4));
  assert.ok(!queueBehind(folio, 0.5), 'it came before the task');
  unlock(folio, 10, nobodyElse);
  assert.ok(hasWaiters(folio), 'the queue is not empty');
  assert.equal(sleptSoFar(folio, 12, counted), 10 - 1 + (12 - 4));
  // Also when nobody has looked since it dropped the lock.
  assert.equal(sleptSoFar(folio, 99, counted), 10 - 1 + (35 - 4));
  settle(folio, 99);
  assert.equal(counted.stall, 10 - 1 + (35 - 4));
  assert.equal(counted.waiterWakes, 2);
});

test('references and wakeups balance over any sequence of locks, faults and looks', () => {
  const fault = fc.record({
    releaseAfter: fc.nat(30),
    wakeAfter: fc.constantFrom(0, 0, 3, 25),
    shared: fc.boolean(),
  });
  const action = fc.oneof(fc.constant('lock'), fc.constant('unlock'), fc.constant('look'), fault);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(15), action), { maxLength: 60 }), (actions) => {
      const folio = createFolio();
      const counted = account();
      let now = 0;
      let mine = false;
      let faults = 0;
      for (const [pause, what] of actions) {
        now += pause;
        settle(folio, now);
        if (what === 'lock' && !isLocked(folio)) {
          lock(folio, 0, now);
          mine = true;
        } else if (what === 'unlock' && mine) {
          unlock(folio, now, nobodyElse);
          mine = false;
        } else if (typeof what === 'object' && mine) {
          blockOn(folio, { at: now, ...what }, counted);
          faults++;
        }
        assert.equal(folio.references, 1 + folio.blocked.length);
        assert.equal(folio.lockedBy === 0, mine);
        assert.equal(folio.blocked.filter(({ holds }) => holds).length, folio.lockedBy === -2 ? 1 : 0);
        if (!mine && folio.lockedBy === -1) {
          // A free lock has nobody asleep in front of it whom no unlock has passed over for one that was woken.
          const asleep = folio.blocked.filter(({ wokenAt }) => Number.isNaN(wokenAt)).length;
          assert.ok(asleep === 0 || asleep < folio.blocked.length, 'somebody woken will drop the lock');
        }
      }
      if (mine) unlock(folio, now, nobodyElse);
      // Left alone, everybody gets through.
      settle(folio, 1e9);
      assert.equal(folio.blocked.length, 0);
      assert.equal(folio.references, 1);
      assert.ok(counted.waiterWakes >= faults);
      assert.ok(counted.stall >= 0);
    }),
    { numRuns: 500, seed: 9 },
  );
});
