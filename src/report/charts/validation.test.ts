import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import type { Validation, ValidationRow } from '../../compare/validate.ts';
import { golden } from '../../test-support.ts';
import { renderSvg } from '../svg.ts';
import { textTable } from '../tables.ts';
import { widths } from './figure.ts';
import { validationFigure, verdictText } from './validation.ts';

const ms = 1e6;
const row = (change: Partial<ValidationRow>): ValidationRow => ({
  metric: 'pagesFailed',
  unit: 'pages',
  a: { runs: [14, 23, 28, 33], mean: 24.5, low: 14, high: 33 },
  b: { runs: [4, 5, 6, 7], mean: 5.5, low: 4, high: 7 },
  predictedB: { estimate: 6.2, low: -4, high: 17 },
  covered: 4,
  real: { estimate: -19, low: -31.7, high: -6.3 },
  predicted: { estimate: -18.3, low: -26.3, high: -10.3 },
  sign: 'right',
  told: true,
  inside: true,
  ...change,
});
const validation: Validation = {
  modelVersion: 2,
  policy: 'refcheck-unmap',
  a: { sources: ['a1', 'a2', 'a3', 'a4'], recorded: ['linux-6.12.117'] },
  b: { sources: ['b1', 'b2', 'b3', 'b4'], recorded: ['refcheck-unmap'] },
  draws: [100, 100, 100, 100],
  seed: 1,
  level: 0.95,
  rows: [
    row({}),
    row({
      metric: 'entryWaits',
      unit: 'waits',
      real: { estimate: 60, low: 24, high: 96 },
      predicted: { estimate: 1, low: -4, high: 6 },
      told: false,
      inside: false,
      b: { runs: [0, 60, 90, 120], mean: 84.5, low: 0, high: 120 },
    }),
    row({
      metric: 'calls',
      unit: 'calls',
      real: { estimate: 0, low: 0, high: 0 },
      predicted: { estimate: 0, low: 0, high: 0 },
      sign: 'not tellable',
      told: false,
      a: { runs: [100, 100], mean: 100, low: 100, high: 100 },
      b: { runs: [100, 100], mean: 100, low: 100, high: 100 },
    }),
    row({
      metric: 'callTime',
      unit: 'ns',
      real: { estimate: 228 * ms, low: 30 * ms, high: 426 * ms },
      predicted: { estimate: -98 * ms, low: -120 * ms, high: -20 * ms },
      sign: 'wrong',
      inside: false,
      a: { runs: [700 * ms, 800 * ms], mean: 750 * ms, low: 700 * ms, high: 800 * ms },
      b: { runs: [900 * ms, 1056 * ms], mean: 978 * ms, low: 900 * ms, high: 1056 * ms },
    }),
  ],
  silent: ['busyRetries'],
  remarks: [],
};

test('the validation chart draws as it did', async () => {
  for (const [name, width] of Object.entries(widths)) {
    const figure = validationFigure(validation, width);
    assert.ok(figure.spec);
    const svg = await renderSvg(figure.spec, `validation-${name}`);
    golden(`docs/report/validation-${name}.svg`, svg);
    const drawnWidth = Number(/<svg[^>]* width="([\d.]+)"/.exec(svg)?.[1]);
    assert.ok(drawnWidth <= width + 12, `at ${width} it is ${drawnWidth} wide`);
    assert.doesNotMatch(svg, /NaN|undefined|null/);
  }
});

test('a single run a side has a difference and no interval, and is drawn all the same', async () => {
  const unknown = { estimate: -19, low: Number.NaN, high: Number.NaN };
  const figure = validationFigure({
    ...validation,
    rows: [row({ real: unknown, sign: 'not tellable', inside: false })],
  });
  assert.match(figure.finding, /no real difference can be told from chance/);
  assert.doesNotMatch(await renderSvg(figure.spec!, 'one'), /NaN|undefined|null/);
});

test('the finding names every real difference with its prediction, and counts signs and intervals', () => {
  const { finding, tables } = validationFigure(validation);
  assert.match(finding, /^4 recordings under linux-6\.12\.117 predict refcheck-unmap, held against 4 recordings:/);
  assert.match(finding, /failed pages \(-19 \[-31\.7, -6\.3\], predicted -18\.3 \[-26\.3, -10\.3\]\)/);
  assert.match(finding, /sign is right in 2 of 3, and the predicted interval overlaps the real one in 2 of 4 metrics/);
  const text = tables.map((each) => textTable(each, 120)).join('\n');
  for (const said of ['outside, sign wrong', '24.5 (14 … 33)', '4 of 4', 'areas given up'])
    assert.ok(text.includes(said));
});

test('nothing to set against each other: said in words, nothing drawn', () => {
  const { finding, spec, tables } = validationFigure({ ...validation, rows: [] });
  assert.match(finding, /nothing that both sides count/);
  assert.equal(spec, undefined);
  assert.equal(tables.length, 1);
});

test('verdicts', () => {
  assert.equal(verdictText(row({ told: false })), 'inside, sign right by the mean alone');
  assert.equal(verdictText(row({ sign: 'not tellable', inside: false })), 'outside, no real sign');
});
