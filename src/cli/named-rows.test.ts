import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { table } from '../report/tables.ts';
import { namedRows } from './named-rows.ts';

const of = table(
  ['#>', 'capture', 'failed in calls>', 'main holder', 'best other policy'],
  [
    [
      '1',
      `${'long/'.repeat(20)}end`,
      '40 of 11 966',
      'transient reference (2.5)',
      'requeue-last, -22.9 [-34, -6.17], assumed',
    ],
    ['2', 'short', '5 of 231', 'nobody', 'none told apart'],
  ],
  { notes: ['A note.'] },
);

test('one table, each name once, cut from its left, and nothing wider than asked', () => {
  for (const width of [80, 60]) {
    const text = namedRows(of, width);
    const lines = text.split('\n');
    assert.ok(
      lines.every((line) => line.length <= width),
      text,
    );
    assert.equal(lines.filter((line) => line.includes('main holder')).length, 1, text);
    assert.equal(lines.filter((line) => /^….*long\/long\/end$/.test(line)).length, 1, text);
    assert.equal(lines.filter((line) => line === '2 short').length, 1, text);
    assert.match(text, /A note\.\n$/);
  }
});
