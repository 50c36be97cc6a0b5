/** Contiguous ranges and CMA's areas: lists, calls, what is reclaimed or never isolated (kernel-model 7.1 to 7.3). */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { resolvePolicy } from '../policies/policies.ts';
import type { Decisions } from './decisions.ts';
import { type Background, emptyBackground, type FolioSpec, type RequestDemand } from './demand.ts';
import { logKind, ModelLog } from './log.ts';
import { Machine, type RequestResult } from './machine.ts';
import { rowsOf } from './made-up.ts';
import { emptyWorld, type Obstacle, type World } from './world.ts';

const shmem: FolioSpec = { order: 0, kind: 'shmem', mapped: 1 };
const steady: World = { ...emptyWorld, serviceTime: () => 10, drainWorkTime: () => 100, rcuWaitTime: () => 1000 };
const forever: Obstacle = { holder: 'unknown reference', from: 0, until: Number.POSITIVE_INFINITY, references: 1 };

interface Setting {
  readonly folios: readonly FolioSpec[];
  readonly demand?: Partial<RequestDemand>;
  readonly world?: World;
  readonly background?: Background;
  readonly log?: ModelLog;
}

/** Two allocations of the same kernel at the same time. */
function both(
  first: Partial<RequestDemand>,
  second: Partial<RequestDemand>,
  folios: readonly FolioSpec[],
  world: World,
) {
  const common = { model: 'cma' as const, reason: 'contig_range', mode: 'sync' as const, start: 1000, end: 1000 };
  const requests = [first, second].map((more, id) => ({ id, cpu: id, chunks: [], ...common, ...more }));
  const { decisions } = resolvePolicy('linux-6.12.117');
  return new Machine(decisions, world, { cpus: 4, folios, requests, background: emptyBackground }).run().requests;
}

function run(name: string | Decisions, { folios, demand, world, background, log }: Setting) {
  const request: RequestDemand = {
    id: 0,
    model: 'contiguous allocation',
    reason: 'contig_range',
    mode: 'sync',
    cpu: 0,
    start: 1000,
    end: 1000,
    chunks: [{ folios: folios.map((_, id) => id), gap: 0 }],
    ...demand,
  };
  const machine = new Machine(typeof name === 'string' ? resolvePolicy(name).decisions : name, world ?? steady, {
    cpus: 4,
    folios,
    requests: [request],
    background: background ?? emptyBackground,
    ...(log === undefined ? {} : { log }),
  });
  while (machine.step()) assert.deepEqual(machine.brokenInvariants(), []);
  return { result: machine.result().requests[0]!, machine };
}

const endings = ({ chunks }: RequestResult) => chunks.map((chunk) => chunk.map(({ ending }) => ending));
const many = (count: number, spec: FolioSpec = shmem) => Array.from({ length: count }, () => spec);

test('a list is full with 32 base pages, or with the large folio that goes beyond', () => {
  // 100 folios: lists of 32, 32, 32 and 4, each moved by its first call.
  assert.equal(run('linux-6.12.117', { folios: many(100) }).result.counters.calls, 4);
  assert.equal(run('linux-6.12.117', { folios: many(32) }).result.counters.calls, 1);
  assert.equal(run('linux-6.12.117', { folios: many(33) }).result.counters.calls, 2);
  // Order 3: 4 folios of 8 pages a list. Order 9: one folio is more than enough.
  assert.equal(run('linux-6.12.117', { folios: many(8, { ...shmem, order: 3 }) }).result.counters.calls, 2);
  assert.equal(run('linux-6.12.117', { folios: many(2, { ...shmem, order: 9 }) }).result.counters.calls, 2);
});

test('five calls for a list that does not empty: 5 x 10 episodes by folio up to 6.2, 5 x 2 since 6.3; no list after it', () => {
  const world: World = { ...steady, obstacles: (_, folio) => (folio === 40 ? [forever] : []) };
  for (const [name, episodes] of [
    ['linux-6.1.192', 5 * 10],
    ['linux-6.12.117', 5 * 2],
  ] as const) {
    const { result } = run(name, { folios: many(100), world });
    assert.equal(result.returned, -16);
    // One call for folios 0 to 31, five for 32 to 63, none for the rest.
    assert.equal(result.counters.calls, 1 + 5);
    assert.equal(result.counters.outerLoops, 4);
    assert.equal(result.chunks[0]![40]!.episodes, episodes);
    assert.equal(result.chunks[0]![40]!.attempts, 50);
    assert.deepEqual(
      endings(result)[0]!.map((ending) => ending[0]),
      [...'m'.repeat(40), 'f', ...'m'.repeat(23), ...'n'.repeat(36)],
    );
  }
});

