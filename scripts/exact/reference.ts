/**
 * What the reference decoders say of a file: `trace-cmd report` and `perf script`, run on it, their lines taken apart by
 * patterns of this file alone. None of our readers is used here: a mistake that both sides shared would not be seen.
 */
import { spawnSync } from 'node:child_process';

export type Tool = 'trace-cmd' | 'perf';

/** One line of a reference decoder. */
export interface Said {
  /** Nanoseconds. */
  readonly time: bigint;
  readonly cpu: number;
  readonly pid: number;
  /** Process id, where the tool prints it. */
  readonly tgid: number | undefined;
  readonly comm: string;
  /** Flag characters of the latency format. */
  readonly flags: string;
  /** `mm_lru_insertion`, or `pagemap:mm_lru_insertion`. */
  readonly event: string;
  readonly text: string;
}

export interface Lines {
  readonly said: readonly Said[];
  /** Lines that are no event: heads, losses, or what the patterns below miss. */
  readonly rest: readonly string[];
}

/** Whether a tool is installed and runs. */
export function hasTool(tool: Tool): boolean {
  // trace-cmd says its version and exits with 1.
  return spawnSync(tool, ['--version'], { stdio: 'ignore' }).error === undefined;
}

/** The tool's name for itself, for tables. */
export function versionOf(tool: Tool): string {
  return (
    spawnSync(tool, ['--version'], { encoding: 'utf8' })
      .stdout.split('\n')
      .find((line) => /\d/.test(line)) ?? ''
  );
}

function run(tool: Tool, args: readonly string[]): string {
  // trace-cmd reads plugins and perf its settings from the user's folder: the defaults are wanted.
  const { status, stdout, stderr, error } = spawnSync(tool, args, {
    maxBuffer: 2 ** 30,
    env: { ...process.env, HOME: '/nonexistent', LC_ALL: 'C' },
  });
  if (error !== undefined) throw error;
  if (status !== 0)
    throw new Error(`${tool} ${args.join(' ')}: exit ${status}: ${stderr.toString('latin1').slice(0, 500)}`);
  return stdout.toString('utf8');
}

/** `  fsl-mover-180   [003] d....   7.704984400: lru_add_drain_cpu:    text`; a comm may hold anything, so from its end. */
const reportLine = /^ {0,15}(.{1,16}?)-(-?\d+) +(?:\(([\d -]+)\) +)?\[(\d{3,})\] +(\d+)\.(\d{9}): (\S+?):(?: (.*))?$/s;
/** `fsl-move-180     3d....     7.704984400: lru_add_drain_cpu:    text`. */
const latencyLine = /^ {0,8}(.{1,8})-(-?\d+) +(\d+)([^\d ]\S*) +(\d+)\.(\d{9}): (\S+?):(?: (.*))?$/s;
/** `   kcompactd1    46/46    [002]     4.513348960:      compaction:mm_compaction_kcompactd_sleep: nid=1`. */
const scriptLine = /^ *(.{1,16}?) +(-?\d+)\/(-?\d+) +\[(\d{3,})\] +(\d+)\.(\d{9}): +([\w.-]+:[\w.-]+): ?(.*)$/s;

function linesOf(text: string, take: (line: string) => Said | undefined): Lines {
  const said: Said[] = [];
  const rest: string[] = [];
  for (const line of text.split('\n')) {
    const found = take(line);
    if (found !== undefined) said.push(found);
    else if (line !== '') rest.push(line);
  }
  return { said, rest };
}

const nanoseconds = (seconds: string, rest: string): bigint => BigInt(seconds) * 1_000_000_000n + BigInt(rest);

function fromReport(line: string): Said | undefined {
  const match = reportLine.exec(line);
  if (match === null) return undefined;
  const [, comm = '', pid = '', tgid, cpu = '', seconds = '', rest = '', event = '', text = ''] = match;
  const process = tgid === undefined || tgid.includes('-') ? undefined : Number(tgid);
  const when = nanoseconds(seconds, rest);
  // trace-cmd pads an event's name before its text.
  return {
    time: when,
    cpu: Number(cpu),
    pid: Number(pid),
    tgid: process,
    comm,
    flags: '',
    event,
    text: text.trimStart(),
  };
}

