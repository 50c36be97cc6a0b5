/** `folioscope compare`: how far the replay can be believed, then what other policies would have changed. */
import { Command } from 'commander';
import { exitCodes } from '../base/errors.ts';
import type { Comparison } from '../compare/comparison.ts';
import { pool } from '../compare/pool.ts';
import type { History } from '../history/facts.ts';
import { counterfactual } from '../report/charts/counterfactual.ts';
import { fidelity } from '../report/charts/fidelity.ts';
import type { Figure } from '../report/charts/figure.ts';
import { sensitivity } from '../report/charts/sensitivity.ts';
import { count, list } from '../report/numbers.ts';
import { pooledTables } from '../report/pooled.ts';
import { checkFiles, differentClocks, eachReadable } from './captures.ts';
import { showIdentifiable } from './identify.ts';
import { manifestOf, writeManifest } from './manifest.ts';
import { printFacts, printJson, printLines, printTable } from './output.ts';
import { addReplayOptions, type ReplayOptions, replayed, wantedPolicies } from './replays.ts';

export interface CompareOptions extends ReplayOptions {
  readonly strict?: boolean;
  readonly manifest?: string;
}

async function showFigure({ title, finding, tables }: Figure): Promise<void> {
  await printLines([`${title}. ${finding}`, '']);
  for (const one of tables) await printTable(one);
}

async function show(history: History, comparison: Comparison): Promise<void> {
  const facts = { history, comparison };
  await printLines([
    comparison.headline,
    '',
    `${comparison.source}: recorded under ${comparison.recorded} (${comparison.recordedFrom}); ` +
      `${count(comparison.draws)} draws, seed ${comparison.seed}, model ${comparison.modelVersion}`,
    '',
  ]);
  await showFigure(fidelity(facts));
  await showIdentifiable(comparison.identifiable);
  await showFigure(counterfactual(facts));
  for (const row of comparison.rows.filter(({ policy }) => policy !== comparison.recorded))
    await printFacts(`${row.policy}: ${row.title}`, [
      ...row.changes.map((change, i): [string, string] => [i === 0 ? 'changes' : '', change]),
      ['this capture', row.why === '' ? row.answer : `${row.answer}: ${row.why}`],
    ]);
  for (const { policy, missing, record } of comparison.refusals)
    await printFacts(`${policy}: refused`, [
      ['missing', list(missing)],
      ['to record', record],
    ]);
  await showFigure(sensitivity(facts));
  for (const remark of comparison.remarks) await printLines([`note: ${remark}`]);
}

/** Compares, prints, and sets the exit code. */
export async function compareFiles(files: readonly string[], options: CompareOptions): Promise<void> {
  checkFiles(files);
  const policies = await wantedPolicies(options);
  let isStopped = false;
  const { done, leftOut, worst } = await eachReadable(files, options, async (file) => {
    if (isStopped) return [];
    const one = await replayed(file, options, policies);
    isStopped = one.isStopped;
    if (!options.json) await show(one.history, one.comparison);
    return [{ capture: one.history.capture, comparison: one.comparison }];
  });
  const all = done.flat();
  const clocks = differentClocks(all.map(({ capture }) => capture));
  const comparisons = all.map(({ comparison }) => comparison);
  const isWanted = comparisons.length > 0 && (options.json === true || options.manifest !== undefined);
  const manifest = isWanted ? await manifestOf('compare', files, options, comparisons) : undefined;
  if (manifest !== undefined && options.manifest !== undefined) await writeManifest(options.manifest, files, manifest);
  if (!options.json) {
    for (const one of pooledTables(comparisons)) await printTable(one);
    await printLines(clocks.map((text) => `note: ${text}`));
  } else if (all.length > 0) await printJson({ manifest, comparisons, pooled: pool(comparisons), leftOut });
  const isPoor = comparisons.some(({ fidelity }) => fidelity.state !== 'good');
  process.exitCode = worst === exitCodes.done && options.strict && isPoor ? exitCodes.failed : worst;
  if (isStopped) process.exitCode = exitCodes.interrupted;
}

export function compareCommand(): Command {
  const command = new Command('compare')
    .description('replay under other policies: fidelity first, then differences with intervals')
    .argument('<file...>', 'captures; - for stdin')
    .option('--strict', 'exit 1, after printing everything, when fidelity is poor or cannot be checked')
    .option('--manifest <file>', 'write what is needed to make the same comparison again (folioscope rerun)');
  return addReplayOptions(command).action(compareFiles);
}