test('one window of disabled caches around the range, and not one drain in it', () => {
  const world: World = { ...steady, obstacles: () => [forever] };
  const { result } = run('linux-6.12.117', { folios: many(2), world });
  assert.deepEqual([result.counters.rcuWaits, result.counters.allCpuDrains], [1, 1]);
  const once = run('linux-6.12.117+drain-once', { folios: many(2), world }).result;
  assert.deepEqual([once.counters.rcuWaits, once.counters.allCpuDrains], [0, 1]);
  // One more after each of the five calls.
  const each = run('linux-6.12.117+drain-each-failure', { folios: many(2), world }).result;
  assert.deepEqual([each.counters.rcuWaits, each.counters.allCpuDrains], [0, 1 + 5]);
});

test('clean page cache is dropped, not moved; with other references it is moved, without an episode', () => {
  const clean: FolioSpec = { order: 0, kind: 'file', mapped: 1, clean: true };
  const { result, machine } = run('linux-6.12.117', { folios: [clean, shmem] });
  assert.deepEqual(endings(result), [['reclaimed', 'moved']]);
  assert.deepEqual([result.counters.reclaimed, result.counters.calls, result.returned], [1, 1, 0]);
  assert.equal(result.counters.failedFolios, 0);
  const { isolated, gone, references } = machine.folios[0]!;
  assert.deepEqual([isolated, gone, references], [false, true, 0]);
  // A range of nothing else is had by dropping alone; migrate_pages is called with an empty list all the same, and prints
  // 0 and 0 (most calls of real CMA captures do).
  assert.equal(run('linux-6.12.117', { folios: [clean, clean] }).result.counters.calls, 1);
  // A reader holds it until 1150: not dropped, its entries gone; moved as soon as the reader has let go.
  const reader: Obstacle = { holder: 'transient reference', from: 0, until: 1150, references: 1 };
  const read = run('linux-6.12.117+drain-once', {
    folios: [clean],
    world: { ...steady, obstacles: () => [reader] },
  }).result;
  assert.deepEqual(endings(read), [['moved']]);
  assert.equal(read.counters.episodes, 0);
  assert.ok(read.counters.moveAttempts > 1);
  // Locked or under writeback, it is left to the call, which waits.
  for (const holder of ['lock contention', 'writeback'] as const) {
    const busy: Obstacle = { holder, from: 0, until: 5000, references: 0 };
    const waited = run('linux-6.12.117+drain-once', { folios: [clean], world: { ...steady, obstacles: () => [busy] } });
    assert.deepEqual(endings(waited.result), [['moved']], holder);
    assert.ok(waited.result.ended > 5000);
  }
  // What is mlocked, dirty, or anything but page cache is not asked.
  const others: FolioSpec[] = [
    { ...clean, mlocked: true },
    { ...clean, clean: false },
    { ...clean, kind: 'shmem' },
    { ...clean, kind: 'unknown' },
  ];
  assert.equal(run('linux-6.12.117', { folios: others }).result.counters.reclaimed, 0);
  // Axis O.
  const { decisions } = resolvePolicy('linux-6.12.117');
  assert.equal(run({ ...decisions, reclaimsCleanFirst: false }, { folios: [clean] }).result.counters.movedFolios, 1);
  assert.equal(run({ ...decisions, reclaimsCleanFirst: false }, { folios: [clean] }).result.counters.reclaimed, 0);
});

