/** Worlds scored one after another, each a line of a file; a run that was broken off goes on where it was. */
import { type ChildProcess, fork } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type WorldKind, worldOf } from './prior.ts';
import { predictionsOf, type Score, scoresOf } from './score.ts';

/** What came of a world. */
export interface WorldLine {
  readonly world: number;
  readonly kind: WorldKind;
  readonly scores: readonly Score[];
  /** Why there are no scores. */
  readonly error?: string;
}

export interface Run {
  readonly seed: number;
  readonly draws: number;
}

/** Never throws: what breaks in a world is what came of it. */
export async function lineOf(world: number, { seed, draws }: Run): Promise<WorldLine> {
  const drawn = worldOf(seed, world);
  try {
    return { world, kind: drawn.kind, scores: scoresOf(drawn, await predictionsOf(drawn, { seed, draws }), seed) };
  } catch (error) {
    return { world, kind: drawn.kind, scores: [], error: error instanceof Error ? error.message : String(error) };
  }
}

/** Lines of a file by world; a last line that was cut off is none. */
export function linesIn(file: string): Map<number, WorldLine> {
  const lines = new Map<number, WorldLine>();
  if (!existsSync(file)) return lines;
  for (const text of readFileSync(file, 'utf8').split('\n')) {
    if (!text.endsWith('}')) continue;
    const line = JSON.parse(text) as WorldLine;
    lines.set(line.world, line);
  }
  return lines;
}

/** Scores the worlds below `worlds` that the file lacks, in processes of `script` that run `serveWorlds`. */
export async function runWorlds(
  file: string,
  run: Run & { readonly worlds: number; readonly processes: number; readonly script: string },
  onLine: (done: number) => void,
): Promise<void> {
  mkdirSync(dirname(file), { recursive: true });
  const known = linesIn(file);
  const todo = Array.from({ length: run.worlds }, (_, world) => world).filter((world) => !known.has(world));
  let done = known.size;
  // What was cut off before ends here.
  if (existsSync(file)) appendFileSync(file, '\n');
  const serve = (child: ChildProcess) =>
    new Promise<void>((resolve, reject) => {
      const next = () => {
        const world = todo.shift();
        if (world === undefined) child.disconnect();
        else child.send({ world, seed: run.seed, draws: run.draws });
      };
      child.on('message', (text: string) => {
        appendFileSync(file, `${text}\n`);
        onLine(++done);
        next();
      });
      child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a process ended with ${code}`))));
      next();
    });
  await Promise.all(
    Array.from({ length: Math.min(run.processes, todo.length) }, () => serve(fork(run.script, ['--serve']))),
  );
}

/** The other side: answers each world it is sent with its line, until nobody is there. */
export function serveWorlds(): void {
  process.on('message', ({ world, ...run }: Run & { world: number }) => {
    void lineOf(world, run).then((line) => process.send?.(JSON.stringify(line)));
  });
}
