/** All comparisons that the files of one folder allow. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { openCapture } from '../../src/read/file.ts';
import { type Member, membersOf } from './captures.ts';
import { compareWithReference, type Differential, type RuleName } from './differential.ts';
import { readEvents } from './plain-events.ts';
import { hasTool, perfScript, traceCmdFunctions, traceCmdReport } from './reference.ts';
import { type Agreement, compareSame, type Reading, type SameBufferRule } from './same-buffer.ts';
import { compareBuffers, type TwoBuffers } from './two-buffers.ts';

export interface Comparison {
  readonly folder: string;
  /** `trace.dat, report -l`. */
  readonly what: string;
  readonly kind: 'same buffer' | 'two buffers' | 'reference';
  readonly compared: number;
  readonly values: number;
  readonly explained: ReadonlyMap<string, number>;
  readonly oneSided: ReadonlyMap<string, number>;
  readonly unexplained: number;
  readonly examples: readonly string[];
  /** Two buffers: how far their clocks drift apart, ns, and CPUs that could not be brought together. */
  readonly drift?: number;
  readonly unaligned?: number;
}

async function readingOf(member: Member): Promise<Reading> {
  const open = await openCapture(member.path);
  return { what: member.what, capture: open.capture, events: await readEvents(open) };
}

/** Every reading of a buffer held to its first, and the first readings of the buffers to each other. */
export async function compareFolder(folder: string): Promise<Comparison[]> {
  const firsts: Reading[] = [];
  const found: Comparison[] = [];
  const members = membersOf(folder);
  for (const buffer of new Set(members.map((member) => member.buffer))) {
    const [first, ...others] = members.filter((member) => member.buffer === buffer);
    if (first === undefined) continue;
    const base = await readingOf(first);
    firsts.push(base);
    for (const member of others) {
      found.push(tellSame(folder, `${base.what}, ${member.what}`, compareSame(base, await readingOf(member))));
    }
  }
  firsts.forEach((a, i) => {
    for (const b of firsts.slice(i + 1)) found.push(tellTwo(folder, `${a.what}, ${b.what}`, compareBuffers(a, b)));
  });
  return found;
}

function tellSame(folder: string, what: string, agreement: Agreement<SameBufferRule>): Comparison {
  return { folder, what, kind: 'same buffer', ...agreement };
}

function tellTwo(folder: string, what: string, agreement: TwoBuffers): Comparison {
  const { least, most, ...rest } = agreement;
  return { folder, what, kind: 'two buffers', ...rest, drift: rest.compared === 0 ? 0 : most - least };
}

/** A binary capture against the tool that it is of; undefined where the tool is not installed. */
export async function compareTool(folder: string, member: Member): Promise<Comparison | undefined> {
  const tool = member.buffer === 'perf' ? 'perf' : 'trace-cmd';
  if (!hasTool(tool)) return undefined;
  const scratch = mkdtempSync(join(tmpdir(), 'folioscope-reference-'));
  try {
    const packed = readFileSync(member.path);
    const file = join(scratch, member.what);
    writeFileSync(file, packed[0] === 0x1f ? gunzipSync(packed) : packed);
    const open = await openCapture(member.path);
    const release = open.capture.kernelRelease?.value ?? '';
    const ours = await readEvents(open);
    const result = tool === 'perf' ? ofPerf(file, ours) : ofTraceCmd(file, ours, hasLazyResched(release));
    return tellReference(folder, `${member.what}, ${tool}`, result);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

type Events = Awaited<ReturnType<typeof readEvents>>;

function ofPerf(file: string, ours: Events): Differential {
  const said = perfScript(file);
  return compareWithReference({ ours, raw: said, printed: said });
}

/** PREEMPT_LAZY came with 6.13 (include/linux/trace_events.h, TRACE_FLAG_NEED_RESCHED_LAZY). */
function hasLazyResched(release: string): boolean {
  const [major = 0, minor = 0] = release.split('.').map(Number.parseFloat);
  return major > 6 || (major === 6 && minor >= 13);
}

function ofTraceCmd(file: string, ours: Events, hasLazy: boolean): Differential {
  return compareWithReference({
    ours,
    raw: traceCmdReport(file, 'raw'),
    printed: traceCmdReport(file, 'printed'),
    latency: traceCmdReport(file, 'latency'),
    hasLazyResched: hasLazy,
    symbol: symboliser(file),
  });
}

/** `function+0x1c` of an address: the nearest function below it. */
function symboliser(file: string): (address: bigint) => string {
  const { addresses, names } = traceCmdFunctions(file);
  return (address) => {
    let low = 0;
    let high = addresses.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (addresses[middle]! <= address) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return `0x${address.toString(16)}`;
    // Of several names at one address the tool keeps the last.
    return `${names[low - 1]}+0x${(address - addresses[low - 1]!).toString(16)}`;
  };
}

function tellReference(folder: string, what: string, result: Differential): Comparison {
  const explained: ReadonlyMap<RuleName, number> = result.explained;
  return {
    folder,
    what,
    kind: 'reference',
    compared: result.events,
    values: result.values,
    explained,
    oneSided: new Map(),
    unexplained: result.different,
    examples: result.unexplained.map(
      ({ event, name, field, ours, theirs }) => `event ${event}, ${name}: ${field} is ${ours} here, ${theirs} there`,
    ),
  };
}
