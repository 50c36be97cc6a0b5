/** What one bundle brings, as runs of events in order: its ftrace events, and the columns of compact sched events. */
import type { Loss } from '../../events/capture.ts';
import type { BatchBuilder } from '../builder.ts';
import type { KindState } from '../kind-table.ts';
import { recordFlags } from '../record-flags.ts';
import type { BundleContext, EventDecoder } from './events.ts';
import type { Run } from './order.ts';
import { stateText } from './targets.ts';
import type { Tasks } from './tasks.ts';
import type { Wire } from './wire.ts';

/** Where the events of all runs go. */
export interface Sink {
  readonly builder: BatchBuilder;
  readonly tasks: Tasks;
  readonly decoder: EventDecoder;
  /** A cursor that is free between calls. */
  readonly wire: Wire;
}

/** A loss that the bundle tells of: it lies before the first of its events. */
export type LossBefore = Loss['how'] | undefined;

abstract class BundleRun implements Run {
  hi = 0;
  lo = 0;
  readonly size: number;
  protected readonly sink: Sink;
  protected readonly context: BundleContext;
  lossBefore: LossBefore;

  constructor(sink: Sink, context: BundleContext, size: number) {
    this.sink = sink;
    this.context = context;
    this.size = size;
  }

  take(): boolean {
    if (this.lossBefore !== undefined) this.#lose(this.lossBefore);
    return this.give();
  }

  protected abstract give(): boolean;

  #lose(how: Loss['how']): void {
    const { builder, tasks } = this.sink;
    const { cpu, packet } = this.context;
    builder.at = packet;
    builder.lost(cpu, Number.NaN, how);
    // Who runs was told by the event before, and that may be among the lost ones.
    tasks.runs(cpu, -1);
    this.lossBefore = undefined;
  }
}

/** The FtraceEvents of a bundle, found one after the other in its bytes. */
export class EventRun extends BundleRun {
  readonly #bytes: Uint8Array;
  #at = 0;
  readonly #end: number;
  #start = 0;
  #stop = 0;

  /** @param end where the bundle ends, or where its damage begins */
  constructor(sink: Sink, context: BundleContext, bytes: Uint8Array, end: number) {
    super(sink, context, bytes.length);
    this.#bytes = bytes;
    this.#end = end;
  }

  /** Goes to the next event; false when there is none. Events without a time are skipped on the way. */
  next(): boolean {
    const { wire, builder } = this.sink;
    const bytes = this.#bytes;
    wire.open(bytes, this.#at, this.#end);
    while (wire.next()) {
      if (wire.field !== 2 || wire.type !== 2) continue;
      this.#start = wire.start;
      this.#stop = wire.stop;
      this.#at = wire.at;
      if (this.#readTime(wire)) return true;
      builder.at = this.context.packet;
      builder.skip('an ftrace event without a time', bytes, this.#start, this.#stop);
      wire.open(bytes, this.#at, this.#end);
    }
    return false;
  }

  protected override give(): boolean {
    this.sink.decoder.event(this.#bytes, this.#start, this.#stop, this.hi, this.lo, this.context);
    return this.next();
  }

  #readTime(wire: Wire): boolean {
    wire.open(this.#bytes, this.#start, this.#stop);
    // The time is written first.
    while (wire.next()) {
      if (wire.field !== 1 || wire.type !== 0) continue;
      this.hi = wire.hi;
      this.lo = wire.lo;
      return true;
    }
    return false;
  }
}

/** Columns of sched_switch or sched_waking events, row by row (FtraceEventBundle.CompactSched). */
export interface CompactColumns {
  readonly length: number;
  readonly hi: Uint32Array;
  readonly lo: Uint32Array;
  /** prev_state of a switch, target_cpu of a waking. */
  readonly other: Float64Array;
  readonly pid: Float64Array;
  readonly prio: Float64Array;
  /** Interned names. */
  readonly comm: Int32Array;
  /** Flags of the context, of wakings that have them. */
  readonly flags: Float64Array | undefined;
}

/** Kinds and columns of the two events, looked up once. */
export interface CompactKinds {
  readonly switches: KindState;
  readonly wakings: KindState;
}

export function compactKinds(builder: BatchBuilder): CompactKinds {
  const kindOf = (name: string): KindState => {
    const named = builder.kinds.findName('sched', name);
    if (named.row === undefined) throw new Error(`the catalogue has no ${name}`);
    return builder.kinds.catalogued(named, named.row);
  };
  return { switches: kindOf('sched_switch'), wakings: kindOf('sched_waking') };
}

export class CompactRun extends BundleRun {
  readonly #columns: CompactColumns;
  readonly #kinds: CompactKinds;
  readonly #isSwitch: boolean;
  #row = 0;

  constructor(sink: Sink, context: BundleContext, kinds: CompactKinds, columns: CompactColumns, isSwitch: boolean) {
    super(sink, context, columns.length * 40);
    this.#kinds = kinds;
    this.#columns = columns;
    this.#isSwitch = isSwitch;
    this.hi = columns.hi[0] ?? 0;
    this.lo = columns.lo[0] ?? 0;
  }

  protected override give(): boolean {
    if (this.#isSwitch) this.#switch();
    else this.#waking();
    this.#row++;
    const columns = this.#columns;
    if (this.#row === columns.length) return false;
    this.hi = columns.hi[this.#row]!;
    this.lo = columns.lo[this.#row]!;
    return true;
  }

  /**
   * Who left the CPU is not in the columns: it is whoever the event before put on it, and nobody knows when there was none or
   * one may be lost. Its priority may have changed meanwhile, so it is not recorded.
   */
  #switch(): void {
    const { builder, tasks } = this.sink;
    const { cpu, packet } = this.context;
    const columns = this.#columns;
    const row = this.#row;
    const values = builder.fieldValues;
    const previous = tasks.running(cpu);
    const next = columns.pid[row]!;
    const state = columns.other[row]!;
    values.clear(7);
    if (previous >= 0) {
      const comm = previous === 0 ? tasks.swapper(cpu) : tasks.comm(previous);
      if (comm >= 0) values.setTextId(0, comm);
      values.setNumber(1, previous);
    }
    values.setTextId(3, builder.capture.strings.intern(state < 0 ? String(state) : stateText(0, state)));
    values.setTextId(4, columns.comm[row]!);
    values.setNumber(5, next);
    values.setNumber(6, columns.prio[row]!);
    builder.at = packet;
    builder.beginAt(this.hi, this.lo, cpu, previous, tasks.tgid(previous), tasks.comm(previous), 0);
    builder.values(this.#kinds.switches, noBytes);
    tasks.runs(cpu, next);
    if (next > 0) tasks.rename(next, columns.comm[row]!);
  }

  #waking(): void {
    const { builder, tasks } = this.sink;
    const { cpu, packet } = this.context;
    const columns = this.#columns;
    const row = this.#row;
    const values = builder.fieldValues;
    const waker = tasks.running(cpu);
    const pid = columns.pid[row]!;
    values.clear(5);
    values.setTextId(0, columns.comm[row]!);
    values.setNumber(1, pid);
    values.setNumber(2, columns.prio[row]!);
    values.setNumber(3, columns.other[row]!);
    const flags = columns.flags === undefined ? 0 : recordFlags(columns.flags[row]!);
    builder.at = packet;
    builder.beginAt(this.hi, this.lo, cpu, waker, tasks.tgid(waker), tasks.comm(waker), flags);
    builder.values(this.#kinds.wakings, noBytes);
    if (pid > 0) tasks.rename(pid, columns.comm[row]!);
  }
}

const noBytes = new Uint8Array(0);
