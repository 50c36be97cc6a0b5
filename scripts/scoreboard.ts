/**
 * `npm run scoreboard -- [--seed S] [--draws N] [--only ID]`: what the model says of published results, beside what was
 * published. Writes `docs/scoreboard.md`; with `--only`, prints one row and writes nothing. The same seed and draws give the
 * same page.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './root.ts';
import { pageOf, scored } from './scoreboard/page.ts';
import { rows } from './scoreboard/rows.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    draws: { type: 'string', default: '200' },
    only: { type: 'string' },
  },
});
const options = { seed: Number(values.seed), draws: Number(values.draws) };
const wanted = rows.filter(({ id }) => values.only === undefined || id === values.only);
if (wanted.length === 0)
  throw new Error(`no row is called ${values.only}; there are ${rows.map(({ id }) => id).join(', ')}`);
const scores = wanted.map((row) => {
  const from = performance.now();
  const score = scored(row, options);
  process.stderr.write(`${row.id}: ${score.verdict}, ${((performance.now() - from) / 1000).toFixed(1)} s\n`);
  return score;
});
if (values.only === undefined) writeFileSync(join(root, 'docs', 'scoreboard.md'), pageOf(scores, options));
else process.stdout.write(pageOf(scores, options));