test('a folio whose last user lets go meanwhile is a free page: the range is had without it', () => {
  // backgroundActions.free; the second list is isolated after that.
  const rows = rowsOf([[1100, 3, 10, 40]]);
  const { result } = run('linux-6.12.117', { folios: many(64), background: rows });
  assert.equal(endings(result)[0]![40], 'reclaimed');
  assert.deepEqual([result.returned, result.counters.movedFolios, result.counters.failedFolios], [0, 64, 0]);
  // In an add batch it is not free before that is flushed; since then nobody holds it.
  const fresh = many(64).map((spec, id) => (id === 40 ? { ...spec, notOnLru: true } : spec));
  const queued = rowsOf([
    [100, 3, 0, 40],
    [1020, 3, 10, 40],
  ]);
  const { decisions } = resolvePolicy('linux-6.12.117');
  const bare = run({ ...decisions, lruCaches: 'nothing' }, { folios: fresh, background: queued }).result;
  assert.equal(bare.returned, -16);
  assert.equal(run('linux-6.12.117', { folios: fresh, background: queued }).result.returned, 0);
});

test('an anonymous folio with more references than entries is not isolated: no event of its own, and the range fails', () => {
  const anon: FolioSpec = { order: 0, kind: 'anon', mapped: 2 };
  const pinned: Obstacle = { ...forever, holder: 'pin', references: 1024 };
  const world: World = { ...steady, obstacles: (_, folio) => (folio === 0 ? [pinned] : []) };
  const { result } = run('linux-6.12.117', { folios: [anon, anon], world });
  assert.deepEqual(endings(result), [['not isolated', 'moved']]);
  assert.equal(result.chunks[0]![0]!.holder, 'pin');
  assert.deepEqual([result.returned, result.counters.calls, result.counters.episodes], [-16, 1, 1]);
  // Off the LRU it is not even looked at.
  const bare: Decisions = { ...resolvePolicy('linux-6.12.117').decisions, lruCaches: 'nothing' };
  const queued = run(bare, {
    folios: [{ ...anon, notOnLru: true }],
    background: rowsOf([[100, 3, 0, 0]]),
  }).result;
  assert.equal(queued.chunks[0]![0]!.holder, 'not on LRU');
  // The oracle takes what will let go.
  const passing: World = { ...steady, obstacles: () => [{ ...pinned, until: 5e5 }] };
  const foreseen = run('oracle', { folios: [anon], world: passing, demand: { end: 1e6 } }).result;
  assert.deepEqual(endings(foreseen), [['moved']]);
  // Page cache is isolated whatever its references, and so is a folio that a capture shows on a list.
  for (const kind of ['shmem', 'swapcache', 'unknown'] as const) {
    const tried = run('linux-6.12.117', { folios: [{ ...anon, kind }], world }).result;
    assert.deepEqual(endings(tried), [['failed']], kind);
  }
});

test('no memory gives up at once, and a CMA allocation with it', () => {
  const world: World = { ...steady, obstacles: () => [{ ...forever, holder: 'no memory', references: 0 }] };
  const demand = { chunks: [0, 1].map((id) => ({ folios: [id], gap: 0 })) };
  const range = run('linux-6.12.117', { folios: many(2), world, demand }).result;
  assert.deepEqual([range.returned, range.counters.calls], [-12, 1]);
  const cma = run('linux-6.12.117', { folios: many(2), world, demand: { ...demand, model: 'cma', areas: [[0], [1]] } });
  assert.deepEqual([cma.result.returned, cma.result.counters.busyRetries], [-12, 0]);
  assert.deepEqual(endings(cma.result), [['failed'], ['not tried']]);
});

