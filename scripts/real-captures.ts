/**
 * `node dist/scripts/real-captures.js [FOLDER] [--draws N] [--only PART] [--compare]`: every capture text below the folder
 * that FOLIOSCOPE_CAPTURES names (the bundled ones without it), read, worked out and replayed as it was recorded. Writes
 * `docs/real-captures.md` (with `--only`, prints instead): reproduction folio by folio in several draws, fidelity and
 * totals with outcomes withheld (`--draws`), and every miss. With `--compare` each goes through a whole comparison as
 * well, of 20 draws, as it need only work. Label files are never opened. Exit 1 when a capture fails that is not refused
 * in words.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { TraceError } from '../src/base/errors.ts';
import { compare, reproductionOf } from '../src/compare/compare.ts';
import type { Fidelity, Interval, Reproduction } from '../src/compare/comparison.ts';
import { fidelityOf } from '../src/compare/fidelity.ts';
import { workOut } from '../src/history/history.ts';
import { openCapture } from '../src/read/file.ts';
import { recordedPolicy } from '../src/replay/recorded.ts';
import { stageOf } from '../src/replay/stage.ts';
import { withheld } from '../src/replay/withheld.ts';
import { holdsDemand } from '../src/replay/without-calls.ts';
import { totalTitles } from '../src/report/charts/fidelity.ts';
import { root } from './root.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    draws: { type: 'string', default: '100' },
    only: { type: 'string' },
    compare: { type: 'boolean', default: false },
  },
});
const top = positionals[0] ?? process.env['FOLIOSCOPE_CAPTURES'] ?? join(root, 'traces');
const draws = Number(values.draws);

const texts = readdirSync(top, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\/trace(_pipe)?\.txt\.gz$/.test(path) && path.includes(values.only ?? ''))
  .sort();

/** Each draws causes, and passes that left nothing, of its own. */
const seeds = [1, 2, 3];

interface Checked {
  readonly path: string;
  readonly recorded: string;
  /** In the draw that reproduces least. */
  readonly reproduction: Reproduction;
  readonly fidelity: Fidelity;
}
const checked: Checked[] = [];
const refused: { path: string; why: string }[] = [];
let broken = 0;

for (const path of texts) {
  const from = performance.now();
  try {
    const history = await workOut(await openCapture(join(top, path)));
    // What holds nothing to replay is refused in words there.
    if (values.compare || !holdsDemand(history)) compare(history, { draws: 20, seed: 1 });
    const stage = stageOf(history, recordedPolicy(history.capture).policy, 1);
    const reproductions = seeds.map((seed) => reproductionOf(stage, seed));
    const reproduction = reproductions.reduce((a, b) => (b.reproduced < a.reproduced ? b : a));
    const fidelity = fidelityOf(stage, withheld(stage, { draws, seed: 1, folds: 5 }), reproduction, 0.95);
    checked.push({ path, recorded: stage.recorded.name, reproduction, fidelity });
  } catch (error) {
    if (!(error instanceof TraceError)) {
      broken++;
      process.stderr.write(`${path}: ${error instanceof Error ? error.stack : String(error)}\n`);
    }
    refused.push({ path, why: error instanceof Error ? error.message : String(error) });
  }
  process.stderr.write(`${path}: ${((performance.now() - from) / 1000).toFixed(1)} s\n`);
}

const name = (path: string) => relative('.', path).replace(/\/trace(_pipe)?\.txt\.gz$/, (_, pipe) => pipe ?? '');
const of = (n: Interval) => `${n.estimate.toFixed(1)} [${n.low.toFixed(0)}, ${n.high.toFixed(0)}]`;

const rows = checked.map(({ path, recorded, reproduction, fidelity }) => {
  const missed = fidelity.totals.filter(({ within }) => !within);
  const totals = missed.length === 0 ? 'all' : `not ${missed.map((one) => totalTitles[one.name]).join(', ')}`;
  const { folios, reproduced, otherOutcome } = reproduction;
  const cells = fidelity.folios === 0 ? '– | –' : `${fidelity.recordedFailures} | ${of(fidelity.predictedFailures)}`;
  return `| ${name(path)} | ${recorded} | ${folios} | ${folios - reproduced} (${otherOutcome}) | ${cells} | ${fidelity.totals.length === 0 ? '–' : totals} |`;
});
const misses = checked.flatMap(({ path, reproduction, fidelity }) => [
  ...reproduction.misses.map((miss) => `- ${name(path)}: ${miss}`),
  ...fidelity.totals
    .filter(({ within }) => !within)
    .map(
      (one) =>
        `- ${name(path)}: ${totalTitles[one.name]} recorded ${one.recorded}, predicted ${of(one.predicted)} with outcomes withheld`,
    ),
]);
const scored = checked.filter(({ fidelity }) => fidelity.totals.length > 0);
const within = scored.filter(({ fidelity }) => fidelity.totals.every((one) => one.within));
const folios = checked.reduce((sum, { reproduction }) => sum + reproduction.folios, 0);
const missed = checked.reduce((sum, { reproduction }) => sum + reproduction.folios - reproduction.reproduced, 0);
const page = `# Every real capture, read, replayed and scored

Written by \`scripts/real-captures.ts\` (${draws} draws, seed 1); what the columns mean: [counterfactuals](counterfactuals.md).

${checked.length} of ${texts.length} captures are replayed, ${refused.length} refused in words, ${broken} fail.
Reproduction, the worst of ${seeds.length} draws of each capture: ${missed} of ${folios} folios differ.
With outcomes withheld every total (pages moved and failed, calls, busy areas) lies in its 95 % interval in ${within.length} of ${scored.length} captures.

| capture | recorded policy | folios | not reproduced (ended otherwise) | given up | predicted | totals within |
| --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

## Misses

${misses.join('\n') || 'None.'}

## Refused

${refused.map(({ path, why }) => `- ${name(path)}: ${why.replace(`${join(top, path)}: `, '')}`).join('\n') || 'None.'}
`;
if (values.only === undefined) writeFileSync(join(root, 'docs', 'real-captures.md'), page);
else process.stdout.write(page);
if (broken > 0) process.exitCode = 1;
