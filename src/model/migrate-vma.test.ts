import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { exponential, uniform } from '../base/random.ts';
import { resolvePolicy } from '../policies/policies.ts';
import type { Decisions } from './decisions.ts';
import { emptyBackground, type FolioSpec, type RequestDemand } from './demand.ts';
import { logKind, ModelLog } from './log.ts';
import { Machine, type MachineInput, type MachineResult } from './machine.ts';
import { lawWorld, rowsOf } from './made-up.ts';
import { emptyWorld, type Obstacle, type World } from './world.ts';

const new5 = resolvePolicy('linux-5.17').decisions;
const old5 = resolvePolicy('linux-5.16').decisions;
const anon: FolioSpec = { order: 0, kind: 'anon', mapped: 1 };
const services = {
  collect: 10,
  flush: 20,
  isolate: 5,
  unmap: 30,
  'device copy': 100,
  attempt: 7,
  restore: 9,
  putback: 3,
};
const steady = lawWorld({ seed: 1, services });

function range(folios: readonly number[], more: Partial<RequestDemand> = {}): RequestDemand {
  return {
    id: 0,
    model: 'migrate_vma',
    reason: 'migrate_vma',
    mode: 'sync',
    cpu: 0,
    start: 1000,
    end: 1e5,
    chunks: [{ folios, gap: 0 }],
    ...more,
  };
}

/** One range of all folios; invariants are looked at after every step. */
function migrate(decisions: Decisions, world: World, folios: readonly FolioSpec[], more: Partial<MachineInput> = {}) {
  const machine = new Machine(decisions, world, {
    cpus: 3,
    folios,
    requests: [range(folios.map((_, id) => id))],
    background: emptyBackground,
    stepwise: true,
    ...more,
  });
  while (machine.step()) assert.deepEqual(machine.brokenInvariants(), []);
  return machine.result();
}

const endings = (result: MachineResult) => result.requests[0]!.chunks[0]!.map((member) => member.ending);
const holders = (result: MachineResult) => result.requests[0]!.chunks[0]!.map((member) => member.holder);
const stretch = (holder: Obstacle['holder'], from: number, until: number, references = 0): Obstacle => ({
  holder,
  from,
  until,
  references,
});

test('nothing in the way: one episode, one attempt, and the times add up', () => {
  const result = migrate(new5, steady, [anon]);
  const { counters, ended, returned } = result.requests[0]!;
  assert.deepEqual(endings(result), ['moved']);
  assert.equal(returned, 0);
  // No mapping is left for the rmap walk.
  assert.equal(ended - 1000, 10 + 20 + 5 + 100 + 7 + 3 + 9);
  assert.equal(counters.timeUnderEntries, 20 + 5 + 100 + 7 + 3 + 9);
  assert.deepEqual([counters.episodes, counters.moveAttempts, counters.tlbFlushes, counters.localDrains], [1, 1, 1, 1]);
  assert.equal(counters.calls, 0, 'no call of migrate_pages');
});

test('collect prints nothing; the rmap walk of other mappings and finalize do', () => {
  const log = new ModelLog();
  migrate(new5, steady, [anon, { ...anon, mapped: 3 }], { log });
  const rows = (kind: number) => {
    const folios: string[] = [];
    for (let i = 0; i < log.length; i++)
      if (log.kind[i] === kind) folios.push(`${log.folio[i]}: ${log.a[i]} ${log.b[i]}`);
    return folios;
  };
  assert.deepEqual(rows(logKind['set entry']), ['1: 2 0'], 'entries, order');
  assert.deepEqual(rows(logKind['remove entry']), ['0: 1 1', '1: 1 3'], 'of the destination, entries');
});

test('a lock that is taken at collection: one try leaves the folio alone, a second may find it free', () => {
  // Held until 1015; folio 1 is collected at 1010, the second try comes after folio 2 and the flush.
  const world: World = {
    ...steady,
    obstacles: (_, folio) => (folio === 0 ? [stretch('lock contention', 0, 1015)] : []),
  };
  const once = migrate(new5, world, [anon, anon]);
  assert.deepEqual(endings(once), ['not isolated', 'moved']);
  assert.deepEqual(holders(once), ['lock contention', undefined]);
  const twice = migrate(old5, world, [anon, anon]);
  assert.deepEqual(endings(twice), ['moved', 'moved']);
  const held: World = { ...steady, obstacles: () => [stretch('lock contention', 0, 1e9)] };
  assert.deepEqual(endings(migrate(old5, held, [anon, anon])), ['not isolated', 'not isolated']);
});

