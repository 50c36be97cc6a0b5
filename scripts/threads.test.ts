import { strict as assert } from 'node:assert';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { basePolicyOf } from '../src/compare/scenario.ts';
import { resolvePolicy } from '../src/policies/policies.ts';
import { runScenario } from '../src/replay/scenario/run.ts';
import { parseScenario } from '../src/replay/scenario/schema.ts';
import { root } from './root.ts';
import { pages } from './threads/pages.ts';

const folder = join(root, 'docs', 'threads');

test('each thread has a page and a chart, with a row for each alternative that its script runs', () => {
  const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  assert.deepEqual(folders.map(({ name }) => name).sort(), pages.map(({ name }) => name).sort());
  for (const { name, policies } of pages) {
    const page = readFileSync(join(folder, name, 'README.md'), 'utf8');
    const made = page.slice(page.indexOf('<!-- made by'), page.indexOf('<!-- end -->'));
    assert.match(made, /\d+ draws, seed \d+, model \d+/);
    for (const policy of policies) assert.ok(made.includes(`| \`${policy}\` |`), `${name} has no row of ${policy}`);
    for (const part of ['problem', 'alternatives', 'model says', 'thread said']) assert.match(page, new RegExp(part));
    assert.ok(existsSync(join(folder, name, 'chart.svg')));
  }
});

test('each scenario runs under each alternative, and in each world beside it', () => {
  for (const page of pages) {
    const path = join(folder, page.name, 'scenario.yaml');
    const scenario = parseScenario(readFileSync(path, 'utf8'), path);
    const base = basePolicyOf(scenario);
    // A tenth of the world is enough to see that it runs.
    const short = { ...scenario, duration: scenario.duration / 10 };
    for (const name of page.policies) {
      const { values } = runScenario(short, resolvePolicy(name, base), { seed: 1, draw: 0 });
      assert.ok(
        Object.values(values).every((value) => Number.isFinite(value) && value >= 0),
        `${page.name}, ${name}`,
      );
    }
    for (const { worlds, policies, cell } of page.sweeps) {
      const name = policies[0]!;
      const policy = name === base.name ? base : resolvePolicy(name, base);
      for (const { of } of worlds) {
        const world = { ...of(scenario), duration: scenario.duration / 10 };
        assert.ok(Number.isFinite(cell(runScenario(world, policy, { seed: 1, draw: 0 }))));
      }
    }
  }
});
