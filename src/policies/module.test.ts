import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { ScenarioError } from '../base/errors.ts';
import type { MismatchView, UnpinnableView } from '../model/decisions.ts';
import { type DecisionModule, moduleMaker } from './module.ts';
import { resolvePolicy } from './policies.ts';

const recorded = resolvePolicy('linux-6.12.117');
const lay = (policy: unknown) => moduleMaker({ policy }, 'mine.mjs', 'abc')(recorded, {});

const mismatch: MismatchView = {
  waiters: true,
  references: 3,
  expected: 2,
  pass: 1,
  passes: 7,
  lockSleepers: false,
  reason: 'contig_range',
  waited: 0,
};
const unpinnable: UnpinnableView = {
  onLru: true,
  mlocked: true,
  large: false,
  references: 1027,
  expected: 2,
  pinReferences: 1024,
  drained: 0,
};

test('a module answers with functions and data, and leaves the rest to what it is laid over', () => {
  const module: DecisionModule = {
    name: 'patient',
    decisions: {
      onMismatch: (view) => (view.waiters && view.pass > 0 ? 'undo' : 'keep'),
      plan: { syncThenPasses: 20 },
      drainAll: { localFirst: true },
      batchCapacity: 20,
    },
    needs: ['requests'],
  };
  const policy = lay(module);
  assert.equal(policy.kind, 'user');
  assert.equal(policy.over, 'linux-6.12.117');
  assert.equal(policy.source, 'mine.mjs (sha256 abc)');
  assert.equal(policy.decisions.onMismatch(mismatch), 'undo');
  assert.equal(policy.decisions.onMismatch({ ...mismatch, pass: 0 }), 'keep');
  assert.deepEqual(policy.decisions.plan, { ...recorded.decisions.plan, syncThenPasses: 20 });
  assert.deepEqual(policy.decisions.drainAll, { ...recorded.decisions.drainAll, localFirst: true });
  assert.equal(policy.decisions.onUnpinnable, recorded.decisions.onUnpinnable);
  assert.deepEqual(policy.needs, ['calls', 'episodes', 'batch flushes', 'requests']);
  assert.equal(policy.changes.length, 4);
  const differing = Object.keys(policy.choices).filter(
    (axis) => policy.choices[axis as 'A'] !== recorded.choices[axis as 'A'],
  );
  assert.deepEqual(differing, ['B', 'C', 'L', 'N', 'P']);
});

test('a module that decides nothing is what it extends, in every decision', () => {
  for (const decisions of [{}, { plan: {} }, { batchCapacity: 31 }, { batchCapacity: undefined }]) {
    const policy = lay({ name: 'nothing', decisions });
    assert.deepEqual(policy.decisions, recorded.decisions);
    assert.deepEqual(policy.choices, recorded.choices);
    assert.deepEqual(policy.changes, ['nothing: linux-6.12.117 does so already']);
  }
});

test('a module extends a named policy', () => {
  const policy = lay({ name: 'old', extends: 'linux-5.10', decisions: { batchCapacity: 3 } });
  assert.equal(policy.over, 'linux-5.10');
  assert.equal(policy.decisions.lruCaches, 'drain once');
});

/** Everything but what the view names: a look at it is a look at what the kernel cannot see. */
function only<View extends object>(view: View): View {
  return new Proxy(view, {
    get(target, key, receiver) {
      assert.ok(key in target, `${String(key)} was asked for`);
      return Reflect.get(target, key, receiver);
    },
    ownKeys() {
      throw new Error('all keys were asked for');
    },
  });
}

test('a function sees what the kernel sees, frozen, and nothing of the model', () => {
  const hidden = { ...mismatch, folio: { id: 7 }, future: [1, 2, 3] };
  let seen: object | undefined;
  const policy = lay({
    name: 'curious',
    decisions: {
      onMismatch: (view: object) => {
        seen = view;
        return 'keep';
      },
    },
  });
  policy.decisions.onMismatch(hidden);
  assert.deepEqual(seen, mismatch);
  assert.ok(Object.isFrozen(seen));
  assert.notEqual(seen, hidden);
  // The guard itself takes no more than the named members, and so does every answer of this room.
  policy.decisions.onMismatch(only(mismatch));
  for (const name of ['waiters-undo', 'waiters-undo-lock-sleepers', 'requeue-last', 'reference-sleep', 'outer-loop']) {
    resolvePolicy(name).decisions.onMismatch(only(mismatch));
  }
  for (const name of [
    'gup-lru-flag',
    'gup-mlock-drain',
    'gup-refcheck',
    'gup-refcheck-biased',
    'gup-always',
    'gup-never',
  ]) {
    resolvePolicy(name).decisions.onUnpinnable(only(unpinnable));
  }
});

