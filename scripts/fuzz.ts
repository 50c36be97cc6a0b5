/**
 * `npm run fuzz -- --runs N [--seed S] [--only FORMAT[,FORMAT]] [--first I] [--processes P] [--samples FOLDER]`: mutated captures of every format,
 * read to their ends in child processes that are watched. What must hold is written in `fuzz/judge.ts`, what is done to
 * the samples in `fuzz/edits.ts`. The same seed gives the same inputs; a failing one is saved in `out/fuzz/` and named with
 * the command that makes it again. Exit 1 when anything failed.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { inputOf, type Message, type Plan, runInput } from './fuzz/child.ts';
import { kindOf } from './fuzz/minimise.ts';
import { findSamples, type Sample } from './fuzz/samples.ts';
import { root } from './root.ts';

const self = fileURLToPath(import.meta.url);

const out = join(root, 'out', 'fuzz');

/** Wall seconds after which one input hangs. Processor time has a bound of its own; this one is for loops that never end. */
const hangs = 60;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    first: { type: 'string', default: '0' },
    processes: { type: 'string', default: '2' },
    samples: { type: 'string' },
    child: { type: 'string' },
  },
});

function number(name: 'runs' | 'seed' | 'first' | 'processes'): number {
  const value = Number(values[name]);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} ${values[name]} is no count`);
  return value;
}

async function loadSamples(): Promise<Sample[]> {
  const only = values.only === undefined ? undefined : new Set(values.only.split(','));
  const samples = await findSamples(values.samples ?? join(root, 'traces'), only);
  if (samples.length === 0) throw new Error(`no samples of ${values.only ?? 'any format'} in traces/`);
  return samples;
}

/** What of the command line decides which samples there are, and so which input has which number. */
function sampleArguments(): string[] {
  const { only, samples } = values;
  return [...(only === undefined ? [] : ['--only', only]), ...(samples === undefined ? [] : ['--samples', samples])];
}

interface Failure {
  readonly input: number;
  readonly sample: string;
  readonly steps: readonly string[];
  readonly failure: string;
  readonly file: string;
}

interface Tally {
  done: number;
  readonly outcomes: Map<string, Map<string, number>>;
  /** Processor seconds by format. */
  readonly seconds: Map<string, number>;
  readonly failures: Failure[];
  slowest: { seconds: number; input: number };
  largest: { growth: number; input: number };
}

function count(tally: Tally, format: string, outcome: string): void {
  const ofFormat = tally.outcomes.get(format) ?? new Map<string, number>();
  tally.outcomes.set(format, ofFormat);
  ofFormat.set(outcome, (ofFormat.get(outcome) ?? 0) + 1);
}

/** Runs a share of the inputs; a child that hangs or dies is replaced by one that goes on behind the input it had. */
async function runShare(plan: Plan, samples: readonly Sample[], tally: Tally): Promise<void> {
  let { first } = plan;
  while (first < plan.end) {
    const next = await runChild({ ...plan, first }, samples, tally);
    if (next === undefined) return;
    first = next;
  }
}

/** The input to go on with when the child came to grief, or undefined when it did its share. */
function runChild(plan: Plan, samples: readonly Sample[], tally: Tally): Promise<number | undefined> {
  const args = ['--child', JSON.stringify(plan), ...sampleArguments()];
  // Two children on two cores: collectors beside them would take turns with the other child.
  const execArgv = ['--enable-source-maps', '--expose-gc', '--single-threaded-gc', '--max-old-space-size=512'];
  const child: ChildProcess = fork(self, args, { execArgv, stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
  let current: Extract<Message, { begun: number }> | undefined;
  let again: number | undefined;
  let isKilled = false;
  let watch: NodeJS.Timeout | undefined;
  let errors = '';
  child.stderr?.on('data', (chunk: Uint8Array) => {
    errors = (errors + new TextDecoder().decode(chunk)).slice(-4000);
  });
  child.on('message', (message: Message) => {
    clearTimeout(watch);
    if ('begun' in message) current = message;
    else if ('again' in message) {
      current = undefined;
      again = message.again;
    } else if ('failed' in message) tally.failures.push({ ...message, input: message.failed });
    else {
      current = undefined;
      tally.done++;
      count(tally, message.format, message.outcome);
      tally.seconds.set(message.format, (tally.seconds.get(message.format) ?? 0) + message.seconds);
      if (message.seconds > tally.slowest.seconds) tally.slowest = { seconds: message.seconds, input: message.done };
      if (message.growth > tally.largest.growth) tally.largest = { growth: message.growth, input: message.done };
    }
    watch = setTimeout(() => {
      isKilled = true;
      child.kill('SIGKILL');
    }, hangs * 1000);
  });
  return new Promise((resolve, reject) => {
    child.once('close', (code, signal) => {
      clearTimeout(watch);
      if (current === undefined) {
        if (code === 0) resolve(again);
        else reject(new Error(`a child ended with ${code ?? signal} between two inputs: ${errors}`));
        return;
      }
      const input = current.begun;
      const failure = isKilled ? `hangs: not read after ${hangs} s` : `the process died (${code ?? signal}): ${errors}`;
      // What was told of it already was its smaller copies' doing.
      if (!tally.failures.some((one) => one.input === input)) {
        const { mutant } = inputOf(samples, plan.seed, input);
        mkdirSync(out, { recursive: true });
        const file = join(out, `${mutant.sample.format}-${plan.seed}-${input}`);
        writeFileSync(file, mutant.bytes);
        tally.failures.push({ input, sample: current.sample, steps: current.steps, failure, file });
        count(tally, mutant.sample.format, 'FAILED');
        tally.done++;
      }
      resolve(input + plan.step);
    });
  });
}

async function beChild(plan: Plan): Promise<void> {
  const samples = await loadSamples();
  const tell = (message: Message): void => {
    process.send?.(message);
  };
  globalThis.gc?.();
  for (let input = plan.first; input < plan.end; input += plan.step) {
    const isFresh = input === plan.first;
    const { isLarge } = await runInput(samples, plan.seed, input, out, tell, isFresh);
    if (isLarge && !isFresh) break;
  }
  process.disconnect?.();
}

async function main(): Promise<void> {
  const [seed, first, runs, processes] = [number('seed'), number('first'), number('runs'), number('processes')];
  const samples = await loadSamples();
  const tally: Tally = {
    done: 0,
    outcomes: new Map(),
    seconds: new Map(),
    failures: [],
    slowest: { seconds: 0, input: 0 },
    largest: { growth: 0, input: 0 },
  };
  const began = performance.now();
  const progress = setInterval(() => {
    const rate = (tally.done / (performance.now() - began)) * 1000;
    console.error(`fuzz: ${tally.done} of ${runs}, ${rate.toFixed(0)} a second, ${tally.failures.length} failed`);
  }, 20_000);
  const step = Math.max(1, Math.min(processes, runs));
  const shares = Array.from({ length: step }, (_, i) => ({ seed, first: first + i, end: first + runs, step }));
  await Promise.all(shares.map((plan) => runShare(plan, samples, tally)));
  clearInterval(progress);
  report(tally, samples, (performance.now() - began) / 1000);
  if (tally.failures.length > 0) process.exitCode = 1;
}

function report(tally: Tally, samples: readonly Sample[], seconds: number): void {
  console.log(
    `fuzz: ${tally.done} inputs from ${samples.length} samples in ${seconds.toFixed(0)} s, ${(tally.done / seconds).toFixed(0)} a second, seed ${values.seed}`,
  );
  for (const [format, outcomes] of [...tally.outcomes].sort()) {
    const all = [...outcomes.values()].reduce((a, b) => a + b, 0);
    const each = ((tally.seconds.get(format) ?? 0) / all) * 1000;
    const parts = [...outcomes].sort((a, b) => b[1] - a[1]).map(([outcome, n]) => `${n} ${outcome}`);
    console.log(`  ${format} (${each.toFixed(1)} ms each): ${parts.join(', ')}`);
  }
  console.log(
    `  slowest ${tally.slowest.seconds.toFixed(2)} s of processor time (input ${tally.slowest.input}), largest ${(tally.largest.growth / 2 ** 20).toFixed(0)} MiB (input ${tally.largest.input})`,
  );
  const kinds = new Map<string, Failure[]>();
  for (const failure of tally.failures) {
    const kind = kindOf(failure.failure);
    kinds.set(kind, [...(kinds.get(kind) ?? []), failure]);
  }
  for (const failures of kinds.values()) {
    const [example] = failures;
    if (example === undefined) continue;
    console.log(`\nFAILED ${failures.length} times: ${example.failure.split('\n').slice(0, 6).join('\n  ')}`);
    console.log(`  ${example.sample}: ${example.steps.join(', ')}; saved as ${example.file}`);
    console.log(
      `  again: npm run fuzz -- --runs 1 --seed ${values.seed} --first ${[example.input, ...sampleArguments()].join(' ')}`,
    );
  }
}

if (values.child !== undefined) await beChild(JSON.parse(values.child) as Plan);
else await main();
