/** `folioscope compare`: how far the replay can be believed, then what other policies would have changed. */
import { Command } from 'commander';
import type { Comparison } from '../compare/comparison.ts';
import type { History } from '../history/facts.ts';
import { counterfactual } from '../report/charts/counterfactual.ts';
import { fidelity } from '../report/charts/fidelity.ts';
import { count, list } from '../report/numbers.ts';
import { type Table, table } from '../report/tables.ts';
import { printJson, printLines, printTable } from './output.ts';
import { addReplayOptions, checkPolicies, type ReplayOptions, replayed } from './replays.ts';

function answers({ rows }: Comparison): Table {
  return table(
    ['policy', 'how far this capture answers', 'why'],
    rows.map((row) => [row.policy, row.answer, row.why]),
    { title: 'What the answers rest on' },
  );
}

function assumptions({ assumptions: all }: Comparison): Table[] {
  if (all.length === 0) return [];
  return [
    table(
      ['assumption', 'value>', 'unit', 'failed folios halved>', 'doubled>', 'under', 'why'],
      all.map((one) => [
        one.name,
        count(one.value),
        one.unit,
        count(one.halved),
        count(one.doubled),
        one.policy,
        one.why,
      ]),
      { title: 'Assumptions that are not data, and how far the answer moves with each' },
    ),
  ];
}

async function show(history: History, comparison: Comparison): Promise<void> {
  const facts = { history, comparison };
  await printLines([
    `${comparison.source}: recorded under ${comparison.recorded} (${comparison.recordedFrom}); ` +
      `${count(comparison.draws)} draws, seed ${comparison.seed}, model ${comparison.modelVersion}`,
    '',
  ]);
  for (const chart of [fidelity, counterfactual]) {
    const figure = chart(facts);
    await printLines([`${figure.title}. ${figure.finding}`, '']);
    for (const one of figure.tables) await printTable(one);
  }
  for (const { policy, missing, record } of comparison.refusals)
    await printLines([`refused: ${policy}: this capture lacks ${list(missing)}`, `  to record them: ${record}`, '']);
  for (const one of [answers(comparison), ...assumptions(comparison)]) if (one.rows.length > 0) await printTable(one);
  for (const remark of comparison.remarks) await printLines([`note: ${remark}`]);
}

export function compareCommand(): Command {
  const command = new Command('compare')
    .description('replay under other policies: fidelity first, then differences with intervals')
    .argument('<file...>', 'captures; - for stdin');
  return addReplayOptions(command).action(async (files: readonly string[], options: ReplayOptions) => {
    checkPolicies(options);
    const comparisons: Comparison[] = [];
    for (const file of files) {
      const { history, comparison } = await replayed(file, options);
      comparisons.push(comparison);
      if (!options.json) await show(history, comparison);
    }
    if (options.json) await printJson({ comparisons });
  });
}
