import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { ScenarioError } from '../base/errors.ts';
import { axes } from './axes/axes.ts';
import { choiceOf } from './axis.ts';
import { defaultPolicyNames, namedPolicies, resolvePolicy } from './policies.ts';
import { threads } from './threads.ts';
import { parseVersion } from './versions.ts';

const chosen = (name: string) => resolvePolicy(name).choices;

test('the sample kernels resolve to what their sources say', () => {
  assert.deepEqual(chosen('linux-6.1.192'), {
    A: 'at freeze',
    B: 'undo every pass',
    C: '10',
    D: 'clear, flush, entry',
    E: 'as is',
    F: 'no reference',
    G: 'disabled for the window',
    H: 'kept',
    I: 'references, local then all',
    J: 'batched',
    K: 'always if mapped',
    L: '15',
    M: 'one',
    N: 'generation skip, expedited RCU',
    O: '5',
    P: 'one folio, lists cut',
    Q: 'never',
  });
  assert.deepEqual(chosen('linux-6.12.117'), {
    A: 'before copy and at freeze',
    B: 'keep locked and retry',
    C: '3 + 7',
    D: 'clear, entry, batched flush',
    E: 'as is',
    F: 'no reference',
    G: 'disabled for the window',
    H: 'kept',
    I: 'references with pin bias',
    J: 'batched',
    K: 'only if mlocked',
    L: '31',
    M: 'one',
    N: 'generation skip, expedited RCU',
    O: '5',
    P: 'HPAGE_PMD_NR',
    Q: 'never',
  });
  const old = chosen('linux-5.10.223');
  assert.equal(old.G, 'drain once');
  assert.equal(old.F, 'get and wait, tail pages fail');
  assert.equal(old.J, 'immediate');
  assert.equal(old.N, 'generation skip');
  assert.equal(chosen('linux-7.2.13').N, 'local first, lone folios freed');
});

// One row a boundary: the axis, the last version with the first choice, the first version with the second.
const boundaries = [
  ['P', '6.1.115', 'one folio', '6.1.116', 'one folio, lists cut'],
  ['H', '6.12.49', 'cleared', '6.12.50', 'kept'],
  ['H', '6.10.14', 'kept', '6.11', 'cleared'],
  ['H', '6.16.12', 'cleared', '6.17', 'kept'],
  ['L', '6.8.12', '15', '6.9', '31'],
  ['A', '6.10', 'at freeze', '6.11', 'before copy and at freeze'],
  ['B', '6.2.16', 'undo every pass', '6.3', 'keep locked and retry'],
  ['C', '6.2', '10', '6.3', '3 + 7'],
  ['P', '6.2', 'one folio', '6.3', 'HPAGE_PMD_NR'],
  ['D', '6.5', 'clear, flush, entry', '6.6', 'clear, entry, batched flush'],
  ['F', '5.16', 'get and wait', '5.17', 'no reference'],
  ['G', '5.12', 'drain once', '5.13', 'disabled for the window'],
  ['J', '5.17', 'immediate', '5.18', 'batched'],
  ['K', '6.6.14', 'always if mapped', '6.6.15', 'only if mlocked'],
  ['K', '6.7', 'always if mapped', '6.8', 'only if mlocked'],
  ['N', '5.4', 'serialised', '5.5', 'generation skip'],
  ['N', '5.12', 'generation skip', '5.13', 'works on all CPUs, buffer heads with every drain'],
  ['N', '5.14', 'works on all CPUs, buffer heads with every drain', '5.15', 'generation skip, works on all CPUs'],
  ['N', '5.17', 'generation skip, works on all CPUs', '5.18', 'generation skip, RCU'],
  ['N', '5.18.7', 'generation skip, RCU', '5.18.8', 'generation skip, expedited RCU'],
  ['N', '6.17', 'generation skip, expedited RCU', '6.18', 'local first, expedited RCU'],
  ['F', '5.12', 'get and wait, tail pages fail', '5.13', 'get and wait'],
  ['I', '6.12.48', 'LRU flag, all CPUs', '6.12.49', 'references, local then all'],
  ['I', '6.12.110', 'references, local then all', '6.12.111', 'references with pin bias'],
  ['I', '6.1.154', 'LRU flag, all CPUs', '6.1.155', 'references, local then all'],
  ['I', '6.16', 'LRU flag, all CPUs, nothing listed is success', '6.17', 'references, local then all'],
  ['I', '6.19', 'references, local then all', '7.0', 'references with pin bias'],
  ['M', '5.16', 'two', '5.17', 'one'],
] as const;

