/** Offline, compaction, NUMA balancing, soft offline and do_migrate_pages: retries and drains of each (kernel-model 7.4, 7.5, 2.8). */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { resolvePolicy } from '../policies/policies.ts';
import type { Decisions } from './decisions.ts';
import { type Background, emptyBackground, type FolioSpec, type RequestDemand, type RequestModel } from './demand.ts';
import { Machine, type MachineResult, type RequestResult } from './machine.ts';
import { rowsOf } from './made-up.ts';
import { inputs, luckyWorld, policies } from './test-support.ts';
import { emptyWorld, type Obstacle, type World } from './world.ts';

const shmem: FolioSpec = { order: 0, kind: 'shmem', mapped: 1 };
const steady: World = { ...emptyWorld, serviceTime: () => 10, drainWorkTime: () => 100, rcuWaitTime: () => 1000 };
const forever: Obstacle = { holder: 'unknown reference', from: 0, until: Number.POSITIVE_INFINITY, references: 1 };

interface Setting {
  readonly folios?: readonly FolioSpec[];
  readonly demand?: Partial<RequestDemand>;
  readonly world?: World;
  readonly background?: Background;
  readonly outerLoops?: number;
  readonly horizon?: number;
}

function machineOf(model: RequestModel, name: string | Decisions, setting: Setting): MachineResult {
  return ranOut(model, name, setting).result();
}

function ranOut(model: RequestModel, name: string | Decisions, setting: Setting): Machine {
  const folios = setting.folios ?? [shmem, shmem, shmem];
  const request: RequestDemand = {
    id: 0,
    model,
    reason: model,
    mode: model === 'compaction' ? 'sync-light' : 'sync',
    cpu: 0,
    start: 1000,
    end: 1000,
    chunks: [{ folios: folios.map((_, id) => id), gap: 0 }],
    ...setting.demand,
  };
  const machine = new Machine(
    typeof name === 'string' ? resolvePolicy(name).decisions : name,
    setting.world ?? steady,
    {
      cpus: 4,
      folios,
      requests: [request],
      background: setting.background ?? emptyBackground,
      ...(setting.outerLoops === undefined ? {} : { outerLoops: setting.outerLoops }),
      ...(setting.horizon === undefined ? {} : { horizon: setting.horizon }),
    },
  );
  while (machine.step()) assert.deepEqual(machine.brokenInvariants(), []);
  return machine;
}

function run(model: RequestModel, name: string | Decisions, setting: Setting = {}): RequestResult {
  return machineOf(model, name, setting).requests[0]!;
}

const endings = ({ chunks }: RequestResult) => chunks.flat().map(({ ending }) => ending);
/** Folio 1 is held until a time. */
const heldUntil = (until: number): World => ({
  ...steady,
  obstacles: (_, folio) => (folio === 1 ? [{ ...forever, until }] : []),
});

test('offline goes over the range until it is empty, within one window', () => {
  const result = run('memory offline', 'linux-6.12.117', { world: heldUntil(50_000) });
  assert.equal(result.returned, 0);
  assert.deepEqual(endings(result), ['moved', 'moved', 'moved']);
  assert.ok(result.counters.outerLoops > 10, `${result.counters.outerLoops} rounds`);
  assert.equal(result.counters.calls, result.counters.outerLoops + 1);
  assert.deepEqual([result.counters.rcuWaits, result.counters.allCpuDrains], [1, 1]);
  assert.equal(result.finding, undefined);
});

test('offline up to 5.12 drains all CPUs again after each failure: one a round', () => {
  const old = run('memory offline', 'linux-5.10', { world: heldUntil(50_000) });
  assert.equal(old.returned, 0);
  assert.ok(old.counters.outerLoops > 10);
  assert.equal(old.counters.allCpuDrains, 1 + old.counters.outerLoops);
});

test('offline: what never moves is an endless loop, and a replay goes over the range as often as the recording did', () => {
  const { requests, findings } = machineOf('memory offline', 'linux-6.12.117', {
    world: heldUntil(Number.POSITIVE_INFINITY),
    outerLoops: 20,
  });
  assert.equal(requests[0]!.returned, -16);
  assert.deepEqual(endings(requests[0]!), ['moved', 'failed', 'moved']);
  assert.equal(requests[0]!.counters.calls, 1 + 20, 'the first round got somewhere');
  assert.equal(findings[0]!.kind, 'endless');
  assert.match(findings[0]!.says, /1 folios stayed over 20 rounds .*unknown reference/);
  const replayed = run('memory offline', 'linux-6.12.117', {
    world: heldUntil(Number.POSITIVE_INFINITY),
    demand: { passes: 3 },
  });
  assert.deepEqual([replayed.counters.calls, replayed.finding], [3, undefined]);
});

