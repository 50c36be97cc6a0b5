import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { type Metric, metricNames } from '../replay/outcome.ts';
import type { Comparison, PolicyRow } from './comparison.ts';
import { pool } from './pool.ts';

function row(policy: string, estimate: number, deviation: number, answer: PolicyRow['answer'] = 'observed'): PolicyRow {
  const of = <T>(value: T) => Object.fromEntries(metricNames.map((metric) => [metric, value])) as Record<Metric, T>;
  const shown = answer === 'bounded' ? Number.NaN : estimate;
  return {
    policy,
    answer,
    difference: of({ estimate: shown, low: estimate - 1, high: estimate + 1 }),
    deviation: of(deviation),
    lost: of(0),
  } as unknown as PolicyRow;
}

function capture(source: string, recorded: string, ...rows: PolicyRow[]): Comparison {
  return { source, recorded, level: 0.95, draws: 1e9, rows: [row(recorded, 0, 0), ...rows] } as unknown as Comparison;
}

test('without spread of draws it is the t-interval over captures', () => {
  const [group] = pool([2, 4, 9].map((value, i) => capture(`${i}`, 'a', row('x', value, 0))));
  const { estimate, low, high } = group!.rows[0]!.difference.failedFolios;
  // Mean 5, standard deviation 3.6056, t of 2 degrees 4.3027: half a width of 8.957.
  assert.equal(estimate, 5);
  assert.ok(Math.abs(high - 5 - 8.957) < 1e-3 && Math.abs(5 - low - 8.957) < 1e-3, `${low} to ${high}`);
  const { another } = group!.rows[0]!;
  assert.ok(Math.abs(another.failedFolios.high - 5 - 4.3027 * 3.6056 * Math.sqrt(1 + 1 / 3)) < 1e-2);
});

test('draws that lie apart widen it, though the captures agree', () => {
  const [group] = pool([3, 3].map((value, i) => capture(`${i}`, 'a', row('x', value, 2))));
  const { difference, between } = group!.rows[0]!;
  // Rubin: between 4, total (4 + 4) / 2 = 4, t of 1 degree 12.706.
  assert.equal(between.failedFolios, 2);
  assert.ok(Math.abs(difference.failedFolios.high - (3 + 2 * 12.706)) < 0.01);
});

test('bounds are pooled as bounds', () => {
  const [group] = pool([3, 5].map((value, i) => capture(`${i}`, 'a', row('x', value, Number.NaN, 'bounded'))));
  const { difference, isBounded } = group!.rows[0]!;
  assert.ok(isBounded && Number.isNaN(difference.failedFolios.estimate));
  assert.ok(Math.abs(difference.failedFolios.low - (3 - 12.706)) < 0.01);
});

test('captures recorded under different policies are not of one kind, nor is one alone', () => {
  assert.deepEqual(pool([capture('1', 'a', row('x', 1, 0))]), []);
  const groups = pool([
    capture('1', 'a', row('x', 1, 0)),
    capture('2', 'b', row('x', 1, 0)),
    capture('3', 'a', row('x', 2, 0), row('y', 1, 0)),
  ]);
  assert.deepEqual(
    groups.map(({ recorded, sources, rows }) => [recorded, sources, rows.map(({ policy }) => policy)]),
    [['a', ['1', '3'], ['x']]],
  );
});
