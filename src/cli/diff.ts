/** `folioscope diff`: captures of one workload set against each other as they were recorded, without a model. */
import { Command, Option } from 'commander';
import { ScenarioError } from '../base/errors.ts';
import { diff, diffRuns, durationRemarks } from '../compare/diff.ts';
import { chanceRemarks, runOf } from '../compare/validate.ts';
import { diffFinding, diffTables, runsTable } from '../report/diff.ts';
import { list } from '../report/numbers.ts';
import { checkFiles, eachReadable, historyOf } from './captures.ts';
import { addCaptureOptions, type CaptureOptions, wholeNumber } from './options.ts';
import { printJson, printLines, printTable } from './output.ts';

interface DiffOptions extends CaptureOptions {
  readonly against?: readonly string[];
  readonly seed: number;
}

const level = 0.95;

/** Two captures, request by request. */
async function pair(a: string, b: string, options: DiffOptions): Promise<void> {
  const found = diff(await historyOf(a, options), await historyOf(b, options), { seed: options.seed, level });
  if (options.json) {
    await printJson(found);
    return;
  }
  await printLines([
    `A: ${found.a}, recorded under ${found.recorded.a}`,
    `B: ${found.b}, recorded under ${found.recorded.b}`,
    '',
    diffFinding(found),
    '',
  ]);
  for (const one of diffTables(found)) await printTable(one);
  for (const remark of found.remarks) await printLines([`note: ${remark}`]);
}

/** Several captures a side, each as a whole; no history is kept. */
async function sides(files: readonly string[], against: readonly string[], options: DiffOptions): Promise<void> {
  const remarks = new Set<string>();
  const read = async (file: string) => {
    const history = await historyOf(file, options);
    for (const remark of durationRemarks([history])) remarks.add(remark);
    return runOf(history);
  };
  const a = await eachReadable(files, options, read);
  const b = await eachReadable(against, options, read);
  process.exitCode = Math.max(a.worst, b.worst);
  if (a.done.length === 0 || b.done.length === 0) return;
  const rows = diffRuns(a.done, b.done, level);
  const all = [...chanceRemarks(a.done.length, b.done.length), ...remarks];
  const [sideA, sideB] = [a, b].map(({ done }) => ({
    sources: done.map(({ source }) => source),
    recorded: [...new Set(done.map(({ recorded }) => recorded.name))],
  }));
  if (options.json) {
    await printJson({ a: sideA, b: sideB, level, rows, remarks: all, leftOut: [...a.leftOut, ...b.leftOut] });
    return;
  }
  await printLines([
    `A: ${list(sideA!.sources)}, recorded under ${list(sideA!.recorded)}`,
    `B: ${list(sideB!.sources)}, recorded under ${list(sideB!.recorded)}`,
    '',
  ]);
  await printTable(runsTable(rows, level));
  for (const remark of all) await printLines([`note: ${remark}`]);
}

export function diffCommand(): Command {
  const command = new Command('diff')
    .description('set captures of one workload against each other as they were recorded, without a model')
    .argument('<file...>', 'two captures, or those of one side; - for stdin')
    .option('--against <file...>', 'the captures of the other side, when there are several')
    .addOption(new Option('--seed <n>', 'the same seed gives the same intervals').argParser(wholeNumber(0)).default(1));
  return addCaptureOptions(command).action(async (files: readonly string[], options: DiffOptions) => {
    const all = [...files, ...(options.against ?? [])];
    checkFiles(all);
    if (options.against === undefined && all.length !== 2) {
      throw new ScenarioError(
        'usage',
        `diff sets two captures against each other, not ${all.length}`,
        'of several a side: folioscope diff A... --against B...',
      );
    }
    if (all.length === 2) await pair(all[0]!, all[1]!, options);
    else await sides(files, options.against ?? [], options);
  });
}
