import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { resolvePolicy } from '../policies/policies.ts';
import { Batches } from './batches.ts';
import { emptyCounters } from './counters.ts';
import type { Decisions } from './decisions.ts';
import { type Background, backgroundActions, emptyBackground, type FolioSpec, type RequestDemand } from './demand.ts';
import { Folios, queuedIn } from './folio.ts';
import { Machine } from './machine.ts';
import { rowsOf } from './made-up.ts';
import { emptyWorld, type World } from './world.ts';

const kernel = (name: string): Decisions => resolvePolicy(name).decisions;
const small: FolioSpec = { order: 0, kind: 'shmem', mapped: 1 };

/** Rows of [time, cpu, action, folio]. */
function rows(list: readonly (readonly [number, number, number, number])[], large?: readonly number[]): Background {
  return { ...rowsOf(list), ...(large === undefined ? {} : { large: Uint8Array.from(large) }) };
}

function batchesOf(decisions: Decisions, specs: readonly FolioSpec[] = [], cpus = 2) {
  const account = emptyCounters();
  const table = new Folios(specs);
  const folios = specs.map((_, id) => table.get(id));
  return { account, folios, batches: new Batches({ cpus, decisions, folios: table, account }) };
}

for (const [name, capacity] of [
  ['linux-6.8', 15],
  ['linux-6.9', 31],
] as const) {
  test(`${name}: the add that makes it ${capacity} flushes all of them, so a batch never rests full`, () => {
    const { batches, account } = batchesOf(kernel(name));
    for (let adds = 1; adds <= 4 * capacity; adds++) {
      batches.consume(rows([[0, 0, 0, -1]]), 0, 0);
      assert.equal(batches.count(0, 0), adds % capacity);
      assert.equal(account.lruLocks, Math.floor(adds / capacity));
      assert.deepEqual(batches.brokenInvariants(), []);
    }
  });
}

test('folios that somebody migrates fill a batch by the same rule', () => {
  const specs = Array.from({ length: 31 }, () => small);
  const { batches, folios } = batchesOf(kernel('linux-6.12.117'), specs);
  for (const folio of folios.slice(0, 30)) batches.add(0, 1, folio);
  assert.equal(batches.count(0, 1), 30);
  assert.equal(folios[0]!.references, 3);
  batches.add(0, 1, folios[30]!);
  assert.equal(batches.count(0, 1), 0);
  assert.ok(folios.every((folio) => folio.references === 2));
});

test('with a capacity of 0, or caches disabled, or a large folio, every add is flushed at once', () => {
  const add = rows([[0, 0, 0, -1]]);
  const off = batchesOf({ ...kernel('linux-6.12'), batchCapacity: 0 });
  off.batches.consume(add, 0, 0);
  assert.equal(off.batches.count(0, 0), 0);
  const { batches, account } = batchesOf(kernel('linux-6.12'));
  batches.consume(add, 0, 0);
  batches.disabled = 1;
  batches.consume(add, 0, 0);
  assert.equal(batches.count(0, 0), 0, 'what rested there is flushed with the new entry');
  assert.equal(account.lruLocks, 1);
  batches.disabled = 0;
  batches.consume(rows([[0, 0, 0, -1]], [1]), 0, 0);
  assert.equal(batches.count(0, 0), 0);
});

test('a folio is off the LRU while it is in an add batch, and each entry holds a reference', () => {
  const { batches, folios } = batchesOf(kernel('linux-6.12.117'), [{ ...small, notOnLru: true }]);
  const folio = folios[0]!;
  assert.ok(batches.add(0, 0, folio));
  assert.equal(folio.references, 3);
  assert.equal(folio.onLru, false);
  assert.equal(batches.add(1, 0, folio), false, 'a folio is in one add batch at most');
  assert.equal(batches.add(1, 1, folio), false, 'activation needs PG_lru');
  batches.drain(0);
  assert.equal(folio.onLru, true);
  assert.equal(folio.references, 2);
});

test('PG_lru kept: a folio may be queued several times; cleared: once, and it cannot be isolated (6.12.49 and .50)', () => {
  for (const [name, entries] of [
    ['linux-6.12.49', 1],
    ['linux-6.12.50', 3],
  ] as const) {
    const { batches, folios } = batchesOf(kernel(name), [small]);
    for (const kind of [1, 2, 4]) batches.add(0, kind, folios[0]!);
    assert.equal(folios[0]!.references - 2, entries, name);
    assert.equal(folios[0]!.onLru, name === 'linux-6.12.50');
    batches.add(0, 6, folios[0]!);
    assert.equal(queuedIn(folios[0]!, 6), 1, 'the mlock batch was never converted');
    batches.drain(0);
    assert.equal(folios[0]!.references, 2);
    assert.equal(folios[0]!.onLru, true);
  }
});

