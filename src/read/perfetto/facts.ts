/**
 * What packets beside the ftrace events tell, read with pbf: there are few of them, and their fields are many.
 * Field numbers: protos/perfetto/trace/ps/process_tree.proto, process_stats.proto, common/system_info.proto,
 * config/trace_config.proto, config/ftrace/ftrace_config.proto, trace/ftrace/ftrace_stats.proto, common/trace_stats.proto.
 */
import { PbfReader } from 'pbf';
import type { Capture } from '../../events/capture.ts';
import { learn } from '../facts.ts';
import { kernelArch } from '../sidecar.ts';
import type { Tasks } from './tasks.ts';
import { isMessage } from './wire.ts';

/** pbf does not look where a message ends before it reads; so each message is walked through first. */
function read<T>(bytes: Uint8Array, into: T, each: (field: number, into: T, pbf: PbfReader) => void): T {
  if (!isMessage(bytes, 0, bytes.length)) return into;
  return new PbfReader(bytes).readFields(each, into);
}

/** A field of another type than it should have is as good as absent. */
const number = (pbf: PbfReader): number => (pbf.type === 0 ? pbf.readVarint(true) : Number.NaN);
const text = (pbf: PbfReader): string => (pbf.type === 2 ? pbf.readString() : '');
const bytesOf = (pbf: PbfReader): Uint8Array => (pbf.type === 2 ? pbf.readBytes() : noBytes);
const noBytes = new Uint8Array(0);

/** ProcessTree: processes 1 { pid 1, cmdline 3, cmdline_is_comm 9 }, threads 2 { tid 1, name 2, tgid 3 }. */
export function readProcessTree(bytes: Uint8Array, capture: Capture, tasks: Tasks): void {
  const { strings } = capture;
  read(bytes, undefined, (field, _, pbf) => {
    if (field === 1) {
      const process = read(bytesOf(pbf), { pid: 0, command: '', isComm: false }, (part, into, inner) => {
        if (part === 1) into.pid = number(inner);
        else if (part === 3) into.command ||= text(inner);
        else if (part === 9) into.isComm = number(inner) === 1;
      });
      // Paths begin command lines of programs, and the kernel's name for a task is what stands behind the last slash.
      const name = process.isComm ? process.command : process.command.slice(process.command.lastIndexOf('/') + 1);
      tasks.process(process.pid, name === '' ? -1 : strings.intern(name));
      if (process.isComm && name !== '') tasks.thread(process.pid, process.pid, strings.intern(name));
    } else if (field === 2) {
      const thread = read(bytesOf(pbf), { tid: 0, tgid: 0, name: '' }, (part, into, inner) => {
        if (part === 1) into.tid = number(inner);
        else if (part === 2) into.name = text(inner);
        else if (part === 3) into.tgid = number(inner);
      });
      tasks.thread(thread.tid, thread.tgid, thread.name === '' ? -1 : strings.intern(thread.name));
    }
  });
}

/** ProcessStats: processes 1 { pid 1, threads 11 { tid 1 } }: which thread is of which process. */
export function readProcessStats(bytes: Uint8Array, tasks: Tasks): void {
  read(bytes, undefined, (field, _, pbf) => {
    if (field !== 1) return;
    const process = read(bytesOf(pbf), { pid: 0, threads: [] as number[] }, (part, into, inner) => {
      if (part === 1) into.pid = number(inner);
      else if (part === 11) {
        const thread = read(bytesOf(inner), { tid: 0 }, (one, found, last) => {
          if (one === 1) found.tid = number(last);
        });
        into.threads.push(thread.tid);
      }
    });
    if (process.pid > 0) tasks.thread(process.pid, process.pid, -1);
    for (const tid of process.threads) tasks.thread(tid, process.pid, -1);
  });
}

/** SystemInfo: utsname 1 { release 3, machine 4 }, tracing_service_version 4, page_size 6, num_cpus 8. */
export function readSystemInfo(bytes: Uint8Array, capture: Capture): void {
  const facts = { release: '', machine: '', version: '', pageSize: 0, cpus: 0 };
  read(bytes, facts, (field, into, pbf) => {
    if (field === 1) {
      read(bytesOf(pbf), into, (part, found, inner) => {
        if (part === 3) found.release = text(inner);
        else if (part === 4) found.machine = text(inner);
      });
    } else if (field === 4) into.version = text(pbf);
    else if (field === 6) into.pageSize = number(pbf);
    else if (field === 8) into.cpus = number(pbf);
  });
  if (facts.release !== '') learn(capture, 'kernelRelease', facts.release, 'capture');
  if (facts.machine !== '') learn(capture, 'arch', kernelArch(facts.machine), 'capture');
  if (facts.version !== '') learn(capture, 'tool', facts.version, 'capture');
  // Page sizes are powers of two; 4, 16 or 64 KiB on arm64.
  if (facts.pageSize >= 4096 && facts.pageSize <= 1 << 20 && (facts.pageSize & (facts.pageSize - 1)) === 0) {
    learn(capture, 'pageSize', facts.pageSize, 'capture');
  }
  if (facts.cpus > 0 && facts.cpus <= mostCpus) learn(capture, 'cpus', facts.cpus, 'capture');
}

/** Longest list of events that is repeated as the command of the recording. */
const longestCommand = 2000;