test('a world with patience waits for what lets go in the end, however many rounds it takes', () => {
  const cpus = { preemption: 'none', timeSlice: 4e6, spin: 100, patience: 1e6 } as const;
  const held = (until: number): World => ({ ...heldUntil(until), cpus });
  const slow = machineOf('memory offline', 'linux-6.12.117', { world: held(500_000), outerLoops: 20 });
  assert.equal(slow.requests[0]!.returned, 0);
  assert.ok(slow.requests[0]!.counters.outerLoops > 1000);
  assert.deepEqual(slow.findings, []);
  const never = machineOf('memory offline', 'linux-6.12.117', {
    world: held(Number.POSITIVE_INFINITY),
    outerLoops: 20,
  });
  assert.equal(never.findings.length, 1);
  // Patience is over when the next round would end beyond it.
  assert.ok(Math.abs(never.findings[0]!.cpuTime - 1e6) < 1000, `${never.findings[0]!.cpuTime}`);
});

test('a round that gets somewhere starts the count anew', () => {
  const rounds = run('memory offline', 'linux-6.12.117', { world: heldUntil(50_000) }).counters.outerLoops;
  // Two folios let go one after the other: more rounds in all than are allowed, but not in a row.
  const world: World = {
    ...steady,
    obstacles: (_, folio) => (folio === 0 ? [] : [{ ...forever, until: 25_000 * folio }]),
  };
  const outerLoops = Math.ceil(0.75 * rounds);
  const result = run('memory offline', 'linux-6.12.117', { world, outerLoops });
  assert.ok(result.counters.outerLoops > outerLoops);
  assert.deepEqual([result.returned, result.finding], [0, undefined]);
});

test('endless: said before the horizon cuts the run off, and where rounds take no time', () => {
  const cpus = { preemption: 'none', timeSlice: 4e6, spin: 100, patience: 1e9 } as const;
  const world: World = { ...heldUntil(Number.POSITIVE_INFINITY), cpus };
  const cut = machineOf('memory offline', 'linux-6.12.117', { world, outerLoops: 20, horizon: 100_000 });
  assert.equal(cut.findings.length, 1);
  assert.ok(cut.requests[0]!.ended <= 100_000);
  const instant: World = { ...emptyWorld, obstacles: () => [forever], cpus };
  const { requests } = machineOf('memory offline', 'linux-6.12.117', { world: instant, outerLoops: 20 });
  assert.equal(requests[0]!.finding?.cpuTime, 0);
});

test('a window ends with its request: what is queued later rests', () => {
  for (const model of ['move_pages', 'migrate_pages', 'contiguous allocation', 'cma', 'memory offline'] as const) {
    const machine = ranOut(model, 'linux-6.12.117', { background: rowsOf([[1e6, 3, 1, 0]]) });
    assert.equal(machine.folios[0]!.queuedIn(1), 1, model);
    assert.equal(machine.result().requests[0]!.counters.rcuWaits, 1, model);
  }
});

test('compaction drains its own CPU once, never waits for another, and does not see what is off the LRU', () => {
  const fresh: FolioSpec = { ...shmem, notOnLru: true };
  const rows = rowsOf([
    [100, 0, 0, 0],
    [100, 3, 0, 1],
  ]);
  const folios = [fresh, fresh, shmem];
  const result = run('compaction', 'linux-6.12.117', { folios, background: rows });
  assert.deepEqual(endings(result), ['moved', 'not isolated', 'moved']);
  assert.deepEqual([result.counters.localDrains, result.counters.allCpuDrains, result.counters.rcuWaits], [1, 0, 0]);
  assert.equal(result.returned, 0, 'it never fails by itself');
  // Through /proc/sys/vm/compact_memory all CPUs are drained first.
  const forced = run('compaction', 'linux-6.12.117', {
    folios,
    background: rows,
    demand: { drainsAll: true, mode: 'sync' },
  });
  assert.deepEqual(endings(forced), ['moved', 'moved', 'moved']);
  assert.equal(forced.counters.allCpuDrains, 1);
});

