/** Perf's records in their order: what each of them means for events, names and losses. */
import type { Capture } from '../../events/capture.ts';
import type { Field } from '../../events/kinds.ts';
import type { BatchBuilder } from '../builder.ts';
import type { KindState } from '../kind-table.ts';
import { RecordTable } from '../records/record-table.ts';
import { type Attr, attrTypes } from './attr.ts';
import type { Attrs } from './attrs.ts';
import type { ByteWindow } from './byte-window.ts';
import { filteredByBpf, recordTypes } from './record-types.ts';
import { SampleWalk } from './sample.ts';
import { TaskNames } from './task-names.ts';
import type { TracingData } from './tracing-data.ts';

/** CPUs of the largest machines: the kernel's NR_CPUS is at most 8192. */
const mostCpus = 8192;

/** Most kinds made for samples that are no tracepoints; a recording has a handful of events. */
const mostKinds = 1024;

export class RecordSink {
  readonly #builder: BatchBuilder;
  readonly #capture: Capture;
  readonly #isLittle: boolean;
  readonly #attrs: Attrs;
  readonly #walk: SampleWalk;
  readonly #names: TaskNames;
  #table: RecordTable;
  /** What the table makes of each value of `common_flags`, where that is the third byte: a twentieth of the time of a sample. */
  #flags: Uint8Array | undefined;
  /** Kinds of samples without a tracepoint's record, by attribute, and by name and fields. */
  readonly #kinds: (KindState | undefined)[] = [];
  readonly #kindsByName = new Map<string, KindState>();
  /** Time of the sample before: its upper and lower half. */
  readonly #time = new Uint32Array(2);
  #timeless = 0;
  #chains = 0;
  #throttles = 0;
  /** Samples lost by CPU: said in the stream, and said at the end for the whole recording. */
  readonly #lostInStream = new Map<number, number>();
  readonly #lostInAll = new Map<number, { count: number; place: string }>();

  constructor(builder: BatchBuilder, isLittle: boolean, attrs: Attrs) {
    this.#builder = builder;
    this.#capture = builder.capture;
    this.#isLittle = isLittle;
    this.#attrs = attrs;
    this.#walk = new SampleWalk(isLittle);
    this.#names = new TaskNames(builder.capture.strings.intern('swapper'));
    this.#table = new RecordTable(builder, { isLittleEndian: isLittle, longSize: 8 });
  }

