import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { count, difference, duration, interval, list, many, percent, quantile } from './numbers.ts';

test('counts keep whole numbers whole, group from five digits on, and are a dash when not known', () => {
  assert.deepEqual([0, 7, 9999, 12345, 1234567].map(count), ['0', '7', '9999', '12\u202f345', '1\u202f234\u202f567']);
  assert.deepEqual([0.5, 2.204, 12.34, 123.4, -3.5, -0.001].map(count), ['0.5', '2.2', '12.3', '123', '-3.5', '0']);
  assert.equal(count(Number.NaN), '–');
});

test('durations choose a unit that leaves one to three digits before the point', () => {
  assert.deepEqual([0, 1, 850, 999.6, 1000, 12_340, 999_600, 4.56e9, 1e13, -20_000].map(duration), [
    '0 s',
    '1 ns',
    '850 ns',
    '1 µs',
    '1 µs',
    '12.3 µs',
    '1 ms',
    '4.56 s',
    '10\u202f000 s',
    '-20 µs',
  ]);
  assert.equal(duration(Number.NaN), '–');
});

test('shares never round something to nothing, nor nearly all to all', () => {
  assert.deepEqual([0, 0.0004, 0.004, 0.12, 0.955, 0.9999, 1].map(percent), [
    '0 %',
    'under 0.1 %',
    '0.4 %',
    '12 %',
    '95.5 %',
    'over 99.9 %',
    '100 %',
  ]);
});

test('intervals show their ends, differences their signs', () => {
  assert.equal(interval({ estimate: 12, low: 8, high: 17 }), '12 [8, 17]');
  assert.equal(interval({ estimate: 12, low: 12, high: 12 }), '12');
  assert.equal(interval({ estimate: 2e6, low: 1e6, high: 3e6 }, 'ns'), '2 ms [1 ms, 3 ms]');
  assert.equal(interval({ estimate: Number.NaN, low: 0, high: 1 }), '[0, 1]', 'bounds without an estimate');
  assert.equal(interval({ estimate: Number.NaN, low: 0, high: 0 }), '0');
  assert.equal(interval({ estimate: Number.NaN, low: Number.NaN, high: Number.NaN }), '–');
  assert.equal(difference({ estimate: 3, low: 0, high: 6 }), '+3 [0, +6]');
  assert.equal(difference({ estimate: -21, low: -25, high: -14 }), '-21 [-25, -14]');
});

test('words: plurals and lists', () => {
  assert.deepEqual(
    [many(1, 'folio'), many(0, 'folio'), many(2, 'policy', 'policies')],
    ['1 folio', '0 folios', '2 policies'],
  );
  assert.deepEqual(
    [list([]), list(['a']), list(['a', 'b']), list(['a', 'b', 'c'])],
    ['', 'a', 'a and b', 'a, b and c'],
  );
});

test('quantiles interpolate as type 7: the median of 1..4 is 2.5, the first quartile 1.75', () => {
  assert.equal(quantile([1, 2, 3, 4], 0.5), 2.5);
  assert.equal(quantile([1, 2, 3, 4], 0.25), 1.75);
  assert.equal(quantile([5], 0.9), 5);
  assert.ok(Number.isNaN(quantile([], 0.5)));
});
