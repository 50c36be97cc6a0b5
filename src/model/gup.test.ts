/** Longterm pins: the pKVM trace line, the drain rules of axis I and what each costs (kernel-model 5). */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { resolvePolicy } from '../policies/policies.ts';
import type { Decisions, UnpinnableView } from './decisions.ts';
import { type Background, emptyBackground, type FolioSpec, type RequestDemand } from './demand.ts';
import { Machine, type MachineResult } from './machine.ts';
import { rowsOf } from './made-up.ts';
import { emptyWorld, type Obstacle, type World } from './world.ts';

/** A page-cache page of the guest: mapped once and mlocked. */
const guest: FolioSpec = { order: 0, kind: 'file', mapped: 1, mlocked: true };
const shmem: FolioSpec = { order: 0, kind: 'shmem', mapped: 1 };
const steady: World = {
  ...emptyWorld,
  serviceTime: (service) => (service === 'entry' ? 0 : 10),
  drainWorkTime: () => 100,
  rcuWaitTime: () => 1000,
};

function pinOf(folios: readonly number[], more: Partial<RequestDemand> = {}): RequestDemand {
  return {
    id: 0,
    model: 'longterm pin',
    reason: 'longterm_pin',
    mode: 'sync',
    cpu: 1,
    start: 1000,
    end: 1000,
    chunks: [{ folios, gap: 0 }],
    ...more,
  };
}

interface Setting {
  readonly folios?: readonly FolioSpec[];
  readonly requests?: readonly RequestDemand[];
  readonly background?: Background;
  readonly world?: World;
  readonly outerLoops?: number;
}

function run(name: string | Decisions, setting: Setting): { result: MachineResult; machine: Machine } {
  const decisions = typeof name === 'string' ? resolvePolicy(name).decisions : name;
  const folios = setting.folios ?? [guest];
  const machine = new Machine(decisions, setting.world ?? steady, {
    cpus: 4,
    folios,
    requests: setting.requests ?? [pinOf(folios.map((_, id) => id))],
    background: setting.background ?? emptyBackground,
    outerLoops: setting.outerLoops ?? 1000,
  });
  while (machine.step()) assert.deepEqual(machine.brokenInvariants(), []);
  return { result: machine.result(), machine };
}

/** Returned value, all-CPU drains and local drains of the first request. */
function costs(name: string | Decisions, setting: Setting): readonly [number, number, number] {
  const { returned, counters } = run(name, setting).result.requests[0]!;
  return [returned, counters.allCpuDrains, counters.localDrains];
}

/** mlock(2) on CPU 0 queued the folio there before CPU 1 pins it. */
const queuedByMlock = rowsOf([[100, 0, 6, 0]]);

test('pKVM: the trace line says count=1027, and so does the model where the folio is collected', () => {
  const views: UnpinnableView[] = [];
  const { decisions } = resolvePolicy('linux-6.15');
  const spying: Decisions = {
    ...decisions,
    onUnpinnable(view) {
      views.push({ ...view });
      return decisions.onUnpinnable(view);
    },
  };
  run(spying, { background: queuedByMlock });
  // 1 cache, 1 map, 1 entry in an mlock batch, 1024 of the pin; folio_expected_ref_count() knows of the first two.
  const [view] = views;
  assert.equal(view?.references, 1027);
  assert.equal(view?.expected, 2);
  assert.equal(view?.pinReferences, 1024);
  assert.equal(view?.onLru, true, 'which is why the old rule drains nothing');
});

test('pKVM: the old rule fails with -ENOMEM and drains nothing; rules that know of mlock or of references succeed', () => {
  for (const [policy, expected] of [
    // Ten passes of the move in vain, not one drain.
    ['linux-6.10', [-12, 0, 0]],
    // Queueing clears PG_lru (6.11), but mlock's batch was never converted.
    ['linux-6.15', [-12, 0, 0]],
    // Needs both: this CPU first, then all. The moved folio was mlocked, so its CPU is drained once more.
    ['linux-6.17', [0, 1, 2]],
    ['linux-6.12.117', [0, 1, 2]],
  ] as const) {
    assert.deepEqual(costs(policy, { background: queuedByMlock }), expected, policy);
  }
  const { result } = run('linux-6.10', { background: queuedByMlock });
  assert.equal(result.requests[0]!.chunks[0]![0]!.holder, 'mlock batch');
  assert.equal(result.requests[0]!.counters.moveAttempts, 10);
});