test('choices change with the release in which the kernel changed', () => {
  for (const [axis, last, before, first, after] of boundaries) {
    assert.equal(chosen(`linux-${last}`)[axis], before, `${axis} in ${last}`);
    assert.equal(chosen(`linux-${first}`)[axis], after, `${axis} in ${first}`);
  }
});

test('every release from 5.0 to 7.2 has exactly one choice on every axis', () => {
  const releases = [
    ...Array.from({ length: 20 }, (_, minor) => `5.${minor}`),
    ...Array.from({ length: 20 }, (_, minor) => `6.${minor}`),
    '7.0',
    '7.1',
    '7.2',
  ];
  for (const release of releases) {
    for (const patch of [0, 15, 50, 116, 192]) {
      const version = parseVersion(`${release}.${patch}`);
      assert.ok(version);
      for (const axis of axes) assert.ok(choiceOf(axis, version).name);
    }
  }
});

test('6.1.y is a hybrid: cut lists, but the loop and the passes of 6.2', () => {
  const { plan } = resolvePolicy('linux-6.1.192').decisions;
  assert.equal(plan.loop, 'per-folio');
  assert.equal(plan.asyncPasses, 10);
  assert.equal(plan.cutPages, 512);
  assert.equal(resolvePolicy('linux-6.1').decisions.plan.cutPages, Number.POSITIVE_INFINITY);
});

test('the batch of 6.3 is as large as a PMD of the page size', () => {
  for (const [pageSize, pages] of [
    [4096, 512],
    [16384, 2048],
    [65536, 8192],
  ] as const) {
    assert.equal(resolvePolicy('linux-6.12', undefined, { pageSize }).decisions.plan.unmapBatchPages, pages);
  }
});

test('unknown, too old and too new versions are refused with the range', () => {
  for (const name of ['linux-4.19', 'linux-7.3', 'linux-6.20', 'linux-six', 'linux-']) {
    assert.throws(
      () => resolvePolicy(name),
      (error) => error instanceof ScenarioError && /5\.0 to 7\.2/.test(error.hint),
      name,
    );
  }
});

test('a mistyped name gets the nearest ones', () => {
  const hint = (name: string) => {
    try {
      resolvePolicy(name);
    } catch (error) {
      assert.ok(error instanceof ScenarioError);
      return error.hint;
    }
    throw new Error('resolved');
  };
  assert.match(hint('drain-onse'), /drain-once/);
  assert.match(hint('waiter-undo'), /waiters-undo/);
  assert.match(hint('refcheck'), /refcheck-unmap/);
  assert.match(hint('something else entirely'), /^`folioscope policies` lists them/);
});

test('an alternative leaves every other axis to what it is laid over', () => {
  const over = resolvePolicy('linux-6.1.192');
  const policy = resolvePolicy('drain-once', over);
  assert.equal(policy.over, 'linux-6.1.192');
  assert.deepEqual({ ...policy.choices, G: over.choices.G }, over.choices);
  assert.equal(policy.decisions.lruCaches, 'drain once');
  assert.deepEqual(policy.changes.length, 1);
  assert.deepEqual(policy.needs, ['calls', 'batch flushes', 'requests']);
});

