import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { ScenarioError } from '../../base/errors.ts';
import { root } from '../../test-support.ts';
import { meanOf, parseDuration, printDuration, sampler } from './durations.ts';
import { printScenario } from './print.ts';
import type { Law, Scenario } from './scenario.ts';
import { deedKinds, furtherServices } from './scenario.ts';
import { parseScenario, scenarioSchema } from './schema.ts';
import { anyScenario } from './test-support.ts';

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
  ['10ms', `${'9'.repeat(400)}s`, /^a\.yaml:3:11: duration: write a duration/],
  ['10ms', '1e300', /^a\.yaml:3:11: duration: /],
  ['10ms', '0', /^a\.yaml:3:11: duration: a world that ends as it begins\n/],
  ['{cpus: 2}', '{cpu: 2}', /^a\.yaml:4:10: machine\.cpus: .*\na\.yaml:4:16: machine\.cpu: Unrecognized key/],
  ['{cpus: 2}', '{cpus: 2, pageSize: 4k}', /^a\.yaml:4:30: machine\.pageSize: /],
  ['{cpus: 2}', '{cpus: 2, timeSlice: 1ns}', /^a\.yaml:4:31: machine\.timeSlice: no scheduler/],
  ['{cpus: 2}', '{cpus: 2, spin: 0}', /^a\.yaml:4:26: machine\.spin: a fault/],
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

test('what is printed is read back as it was', () => {
  fc.assert(
    fc.property(anyScenario, (made) => {
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

test('a damaged file is a scenario or a mistake in one, never a bug', () => {
  const piece = fc.constantFrom(
    '',
    '0',
    '-1',
    'null',
    '{',
    '}',
    '[]',
    ': ',
    '\n',
    '*a',
    '&a ',
    '1e999',
    '.nan',
    '"',
    '5us',
    '- ',
  );
  const damage = fc.tuple(fc.nat(usual.length), fc.nat(12), piece);
  fc.assert(
    fc.property(fc.array(damage, { minLength: 1, maxLength: 3 }), (damages) => {
      let damaged = usual;
      for (const [at, length, by] of damages) damaged = damaged.slice(0, at) + by + damaged.slice(at + length);
      mistakesOf(damaged);
    }),
    { numRuns: 1000 },
  );
});
