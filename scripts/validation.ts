/**
 * `npm run validation [-- --seed S --draws N --only TEXT]`: under `pairs/` in the folder that FOLIOSCOPE_CAPTURES names (the bundled
 * ones without it) stand workloads, in them policies, in them runs. The runs under each policy predict those under each other one.
 * Writes `docs/validation.md`; with `--only`, which takes workloads by a part of their name, prints instead. The same captures, draws and
 * seed give the same page. Labels and the workload's own records are never opened.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Prediction, predict, type Run, runOf, validate } from '../src/compare/validate.ts';
import type { History } from '../src/history/facts.ts';
import { workOut } from '../src/history/history.ts';
import { openCapture } from '../src/read/file.ts';
import { root } from './root.ts';
import { type Pair, pageOf, staleReasons } from './validation/page.ts';
import { reasons } from './validation/reasons.ts';

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, draws: { type: 'string' }, only: { type: 'string' } },
});
const seed = Number(values.seed);
const top = join(process.env['FOLIOSCOPE_CAPTURES'] ?? join(root, 'traces'), 'pairs');

interface Recorded {
  readonly run: Run;
  readonly draws: number;
  /** By policy folder. */
  readonly predictions: ReadonlyMap<string, Prediction>;
}

/** Folders below one, by name. */
function folders(...path: string[]): string[] {
  return readdirSync(join(...path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

function historyOf(...path: string[]): Promise<History> {
  return openCapture(join(top, ...path, 'trace.txt.gz')).then(workOut);
}

/** A long capture is one whose replay takes seconds a draw; it gets few. */
function drawsFor({ calls }: History): number {
  return values.draws === undefined ? (calls.length > 1000 ? 40 : 200) : Number(values.draws);
}

async function pairsOf(workload: string, drawn: Record<string, number>): Promise<Pair[]> {
  const names = folders(top, workload);
  // The policies first: one history at a time is in memory.
  const runs = new Map<string, Run[]>();
  for (const policy of names) {
    const own: Run[] = [];
    for (const run of folders(top, workload, policy)) own.push(runOf(await historyOf(workload, policy, run)));
    if (own.length > 0) runs.set(policy, own);
  }
  const recorded = new Map<string, Recorded[]>();
  for (const [policy, own] of runs) {
    const others = [...runs.keys()].filter((name) => name !== policy);
    const all: Recorded[] = [];
    for (const [i, name] of folders(top, workload, policy).entries()) {
      const from = performance.now();
      const history = await historyOf(workload, policy, name);
      drawn[workload] = drawsFor(history);
      const { predictions, draws } = predict(
        history,
        others.map((other) => () => runs.get(other)![0]!.recorded),
        { draws: drawn[workload], seed },
      );
      all.push({ run: own[i]!, draws, predictions: new Map(others.map((other, o) => [other, predictions[o]!])) });
      process.stderr.write(`${workload}/${policy}/${name}: ${((performance.now() - from) / 1000).toFixed(1)} s\n`);
    }
    recorded.set(policy, all);
  }
  return [...recorded].flatMap(([from, all]) =>
    [...runs]
      .filter(([to]) => to !== from)
      .map(([to, real]) => ({
        workload,
        from,
        to,
        validation: validate(
          real[0]!.recorded,
          all.map(({ run }) => run),
          real,
          all.map(({ predictions }) => predictions.get(to)!),
          { draws: all.map(({ draws }) => draws), seed },
        ),
      })),
  );
}

const drawn: Record<string, number> = {};
const pairs: Pair[] = [];
for (const workload of folders(top)) {
  if (workload.includes(values.only ?? '')) pairs.push(...(await pairsOf(workload, drawn)));
}
const page = pageOf(pairs, { draws: drawn, seed, known: reasons });
if (values.only === undefined) {
  writeFileSync(join(root, 'docs', 'validation.md'), page);
  for (const stale of staleReasons(pairs, reasons)) process.stderr.write(`no miss any more: ${stale}\n`);
} else process.stdout.write(page);
