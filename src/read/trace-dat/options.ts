/** Options of a trace.dat (lib/trace-cmd/trace-input.c handle_options(), trace-cmd 3.1): id, size, and data of that size. */
import { MemorySource } from '../sources.ts';
import { Scroll } from './scroll.ts';

/** Option ids (lib/trace-cmd/include/private/trace-cmd-private.h). Those of sections name the section's kind, too. */
export const ids = {
  done: 0,
  date: 1,
  cpuStat: 2,
  buffer: 3,
  traceClock: 4,
  uname: 5,
  hook: 6,
  offset: 7,
  cpuCount: 8,
  version: 9,
  procMaps: 10,
  traceId: 11,
  timeShift: 12,
  guest: 13,
  tsc2nsec: 14,
  strings: 15,
  headerInfo: 16,
  ftraceEvents: 17,
  eventFormats: 18,
  kallsyms: 19,
  printk: 20,
  cmdlines: 21,
  bufferText: 22,
  btf: 23,
  lastBootInfo: 24,
  modules: 25,
} as const;

/** Where the data of one CPU lie. */
export interface CpuPart {
  readonly cpu: number;
  readonly offset: number;
  readonly size: number;
}

export interface BufferOption {
  /** Empty for the top buffer. */
  readonly name: string;
  /** Version 7: its section. Version 6: its table of CPUs. */
  readonly offset: number;
  /** Empty when the option does not say (version 6). */
  readonly clock: string;
  /** 0 when the option does not say. */
  readonly pageSize: number;
  readonly cpus: readonly CpuPart[];
  /** The text of a tracer that keeps only its worst case (`latency`), instead of pages. */
  readonly isText: boolean;
}

/** One correction of a guest's clock (lib/trace-cmd/include/private/trace-cmd-private.h struct ts_offset_sample). */
export interface ShiftSample {
  readonly time: bigint;
  readonly offset: bigint;
  readonly scaling: bigint;
  readonly fraction: bigint;
}

export interface TimeShift {
  readonly isInterpolated: boolean;
  readonly cpus: readonly (readonly ShiftSample[])[];
}

export class Options {
  cpuCount: number | undefined;
  uname = '';
  version = '';
  /** The clock in brackets of `trace_clock`. */
  clock = '';
  /** Added to every time, ns. */
  offset = 0n;
  tsc: { readonly multiplier: bigint; readonly shift: bigint } | undefined;
  shift: TimeShift | undefined;
  readonly stats: string[] = [];
  readonly hooks: string[] = [];
  readonly buffers: BufferOption[] = [];
  /** Where the section of a kind is, by its id. */
  readonly sections = new Map<number, number>();
  /** Ids that are not known here. */
  readonly unknown = new Set<number>();
  /** Ids whose data are not what they should be. */
  readonly damaged = new Set<number>();
}

/** A CPU's number is less than this: twice the most that a kernel can have (CONFIG_NR_CPUS, 8192). */
const cpuLimit = 16384;

/** What messages say; damage of one option is noted and leaves the others. */
const nowhere = 'option';

/** Takes one option. Data too short for what they should hold are noted in `damaged`. */
export async function takeOption(
  options: Options,
  id: number,
  data: Uint8Array,
  isLittleEndian: boolean,
  hasSections: boolean,
): Promise<void> {
  const scroll = new Scroll(nowhere, new MemorySource([data]), isLittleEndian);
  try {
    if (!(await take(options, id, data, scroll, hasSections))) options.unknown.add(id);
  } catch (error) {
    // Scroll's own refusal, nothing else.
    if (!(error instanceof Error) || error.name !== 'TraceError') throw error;
    options.damaged.add(id);
  }
}

