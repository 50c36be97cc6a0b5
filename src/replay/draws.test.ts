import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { uniform } from '../base/random.ts';
import { gamma, monteCarloError, probability, probabilityMean } from './draws.ts';

test('gamma variates have the mean and variance of their shape', () => {
  for (const shape of [0.5, 3.5, 400.5]) {
    const n = 4000;
    const values = Array.from({ length: n }, (_, draw) => gamma(shape, 7, 'parameter', draw, 0));
    const mean = values.reduce((a, b) => a + b) / n;
    const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n;
    // Five standard errors of the mean; the variance of a gamma of this shape is the shape.
    assert.ok(Math.abs(mean - shape) < 5 * Math.sqrt(shape / n), `mean ${mean} of shape ${shape}`);
    assert.ok(Math.abs(variance / shape - 1) < 0.25, `variance ${variance} of shape ${shape}`);
  }
});

test("the posterior of 23 hits in 33 trials has Jeffreys' mean, and stays between 0 and 1", () => {
  const count = { trials: 33, hits: 23 };
  const values = Array.from({ length: 4000 }, (_, draw) => probability(count, 3, draw, 2));
  const mean = values.reduce((a, b) => a + b) / values.length;
  assert.ok(Math.abs(mean - probabilityMean(count)) < 0.01, `${mean}`);
  assert.ok(values.every((p) => p > 0 && p < 1));
});

test('the same key gives the same number, another key another', () => {
  const count = { trials: 10, hits: 4 };
  assert.equal(probability(count, 1, 5, 0), probability(count, 1, 5, 0));
  assert.notEqual(probability(count, 1, 5, 0), probability(count, 1, 6, 0));
  assert.notEqual(probability(count, 1, 5, 0), probability(count, 2, 5, 0));
});

test('the error of a mean is that of so many throws, not of so many draws, where draws hang on their throw', () => {
  const [draws, throws] = [2000, 20];
  const own = Float64Array.from({ length: draws }, (_, draw) => uniform(1, 'draw', draw));
  // Of a uniform number the standard deviation is the root of 1/12; twenty batch means tell an error to a sixth of it.
  const error = Math.sqrt(1 / 12 / draws);
  assert.ok(Math.abs(monteCarloError(own, throws) / error - 1) < 0.5);
  const shared = own.map((_, draw) => uniform(2, 'draw', draw % throws));
  assert.ok(Math.abs(monteCarloError(shared, throws) / Math.sqrt(1 / 12 / throws) - 1) < 0.5);
  assert.ok(Number.isNaN(monteCarloError(own, 1)));
});
