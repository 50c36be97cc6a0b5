import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { exponential, uniform } from '../base/random.ts';
import { resolvePolicy } from '../policies/policies.ts';
import type { Background, FolioSpec, RequestDemand, RequestModel } from './demand.ts';
import { Machine, type MachineInput } from './machine.ts';
import type { Obstacle, World } from './world.ts';

/** A world that answers everything by keyed luck, so that the same seed gives the same capture again. */
function luckyWorld(seed: number): World {
  const luck = (a: number, b: number, c = 0) => uniform(seed, 'serviceTime', a, b, c);
  return {
    serviceTime: (service, visit) => exponential(service.length * 3, luck(visit.folio, visit.episode, visit.attempt)),
    drainWorkTime: (cpu, drain) => exponential(400, luck(cpu, drain, 1)),
    rcuWaitTime: (nth) => exponential(300, luck(nth, 0, 2)),
    faultEnters: (visit, { from, until }) => {
      const at = from + exponential(40, uniform(seed, 'faultWindow', visit.folio, visit.request, visit.episode));
      return at <= until ? [{ at, releaseAfter: exponential(60, luck(visit.folio, visit.episode, 3)) }] : [];
    },
    entryWaiter: (visit, n, from) =>
      n < 3 ? from + 50 * (n + luck(visit.folio, visit.episode, 4)) : Number.POSITIVE_INFINITY,
    entryWaitReferenceTime: () => 20,
    obstacles: (id, folio): Obstacle[] => {
      const u = uniform(seed, 'cause', id, folio);
      const from = 3000 * uniform(seed, 'pinDuration', id, folio);
      const until = u < 0.05 ? Number.POSITIVE_INFINITY : from + 2000 * u;
      const kinds = [
        'pin',
        'transient reference',
        'unknown reference',
        'writeback',
        'lock contention',
        'no memory',
      ] as const;
      const holder = kinds[Math.floor(u * 30)];
      if (holder === undefined) return [];
      return [{ holder, from, until, references: holder === 'pin' ? 1024 : holder.endsWith('reference') ? 1 : 0 }];
    },
    transient: (visit) =>
      uniform(seed, 'transientReference', visit.folio, visit.request, visit.attempt) < 0.1
        ? { until: visit.now + 100 }
        : undefined,
  };
}

const models: readonly RequestModel[] = [
  'move_pages',
  'contiguous allocation',
  'compaction',
  'longterm pin',
  'memory offline',
  'call',
];
const folioCount = 24;
const cpus = 3;

const folio: fc.Arbitrary<FolioSpec> = fc.record({
  order: fc.constantFrom(0, 0, 0, 2, 9),
  kind: fc.constantFrom('anon', 'file', 'shmem', 'swapcache', 'unknown'),
  mapped: fc.nat(3),
  mlocked: fc.boolean(),
  hasPrivate: fc.boolean(),
  notOnLru: fc.constantFrom(false, false, true),
});

