/** Closed forms of kernel-model 3.6 and 6.1, each with its derivation; a deviation of four standard errors fails. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { exponential, uniform } from '../base/random.ts';
import { resolvePolicy } from '../policies/policies.ts';
import type { Mode } from './decisions.ts';
import { emptyBackground, type FolioSpec } from './demand.ts';
import { Machine, type RequestResult } from './machine.ts';
import { lawWorld } from './made-up.ts';
import { emptyWorld, type World } from './world.ts';

const count = 20_000;
const shmem: FolioSpec = { order: 0, kind: 'shmem', mapped: 1 };

/** One synchronous or asynchronous call on each of 20,000 folios. */
function migrateMany(policy: string, world: World, mode: Mode): RequestResult {
  const chunks = Array.from({ length: count }, (_, id) => ({ folios: [id], gap: 0 }));
  const { requests } = new Machine(resolvePolicy(policy).decisions, world, {
    cpus: 1,
    folios: { length: count, spec: () => shmem },
    requests: [{ id: 0, model: 'call', reason: 'any', mode, cpu: 0, start: 0, end: 1e9, chunks }],
    background: emptyBackground,
  }).run();
  return requests[0]!;
}

/**
 * Unlock opportunities. A task blocks the first episode of every folio; it gets on at an unlock and comes back in the
 * next episode unless it is satisfied, which it is with probability q at each unlock. A call of n episodes has n - 1
 * unlocks before its last episode, so it fails with (1 - q)^(n - 1): n = 10 up to 6.2 and with the check at the end of
 * unmapping, 1 or 2 since 6.3 (asynchronous, synchronous). Error: sqrt(p (1 - p) / folios).
 */
for (const [policy, mode, n] of [
  ['linux-6.1.192', 'async', 10],
  ['linux-6.1.192', 'sync', 10],
  ['linux-6.5', 'async', 1],
  ['linux-6.5', 'sync', 2],
  ['linux-6.5', 'sync-light', 2],
  ['linux-6.5+refcheck-unmap', 'async', 10],
  ['linux-6.5+refcheck-unmap', 'sync', 10],
  ['linux-6.5+combined-loop', 'sync', 10],
  ['linux-6.5+retries-x3', 'sync', 2],
  ['linux-6.5+refcheck-unmap-x3', 'sync', 30],
  // Once in the first part, then submitted up to seven times.
  ['linux-6.5+waiters-undo', 'sync', 8],
] as const) {
  test(`${n} episodes a call, the last after ${n - 1} unlocks: ${policy}, ${mode}`, () => {
    for (const q of [0.1, 0.4]) {
      const world: World = {
        ...emptyWorld,
        faultEnters: (visit, { from }) =>
          visit.episode === 0 || uniform(5, 'faultWindow', visit.folio, visit.episode) >= q
            ? [{ at: from, releaseAfter: 0 }]
            : [],
      };
      const failed = migrateMany(policy, world, mode).counters.failedFolios / count;
      const expected = (1 - q) ** (n - 1);
      const error = Math.sqrt((expected * (1 - expected)) / count);
      assert.ok(Math.abs(failed - expected) <= 4 * error, `q ${q}: ${failed} against ${expected} ± ${error}`);
    }
  });
}

/**
 * Unlocks are no independent chances for a task that is slow: it needs the same time T, exponential of mean m, from any
 * unlock to its release, and the old loop locks again after u. So it gets on at the first unlock or, however many passes
 * there are, not at all: a call fails with exp(-u / m). After five lost races, at the sixth unlock, it is handed the lock;
 * the passes that are left, each u long, find it locked until T is over: n passes fail with exp(-u max(1, n - 6) / m).
 */
test('a task that is slower than the next lock: more passes help it only once it is handed the lock', () => {
  const { decisions } = resolvePolicy('linux-6.1.192');
  const [u, m] = [100, 300];
  const world: World = {
    ...emptyWorld,
    serviceTime: (service) => (service === 'destination' ? u : 0),
    faultEnters: (visit, { from }) =>
      visit.episode === 0
        ? [{ at: from, releaseAfter: exponential(m, uniform(8, 'lockContention', visit.folio, 0)) }]
        : [],
  };
  const chunks = Array.from({ length: count }, (_, id) => ({ folios: [id], gap: 0 }));
  for (const passes of [2, 6, 7, 8, 10]) {
    const result = new Machine({ ...decisions, plan: { ...decisions.plan, asyncPasses: passes } }, world, {
      cpus: 1,
      folios: { length: count, spec: () => shmem },
      requests: [{ id: 0, model: 'call', reason: 'any', mode: 'async', cpu: 0, start: 0, end: 1e9, chunks }],
      background: emptyBackground,
    }).run().requests[0]!;
    const failed = result.counters.failedFolios / count;
    const expected = Math.exp((-u * Math.max(1, passes - 6)) / m);
    const error = Math.sqrt((expected * (1 - expected)) / count);
    assert.ok(Math.abs(failed - expected) <= 4 * error, `${passes} passes: ${failed} against ${expected} ± ${error}`);
  }
});