const request: RequestDemand = {
  id: 0,
  model: 'move_pages',
  reason: 'syscall_or_cpuset',
  mode: 'sync',
  cpu: 0,
  start: 1000,
  end: 2000,
  chunks: [{ folios: [0], gap: 100 }],
};
const steady: World = { ...emptyWorld, drainWorkTime: () => 50, rcuWaitTime: () => 20 };

function replay(decisions: Decisions, background: Background, demand = request, specs: readonly FolioSpec[] = [small]) {
  const machine = new Machine(decisions, steady, { cpus: 4, folios: specs, requests: [demand], background });
  while (machine.step()) assert.deepEqual(machine.brokenInvariants(), []);
  const result = machine.result();
  return { ...result.requests[0]!, background: result.background };
}

test('drain once against disable: an activation after the drain, before the call, decides', () => {
  // CPU 2 has the folio in its activate batch; a second activation comes between the drain (1050) and the call (1100).
  const background = rows([
    [500, 2, 1, 0],
    [1080, 3, 1, 0],
  ]);
  const once = replay(resolvePolicy('drain-once', resolvePolicy('linux-6.12.117')).decisions, background);
  assert.equal(once.counters.failedFolios, 1);
  assert.equal(once.chunks[0]![0]!.holder, 'activate batch');
  assert.equal(once.counters.allCpuDrains, 1);
  assert.equal(once.counters.drainWorks, 1);
  assert.equal(once.counters.rcuWaits, 0);
  const disabled = replay(kernel('linux-6.12.117'), background);
  assert.equal(disabled.counters.failedFolios, 0);
  assert.equal(disabled.counters.rcuWaits, 1);
  assert.equal(disabled.background.lruLocks, 1, 'the second activation is flushed at once, at a lock of its own');
  const never = replay(resolvePolicy('never-drain', resolvePolicy('linux-6.12.117')).decisions, background);
  assert.equal(never.counters.failedFolios, 1);
  assert.equal(never.counters.allCpuDrains, 0);
});

test('drain after each failure helps where somebody tries again', () => {
  const background = rows([[1080, 3, 1, 0]]);
  const demand: RequestDemand = { ...request, model: 'contiguous allocation', reason: 'contig_range' };
  const ground = resolvePolicy('linux-6.12.117');
  const once = replay(resolvePolicy('drain-once', ground).decisions, background, demand);
  assert.equal(once.counters.calls, 5);
  assert.equal(once.returned, -16);
  const again = replay(resolvePolicy('drain-each-failure', ground).decisions, background, demand);
  assert.equal(again.counters.calls, 2);
  assert.equal(again.counters.allCpuDrains, 2);
  assert.equal(again.returned, 0);
});

test("a folio that is put back hides in this CPU's add batch until it is drained", () => {
  const demand: RequestDemand = {
    ...request,
    model: 'call',
    chunks: [
      { folios: [0], gap: 0 },
      { folios: [0], gap: 10 },
    ],
  };
  // An activate entry on another CPU fails the first call; it is drained before the second one.
  const background = rows([
    [500, 2, 1, 0],
    [1005, 2, backgroundActions.drainLocal, -1],
  ]);
  const hidden = replay(kernel('linux-6.12.117'), background, demand);
  assert.deepEqual(
    hidden.chunks.flat().map((member) => member.ending),
    ['failed', 'not isolated'],
  );
  const drained = rows([
    [500, 2, 1, 0],
    [1005, 2, backgroundActions.drainLocal, -1],
    [1006, 0, backgroundActions.drainLocal, -1],
  ]);
  const found = replay(kernel('linux-6.12.117'), drained, demand);
  assert.deepEqual(
    found.chunks.flat().map((member) => member.ending),
    ['failed', 'moved'],
  );
});

test('an all-CPU drain queues at most one work per non-empty CPU', () => {
  const background = rows([
    [1, 1, 0, -1],
    [2, 1, 1, -1],
    [3, 3, 0, -1],
  ]);
  assert.equal(replay(kernel('linux-5.12'), background).counters.drainWorks, 2);
  assert.equal(replay(kernel('linux-5.13'), background).counters.drainWorks, 4, '5.13 to 5.17: works on all CPUs');
  assert.equal(replay(kernel('linux-5.13'), background).counters.rcuWaits, 0);
  assert.equal(replay(kernel('linux-5.18'), background).counters.drainWorks, 2);
});

