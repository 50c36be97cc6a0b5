import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import type { History } from '../history/facts.ts';
import { differingFolios } from './differing.ts';

const folios = (...pfns: number[]) => pfns.map((pfn) => ({ pfn }));

test('folios that differ are found by their rows, a folio of several calls once, the widest first', () => {
  const history = {
    calls: [
      { id: 0, request: 0, folios: folios(1, 2, 3) },
      { id: 1, request: 0, folios: folios(2) },
      { id: 2, request: 1, folios: folios(2, Number.NaN) },
    ],
    requests: [{ id: 0 }, { id: 1 }, { id: 2, withoutCalls: { folios: folios(9) } }],
  } as unknown as History;
  const recorded = Float64Array.of(0, 1, 0, 1, 1, 1, 0);
  const own = Float64Array.of(0, 0.25, 0, 0.25, 0.5, 1, 0.125);
  assert.deepEqual(differingFolios(history, own, recorded), {
    folios: 3,
    most: [
      { call: 0, request: 0, pfn: 2, recorded: 1, own: 0.25 },
      { call: 2, request: 1, pfn: 2, recorded: 1, own: 0.5 },
      { call: -1, request: 2, pfn: 9, recorded: 0, own: 0.125 },
    ],
  });
  assert.deepEqual(differingFolios(history, recorded, recorded), { folios: 0, most: [] });
});