test("pKVM: each of the thread's alternatives, and its price in all-CPU and local drains", () => {
  const price = (name: string, background: Background = emptyBackground) => costs(`linux-6.10+${name}`, { background });
  for (const [name, remote, nothing] of [
    // Entry on another CPU; no entry at all (the page is mlocked all the same, and drains this CPU once after its move).
    ['gup-lru-flag', [-12, 0, 0], [0, 0, 1]],
    ['gup-mlock-drain', [0, 1, 1], [0, 1, 1]],
    ['gup-refcheck', [0, 1, 2], [0, 1, 2]],
    ['gup-refcheck-biased', [0, 1, 2], [0, 0, 1]],
    ['gup-refcheck-large', [0, 1, 2], [0, 1, 2]],
    ['gup-always', [0, 1, 1], [0, 1, 1]],
    ['gup-never', [-12, 0, 0], [0, 0, 1]],
    // Without a batch there is nothing to hide in.
    ['mlock-immediate', [0, 0, 1], [0, 0, 1]],
  ] as const) {
    assert.deepEqual(price(name, queuedByMlock), remote, name);
    assert.deepEqual(price(name), nothing, `${name}, no entry`);
  }
});

test('pKVM: each attempt fails for as long as the entry is queued, unless the last one left the folio off the LRU', () => {
  const attempts = [0, 1, 2].map((id) => pinOf([0], { id, start: 1000 + 1e6 * id }));
  // Something on the pinning CPU drains it between the attempts (any madvise or fault-around does): PG_lru is set again.
  const drained = rowsOf([
    [100, 0, 6, 0],
    [5e5, 1, 7, -1],
    [15e5, 1, 7, -1],
  ]);
  const hidden = run('linux-6.10', { requests: attempts, background: drained }).result;
  assert.deepEqual(
    hidden.requests.map(({ returned, counters }) => [returned, counters.allCpuDrains]),
    [
      [-12, 0],
      [-12, 0],
      [-12, 0],
    ],
  );
  // Tried again at once, the folio that was put back is in this CPU's add batch with PG_lru clear: the rule drains for
  // that, and takes the mlock batches along.
  const again = run('linux-6.10', { requests: attempts, background: queuedByMlock }).result;
  assert.deepEqual(
    again.requests.slice(0, 2).map(({ returned, counters }) => [returned, counters.allCpuDrains]),
    [
      [-12, 0],
      [0, 1],
    ],
  );
});

test('an entry on the pinning CPU itself costs the reference rules no all-CPU drain', () => {
  const local = rowsOf([[100, 1, 6, 0]]);
  assert.deepEqual(costs('linux-6.12.117', { background: local }), [0, 0, 2]);
});

test('an activate batch hides from the LRU flag up to 6.10; 6.11 clears the flag and so finds it', () => {
  const activated = rowsOf([[100, 0, 1, 0]]);
  assert.deepEqual(costs('linux-6.10', { folios: [shmem], background: activated }), [-12, 0, 0]);
  assert.deepEqual(costs('linux-6.12.40', { folios: [shmem], background: activated }), [0, 1, 0]);
  assert.deepEqual(costs('linux-6.12.117', { folios: [shmem], background: activated }), [0, 1, 1]);
});

test('always draining: with the pin not counted as 1024, any small folio drains this CPU and all, once a collection', () => {
  for (const count of [1, 8, 100]) {
    const folios = Array.from({ length: count }, () => shmem);
    assert.deepEqual(costs('linux-6.17', { folios }), [0, 1, 1], `${count} folios, no batch holds any`);
    assert.deepEqual(costs('linux-6.1.192', { folios }).slice(0, 2), [0, 1]);
    assert.deepEqual(costs('linux-6.12.117', { folios }), [0, 0, 0], 'the fix compares with the bias');
    assert.deepEqual(costs('linux-6.10', { folios }), [0, 0, 0]);
  }
  // Once a collection, so once a call of pin_user_pages().
  const folios = Array.from({ length: 6 }, () => shmem);
  const chunks = [
    [0, 1],
    [2, 3],
    [4, 5],
  ].map((ids) => ({ folios: ids, gap: 0 }));
  assert.deepEqual(costs('linux-6.17', { folios, requests: [pinOf([], { chunks })] }), [0, 3, 3]);
  // Large folios never rest in a batch, and are not asked.
  assert.deepEqual(costs('linux-6.17', { folios: [{ order: 4, kind: 'shmem', mapped: 16 }] }), [0, 0, 0]);
});

