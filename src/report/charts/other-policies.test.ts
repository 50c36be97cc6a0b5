/** What the figures of other policies draw and say, apart from how they look. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import type { Interval, PolicyRow } from '../../compare/comparison.ts';
import { type Metric, metricNames } from '../../replay/outcome.ts';
import { madeUpFacts } from '../test-support.ts';
import { costs } from './costs.ts';
import { fidelity } from './fidelity.ts';
import { bounds, type Facts, type Figure, widths } from './figure.ts';
import { flow } from './flow.ts';
import { frontierOf, pareto } from './pareto.ts';
import { sensitivity } from './sensitivity.ts';

const facts = madeUpFacts();
const { comparison } = facts;

function withRows(rows: readonly PolicyRow[]): Facts {
  return { ...facts, comparison: { ...comparison, rows } };
}

function rowOf(policy: string): PolicyRow {
  return comparison.rows.find((row) => row.policy === policy)!;
}

/** Everything that a spec draws: the values of all its layers. */
function drawnOf({ spec }: Figure): Record<string, unknown>[] {
  const found: Record<string, unknown>[] = [];
  const visit = (part: unknown): void => {
    if (Array.isArray(part)) for (const each of part) visit(each);
    else if (part !== null && typeof part === 'object') {
      const { data } = part as { data?: { values?: Record<string, unknown>[] } };
      if (data?.values) found.push(...data.values);
      for (const each of Object.values(part)) visit(each);
    }
  };
  visit(spec);
  return found;
}

const point = (estimate: number): Interval => ({ estimate, low: estimate, high: estimate });

/** A policy that saves so many folios for so much. */
function offer(policy: string, saved: number, price: number, answer: PolicyRow['answer'] = 'observed'): PolicyRow {
  const row = rowOf('refcheck-unmap');
  const difference = { ...row.difference, failedFolios: point(-saved), stall: point(price) };
  return { ...row, policy, answer, difference };
}

test('on the frontier is who no other beats in gain and price; twins are both on it, bounds never', () => {
  const rows = [
    offer('recorded', 0, 0),
    offer('cheap', 3, 1),
    offer('twin', 3, 1),
    offer('beaten', 2, 2),
    offer('dear', 9, 50),
    offer('worse and dearer', -4, 60),
    offer('oracle', 20, -10),
    offer('known within bounds', 15, 2, 'bounded'),
  ];
  assert.ok(bounds.has('oracle'));
  const names = frontierOf(rows, 'stall').map(({ row }) => row.policy);
  assert.deepEqual(names, ['recorded', 'cheap', 'twin', 'dear']);
  assert.deepEqual(
    frontierOf([...rows, offer('free', 9, -1)], 'stall').map(({ row }) => row.policy),
    ['free'],
  );
});

test('policies at one place are told apart by rings, and who has only bounds has a box and no point', () => {
  const figure = pareto(facts);
  const points = drawnOf(figure).filter((one) => 'ring' in one);
  // Of the recorded policy and the two that coincide with it, in each of two panels and the three layers of a point.
  for (const name of ['linux-6.12.117', 'drain-once', 'lru-cache-disable'])
    assert.ok(points.some(({ policy }) => policy === name));
  const sizes = new Set(points.filter(({ x, y }) => x === 0 && y === 0).map(({ size }) => size));
  assert.equal(sizes.size, 3);
  assert.ok(points.every(({ policy }) => policy !== 'waiters-undo'));
  assert.ok(drawnOf(figure).some(({ policy, isBounded }) => policy === 'waiters-undo' && isBounded === true));
  assert.match(figure.finding, /waiters-undo stands is known within bounds only/);
});

test('where no draw saves a folio there is nothing to pay for', () => {
  const told = { ...rowOf('refcheck-unmap').told, failedFolios: 'every draw equal' as const };
  const figure = pareto(withRows(comparison.rows.map((row) => ({ ...row, told }))));
  assert.equal(figure.spec, undefined);
  assert.match(figure.finding, /no gain to pay for/);
});

test('a bar of what becomes of folios is as long as what was given up, on its two sides', () => {
  const bars = drawnOf(flow(facts)).filter((one) => 'what' in one && one['what'] !== undefined);
  const length = (place: number, of: (what: unknown) => boolean): number =>
    bars
      .filter((bar) => bar['place'] === place && of(bar['what']))
      .reduce((sum, { from, to }) => sum + Math.abs(Number(to) - Number(from)), 0);
  const given = comparison.fidelity.recordedFailures;
  const places = comparison.rows.flatMap(({ answer }, place) => (answer === 'bounded' ? [] : [place]));
  assert.ok(places.length >= 4);
  for (const place of places) {
    const before = length(place, (what) => what !== 'given up instead');
    assert.ok(Math.abs(before - given) < given * 0.01, `${place}: ${before}`);
  }
});

