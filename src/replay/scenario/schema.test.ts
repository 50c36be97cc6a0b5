import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { ScenarioError } from '../../base/errors.ts';
import { root } from '../../test-support.ts';
import { meanOf, parseDuration, printDuration, sampler } from './durations.ts';
import { defaultModes } from './models.ts';
import { printScenario } from './print.ts';
import type { DeedLine, Law, RequestLine, Scenario } from './scenario.ts';
import { deedKinds, furtherServices } from './scenario.ts';
import { parseScenario, scenarioSchema } from './schema.ts';

const usual = `name: small
kernel: linux-6.12
duration: 10ms
machine: {cpus: 2}
folios:
  - {name: hot, count: 8, kind: shmem}
tasks:
  - name: readers
    does:
      - {touch: hot, every: 5us}
requests:
  - {name: mover, model: move_pages, of: hot, at: [1ms], list: 8}
`;

function mistakesOf(text: string): string {
  try {
    parseScenario(text, 'a.yaml');
  } catch (error) {
    assert(error instanceof ScenarioError, String(error));
    return error.message;
  }
  return 'no mistake';
}

test('a scenario is read with its defaults', () => {
  const scenario = parseScenario(usual, 'a.yaml');
  assert.equal(scenario.kernel, '6.12');
  assert.equal(scenario.duration, 1e7);
  assert.equal(scenario.machine.timeSlice, 4e6);
  assert.deepEqual(scenario.tasks[0]?.cpus, [0, 1]);
  assert.deepEqual(scenario.tasks[0]?.does, [{ deed: { touch: 'hot' }, every: { kind: 'fixed', ns: 5000 } }]);
  assert.deepEqual(scenario.requests[0], {
    name: 'mover',
    model: 'move_pages',
    mode: 'sync',
    cpu: 0,
    of: 'hot',
    at: [1e6],
    list: 8,
    lists: 1,
  });
});

/** [what is written instead of what, where the mistake is and what is said of it] */
const mistakes: readonly (readonly [from: string, to: string, says: RegExp])[] = [
  ['name: small', 'name: Small', /^a\.yaml:1:7: name: lower-case/],
  ['name: small', 'name: [small', /^a\.yaml:2:1: /],
  ['kernel: linux-6.12', 'kernel: 6.12', /^a\.yaml:2:9: kernel: write linux-6\.12/],
  ['kernel: linux-6.12', 'kernel: linux-2.6', /^a\.yaml:2:9: kernel: /],
  ['10ms', '10min', /^a\.yaml:3:11: duration: write a duration/],
  ['10ms', '0', /^a\.yaml:3:11: duration: a world that ends as it begins\n/],
  ['{cpus: 2}', '{cpu: 2}', /^a\.yaml:4:10: machine\.cpus: .*\na\.yaml:4:16: machine\.cpu: Unrecognized key/],
  ['{cpus: 2}', '{cpus: 2, pageSize: 4k}', /^a\.yaml:4:30: machine\.pageSize: /],
  ['kind: shmem', 'kind: heap', /^a\.yaml:6:33: folios\.0\.kind: /],
  ['kind: shmem', 'kind: shmem, clean: true', /^a\.yaml:6:47: folios\.0\.clean: only page cache/],
  ['kind: shmem', 'kind: shmem, order: 2, start: fresh', /^a\.yaml:6:57: folios\.0\.start: a large folio/],
  ['name: hot', 'name: others', /^a\.yaml:6:12: folios\.0\.name: "others" are/],
  ['{touch: hot, ', '{touch: hat, ', /^a\.yaml:10:17: tasks\.0\.does\.0\.touch: no folios .* did you mean hot\?$/m],
  ['{touch: hot, ', '{touch: others, ', /^a\.yaml:10:17: tasks\.0\.does\.0\.touch: nobody wants/],
  ['{touch: hot, ', '{', /^a\.yaml:10:9: tasks\.0\.does\.0: one deed a line: one of touch/],
  ['{touch: hot, ', '{touch: hot, read: hot, ', /^a\.yaml:10:9: tasks\.0\.does\.0: one deed a line: touch or read$/],
  ['every: 5us', 'every: {normal: 5us}', /^a\.yaml:10:22: tasks\.0\.does\.0\.every: write a duration/],
  ['every: 5us', 'every: 0', /^a\.yaml:10:29: tasks\.0\.does\.0\.every: takes no time/],
  ['every: 5us', 'every: 5us, for: 1us', /^a\.yaml:10:39: tasks\.0\.does\.0\.for: touch is over at once/],
  ['{touch: hot, every: 5us}', '{touch: hot}', /^a\.yaml:10:9: tasks\.0\.does\.0: when\?/],
  ['{touch: hot, every: 5us}', '{touch: hot, at: [5us]}', /^a\.yaml:10:22: tasks\.0\.does\.0\.at: touches are many/],
  ['{touch: hot, every: 5us}', '{pin: hot, every: 5us}', /^a\.yaml:10:9: tasks\.0\.does\.0: for how long\?/],
  [
    '{touch: hot, every: 5us}',
    '{launch: {within: 1ms}, at: [5us]}',
    /^a\.yaml:10:10: tasks\.0\.does\.0\.launch: nothing happens/,
  ],
  [
    'every: 5us',
    'every: {values: [1us, 2us], weights: [1]}',
    /^a\.yaml:10:50: tasks\.0\.does\.0\.every\.weights: 2 values need as many/,
  ],
  ['every: 5us', 'every: {uniform: [2us, 1us]}', /^a\.yaml:10:30: .*uniform: the first is the shorter one$/],
  ['    does:', '    cpus: [2]\n    does:', /^a\.yaml:9:12: tasks\.0\.cpus\.0: there is no CPU 2/],
  ['model: move_pages', 'model: move', /^a\.yaml:12:26: requests\.0\.model: /],
  ['of: hot', 'of: cold', /^a\.yaml:12:42: requests\.0\.of: no folios are called "cold"; there are hot$/],
  ['at: [1ms]', 'at: [1ms, 20ms]', /^a\.yaml:12:57: requests\.0\.at\.1: the world has ended by then/],
  ['at: [1ms]', 'at: {every: 1ms}', /^a\.yaml:12:47: requests\.0\.at: write a list of times/],
  ['list: 8', 'list: 9', /^a\.yaml:12:64: requests\.0\.list: one request takes 9 folios, and there are 8 of hot$/],
  ['list: 8', 'list: 8, areas: 2', /^a\.yaml:12:74: requests\.0\.areas: only cma/],
  ['list: 8', 'list: 8, cpu: 2', /^a\.yaml:12:72: requests\.0\.cpu: there is no CPU 2/],
  ['model: move_pages', 'model: thp split', /^a\.yaml:12:41: requests\.0\.of: a folio of order 0/],
  ['list: 8}', 'list: 8}\nservices: {walk: 5us}', /^a\.yaml:13:18: services\.walk: /],
  ['list: 8}', 'list: 8}\nfalseWaiters: 2', /^a\.yaml:13:15: falseWaiters: /],
  [
    'list: 8}',
    'list: 8}\n  - {name: mover, model: call, of: hot, at: [1ms]}',
    /^a\.yaml:13:12: requests\.1\.name: there is one/,
  ],
];

