/**
 * `npm run bench`: each reader beside counting newlines, beside what one would write in an afternoon, and beside the
 * reference decoders, on the same file in the same run; and the peak memory of `inspect`. Every measurement is a whole
 * process, from its start to its end. Then the model's own speed (`bench/model-table.ts`). Walls differ between machines,
 * so docs/speed.md records ratios; `--record` writes them there. `--quick` makes small inputs and one round, to see that
 * it works.
 */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { markdownTable, table } from '../src/report/tables.ts';
import { dump, perfData, perfettoTrace, perfScriptText, stockText, traceDat, tracefsText } from './bench/inputs.ts';
import { isInstalled, type Measured, measure, type Way } from './bench/measure.ts';
import { benchModel } from './bench/model-table.ts';
import { root } from './root.ts';

const isQuick = process.argv.includes('--quick');
const rounds = isQuick ? 1 : 5;
const scale = isQuick ? 0.02 : 1;

const newlines: Way = { title: 'newlines counted', method: 'newlines' };
const ours: Way = { title: 'folioscope, one thread', method: 'one-thread' };
const two: Way = { title: 'folioscope, two threads', method: 'two-threads' };
const csvParse: Way = { title: 'csv-parse', method: 'csv-parse' };

interface Goal {
  /** The ratio of two ways' walls, and what it is to be. */
  readonly says: string;
  readonly of: Way;
  readonly to: Way;
  readonly atLeast?: number;
  readonly atMost?: number;
}

interface Case {
  readonly title: string;
  readonly make: (path: string) => Promise<string>;
  readonly ways: readonly Way[];
  readonly goals: readonly Goal[];
  /** MB/s that ours is to reach. */
  readonly pace?: number;
  readonly needs?: string;
}

const regex = (method: 'tracefs-regex' | 'perf-script-regex'): Way => ({ title: 'readline + regex', method });
const report: Way = { title: 'trace-cmd report', program: 'trace-cmd', arguments: ['report', '-i'] };
const script: Way = { title: 'perf script', program: 'perf', arguments: ['script', '-i'] };

const newlineGoal: Goal = { says: 'of newline counting', of: ours, to: newlines, atMost: 6 };

/** Sizes are such that each holds a million events at least. */
const cases: readonly Case[] = [
  {
    title: 'tracefs text, probes',
    make: (path) => tracefsText(path, 1.6e8 * scale),
    ways: [newlines, regex('tracefs-regex'), ours],
    goals: [newlineGoal],
  },
  {
    title: 'tracefs text, stock events',
    make: (path) => stockText(path, 1.6e8 * scale),
    ways: [newlines, regex('tracefs-regex'), ours],
    goals: [newlineGoal],
  },
  {
    title: 'tracefs text, a gigabyte',
    make: (path) => tracefsText(path, 1e9 * scale),
    ways: [newlines, ours, two],
    goals: [
      newlineGoal,
      { says: 'of newline counting, two threads', of: two, to: newlines, atMost: 6 },
      { says: 'as fast with two threads', of: ours, to: two, atLeast: 1.4 },
    ],
  },
  {
    title: 'perf script text',
    make: (path) => perfScriptText(path, 1.8e8 * scale),
    ways: [newlines, regex('perf-script-regex'), ours],
    goals: [],
  },
  {
    title: 'CSV dump',
    make: (path) => dump(path, 1.6e8 * scale, false),
    ways: [csvParse, ours],
    goals: [{ says: 'as fast as csv-parse', of: csvParse, to: ours, atLeast: 5 }],
  },
  {
    title: 'CSV dump, all in quotes',
    make: (path) => dump(path, 2.2e8 * scale, true),
    ways: [csvParse, ours],
    goals: [{ says: 'as fast as csv-parse', of: csvParse, to: ours, atLeast: 1 }],
  },
  {
    title: 'trace.dat',
    make: (path) => traceDat(path, 3.6e8 * scale),
    ways: [report, ours],
    goals: [{ says: 'as fast as trace-cmd report', of: report, to: ours, atLeast: 10 }],
    needs: 'trace-cmd',
  },
  {
    title: 'perf.data',
    make: (path) => perfData(path, 6e8 * scale),
    ways: [script, ours],
    goals: [{ says: 'as fast as perf script', of: script, to: ours, atLeast: 5 }],
    needs: 'perf',
  },
  {
    title: 'Perfetto',
    make: (path) => perfettoTrace(path, 3e8 * scale),
    ways: [ours],
    goals: [],
    pace: 100,
  },
];

const title = (way: Way): string => way.title;