test('a bound that dwarfs all policies is cut, and the text says so', () => {
  const far = { estimate: Number.NaN, low: 900, high: 5000 };
  const rows = comparison.rows.map((row) =>
    row.policy === 'never-drain'
      ? { ...row, value: { ...row.value, failedFolios: far }, fates: { ...row.fates, instead: far } }
      : row,
  );
  const drawn = drawnOf(flow(withRows(rows)));
  const furthest = Math.max(...drawn.map(({ to }) => Number(to ?? 0)));
  assert.ok(furthest < 100, String(furthest));
  assert.ok(drawn.some(({ text }) => /never-drain.*beyond the drawing/.test(String(text))));
});

test('gains and losses that a difference hides are said', () => {
  const figure = flow(facts);
  assert.match(figure.finding, /waiters-undo moves \[10\.7, 14\.5\] and gives up \[1\.38, 1\.86\] others/);
  assert.deepEqual(
    figure.tables.map(({ title }) => title),
    ['What becomes of the folios that linux-6.12.117 gave up', 'By what held them'],
  );
});

test('a cost in which no draw differs is named and not drawn; costs that are the same numbers are drawn once', () => {
  const still: Metric = 'episodes';
  const rows = comparison.rows.map((row) => ({
    ...row,
    value: { ...row.value, pagesFailed: row.value.failedFolios, stall: point(7) },
    difference: { ...row.difference, pagesFailed: row.difference.failedFolios, stall: point(0) },
    told: { ...row.told, [still]: 'every draw equal' as const },
  }));
  const figure = costs(withRows(rows));
  const text = JSON.stringify(figure.spec);
  assert.match(text, /"text":"folios given up"/);
  for (const title of ['episodes', 'failed pages']) assert.doesNotMatch(text, new RegExp(`"text":"${title}"`));
  assert.match(figure.finding, /With the same numbers as folios given up: failed pages\./);
  assert.match(figure.finding, /No draw differs in episodes\./);
  const none = metricNames.map((metric) => [metric, 'every draw equal']);
  const idle = costs(withRows(rows.map((row) => ({ ...row, told: Object.fromEntries(none) as PolicyRow['told'] }))));
  assert.equal(idle.spec, undefined);
  assert.match(idle.finding, /differs in any draw/);
});

test('on a phone costs are verdicts: one mark for each policy and cost', () => {
  const marks = drawnOf(costs(facts, widths.narrow)).filter((one) => 'verdict' in one);
  const places = new Set(marks.map(({ column, line }) => `${column} ${line}`));
  assert.equal(places.size, marks.length);
  assert.equal(new Set(marks.map(({ column }) => column)).size, comparison.rows.length - 1);
});

test('what moves a policy is drawn before what moves only a bound', () => {
  const [first] = comparison.assumptions;
  const moves = [
    { policy: 'never-drain', asItIs: 100, halved: 10, doubled: 900 },
    { policy: 'refcheck-unmap', asItIs: 20, halved: 19, doubled: 22 },
  ];
  const both = { ...first!, name: 'both', moves, most: moves[0] };
  const bound = { ...first!, name: 'bound', moves: moves.slice(0, 1), most: moves[0] };
  const figure = sensitivity({ ...facts, comparison: { ...comparison, assumptions: [bound, both] } });
  assert.match(
    figure.finding,
    /^What is assumed of both moves the answer most: .* under refcheck-unmap from 20 to 19 and 22/,
  );
  assert.doesNotMatch(JSON.stringify(figure.spec), /never-drain/);
  const alone = sensitivity({ ...facts, comparison: { ...comparison, assumptions: [bound] } });
  assert.match(alone.finding, /under never-drain, a bound, from 100 to 10 and 900/);
  assert.match(JSON.stringify(alone.spec), /never-drain \(a bound\)/);
});

test('a number outside its prediction is drawn so, and what makes fidelity poor is said where folios alone are right', () => {
  const [folio, call, request] = comparison.fidelity.levels;
  const off = { ...call!, recorded: 60, predicted: { estimate: 34, low: 28, high: 38 }, within: false };
  const misses = ['60 calls with a folio given up where 28 to 38 are predicted'];
  const poor = { ...comparison.fidelity, levels: [folio!, off, request!], state: 'poor' as const, misses };
  const figure = fidelity({ ...facts, comparison: { ...comparison, fidelity: poor } });
  assert.match(figure.finding, /Poor all the same: 60 calls with a folio given up where 28 to 38 are predicted\./);
  const verdicts = drawnOf(figure).filter((one) => 'verdict' in one);
  assert.ok(verdicts.some(({ verdict }) => verdict === 'recorded lies outside'));
  assert.ok(drawnOf(fidelity(facts)).every(({ verdict }) => verdict !== 'recorded lies outside'));
});
