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
import { drawsPageOf, pageOf, type RealDraws } from './calibrate/page.ts';
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

if (values.serve) serveWorlds();
else await main();
