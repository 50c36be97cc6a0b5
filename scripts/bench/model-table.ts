/** The model's speed, as docs/speed.md shows it: each measurement a process of its own, the median of some. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { markdownTable, table } from '../../src/report/tables.ts';
import { root } from '../root.ts';
import type { Mix, ModelRun } from './model.ts';

const program = fileURLToPath(new URL('../bench-model.js', import.meta.url));

/** Events a second that the model is to reach on the mixed scenario. */
const wanted = 5e6;

function once(mix: Mix, folios: number, rounds: number): ModelRun {
  const list = ['--expose-gc', program, mix, String(folios), String(rounds)];
  const done = spawnSync(process.execPath, list, { encoding: 'utf8' });
  if (done.error) throw done.error;
  if (done.status !== 0) throw new Error(`${program} ${list.join(' ')}: exit ${done.status}\n${done.stderr}`);
  return JSON.parse(done.stdout) as ModelRun;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function measured(mix: Mix, folios: number, rounds: number, times: number): ModelRun {
  const runs = Array.from({ length: times }, () => once(mix, folios, rounds));
  return {
    ...runs[0]!,
    seconds: median(runs.map((run) => run.seconds)),
    cpuSeconds: median(runs.map((run) => run.cpuSeconds)),
    held: median(runs.map((run) => run.held)),
  };
}

const million = (value: number): string => (value / 1e6).toFixed(2);

/** Measures, prints, and (`record`) writes the page. `quick` is to see that it works; `long` goes up to 10^8 events. */
export function benchModel({ record, quick, long }: { record: boolean; quick: boolean; long: boolean }): void {
  const load = loadavg()[0] ?? Number.NaN;
  const scale = quick ? 0.02 : 1;
  const times = quick ? 1 : 5;
  const say = (text: string): boolean => process.stderr.write(`${text}\n`);
  const mixes: readonly (readonly [Mix, string])[] = [
    ['rows', 'background rows alone'],
    ['steps', 'steps of processes alone'],
    ['mixed', 'mixed'],
  ];
  const speeds = mixes.map(([mix, title]) => {
    say(`model, ${title} ...`);
    const run = measured(mix, 1e6 * scale, 1, times);
    return { mix, title, run };
  });
  const rates = speeds.map(({ title, run }) => [
    title,
    million(run.events),
    run.seconds.toFixed(2),
    run.cpuSeconds.toFixed(2),
    million(run.events / run.seconds),
    million(run.events / run.cpuSeconds),
  ]);
  const { run: mixed } = speeds.find(({ mix }) => mix === 'mixed')!;
  const verdict = (rate: number): string => (rate >= wanted ? 'met' : 'missed');
  const folios = 1e5 * scale;
  const lengths = long ? [1, 10, 110] : [1, 10];
  const growth = lengths.map((rounds) => {
    say(`model, ${rounds} rounds ...`);
    const run = measured('mixed', folios, rounds, quick || rounds > 10 ? 1 : 3);
    return [
      million(run.events),
      ((run.cpuSeconds * 1e9) / run.events).toFixed(0),
      ((run.seconds * 1e9) / run.events).toFixed(0),
      (run.held / 1e6).toFixed(1),
    ];
  });
  let smaller: { count: number; held: number } | undefined;
  const sizes = [1e4, 1e5, 1e6].map((full) => {
    const count = full * scale;
    say(`model, ${count} folios ...`);
    const { held } = full === 1e6 ? mixed : measured('mixed', count, 1, quick ? 1 : 3);
    const more = smaller === undefined ? '' : ((held - smaller.held) / (count - smaller.count)).toFixed(0);
    smaller = { count, held };
    return [String(count), (held / 1e6).toFixed(1), more];
  });
  const text = [
    `Node ${process.versions.node}, ${cpus()[0]?.model ?? 'a CPU'} (${cpus().length} CPUs, load average before: ${load.toFixed(1)}),`,
    `medians of ${times} processes each, ${1e6 * scale} folios:`,
    '',
    markdownTable(
      table(['scenario', 'M events>', 'seconds>', 'CPU seconds>', 'M events/s>', 'M events/CPU second>'], rates),
      120,
    ),
    `Wanted of the mixed one: at least ${wanted / 1e6} M events a second on one core: ${verdict(mixed.events / mixed.seconds)}`,
    `by the clock, ${verdict(mixed.events / mixed.cpuSeconds)} by CPU time.`,
    '',
    `The mixed scenario on ${folios} folios, over and over:`,
    '',
    markdownTable(table(['M events>', 'CPU ns/event>', 'ns/event>', 'MB held>'], growth)),
    'Memory held at the end, after a collection, by folios alive:',
    '',
    markdownTable(table(['folios>', 'MB held>', 'bytes for each folio more>'], sizes)),
  ].join('\n');
  process.stdout.write(`${text}\n`);
  if (record) writePage(text);
}

function writePage(text: string): void {
  const page = join(root, 'docs/speed.md');
  const before = readFileSync(page, 'utf8');
  const marked = /(<!-- bench of the model -->\n)[\s\S]*?(<!-- end of the model's bench -->)/;
  if (!marked.test(before)) throw new Error(`${page} has no place for the model's numbers`);
  writeFileSync(
    page,
    before.replace(marked, (_all, start: string, end: string) => `${start}\n${text}\n${end}`),
  );
}