test('two tries against one: P(fail | 2) = P(fail | 1) e^(-g/h)', () => {
  // A folio is locked at its first try with probability b by somebody who holds it for an exponential time of mean h.
  // That has no memory: g later, at the second try, it is still held with probability e^(-g/h). Every service but the
  // collection takes no time here, so g is the collection of the other folio of the range. Four standard errors.
  const count = 20_000;
  const b = 0.4;
  for (const [g, h] of [
    [10, 5],
    [10, 30],
    [10, 200],
  ] as const) {
    const world: World = {
      ...emptyWorld,
      serviceTime: (service) => (service === 'collect' ? g : 0),
      obstacles: (id, folio) => {
        if (folio % 2 === 1 || uniform(3, 'lockContention', folio) >= b) return [];
        const first = id * 1000 + g;
        return [stretch('lock contention', 0, first + exponential(h, uniform(5, 'lockContention', folio)))];
      },
    };
    const folios = Array.from({ length: 2 * count }, (): FolioSpec => anon);
    const requests = Array.from({ length: count }, (_, id) => range([2 * id, 2 * id + 1], { id, start: id * 1000 }));
    const failed = (decisions: Decisions) => {
      const machine = new Machine(decisions, world, { cpus: 1, folios, requests, background: emptyBackground });
      let left = 0;
      for (const { chunks } of machine.run().requests) if (chunks[0]![0]!.ending !== 'moved') left++;
      return left / count;
    };
    for (const [said, expected] of [
      [failed(new5), b],
      [failed(old5), b * Math.exp(-g / h)],
    ] as const) {
      const error = Math.sqrt((expected * (1 - expected)) / count);
      assert.ok(Math.abs(said - expected) < 4 * error, `g ${g}, h ${h}: ${said} against ${expected} ± ${error}`);
    }
  }
});

test('off the LRU: one all-CPU drain a call brings folios back from batches, and no second one', () => {
  // Added on CPU 1 before the call: off the LRU, one reference in the batch.
  const fresh: FolioSpec = { ...anon, notOnLru: true };
  const background = rowsOf([
    [1, 1, 0, 0],
    [2, 2, 0, 1],
  ]);
  const drained = migrate(new5, steady, [fresh, fresh], { background });
  assert.deepEqual(endings(drained), ['moved', 'moved']);
  assert.equal(drained.requests[0]!.counters.allCpuDrains, 1);
  // Never added at all: the drain is spent on the first, and both stay.
  const never = migrate(new5, steady, [fresh, fresh, anon]);
  assert.deepEqual(endings(never), ['not isolated', 'not isolated', 'moved']);
  assert.deepEqual(holders(never), ['not on LRU', 'not on LRU', undefined]);
  assert.equal(never.requests[0]!.counters.allCpuDrains, 1);
});

test('up to 5.16, what was locked late has no entry to restore: it is unlocked at once', () => {
  // Folio 0 is locked until 1015 and never on the LRU, folio 1 is not on the LRU either.
  const world: World = {
    ...steady,
    obstacles: (_, folio) => (folio === 0 ? [stretch('lock contention', 0, 1015)] : []),
  };
  const off: FolioSpec = { ...anon, notOnLru: true };
  const result = migrate(old5, world, [off, off]);
  assert.deepEqual(endings(result), ['not isolated', 'not isolated']);
  // Two collections, one flush, two tries to isolate, and one entry restored.
  assert.equal(result.requests[0]!.ended - 1000, 2 * 10 + 20 + 2 * 5 + 9);
  assert.equal(result.requests[0]!.counters.lockHold, 5 + (1059 - 1020));
});

