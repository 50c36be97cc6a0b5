/**
 * One FtraceEvent to one event of the batch:
 *
 *     timestamp 1 · pid 2 · common_flags 5 · and one message whose field number says which event it is
 */
import type { BatchBuilder } from '../builder.ts';
import type { KindState, NamedKind } from '../kind-table.ts';
import { recordFlags } from '../record-flags.ts';
import { genericField, kprobeField, printField } from './event-table.ts';
import { Scratch, sorts } from './scratch.ts';
import { ownProbe, Shapes } from './shapes.ts';
import type { Setting } from './targets.ts';
import type { Tasks } from './tasks.ts';
import { TypedPlans } from './typed.ts';
import { Wire } from './wire.ts';

/** An event that the trace describes itself (FtraceEventBundle.GenericEventDescriptor). */
export interface Described {
  /** `system:name`, or the name alone. */
  readonly key: Uint8Array;
  /** By field number. */
  readonly fields: ReadonlyMap<number, { readonly name: Uint8Array; readonly sort: number }>;
}

/** What the events of one bundle have in common. */
export interface BundleContext {
  readonly cpu: number;
  /** Number of the packet, for places. */
  readonly packet: number;
  readonly symbols: ReadonlyMap<number, number>;
  readonly described: ReadonlyMap<number, Described>;
}

/** Columns of the number and the name of the task that a sched event names: known from then on. */
const namers: Readonly<Record<number, readonly [pid: string, comm: string]>> = {
  4: ['next_pid', 'next_comm'],
  17: ['pid', 'comm'],
  20: ['pid', 'comm'],
  114: ['pid', 'comm'],
  235: ['pid', 'comm'],
  236: ['pid', 'newcomm'],
  238: ['pid', 'comm'],
  239: ['child_pid', 'child_comm'],
};
const schedSwitch = 4;
const newTask = 235;

/** Flag of clone() for a thread of the same process (include/uapi/linux/sched.h). */
const cloneThread = 0x10000;

/** KprobeEvent.KprobeType. */
const kprobeReturn = 2;

export class EventDecoder {
  readonly #builder: BatchBuilder;
  readonly #tasks: Tasks;
  readonly #typed: TypedPlans;
  readonly #shapes: Shapes;
  readonly #setting: Setting & { symbols: ReadonlyMap<number, number>; pageSize: number };
  readonly #scratch = new Scratch();
  readonly #event = new Wire();
  readonly #message = new Wire();
  readonly #value = new Wire();
  readonly #marker: NamedKind;
  #lastWriter = -1;
  #lastMarker: NamedKind;
  readonly #numbered = new Map<number, NamedKind>();
  readonly #fieldNames = new Map<number, Uint8Array>();
  readonly #probes = new Map<NamedKind, (KindState | undefined)[]>();
  readonly #namerColumns = new Map<number, readonly [number, number]>();

  constructor(builder: BatchBuilder, tasks: Tasks) {
    this.#builder = builder;
    this.#tasks = tasks;
    this.#typed = new TypedPlans(builder);
    this.#shapes = new Shapes(builder);
    this.#setting = { values: builder.fieldValues, strings: builder.capture.strings, symbols: new Map(), pageSize: 0 };
    // The event is called print; its text begins with the function that wrote it, which is this one for trace_marker.
    this.#marker = builder.kinds.findName('', 'tracing_mark_write');
    this.#lastMarker = this.#marker;
  }

  /** Stores the event in the range, or skips it with its reason. `hi` and `lo` are its time, already read. */
  event(bytes: Uint8Array, start: number, end: number, hi: number, lo: number, context: BundleContext): void {
    const builder = this.#builder;
    builder.at = context.packet;
    const wire = this.#event;
    wire.open(bytes, start, end);
    let pid = -1;
    let flags = 0;
    let field = 0;
    let from = 0;
    let to = 0;
    while (wire.next()) {
      if (wire.type === 2) {
        if (field === 0) {
          field = wire.field;
          from = wire.start;
          to = wire.stop;
        }
      } else if (wire.field === 2) pid = wire.lo | 0;
      else if (wire.field === 5) flags = recordFlags(wire.lo);
    }
    if (wire.isBroken) {
      builder.skip('an ftrace event that is no message', bytes, start, end);
      return;
    }
    if (field === 0) {
      builder.skip('an ftrace event without content', bytes, start, end);
      return;
    }
    this.#setting.symbols = context.symbols;
    this.#setting.pageSize = builder.capture.pageSize?.value ?? 0;
    if (field === printField) {
      this.#print(bytes, from, to, hi, lo, context.cpu, pid, flags);
      return;
    }
    const plan = this.#typed.find(field);
    if (plan !== undefined) {
      if (!this.#typed.decode(plan, bytes, from, to, this.#setting)) {
        builder.skip(`a message of ${plan.event.name} that is damaged`, bytes, start, end);
        return;
      }
      this.#store(plan.state, field, bytes, hi, lo, context.cpu, pid, flags);
      return;
    }
    if (field === kprobeField) {
      this.#kprobe(bytes, from, to, hi, lo, context.cpu, pid, flags);
      return;
    }
    if (field === genericField) {
      const state = this.#quick(bytes, from, to);
      if (state !== undefined) {
        this.#store(state, field, bytes, hi, lo, context.cpu, pid, flags);
        return;
      }
    }
    const scratch = this.#scratch;
    scratch.clear();
    const named = this.#named(field, bytes, from, to, context);
    if (named === undefined) {
      builder.skip('a message of an event that is damaged', bytes, start, end);
      return;
    }
    const state = this.#shapes.decode(named, scratch, bytes, this.#setting);
    if (state !== undefined) this.#store(state, field, bytes, hi, lo, context.cpu, pid, flags);
    else {
      // Beyond any bound of kinds or columns: the values are kept as text.
      const text = encoder.encode(scratch.text(bytes));
      this.#begin(hi, lo, context.cpu, pid, flags);
      builder.generic(named, text, 0, text.length);
    }
  }