test('an all-CPU drain that waited for another one is skipped by generation, unless caches get disabled', () => {
  // The drain of 990 runs; that of 991 and the request's of 992 wait for it. The one of 991 then drains for both.
  const background = rows([
    [1, 1, 0, -1],
    [2, 2, 0, -1],
    [990, 3, backgroundActions.drainAll, -1],
    [991, 3, backgroundActions.drainAll, -1],
  ]);
  const drains = (name: string) => {
    const result = replay(kernel(name), background, { ...request, start: 992 });
    return [result.background.allCpuDrains, result.counters.allCpuDrains];
  };
  assert.deepEqual(drains('linux-5.12'), [2, 0]);
  assert.deepEqual(drains('linux-5.4'), [2, 1]);
  assert.deepEqual(drains('linux-6.1'), [2, 1]);
});

test('works of a drain: one for each CPU that has something; all online ones in 5.13 to 5.17; 6.18 does its own itself', () => {
  const cpus = 4;
  fc.assert(
    fc.property(fc.subarray([0, 1, 2, 3]), fc.nat(6), (full, kind) => {
      const background = rows(full.map((cpu) => [1 + cpu, cpu, kind, -1] as const));
      const works = (name: string) => replay(kernel(name), background).counters.drainWorks;
      // mlock and munlock are not batched up to 5.17.
      const before = kind === 6 ? 0 : full.length;
      assert.equal(works('linux-5.12'), before);
      assert.equal(works('linux-5.13'), cpus);
      assert.equal(works('linux-5.17'), cpus);
      assert.equal(works('linux-6.12.117'), full.length);
      // The request runs on CPU 0.
      assert.equal(works('linux-7.2'), full.filter((cpu) => cpu !== 0).length);
    }),
    { numRuns: 60, seed: 9 },
  );
});

test('n drains asked for while one runs: one more with the generation, n more without', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), (n) => {
      const drains: [number, number, number, number][] = [[1, 1, 0, -1]];
      for (let i = 0; i <= n; i++) drains.push([100 + i, i % 4, backgroundActions.drainAll, -1]);
      // Each takes 50 ns where it finds something; the first one of them does, and all others are asked for meanwhile.
      const made = (name: string) => {
        const input = { cpus: 4, folios: [small], requests: [], background: rows(drains) };
        return new Machine(kernel(name), steady, input).run().background.allCpuDrains;
      };
      assert.equal(made('linux-5.4'), 1 + n);
      assert.equal(made('linux-6.12.117'), 2);
    }),
    { numRuns: 20, seed: 13 },
  );
});

test('the mlock batch of the migrating CPU is drained by unmapping; that of another CPU is in the way', () => {
  const mlocked: FolioSpec = { ...small, mlocked: true };
  const demand: RequestDemand = { ...request, model: 'call' };
  const own = replay(kernel('linux-6.12.117'), rows([[1, 0, 6, 0]]), demand, [mlocked]);
  assert.equal(own.counters.movedFolios, 1);
  const other = replay(kernel('linux-6.12.117'), rows([[1, 1, 6, 0]]), demand, [mlocked]);
  assert.equal(other.chunks[0]![0]!.holder, 'mlock batch');
  const immediate = replay(kernel('linux-5.17'), rows([[1, 1, 6, 0]]), demand, [mlocked]);
  assert.equal(immediate.counters.movedFolios, 1);
});

test('after a move: 6.1 drains this CPU, 6.12 leaves the destination in the batch', () => {
  const demand: RequestDemand = { ...request, model: 'call' };
  assert.equal(replay(kernel('linux-6.1.192'), emptyBackground, demand).counters.localDrains, 1);
  assert.equal(replay(kernel('linux-6.12.117'), emptyBackground, demand).counters.localDrains, 0);
  assert.equal(replay(kernel('linux-5.10'), emptyBackground, demand).counters.localDrains, 0);
});

test('any adds and drains: counts stay below capacity, references equal holders, the rest is conserved', () => {
  const policies = ['linux-5.10', 'linux-6.1.192', 'linux-6.12.49', 'linux-6.12.117', 'never-drain'];
  const row = fc.tuple(fc.nat(3), fc.nat(11), fc.integer({ min: -1, max: 5 }));
  const capacities = fc.constantFrom(0, 14, 15, 31);
  const rowLists = fc.array(row, { maxLength: 300, size: 'max' });
  fc.assert(
    fc.property(fc.constantFrom(...policies), capacities, rowLists, (name, batchCapacity, list) => {
      const specs = Array.from(
        { length: 6 },
        (_, id): FolioSpec => ({ ...small, order: id === 5 ? 2 : 0, notOnLru: id % 2 === 0 }),
      );
      const machine = new Machine({ ...resolvePolicy(name).decisions, batchCapacity }, steady, {
        stepwise: true,
        cpus: 4,
        folios: specs,
        requests: [],
        background: rows(list.map(([cpu, action, folio], time) => [time, cpu, action, folio] as const)),
      });
      while (machine.step()) assert.deepEqual(machine.brokenInvariants(), []);
    }),
    { numRuns: 150, seed: 3 },
  );
});