const demands: fc.Arbitrary<RequestDemand[]> = fc
  .array(
    fc.record({
      model: fc.constantFrom(...models),
      mode: fc.constantFrom('async', 'sync-light', 'sync'),
      cpu: fc.nat(cpus - 1),
      start: fc.nat(4000),
      chunks: fc.array(fc.uniqueArray(fc.nat(folioCount - 1), { minLength: 1, maxLength: 8 }), {
        minLength: 1,
        maxLength: 3,
      }),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((list) =>
    list.map(({ chunks, ...rest }, id) => ({
      ...rest,
      id,
      reason: 'any',
      end: rest.start + 2000,
      passes: 3,
      chunks: chunks.map((folios) => ({ folios, gap: 10 })),
    })),
  );

const background: fc.Arbitrary<Background> = fc
  .array(fc.tuple(fc.nat(6000), fc.nat(cpus - 1), fc.nat(8), fc.integer({ min: -1, max: folioCount - 1 })), {
    maxLength: 120,
  })
  .map((list) => {
    const sorted = [...list].sort((a, b) => a[0] - b[0]);
    return {
      length: sorted.length,
      time: Float64Array.from(sorted, (row) => row[0]),
      cpu: Uint16Array.from(sorted, (row) => row[1]),
      action: Uint8Array.from(sorted, (row) => row[2]),
      folio: Int32Array.from(sorted, (row) => row[3]),
    };
  });

const input: fc.Arbitrary<MachineInput & { requests: RequestDemand[] }> = fc.record({
  cpus: fc.constant(cpus),
  folios: fc.array(folio, { minLength: folioCount, maxLength: folioCount }),
  requests: demands,
  background,
  horizon: fc.constantFrom(2000, 50_000, Number.POSITIVE_INFINITY),
});

const policies = [
  'linux-5.4',
  'linux-5.10.223',
  'linux-5.15',
  'linux-6.1.192',
  'linux-6.5',
  'linux-6.12.49',
  'linux-6.12.117',
  'linux-7.2',
  'linux-6.12+refcheck-unmap',
  'linux-6.5+waiters-undo',
  'linux-6.5+waiters-undo-caller',
  'linux-6.5+requeue-last',
  'linux-6.5+combined-loop',
  'linux-6.12+drain-once',
  'linux-6.12+drain-each-failure',
  'oracle',
  'never-drain',
];

test('any demand under any policy: what must hold holds after every step, and every folio ends exactly once', () => {
  fc.assert(
    fc.property(input, fc.constantFrom(...policies), fc.nat(), (machineInput, name, seed) => {
      const machine = new Machine(resolvePolicy(name).decisions, luckyWorld(seed), machineInput);
      let steps = 0;
      while (machine.step()) {
        assert.deepEqual(machine.brokenInvariants(), [], name);
        assert.ok(++steps < 200_000, 'the machine must come to an end');
      }
      const { requests } = machine.result();
      assert.equal(requests.length, machineInput.requests.length);
      for (const { demand, chunks, counters, ended } of requests) {
        const members = chunks.flat();
        assert.deepEqual(
          members.map((member) => member.folio),
          demand.chunks.flatMap((chunk) => chunk.folios),
        );
        const moved = members.filter((member) => member.ending === 'moved' || member.ending === 'reclaimed').length;
        assert.equal(counters.movedFolios, moved);
        assert.equal(counters.failedFolios, members.length - moved);
        const unfinished = members.some((member) => member.ending === 'unfinished');
        assert.ok(!unfinished || Number.isNaN(ended));
        assert.equal(
          counters.episodes,
          members.reduce((sum, member) => sum + member.episodes, 0),
        );
        assert.equal(
          counters.moveAttempts,
          members.reduce((sum, member) => sum + member.attempts, 0),
        );
        for (const value of Object.values(counters)) assert.ok(value >= 0);
      }
      // Nothing is locked or isolated but by a request that has not ended.
      if (requests.every(({ ended }) => !Number.isNaN(ended))) {
        for (const folioNow of machine.folios) {
          assert.ok(folioNow.lockedBy < 0);
          assert.equal(folioNow.isolated, false);
          assert.equal(folioNow.entries, 0);
        }
      }
    }),
    { numRuns: 400, seed: 11 },
  );
});

test('the same seed gives the same outcome; a policy that answers as mainline does is mainline', () => {
  fc.assert(
    fc.property(input, fc.nat(), (machineInput, seed) => {
      const mainline = resolvePolicy('linux-6.12.117');
      const outcome = (decisions: typeof mainline.decisions) =>
        JSON.stringify(new Machine(decisions, luckyWorld(seed), machineInput).run());
      const first = outcome(mainline.decisions);
      assert.equal(outcome(mainline.decisions), first);
      const same = { ...mainline.decisions, onMismatch: () => 'keep' as const, plan: { ...mainline.decisions.plan } };
      assert.equal(outcome(same), first);
    }),
    { numRuns: 60, seed: 5 },
  );
});