test('compaction: activate batches are invisible only where queueing clears PG_lru (6.11 to 6.16)', () => {
  const rows = rowsOf([[100, 3, 1, 0]]);
  for (const [name, ending] of [
    ['linux-6.10', 'failed'],
    ['linux-6.12.40', 'not isolated'],
    ['linux-6.12.117', 'failed'],
  ] as const) {
    assert.equal(endings(run('compaction', name, { folios: [shmem], background: rows }))[0], ending, name);
  }
});

test('compaction drains its CPU again where the scanner leaves a block', () => {
  const chunks = [0, 1, 2].map((id) => ({ folios: [id], gap: 100, leavesBlock: id === 2 }));
  const result = run('compaction', 'linux-6.12.117', { demand: { chunks } });
  assert.equal(result.counters.localDrains, 1 + 1);
  assert.equal(result.counters.calls, 3);
});

test('compaction: a block with failures is gone over once more, where what was put back cannot be seen', () => {
  const chunks = [{ folios: [0, 1], gap: 0 }];
  const world = heldUntil(Number.POSITIVE_INFINITY);
  // Folio 0 is in an activate batch of CPU 3 with PG_lru clear, until that CPU drains in the first look.
  const rows = rowsOf([
    [100, 3, 1, 0],
    [1100, 3, 7, 0],
  ]);
  const setting = { folios: [shmem, shmem], world, background: rows };
  const once = run('compaction', 'linux-6.12.40', { ...setting, demand: { chunks } });
  assert.deepEqual(endings(once), ['not isolated', 'failed']);
  const twice = run('compaction', 'linux-6.12.40', { ...setting, demand: { chunks, rescans: true } });
  assert.deepEqual(endings(twice), ['moved', 'not isolated']);
  assert.equal(twice.chunks[0]![1]!.holder, 'not on LRU');
  assert.deepEqual([twice.counters.calls, twice.counters.outerLoops], [2, 1]);
  // Nothing failed: nothing is gone over again.
  assert.equal(run('compaction', 'linux-6.12.117', { demand: { rescans: true } }).counters.outerLoops, 0);
});

test('compaction leaves writeback and dirt without a handler alone unless it may block', () => {
  const file: FolioSpec = { order: 0, kind: 'file', mapped: 0 };
  const world: World = {
    ...steady,
    obstacles: (_, folio) => (folio === 0 ? [{ holder: 'writeback', from: 0, until: 1500, references: 0 }] : []),
    refuses: (visit, step) => step === 'dirty' && visit.folio === 1 && visit.now < 1500,
  };
  const folios = [file, file, file];
  for (const mode of ['async', 'sync-light'] as const) {
    const result = run('compaction', 'linux-6.12.117', { folios, world, demand: { mode } });
    assert.deepEqual(endings(result), ['not isolated', 'not isolated', 'moved'], mode);
    assert.equal(result.chunks[0]![0]!.holder, 'writeback');
  }
  assert.equal(endings(run('compaction', 'linux-6.12.117', { folios, world, demand: { mode: 'sync' } }))[0], 'moved');
});

test('NUMA balancing: one asynchronous call a folio, no drain, no second try', () => {
  const result = run('numa balancing', 'linux-6.12.117', { world: heldUntil(Number.POSITIVE_INFINITY) });
  assert.deepEqual(endings(result), ['moved', 'failed', 'moved']);
  // Three passes of one asynchronous call; whatever mode the demand names.
  assert.deepEqual([result.counters.calls, result.chunks[0]![1]!.episodes], [3, 1]);
  assert.equal(result.chunks[0]![1]!.attempts, 10);
  assert.deepEqual([result.counters.allCpuDrains, result.counters.localDrains, result.counters.rcuWaits], [0, 0, 0]);
  assert.equal(result.returned, -11);
});

