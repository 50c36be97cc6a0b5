/** Random worlds, folios, demands, backgrounds and policies, for what must hold whatever happens. */
import fc from 'fast-check';
import { exponential, uniform } from '../base/random.ts';
import { layAlternative, resolvePolicy } from '../policies/policies.ts';
import { randomChoices } from '../policies/random.ts';
import type { Decisions } from './decisions.ts';
import { type Background, type FolioSpec, type RequestDemand, requestModels } from './demand.ts';
import type { MachineInput } from './machine.ts';
import type { Obstacle, World } from './world.ts';

/** A world that answers everything by keyed luck, so that the same seed gives the same capture again. */
export function luckyWorld(seed: number): World {
  const luck = (a: number, b: number, c = 0) => uniform(seed, 'serviceTime', a, b, c);
  return {
    serviceTime: (service, visit) => exponential(service.length * 3, luck(visit.folio, visit.episode, visit.attempt)),
    drainWorkTime: (cpu, drain) => exponential(400, luck(cpu, drain, 1)),
    rcuWaitTime: (nth, _now, expedited) => exponential(expedited === true ? 30 : 300, luck(nth, 0, 2)),
    faultEnters: (visit, { from, until }) => {
      const at = from + exponential(40, uniform(seed, 'faultWindow', visit.folio, visit.request, visit.episode));
      const u = luck(visit.folio, visit.episode, 5);
      const fault = {
        at,
        releaseAfter: exponential(60, luck(visit.folio, visit.episode, 3)),
        late: u < 0.3,
        shared: u > 0.8,
        wakeAfter: u < 0.5 ? 0 : 100 * u,
        ...(u > 0.4 ? { recheckAfter: 10, dropAfter: 30 } : {}),
      };
      return at <= until ? [fault] : [];
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
    staleWaiters: (visit) => luck(visit.folio, visit.episode, 6) < 0.1,
    refuses: (visit, step) => luck(visit.folio, visit.attempt, step.length) < 0.05,
    cpus: {
      preemption: (['none', 'voluntary', 'full'] as const)[seed % 3]!,
      timeSlice: 4000,
      spin: 100,
      patience: 20_000,
    },
  };
}

const folioCount = 24;
const cpus = 3;

const folio: fc.Arbitrary<FolioSpec> = fc.record({
  order: fc.constantFrom(0, 0, 0, 2, 9),
  kind: fc.constantFrom('anon', 'file', 'shmem', 'swapcache', 'hugetlb', 'unknown'),
  mapped: fc.nat(3),
  mlocked: fc.boolean(),
  hasPrivate: fc.boolean(),
  notOnLru: fc.constantFrom(false, false, true),
  clean: fc.boolean(),
  notUptodate: fc.constantFrom(false, false, true),
  splittable: fc.boolean(),
});

const demands: fc.Arbitrary<RequestDemand[]> = fc
  .array(
    fc.record({
      model: fc.constantFrom(...requestModels),
      mode: fc.constantFrom('async', 'sync-light', 'sync'),
      cpu: fc.nat(cpus - 1),
      start: fc.nat(4000),
      chunks: fc.array(fc.uniqueArray(fc.nat(folioCount - 1), { minLength: 1, maxLength: 8 }), {
        minLength: 1,
        maxLength: 3,
      }),
      again: fc.boolean(),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((list) =>
    list.map(({ chunks, again, ...rest }, id) => ({
      ...rest,
      id,
      reason: rest.model === 'longterm pin' ? 'longterm_pin' : again ? 'numa_misplaced' : 'any',
      end: rest.start + 2000,
      passes: 3,
      drainsAll: again,
      rescans: again,
      chunks: chunks.map((folios, n) => ({
        folios,
        gap: 10,
        leavesBlock: again,
        ...(again ? { repeats: folios.map((_, place) => 1 + ((place + n) % 3)) } : {}),
      })),
      ...(rest.model === 'cma' && again ? { areas: [[0], chunks.map((_, place) => place)] } : {}),
      ...(rest.model === 'thp split'
        ? {
            waiters: chunks[0]!.map((number) => ({
              cpu: number % cpus,
              at: rest.start + 13 * number,
              from: (['user', 'copy', 'gup'] as const)[number % 3]!,
              tail: number % 2 === 0,
            })),
          }
        : {}),
    })),
  );

const background: fc.Arbitrary<Background> = fc
  .array(fc.tuple(fc.nat(6000), fc.nat(cpus - 1), fc.nat(11), fc.integer({ min: -1, max: folioCount - 1 })), {
    maxLength: 120,
    size: 'max',
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

/** Arrays only, so that a test may look at them and give them another form. */
export interface RandomInput extends MachineInput {
  readonly folios: readonly FolioSpec[];
  readonly requests: readonly RequestDemand[];
  readonly background: Background;
  readonly horizon: number;
}

export const inputs: fc.Arbitrary<RandomInput> = fc.record({
  cpus: fc.constant(cpus),
  folios: fc.array(folio, { minLength: folioCount, maxLength: folioCount }),
  requests: demands,
  background,
  horizon: fc.constantFrom(2000, 50_000, 1e7),
  outerLoops: fc.constant(5),
  lruGen: fc.constantFrom(false, false, true),
});

const named = [
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

export interface NamedDecisions {
  readonly name: string;
  readonly decisions: Decisions;
}

/** Named policies, and any choice on each axis over some kernel. */
export const policies: fc.Arbitrary<NamedDecisions> = fc.oneof(
  fc.constantFrom(...named).map((name) => ({ name, decisions: resolvePolicy(name).decisions })),
  fc
    .tuple(fc.constantFrom('linux-5.10', 'linux-6.1.192', 'linux-6.12.117', 'linux-7.2'), fc.nat())
    .map(([over, seed]) => {
      const choices = randomChoices((axis) => uniform(seed, 'parameter', axis.charCodeAt(0)));
      const name = `${over}, ${JSON.stringify(choices)}`;
      const laid = layAlternative({ name, title: name, source: 'chance', choices }, 'user', resolvePolicy(over));
      return { name, decisions: laid.decisions };
    }),
);