function rowsOf(one: Case, bytes: number, measured: readonly Measured[]): string[][] {
  const events = measured.find(({ way }) => way === ours)?.count ?? Number.NaN;
  return measured.map(({ way, seconds, count, peakMb }) => [
    one.title,
    title(way),
    seconds.toFixed(2),
    (bytes / 1e6 / seconds).toFixed(0),
    way === newlines ? '' : ((Number.isNaN(count) ? events : count) / 1e6 / seconds).toFixed(2),
    Number.isNaN(peakMb) ? '' : peakMb.toFixed(0),
  ]);
}

function ratiosOf(one: Case, bytes: number, measured: readonly Measured[]): string[][] {
  const seconds = (way: Way): number => measured.find((found) => found.way === way)?.seconds ?? Number.NaN;
  const pace = bytes / 1e6 / seconds(ours);
  const paces =
    one.pace === undefined
      ? []
      : [[one.title, `${pace.toFixed(0)} MB/s`, `at least ${one.pace}`, pace >= one.pace ? 'met' : 'missed']];
  const ratios = one.goals.map(({ says, of, to, atLeast, atMost }) => {
    const ratio = seconds(of) / seconds(to);
    const wanted = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`;
    const isMet = atLeast === undefined ? ratio <= (atMost ?? Number.NaN) : ratio >= atLeast;
    return [one.title, `${ratio.toFixed(2)} x ${says}`, wanted, isMet ? 'met' : 'missed'];
  });
  return [...ratios, ...paces];
}

/** What two ways of reading disagree about makes their ratio mean nothing. */
function check(one: Case, measured: readonly Measured[]): void {
  const counts = measured.filter(({ way, count }) => way !== newlines && !Number.isNaN(count));
  const [first] = counts;
  for (const { way, count } of counts)
    if (count !== first?.count) {
      console.error(`${one.title}: ${first?.way.title} met ${first?.count} events, ${way.title} ${count}`);
      process.exitCode = 1;
    }
  if (!isQuick && (first?.count ?? 0) < 1e6) console.error(`${one.title}: only ${first?.count} events`);
}

async function bench(record: boolean): Promise<void> {
  const load = loadavg()[0] ?? Number.NaN;
  const rows: string[][] = [];
  const ratios: string[][] = [];
  const memory: string[][] = [];
  const say = (text: string): boolean => process.stderr.write(`${text}\n`);
  for (const one of cases) {
    const missing = one.needs !== undefined && !isInstalled(one.needs);
    const folder = mkdtempSync(join(tmpdir(), 'folioscope-bench-'));
    try {
      say(`${one.title} ...`);
      const path = await one.make(join(folder, 'input'));
      const ways = missing ? one.ways.filter((way) => 'method' in way) : one.ways;
      const measured = measure(path, ways, rounds);
      check(one, measured);
      rows.push(...rowsOf(one, statSync(path).size, measured));
      if (missing) ratios.push([one.title, `not measured: no ${one.needs} here`, '', '']);
      else ratios.push(...ratiosOf(one, statSync(path).size, measured));
      if (one.title === 'trace.dat' || one.title === 'tracefs text, a gigabyte') memory.push(...peaks(one.title, path));
      if (one.title === 'tracefs text, a gigabyte') {
        const small = await tracefsText(join(folder, 'small'), 1e8 * scale);
        memory.push(...peaks('tracefs text, a tenth of it', small));
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  const text = [
    `Node ${process.versions.node}, ${cpus()[0]?.model ?? 'a CPU'} (${cpus().length} CPUs, load average before: ${load.toFixed(1)}),`,
    `medians of ${rounds} processes each:`,
    '',
    markdownTable(table(['input', 'ratio', 'wanted', ''], ratios), 120),
    markdownTable(table(['input', 'method', 'seconds>', 'MB/s>', 'M events/s>', 'peak MB>'], rows), 120),
    'Peak resident memory of `folioscope inspect`:',
    '',
    markdownTable(table(['capture', 'MB>', 'peak MB>', 'seconds>'], memory)),
  ].join('\n');
  process.stdout.write(text);
  if (record) writePage(text);
}

function peaks(name: string, path: string): string[][] {
  const [measured] = measure(path, [{ title: 'inspect', method: 'inspect' }], 1);
  const size = statSync(path).size / 1e6;
  return [[name, size.toFixed(0), measured!.peakMb.toFixed(0), measured!.seconds.toFixed(1)]];
}

function writePage(text: string): void {
  const page = join(root, 'docs/speed.md');
  const before = readFileSync(page, 'utf8');
  const marked = /(<!-- bench -->\n)[\s\S]*?(<!-- end of bench -->)/;
  if (!marked.test(before)) throw new Error(`${page} has no place for the numbers`);
  writeFileSync(
    page,
    before.replace(marked, (_all, start: string, end: string) => `${start}\n${text}\n${end}`),
  );
}

const isRecorded = process.argv.includes('--record');
await bench(isRecorded);
benchModel({ record: isRecorded, quick: isQuick, long: false });
