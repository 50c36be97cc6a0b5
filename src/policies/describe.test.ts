import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { axes } from './axes/axes.ts';
import type { Direction } from './axis.ts';
import { costs, describePolicy } from './describe.ts';
import { namedPolicies, resolvePolicy } from './policies.ts';

const over612 = resolvePolicy('linux-6.12.117');
const directions = (name: string, over = over612) =>
  Object.fromEntries(
    describePolicy(resolvePolicy(name, over), over).expected.map(({ cost, direction }) => [cost, direction]),
  );

/** Kernel-model 8.1, each row as the difference from what 6.12 does. */
const expected: readonly (readonly [string, string, Readonly<Record<string, Direction>>])[] = [
  ['refcheck-unmap', 'a3: S +, R + (short), L -, W -', { S: '+', R: '+', L: '-', W: '-', D: '=', C: '=' }],
  ['waiters-undo', 'b3 against b2: L and W from ++ to -', { S: '+', R: '-', L: '--', W: '--', D: '+', C: '=' }],
  ['drain-once', 'g2 against g4: C no longer ++', { S: '-', R: '=', L: '=', W: '=', D: '=', C: '--' }],
  ['drain-each-failure', 'g3: D ++', { S: '-', R: '=', L: '=', W: '=', D: '+', C: '--' }],
  ['gup-refcheck', 'i3 (always drains) against i4', { S: '=', R: '=', L: '=', W: '=', D: '++', C: '=' }],
  ['mlock-immediate', 'j2', { S: '+', R: '-', L: '=', W: '=', D: '-', C: '++' }],
  ['lru-flag-cleared', 'h2: workload dependent', { S: '?', R: '?', L: '=', W: '=', D: '-', C: '=' }],
];

test('costs go where the table of kernel-model 8.1 says, against what a policy is laid over', () => {
  for (const [name, why, wanted] of expected) assert.deepEqual(directions(name), wanted, `${name}: ${why}`);
});

test('what goes one way with one axis and the other way with another depends', () => {
  const both = resolvePolicy('refcheck-unmap+drain-once', over612);
  const page = describePolicy(both, over612);
  assert.deepEqual(
    page.changes.map(({ axis }) => axis),
    ['A', 'G'],
  );
  const success = page.expected.find(({ cost }) => cost === 'S');
  assert.deepEqual(success, { cost: 'S', what: 'success', direction: '?', axes: ['A', 'G'] });
});

test('the other way round, every direction turns round', () => {
  const opposite: Readonly<Record<Direction, Direction>> = {
    '++': '--',
    '+': '-',
    '=': '=',
    '-': '+',
    '--': '++',
    '?': '?',
  };
  for (const [from, to] of [
    ['linux-5.10', 'linux-6.12.117'],
    ['linux-6.1.192', 'linux-6.12.117'],
    ['linux-5.13', 'linux-7.2'],
  ] as const) {
    const [a, b] = [resolvePolicy(from), resolvePolicy(to)];
    const back = describePolicy(a, b).expected;
    for (const [i, { cost, direction }] of describePolicy(b, a).expected.entries()) {
      assert.equal(back[i]?.direction, opposite[direction], `${cost}: ${from} to ${to}`);
    }
  }
});

test('a page names the thread, the change and the need; what changes nothing says so', () => {
  const page = describePolicy(resolvePolicy('gup-mlock-drain', over612), over612);
  assert.match(page.source, /Will Deacon.*2025-08-15/);
  assert.deepEqual(page.needs, ['calls', 'batch flushes', 'requests']);
  assert.equal(page.changes[0]?.from, 'references with pin bias');
  assert.equal(page.changes[0]?.real, 'never');
  const same = describePolicy(resolvePolicy('lru-cache-disable', over612), over612);
  assert.deepEqual([same.changes, same.expected, same.beside], [[], [], []]);
  const kernel = describePolicy(over612);
  assert.deepEqual([kernel.over, kernel.changes, kernel.expected], ['', [], []]);
});

test('a bound is expected at the end of the scale', () => {
  assert.equal(directions('oracle')['S'], '++');
  assert.equal(directions('never-drain')['D'], '--');
  assert.ok(describePolicy(resolvePolicy('oracle', over612), over612).beside.length > 0);
});

test('every choice says where each cost goes, and each axis has one to measure the others by', () => {
  for (const axis of axes) {
    const known = axis.choices.filter((choice) => choice.refused === undefined);
    for (const { name, directions: of } of known) {
      for (const { cost } of costs) assert.ok(of[cost] !== undefined, `${axis.axis}: ${name}: ${cost}`);
    }
    assert.ok(
      known.some(({ directions: of }) => costs.every(({ cost }) => of[cost] === '=') || axis.axis === 'B'),
      `${axis.axis}: nothing to measure by`,
    );
  }
});

test('every name can be described over an old and a new kernel', () => {
  for (const { name, refused } of namedPolicies) {
    if (name.includes('[') || refused !== undefined) continue;
    for (const over of [resolvePolicy('linux-5.10'), resolvePolicy('linux-7.2')]) {
      const page = describePolicy(resolvePolicy(name, over), over);
      assert.equal(page.expected.length, page.changes.length + page.beside.length === 0 ? 0 : costs.length, name);
    }
  }
});
