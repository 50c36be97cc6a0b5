/** `folioscope scenario`: a synthetic world under policies, reported as `compare` reports a capture. */
import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { ScenarioError } from '../base/errors.ts';
import { basePolicyOf, compareScenario, type ScenarioComparison, usualScenarioDraws } from '../compare/scenario.ts';
import { defaultPolicyNames, resolvePolicy } from '../policies/policies.ts';
import type { Policy } from '../policies/policy.ts';
import type { Scenario } from '../replay/scenario/scenario.ts';
import { count, many } from '../report/numbers.ts';
import { policyFacts, scenarioTables } from '../report/scenario.ts';
import { interruptible } from './interrupt.ts';
import { addJson, again, policyOf, wholeNumber } from './options.ts';
import { printFacts, printJson, printLines, printTable } from './output.ts';
import { startProgress } from './progress.ts';

const emitForms = ['ftrace', 'perf-script', 'csv'] as const;
export type EmitForm = (typeof emitForms)[number];

interface ScenarioOptions {
  readonly json?: boolean;
  readonly policy?: readonly string[];
  readonly draws?: number;
  readonly seed?: number;
  readonly schema?: boolean;
  readonly emit?: EmitForm;
  readonly output?: string;
}

function textOf(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const why = { ENOENT: 'there is no such file', EACCES: 'permission denied', EISDIR: 'that is a folder' }[code];
    throw new ScenarioError('scenario/file', `${file}: ${why ?? message}`);
  }
}

/** The policies asked for, laid over that of the scenario's kernel; by default those that differ from it where it has requests. */
async function policiesOf(scenario: Scenario, wanted: ScenarioOptions['policy']): Promise<Policy[]> {
  const base = basePolicyOf(scenario);
  const lay = { pageSize: scenario.machine.pageSize };
  const models = new Set(scenario.requests.map(({ model }) => model));
  const named = await Promise.all((wanted ?? defaultPolicyNames(base, models)).map(policyOf));
  return named.map((policy) => (typeof policy === 'string' ? resolvePolicy(policy, base, lay) : policy(base, lay)));
}

async function show(file: string, comparison: ScenarioComparison): Promise<void> {
  const { scenario, base, draws, seed, modelVersion } = comparison;
  await printLines([
    `${file}: ${scenario.name}, set against ${base}; ${many(draws, 'draw')}, seed ${seed}, model ${modelVersion}`,
    ...(scenario.about === '' ? [] : ['', scenario.about.trim()]),
    '',
  ]);
  for (const one of scenarioTables(comparison)) await printTable(one);
  for (const row of comparison.rows) {
    const facts = policyFacts(row, draws);
    if (facts.length > 0) await printFacts(`${row.policy}: ${row.title}`, facts);
  }
  for (const one of comparison.assumptions)
    await printFacts(`assumed: ${one.name}: ${one.value}`, [
      ['why', one.why],
      ['as it is', `${count(one.asItIs)} folios given up under ${one.policy}`],
      ['halved', `${count(one.halved)} folios given up`],
      ['doubled', `${count(one.doubled)} folios given up`],
    ]);
  for (const remark of comparison.remarks) await printLines([`note: ${remark}`]);
}

async function run(file: string, options: ScenarioOptions): Promise<void> {
  // Loaded here: what reads YAML is a third of the start-up time of every command.
  const { parseScenario } = await import('../replay/scenario/schema.ts');
  const scenario = parseScenario(textOf(file), file);
  const seed = options.seed ?? scenario.seed;
  if (options.emit !== undefined) {
    const { emitScenario } = await import('./emit.ts');
    const [policy = basePolicyOf(scenario)] = await policiesOf(scenario, options.policy ?? []);
    await emitScenario(scenario, { form: options.emit, policy, seed, output: options.output, input: file });
    return;
  }
  const policies = await policiesOf(scenario, options.policy);
  const progress = startProgress(`running ${file}`);
  let comparison: ScenarioComparison;
  try {
    comparison = interruptible(() =>
      compareScenario(scenario, policies, {
        draws: options.draws ?? usualScenarioDraws(scenario, policies.length + 1),
        seed,
        onProgress: progress.update,
      }),
    );
  } finally {
    progress.end();
  }
  if (options.json) await printJson(comparison);
  else await show(file, comparison);
}

/**
 * What the options mean together.
 *
 * @throws ScenarioError where they do not go together
 */
function checkEmit({ emit, output, json, policy = [] }: ScenarioOptions): void {
  if (emit === undefined) {
    if (output === undefined) return;
    throw new ScenarioError('option/conflict', '-o is about what --emit writes', 'name a form: --emit ftrace');
  }
  if (json) throw new ScenarioError('option/conflict', '--emit writes a capture, and --json asks for a comparison');
  if (policy.length > 1) {
    throw new ScenarioError('option/conflict', '--emit writes what happens under one policy', 'name one --policy');
  }
}

export function scenarioCommand(): Command {
  const command = new Command('scenario')
    .description('run a synthetic world under policies, and set them against its own kernel')
    .argument('[file]', 'scenario, YAML or JSON; - for stdin')
    .option(
      '--policy <name>',
      'policy to run under, or a file of your own; may be given again (default: those that differ)',
      again,
    )
    .addOption(
      new Option('--draws <n>', 'how often each policy is run (default: 100, fewer of a large world)').argParser(
        wholeNumber(1),
      ),
    )
    .addOption(
      new Option('--seed <n>', "the same seed gives the same luck (default: the scenario's)").argParser(wholeNumber(0)),
    )
    .addOption(new Option('--emit <form>', 'write the capture of one run instead').choices(emitForms))
    .option('-o, --output <file>', 'where --emit writes (default: stdout)')
    .option('--schema', 'print the JSON schema of a scenario, for editors');
  return addJson(command).action(async (file: string | undefined, options: ScenarioOptions) => {
    if (options.schema) {
      const { scenarioSchema } = await import('../replay/scenario/schema.ts');
      await printJson(scenarioSchema());
      return;
    }
    if (file === undefined) {
      throw new ScenarioError('usage', 'no scenario is named', 'folioscope scenario FILE; docs/scenarios.md shows one');
    }
    checkEmit(options);
    await run(file, options);
  });
}
