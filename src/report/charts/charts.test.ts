import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { newCapture } from '../../events/capture.ts';
import type { History } from '../../history/facts.ts';
import { metricNames, metrics } from '../../replay/outcome.ts';
import { golden } from '../../test-support.ts';
import { differenceTables } from '../differences.ts';
import { largeFacts } from '../made-up-large.ts';
import { renderSvg } from '../svg.ts';
import { madeUpFacts } from '../test-support.ts';
import { charts } from './charts.ts';
import { coincidence, verdictOf } from './counterfactual.ts';
import { type Facts, type Figure, widths } from './figure.ts';

const facts = madeUpFacts();
const large = largeFacts(facts);

/** Shapes, lines and texts of a drawing, those of axes among them. */
function marksOf(svg: string): number {
  return svg.match(/<(path|rect|line|text|circle|use)\b/g)?.length ?? 0;
}

function figureOf(id: string, of: Facts = facts): Figure {
  const figure = charts.map((chart) => chart(of)).find((each) => each.id === id);
  assert.ok(figure, id);
  return figure;
}

/** The facts of a capture in which nothing is known to have happened. */
function nothing(certainty: 'seen' | 'unknown', unit: 'ns' | 'none' = 'ns'): Facts {
  const capture = newCapture('empty.txt', 'tracefs', 'lines');
  capture.clock = { unit, resolution: 1 };
  const observed = Object.fromEntries(
    Object.keys(facts.history.observed).map((key) => [key, certainty]),
  ) as unknown as History['observed'];
  const { references: _, ...known } = facts.history;
  const none = { estimate: Number.NaN, low: Number.NaN, high: Number.NaN };
  return {
    history: {
      ...known,
      capture,
      observed,
      calls: [],
      episodes: [],
      attempts: [],
      waits: [],
      requests: [],
      flushes: [],
      drains: [],
      failures: [],
      stays: { ...facts.history.stays, length: 0 },
    },
    comparison: {
      ...facts.comparison,
      blame: [],
      rows: [],
      identifiable: [],
      assumptions: [],
      fidelity: {
        ...facts.comparison.fidelity,
        recordedFailures: 0,
        predictedFailures: none,
        recordedEpisodes: Number.NaN,
        predictedEpisodes: none,
        folios: 0,
        calibration: [],
        verdict: 'Nothing to predict.',
      },
    },
  };
}

/** Charts of what a capture may not show at all. */
const toldApart = [
  'outcomes',
  'ladder',
  'frames',
  'tries',
  'episodes',
  'waiters',
  'held',
  'residency',
  'occupancy',
  'drains',
  'fill',
];

for (const chart of charts) {
  const { id } = chart(facts);
  test(`the ${id} chart draws as it did`, async () => {
    for (const [name, width] of Object.entries(widths)) {
      const figure = chart(facts, width);
      assert.ok(figure.spec, id);
      const svg = await renderSvg(figure.spec, `${id}-${name}`);
      assert.equal(svg, await renderSvg(figure.spec, `${id}-${name}`), 'the same spec draws the same bytes');
      golden(`docs/report/${id}-${name}.svg`, svg);
      assert.ok(svg.length < 100_000, `${svg.length} characters`);
      assert.ok(marksOf(svg) <= 2000, `${marksOf(svg)} marks`);
      const drawnWidth = Number(/<svg[^>]* width="([\d.]+)"/.exec(svg)?.[1]);
      // Wider than asked, and the page would shrink its text below what can be read.
      assert.ok(drawnWidth <= width + 12, `${id} at ${width} is ${drawnWidth} wide`);
      assert.doesNotMatch(svg, /NaN|undefined|null/);
    }
  });

  test(`the ${id} chart of a capture with very many facts draws no more than one of few`, async () => {
    for (const width of Object.values(widths)) {
      const { spec } = chart(large, width);
      assert.ok(spec, id);
      const svg = await renderSvg(spec, `${id}-large`);
      assert.ok(svg.length < 100_000, `${svg.length} characters`);
      assert.ok(marksOf(svg) <= 2000, `${marksOf(svg)} marks`);
      const drawnWidth = Number(/<svg[^>]* width="([\d.]+)"/.exec(svg)?.[1]);
      assert.ok(drawnWidth <= width + 12, `${id} at ${width} is ${drawnWidth} wide`);
      assert.doesNotMatch(svg, /NaN|undefined|null/);
    }
  });

  test(`the ${id} chart says in words when there is nothing to draw, and why`, () => {
    const seen = chart(nothing('seen'));
    const unseen = chart(nothing('unknown'));
    for (const figure of [seen, unseen]) {
      assert.equal(figure.spec, undefined);
      assert.match(figure.finding, /\.$/);
      assert.doesNotMatch(figure.finding, /NaN|undefined/);
    }
    if (toldApart.includes(id))
      assert.notEqual(seen.finding, unseen.finding, 'not observed is not the same as did not happen');
  });
}

test('findings follow the facts', () => {
  assert.match(figureOf('outcomes').finding, /^27 of 200 folios \(14 %\) in 20 calls did not move/);
  const calls = facts.history.calls.map((call) => ({
    ...call,
    folios: call.folios.map((folio) => ({ ...folio, outcome: 'moved' as const })),
  }));
  const allMoved = { ...facts, history: { ...facts.history, calls } };
  assert.match(figureOf('outcomes', allMoved).finding, /^None of 200 folios in 20 calls/);
  assert.match(figureOf('timeline', allMoved).finding, /no folio is known to have failed/);
});

