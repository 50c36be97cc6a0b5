/** Wall times and peaks of whole processes, in turns: a busy minute of the machine falls on every way alike. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Method, Said } from './methods.ts';

/** A way to read a file: one of ours, in a node process, or a program with its arguments. */
export type Way =
  | { readonly title: string; readonly method: Method }
  | { readonly title: string; readonly program: string; readonly arguments: readonly string[] };

export interface Measured {
  readonly way: Way;
  /** Median of the rounds. */
  readonly seconds: number;
  /** All rounds, in order. */
  readonly all: readonly number[];
  /** Events (lines, rows) that it met; NaN of programs, which do not say. */
  readonly count: number;
  readonly peakMb: number;
}

const methodsPath = fileURLToPath(new URL('./methods.js', import.meta.url));

/** Output goes where nobody reads it: printing is what the reference decoders do, and a pipe would measure its reader. */
const nowhere = openSync('/dev/null', 'w');
process.on('exit', () => closeSync(nowhere));

function once(way: Way, path: string): { seconds: number; count: number; peakMb: number } {
  const isOurs = 'method' in way;
  const [program, list] = isOurs
    ? [process.execPath, [methodsPath, way.method, path]]
    : [way.program, [...way.arguments, path]];
  const start = process.hrtime.bigint();
  // perf and trace-cmd warn of what they do not know by the thousand; nobody asked.
  const done = spawnSync(program, list, {
    stdio: ['ignore', nowhere, isOurs ? 'pipe' : nowhere],
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (done.error) throw done.error;
  if (done.status !== 0) throw new Error(`${program} ${list.join(' ')}: exit ${done.status}\n${done.stderr ?? ''}`);
  if (!isOurs) return { seconds, count: Number.NaN, peakMb: Number.NaN };
  const said = JSON.parse(done.stderr.trim().split('\n').at(-1) ?? '') as Said;
  return { seconds, count: said.count, peakMb: said.maxRssKb / 1024 };
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** Measures the ways in turns, `rounds` times each. */
export function measure(path: string, ways: readonly Way[], rounds: number): Measured[] {
  const runs = ways.map(() => [] as ReturnType<typeof once>[]);
  for (let round = 0; round < rounds; round++) for (const [i, way] of ways.entries()) runs[i]!.push(once(way, path));
  return ways.map((way, i) => ({
    way,
    seconds: median(runs[i]!.map((run) => run.seconds)),
    all: runs[i]!.map((run) => run.seconds),
    count: runs[i]![0]!.count,
    peakMb: Math.max(...runs[i]!.map((run) => run.peakMb)),
  }));
}

/** Whether a program is installed here. */
export function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
}
