/**
 * `npm run blame [-- FOLDER] [--only PART]`: blame from ordinary events, scored against what a kernel that says the answers
 * recorded beside them. Needs captures with label files: the folder given, or the one that FOLIOSCOPE_CAPTURES names.
 * Writes `docs/blame.md`; with `--only`, prints the page of the captures whose path has PART in it.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { History } from '../src/history/facts.ts';
import { besideOf } from '../src/read/file.ts';
import { blameOf, type Posterior, posteriorOf } from '../src/replay/blame.ts';
import { readLabels } from './blame/labels.ts';
import { historyAt, levels, levelsOf, textOf } from './blame/levels.ts';
import { pageOf, type Row } from './blame/page.ts';
import type { Scored } from './blame/score.ts';
import { madeWorlds } from './blame/synthetic.ts';
import { takesFaultsOnly, truthOf } from './blame/truth.ts';
import { root } from './root.ts';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { only: { type: 'string' } } });
const top = positionals[0] ?? process.env['FOLIOSCOPE_CAPTURES'];
if (top === undefined) throw new Error('name a folder of captures with label files, or set FOLIOSCOPE_CAPTURES');

const suffix = '/trace.labels.txt.gz';
const captures = readdirSync(top, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith(suffix) && path.includes(values.only ?? ''))
  .map((path) => path.slice(0, -suffix.length))
  .sort();

function scoredOf(posteriors: readonly Posterior[], truths: readonly (string | undefined)[]): Scored[] {
  return posteriors.flatMap((posterior, i) => {
    const truth = truths[i];
    return truth === undefined ? [] : [{ truth, posterior }];
  });
}

function rowOf(capture: string, level: Row['level'], history: History, truths: readonly (string | undefined)[]): Row {
  return {
    capture,
    level,
    failures: history.failures.length,
    scored: scoredOf(blameOf(history), truths),
    alone: scoredOf(
      history.failures.map((failure) => posteriorOf(failure)),
      truths,
    ),
  };
}

const rows: Row[] = [];
for (const capture of captures) {
  const path = join(top, capture, 'trace.txt.gz');
  const meta = JSON.parse(readFileSync(join(dirname(path), 'meta.json'), 'utf8')) as { workload: { command: string } };
  const faultsOnly = takesFaultsOnly(meta.workload.command);
  const text = textOf(path);
  const options = await besideOf(path, {});
  for (const level of levelsOf(text)) {
    const history = await historyAt(text, level, options);
    if (history.failures.length === 0) continue;
    const labels = readLabels(join(top, capture, 'trace.labels.txt.gz'), history.capture.origin);
    rows.push(rowOf(capture, level, history, truthOf(history, labels, faultsOnly)));
  }
  process.stderr.write(`${capture}\n`);
}
for await (const { name, history, truths } of madeWorlds([1, 2])) {
  if (history.failures.length > 0) rows.push(rowOf(name, 'made up', history, truths));
}
const page = pageOf(rows, levels);
if (values.only === undefined) writeFileSync(join(root, 'docs', 'blame.md'), page);
else process.stdout.write(page);
