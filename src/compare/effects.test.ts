import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { type Metric, metricNames } from '../replay/outcome.ts';
import type { Interval } from './comparison.ts';
import { effectsOf, tell } from './effects.ts';

const at = (low: number, high: number): Interval => ({ estimate: (low + high) / 2, low, high });
const recorded = at(100, 100);

test('what an interval says: "no difference" of narrow ones only', () => {
  const said = (low: number, high: number) => tell('failedFolios', at(low, high), recorded);
  assert.equal(said(0, 0), 'every draw equal');
  assert.equal(said(-5, 5), 'no difference');
  assert.equal(said(-5.1, 5), 'cannot tell');
  assert.equal(said(-20, -1), 'less');
  assert.equal(said(0.1, 1), 'more');
  assert.equal(tell('failedFolios', at(-0.5, 0.4), at(0, 0)), 'no difference', 'less than half a folio');
  assert.equal(tell('stall', at(-0.5, 0.4), at(0, 0)), 'cannot tell', 'half a nanosecond is no thing');
  assert.equal(tell('stall', at(Number.NaN, Number.NaN), recorded), 'unknown');
});

function draws(failedFolios: number[], allCpuDrains: number[]) {
  const of = (metric: Metric) =>
    metric === 'failedFolios' ? failedFolios : metric === 'allCpuDrains' ? allCpuDrains : [];
  return Object.fromEntries(metricNames.map((metric) => [metric, Float64Array.from(of(metric))])) as Record<
    Metric,
    Float64Array
  >;
}

function differences(folios: Interval, drains: Interval): Record<Metric, Interval> {
  const of = (metric: Metric) => (metric === 'failedFolios' ? folios : metric === 'allCpuDrains' ? drains : at(-2, -1));
  return Object.fromEntries(metricNames.map((metric) => [metric, of(metric)])) as Record<Metric, Interval>;
}

test('drains per saved folio: a ratio draw by draw, words where the denominator may be nothing', () => {
  const pair = { own: draws([6, 5], [13, 14]), recorded: draws([10, 10], [10, 10]) };
  const { drainsPerSavedFolio, requestsSaved } = effectsOf(differences(at(-5, -4), at(3, 4)), [pair], 1);
  // 3 drains for 4 folios, 4 for 5.
  assert.deepEqual(drainsPerSavedFolio, { estimate: 0.775, low: 0.75, high: 0.8 });
  assert.deepEqual(requestsSaved, { estimate: 1.5, low: 1, high: 2 });
  assert.equal(effectsOf(differences(at(-5, 0), at(3, 4)), [pair], 1).drainsPerSavedFolio, 'none saved');
  assert.equal(effectsOf(differences(at(-5, -4), at(-1, 0)), [pair], 1).drainsPerSavedFolio, 'no drains more');
});

test('where only bounds are known the ratio has bounds only', () => {
  const bounded = { estimate: Number.NaN, low: -5, high: -2 };
  const main = { own: draws([6], [13]), recorded: draws([10], [10]) };
  const corner = { own: draws([8], [13]), recorded: draws([10], [10]) };
  const { drainsPerSavedFolio } = effectsOf(differences(bounded, at(3, 4)), [main, corner], 1);
  assert.deepEqual(drainsPerSavedFolio, { estimate: Number.NaN, low: 0.75, high: 1.5 });
});
