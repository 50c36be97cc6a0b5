import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { uniform } from '../base/random.ts';
import {
  bonferroniLevel,
  brierScore,
  percentileInterval,
  quantile,
  simultaneousBands,
  studentQuantile,
  variance,
} from './statistics.ts';

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

/** Draws of `count` columns with a common part, from keyed uniforms. */
function joint(draws: number, count: number, own: number): Float64Array[] {
  return Array.from({ length: count }, (_, c) =>
    Float64Array.from(
      { length: draws },
      (_, i) => (1 - own) * uniform(7, 'bootstrap', i) + own * uniform(7, 'bootstrap', i, c + 1),
    ),
  );
}

const inAll = (columns: Float64Array[], bands: readonly { low: number; high: number }[], draw: number) =>
  columns.every((column, c) => bands[c]!.low <= column[draw]! && column[draw]! <= bands[c]!.high);

test('simultaneous bands hold the wanted share of draws in all columns at once, and no more than they must', () => {
  const columns = joint(400, 8, 0.7);
  const { intervals, isWholeSpan } = simultaneousBands(columns, 0.95);
  const inside = columns[0]!.filter((_, draw) => inAll(columns, intervals, draw)).length;
  assert.ok(inside >= 380, `${inside} of 400`);
  assert.ok(!isWholeSpan);
  // One rank less holds too few.
  const narrower = intervals.map((band, c) => {
    const sorted = Float64Array.from(columns[c]!).sort();
    return { low: sorted[sorted.indexOf(band.low) + 1]!, high: sorted[sorted.lastIndexOf(band.high) - 1]! };
  });
  assert.ok(columns[0]!.filter((_, draw) => inAll(columns, narrower, draw)).length < 380);
});

test('columns that are one and the same cost no level; independent ones do', () => {
  const width = (own: number) => {
    const { low, high } = simultaneousBands(joint(400, 8, own), 0.95).intervals[0]!;
    return high - low;
  };
  const single = simultaneousBands(joint(400, 1, 0), 0.95).intervals[0]!;
  assert.equal(width(0), single.high - single.low);
  const alone = simultaneousBands([joint(400, 8, 1)[0]!], 0.95).intervals[0]!;
  assert.ok(width(1) > alone.high - alone.low);
});

test('ties: a column that never differs has no width and takes none from the others', () => {
  const column = joint(100, 1, 0)[0]!;
  const alone = simultaneousBands([column], 0.9).intervals[0]!;
  const { intervals } = simultaneousBands([column, new Float64Array(100)], 0.9);
  assert.deepEqual(intervals, [alone, { estimate: 0, low: 0, high: 0 }]);
});

test('what one column cannot tell is left out of the others', () => {
  const column = joint(100, 1, 0)[0]!;
  const { intervals } = simultaneousBands([column, new Float64Array(100).fill(Number.NaN)], 0.9);
  assert.deepEqual(intervals[0], simultaneousBands([column], 0.9).intervals[0]);
  assert.ok(Number.isNaN(intervals[1]!.low));
});

test("Student's t: 97.5 % quantiles as printed in tables", () => {
  const table: [number, number][] = [
    [1, 12.706],
    [2, 4.303],
    [3, 3.182],
    [4, 2.776],
    [7, 2.365],
    [10, 2.228],
    [29, 2.045],
  ];
  for (const [degrees, t] of table) {
    assert.ok(Math.abs(studentQuantile(0.975, degrees) - t) < 5e-4, `${degrees}: ${studentQuantile(0.975, degrees)}`);
  }
  assert.equal(studentQuantile(0.975, 0), Number.POSITIVE_INFINITY);
});

test('the variance of 2, 4, 4, 4, 5, 5, 7, 9 is 32 / 7', () => {
  assert.ok(Math.abs(variance([2, 4, 4, 4, 5, 5, 7, 9]) - 32 / 7) < 1e-12);
});
