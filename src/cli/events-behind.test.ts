import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { folioscope, small } from './test-support.ts';

const rowsOf = (stdout: string) => stdout.trimEnd().split('\n').slice(1);

test('events behind a fact are some of all events, in their order', () => {
  const { code, stdout, stderr } = folioscope(['events', small, '--behind', 'calls,failed=yes']);
  assert.equal(code, 0);
  const calls = Number(/(\d+) calls: failed yes/.exec(stderr)?.[1]);
  const rows = rowsOf(stdout);
  assert.ok(calls > 0 && rows.length === 2 * calls, `${rows.length} events of ${calls} calls`);
  for (const row of rows) assert.match(row, /mm_migrate_pages/);
  const named = folioscope(['events', small, '--behind', 'calls,failed=yes', '--name', '*_start']);
  assert.equal(rowsOf(named.stdout).length, calls);
});

test('events by number are those rows of all', () => {
  const all = rowsOf(folioscope(['events', small, '--json', '--to', '+50ms']).stdout);
  const some = folioscope(['events', small, '--json', '--ordinals', '1,5-7']).stdout.trimEnd().split('\n');
  assert.deepEqual(some, [all[0], ...all.slice(4, 7)]);
});

test('no facts are no events; a mistake in either is said before anything is read', () => {
  assert.deepEqual(folioscope(['events', small, '--json', '--behind', 'failures,reason=nothing']).stdout, '');
  assert.match(folioscope(['events', small, '--behind', 'failure']).stderr, /no sort of facts/);
  assert.equal(folioscope(['events', small, '--ordinals', 'x']).code, 2);
  assert.equal(folioscope(['events', small, '--ordinals', '1', '--behind', 'calls']).code, 2);
  assert.match(folioscope(['events', '-', '--behind', 'calls']).stderr, /reads the capture twice/);
});