test('a reference too many: put back and restored, one episode for nothing', () => {
  const pinned: World = { ...steady, obstacles: (_, folio) => (folio === 0 ? [stretch('pin', 0, 1e9, 1024)] : []) };
  for (const [decisions, mapped] of [
    [new5, 1],
    [new5, 2],
    [old5, 1],
    [old5, 2],
  ] as const) {
    const result = migrate(decisions, pinned, [{ ...anon, mapped }, anon]);
    assert.deepEqual(endings(result), ['failed', 'moved']);
    assert.deepEqual(holders(result), ['pin', undefined]);
    assert.equal(result.requests[0]!.counters.moveAttempts, 1, 'it is not tried');
    assert.equal(result.requests[0]!.returned, 0);
  }
});

test('up to 5.16 references are compared before the rmap walk and again after it', () => {
  // It comes during the walk of the second mapping: isolation 1035, first comparison, walk until 1065.
  const late: World = { ...steady, obstacles: () => [stretch('unknown reference', 1050, 1e9, 1)] };
  const result = migrate(old5, late, [{ ...anon, mapped: 2 }]);
  assert.deepEqual(endings(result), ['failed']);
  assert.equal(result.requests[0]!.counters.tlbFlushes, 2, 'it was unmapped whole');
  const early: World = { ...steady, obstacles: () => [stretch('unknown reference', 0, 1e9, 1)] };
  assert.equal(migrate(old5, early, [{ ...anon, mapped: 2 }]).requests[0]!.counters.tlbFlushes, 1);
  assert.equal(migrate(new5, early, [{ ...anon, mapped: 2 }]).requests[0]!.counters.tlbFlushes, 2);
});

test('a reference that comes after the comparison meets the one attempt of migrate_vma_pages()', () => {
  const late: World = { ...steady, obstacles: () => [stretch('unknown reference', 1100, 1e9, 1)] };
  const result = migrate(new5, late, [anon]);
  assert.deepEqual(endings(result), ['failed']);
  assert.equal(result.requests[0]!.counters.moveAttempts, 1);
});

test('entry waiters of 5.16 hold a reference on their way to sleep, which the comparison meets; later ones do not', () => {
  const waits: World = {
    ...steady,
    entryWaiter: (_, n, from) => (n === 0 ? from : Number.POSITIVE_INFINITY),
    entryWaitReferenceTime: () => 50,
  };
  assert.deepEqual(endings(migrate(old5, waits, [anon])), ['failed']);
  assert.deepEqual(endings(migrate(new5, waits, [anon])), ['moved']);
});

test('file-backed memory: its dirty bit is lost in collect, a finding; private anonymous memory has none', () => {
  for (const decisions of [old5, new5]) {
    const file = migrate(decisions, steady, [anon, { ...anon, kind: 'file' }]);
    assert.equal(file.findings.length, 1);
    assert.equal(file.findings[0]!.kind, 'lost data');
    assert.match(file.findings[0]!.says, /dirty bit/);
    assert.deepEqual(endings(file), ['moved', 'failed'], 'device-private memory takes anonymous pages only');
    assert.deepEqual(migrate(decisions, steady, [anon, { ...anon, mapped: 3 }]).findings, []);
  }
  // A folio whose lock is not had keeps its entry, and its dirty bit.
  const locked: World = { ...steady, obstacles: () => [stretch('lock contention', 0, 1e9)] };
  assert.deepEqual(migrate(new5, locked, [{ ...anon, kind: 'file' }]).findings, []);
});

test('large folios are split first, or skipped', () => {
  const large: FolioSpec = { order: 9, kind: 'anon', mapped: 1 };
  const result = migrate(new5, steady, [large, { ...large, splittable: false }]);
  assert.deepEqual(endings(result), ['moved', 'not isolated']);
  assert.equal(result.requests[0]!.counters.splits, 1);
  const pinned: World = { ...steady, obstacles: () => [stretch('pin', 0, 1e9, 1)] };
  const skipped = migrate(new5, pinned, [large]);
  assert.deepEqual([endings(skipped), holders(skipped)], [['not isolated'], ['pin']]);
  assert.equal(skipped.requests[0]!.counters.episodes, 0);
});

test('a folio that is twice in a range, holes and hugetlb are left alone', () => {
  const folios: FolioSpec[] = [anon, { ...anon, mapped: 0 }, { order: 9, kind: 'hugetlb', mapped: 1 }];
  const result = migrate(new5, steady, folios, { requests: [range([0, 0, 1, 2])] });
  assert.deepEqual(endings(result), ['moved', 'not isolated', 'not isolated', 'not isolated']);
});

