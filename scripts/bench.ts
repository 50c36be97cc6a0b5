/**
 * `npm run bench`: each reader beside counting newlines and beside readline with regular expressions, on the same
 * bytes, and the peak memory of `inspect` on a hundred megabytes and on a gigabyte. Every measurement is a process of
 * its own; walls differ between machines, so docs/speed.md records ratios. `--record` writes them there.
 */
import { spawnSync } from 'node:child_process';
import { createReadStream, createWriteStream, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { run } from '../src/cli/program.ts';
import { openCapture } from '../src/read/file.ts';
import { markdownTable, table } from '../src/report/tables.ts';
import { eventsToCsv } from '../src/write/csv.ts';
import { readWithRegex } from './regex-reader.ts';
import { repeatCapture } from './repeat-capture.ts';

const self = fileURLToPath(import.meta.url);
const root = fileURLToPath(new URL('../..', import.meta.url));

async function countNewlines(path: string): Promise<number> {
  let lines = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    const bytes = chunk as Buffer;
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines++;
  }
  return lines;
}

async function decode(path: string): Promise<number> {
  const { batches } = await openCapture(path);
  let events = 0;
  for await (const batch of batches) events += batch.length;
  return events;
}

/** CSV without quotes, and every cell a number where it can be one. */
async function splitCsv(path: string): Promise<number> {
  const lines = createInterface({ input: createReadStream(path, { highWaterMark: 1 << 20 }), crlfDelay: Infinity });
  let columns: (number | string)[][] = [];
  let rows = -1;
  for await (const line of lines) {
    const cells = line.split(',');
    if (rows++ < 0 || (rows & 0xffff) === 0) columns = cells.map(() => []);
    for (let i = 0; i < cells.length; i++) {
      const cell = cells[i]!;
      const value = Number(cell);
      columns[i]?.push(cell === '' || Number.isNaN(value) ? cell : value);
    }
  }
  return rows;
}

const methods = {
  newlines: countNewlines,
  'tracefs-regex': (path: string) => readWithRegex(path, 'tracefs'),
  'perf-script-regex': (path: string) => readWithRegex(path, 'perf-script'),
  'csv-split': splitCsv,
  reader: decode,
} as const;
type Method = keyof typeof methods;

interface Measured {
  readonly seconds: number;
  readonly count: number;
}

/** In the child: one pass to warm the compiler up, one that counts. */
async function measureHere(method: Method, path: string): Promise<Measured> {
  await methods[method](path);
  const start = process.hrtime.bigint();
  const count = await methods[method](path);
  return { seconds: Number(process.hrtime.bigint() - start) / 1e9, count };
}

