/** How many folios a call had, and of which size: what entries, attempts and the call's totals say together. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { calibration, end, moved, moving, start, told } from './tiny.test.ts';

/** One call whose folios are shown by attempts alone, as where migration entries have no events. */
async function folios(totals: string, ...pfns: number[]): Promise<[pfn: number, order: number, outcome: string][]> {
  const { calls } = await told(`${calibration}
    0 a-1 1.000000 ${start}
    ${pfns.map((pfn, i) => `0 a-1 1.0000${i + 1}0 ${moving(pfn, pfn + 0x800, 2)}\n    0 a-1 1.0000${i + 1}1 ${moved(0)}`).join('\n    ')}
    0 a-1 1.000090 ${totals}`);
  return calls[0]!.folios.map(({ pfn, order, outcome }) => [pfn, order, outcome]);
}

test('a folio that only its attempt shows is the huge one of the totals, not a small one beside 511 without a name', async () => {
  assert.deepEqual(await folios(end(512, 0, undefined, 1), 0x200), [[0x200, 9, 'moved']]);
  assert.deepEqual(await folios(end(1024, 0, undefined, 2), 0x200, 0x400), [
    [0x200, 9, 'moved'],
    [0x400, 9, 'moved'],
  ]);
});

test('where the totals allow another reading, nothing is said of the size', async () => {
  const orders = async (totals: string) => (await folios(totals, 0x200, 0x400)).slice(0, 2).map(([, order]) => order);
  assert.deepEqual(await orders(end(513, 0, undefined, 1)), [0, 0], 'which of the two is huge?');
  assert.deepEqual(await folios(end(1, 0), 0x200), [[0x200, 0, 'moved']]);
});