  /** Takes the descriptions of tracepoints, which must come before the first sample. */
  describe(data: TracingData): void {
    this.#table = new RecordTable(this.#builder, {
      isLittleEndian: data.isLittle,
      longSize: data.longSize,
      printkFormats: data.printkFormats,
    });
    for (const format of data.formats) this.#table.add(format);
    this.#flags = flagsByByte(this.#table, data);
  }

  /** A sample of attribute `index`, `[at, at + size)` of the window; its bytes are in the builder's units. */
  sample(index: number, window: ByteWindow, at: number, size: number): void {
    const attr = this.#attrs.list[index]!;
    const { bytes, view } = window;
    const isLittle = this.#isLittle;
    const walk = this.#walk;
    if (!walk.walk(attr, view, at, size)) {
      this.#builder.skip('sample whose fields do not fit its length', bytes, at, at + size);
      return;
    }
    const { rawStart, rawEnd } = walk;
    const isTracepoint = rawStart >= 0 && attr.type === attrTypes.tracepoint;
    // Another event's id in the record is damage. It is the record's first field in every kernel (struct trace_entry).
    if (isTracepoint && (rawEnd - rawStart < 8 || view.getUint16(rawStart, isLittle) !== attr.configLo)) {
      this.#builder.skip('sample that holds the record of another event', bytes, at, at + size);
      return;
    }
    const cpu = attr.cpu < 0 ? -1 : view.getInt32(at + attr.cpu, isLittle);
    if (cpu < -1 || cpu >= mostCpus) {
      this.#builder.skip('sample of a CPU that no machine has', bytes, at, at + size);
      return;
    }
    if (walk.chain > 0) this.#chains++;
    const time = this.#time;
    if (attr.time >= 0) {
      const a = view.getUint32(at + attr.time, isLittle);
      const b = view.getUint32(at + attr.time + 4, isLittle);
      time[0] = isLittle ? b : a;
      time[1] = isLittle ? a : b;
    } else this.#timeless++;
    const pid = attr.tid < 0 ? -1 : view.getInt32(at + attr.tid, isLittle);
    const tid = attr.tid < 0 ? -1 : view.getInt32(at + attr.tid + 4, isLittle);
    const comm = this.#names.find(pid, tid);
    const byByte = this.#flags;
    let flags = 0;
    if (isTracepoint) flags = byByte ? byByte[bytes[rawStart + 2]!]! : this.#table.flagsOf(bytes, rawStart, rawEnd);
    this.#builder.beginAt(time[0]!, time[1]!, cpu, tid, pid, comm, flags);
    // Whose record it is was looked at above.
    if (isTracepoint) this.#table.decodeAs(attr.configLo, bytes, rawStart, rawEnd);
    else this.#plain(index, attr, window, at);
  }

  /** A sample of a counter or a breakpoint: where it was, what it touched, how much it stands for. */
  #plain(index: number, attr: Attr, window: ByteWindow, at: number): void {
    this.#kinds[index] ??= this.#kindOf(attr);
    const state = this.#kinds[index];
    let field = 0;
    if (attr.ip >= 0) this.#load(field++, window.view, at + attr.ip);
    if (attr.addr >= 0) this.#load(field++, window.view, at + attr.addr);
    if (attr.period >= 0) this.#load(field++, window.view, at + attr.period);
    this.#builder.values(state, window.bytes);
  }

  #load(field: number, view: DataView, at: number): void {
    const a = view.getUint32(at, this.#isLittle);
    const b = view.getUint32(at + 4, this.#isLittle);
    this.#builder.fieldValues.setU64(field, this.#isLittle ? b : a, this.#isLittle ? a : b);
  }

  #kindOf(attr: Attr): KindState {
    const fields: Field[] = [];
    if (attr.ip >= 0) fields.push({ name: 'ip', storage: 'u64', print: 'hex' });
    if (attr.addr >= 0) fields.push({ name: 'addr', storage: 'u64', print: 'hex' });
    if (attr.period >= 0) fields.push({ name: 'period', storage: 'number', print: 'decimal' });
    const isFull = this.#kindsByName.size >= mostKinds;
    const name = isFull ? 'other events' : nameOf(attr);
    const key = `${fields.map((field) => field.name).join(' ')} ${name}`;
    let state = this.#kindsByName.get(key);
    if (state === undefined) {
      const colon = attr.type === attrTypes.tracepoint && !isFull ? name.indexOf(':') : -1;
      const system = colon < 0 ? '' : name.slice(0, colon);
      state = this.#builder.kinds.described({ system, name: name.slice(colon + 1), form: 'generic', fields });
      this.#kindsByName.set(key, state);
    }
    return state;
  }

  /** A record of the kernel that is no sample. */
  other(window: ByteWindow, at: number, size: number): void {
    const { bytes, view } = window;
    const isLittle = this.#isLittle;
    const builder = this.#builder;
    const type = view.getUint32(at, isLittle);
    const u32 = (offset: number): number => view.getInt32(at + offset, isLittle);
    switch (type) {
      case recordTypes.comm: {
        const trailer = this.#attrs.ofOther(view, at, size, isLittle)?.trailer.size ?? 0;
        const stop = Math.max(at + 16, at + size - trailer);
        const nul = bytes.indexOf(0, at + 16);
        const end = nul < 0 || nul > stop ? stop : nul;
        this.#names.set(u32(8), u32(12), this.#capture.strings.internBytes(bytes, at + 16, end));
        break;
      }
      case recordTypes.fork:
        this.#names.fork(u32(8), u32(16), u32(12), u32(20));
        break;
      case recordTypes.lost: {
        const cpu = this.#cpuOf(view, at, size);
        const count = this.#count(view, at + 16);
        builder.lost(cpu, count, 'lost');
        this.#lostInStream.set(cpu, (this.#lostInStream.get(cpu) ?? 0) + count);
        break;
      }
      case recordTypes.lostSamples:
        this.#lostSamples(view, at, size);
        break;
      case recordTypes.throttle:
        this.#throttles++;
        this.#throttled(view, at, size);
        break;
      default:
    }
    builder.comment();
  }

  /** Samples that the hardware or the buffer had no room for; those that a filter took were not lost. */
  #lostSamples(view: DataView, at: number, size: number): void {
    if (view.getUint16(at + 4, this.#isLittle) & filteredByBpf) return;
    const count = this.#count(view, at + 8);
    if (count === 0) return;
    const cpu = this.#cpuOf(view, at, size);
    const attr = this.#attrs.ofOther(view, at, size, this.#isLittle);
    const back = attr?.trailer.time ?? 0;
    const isTimed = back > 0 && back + 8 <= size && this.#count(view, at + size - back) !== 0;
    if (isTimed) {
      this.#builder.lost(cpu, count, 'lost');
      return;
    }
    // Without a time: what perf read off the counters when the recording ended (record__read_lost_samples(), 6.1).
    const known = this.#lostInAll.get(cpu);
    if (known === undefined) this.#lostInAll.set(cpu, { count, place: this.#builder.place() });
    else known.count += count;
  }

  /** While a tracepoint is throttled, it is not recorded. */
  #throttled(view: DataView, at: number, size: number): void {
    const hi = view.getUint32(at + (this.#isLittle ? 20 : 16), this.#isLittle);
    const lo = view.getUint32(at + (this.#isLittle ? 16 : 20), this.#isLittle);
    const attr = this.#attrs.list[this.#attrs.find(hi, lo)];
    if (attr?.type !== attrTypes.tracepoint) return;
    this.#builder.lost(this.#cpuOf(view, at, size), Number.NaN, 'dropped');
  }

  #cpuOf(view: DataView, at: number, size: number): number {
    const back = this.#attrs.ofOther(view, at, size, this.#isLittle)?.trailer.cpu ?? 0;
    const cpu = back === 0 || back + 8 > size ? -1 : view.getInt32(at + size - back, this.#isLittle);
    return cpu < mostCpus ? Math.max(-1, cpu) : -1;
  }

  #count(view: DataView, at: number): number {
    const a = view.getUint32(at, this.#isLittle);
    const b = view.getUint32(at + 4, this.#isLittle);
    return this.#isLittle ? b * 2 ** 32 + a : a * 2 ** 32 + b;
  }

  /** Says what is only known at the end. */
  end(): void {
    const { remarks, losses } = this.#capture;
    // The kernel counts what it lost once for the buffer (told in the stream) and once for the event (told at the end).
    for (const [cpu, { count, place }] of this.#lostInAll) {
      const more = count - (this.#lostInStream.get(cpu) ?? 0);
      if (more > 0) losses.push({ cpu, count: more, start: Number.NaN, end: Number.NaN, how: 'lost', place });
    }
    if (this.#chains > 0) {
      remarks.push(`${this.#chains} events have call chains, which are not kept: their bytes count with their events`);
    }
    if (this.#throttles > 0) {
      remarks.push(
        `the kernel throttled events ${this.#throttles === 1 ? 'once' : `${this.#throttles} times`}: until it let go, none were recorded`,
      );
    }
    if (this.#timeless > 0 && this.#capture.clock.unit !== 'none') {
      remarks.push(`${this.#timeless} samples have no time: they stand where they are in the file`);
    }
  }
}

/** Undefined where a description puts `common_flags` elsewhere. */
function flagsByByte(table: RecordTable, data: TracingData): Uint8Array | undefined {
  const isUsual = data.formats.every(({ common }) =>
    common.every(({ name, offset, size }) => name !== 'common_flags' || (offset === 2 && size === 1)),
  );
  if (!isUsual) return undefined;
  const record = new Uint8Array(8);
  return Uint8Array.from({ length: 256 }, (_, value) => {
    record[2] = value;
    return table.flagsOf(record, 0, record.length);
  });
}

/** Events that no name was recorded for are called by what was asked of the kernel. */
function nameOf(attr: Attr): string {
  if (attr.name !== '') return attr.name;
  const { configHi, configLo } = attr;
  const name = configHi === 0 ? names[attr.type]?.[configLo] : undefined;
  if (name !== undefined) return name;
  const config = ((BigInt(configHi) << 32n) | BigInt(configLo)).toString(16);
  return `type_${attr.type}_config_0x${config}`;
}

/** enum perf_hw_id and enum perf_sw_ids, as perf prints them. */
const names: Readonly<Partial<Record<number, readonly string[]>>> = {
  [attrTypes.hardware]: [
    'cycles',
    'instructions',
    'cache-references',
    'cache-misses',
    'branches',
    'branch-misses',
    'bus-cycles',
    'stalled-cycles-frontend',
    'stalled-cycles-backend',
    'ref-cycles',
  ],
  [attrTypes.software]: [
    'cpu-clock',
    'task-clock',
    'page-faults',
    'context-switches',
    'cpu-migrations',
    'minor-faults',
    'major-faults',
    'alignment-faults',
    'emulation-faults',
    'dummy',
    'bpf-output',
    'cgroup-switches',
  ],
};