function fromLatency(line: string): Said | undefined {
  const match = latencyLine.exec(line);
  if (match === null) return undefined;
  const [, comm = '', pid = '', cpu = '', flags = '', seconds = '', rest = '', event = '', text = ''] = match;
  const when = nanoseconds(seconds, rest);
  return {
    time: when,
    cpu: Number(cpu),
    pid: Number(pid),
    tgid: undefined,
    comm,
    flags,
    event,
    text: text.trimStart(),
  };
}

function fromScript(line: string): Said | undefined {
  const match = scriptLine.exec(line);
  if (match === null) return undefined;
  const [, comm = '', tgid = '', pid = '', cpu = '', seconds = '', rest = '', event = '', text = ''] = match;
  const when = nanoseconds(seconds, rest);
  return { time: when, cpu: Number(cpu), pid: Number(pid), tgid: Number(tgid), comm, flags: '', event, text };
}

/** `trace-cmd report`: the raw fields (`-R`), the printed texts, and the latency format for the flags. */
export function traceCmdReport(file: string, how: 'raw' | 'printed' | 'latency'): Lines {
  const extra = { raw: ['-R'], printed: [], latency: ['-l'] }[how];
  const text = run('trace-cmd', ['report', '-N', '-t', ...extra, '-i', file]);
  return linesOf(text, how === 'latency' ? fromLatency : fromReport);
}

/** `perf script` with every field of the context that a tracepoint has. */
export function perfScript(file: string): Lines {
  return linesOf(run('perf', ['script', '--ns', '-F', 'comm,pid,tid,cpu,time,event,trace', '-i', file]), fromScript);
}

/** Functions by address as trace.dat carries them, sorted: what an address of a probe means. */
export function traceCmdFunctions(file: string): {
  readonly addresses: readonly bigint[];
  readonly names: readonly string[];
} {
  const pairs = run('trace-cmd', ['report', '-f', '-i', file])
    .split('\n')
    .map((line) => /^([0-9a-f]{8,16}) (\S+)/.exec(line))
    .filter((match) => match !== null)
    .map((match) => [BigInt(`0x${match[1]}`), match[2] ?? ''] as const)
    .sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
  return { addresses: pairs.map(([address]) => address), names: pairs.map(([, name]) => name) };
}

/** `name=value` pairs of a text; a value reaches to the next name, since some hold spaces (`flags=Ma bd `). */
export function pairsIn(text: string): Map<string, string> {
  const pairs = new Map<string, string>();
  const names = [...text.matchAll(/(?:^|[\s(,])([A-Za-z_][\w.]*)=/g)];
  names.forEach((match, i) => {
    const name = match[1] ?? '';
    const start = match.index + match[0].length;
    const next = names[i + 1];
    const value = text.slice(start, next === undefined ? text.length : next.index).replace(/,$| ==>$/, '');
    if (!pairs.has(name)) pairs.set(name, value);
  });
  // include/trace/events/filemap.h: `dev 254:0 ino 2235 pfn=0x890cd ofs=0 order=0`.
  const file = /^dev (\d+:\d+) ino ([0-9a-f]+) /.exec(text);
  if (file !== null) pairs.set('dev', file[1] ?? '').set('ino', `0x${file[2]}`);
  // Some events print a range in one word (include/trace/events/compaction.h).
  const range = /^\(?(0x[0-9a-f]+) ~ (0x[0-9a-f]+)\)?$/.exec(pairs.get('range') ?? '');
  if (range !== null) {
    pairs.delete('range');
    pairs.set('start_pfn', range[1] ?? '').set('end_pfn', range[2] ?? '');
  }
  return pairs;
}
