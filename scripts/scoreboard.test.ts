import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from './root.ts';
import { pageOf, scored } from './scoreboard/page.ts';
import { rows } from './scoreboard/rows.ts';

const verdicts = ['agrees', 'disagrees', 'same direction', 'as built', 'cannot be told'];
const few = { seed: 3, draws: 2 };
const scores = rows.map((row) => scored(row, few));

test('every row says what the model says, in an interval that holds the estimate, and is judged', () => {
  for (const { row, said, verdict } of scores) {
    assert.ok(verdicts.includes(verdict), row.id);
    assert.ok(said.says.length > 0 && row.why.length > 0 && row.published.length > 0, row.id);
    if (!Number.isNaN(said.low)) assert.ok(said.low <= said.high, row.id);
    if (!Number.isNaN(said.estimate)) {
      assert.ok(said.low <= said.estimate && said.estimate <= said.high, `${row.id}: ${JSON.stringify(said)}`);
    }
    if (verdict === 'agrees') {
      assert.ok(!Number.isNaN(said.low), `${row.id} agrees without a number`);
      assert.match(row.published, /\d|digits/, `${row.id} agrees with something that is no figure`);
    }
  }
});

test('rows have names of their own, and the same seed and draws give the same page', () => {
  assert.equal(new Set(rows.map(({ id }) => id)).size, rows.length);
  const quick = rows.filter(({ id }) => id === 'drain-piggyback' || id === 'disable-behind-fifo');
  const page = () =>
    pageOf(
      quick.map((row) => scored(row, few)),
      few,
    );
  assert.equal(page(), page());
});

test('docs/scoreboard.md holds every row as it stands here', () => {
  const page = readFileSync(join(root, 'docs', 'scoreboard.md'), 'utf8');
  for (const { id, result, source, published } of rows) {
    assert.ok(page.includes(`## ${id}\n\n${result}`), `${id}: npm run scoreboard writes it`);
    assert.ok(page.includes(source) && page.includes(published), id);
  }
});
