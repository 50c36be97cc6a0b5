import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { studentQuantile } from './statistics.ts';
import { incompleteBeta, logGamma } from './student.ts';

const near = (actual: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} instead of ${expected}`);

test('the gamma function at whole and half arguments', () => {
  near(logGamma(1), 0, 1e-13);
  near(logGamma(5), Math.log(24), 1e-13);
  near(logGamma(0.5), Math.log(Math.PI) / 2, 1e-13);
  near(logGamma(100.5) - logGamma(99.5), Math.log(99.5), 1e-12);
});

test('the incomplete beta function where it has a closed form', () => {
  for (const x of [0, 0.01, 0.3, 0.5, 0.9, 1]) {
    near(incompleteBeta(x, 1, 1), x, 1e-13);
    near(incompleteBeta(x, 2, 1), x ** 2, 1e-13);
    near(incompleteBeta(x, 1, 3), 1 - (1 - x) ** 3, 1e-13);
    near(incompleteBeta(x, 0.5, 0.5), (2 / Math.PI) * Math.asin(Math.sqrt(x)), 1e-13);
    near(incompleteBeta(x, 2.5, 7.25) + incompleteBeta(1 - x, 7.25, 2.5), 1, 1e-13);
  }
});

test("Student's t as tables have it (Abramowitz and Stegun, table 26.10), and between whole degrees", () => {
  const table: [number, number, number][] = [
    [0.75, 1, 1],
    [0.95, 2, 2.92],
    [0.975, 1, 12.706],
    [0.975, 3, 3.182],
    [0.975, 6, 2.447],
    [0.975, 120, 1.98],
    [0.995, 5, 4.032],
    [0.9995, 10, 4.587],
  ];
  for (const [p, degrees, t] of table) near(studentQuantile(p, degrees), t, 6e-4);
  const between = studentQuantile(0.975, 3.4);
  assert.ok(between < studentQuantile(0.975, 3) && between > studentQuantile(0.975, 4));
  near(studentQuantile(0.975, 1e6), 1.959964, 1e-5);
  // Of two degrees there is a closed form: t = (2p - 1) / sqrt(2 p (1 - p)).
  near(studentQuantile(0.9, 2), 0.8 / Math.sqrt(0.18), 1e-9);
});
