/** What each mode waits for, how each error ends, and what the event counts of it (kernel-model 3.3, 3.7, 3.8). */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { resolvePolicy } from '../policies/policies.ts';
import type { Mode } from './decisions.ts';
import { emptyBackground, type FolioSpec, type RequestDemand } from './demand.ts';
import { logKinds, ModelLog } from './log.ts';
import { Machine, type RequestResult } from './machine.ts';
import { emptyWorld, type Obstacle, type Refusal, type World } from './world.ts';

const steady: World = { ...emptyWorld, serviceTime: (service) => (service === 'entry' ? 0 : 10) };
const shmem: FolioSpec = { order: 0, kind: 'shmem', mapped: 1 };
const huge: FolioSpec = { order: 9, kind: 'shmem', mapped: 1 };
const large: FolioSpec = { order: 4, kind: 'shmem', mapped: 1 };

function migrate(
  policy: string,
  world: World,
  folios: readonly FolioSpec[] = [shmem],
  more: Partial<RequestDemand> = {},
  log?: ModelLog,
): RequestResult {
  const demand: RequestDemand = {
    id: 0,
    model: 'call',
    reason: 'syscall_or_cpuset',
    mode: 'sync',
    cpu: 0,
    start: 0,
    end: 1e6,
    chunks: [{ folios: folios.map((_, id) => id), gap: 0 }],
    ...more,
  };
  const machine = new Machine(resolvePolicy(policy).decisions, world, {
    cpus: 2,
    folios,
    requests: [demand],
    background: emptyBackground,
    ...(log === undefined ? {} : { log }),
    stepwise: true,
  });
  while (machine.step()) assert.deepEqual(machine.brokenInvariants(), []);
  return machine.result().requests[0]!;
}

const endings = (result: RequestResult) => result.chunks.flat().map(({ ending }) => ending);

/** Stands from the start until then, at one folio or all. */
function standing(holder: Obstacle['holder'], until = Number.POSITIVE_INFINITY, at?: number): World {
  const obstacle: Obstacle = { holder, from: 0, until, references: holder.endsWith('reference') ? 1 : 0 };
  return { ...steady, obstacles: (_, folio) => (at === undefined || folio === at ? [obstacle] : []) };
}

/** Refuses a step always, or the first `times` over. */
function refusing(step: Refusal, times = Number.POSITIVE_INFINITY): World {
  let left = times;
  return { ...steady, refuses: (_, asked) => asked === step && left-- > 0 };
}

const modes: readonly Mode[] = ['async', 'sync-light', 'sync'];

// Rows of kernel-model 3.3: obstacle that is gone after 5000 ns (or once refused), and whether each mode gets there.
const waits: readonly (readonly [what: string, policy: string, world: () => World, folio: FolioSpec, moves: string])[] =
  [
    ['source lock, 6.1', 'linux-6.1.192', () => standing('lock contention', 5000), shmem, '-ss'],
    ['source lock, 6.12', 'linux-6.12', () => standing('lock contention', 5000), shmem, '-ss'],
    [
      'source lock, being read in',
      'linux-6.12',
      () => standing('lock contention', 5000),
      { ...shmem, notUptodate: true },
      '--s',
    ],
    ['writeback, 6.1', 'linux-6.1.192', () => standing('writeback', 5000), shmem, '--s'],
    ['writeback, 6.12', 'linux-6.12', () => standing('writeback', 5000), shmem, '--s'],
    ['destination lock', 'linux-6.12', () => refusing('destination lock', 1), shmem, 'sss'],
    ['still mapped after the walk', 'linux-6.12', () => refusing('still mapped', 1), shmem, 'sss'],
    ['hugetlb lock', 'linux-6.12', () => standing('lock contention', 5000), { ...large, kind: 'hugetlb' }, '--s'],
    [
      'hugetlb lock, 6.1',
      'linux-6.1.192',
      () => standing('lock contention', 5000),
      { ...large, kind: 'hugetlb' },
      '--s',
    ],
    ['dirty, written out', 'linux-6.1.192', () => refusing('dirty', 1), shmem, '--s'],
    ['dirty', 'linux-6.12', () => refusing('dirty'), shmem, '---'],
    ['private, not releasable at first', 'linux-6.1.192', () => refusing('private', 1), shmem, '--s'],
    ['unexpected references', 'linux-6.12', () => standing('unknown reference', 5000), shmem, '---'],
  ];