test('soft offline drains all CPUs for a page off the LRU, and the first page that stays ends it', () => {
  const fresh: FolioSpec = { ...shmem, notOnLru: true };
  const rows = rowsOf([[100, 3, 0, 0]]);
  const shaken = run('soft offline', 'linux-6.12.117', { folios: [fresh, shmem], background: rows });
  assert.deepEqual([shaken.returned, shaken.counters.allCpuDrains], [0, 1]);
  assert.deepEqual(endings(shaken), ['moved', 'moved']);
  // An mlock batch does not clear PG_lru: nobody drains it, and the page stays.
  const hidden = run('soft offline', 'linux-6.12.117', {
    folios: [{ ...shmem, mlocked: true }, shmem],
    background: rowsOf([[100, 3, 6, 0]]),
  });
  assert.deepEqual([hidden.returned, hidden.counters.allCpuDrains], [-16, 0]);
  assert.deepEqual(endings(hidden), ['failed', 'not tried']);
  assert.equal(hidden.chunks[0]![0]!.episodes, 2, 'a synchronous call');
  // Freed meanwhile, it is taken from the free list.
  const freed = run('soft offline', 'linux-6.12.117', { background: rowsOf([[1010, 3, 10, 2]]) });
  assert.deepEqual([freed.returned, freed.counters.allCpuDrains], [0, 0]);
  assert.deepEqual(endings(freed), ['moved', 'moved', 'reclaimed']);
});

test('do_migrate_pages goes on after a list that failed, and returns what it left behind', () => {
  const chunks = [0, 1, 2].map((id) => ({ folios: [id], gap: 0 }));
  const world = heldUntil(Number.POSITIVE_INFINITY);
  const result = run('migrate_pages', 'linux-6.12.117', { world, demand: { chunks } });
  assert.deepEqual(endings(result), ['moved', 'failed', 'moved']);
  assert.deepEqual([result.returned, result.counters.calls, result.counters.rcuWaits], [1, 3, 1]);
  // move_pages(2) stops there.
  const pages = run('move_pages', 'linux-6.12.117', { world, demand: { chunks } });
  assert.deepEqual(endings(pages), ['moved', 'failed', 'not tried']);
});

/** What a requester that has returned must have done, in any world under any policy. */
function brokenPromises({ demand, returned, chunks, counters, finding }: RequestResult, emptyEnds: boolean): string[] {
  const members = chunks.flat();
  const hasLeft = ({ ending }: (typeof members)[number]) => ending === 'moved' || ending === 'reclaimed';
  const all = members.every(hasLeft);
  const area = (places: readonly number[]) => places.every((place) => chunks[place]!.every(hasLeft));
  const promises: Partial<Record<RequestModel, readonly (readonly [string, boolean])[]>> = {
    'contiguous allocation': [['has the range or says so', (returned === 0) === all]],
    cma: [['has an area when it says so', returned !== 0 || (demand.areas?.some(area) ?? all)]],
    'memory offline': [
      ['has emptied the range or says so', (returned === 0) === all],
      ['a replay is no finding', demand.passes === undefined || finding === undefined],
    ],
    'longterm pin': [
      ['pins only what has moved', returned !== 0 || all || emptyEnds],
      ['-ENOMEM is for what a call left behind', returned !== -12 || members.some(({ ending }) => ending === 'failed')],
      ['only an endless loop ends with -EAGAIN', (returned === -11) === (finding !== undefined)],
      ['switches nothing off', counters.rcuWaits === 0],
    ],
    compaction: [
      ['never fails', returned === 0],
      ['waits for no CPU', counters.rcuWaits === 0 && (demand.drainsAll === true || counters.allCpuDrains === 0)],
    ],
    'numa balancing': [
      ['waits for no CPU', counters.rcuWaits === 0 && counters.allCpuDrains === 0],
      ['one call a folio', counters.calls <= members.length],
    ],
    'soft offline': [
      ['stops at the first that stays', (returned === 0) === all],
      ['one drain a page', counters.rcuWaits === 0 && counters.allCpuDrains <= members.length],
    ],
    migrate_pages: [['one call a list', counters.calls <= chunks.length]],
  };
  return (promises[demand.model] ?? []).filter(([, holds]) => !holds).map(([what]) => `${demand.model}: ${what}`);
}

test('any demand under any policy: requesters keep what they return, and their own drains', () => {
  let finished = 0;
  fc.assert(
    fc.property(inputs, policies, fc.nat(), (input, { name, decisions }, seed) => {
      for (const result of new Machine(decisions, luckyWorld(seed), input).run().requests) {
        if (Number.isNaN(result.ended)) continue;
        finished++;
        assert.deepEqual(brokenPromises(result, decisions.emptyCollectEnds), [], name);
      }
    }),
    { numRuns: 500, seed: 17 },
  );
  assert.ok(finished > 500, `${finished} requests came to an end`);
});