test('a clock without durations leaves durations out and says so', () => {
  const capture = { ...facts.history.capture, clock: { unit: 'integer' as const, resolution: 1 } };
  const counted = { ...facts, history: { ...facts.history, capture } };
  for (const id of ['episodes', 'residency']) {
    assert.equal(figureOf(id, counted).spec, undefined);
    assert.match(figureOf(id, counted).finding, /no durations/);
  }
  assert.match(figureOf('timeline', counted).finding, /an order and no durations/);
  const columns = figureOf('counterfactual', counted).tables.flatMap((each) => each.columns);
  assert.ok(columns.includes('folios given up') && !columns.includes('stall of waiting tasks'));
});

test('a difference tells only when its interval leaves zero out, and more is not always worse', () => {
  const row = facts.comparison.rows[1]!;
  const withDifference = (metric: 'failedFolios' | 'movedFolios', low: number, high: number) =>
    verdictOf(
      { ...row, difference: { ...row.difference, [metric]: { estimate: (low + high) / 2, low, high } } },
      metric,
    );
  assert.equal(withDifference('failedFolios', -3, -1), 'better');
  assert.equal(withDifference('failedFolios', -3, 0), 'same');
  assert.equal(withDifference('failedFolios', 1, 2), 'worse');
  assert.equal(withDifference('movedFolios', 1, 2), 'better');
});

test('a metric that is nought under every policy is drawn on an axis that has a length', async () => {
  const zero = { estimate: 0, low: 0, high: 0 };
  const rows = facts.comparison.rows.map((row) => ({
    ...row,
    value: { ...row.value, allCpuDrains: zero, failedFolios: zero },
    difference: { ...row.difference, allCpuDrains: zero, failedFolios: zero },
    told: { ...row.told, allCpuDrains: 'every draw equal' as const, failedFolios: 'every draw equal' as const },
  }));
  const figure = figureOf('counterfactual', { ...facts, comparison: { ...facts.comparison, rows } });
  assert.ok(figure.spec);
  assert.doesNotMatch(await renderSvg(figure.spec, 'zero'), /NaN|Infinity|undefined/);
  assert.match(figure.finding, /no draw differs under refcheck-unmap/);
});

test('one policy that dwarfs the rest bends the scale, and the axis says so', async () => {
  const rows = facts.comparison.rows.map((row, i) =>
    i === 3 ? { ...row, value: { ...row.value, stall: { estimate: 9e10, low: 8e10, high: 1e11 } } } : row,
  );
  const figure = figureOf('counterfactual', { ...facts, comparison: { ...facts.comparison, rows } });
  assert.ok(figure.spec);
  assert.match(await renderSvg(figure.spec, 'bent'), /ms \(linear, then logarithmic\)/);
});

test('what is assumed is drawn hollow; of what is only bounded the bounds are shown, without a point', async () => {
  const rows = facts.comparison.rows.map((row) =>
    row.policy === 'refcheck-unmap' ? { ...row, answer: 'observed' as const } : row,
  );
  const figure = figureOf('counterfactual', { ...facts, comparison: { ...facts.comparison, rows } });
  assert.match(figure.finding, /waiters-undo \(\[-19\.4, -13\], bounded\)/);
  assert.match(figure.finding, /refcheck-unmap \(-1\.35 \[-7\.48, \+4\.78\]\)/);
  const names = figure.tables.flatMap((each) => each.rows.map(([name]) => name));
  for (const name of ['waiters-undo (bounded)', 'refcheck-unmap', 'oracle (a bound)']) assert.ok(names.includes(name));
  assert.ok(figure.spec);
  const [replayed] = figure.tables;
  assert.equal(replayed!.rows.find(([name]) => name === 'waiters-undo')![1], '[7.64, 14]');
  const svg = await renderSvg(figure.spec, 'answers');
  // Of seven policies in three panels two are observed: the recorded one and refcheck-unmap.
  assert.equal(svg.match(/stroke-dasharray="3,3"/g)?.length, 3 * 5);
  // A hollow point for each of the two that are assumed, and none for waiters-undo and the two bounds.
  assert.equal(svg.match(/<path [^>]*stroke-width="2"\/>/g)?.length, 3 * 2);
});

test('a model that misses the recording says so under everything that rests on it', () => {
  const fidelity = { ...facts.comparison.fidelity, state: 'poor' as const };
  const missed = { ...facts, comparison: { ...facts.comparison, fidelity } };
  const figure = figureOf('counterfactual', missed);
  assert.match(figure.finding, /misses recorded numbers here/);
  const notes = figure.tables.filter(({ title }) => /^(Replayed|Difference)/.test(title ?? ''));
  assert.ok(notes.length >= 2);
  for (const each of notes) assert.match(each.notes?.join(' ') ?? '', /a direction, not numbers/);
  assert.doesNotMatch(figureOf('counterfactual').finding, /direction/);
});

test('folios given up are told apart from failures of single calls', () => {
  const fidelity = { ...facts.comparison.fidelity, recordedFailures: 1 };
  const fewer = { ...facts, comparison: { ...facts.comparison, fidelity } };
  assert.match(figureOf('outcomes').finding, /retries over, all 27 were given up\.$/);
  assert.match(figureOf('outcomes', fewer).finding, /after that 1 folio was given up, which is what is replayed\.$/);
});

test('policies that coincide are named together, once', () => {
  assert.equal(
    coincidence(facts.comparison.rows),
    'drain-once and lru-cache-disable coincide: every draw gave the same numbers.',
  );
  assert.equal(coincidence([]), '');
});

test('every metric has its place in a difference table', () => {
  const titles = differenceTables(facts).flatMap((each) => [...each.columns, ...each.rows.flat()]);
  for (const name of metricNames) assert.ok(titles.includes(metrics[name].title), name);
});
