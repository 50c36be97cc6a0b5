/** The worked examples of reference counts (kernel-model 1.6), as counts of the model's own folios. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { resolvePolicy } from '../policies/policies.ts';
import { type Background, emptyBackground, type FolioSpec, type RequestDemand } from './demand.ts';
import { expectedReferences, type Folio } from './folio.ts';
import { Machine, type RequestResult } from './machine.ts';
import { rowsOf } from './made-up.ts';
import { emptyWorld, type World } from './world.ts';

const shmem: FolioSpec = { order: 0, kind: 'shmem', mapped: 1 };
const call: RequestDemand = {
  id: 0,
  model: 'call',
  reason: 'syscall_or_cpuset',
  mode: 'sync',
  cpu: 0,
  start: 1000,
  end: 1000,
  chunks: [{ folios: [0], gap: 0 }],
};

/** Every service takes 10 ns, and the folio's counts are written down after each of them. */
const steady: World = {
  ...emptyWorld,
  serviceTime: (service) => (service === 'entry' ? 0 : 10),
  drainWorkTime: () => 100,
};

interface Look {
  readonly references: number;
  readonly expected: number;
  readonly isolated: boolean;
  readonly mapped: number;
}

/** Looks at folio 0 before each step of the machine, and what came out. */
function watch(
  name: string,
  world: World,
  folio: FolioSpec = shmem,
  background: Background = emptyBackground,
  request: RequestDemand = call,
): { looks: readonly Look[]; result: RequestResult } {
  const looks: Look[] = [];
  const machine = new Machine(resolvePolicy(name).decisions, world, {
    cpus: 2,
    folios: [folio],
    requests: [request],
    background,
    stepwise: true,
  });
  const look = ({ references, isolated, mapped }: Folio, expected: number) =>
    looks.push({ references, expected, isolated, mapped });
  do look(machine.folios[0]!, expectedReferences(machine.folios[0]!));
  while (machine.step());
  return { looks, result: machine.result().requests[0]! };
}

/** References while the folio is isolated and unmapped, in the order in which they were seen, and what the check expects. */
function unmappedCounts(looks: readonly Look[]): readonly string[] {
  const counts = looks
    .filter(({ isolated, mapped }) => isolated && mapped === 0)
    .map(({ references, expected }) => `${references} of ${expected}`);
  return counts.filter((count, place) => place === 0 || count !== counts[place - 1]);
}

test('example 1: cache, map and isolation make 3; unmapped 2, and 2 is expected', () => {
  const { looks, result } = watch('linux-6.1.192', steady);
  assert.equal(looks[0]!.references, 2, 'cache and map');
  assert.equal(looks.find(({ isolated }) => isolated)!.references, 3);
  assert.deepEqual(unmappedCounts(looks), ['2 of 2']);
  assert.equal(result.counters.movedFolios, 1);
  assert.equal(result.counters.episodes, 1);
});

test('example 1: a fault asleep on the lock makes it 3, for as long as the episode lasts', () => {
  const once: World = {
    ...steady,
    faultEnters: (visit, { from }) => (visit.episode === 0 ? [{ at: from, releaseAfter: 0 }] : []),
  };
  const undone = watch('linux-6.1.192', once);
  // The undo lets it go, so that the second episode has 2.
  assert.deepEqual(unmappedCounts(undone.looks), ['3 of 2', '2 of 2']);
  assert.equal(undone.result.counters.episodes, 2);
  assert.equal(undone.result.counters.movedFolios, 1);
  // Since 6.3 the lock is kept over three move passes, none of which can see anything but 3.
  const kept = watch('linux-6.5', once);
  assert.deepEqual(unmappedCounts(kept.looks), ['3 of 2', '2 of 2']);
  assert.equal(kept.result.counters.episodes, 2);
  assert.equal(kept.result.counters.moveAttempts, 3 + 1);
});

test('example 2: an entry in the add batch of another CPU keeps the folio off the LRU, one in its activate batch on it', () => {
  // Kind 0 is the add batch, 1 the activate batch; CPU 1 is not the CPU that migrates.
  const fresh = watch('linux-6.1.192', steady, { ...shmem, notOnLru: true }, rowsOf([[100, 1, 0, 0]]));
  assert.equal(fresh.looks.at(-1)!.references, 3, 'cache, map and batch');
  assert.equal(fresh.result.chunks[0]![0]!.ending, 'not isolated');
  const active = watch('linux-6.1.192', steady, shmem, rowsOf([[100, 1, 1, 0]]));
  assert.deepEqual(unmappedCounts(active.looks), ['3 of 2']);
  assert.equal(active.result.counters.moveAttempts, 10);
  assert.equal(active.result.chunks[0]![0]!.holder, 'activate batch');
});

test('example 2: 3 against 2 until that CPU drains', () => {
  // Isolation at 1010; a pass takes destination, walk, flush, attempt and restore, 50 ns. CPU 1 drains at 1120.
  const rows = rowsOf([
    [100, 1, 1, 0],
    [1120, 1, 7, 0],
  ]);
  const { looks, result } = watch('linux-6.1.192', steady, shmem, rows);
  assert.deepEqual(unmappedCounts(looks), ['3 of 2', '2 of 2']);
  assert.equal(result.counters.movedFolios, 1);
  // The third pass writes entries from 1130 on.
  assert.equal(result.counters.episodes, 3);
  // The same for a folio that a capture calls `add`: what is off the LRU can be isolated after the drain only.
  const late: RequestDemand = { ...call, start: 1200 };
  const added = watch(
    'linux-6.1.192',
    steady,
    { ...shmem, notOnLru: true },
    rowsOf([
      [100, 1, 0, 0],
      [1120, 1, 7, 0],
    ]),
    late,
  );
  assert.equal(added.result.counters.movedFolios, 1);
  assert.deepEqual(unmappedCounts(added.looks), ['2 of 2']);
});

test('example 3: 4 isolated, 3 unmapped, 2 expected: the mlock batch of another CPU fails the migration', () => {
  const mlocked: FolioSpec = { order: 0, kind: 'file', mapped: 1, mlocked: true };
  const remote = watch('linux-6.12.117', steady, mlocked, rowsOf([[100, 1, 6, 0]]));
  assert.equal(remote.looks.find(({ isolated }) => !isolated)!.references, 2);
  assert.equal(remote.looks.find(({ isolated }) => isolated)!.references, 4);
  assert.deepEqual(unmappedCounts(remote.looks), ['3 of 2']);
  assert.equal(remote.result.chunks[0]![0]!.holder, 'mlock batch');
  // try_to_migrate_one() drains the batch of the CPU that migrates, so that only other CPUs' matter.
  const local = watch('linux-6.12.117', steady, mlocked, rowsOf([[100, 0, 6, 0]]));
  assert.equal(local.looks.find(({ isolated }) => isolated)!.references, 4);
  assert.deepEqual(unmappedCounts(local.looks), ['2 of 2']);
  assert.equal(local.result.counters.movedFolios, 1);
});
