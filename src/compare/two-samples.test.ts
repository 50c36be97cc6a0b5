import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { normal, uniform } from '../base/random.ts';
import { chanceOfSeparation, differenceOfMeans, meanOverRuns, oneMoreRun } from './two-samples.ts';

const near = (actual: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} instead of ${expected}`);

/** The first example of Wikipedia's “Welch's t-test”: t = 2.46, 25 degrees. */
const a = [27.5, 21, 19, 23.6, 17, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19, 21.7, 21.4];
const b = [27.1, 22, 20.8, 23.4, 23.4, 23.5, 25.8, 22, 24.8, 20.2, 21.9, 22.1, 22.9, 20.5, 24.4];

test("Welch's interval of a worked example: t = 2.46 with 25 degrees, p = 0.021", () => {
  const { estimate, low, high } = differenceOfMeans(a, b, 0.95);
  near(estimate, 2.1667, 1e-3);
  // t of 25 degrees at 97.5 % is 2.0595.
  near((high - low) / 2, (2.0595 * estimate) / 2.46, 5e-3);
  const touching = differenceOfMeans(a, b, 1 - 0.0211);
  near(touching.low, 0, 0.01);
});

test('two runs a side: ranges, and one run: none', () => {
  assert.deepEqual(differenceOfMeans([1, 3], [10, 20], 0.95), { estimate: 13, low: 7, high: 19 });
  const one = differenceOfMeans([1], [10, 20, 30], 0.95);
  assert.equal(one.estimate, 19);
  assert.ok(Number.isNaN(one.low) && Number.isNaN(one.high));
});

test('runs that are all alike differ by exactly that; what one cannot tell, the mean cannot', () => {
  assert.deepEqual(differenceOfMeans([4, 4, 4], [6, 6, 6], 0.95), { estimate: 2, low: 2, high: 2 });
  assert.ok(Number.isNaN(differenceOfMeans([4, Number.NaN, 4], [6, 6, 6], 0.95).estimate));
  assert.ok(Number.isNaN(meanOverRuns([[1], [Number.NaN], [1]], 0.95).estimate));
});

test('the variance of a mean of runs is that within and that between, over their number', () => {
  const draws = [
    [1, 3],
    [5, 7],
    [9, 11],
  ];
  // Within 2, between 16: (2 + 16) / 3 with 6² / ((16 / 3)² / 2 + 3 (2 / 9)² / 1) = 2.51 degrees; t at 97.5 % is 3.568.
  const { estimate, low, high } = meanOverRuns(draws, 0.95);
  assert.equal(estimate, 6);
  near((high - low) / 2, 3.568 * Math.sqrt(6), 0.02);
  const certain = meanOverRuns(
    [
      [2, 2],
      [2, 2],
      [2, 2],
    ],
    0.95,
  );
  assert.deepEqual(certain, { estimate: 2, low: 2, high: 2 });
});

test('two runs: from the lowest end of one to the highest of the other', () => {
  const two = meanOverRuns(
    [
      [1, 1, 1],
      [5, 5, 5],
    ],
    0.95,
  );
  assert.deepEqual(two, { estimate: 3, low: 1, high: 5 });
});

test('about 95 % of such intervals hold the difference of lots whose variances differ', () => {
  const gauss = (trial: number, i: number) =>
    normal(uniform(1, 'bootstrap', trial, i, 0), uniform(1, 'bootstrap', trial, i, 1));
  let held = 0;
  for (let trial = 0; trial < 4000; trial++) {
    const few = Array.from({ length: 4 }, (_, i) => 10 + 2 * gauss(trial, i));
    const more = Array.from({ length: 4 }, (_, i) => 12 + gauss(trial, 4 + i));
    const { low, high } = differenceOfMeans(few, more, 0.95);
    if (low <= 2 && 2 <= high) held++;
  }
  assert.ok(held >= 3760 && held <= 3840, `${held} of 4000`);
});

test('ranges of two and two runs separate by chance once in three, of four and four once in 35', () => {
  near(chanceOfSeparation(2, 2), 1 / 3, 1e-12);
  near(chanceOfSeparation(4, 4), 1 / 35, 1e-12);
});

test('one more run varies by one run and by the mean of the others', () => {
  const runs = [[1], [3], [5]];
  // Variance 4 of a run, 4 / 3 of the mean; t of two degrees at 97.5 % is 4.3027.
  const { estimate, low, high } = oneMoreRun(runs, 0.95);
  assert.equal(estimate, 3);
  near((high - low) / 2, 4.3027 * Math.sqrt(4 + 4 / 3), 1e-3);
  assert.deepEqual(oneMoreRun([[1], [5]], 0.95), { estimate: 3, low: 1, high: 5 });
});
