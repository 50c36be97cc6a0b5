import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { causes } from '../../history/facts.ts';
import type { Life } from '../../history/life.ts';
import { renderSvg } from '../svg.ts';
import { madeUpFacts } from '../test-support.ts';
import { widths } from './figure.ts';
import { folioFigure } from './folio.ts';

const { capture } = madeUpFacts().history;
const whole = { from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY };
const at = { pfn: 0x100, cpu: 0, pid: 1, comm: 'a', certainty: 'seen', ordinal: 0 } as const;
const life: Life = {
  pfn: 0x100,
  stretches: [{ pfn: 0x100, ...whole }],
  passing: 0,
  spans: [
    { lane: 'under entries', pfn: 0x100, start: 1e6, end: 3e6, by: 'undone' },
    { lane: 'in a batch', pfn: 0x100, start: Number.NaN, end: 9e6, by: 'add, CPU 1' },
    { lane: 'waits', pfn: 0x100, start: 2e6, end: 4e6, by: 'b-2' },
  ],
  events: [{ ...at, time: 3e6, topic: 'failure', says: 'not moved', failure: 0 }],
};
const pin = Float64Array.from(causes, (cause) => (cause === 'pin' ? 1 : 0));

test('the finding counts moves and failures, names the likeliest cause, and adds up what lasted', () => {
  const figure = folioFigure([life], capture, [pin]);
  assert.equal(
    figure.finding,
    '0x100 moved 0 times, failed 1 time (likeliest: pin), was under entries for 2 ms and was slept on 1 time.',
  );
  // Of a stay whose beginning was not seen no length is told.
  assert.deepEqual(figure.tables[0]?.rows, [['0x100', '1', '0 s', '0 s', '2 ms', '2 ms', '1']]);
});

test('it can be drawn at both widths, the same each time, with its finding as title; nothing that lasted: nothing to draw', async () => {
  for (const width of [widths.wide, widths.narrow]) {
    const { spec } = folioFigure([life, { ...life, pfn: 0x200 }], capture, [pin], width);
    const svg = await renderSvg(spec!, 'folio');
    assert.equal(svg, await renderSvg(spec!, 'folio'));
    assert.match(svg, /likeliest: pin/);
  }
  assert.equal(folioFigure([{ ...life, spans: [], events: [] }], capture, []).spec, undefined);
});