/** TraceConfig: data_sources 2 { config 1 { name 1, ftrace_config 100 { ftrace_events 1 } } }: which events were asked for. */
export function readTraceConfig(bytes: Uint8Array, capture: Capture): void {
  const events: string[] = [];
  read(bytes, events, (field, into, pbf) => {
    if (field !== 2) return;
    read(bytesOf(pbf), into, (part, list, source) => {
      if (part !== 1) return;
      read(bytesOf(source), list, (one, wanted, config) => {
        if (one !== 100) return;
        read(bytesOf(config), wanted, (last, names, ftrace) => {
          if (last === 1) names.push(text(ftrace));
        });
      });
    });
  });
  if (events.length === 0) return;
  const command = `perfetto with ftrace_events ${events.join(' ')}`;
  const shown = command.length > longestCommand ? `${command.slice(0, longestCommand)} ...` : command;
  learn(capture, 'command', shown, 'capture');
}

/** CPUs of the largest machines: the kernel's NR_CPUS is at most 8192. */
const mostCpus = 8192;

/** Most names of events that could not be recorded which are counted; a kernel has some two thousand events. */
const mostNames = 4096;

/** What the kernel lost of a CPU, counted from the boot of the buffer. */
interface CpuStats {
  cpu: number;
  overrun: number;
  dropped: number;
  commitOverrun: number;
}

/** FtraceStats: phase 1 (1 start, 2 end), cpu_stats 2 { cpu 1, overrun 3, commit_overrun 4, dropped_events 8 }. */
export class FtraceStats {
  readonly #atStart = new Map<number, CpuStats>();
  /** The last of the end: each flush writes one. */
  #atEnd = new Map<number, CpuStats>();
  #place = '';
  readonly #unknown = new Set<string>();
  readonly #failed = new Set<string>();

  read(bytes: Uint8Array, place: string): void {
    const stats = { phase: 0, cpus: [] as CpuStats[], unknown: [] as string[], failed: [] as string[] };
    read(bytes, stats, (field, into, pbf) => {
      if (field === 1) into.phase = number(pbf);
      else if (field === 2) {
        const one = cpuStats(bytesOf(pbf));
        if (one.cpu >= 0 && one.cpu < mostCpus) into.cpus.push(one);
      } else if (field === 6) into.unknown.push(text(pbf));
      else if (field === 7) into.failed.push(text(pbf));
    });
    const isStart = stats.phase === 1;
    if (isStart) for (const one of stats.cpus) if (!this.#atStart.has(one.cpu)) this.#atStart.set(one.cpu, one);
    if (stats.phase === 2) {
      this.#atEnd = new Map(stats.cpus.map((one) => [one.cpu, one]));
      this.#place = place;
    }
    for (const name of stats.unknown) if (this.#unknown.size < mostNames) this.#unknown.add(name);
    for (const name of stats.failed) if (this.#failed.size < mostNames) this.#failed.add(name);
  }

  /** Losses between start and end. Where they lie among the events, the bundles tell. */
  end(capture: Capture): void {
    remarkOf(capture, 'asked for, but not in this kernel', this.#unknown);
    remarkOf(capture, 'asked for, but could not be turned on', this.#failed);
    for (const [cpu, last] of this.#atEnd) {
      const first = this.#atStart.get(cpu);
      const how = [
        ['overwritten', last.overrun - (first?.overrun ?? 0)],
        ['lost', last.commitOverrun - (first?.commitOverrun ?? 0)],
        ['dropped', last.dropped - (first?.dropped ?? 0)],
      ] as const;
      for (const [kind, count] of how) {
        if (!(count > 0)) continue;
        capture.losses.push({ cpu, count, start: Number.NaN, end: Number.NaN, how: kind, place: this.#place });
      }
    }
  }
}

function cpuStats(bytes: Uint8Array): CpuStats {
  const stats: CpuStats = { cpu: -1, overrun: 0, dropped: 0, commitOverrun: 0 };
  return read(bytes, stats, (field, into, pbf) => {
    if (field === 1) into.cpu = number(pbf);
    else if (field === 3) into.overrun = number(pbf);
    else if (field === 4) into.commitOverrun = number(pbf);
    else if (field === 8) into.dropped = number(pbf);
  });
}

function remarkOf(capture: Capture, what: string, names: ReadonlySet<string>): void {
  if (names.size === 0) return;
  const shown = [...names].slice(0, 20).join(' ');
  capture.remarks.push(`ftrace events ${what}: ${shown}${names.size > 20 ? ` and ${names.size - 20} more` : ''}`);
}

/** TraceStats: buffer_stats 1 { chunks_overwritten 3, chunks_discarded 18, trace_writer_packet_loss 19 }: the trace's own buffer. */
export function readTraceStats(bytes: Uint8Array): { overwritten: number; lost: number } {
  return read(bytes, { overwritten: 0, lost: 0 }, (field, into, pbf) => {
    if (field !== 1) return;
    read(bytesOf(pbf), into, (part, found, inner) => {
      if (part === 3) found.overwritten += number(inner);
      else if (part === 18 || part === 19) found.lost += number(inner);
    });
  });
}

/** Most symbols of one sequence: no kernel has as many functions. */
const mostSymbols = 1 << 20;

/** InternedData: kernel_symbols 26 { iid 1, str 2 }. */
export function readKernelSymbols(bytes: Uint8Array, capture: Capture, symbols: Map<number, number>): void {
  read(bytes, symbols, (field, into, pbf) => {
    if (field !== 26) return;
    const symbol = read(bytesOf(pbf), { iid: -1, name: '' }, (part, found, inner) => {
      if (part === 1) found.iid = number(inner);
      else if (part === 2) found.name = text(inner);
    });
    if (symbol.iid >= 0 && symbol.name !== '' && into.size < mostSymbols)
      into.set(symbol.iid, capture.strings.intern(symbol.name));
  });
}
