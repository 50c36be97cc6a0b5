/**
 * `node dist/scripts/threads.js [--only NAME]`: runs the scenario of each thread under the alternatives proposed in it, draws the
 * chart, and writes the numbers into the page (between its two marks; the rest of the page is written by hand). The same
 * seed and draws give the same bytes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { basePolicyOf, compareScenario, type ScenarioComparison } from '../src/compare/scenario.ts';
import { resolvePolicy } from '../src/policies/policies.ts';
import type { Policy } from '../src/policies/policy.ts';
import { type ScenarioMetric, scenarioMetrics } from '../src/replay/scenario/outcome.ts';
import { runScenario } from '../src/replay/scenario/run.ts';
import type { Scenario } from '../src/replay/scenario/scenario.ts';
import { parseScenario } from '../src/replay/scenario/schema.ts';
import { interval } from '../src/report/numbers.ts';
import { replaceMade } from './made-part.ts';
import { root } from './root.ts';
import { chartOf } from './threads/chart.ts';
import { pages, type Sweep, type ThreadPage } from './threads/pages.ts';

/** Of the part that is made, in the page. */
const marks = ['<!-- made by scripts/threads.ts -->', '<!-- end -->'] as const;

function scenarioIn(name: string, file: string): Scenario {
  const path = join(root, 'docs', 'threads', name, `${file}.yaml`);
  return parseScenario(readFileSync(path, 'utf8'), path);
}

function policyFor(name: string, base: Policy, { machine }: Scenario): Policy {
  return name === base.name ? base : resolvePolicy(name, base, { pageSize: machine.pageSize });
}

const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

function tableOf({ rows }: ScenarioComparison, metrics: readonly ScenarioMetric[]): string[] {
  return [
    line(['policy', ...metrics.map((metric) => scenarioMetrics[metric].title), 'what it does']),
    line(['---', ...metrics.map(() => '---:'), '---']),
    ...rows.map((row) =>
      line([
        `\`${row.policy}\``,
        ...metrics.map((metric) => interval(row.value[metric], scenarioMetrics[metric].unit)),
        row.title,
      ]),
    ),
  ];
}

function sweepOf({ title, unit, policies, worlds, cell, digits }: Sweep, scenario: Scenario, draws: number): string[] {
  const base = basePolicyOf(scenario);
  const runs = policies.map((name) => policyFor(name, base, scenario));
  const cells = worlds.map(({ name, of }) => {
    const world = of(scenario);
    const means = runs.map((policy) => {
      let sum = 0;
      for (let draw = 0; draw < draws; draw++) sum += cell(runScenario(world, policy, { seed: scenario.seed, draw }));
      return (sum / draws).toFixed(digits);
    });
    return line([name, ...means]);
  });
  return [
    '',
    `${title} (${unit}, mean of ${draws} draws):`,
    '',
    line(['', ...policies.map((name) => `\`${name}\``)]),
    line(['---', ...policies.map(() => '---:')]),
    ...cells,
  ];
}

/** Findings, each with the policies that it was made under. */
function foundIn({ rows, draws }: ScenarioComparison): string[] {
  const byText = new Map<string, string[]>();
  for (const { policy, findings } of rows) {
    for (const { says, draws: found } of findings.slice(0, 1)) {
      // Which CPU, folio or round it was differs from draw to draw; what it was does not.
      const text = says.replace(/\b\d+\b/g, 'N');
      byText.set(text, [...(byText.get(text) ?? []), `\`${policy}\` (${found} of ${draws} draws)`]);
    }
  }
  return [...byText].map(([text, policies]) => `* ${text}: ${policies.join(', ')}`);
}

async function madePart(page: ThreadPage): Promise<string> {
  const scenario = scenarioIn(page.name, 'scenario');
  const base = basePolicyOf(scenario);
  const { draws } = page;
  const compare = (one: Scenario, times: number) =>
    compareScenario(
      one,
      page.policies.map((name) => policyFor(name, base, one)),
      { draws: times, seed: one.seed },
    );
  const comparison = compare(scenario, draws);
  const chart = await chartOf(comparison, page.metrics, page.name);
  writeFileSync(join(root, 'docs', 'threads', page.name, 'chart.svg'), `${chart.trimEnd()}\n`);
  const further = (page.further ?? []).flatMap((file) => {
    const one = scenarioIn(page.name, file);
    const found = compareScenario(
      one,
      page.policies.map((name) => policyFor(name, basePolicyOf(one), one)),
      { draws: 2, seed: one.seed },
    );
    return ['', `Found in [${file}.yaml](${file}.yaml):`, '', ...foundIn(found)];
  });
  const found = foundIn(comparison);
  return [
    `Of [scenario.yaml](scenario.yaml), ${draws} draws, seed ${scenario.seed}, model ${comparison.modelVersion}. In \`12 [8, 17]\` 12 is the mean of the draws and [8, 17] holds 95 % of them.`,
    '',
    `![${page.metrics.map((metric) => scenarioMetrics[metric].title).join(', ')} under each policy](chart.svg)`,
    '',
    ...tableOf(comparison, page.metrics),
    ...page.sweeps.flatMap((sweep) => sweepOf(sweep, scenario, Math.min(draws, 20))),
    ...(found.length === 0 ? [] : ['', 'Found (N stands for any number):', '', ...found]),
    ...further,
  ].join('\n');
}

const { values } = parseArgs({ options: { only: { type: 'string' } } });
for (const page of pages.filter(({ name }) => values.only === undefined || name === values.only)) {
  const from = performance.now();
  const path = join(root, 'docs', 'threads', page.name, 'README.md');
  replaceMade(path, marks, await madePart(page));
  process.stderr.write(`${page.name}: ${((performance.now() - from) / 1000).toFixed(1)} s\n`);
}
