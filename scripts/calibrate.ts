/**
 * `npm run calibrate -- [--worlds N] [--seed S] [--draws N] [--processes N] [--only-page]`: simulation-based calibration
 * of the whole way from capture to prediction. Scores of worlds are appended to a file under `out/calibration/`, and a run that
 * is broken off goes on where it was; then the table and the chart of `docs/calibration.md` are made of all in it. The same
 * worlds, seed and draws give the same page.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { modelVersion } from '../src/replay/outcome.ts';
import { scenarioMetrics } from '../src/replay/scenario/outcome.ts';
import { chartOf } from './calibrate/chart.ts';
import { drawingsOf, stageAt } from './calibrate/draws.ts';
import { type Cell, type Explained, explain } from './calibrate/explain.ts';
import { drawsPageOf, pageOf, type RealDraws } from './calibrate/page.ts';
import { worldOf } from './calibrate/prior.ts';
import { tally } from './calibrate/tally.ts';
import { linesIn, runWorlds, serveWorlds } from './calibrate/worlds.ts';
import { replaceMade } from './made-part.ts';
import { root } from './root.ts';

const { values } = parseArgs({
  options: {
    worlds: { type: 'string', default: '5000' },
    seed: { type: 'string', default: '1' },
    draws: { type: 'string', default: '80' },
    processes: { type: 'string', default: '2' },
    'only-page': { type: 'boolean', default: false },
    explain: { type: 'string' },
    metric: { type: 'string', default: 'failedFolios' },
    by: { type: 'string', default: 'kind' },
    serve: { type: 'boolean', default: false },
  },
});

const titles: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(scenarioMetrics).map(([name, { title }]) => [name, title])),
  pagesSucceeded: 'moved pages',
};
const charted = ['failedFolios', 'pagesFailed', 'calls', 'episodes', 'moveAttempts', 'drainWorks'];

/** Of which it is shown what draws are worth. */
const realCaptures = [
  { capture: 'pairs/shared-anon-hot/baseline/run01', policies: ['refcheck-unmap', 'waiters-undo'] },
  { capture: 'pairs/cma-second-reads/baseline/run02', policies: ['drain-once', 'drain-each-failure'] },
] as const;
const drawn = ['failedFolios', 'episodes', 'moveAttempts', 'drainWorks', 'timeUnderEntries'] as const;

async function main(): Promise<void> {
  const [worlds, seed, draws, processes] = [values.worlds, values.seed, values.draws, values.processes].map(Number) as [
    number,
    number,
    number,
    number,
  ];
  const file = join(root, 'out', 'calibration', `model-${modelVersion}-seed-${seed}-draws-${draws}.ndjson`);
  if (!values['only-page']) {
    const from = performance.now();
    await runWorlds(file, { worlds, seed, draws, processes, script: fileURLToPath(import.meta.url) }, (done) => {
      if (done % 50 === 0)
        process.stderr.write(`${done} of ${worlds}, ${((performance.now() - from) / 1000).toFixed(0)} s\n`);
    });
  }
  const lines = [...linesIn(file).values()].filter(({ world }) => world < worlds).sort((a, b) => a.world - b.world);
  const chart = await chartOf(
    tally(lines.flatMap(({ scores }) => scores)),
    Object.fromEntries(charted.map((name) => [name, titles[name]!])),
  );
  const docs = join(root, 'docs');
  writeFileSync(join(docs, 'calibration.svg'), `${chart.trimEnd()}\n`);
  const page = join(docs, 'calibration.md');
  replaceMade(page, ['<!-- made by npm run calibrate -->', '<!-- end -->'], pageOf(lines, { seed, draws }, titles));
  const real: RealDraws[] = [];
  for (const { capture, policies } of realCaptures) {
    const stage = await stageAt(join(root, 'traces', capture, 'trace.txt.gz'), seed);
    const options = { draws: 100, seed };
    const drawings = drawingsOf(stage, policies, drawn, options);
    real.push({ capture, policies, throws: stage.variants.length, draws: options.draws, drawings });
  }
  replaceMade(page, ['<!-- draws of real captures -->', '<!-- end of draws -->'], drawsPageOf(real, titles));
}

/** Prints where the prediction of a policy differs from its truth, the largest difference first. */
async function printClasses(policy: string, metric: Explained): Promise<void> {
  const cells = new Map<string, Cell>();
  for (let number = 0; number < Number(values.worlds); number++) {
    const world = worldOf(Number(values.seed), number);
    for (const one of (await explain(world, policy, metric, {
      seed: 1,
      draws: Number(values.draws),
      by: values.by.split(','),
    })) ?? []) {
      const sum = cells.get(one.key);
      if (sum === undefined) cells.set(one.key, one);
      else {
        sum.folios += one.folios;
        sum.truth += one.truth;
        sum.predicted += one.predicted;
      }
    }
  }
  const off = ({ truth, predicted }: Cell) => Math.abs(truth - predicted);
  const rows = [...cells.values()].sort((a, b) => off(b) - off(a)).slice(0, 30);
  const texts = rows.map(({ key, folios, truth, predicted }) => {
    const numbers = [folios, truth, predicted.toFixed(1), (predicted - truth).toFixed(1)];
    return `${numbers.map((one) => String(one).padStart(8)).join('')}  ${key}\n`;
  });
  process.stdout.write(texts.join(''));
}

if (values.serve) serveWorlds();
else if (values.explain !== undefined) await printClasses(values.explain, values.metric as Explained);
else await main();