function child(args: readonly string[]): string {
  const done = spawnSync(process.execPath, [self, ...args], { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (done.status !== 0) throw new Error(`${args.join(' ')}: exit ${done.status}\n${done.stderr}`);
  return done.stderr.trim().split('\n').at(-1) ?? '';
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

interface Case {
  readonly title: string;
  readonly path: string;
  /** What one would write in an afternoon. */
  readonly plain: Method;
}

function speeds({ title, path, plain }: Case, rounds: number): string[][] {
  const bytes = statSync(path).size;
  const wanted: Method[] = ['newlines', plain, 'reader'];
  const seconds = new Map<Method, number[]>();
  const counts = new Map<Method, number>();
  // Round by round, so that a busy minute of the machine falls on every method alike.
  for (let round = 0; round < rounds; round++)
    for (const method of wanted) {
      const { seconds: took, count } = JSON.parse(child(['--method', method, path])) as Measured;
      seconds.set(method, [...(seconds.get(method) ?? []), took]);
      counts.set(method, count);
    }
  const took = (method: Method): number => median(seconds.get(method) ?? []);
  const events = counts.get('reader') ?? 0;
  if (counts.get(plain) !== events)
    console.error(`${title}: the reader has ${events} events, the plain way ${counts.get(plain)}`);
  return wanted.map((method) => [
    title,
    method === 'reader'
      ? 'folioscope'
      : method === 'newlines'
        ? 'newlines counted'
        : plain === 'csv-split'
          ? 'readline + split'
          : 'readline + regex',
    (bytes / 1e6 / took(method)).toFixed(0),
    method === 'newlines' ? '' : ((counts.get(method) ?? 0) / 1e6 / took(method)).toFixed(2),
    (took(plain) / took(method)).toFixed(2),
    (took('newlines') / took(method)).toFixed(2),
  ]);
}

async function grow(source: string, size: number, path: string): Promise<void> {
  const out = createWriteStream(path);
  await repeatCapture(join(root, source), size, out);
  out.end();
  await finished(out);
}

async function growCsv(source: string, path: string): Promise<void> {
  const out = createWriteStream(path);
  for await (const text of eventsToCsv(await openCapture(source))) out.write(text);
  out.end();
  await finished(out);
}

function memory(path: string): { mb: number; seconds: number } {
  const start = process.hrtime.bigint();
  const { maxRssKb } = JSON.parse(child(['--inspect', path])) as { maxRssKb: number };
  return { mb: maxRssKb / 1024, seconds: Number(process.hrtime.bigint() - start) / 1e9 };
}

async function bench(record: boolean): Promise<void> {
  const [before = Number.NaN] = loadavg();
  const folder = await mkdtemp(join(tmpdir(), 'folioscope-bench-'));
  try {
    const at = (name: string): string => join(folder, name);
    // Long enough that a pass takes a second: short ones are half noise of the machine.
    await grow('traces/debian-6.1-4k/shanon_hot/trace.txt.gz', 3e8, at('tracefs.txt'));
    await grow('traces/debian-6.1-4k/contig_lowmem_apps_stockev/trace.txt.gz', 3e8, at('stock.txt'));
    await grow('traces/debian-6.1-4k/shanon_hot/perf_script.txt.gz', 1e8, at('perf.txt'));
    await grow('traces/debian-6.1-4k/shanon_hot/trace.txt.gz', 2e7, at('small.txt'));
    await growCsv(at('small.txt'), at('events.csv'));
    const cases: Case[] = [
      { title: 'tracefs text, probes', path: at('tracefs.txt'), plain: 'tracefs-regex' },
      { title: 'tracefs text, stock events', path: at('stock.txt'), plain: 'tracefs-regex' },
      { title: 'perf script text', path: at('perf.txt'), plain: 'perf-script-regex' },
      { title: 'csv of events', path: at('events.csv'), plain: 'csv-split' },
    ];
    const rows = cases.flatMap((one) => speeds(one, 5));
    await grow('traces/debian-6.1-4k/shanon_hot/trace.txt.gz', 1e8, at('hundred.txt'));
    const small = memory(at('hundred.txt'));
    await grow('traces/debian-6.1-4k/shanon_hot/trace.txt.gz', 1e9, at('large.txt'));
    const large = memory(at('large.txt'));
    const text = [
      `Node ${process.versions.node}, ${cpus()[0]?.model ?? 'a CPU'} (${cpus().length} CPUs, load average before: ${before.toFixed(1)}),`,
      'medians of five processes a method:',
      '',
      markdownTable(table(['input', 'method', 'MB/s>', 'M events/s>', 'x plain>', 'x newlines>'], rows), 110),
      'Peak resident memory of `folioscope inspect`:',
      '',
      markdownTable(
        table(
          ['capture', 'peak MB>', 'seconds>'],
          [
            ['100 MB', small.mb.toFixed(0), small.seconds.toFixed(1)],
            ['1 GB', large.mb.toFixed(0), large.seconds.toFixed(1)],
            ['ratio', (large.mb / small.mb).toFixed(2), (large.seconds / small.seconds).toFixed(1)],
          ],
        ),
      ),
    ].join('\n');
    process.stdout.write(text);
    if (record) {
      const page = join(root, 'docs/speed.md');
      const before = readFileSync(page, 'utf8');
      const marked = /(<!-- bench -->\n)[\s\S]*?(<!-- end of bench -->)/;
      if (!marked.test(before)) throw new Error(`${page} has no place for the numbers`);
      writeFileSync(
        page,
        before.replace(marked, (_all, start: string, end: string) => `${start}\n${text}\n${end}`),
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [mode, what, path] = process.argv.slice(2);
if (mode === '--method') console.error(JSON.stringify(await measureHere(what as Method, path ?? '')));
else if (mode === '--inspect') {
  process.exitCode = await run(['inspect', what ?? '']);
  console.error(JSON.stringify({ maxRssKb: process.resourceUsage().maxRSS }));
} else await bench(mode === '--record');