test('CMA: one busy folio costs its area, and each area costs a window; what has moved is not moved again', () => {
  // Four chunks; areas of two, one chunk further on each time. Chunk 1 holds a folio that never moves.
  const demand = {
    model: 'cma' as const,
    chunks: [0, 1, 2, 3].map((chunk) => ({ folios: [2 * chunk, 2 * chunk + 1], gap: 0 })),
    areas: [
      [0, 1],
      [1, 2],
      [2, 3],
    ],
  };
  const world: World = { ...steady, obstacles: (_, folio) => (folio === 3 ? [forever] : []) };
  const log = new ModelLog();
  const { result } = run('linux-6.12.117', { folios: many(8), demand, world, log });
  assert.equal(result.returned, 0);
  assert.deepEqual(endings(result), [
    ['moved', 'moved'],
    ['moved', 'failed'],
    ['moved', 'moved'],
    ['moved', 'moved'],
  ]);
  assert.equal(result.counters.busyRetries, 2);
  // Area 0: one call for chunk 0, five for chunk 1. Area 1: five, for the one folio left. Area 2: one a chunk.
  assert.equal(result.counters.calls, 6 + 5 + 2);
  assert.deepEqual([result.counters.rcuWaits, result.counters.allCpuDrains], [3, 3]);
  assert.deepEqual([result.counters.movedFolios, result.counters.failedFolios], [7, 1]);
  const rows = (kind: keyof typeof logKind) =>
    Array.from({ length: log.length }, (_, row) => row)
      .filter((row) => log.kind[row] === logKind[kind])
      .map((row) => [log.folio[row], log.a[row], log.b[row]]);
  assert.deepEqual(rows('cma start'), [[-1, 4, 0]]);
  assert.deepEqual(rows('test isolated'), [
    [3, 0, 0],
    [3, 0, 0],
    [-1, 1, 0],
  ]);
  assert.deepEqual(rows('cma busy'), [
    [-1, 0, -16],
    [-1, 1, -16],
  ]);
  assert.deepEqual(rows('cma finish'), [[-1, 2, 0]]);
});

test('CMA: what no area needed has not failed', () => {
  const demand = {
    model: 'cma' as const,
    chunks: [0, 1, 2].map((id) => ({ folios: [id], gap: 0 })),
    areas: [[0], [1], [2]],
  };
  const { result } = run('linux-6.12.117', { folios: many(3), demand });
  assert.deepEqual(endings(result).flat(), ['moved', 'not tried', 'not tried']);
  assert.deepEqual([result.counters.movedFolios, result.counters.failedFolios, result.returned], [1, 0, 0]);
});

test('CMA: allocations look at areas one after the other; a range that is not of CMA does not wait', () => {
  const chunks = (ids: readonly number[]) => ids.map((id) => ({ folios: [id], gap: 0 }));
  const alone = both({ chunks: chunks([0, 1]) }, { chunks: [], start: 9e9 }, many(4), steady)[0]!.ended - 1000;
  const [first, second] = both({ chunks: chunks([0, 1]) }, { chunks: chunks([2, 3]) }, many(4), steady);
  assert.equal(first!.ended - 1000, alone);
  assert.equal(second!.ended - 1000, 2 * alone);
  const [, other] = both(
    { chunks: chunks([0, 1]) },
    { chunks: chunks([2, 3]), model: 'contiguous allocation' },
    many(4),
    { ...steady, drainWorkTime: () => 0 },
  );
  assert.ok(other!.ended - 1000 < 1.5 * alone);
});

test('CMA: without protection a failed area leaves its folio in an add batch, where the next area cannot isolate it', () => {
  const demand = {
    model: 'cma' as const,
    chunks: [{ folios: [0], gap: 0 }],
    areas: [[0], [0], [0]],
  };
  // It lets go at 2500, when the first area (50 attempts in 5 calls, about 1000 ns) has put it back into the add batch of
  // CPU 0; with a drain before each area, the second is still at it then.
  const passing: Obstacle = { ...forever, until: 2500 };
  const world: World = { ...steady, obstacles: () => [passing] };
  const { decisions } = resolvePolicy('linux-6.12.117');
  const bare = run({ ...decisions, lruCaches: 'nothing' }, { folios: many(1), demand, world });
  assert.deepEqual([bare.result.returned, bare.result.counters.busyRetries], [-16, 3]);
  assert.equal(bare.result.chunks[0]![0]!.holder, 'not on LRU');
  const once = run('linux-6.12.117+drain-once', { folios: many(1), demand, world });
  assert.deepEqual([once.result.returned, once.result.counters.busyRetries], [0, 1]);
});

test('a folio that is activated on another CPU after the only drain fails the range; a window keeps it from resting', () => {
  // Between the drain and the isolation of the second list (32 folios take 10 ns each to isolate, and as many to move).
  const rows = rowsOf([[2500, 3, 1, 40]]);
  const late = run('linux-6.12.117+drain-once', { folios: many(64), background: rows }).result;
  assert.equal(late.returned, -16);
  assert.equal(late.chunks[0]![40]!.holder, 'activate batch');
  assert.equal(run('linux-6.12.117', { folios: many(64), background: rows }).result.returned, 0);
});