async function take(
  options: Options,
  id: number,
  data: Uint8Array,
  scroll: Scroll,
  hasSections: boolean,
): Promise<boolean> {
  switch (id) {
    case ids.date:
      options.offset += signedNumber(textOf(data)) * 1000n; // It is in microseconds.
      return true;
    case ids.offset:
      options.offset += signedNumber(textOf(data));
      return true;
    case ids.cpuStat:
      if (options.stats.length < cpuLimit) options.stats.push(textOf(data));
      return true;
    case ids.traceClock:
      options.clock = /\[([^\]\s]+)\]/.exec(textOf(data))?.[1] ?? '';
      return true;
    case ids.uname:
      options.uname = textOf(data);
      return true;
    case ids.version:
      options.version = textOf(data);
      return true;
    case ids.hook:
      if (options.hooks.length < cpuLimit) options.hooks.push(textOf(data));
      return true;
    case ids.cpuCount:
      options.cpuCount = await scroll.u32('the number of CPUs');
      return true;
    case ids.timeShift:
      options.shift = await takeShift(scroll);
      return true;
    case ids.tsc2nsec: {
      const multiplier = BigInt(await scroll.u32('the multiplier of the cycle counter'));
      const shift = BigInt(await scroll.u32('the shift of the cycle counter'));
      if (multiplier === 0n || shift > 63n) scroll.fail('is no rate of a cycle counter');
      options.tsc = { multiplier, shift };
      return true;
    }
    case ids.buffer:
    case ids.bufferText:
      options.buffers.push(await takeBuffer(scroll, id === ids.bufferText, hasSections));
      return true;
    case ids.headerInfo:
    case ids.ftraceEvents:
    case ids.eventFormats:
    case ids.kallsyms:
    case ids.printk:
    case ids.cmdlines:
    case ids.btf:
    case ids.modules:
      options.sections.set(id, await scroll.u64('the place of a section'));
      return true;
    default:
      // Of no use to us: maps of processes, ids of sessions, guests, the boot before.
      return id <= ids.modules;
  }
}

async function takeBuffer(scroll: Scroll, isText: boolean, hasSections: boolean): Promise<BufferOption> {
  const offset = await scroll.u64('the place of a buffer');
  const name = await scroll.string('the name of a buffer');
  if (!hasSections) return { name, offset, clock: '', pageSize: 0, cpus: [], isText };
  const clock = await scroll.string('the clock of a buffer');
  if (isText) return { name, offset, clock, pageSize: 0, cpus: [], isText };
  const pageSize = await scroll.u32('the page size of a buffer');
  const count = await scroll.u32('the number of CPUs of a buffer');
  if (count > cpuLimit) scroll.fail('names more CPUs than a kernel can have');
  const cpus: CpuPart[] = [];
  for (let i = 0; i < count; i++) {
    const cpu = await scroll.u32('the number of a CPU');
    const from = await scroll.u64('the place of its data');
    const size = await scroll.u64('the size of its data');
    if (cpu >= cpuLimit) scroll.fail('names a CPU that no kernel has');
    cpus.push({ cpu, offset: from, size });
  }
  return { name, offset, clock, pageSize, cpus, isText };
}

/** TRACECMD_TSYNC_FLAG_INTERPOLATE of lib/trace-cmd/include/private/trace-cmd-private.h. */
const interpolate = 1;

/** Corrections by CPU, sorted by time, of equal times the first (tsync_cpu_offsets_load()). */
async function takeShift(scroll: Scroll): Promise<TimeShift> {
  await scroll.bytes(8, 'the id of the peer');
  const flags = await scroll.u32('the flags of the time shift');
  const count = await scroll.u32('the number of CPUs of the time shift');
  if (count > cpuLimit) scroll.fail('names more CPUs than a kernel can have');
  const raw: { times: bigint[]; offsets: bigint[]; scalings: bigint[]; fractions: bigint[] }[] = [];
  const numbers = async (size: number): Promise<bigint[]> => {
    const list: bigint[] = [];
    for (let i = 0; i < size; i++) list.push(await scroll.big('a sample of the time shift'));
    return list;
  };
  for (let i = 0; i < count; i++) {
    const samples = await scroll.u32('the number of samples');
    const [times, offsets, scalings] = [await numbers(samples), await numbers(samples), await numbers(samples)];
    raw.push({ times, offsets, scalings, fractions: [] });
  }
  // Only newer tools write the bits behind the point.
  if (scroll.left > 0) for (const one of raw) one.fractions = await numbers(one.times.length);
  const cpus = raw.map(({ times, offsets, scalings, fractions }) => {
    const samples = times.map((time, i) => ({
      time,
      offset: BigInt.asIntN(64, offsets[i]!),
      scaling: scalings[i]!,
      fraction: (fractions[i] ?? 0n) & 63n,
    }));
    samples.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
    return samples.filter((sample, i) => i === 0 || sample.time !== samples[i - 1]!.time);
  });
  return { isInterpolated: (flags & interpolate) !== 0, cpus };
}

function textOf(data: Uint8Array): string {
  const end = data.indexOf(0);
  return new TextDecoder().decode(end < 0 ? data : data.subarray(0, end));
}

/** As strtoll(text, NULL, 0) reads it: decimal or 0x, 64 bits with a sign. */
function signedNumber(text: string): bigint {
  const match = /^\s*([+-]?)(0x[0-9a-f]{1,16}|\d{1,20})/i.exec(text);
  if (match === null) return 0n;
  const value = BigInt(match[2]!);
  return BigInt.asIntN(64, match[1] === '-' ? -value : value);
}
