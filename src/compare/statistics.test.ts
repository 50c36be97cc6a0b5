import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { bonferroniLevel, brierScore, percentileInterval, quantile } from './statistics.ts';

test('type 7: the example of the PERCENTILE function in spreadsheet manuals (1, 2, 3, 4 at 0.3 is 1.9)', () => {
  assert.ok(Math.abs(quantile([1, 2, 3, 4], 0.3) - 1.9) < 1e-12);
});

test('type 7: the quartiles that R gives for the usual ten-number example', () => {
  const data = [3, 6, 7, 8, 8, 10, 13, 15, 16, 20];
  assert.deepEqual(
    [0, 0.25, 0.5, 0.75, 1].map((p) => quantile(data, p)),
    [3, 7.25, 9, 14.5, 20],
  );
});

test('a quantile of nothing is not a number', () => {
  assert.ok(Number.isNaN(quantile([], 0.5)));
});

test('the percentile interval cuts equal tails off, in any order of the draws', () => {
  const { estimate, low, high } = percentileInterval([4, 1, 3, 2], 0.4);
  assert.equal(estimate, 2.5);
  assert.ok(Math.abs(low - 1.9) < 1e-12 && Math.abs(high - 3.1) < 1e-12);
});

test('what one draw cannot tell, the interval cannot either', () => {
  assert.deepEqual(percentileInterval([1, Number.NaN], 0.95), {
    estimate: Number.NaN,
    low: Number.NaN,
    high: Number.NaN,
  });
});

test("Brier's score of a 70 % forecast: 0.09 when it rains, 0.49 when it does not", () => {
  assert.ok(Math.abs(brierScore([0.7], [1]) - 0.09) < 1e-12);
  assert.ok(Math.abs(brierScore([0.7], [0]) - 0.49) < 1e-12);
});

test('Bonferroni: ten intervals at 99.5 % hold together at 95 %', () => {
  assert.ok(Math.abs(bonferroniLevel(0.95, 10) - 0.995) < 1e-12);
  assert.equal(bonferroniLevel(0.95, 1), 0.95);
  assert.equal(bonferroniLevel(0.95, 0), 0.95);
});