const mistakes: readonly (readonly [unknown, RegExp])[] = [
  [{}, /^mine\.mjs: policy: /],
  [undefined, /^mine\.mjs: the module: /],
  [{ policy: { name: 'x' } }, /policy\.decisions: /],
  [{ policy: { name: 'X y', decisions: {} } }, /policy\.name: lower-case/],
  [{ policy: { name: 'x', decisions: { onMismach: () => 'keep' } } }, /policy\.decisions: .*onMismach/],
  [{ policy: { name: 'x', decisions: { onMismatch: 'keep' } } }, /policy\.decisions\.onMismatch: expected a function/],
  [{ policy: { name: 'x', decisions: { batchCapacity: 256 } } }, /policy\.decisions\.batchCapacity: /],
  [{ policy: { name: 'x', decisions: { batchCapacity: 1.5 } } }, /policy\.decisions\.batchCapacity: /],
  [{ policy: { name: 'x', decisions: { lruCaches: 'off' } } }, /policy\.decisions\.lruCaches: /],
  [{ policy: { name: 'x', decisions: { plan: { passes: 3 } } } }, /policy\.decisions\.plan: .*passes/],
  [{ policy: { name: 'x', extends: 'drain-onse', decisions: {} } }, /no policy is called "drain-onse"/],
];

test('mistakes are named before anything is replayed', () => {
  for (const [module, message] of mistakes) {
    assert.throws(
      () => moduleMaker(module, 'mine.mjs', 'abc'),
      (error) => {
        assert.ok(error instanceof ScenarioError);
        assert.match(error.message, message);
        return true;
      },
    );
  }
});

test('a function that throws, or answers what is no answer, is an error that names it', () => {
  const throwing = lay({
    name: 'x',
    decisions: {
      onMismatch: () => {
        throw new Error('oh');
      },
    },
  });
  assert.throws(() => throwing.decisions.onMismatch(mismatch), { message: 'mine.mjs: onMismatch threw: oh' });
  const wrong = lay({ name: 'x', decisions: { onMismatch: () => 'perhaps', onUnpinnable: () => undefined } });
  assert.throws(() => wrong.decisions.onMismatch(mismatch), /onMismatch answered "perhaps", which is no answer/);
  assert.throws(() => wrong.decisions.onUnpinnable(unpinnable), /onUnpinnable answered undefined/);
});

test('a function that would drain for ever is stopped', () => {
  const again = lay({ name: 'x', decisions: { onUnpinnable: () => 'drain all CPUs' } });
  assert.equal(again.decisions.onUnpinnable(unpinnable), 'drain all CPUs');
  assert.throws(() => again.decisions.onUnpinnable({ ...unpinnable, drained: 2 }), /drained already/);
});

/** Kernel-model 5.3 in numbers: one small folio with one mapping, in the page cache, pinned once. */
test('the arithmetic of the pin rules', () => {
  const asks = (name: string, view: Partial<UnpinnableView>) => {
    const { onUnpinnable } = resolvePolicy(name).decisions;
    const answers: string[] = [];
    let drained: 0 | 1 | 2 = 0;
    for (let answer = onUnpinnable({ ...unpinnable, ...view }); answer !== 'go on'; ) {
      answers.push(answer);
      drained = answer === 'drain this CPU' ? 1 : 2;
      answer = onUnpinnable({ ...unpinnable, ...view, drained });
    }
    return answers;
  };
  const both = ['drain this CPU', 'drain all CPUs'];
  // count=1027: cache, map, mlock batch, and the pin of 1024.
  const mlockQueued = { references: 1027 };
  const nothingQueued = { references: 1026 };
  assert.deepEqual(asks('gup-lru-flag', mlockQueued), [], 'PG_lru is set: nothing is drained');
  assert.deepEqual(asks('gup-mlock-drain', mlockQueued), ['drain all CPUs']);
  assert.deepEqual(asks('gup-refcheck', mlockQueued), both);
  assert.deepEqual(asks('gup-refcheck', nothingQueued), both, 'always: 1026 is not 2 + 1');
  assert.deepEqual(asks('gup-refcheck-biased', mlockQueued), both);
  assert.deepEqual(asks('gup-refcheck-biased', nothingQueued), []);
  assert.deepEqual(asks('gup-refcheck-biased', { references: 2 + 2048 }), both, 'pinned twice over: drained in vain');
  assert.deepEqual(asks('gup-refcheck-biased', { large: true, pinReferences: 1, references: 9 }), []);
  assert.deepEqual(asks('gup-refcheck-large', { large: true, pinReferences: 1, references: 9 }), both);
  assert.deepEqual(asks('gup-refcheck-large', { large: true, pinReferences: 1, references: 3 }), []);
  assert.deepEqual(asks('gup-lru-flag', { onLru: false }), ['drain all CPUs']);
  assert.deepEqual(asks('gup-always', nothingQueued), ['drain all CPUs']);
  assert.deepEqual(asks('gup-never', mlockQueued), []);
});
