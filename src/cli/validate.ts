/** `folioscope validate`: a policy predicted from some captures, set against captures that were recorded under it. */
import { Command, Option } from 'commander';
import { ScenarioError } from '../base/errors.ts';
import type { PolicyMaker } from '../compare/compare.ts';
import { type Prediction, predict, type Run, runOf, type Validation, validate } from '../compare/validate.ts';
import { resolvePolicy } from '../policies/policies.ts';
import type { Policy } from '../policies/policy.ts';
import { validationFigure } from '../report/charts/validation.ts';
import { count, list } from '../report/numbers.ts';
import { checkFiles, eachReadable, historyOf, type LeftOut } from './captures.ts';
import { interruptible } from './interrupt.ts';
import { addCaptureOptions, type CaptureOptions, policyOf, wholeNumber } from './options.ts';
import { printJson, printLines, printTable } from './output.ts';
import { openOutput } from './output-file.ts';
import { startProgress } from './progress.ts';

interface ValidateOptions extends CaptureOptions {
  readonly against: readonly string[];
  readonly policy?: string;
  readonly draws?: number;
  readonly seed: number;
  readonly output?: string;
}

/** A capture to predict from, and what it predicted. */
interface Predicted {
  readonly run: Run;
  readonly policy: Policy;
  readonly prediction: Prediction;
  readonly draws: number;
}

/** Reads a capture and predicts one policy from it; its history is not kept. */
async function predicted(file: string, maker: PolicyMaker, options: ValidateOptions): Promise<Predicted> {
  const history = await historyOf(file, options);
  const progress = startProgress(`predicting from ${file}`);
  try {
    const { policies, predictions, draws } = interruptible(() =>
      predict(history, [maker], {
        ...(options.draws === undefined ? {} : { draws: options.draws }),
        seed: options.seed,
        onProgress: (done, total) => progress.update(done, total, 'replaying'),
      }),
    );
    return { run: runOf(history), policy: policies[0]!, prediction: predictions[0]!, draws };
  } finally {
    progress.end();
  }
}

/**
 * What is to be predicted: the policy named, or the one that all captures of the other side were recorded under.
 *
 * @throws ScenarioError where they were recorded under several
 */
async function wantedPolicy(name: string | undefined, b: readonly Run[]): Promise<PolicyMaker> {
  if (name === undefined) {
    const recorded = [...new Set(b.map((run) => run.recorded.name))];
    if (recorded.length > 1) {
      throw new ScenarioError(
        'validate/policies',
        `the captures after --against were recorded under several policies: ${list(recorded)}`,
        'name the one to predict: --policy NAME',
      );
    }
    return () => b[0]!.recorded;
  }
  const policy = await policyOf(name);
  return typeof policy === 'string' ? (recorded, lay) => resolvePolicy(policy, recorded, lay) : policy;
}

async function show(validation: Validation): Promise<void> {
  const figure = validationFigure(validation);
  const { draws, seed, modelVersion, remarks } = validation;
  await printLines([
    `${figure.title}; ${[...new Set(draws)].map(count).join(' to ')} draws a capture, seed ${seed}, model ${modelVersion}`,
    '',
    figure.finding,
    '',
  ]);
  for (const one of figure.tables) await printTable(one);
  for (const remark of remarks) await printLines([`note: ${remark}`]);
}

async function draw(validation: Validation, path: string, input: string): Promise<void> {
  const { spec } = validationFigure(validation);
  if (spec === undefined) return;
  // Loaded here: Vega is most of the start-up time.
  const { renderSvg } = await import('../report/svg.ts');
  const out = openOutput(path, input);
  try {
    await out.write(`${await renderSvg(spec, 'validation')}\n`);
    out.done();
  } catch (error) {
    out.drop();
    throw error;
  }
}

async function run(files: readonly string[], options: ValidateOptions): Promise<void> {
  checkFiles([...files, ...options.against]);
  // Before any capture is read: stops when there is no such policy.
  if (options.policy !== undefined) await policyOf(options.policy);
  const { recorded: _, ...others } = options;
  const b = await eachReadable(options.against, others, async (file) => runOf(await historyOf(file, others)));
  const leftOut: LeftOut[] = [...b.leftOut];
  let worst = b.worst;
  if (b.done.length > 0) {
    const maker = await wantedPolicy(options.policy, b.done);
    const a = await eachReadable(files, options, (file) => predicted(file, maker, options));
    leftOut.push(...a.leftOut);
    worst = Math.max(worst, a.worst);
    if (a.done.length > 0) {
      const validation = validate(
        a.done[0]!.policy,
        a.done.map(({ run }) => run),
        b.done,
        a.done.map(({ prediction }) => prediction),
        { draws: a.done.map(({ draws }) => draws), seed: options.seed },
      );
      if (options.json) await printJson({ ...validation, leftOut });
      else await show(validation);
      if (options.output !== undefined) await draw(validation, options.output, files[0]!);
    }
  }
  process.exitCode = worst;
}

export function validateCommand(): Command {
  const command = new Command('validate')
    .description('predict a policy from some captures, and set it against captures recorded under it')
    .argument('<file...>', 'captures to predict from, of one workload; - for stdin')
    .requiredOption('--against <file...>', 'captures of the same workload under the policy that is predicted')
    .option(
      '--policy <name>',
      'policy to predict, or a file of your own (default: the one that --against was recorded under)',
    )
    .addOption(
      new Option('--draws <n>', 'how often each capture is replayed (default: as compare)').argParser(wholeNumber(2)),
    )
    .addOption(new Option('--seed <n>', 'the same seed gives the same luck').argParser(wholeNumber(0)).default(1))
    .option('-o, --output <file>', 'write the chart there, as SVG');
  return addCaptureOptions(command).action(run);
}
