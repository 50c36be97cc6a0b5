import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { uniform } from '../base/random.ts';
import { axes } from './axes/axes.ts';
import { findChoice } from './axis.ts';
import { layAlternative, resolvePolicy } from './policies.ts';
import { randomChoices } from './random.ts';

test('a proposal leaves no trace of itself under another choice of its axis', () => {
  for (const ground of ['linux-6.12.117', 'linux-7.2', 'linux-5.10']) {
    const over = resolvePolicy(ground);
    for (const axis of axes) {
      const named = axis.choices.filter((choice) => choice.refused === undefined).map(({ name }) => name);
      const names = [...named, ...(axis.numbered?.samples ?? [])];
      const real = new Set(axis.choices.filter((choice) => choice.mainline ?? choice.branches).map(({ name }) => name));
      for (const first of names.filter((name) => !real.has(name))) {
        for (const second of names) {
          const lay = (policy: typeof over, name: string) =>
            layAlternative({ name, title: name, source: 'test', choices: { [axis.axis]: name } }, 'user', policy);
          const direct = lay(over, second);
          const after = lay(lay(over, first), second);
          assert.deepEqual(
            after.decisions,
            direct.decisions,
            `${axis.axis}: "${first}", then "${second}" over ${ground}`,
          );
        }
      }
    }
  }
});

test('an older name of a choice is still known, and shown by its present one', () => {
  const over = resolvePolicy('linux-6.12');
  const policy = layAlternative(
    { name: 'x', title: 'x', source: 'test', choices: { N: 'local first, RCU' } },
    'user',
    over,
  );
  assert.equal(policy.choices.N, 'local first, expedited RCU');
  assert.equal(policy.decisions.drainAll.localFirst, true);
});

test('every name of a choice is its own, and nothing that its axis reads as a number means something else', () => {
  for (const axis of axes) {
    const names = axis.choices.flatMap((choice) => [choice.name, ...(choice.aliases ?? [])]);
    assert.equal(new Set(names).size, names.length, axis.axis);
    // A number that is also a named choice means the same under both: the named one is found first.
    for (const name of names.filter((one) => axis.numbered?.pattern.test(one))) {
      const [byName, byNumber] = [findChoice(axis, name), axis.numbered?.parse(name)];
      assert.deepEqual(byNumber?.settles, byName?.settles, `${axis.axis}: ${name}`);
    }
    for (const sample of axis.numbered?.samples ?? []) {
      assert.match(sample, axis.numbered!.pattern);
      assert.ok(findChoice(axis, sample), `${axis.axis}: ${sample}`);
    }
  }
});

test('random policies choose on every axis, and any of them can be laid', () => {
  const seen = new Set<string>();
  for (let i = 0; i < 40; i++) {
    const choices = randomChoices((axis) => uniform(i, 'draw', axis.charCodeAt(0)));
    assert.equal(Object.keys(choices).length, axes.length);
    for (const [axis, name] of Object.entries(choices)) seen.add(`${axis} ${name}`);
    const policy = layAlternative(
      { name: 'random', title: '', source: 'test', choices },
      'user',
      resolvePolicy('linux-6.12'),
    );
    assert.deepEqual(policy.choices, choices);
  }
  assert.ok(!seen.has('J converted to flag-clear'));
  assert.ok(seen.size > 60, `${seen.size} choices seen`);
});