for (const [what, policy, world, folio, moves] of waits) {
  test(`${what}: moved in ${modes.filter((_, m) => moves[m] === 's').join(', ') || 'no mode'}`, () => {
    modes.forEach((mode, m) => {
      const { counters } = migrate(policy, world(), [folio], { mode });
      assert.equal(counters.movedFolios, moves[m] === 's' ? 1 : 0, mode);
    });
  });
}

test('the first three passes of the old loop only try the lock; the fourth sleeps for it', () => {
  const result = migrate('linux-6.1.192', standing('lock contention', 5000));
  assert.equal(result.counters.passes, 4);
  assert.equal(result.ended, 5000 + 50, 'walk, flush, attempt, copy, return');
  const hugetlb = migrate('linux-6.12', standing('lock contention', 5000), [{ ...large, kind: 'hugetlb' }]);
  assert.equal(hugetlb.counters.passes, 4);
});

test('permanent errors: tried once in a part, however many passes there are', () => {
  for (const [step, policy, episodes] of [
    ['no mapping', 'linux-6.12', 2],
    ['copy', 'linux-6.12', 2],
    ['no mapping', 'linux-6.1.192', 1],
  ] as const) {
    const { counters, totals } = migrate(policy, refusing(step));
    assert.deepEqual([counters.episodes, counters.moveAttempts, counters.failedFolios], [episodes, episodes, 1], step);
    assert.equal(totals.failed, 1);
  }
  // Before 6.11 a machine check in the copy is no error of a folio.
  assert.equal(migrate('linux-6.10', refusing('copy')).counters.movedFolios, 1);
});

test('what the first part of a synchronous call leaves behind is not counted as failed', () => {
  const { totals } = migrate('linux-6.12', standing('unknown reference', undefined, 1), [shmem, shmem, huge]);
  assert.deepEqual(totals, { succeeded: 513, failed: 1, thpSucceeded: 1, thpFailed: 0, thpSplit: 0 });
});

test('no memory: those waiting for another pass have failed, those not looked at are in no number', () => {
  // 0 waits for a lock, 1 finds no destination, 2 is never tried.
  const world: World = {
    ...steady,
    obstacles: (_, folio) =>
      folio === 2
        ? []
        : [
            {
              holder: folio === 0 ? 'lock contention' : 'no memory',
              from: 0,
              until: Number.POSITIVE_INFINITY,
              references: 0,
            },
          ],
  };
  for (const policy of ['linux-6.1.192', 'linux-6.12']) {
    const result = migrate(policy, world, [shmem, shmem, shmem], { model: 'move_pages' });
    assert.deepEqual(endings(result), ['failed', 'failed', 'failed']);
    assert.equal(result.totals.failed, 2, policy);
    assert.equal(result.returned, -12);
  }
});

test('freed by its last user while it was isolated: counts as success', () => {
  const result = migrate('linux-6.12', steady, [{ order: 0, kind: 'anon', mapped: 0 }]);
  assert.deepEqual(endings(result), ['reclaimed']);
  assert.equal(result.totals.succeeded, 1);
  assert.equal(result.counters.moveAttempts, 0);
});

test('no destination for a huge page: split, its pages moved once more, asynchronously and in one flush', () => {
  const result = migrate('linux-6.12', standing('no memory'), [huge], { model: 'move_pages' });
  assert.deepEqual(endings(result), ['moved']);
  assert.equal(result.counters.splits, 1);
  assert.equal(result.counters.episodes, 512);
  assert.equal(result.counters.tlbFlushes, 1);
  // Isolated once, and each page on the LRU by itself, for move_pages keeps batches off; without that the pages fill this
  // CPU's add batch 16 times over (31 entries since 6.9). The whole is put on the LRU once, for the model's sake.
  assert.equal(result.counters.lruLocks, 1 + 512 + 1);
  assert.equal(migrate('linux-6.12', standing('no memory'), [huge]).counters.lruLocks, 1 + 16 + 1);
  assert.deepEqual(result.totals, { succeeded: 512, failed: 0, thpSucceeded: 0, thpFailed: 1, thpSplit: 1 });
  assert.equal(result.returned, 1, 'a split folio is one that did not migrate');
});

