import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { op } from 'arquero';
import { workOut } from '../history/history.ts';
import { openCapture } from '../read/file.ts';
import { tracePath } from '../test-support.ts';
import { callTable, episodeTable, eventTable, folioTable } from './tables.ts';

const path = tracePath('debian-6.12-4k', 'shanon_hot', 'trace.txt.gz');

test('tables of facts have a row a fact, and add up to what the calls count', async () => {
  const history = await workOut(await openCapture(path));
  const calls = callTable(history);
  assert.equal(calls.numRows(), history.calls.length);
  assert.deepEqual(calls.rollup({ moved: op.sum('succeeded'), failed: op.sum('failed') }).object(), {
    moved: 311,
    failed: 48,
  });
  const folios = folioTable(history).groupby('outcome').count().orderby('outcome').objects();
  assert.deepEqual(folios, [
    { outcome: 'failed', count: 48 },
    { outcome: 'moved', count: 311 },
  ]);
  assert.equal(episodeTable(history).numRows(), history.episodes.length);
});

test('a table of events has every event of the name, with exact 64-bit fields', async () => {
  const entries = await eventTable(await openCapture(path), 'migrate:set_migration_pte');
  assert.equal(entries.numRows(), 1640);
  assert.deepEqual(entries.columnNames(), ['time', 'cpu', 'pid', 'comm', 'addr', 'pte', 'order']);
  // The first such line of the file: `addr=ffff924b8000, pte=3000041f00780 order=0`.
  const { addr, pte, order } = entries.object(0) as { addr: number; pte: string; order: number };
  assert.deepEqual([addr, pte, order], [0xffff924b8000, '0x3000041f00780', 0]);
});