test('every mistake is named with its line and column', () => {
  assert.equal(mistakesOf(usual), 'no mistake');
  const wrong: string[] = [];
  for (const [from, to, says] of mistakes) {
    assert(usual.includes(from), from);
    const said = mistakesOf(usual.replace(from, to));
    if (!says.test(said)) wrong.push(`${to}: ${said}`);
  }
  assert.deepEqual(wrong, []);
});

test('several mistakes are named at once, a line each', () => {
  const text = usual.replace('{touch: hot,', '{touch: hat,').replace('of: hot', 'of: cold');
  assert.equal(mistakesOf(text).split('\n').length, 2);
});

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
      model: fc.constantFrom('move_pages' as const, 'compaction' as const, 'numa balancing' as const),
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
  );

const scenario: fc.Arbitrary<Scenario> = fc.record(
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
      timeSlice: duration,
      spin: duration,
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

test('what is printed is read back as it was', () => {
  fc.assert(
    fc.property(scenario, (made) => {
      // Plain objects: those of fast-check have no prototype.
      const one = structuredClone(made) as Scenario;
      assert.deepEqual(parseScenario(printScenario(one), 'printed.yaml'), one);
    }),
    { numRuns: 300 },
  );
});

test('a duration is printed in the shortest form that reads back exactly', () => {
  assert.equal(printDuration(1500), '1.5us');
  assert.equal(printDuration(1_000_000), '1ms');
  assert.equal(printDuration(25e8), '2.5s');
  assert.equal(printDuration(0), '0s');
  assert.equal(parseDuration('4.35ms'), 4_350_000);
  assert.equal(parseDuration('2 µs'), 2000);
  assert.equal(parseDuration('2 minutes'), undefined);
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e15, noNaN: true }), (ns) => {
      const printed = printDuration(ns);
      assert.equal(typeof printed === 'number' ? printed : parseDuration(printed), ns);
    }),
  );
});

// Quantiles at the midpoints of n equal parts: their mean is the midpoint rule for the integral of the quantile, which is
// the law's mean. Exact for fixed and uniform laws and for whole weights; the exponential's tail lacks under 1/n of it.
test('a law has the mean that it is said to have', () => {
  const laws: Law[] = [
    { kind: 'fixed', ns: 7 },
    { kind: 'uniform', low: 2, high: 12 },
    { kind: 'values', ns: [9, 1, 5], weights: [1, 2, 1] },
    { kind: 'exponential', mean: 10 },
  ];
  const n = 10_000;
  for (const one of laws) {
    const sample = sampler(one);
    let sum = 0;
    for (let i = 0; i < n; i++) sum += sample((i + 0.5) / n);
    assert.ok(Math.abs(sum / n / meanOf(one) - 1) < 1 / n, `${one.kind}: ${sum / n} and ${meanOf(one)}`);
  }
});

test('the schema that editors get names every part of a file', () => {
  const schema = scenarioSchema() as { properties: Record<string, unknown>; required: string[] };
  assert.deepEqual(Object.keys(schema.properties).sort(), [
    ...['about', 'duration', 'estimated', 'falseWaiters', 'folios', 'kernel', 'machine', 'name', 'requests', 'seed'],
    ...['services', 'tasks', 'thread'],
  ]);
  // What has a default need not be written.
  assert.deepEqual([...schema.required].sort(), ['duration', 'folios', 'kernel', 'machine', 'name', 'requests']);
});

test('the example of the documentation is a scenario', () => {
  const page = readFileSync(join(root, 'docs/scenarios.md'), 'utf8');
  const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
  const one = parseScenario(example, 'docs/scenarios.md');
  assert.deepEqual(parseScenario(printScenario(one), 'printed.yaml'), one);
  for (const kind of deedKinds) assert.ok(page.includes(`\`${kind}: `), `${kind} is not documented`);
  for (const service of furtherServices) assert.ok(page.includes(`\`${service}\``), `${service} is not documented`);
});
