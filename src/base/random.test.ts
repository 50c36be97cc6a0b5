import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { exponential, normal, type Purpose, purposes, uniform } from './random.ts';

const n = 20000;
const draws = (purpose: Purpose) => Array.from({ length: n }, (_, i) => uniform(7, purpose, i));
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

test('draws are uniform: mean, variance and ten equal bins within four standard errors', () => {
  const values = draws('faultWindow');
  assert.ok(Math.abs(mean(values) - 0.5) < 4 * Math.sqrt(1 / 12 / n));
  assert.ok(Math.abs(mean(values.map((v) => (v - 0.5) ** 2)) - 1 / 12) < 4 * Math.sqrt(1 / 180 / n));
  const bins = new Array<number>(10).fill(0);
  for (const value of values) bins[Math.floor(value * 10)]!++;
  for (const bin of bins) assert.ok(Math.abs(bin - n / 10) < 4 * Math.sqrt(n * 0.1 * 0.9));
});

test('neighbouring keys, purposes and seeds are not correlated', () => {
  const a = draws('faultWindow');
  const b = draws('transientReference');
  const c = a.map((_, i) => uniform(7, 'faultWindow', i + 1));
  const d = a.map((_, i) => uniform(8, 'faultWindow', i));
  const e = a.map((_, i) => uniform(7, 'faultWindow', i, 1));
  for (const other of [b, c, d, e]) {
    const correlation = mean(a.map((value, i) => (value - 0.5) * (other[i]! - 0.5))) * 12;
    assert.ok(Math.abs(correlation) < 4 / Math.sqrt(n), String(correlation));
  }
});

test('a draw depends on nothing but its key', () => {
  assert.equal(uniform(1, 'cause', 2, 3, 4), uniform(1, 'cause', 2, 3, 4));
  assert.notEqual(uniform(1, 'cause', 2, 3, 4), uniform(1, 'cause', 2, 4, 3));
  // Keys beyond 32 bits differ too: ordinals and pfns are float64 integers.
  assert.notEqual(uniform(1, 'cause', 5), uniform(1, 'cause', 5 + 2 ** 32));
});

test('purposes have numbers of their own', () => {
  assert.equal(new Set(Object.values(purposes)).size, Object.keys(purposes).length);
});

test('exponential and normal draws have the moments they claim', () => {
  const exponentials = draws('serviceTime').map((u) => exponential(3, u));
  assert.ok(Math.abs(mean(exponentials) - 3) < 4 * (3 / Math.sqrt(n)));
  const normals = draws('parameter').map((u, i) => normal(u, uniform(7, 'parameter', i, 1)));
  assert.ok(Math.abs(mean(normals)) < 4 / Math.sqrt(n));
  assert.ok(Math.abs(mean(normals.map((v) => v * v)) - 1) < 4 * Math.sqrt(2 / n));
});