/**
 * Stall of those who wait on an entry. Arrivals are Poisson at rate r while the entries stand, for L. Given their number
 * they are uniform in L, so that each waits L / 2 in the mean, with variance L^2 / 12.
 */
test('waiters on an entry: half of an episode of one length', () => {
  const length = 1000;
  const world = lawWorld({ seed: 3, touch: 1 / 500, services: { attempt: length } });
  const { counters } = migrateMany('linux-6.1.192', world, 'async');
  assert.equal(counters.movedFolios, count);
  const mean = counters.stall / counters.waiterWakes;
  const error = length / Math.sqrt(12 * counters.waiterWakes);
  assert.ok(Math.abs(mean - length / 2) <= 4 * error, `${mean} ± ${error}`);
  // Two arrivals an episode.
  const arrivals = counters.waiterWakes / count;
  assert.ok(Math.abs(arrivals - 2) <= 4 * Math.sqrt(2 / count), `${arrivals} arrivals`);
});

/**
 * Episodes of random length: an arrival falls into a long one more often (inspection paradox), so that the mean stall is
 * the residual life E[L^2] / (2 E[L]): for exponential lengths their mean m, not m / 2. Error of the ratio of sums S / N:
 * S - m N has, for one episode, variance r m^3 + 2 r^2 m^4 (given L: r L^3 / 3 - m r L^2 + m^2 r L, in the mean r m^3;
 * of the mean r (L^2 / 2 - m L): 2 r^2 m^4), over E[N]^2 = (r m)^2 and the number of episodes.
 */
test('waiters on an entry: residual life of episodes of random length', () => {
  const m = 1000;
  const r = 1 / 800;
  const base = lawWorld({ seed: 4, touch: r });
  const world: World = {
    ...base,
    serviceTime: (service, visit) =>
      service === 'attempt' ? exponential(m, uniform(4, 'serviceTime', visit.folio, visit.episode)) : 0,
  };
  const { counters } = migrateMany('linux-6.1.192', world, 'async');
  const mean = counters.stall / counters.waiterWakes;
  const error = Math.sqrt((r * m ** 3 + 2 * r ** 2 * m ** 4) / count) / (r * m);
  assert.ok(Math.abs(mean - m) <= 4 * error, `${mean} ± ${error}`);
  // The mean over episodes, which nobody who waits sees, is another one.
  assert.ok(Math.abs(counters.timeUnderEntries / count - m) <= (4 * m) / Math.sqrt(count));
});

/**
 * Lock hold: of an attempt that fails all passes the batched loop holds the lock over all of them, the old loop over one
 * at a time. With walk w, flush f, attempt a and restore s, and nothing else taking time: 10 (w + f + a + s) against
 * (w + f + 3 a + s) + (w + f + 7 a + s).
 */
test('lock hold of one stubborn folio: every pass in the old loop, every part in the batched one', () => {
  const [w, f, a, s] = [100, 20, 7, 3];
  const world = lawWorld({
    seed: 1,
    services: { unmap: w, flush: f, attempt: a, restore: s },
    obstacles: () => [{ holder: 'unknown reference', from: 0, until: Number.POSITIVE_INFINITY, references: 1 }],
  });
  const one = (policy: string) =>
    new Machine(resolvePolicy(policy).decisions, world, {
      cpus: 1,
      folios: [shmem],
      requests: [
        {
          id: 0,
          model: 'call',
          reason: 'any',
          mode: 'sync',
          cpu: 0,
          start: 0,
          end: 1e9,
          chunks: [{ folios: [0], gap: 0 }],
        },
      ],
      background: emptyBackground,
    }).run().requests[0]!.counters;
  assert.equal(one('linux-6.1.192').lockHold, 10 * (w + f + a + s));
  assert.equal(one('linux-6.12').lockHold, 2 * (w + f + s) + 10 * a);
});