test('a folio that the array names twice carries two pins, which no rule expects', () => {
  const requests = [pinOf([0], { chunks: [{ folios: [0], gap: 0, repeats: [2] }] })];
  // 2 + 2 * 1024 against 2 + 1024: drained for nothing. The later look finds it off the LRU, which the flag's rule drains for.
  assert.deepEqual(costs('linux-6.12.117', { folios: [shmem], requests }), [0, 1, 1]);
  assert.deepEqual(costs('linux-6.10', { folios: [shmem], requests }), [0, 1, 0]);
  // A large folio has a pin count of its own: 1 a pin, and no rule of references asks about it.
  const large: FolioSpec = { order: 4, kind: 'shmem', mapped: 16 };
  assert.deepEqual(costs('linux-6.12.117', { folios: [large], requests }), [0, 0, 0]);
  const { machine } = run('linux-6.12.117', { folios: [large], requests });
  assert.equal(machine.folios[0]!.references, 16 + 16 + 2, 'pages, maps and pins: a large folio flushes its batch');
});

test('a folio in several batches at once: one all-CPU drain empties them, and may apply them out of order', () => {
  // Activated on CPU 2, deactivated on CPU 1 (which pins), mlocked on CPU 3.
  const background = rowsOf([
    [100, 2, 1, 0],
    [200, 1, 2, 0],
    [300, 3, 6, 0],
  ]);
  const setting = { folios: [{ ...shmem, mlocked: true }], background };
  const references: number[] = [];
  const spied = (name: string): Decisions => {
    const { decisions } = resolvePolicy(name);
    return {
      ...decisions,
      onUnpinnable(view) {
        references.push(view.references);
        return decisions.onUnpinnable(view);
      },
    };
  };
  // Where PG_lru stays set: one reference a batch. This CPU's drain takes one, that of all the others the rest; the
  // deactivation of this CPU is applied before the activation that came first.
  const { counters, returned } = run(spied('linux-6.12.117'), setting).result.requests[0]!;
  assert.deepEqual(references, [2 + 3 + 1024, 2 + 2 + 1024]);
  assert.deepEqual([returned, counters.allCpuDrains, counters.reordered], [0, 1, 1]);
  // Where queueing clears it (6.11 to 6.16) the second operation is not queued at all; mlock's batch does not ask.
  references.length = 0;
  const cleared = run(spied('linux-6.12.40'), setting).result.requests[0]!;
  assert.deepEqual(references, [2 + 2 + 1024]);
  assert.deepEqual([cleared.returned, cleared.counters.allCpuDrains, cleared.counters.reordered], [0, 1, 0]);
});

test('hugetlb folios are not asked about; what is free by now is not pinned', () => {
  const huge: FolioSpec = { order: 9, kind: 'hugetlb', mapped: 1 };
  assert.deepEqual(costs('linux-6.12.117+gup-always', { folios: [huge] }), [0, 0, 0]);
  const { result, machine } = run('linux-6.12.117', { folios: [shmem], background: rowsOf([[500, 3, 10, 0]]) });
  assert.deepEqual([result.requests[0]!.returned, result.requests[0]!.chunks[0]![0]!.ending], [0, 'reclaimed']);
  assert.equal(machine.folios[0]!.references, 0);
});

test('pins of a call that succeeded stay with the user, those of one that failed are gone', () => {
  const pinned = run('linux-6.12.117', { folios: [shmem, shmem] });
  assert.deepEqual(
    pinned.machine.folios.map(({ pins }) => pins),
    [1, 1],
  );
  const failed = run('linux-6.10', { background: queuedByMlock });
  assert.equal(failed.machine.folios[0]!.pins, 0);
});

test('endless: a folio that is off the LRU in no batch is pinned and collected for ever', () => {
  // It has only ever been allocated, or somebody else holds it isolated: no drain brings it back.
  const lost: FolioSpec = { ...shmem, notOnLru: true };
  const loops = 50;
  for (const [policy, drains, local] of [
    ['linux-6.10', loops, 0],
    ['linux-6.17', loops, loops],
    // The references match: it does not even drain.
    ['linux-6.12.117', 0, 0],
  ] as const) {
    const { result } = run(policy, { folios: [lost], outerLoops: loops });
    const [request] = result.requests;
    assert.deepEqual(
      [request!.returned, request!.counters.allCpuDrains, request!.counters.localDrains],
      [-11, drains, local],
    );
    assert.equal(request!.counters.calls, 0, 'nothing is ever listed');
    assert.equal(result.findings.length, 1);
    assert.equal(result.findings[0]!.kind, 'endless');
    assert.equal(result.findings[0]!.since, 1000);
    // Pin and isolation, 10 ns each, is what a round costs; with no works to wait for, a drain takes no time.
    assert.equal(result.findings[0]!.cpuTime, loops * 20);
    assert.equal(request!.counters.cpuBurnt, loops * 20);
  }
  // From 6.14 to 6.16 an empty list was success: the folio stays pinned where it may not be.
  const { result, machine } = run('linux-6.15', { folios: [lost], outerLoops: loops });
  assert.equal(result.requests[0]!.returned, 0);
  assert.equal(result.requests[0]!.chunks[0]![0]!.ending, 'not isolated');
  assert.equal(machine.folios[0]!.pins, 1);
  assert.deepEqual(result.findings, []);
});

