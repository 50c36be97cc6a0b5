/** What a comparison states first, and the options that change what it rests on. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { tracePath } from '../test-support.ts';
import { folioscope } from './test-support.ts';

const capture = (policy: string) => tracePath('pairs', 'shared-anon-hot', policy, 'run01', 'trace.txt.gz');
const few = ['--policy', 'refcheck-unmap', '--draws', '40'];

test('compare says in its first line how far it can be believed; --strict exits 1 of poor fidelity, having printed all', () => {
  // What another policy recorded cannot be predicted.
  const wrong = [capture('baseline'), '--recorded', 'waiters-undo', ...few];
  const poor = folioscope(['compare', ...wrong, '--strict']);
  assert.equal(poor.code, 1, poor.stderr);
  assert.match(poor.stdout, /^Poor fidelity: recorded were /);
  assert.match(poor.stdout, /a direction, not\s+as\s+numbers/);
  const before = (text: string, a: string, b: string) => text.indexOf(a) < text.indexOf(b) && text.includes(a);
  assert.ok(before(poor.stdout, 'How far to believe this', 'Before anything is replayed'));
  assert.ok(before(poor.stdout, 'Before anything is replayed', 'What other policies would have changed'));
  assert.match(poor.stdout, /note: Intervals are about this recording/);
  assert.equal(folioscope(['compare', ...wrong]).code, 0);
});

test('compare --json: fidelity by level, axes, effects and pooled rows have keys', () => {
  const done = folioscope(['compare', capture('drain-once'), capture('drain-once'), ...few, '--strict', '--json']);
  assert.equal(done.code, 0, done.stderr);
  const { comparisons, pooled } = JSON.parse(done.stdout);
  const [{ headline, fidelity, identifiable, multiplicity, rows }] = comparisons;
  assert.match(headline, /^With outcomes withheld all/);
  assert.equal(fidelity.state, 'good');
  assert.deepEqual(
    fidelity.levels.map((one: { level: string }) => one.level),
    ['folio', 'call', 'request'],
  );
  assert.equal(identifiable.length, 17);
  assert.match(multiplicity.method, /single policy/);
  assert.deepEqual(Object.keys(rows[1].effects), ['requestsSaved', 'stallSaved', 'drainsPerSavedFolio']);
  assert.deepEqual([pooled.length, pooled[0].sources.length, pooled[0].rows[0].policy], [1, 2, 'refcheck-unmap']);
});

test('--assume: the value is used and shown; an unknown name lists all names before anything is read', () => {
  const done = folioscope(['compare', capture('drain-once'), ...few, '--assume', 'prior-weight=2', '--json']);
  assert.equal(done.code, 0, done.stderr);
  const { assumptions } = JSON.parse(done.stdout).comparisons[0];
  const { value, usual } = assumptions.find((one: { name: string }) => one.name === 'prior-weight');
  assert.deepEqual([value, usual], [2, 0.5]);
  const wrong = folioscope(['compare', '/nowhere.txt', '--assume', 'prior-wait=2']);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /no assumption prior-wait; did you mean prior-weight\?\n {2}hint: they are /);
});
