/** For tests only: any scenario, and one made short enough to run. */
import fc from 'fast-check';
import { expectedRows } from './background.ts';
import { meanOf } from './durations.ts';
import { defaultModes } from './models.ts';
import { type DeedLine, furtherServices, type Law, type RequestLine, type Scenario } from './scenario.ts';

const duration = fc.oneof(
  fc.nat(5000).map((n) => n * 1000),
  fc.nat(2 ** 31),
  fc.constantFrom(0.5, 1e9, 25e8),
);
const positive = duration.map((ns) => ns + 1);
const law: fc.Arbitrary<Law> = fc.oneof(
  positive.map((ns): Law => ({ kind: 'fixed', ns })),
  positive.map((mean): Law => ({ kind: 'exponential', mean })),
  fc.tuple(positive, duration).map(([low, more]): Law => ({ kind: 'uniform', low, high: low + more })),
  fc.array(positive, { minLength: 1, maxLength: 4 }).map((ns): Law => ({ kind: 'values', ns })),
  fc
    .array(fc.tuple(positive, fc.nat(9)), { minLength: 1, maxLength: 4 })
    .map((pairs): Law => ({ kind: 'values', ns: pairs.map(([ns]) => ns), weights: pairs.map(([, w]) => w + 1) })),
);
const groupName = fc.constantFrom('hot', 'cold');
const text = fc.string({ unit: 'grapheme-ascii' });
const times = fc.array(fc.nat(999_999), { minLength: 1, maxLength: 3 });

const deedLine: fc.Arbitrary<DeedLine> = fc.oneof(
  fc.record({ deed: fc.record({ touch: groupName }), every: law }),
  fc.record({ deed: fc.record({ read: groupName }), every: law, pick: fc.constant('in turn' as const) }),
  fc.record({ deed: fc.record({ pin: groupName, for: law }), at: times }),
  fc.record({ deed: fc.record({ drain: fc.constantFrom('local' as const, 'all' as const) }), every: law }),
  fc.record({
    deed: fc.record({
      launch: fc.record(
        { faults: fc.integer({ min: 1, max: 99 }), reads: fc.nat(99), within: duration, of: groupName },
        { requiredKeys: ['faults', 'reads', 'within'] },
      ),
    }),
    at: times,
  }),
);

const requestLine = (name: string): fc.Arbitrary<RequestLine> =>
  fc.oneof(
    fc.record({
      name: fc.constant(name),
      model: fc.constantFrom(
        ...(['move_pages', 'migrate_pages', 'contiguous allocation', 'compaction', 'longterm pin'] as const),
        ...(['memory offline', 'numa balancing', 'soft offline', 'migrate_vma', 'call'] as const),
      ),
      mode: fc.constantFrom('async' as const, 'sync-light' as const, 'sync' as const),
      cpu: fc.nat(1),
      of: groupName,
      at: fc.oneof(times, fc.record({ every: law, count: fc.integer({ min: 1, max: 9 }) })),
      list: fc.integer({ min: 1, max: 4 }),
      lists: fc.integer({ min: 1, max: 2 }),
    }),
    fc.record({
      name: fc.constant(name),
      model: fc.constant('cma' as const),
      mode: fc.constant(defaultModes.cma),
      cpu: fc.constant(0),
      of: groupName,
      at: times,
      list: fc.constant(1),
      lists: fc.constant(2),
      areas: fc.integer({ min: 1, max: 3 }),
    }),
    fc.record({
      name: fc.constant(name),
      model: fc.constant('thp split' as const),
      mode: fc.constant(defaultModes['thp split']),
      cpu: fc.nat(1),
      of: fc.constant('huge'),
      at: times,
      list: fc.constant(1),
      lists: fc.constant(1),
      waiters: fc.record({
        count: fc.integer({ min: 1, max: 4 }),
        from: fc.constantFrom('user' as const, 'copy' as const, 'gup' as const),
        tail: fc.boolean(),
        within: duration,
      }),
    }),
  );

/** Of two groups of nine folios, one of huge ones, and two requests; times and laws of any size. */
export const anyScenario: fc.Arbitrary<Scenario> = fc.record(
  {
    name: fc.constantFrom('a', 'some-name'),
    about: text,
    thread: text,
    kernel: fc.constantFrom('6.12', '5.10.200', '7.2'),
    seed: fc.nat(5),
    duration: fc.integer({ min: 1_000_000, max: 2 ** 40 }),
    machine: fc.record({
      cpus: fc.constant(2),
      pageSize: fc.constantFrom(4096, 65536),
      preemption: fc.constantFrom('none' as const, 'full' as const),
      timeSlice: duration.map((ns) => ns + 1e5),
      spin: positive,
      patience: duration,
      flushes: fc.constantFrom('broadcast' as const, 'ipi' as const),
      tlbMiss: fc.constantFrom(0, 0.1, 0.25, 1),
      lruGen: fc.boolean(),
    }),
    folios: fc.constant([
      { name: 'hot', count: 9, kind: 'shmem', order: 0, mapped: 2, mlocked: false, clean: false, start: 'on lru' },
      {
        name: 'cold',
        count: 9,
        kind: 'file',
        order: 0,
        mapped: 1,
        mlocked: true,
        clean: true,
        region: 'r',
        start: 'fresh',
      },
      { name: 'huge', count: 3, kind: 'anon', order: 9, mapped: 1, mlocked: false, clean: false, start: 'on lru' },
    ] as const),
    tasks: fc
      .array(fc.record({ count: fc.integer({ min: 1, max: 3 }), cpus: fc.constantFrom([0], [0, 1], [1, 0]) }), {
        maxLength: 2,
      })
      .chain((tasks) =>
        fc.tuple(
          ...tasks.map((task, i) =>
            fc.array(deedLine, { minLength: 1, maxLength: 4 }).map((does) => ({ name: `task ${i}`, ...task, does })),
          ),
        ),
      ),
    requests: fc.tuple(requestLine('one'), requestLine('two')),
    services: fc.dictionary(fc.constantFrom('unmap', 'device copy', ...furtherServices), law, {
      noNullPrototype: true,
    }),
    falseWaiters: fc.constantFrom(0, 0.01),
    estimated: fc.constant({ 'services.unmap': { low: 1, high: 2.5 } }),
  },
  {
    requiredKeys: [
      ...(['name', 'about', 'kernel', 'seed', 'duration', 'machine', 'folios', 'tasks'] as const),
      ...(['requests', 'services', 'falseWaiters'] as const),
    ],
  },
);

/**
 * Over so short a time (`longest` ns at most) that little happens, some thousand rows and stretches; with little patience
 * with loops.
 */
export function shortened(scenario: Scenario, longest = Number.POSITIVE_INFINITY): Scenario {
  const size = (one: Scenario) => {
    let holds = 0;
    for (const { count, does } of one.tasks)
      for (const { deed, every } of does)
        if ('for' in deed && every !== undefined) holds += (count * one.duration) / meanOf(every);
    return expectedRows(one) + holds;
  };
  let short: Scenario = { ...scenario, machine: { ...scenario.machine, patience: 1e4 } };
  while (size(short) > 3000 || short.duration > longest) short = { ...short, duration: short.duration / 4 };
  return short;
}
