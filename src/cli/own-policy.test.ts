/** A user's own policy, named to --policy as a file. */
import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { Comparison } from '../compare/comparison.ts';
import { tracePath } from '../test-support.ts';
import { folioscope, temporaryFile } from './test-support.ts';

const capture = tracePath('pairs', 'shared-anon-hot', 'baseline', 'run01', 'trace.txt.gz');

test('a policy of the user is laid over the recorded one and replayed beside the named ones', (t) => {
  const file = temporaryFile(t, 'mine.yaml', 'name: like-6-2\nchoices:\n  B: undo every pass\n  C: 10\n');
  const ran = folioscope(['compare', capture, '--policy', file, '--policy', 'linux-6.12', '--draws', '20', '--json']);
  assert.equal(ran.code, 0, ran.stderr);
  const { comparisons } = JSON.parse(ran.stdout) as { comparisons: Pick<Comparison, 'rows'>[] };
  const rows = comparisons[0]?.rows ?? [];
  assert.deepEqual(
    rows.map((row) => row.policy),
    ['linux-6.12.117', 'like-6-2', 'linux-6.12'],
  );
  assert.ok((rows[1]?.changes.length ?? 0) > 0);
});

test('a mistake in it is named with file, line and column, before anything is read', (t) => {
  const file = temporaryFile(t, 'mine.yaml', 'name: mine\nchoices:\n  C: many\n');
  const ran = folioscope(['compare', '/nowhere', '--policy', file]);
  assert.equal(ran.code, 2);
  assert.match(ran.stderr, /mine\.yaml:3:6: axis C: no choice "many"\n {2}hint: /);
});

test('a module of decision functions is a policy, and its hash stands in the source', (t) => {
  const text = "export const policy = { name: 'undo', decisions: { onMismatch: () => 'undo' } };\n";
  const file = temporaryFile(t, 'undo.mjs', text);
  const ran = folioscope([
    'compare',
    capture,
    '--policy',
    file,
    '--policy',
    'combined-loop',
    '--draws',
    '20',
    '--json',
  ]);
  assert.equal(ran.code, 0, ran.stderr);
  const { comparisons } = JSON.parse(ran.stdout) as { comparisons: Pick<Comparison, 'rows'>[] };
  const [, own, named] = comparisons[0]?.rows ?? [];
  assert.equal(own?.policy, 'undo');
  assert.ok(own?.source.endsWith(`(sha256 ${createHash('sha256').update(text).digest('hex')})`));
  assert.deepEqual(own?.value, named?.value, 'the same answers under another name');
  const wrong = temporaryFile(
    t,
    'wrong.mjs',
    "export const policy = { name: 'x', decisions: { lruCaches: 'off' } };\n",
  );
  const refused = folioscope(['compare', '/nowhere', '--policy', wrong]);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /wrong\.mjs: policy\.decisions\.lruCaches: /);
});

test('a policy of the user is shown as a named one is', (t) => {
  const file = temporaryFile(t, 'mine.yaml', 'name: mine\nchoices:\n  C: 9 + 21\n');
  const { differing, expected } = JSON.parse(folioscope(['policies', '--json', file]).stdout) as {
    differing: { axis: string; to: string }[];
    expected: { cost: string; direction: string }[];
  };
  assert.deepEqual(
    differing.map(({ axis, to }) => [axis, to]),
    [['C', '9 + 21']],
  );
  assert.equal(expected.find(({ cost }) => cost === 'R')?.direction, '+');
});

test('the schema of such a file is printed for editors', () => {
  const schema = JSON.parse(folioscope(['policies', '--schema']).stdout) as { $schema: string; required: string[] };
  assert.equal(schema.$schema, 'https://json-schema.org/draft/2020-12/schema');
  assert.deepEqual(schema.required, ['name', 'choices']);
});

test('what a thread judged infeasible is listed and cannot be run', () => {
  assert.match(
    folioscope(['policies'], { COLUMNS: '200' }).stdout,
    /mlock-flag-clear +J +.*Cannot be built: munlock cannot be converted/,
  );
  const ran = folioscope(['policies', 'mlock-flag-clear']);
  assert.equal(ran.code, 2);
  assert.match(ran.stderr, /axis J: .*cannot be built\n {2}hint: munlock/);
});
