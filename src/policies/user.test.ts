import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { ScenarioError } from '../base/errors.ts';
import { resolvePolicy } from './policies.ts';
import { parseUserPolicy } from './user.ts';

test('a policy extends a named one and sets axes by choice name', () => {
  const policy = parseUserPolicy(
    `name: patient
extends: linux-6.12.117
choices:
  B: undo if waiters, resubmitted
  C: 3 + 20
  L: 20
`,
    'patient.yaml',
  );
  assert.equal(policy.kind, 'user');
  assert.equal(policy.over, 'linux-6.12.117');
  assert.equal(policy.decisions.plan.syncThenPasses, 20);
  assert.equal(policy.decisions.plan.resubmissions, 6);
  assert.equal(policy.decisions.batchCapacity, 20);
  assert.equal(policy.decisions.lruCaches, 'disable');
  assert.equal(policy.changes.length, 3);
});

test('JSON is read as well, and what extends nothing is laid over what the caller gives', () => {
  const over = resolvePolicy('linux-6.1.192');
  const policy = parseUserPolicy('{"name": "one", "choices": {"O": 10}}', 'one.json', over);
  assert.equal(policy.over, 'linux-6.1.192');
  assert.equal(policy.decisions.contiguousTries, 10);
});

test('a policy without choices is what it extends, in every decision', () => {
  for (const ground of ['linux-5.10', 'linux-6.1.192', 'linux-6.12.117', 'linux-7.2', 'waiters-undo']) {
    const over = resolvePolicy(ground);
    const policy = parseUserPolicy(`name: empty\nextends: ${ground}\nchoices: {}\n`, 'empty.yaml');
    assert.deepEqual(policy.decisions, over.decisions);
    assert.deepEqual(policy.choices, over.choices);
    assert.match(policy.changes[0] ?? '', /^nothing: /);
  }
});

test('a choice that cannot be built is refused with the reason', () => {
  assert.throws(
    () => parseUserPolicy('name: x\nchoices:\n  J: converted to flag-clear\n', 'p.yaml'),
    (error) => {
      assert.ok(error instanceof ScenarioError);
      assert.match(error.message, /^p\.yaml:3:6: axis J: .*cannot be built/);
      assert.match(error.hint, /munlock/);
      return true;
    },
  );
});

// [text, message, hint]
const mistakes: readonly (readonly [string, RegExp, RegExp])[] = [
  ['name: [x\n', /^p\.yaml:2:1: [^\n]*end with a \]$/, /^$/],
  ['name: x\nchoices:\n  G: drain onse\n', /^p\.yaml:3:6: axis G: no choice "drain onse"/, /"drain once"/],
  ['name: x\nchoices:\n  Z: none\n', /^p\.yaml:3:6: axis Z: not modelled/, /A, B, C/],
  ['name: x\nchoices:\n  C: 0 + 0\n', /^p\.yaml:3:6: axis C/, /N \+ M/],
  ['name: X y\nchoices: {}\n', /^p\.yaml:1:7: name: /, /^$/],
  ['name: x\nchoices: {}\nbogus: 1\n', /^p\.yaml:3:8: bogus: /, /^$/],
  ['name: x\n', /^p\.yaml:1:1: choices: /, /^$/],
  ['name: x\nextends: linux-9\nchoices: {}\n', /^p\.yaml:2:10: linux-9/, /5\.0 to 7\.2/],
  ['name: x\nextends: drain-onse\nchoices: {}\n', /^p\.yaml:2:10: no policy/, /drain-once/],
  ['name: *x\nchoices: {}\n', /^p\.yaml:1:1: .*alias/, /^$/],
  ['', /^p\.yaml:1:1: there is nothing in it$/, /^$/],
];

test('every mistake is named, each with its place, and every way out once', () => {
  const text = `name: Two Words
extends: linux-9
bogus: 1
more: 2
choices:
  G: drain onse
  Z: none
  B: undo if waiters, resubmitted
  C: 0 + 0
`;
  assert.throws(
    () => parseUserPolicy(text, 'p.yaml'),
    (error) => {
      assert.ok(error instanceof ScenarioError);
      const places = error.message.split('\n').map((line) => line.split(': ', 1)[0]);
      assert.deepEqual(places, [
        'p.yaml:1:7',
        'p.yaml:3:8',
        'p.yaml:4:7',
        'p.yaml:2:10',
        'p.yaml:6:6',
        'p.yaml:7:6',
        'p.yaml:9:6',
      ]);
      return true;
    },
  );
  // The head is right: what it extends and what it chooses are both looked at.
  assert.throws(
    () => parseUserPolicy('name: x\nextends: linux-9\nchoices:\n  G: drain onse\n  Z: none\n', 'p.yaml'),
    (error) => {
      assert.ok(error instanceof ScenarioError);
      const places = error.message.split('\n').map((line) => line.split(': ', 1)[0]);
      assert.deepEqual(places, ['p.yaml:4:6', 'p.yaml:5:6', 'p.yaml:2:10']);
      assert.equal(error.hint.split('\n').length, 3);
      return true;
    },
  );
});

test('mistakes are named with their place', () => {
  for (const [text, message, hint] of mistakes) {
    assert.throws(
      () => parseUserPolicy(text, 'p.yaml'),
      (error) => {
        assert.ok(error instanceof ScenarioError, text);
        assert.match(error.message, message);
        assert.match(error.hint, hint);
        return true;
      },
    );
  }
});