test('random ranges: references add up after every step, every folio ends once, the same again', () => {
  const folio: fc.Arbitrary<FolioSpec> = fc.record({
    order: fc.constantFrom(0, 0, 0, 2, 9),
    kind: fc.constantFrom('anon', 'anon', 'file', 'shmem', 'swapcache', 'hugetlb', 'unknown'),
    mapped: fc.nat(3),
    mlocked: fc.boolean(),
    hasPrivate: fc.boolean(),
    notOnLru: fc.constantFrom(false, false, true),
    splittable: fc.constantFrom(true, true, false),
  });
  const setting = fc.record({
    seed: fc.nat(1e6),
    folios: fc.array(folio, { minLength: 1, maxLength: 10 }),
    second: fc.constantFrom('migrate_vma', 'move_pages', 'longterm pin') as fc.Arbitrary<RequestDemand['model']>,
    later: fc.nat(500),
    name: fc.constantFrom('linux-5.10', 'linux-5.16', 'linux-6.1.192', 'linux-7.2', 'oracle', 'never-drain'),
  });
  const obstacle =
    (seed: number): World['obstacles'] =>
    (id, folio) => {
      const u = uniform(seed, 'cause', id, folio);
      const holder = (['pin', 'lock contention', 'writeback', 'unknown reference'] as const)[Math.floor(u * 12)];
      if (holder === undefined) return [];
      const from = 1000 + 300 * uniform(seed, 'pinDuration', id, folio);
      return [stretch(holder, from, from + 400 * u, holder === 'pin' ? 1024 : holder === 'unknown reference' ? 1 : 0)];
    };
  fc.assert(
    fc.property(setting, ({ seed, folios, second, later, name }) => {
      const { decisions } = resolvePolicy(name, resolvePolicy('linux-6.12'));
      const world: World = {
        ...lawWorld({ seed, services, touch: 0.01, release: (u) => 100 * u, obstacles: obstacle(seed) }),
        entryWaitReferenceTime: () => 5,
      };
      const ids = folios.map((_, id) => id);
      const requests = [range(ids), range(ids, { id: 1, model: second, cpu: 1, start: 1000 + later })];
      const again = () => migrate(decisions, world, folios, { requests, outerLoops: 5 });
      const result = again();
      for (const member of result.requests[0]!.chunks[0]!) {
        assert.ok(['moved', 'failed', 'not isolated'].includes(member.ending), member.ending);
        assert.ok(member.attempts <= 1);
      }
      assert.deepEqual(again(), result);
      const { events: _, ...direct } = migrate(decisions, world, folios, { requests, outerLoops: 5, stepwise: false });
      const { events: __, ...stepped } = result;
      assert.deepEqual(direct, stepped);
    }),
    { numRuns: 150 },
  );
});

test('from a device: its pages are on no LRU list, so that nothing is isolated or drained for; where they went, they are', () => {
  const back: FolioSpec = { ...anon, onDevice: true };
  for (const decisions of [new5, old5]) {
    const result = migrate(decisions, steady, [back, back]);
    const { counters } = result.requests[0]!;
    assert.deepEqual(endings(result), ['moved', 'moved']);
    assert.deepEqual([counters.allCpuDrains, counters.lruLocks, counters.episodes], [0, 0, 2]);
    // Both are under entries while either would be isolated, 5 ns each.
    const isolated = migrate(decisions, steady, [anon, anon]).requests[0]!.counters;
    assert.equal(counters.timeUnderEntries, isolated.timeUnderEntries - 20);
  }
});

test('from a device, somebody holds a page: it stays there, mapped as it was, and is not put on the LRU', () => {
  const back: FolioSpec = { ...anon, onDevice: true };
  const world: World = {
    ...steady,
    obstacles: (_request, folio) => (folio === 0 ? [stretch('unknown reference', 0, Number.POSITIVE_INFINITY, 1)] : []),
  };
  for (const decisions of [new5, old5]) {
    const result = migrate(decisions, world, [back, back]);
    assert.deepEqual(endings(result), ['failed', 'moved']);
    assert.equal(result.requests[0]!.counters.allCpuDrains, 0);
  }
});