test('endless: isolated by a request that sleeps for ever; no finding when it comes back in time', () => {
  const contended: Obstacle = { holder: 'lock contention', from: 0, until: Number.POSITIVE_INFINITY, references: 0 };
  const other: RequestDemand = {
    ...pinOf([0], { id: 1, start: 0 }),
    model: 'call',
    reason: 'syscall_or_cpuset',
    cpu: 2,
  };
  const held = (until: number): World => ({
    ...steady,
    obstacles: (request) => (request === 1 ? [{ ...contended, until }] : []),
  });
  const setting = { folios: [shmem], requests: [pinOf([0]), other] };
  const stuck = run('linux-6.12.117', { ...setting, world: held(Number.POSITIVE_INFINITY), outerLoops: 100 });
  assert.equal(stuck.result.requests[0]!.returned, -11);
  assert.equal(stuck.result.findings.length, 1);
  const back = run('linux-6.12.117', { ...setting, world: held(1200), outerLoops: 100 });
  assert.equal(back.result.requests[0]!.returned, 0);
  assert.deepEqual(back.result.findings, []);
  assert.ok(back.result.requests[0]!.counters.outerLoops > 5);
});

test('a pin that meets a migration entry sleeps until it is gone', () => {
  const other: RequestDemand = {
    ...pinOf([0], { id: 1, start: 0 }),
    model: 'call',
    reason: 'syscall_or_cpuset',
    cpu: 2,
  };
  const slow: World = {
    ...steady,
    serviceTime: (service) => (service === 'copy' ? 5000 : service === 'entry' ? 0 : 10),
  };
  const { result } = run('linux-6.12.117', { folios: [shmem], requests: [pinOf([0]), other], world: slow });
  const [pinned, moved] = result.requests;
  assert.equal(moved!.counters.movedFolios, 1);
  // Pinned from 1010 on; the other's entries go when its copy ends, which took from 50 to 5050.
  assert.equal(pinned!.counters.stall, 5050 - 1010);
  assert.equal(pinned!.returned, 0);
});

test('what a pin cannot move is -ENOMEM at once: no second call, folios put back, references whole', () => {
  const forever: Obstacle = { holder: 'unknown reference', from: 0, until: Number.POSITIVE_INFINITY, references: 1 };
  const world: World = { ...steady, obstacles: (_, folio) => (folio === 1 ? [forever] : []) };
  const { result, machine } = run('linux-6.12.117', { folios: [shmem, shmem, shmem], world });
  const [request] = result.requests;
  assert.equal(request!.returned, -12);
  assert.equal(request!.counters.calls, 1);
  assert.deepEqual(
    request!.chunks[0]!.map(({ ending }) => ending),
    ['moved', 'failed', 'moved'],
  );
  // The reference rule drained for it in vain.
  assert.deepEqual([request!.counters.localDrains, request!.counters.allCpuDrains], [1, 1]);
  assert.ok(machine.folios.every(({ pins, isolated }) => pins === 0 && !isolated));
});

test('sleeping for references (longterm pins only) waits out an I/O reference that ten tries do not', () => {
  const io: Obstacle = { holder: 'transient reference', from: 0, until: 2e6, references: 1 };
  const setting: Setting = { folios: [shmem], world: { ...steady, obstacles: () => [io] } };
  assert.equal(run('linux-6.12.117', setting).result.requests[0]!.returned, -12);
  const slept = run('linux-6.12.117+reference-sleep', setting).result.requests[0]!;
  assert.equal(slept.returned, 0);
  assert.ok(slept.ended >= 2e6);
  assert.ok(Math.abs(slept.counters.referenceSleep - 2e6) < 10_000, `${slept.counters.referenceSleep}`);
  // Any other caller fails as before.
  const call = { ...pinOf([0]), model: 'call' as const, reason: 'syscall_or_cpuset' };
  const other = run('linux-6.12.117+reference-sleep', { ...setting, requests: [call] }).result.requests[0]!;
  assert.deepEqual([other.counters.failedFolios, other.counters.referenceSleep], [1, 0]);
});
