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
import { printFacts, printJson, printLines, printTable } from './output.ts';
import { addReplayOptions, type ReplayOptions, replayed, wantedPolicies } from './replays.ts';

interface CompareOptions extends ReplayOptions {
  readonly strict?: boolean;
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

export function compareCommand(): Command {
  const command = new Command('compare')
    .description('replay under other policies: fidelity first, then differences with intervals')
    .argument('<file...>', 'captures; - for stdin')
    .option('--strict', 'exit 1, after printing everything, when fidelity is poor or cannot be checked');
  return addReplayOptions(command).action(async (files: readonly string[], options: CompareOptions) => {
    checkFiles(files);
    const policies = await wantedPolicies(options);
    const { done, leftOut, worst } = await eachReadable(files, options, async (file) => {
      const { history, comparison } = await replayed(file, options, policies);
      if (!options.json) await show(history, comparison);
      return { capture: history.capture, comparison };
    });
    const clocks = differentClocks(done.map(({ capture }) => capture));
    const comparisons = done.map(({ comparison }) => comparison);
    if (!options.json) {
      for (const one of pooledTables(comparisons)) await printTable(one);
      await printLines(clocks.map((text) => `note: ${text}`));
    } else if (done.length > 0) await printJson({ comparisons, pooled: pool(comparisons), leftOut });
    const isPoor = comparisons.some(({ fidelity }) => fidelity.state !== 'good');
    process.exitCode = worst === exitCodes.done && options.strict && isPoor ? exitCodes.failed : worst;
  });
}