test('every alternative changes something over 6.12 or says that it does not', () => {
  const over = resolvePolicy('linux-6.12.117');
  const nothing = ['lru-cache-disable', 'gup-refcheck-biased', 'lru-flag-kept', 'single-trylock'];
  for (const { name } of threads) {
    if (name === 'mlock-flag-clear') continue;
    const policy = resolvePolicy(name, over);
    assert.equal(policy.changes[0]?.startsWith('nothing'), nothing.includes(name), name);
  }
});

test('where every pass undoes, backing off for waiters changes nothing', () => {
  const over = resolvePolicy('linux-6.1.192');
  assert.match(resolvePolicy('waiters-undo', over).changes[0] ?? '', /^nothing/);
  assert.ok(!defaultPolicyNames(over).includes('waiters-undo'));
});

test('policies joined by + are laid one over the other', () => {
  const policy = resolvePolicy('linux-6.12+refcheck-unmap+drain-once');
  assert.equal(policy.choices.A, 'at end of unmap');
  assert.equal(policy.choices.G, 'drain once');
  assert.equal(policy.decisions.checkBeforeCopy, true);
});

test('a comparison shows by default what differs from the recorded policy', () => {
  assert.deepEqual(defaultPolicyNames(resolvePolicy('linux-6.12.117')), [
    'linux-6.1',
    'linux-5.10',
    'refcheck-unmap',
    'waiters-undo',
    'waiters-undo-caller',
    'requeue-last',
    'combined-loop',
    'drain-once',
    'drain-each-failure',
    'oracle',
    'never-drain',
  ]);
  const v2 = resolvePolicy('drain-once', resolvePolicy('linux-6.12.117'));
  assert.equal(defaultPolicyNames(v2)[0], 'linux-6.12.117');
  assert.ok(defaultPolicyNames(v2).includes('lru-cache-disable') === false, 'the same as the kernel below');
  const names = defaultPolicyNames(resolvePolicy('linux-6.1.192'));
  assert.deepEqual(names.slice(0, 2), ['linux-6.12', 'linux-5.10']);
});

test('the list of policies names everything that resolves', () => {
  for (const { name, needs, changes, refused } of namedPolicies) {
    if (name.includes('[')) continue;
    if (refused !== undefined) {
      assert.throws(
        () => resolvePolicy(name),
        (error) => error instanceof ScenarioError && error.code === 'policy-refused' && error.hint === refused,
      );
      continue;
    }
    const policy = resolvePolicy(name, resolvePolicy('linux-6.12'));
    assert.deepEqual(policy.needs, needs);
    assert.ok(changes.length > 0);
  }
});

test('what nobody proposed is a bound, of one axis or of all', () => {
  const kinds = namedPolicies.filter(({ kind }) => kind === 'bound').map(({ name }) => name);
  assert.deepEqual(kinds, ['gup-always', 'gup-never', 'oracle', 'never-drain']);
  for (const name of kinds) assert.equal(resolvePolicy(name).kind, 'bound');
  assert.ok(namedPolicies.every(({ kind, source }) => (kind === 'bound') === source.startsWith('a bound')));
});

test('captures with pins, split folios or devices are offered what was proposed for them', () => {
  const recorded = resolvePolicy('linux-6.12.117');
  const usual = defaultPolicyNames(recorded);
  const withPins = defaultPolicyNames(recorded, new Set(['longterm pin']));
  const added = withPins.filter((name) => !usual.includes(name));
  assert.deepEqual(added, [
    'gup-lru-flag',
    'gup-mlock-drain',
    'gup-refcheck',
    'gup-refcheck-large',
    'gup-always',
    'gup-never',
    'mlock-immediate',
  ]);
  assert.deepEqual(
    defaultPolicyNames(recorded, new Set(['migrate_vma', 'thp split', 'page faults'])).filter(
      (name) => !usual.includes(name),
    ),
    [
      'fault-recheck',
      'fault-drop',
      'tail-page-wait',
      'wait-cond-resched',
      'head-page-wait',
      'gup-resched',
      'double-trylock',
    ],
  );
});
