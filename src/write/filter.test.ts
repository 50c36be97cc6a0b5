import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { ScenarioError } from '../base/errors.ts';
import type { Clock } from '../events/capture.ts';
import type { EventKind } from '../events/kinds.ts';
import { boundsOf, ordinalsText, parseFilter, wantsKind, wantsOrdinal } from './filter.ts';

const ns: Clock = { unit: 'ns', resolution: 1 };
const kind = (system: string, name: string): EventKind => ({ id: 0, system, name, form: 'generic', fields: [] });

test('a time as printed is the very nanosecond, whatever its size', () => {
  // 1700000000.123456789 s: a float64 of seconds would be off by some hundred ns.
  const origin = 1_700_000_000_000_000_000n;
  const filter = parseFilter({ from: '1700000000.123456789', to: '1700000000.12345679' });
  assert.deepEqual(boundsOf(filter, ns, origin), { from: 123456789, to: 123456790 });
});

test('a time from the start counts from the first event', () => {
  const bounds = (from: string) => boundsOf(parseFilter({ from }), ns, 999n).from;
  assert.equal(bounds('+1.5s'), 1_500_000_000);
  assert.equal(bounds('+1.5'), 1_500_000_000);
  assert.equal(bounds('+200ms'), 200_000_000);
  assert.equal(bounds('+10us'), 10_000);
  assert.equal(bounds('+0.001us'), 1);
  assert.equal(bounds('+7ns'), 7);
});

test('nothing asked is everything', () => {
  assert.deepEqual(boundsOf(parseFilter(), ns, 5n), { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY });
  assert.ok(wantsKind(parseFilter(), kind('a', 'b')));
});

test('a bad time is the user’s mistake, with a way out', () => {
  for (const from of ['', 'soon', '-1', '1e3', '+1.5h', '1.0000000001', '+1.5ns', '1,5', '+']) {
    assert.throws(
      () => parseFilter({ from }),
      (error) => error instanceof ScenarioError && error.code === 'bad-time',
      from,
    );
  }
  assert.throws(() => parseFilter({ from: '2', to: '1.9' }), /--to 1\.9 is before --from 2/);
});

test('an integer clock takes its own units and no seconds', () => {
  const clock: Clock = { unit: 'integer', resolution: 1, name: { value: 'counter', from: 'sidecar' } };
  assert.deepEqual(boundsOf(parseFilter({ from: '1000', to: '+50' }), clock, 900n), { from: 100, to: 50 });
  assert.throws(() => boundsOf(parseFilter({ from: '+1.5s' }), clock, 0n), /counter.*counts no seconds/);
});

test('globs match the bare name or the full one, and only whole names', () => {
  const wants = (...names: string[]) => wantsKind(parseFilter({ names }), kind('migrate', 'set_migration_pte'));
  assert.ok(wants('set_migration_pte'));
  assert.ok(wants('migrate:*'));
  assert.ok(wants('*_pte'));
  assert.ok(wants('nothing', 'set_?igration_*'));
  assert.ok(!wants('set_migration'));
  assert.ok(!wants('migrate.set_migration_pte'));
  assert.ok(!wants('pagemap:*'));
});

test('numbers of events are single ones and ranges, in any order, both ends wanted', () => {
  const filter = parseFilter({ ordinals: '90, 12,40-42,41-44,13' });
  const wanted = Array.from({ length: 100 }, (_, i) => i).filter((i) => wantsOrdinal(filter, i));
  assert.deepEqual(wanted, [12, 13, 40, 41, 42, 43, 44, 90]);
  assert.equal(ordinalsText(wanted), '12-13,40-44,90');
  assert.ok(wantsOrdinal(parseFilter(), 7), 'nothing asked is everything');
});

test('what is no number of an event is the user’s mistake', () => {
  for (const ordinals of ['', '1,', '-3', '5-2', '1.5', '0x10', 'a', '1-', '9999999999999999']) {
    assert.throws(
      () => parseFilter({ ordinals }),
      (error) => error instanceof ScenarioError && error.code === 'bad-ordinals',
      ordinals,
    );
  }
});