  #begin(hi: number, lo: number, cpu: number, pid: number, flags: number): void {
    const tasks = this.#tasks;
    this.#builder.beginAt(hi, lo, cpu, pid, tasks.tgid(pid), tasks.comm(pid), flags);
    if (pid >= 0) tasks.runs(cpu, pid);
  }

  #store(
    state: KindState,
    field: number,
    bytes: Uint8Array,
    hi: number,
    lo: number,
    cpu: number,
    pid: number,
    flags: number,
  ): void {
    const builder = this.#builder;
    const names = field < 256 ? namers[field] : undefined;
    if (names === undefined) {
      this.#begin(hi, lo, cpu, pid, flags);
      builder.values(state, bytes);
      return;
    }
    const values = builder.fieldValues;
    const tasks = this.#tasks;
    let columns = this.#namerColumns.get(field);
    if (columns === undefined) {
      const { fields } = state.kind;
      const column = (name: string): number => fields.findIndex((one) => one.name === name);
      columns = [column(names[0]), column(names[1])];
      this.#namerColumns.set(field, columns);
    }
    // Read before the batch takes the values: it leaves them, but nothing says that it must.
    const [pidColumn, commColumn] = columns;
    const who = values.present[pidColumn] ? values.numbers[pidColumn]! : -1;
    const comm = values.present[commColumn] ? values.numbers[commColumn]! : -1;
    if (field === schedSwitch && pid > 0 && values.present[0]) tasks.rename(pid, values.numbers[0]!);
    const clone = field === newTask && values.present[2] ? values.numbers[2]! : 0;
    this.#begin(hi, lo, cpu, pid, flags);
    builder.values(state, bytes);
    if (who > 0 && comm >= 0) tasks.rename(who, comm);
    if (field === schedSwitch && who >= 0) tasks.runs(cpu, who);
    if (field === newTask && who > 0) tasks.born(who, pid, Math.floor(clone / cloneThread) % 2 === 1);
  }

  /**
   * Text written to trace_marker: `B|1234|name`, which the kernel ends with a line feed. As in the kernel's text, the event is
   * called by the function that wrote it (kernel/trace/trace_output.c trace_print_print()), which newer kernels gave another name.
   */
  #print(
    bytes: Uint8Array,
    from: number,
    to: number,
    hi: number,
    lo: number,
    cpu: number,
    pid: number,
    flags: number,
  ): void {
    const wire = this.#message;
    let start = from;
    let stop = from;
    let writer = -1;
    wire.open(bytes, from, to);
    while (wire.next()) {
      if (wire.field === 2 && wire.type === 2) {
        start = wire.start;
        stop = wire.stop;
      } else if (wire.field === 1 && wire.hi === 0) writer = this.#setting.symbols.get(wire.lo) ?? -1;
    }
    if (wire.isBroken) {
      this.#builder.skip('a message of print that is damaged', bytes, from, to);
      return;
    }
    if (stop > start && bytes[stop - 1] === 10) stop--;
    this.#begin(hi, lo, cpu, pid, flags);
    this.#builder.generic(this.#writer(writer), bytes, start, stop);
  }

  /** The event of a function's texts, by the function's interned name; -1 where it is not known. */
  #writer(name: number): NamedKind {
    if (name === this.#lastWriter) return this.#lastMarker;
    this.#lastWriter = name;
    this.#lastMarker =
      name < 0 ? this.#marker : this.#builder.kinds.findName('', this.#builder.capture.strings.text(name));
    return this.#lastMarker;
  }

  #kprobe(
    bytes: Uint8Array,
    from: number,
    to: number,
    hi: number,
    lo: number,
    cpu: number,
    pid: number,
    flags: number,
  ): void {
    const wire = this.#message;
    const builder = this.#builder;
    let start = from;
    let stop = from;
    let type = 0;
    wire.open(bytes, from, to);
    while (wire.next()) {
      if (wire.field === 1 && wire.type === 2) {
        start = wire.start;
        stop = wire.stop;
      } else if (wire.field === 2 && wire.type === 0) type = wire.lo;
    }
    if (wire.isBroken || stop === start) {
      builder.skip('a message of a probe that is damaged', bytes, from, to);
      return;
    }
    const named = builder.kinds.find(bytes, start, stop);
    this.#begin(hi, lo, cpu, pid, flags);
    if (named === builder.kinds.other) {
      builder.generic(named, bytes, start, stop);
      return;
    }
    const isReturn = type === kprobeReturn;
    let states = this.#probes.get(named);
    if (states === undefined) {
      states = [];
      this.#probes.set(named, states);
    }
    const state = states[Number(isReturn)] ?? this.#newProbe(named, isReturn);
    states[Number(isReturn)] = state;
    builder.fieldValues.clear(state.kind.fields.length);
    builder.values(state, bytes);
  }

  #newProbe(named: NamedKind, isReturn: boolean): KindState {
    const system = isReturn ? 'perfetto_kretprobes' : 'perfetto_kprobes';
    const { fields, probe } = ownProbe(named.name, isReturn);
    return this.#builder.kinds.described({ system, name: named.name, form: 'probe', fields, probe });
  }

  /** Reads a message with names, or one without, into the scratch; undefined when it is damaged. */
  #named(field: number, bytes: Uint8Array, from: number, to: number, context: BundleContext): NamedKind | undefined {
    if (field === genericField) return this.#generic(bytes, from, to);
    const described = context.described.get(field);
    const scratch = this.#scratch;
    const wire = this.#message;
    wire.open(bytes, from, to);
    while (wire.next()) {
      const known = described?.fields.get(wire.field);
      const isText = wire.type === 2;
      let name = known?.name;
      if (name === undefined) {
        name = this.#fieldNames.get(wire.field) ?? encoder.encode(`field_${wire.field}`);
        if (this.#fieldNames.size < 4096) this.#fieldNames.set(wire.field, name);
      }
      let sort: number = known?.sort ?? (isText ? sorts.bytes : sorts.unsigned);
      // The bytes decide what there is, whatever the description says.
      if (isText !== sort >= sorts.text) sort = isText ? sorts.bytes : sorts.unsigned;
      scratch.add(name, 0, name.length, sort, wire);
    }
    if (wire.isBroken) return undefined;
    if (described !== undefined) return this.#builder.kinds.find(described.key, 0, described.key.length);
    let named = this.#numbered.get(field);
    if (named === undefined) {
      named = this.#builder.kinds.findName('', `ftrace_event_${field}`);
      if (this.#numbered.size < 4096) this.#numbered.set(field, named);
    }
    return named;
  }

  /** The usual form: a name of less than 128 bytes first, then fields as those of the event before. */
  #quick(bytes: Uint8Array, from: number, to: number): KindState | undefined {
    if (to - from < 3 || bytes[from] !== 0x0a) return undefined;
    const nameEnd = from + 2 + bytes[from + 1]!;
    if (bytes[from + 1]! > 0x7f || nameEnd > to) return undefined;
    const named = this.#builder.kinds.find(bytes, from + 2, nameEnd);
    return this.#shapes.quick(named, bytes, nameEnd, to, this.#setting);
  }

  /** GenericFtraceEvent: event_name 1, field 2 { name 1, str_value 3, int_value 4, uint_value 5 }. */
  #generic(bytes: Uint8Array, from: number, to: number): NamedKind | undefined {
    const wire = this.#message;
    const value = this.#value;
    const scratch = this.#scratch;
    let nameStart = from;
    let nameEnd = from;
    wire.open(bytes, from, to);
    while (wire.next()) {
      if (wire.type !== 2) continue;
      if (wire.field === 1) {
        nameStart = wire.start;
        nameEnd = wire.stop;
      } else if (wire.field === 2) {
        let start = wire.start;
        let stop = wire.start;
        let which = 0;
        value.open(bytes, wire.start, wire.stop);
        // The value is written last; whatever follows it would be no value.
        while (value.next()) {
          if (value.field === 1 && value.type === 2) {
            start = value.start;
            stop = value.stop;
          } else if (value.field >= 3 && value.field <= 5) {
            which = value.field;
            if ((which === 3) !== (value.type === 2)) return undefined;
            const sort = which === 3 ? sorts.text : which === 4 ? sorts.signed : sorts.unsigned;
            scratch.add(bytes, start, stop, sort, value);
          }
        }
        if (value.isBroken) return undefined;
      }
    }
    if (wire.isBroken || nameEnd === nameStart) return undefined;
    return this.#builder.kinds.find(bytes, nameStart, nameEnd);
  }
}

const encoder = new TextEncoder();