test('parts are tried once since 6.3, and with ten passes of their own before', () => {
  // The third episode meets a task that is gone with the unlock.
  const world: World = {
    ...standing('no memory'),
    faultEnters: (visit, { from }) => (visit.episode === 2 ? [{ at: from, releaseAfter: 0 }] : []),
  };
  const now = migrate('linux-6.5', world, [large]);
  assert.deepEqual(endings(now), ['failed']);
  assert.deepEqual([now.totals.succeeded, now.totals.failed], [15, 1]);
  assert.equal(now.chunks[0]![0]!.holder, 'lock-blocked fault');
  const then = migrate('linux-6.1.192', world, [large]);
  assert.deepEqual(endings(then), ['moved']);
  assert.equal(then.counters.episodes, 17);
  // A second call has the one page left to move.
  const again = migrate('linux-6.5', world, [large], { model: 'contiguous allocation', reason: 'contig_range' });
  assert.deepEqual(endings(again), ['moved']);
  assert.deepEqual([again.totals.succeeded, again.totals.failed, again.counters.calls], [16, 1, 2]);
});

test('nobody splits for NUMA balancing, nor what cannot be split', () => {
  for (const [folio, reason] of [
    [large, 'numa_misplaced'],
    [{ ...large, splittable: false }, 'syscall_or_cpuset'],
    [{ ...large, kind: 'hugetlb' as const }, 'syscall_or_cpuset'],
  ] as const) {
    const result = migrate('linux-6.12', standing('no memory'), [folio], { reason });
    assert.equal(result.counters.splits, 0);
    assert.equal(result.totals.failed, 16);
  }
});

test('references stop a split: a longterm pin tries again since 6.3, others give up', () => {
  const world: World = {
    ...steady,
    obstacles: () => [
      { holder: 'no memory', from: 0, until: Number.POSITIVE_INFINITY, references: 0 },
      { holder: 'transient reference', from: 0, until: 35, references: 1 },
    ],
  };
  const pin = migrate('linux-6.12', world, [large], { reason: 'longterm_pin' });
  assert.deepEqual(endings(pin), ['moved']);
  for (const [policy, reason] of [
    ['linux-6.12', 'contig_range'],
    ['linux-6.1.192', 'longterm_pin'],
  ] as const) {
    const { counters } = migrate(policy, world, [large], { reason });
    assert.deepEqual([counters.splits, counters.failedFolios], [0, 1], policy);
  }
});

test('hugetlb folios go first, one after the other, and back to no batch', () => {
  const log = new ModelLog();
  const folios: FolioSpec[] = [shmem, { ...large, kind: 'hugetlb' }, shmem];
  const result = migrate('linux-6.12', steady, folios, { mode: 'async' }, log);
  assert.deepEqual(endings(result), ['moved', 'moved', 'moved']);
  const entries = [...log.folio.subarray(0, log.length)].filter((_, i) => logKinds[log.kind[i]!] === 'set entry');
  assert.deepEqual(entries, [1, 0, 2]);
});

test('hugetlb folios keep the old loop under proposals for the new one', () => {
  const hugetlb: FolioSpec = { ...large, kind: 'hugetlb' };
  for (const policy of [
    'linux-6.12',
    'linux-6.12+waiters-undo',
    'linux-6.12+refcheck-unmap',
    'linux-6.12+outer-loop',
  ]) {
    const { counters } = migrate(policy, standing('unknown reference'), [hugetlb]);
    assert.deepEqual([counters.episodes, counters.moveAttempts, counters.tlbFlushes], [10, 10, 10], policy);
  }
});

test('the log tells a call: what it was, its entries and what came of them', () => {
  const log = new ModelLog();
  migrate('linux-6.1.192', standing('unknown reference', 75), [shmem], { mode: 'sync' }, log);
  const rows = Array.from({ length: log.length }, (_, i) => [
    logKinds[log.kind[i]!],
    log.time[i],
    log.folio[i],
    log.a[i],
    log.b[i],
    log.c[i],
  ]);
  assert.deepEqual(
    rows.filter(([kind]) => ['call start', 'set entry', 'remove entry', 'call end'].includes(kind as string)),
    [
      ['call start', 10, -1, 2, 3, 0],
      ['set entry', 40, 0, 1, 0, 0],
      ['remove entry', 60, 0, 0, 1, 0],
      ['set entry', 90, 0, 1, 0, 0],
      ['remove entry', 110, 0, 1, 1, 0],
      ['call end', 120, 3, 1, 0, 0],
    ],
  );
});
