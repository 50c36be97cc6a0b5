/**
 * FtraceEventBundle: what one reading of one CPU's buffer brought.
 *
 *     cpu 1 · event 2 (many) · lost_events 3 · compact_sched 4 · ftrace_clock 5 · error 8
 *     last_read_event_timestamp 9 · previous_bundle_end_timestamp 10 · generic_event_descriptors 11
 */
import type { BatchBuilder } from '../builder.ts';
import { readCompact } from './compact.ts';
import { describe } from './describe.ts';
import type { BundleContext, Described } from './events.ts';
import type { Order } from './order.ts';
import { type CompactKinds, CompactRun, compactKinds, EventRun, type LossBefore, type Sink } from './runs.ts';
import { Wire } from './wire.ts';

/** Largest CPU that a bundle is believed to be of: the kernel's NR_CPUS is at most 8192. */
const mostCpus = 8192;

/** Streams that are remembered: more sequences and CPUs than that are no recording's, and only a loss between two bundles is missed. */
const mostStreams = 65536;

/** FtraceClock; a bundle that names none is in the boot clock. */
const clocks = ['boot', 'unknown', 'global', 'local', 'mono_raw'];

/** What is known of the bundles of one CPU in one sequence. */
interface Stream {
  /** Time of the last event so far. */
  hi: number;
  lo: number;
  /** A loss told by a bundle without events: it belongs to the next. */
  pending: LossBefore;
}

export class Bundles {
  readonly #builder: BatchBuilder;
  readonly #sink: Sink;
  readonly #order: Order;
  readonly #streams = new Map<number, Stream>();
  readonly #wire = new Wire();
  #described: ReadonlyMap<number, Described> = new Map();
  #descriptions = 0;
  #kinds: CompactKinds | undefined;
  #clock = -1;

  constructor(sink: Sink, order: Order) {
    this.#builder = sink.builder;
    this.#sink = sink;
    this.#order = order;
  }

  /**
   * Takes the bundle in the range, which is copied; gives back how many events are in it.
   *
   * @param wasDropped packets of the sequence before this one were lost
   */
  add(
    packetBytes: Uint8Array,
    start: number,
    end: number,
    packet: number,
    sequence: number,
    symbols: ReadonlyMap<number, number>,
    wasDropped: boolean,
  ): number {
    const builder = this.#builder;
    const bytes = packetBytes.slice(start, end);
    const wire = this.#wire;
    wire.open(bytes, 0, bytes.length);
    let cpu = -1;
    let events = 0;
    let lastStart = 0;
    let lastStop = 0;
    let compactStart = -1;
    let compactStop = -1;
    let hasLost = false;
    let clock = 0;
    let errors = 0;
    let previousHi = 0;
    let previousLo = 0;
    let whole = 0;
    while (wire.next()) {
      whole = wire.at;
      if (wire.field === 2 && wire.type === 2) {
        events++;
        lastStart = wire.start;
        lastStop = wire.stop;
      } else if (wire.type === 2) {
        if (wire.field === 4) {
          compactStart = wire.start;
          compactStop = wire.stop;
        } else if (wire.field === 8) errors++;
        else if (wire.field === 11) this.#describe(bytes, wire.start, wire.stop);
      } else if (wire.field === 1) cpu = wire.hi === 0 && wire.lo < mostCpus ? wire.lo : mostCpus;
      else if (wire.field === 3) hasLost = wire.lo !== 0;
      else if (wire.field === 5) clock = wire.lo;
      else if (wire.field === 9 || wire.field === 10) {
        previousHi = wire.hi;
        previousLo = wire.lo;
      }
    }
    builder.at = packet;
    if (wire.isBroken) builder.skip('the rest of a damaged bundle', bytes, whole, bytes.length);
    if (cpu < 0 || cpu === mostCpus) {
      builder.skip('a bundle of no CPU, or of one that cannot be', bytes, 0, bytes.length);
      return 1;
    }
    this.#setClock(clock);
    const compact =
      compactStart < 0 ? undefined : readCompact(bytes, compactStart, compactStop, builder.capture.strings);
    const unread = compactStart < 0 ? 0 : compact === undefined ? 1 : compact.damaged;
    for (let i = 0; i < unread; i++) {
      builder.skip('compact sched events that are damaged', bytes, compactStart, compactStop);
    }

    const key = queueKey(sequence, cpu);
    const before = this.#streams.get(key);
    const stream = before ?? { hi: 0, lo: 0, pending: undefined };
    const isKept = before !== undefined || this.#streams.size < mostStreams;
    if (before === undefined && isKept) this.#streams.set(key, stream);
    let loss: LossBefore = stream.pending;
    if (hasLost || errors > 0) loss = 'lost';
    else if (wasDropped || isLater(previousHi, previousLo, stream.hi, stream.lo)) {
      // The first bundle of a CPU goes on from one that is not in the file: the trace's own buffer went round.
      loss ??= before === undefined ? 'buffer started' : 'dropped';
    }
    if (errors > 0) this.#remark('the recorder could not read some pages of the kernel (FtraceError), which are lost');

    const context: BundleContext = { cpu, packet, symbols, described: this.#described };
    const rows = (compact?.switches.length ?? 0) + (compact?.wakings.length ?? 0);
    if (events + rows === 0) {
      stream.pending = loss;
      if (!isKept && loss !== undefined) builder.lost(cpu, Number.NaN, loss);
      return unread;
    }
    stream.pending = undefined;
    const runs: [key: number, run: EventRun | CompactRun][] = [];
    if (compact !== undefined) {
      this.#kinds ??= compactKinds(builder);
      for (const [columns, isSwitch] of [[compact.switches, true] as const, [compact.wakings, false] as const]) {
        if (columns.length === 0) continue;
        this.#seen(stream, columns.hi[columns.length - 1]!, columns.lo[columns.length - 1]!);
        const run = new CompactRun(this.#sink, context, this.#kinds, columns, isSwitch);
        runs.push([key * 3 + (isSwitch ? 1 : 2), run]);
      }
    }
    if (events > 0) {
      this.#seenLast(stream, bytes, lastStart, lastStop);
      const run = new EventRun(this.#sink, context, bytes, wire.isBroken ? whole : bytes.length);
      if (run.next()) runs.push([key * 3, run]);
    }
    if (loss !== undefined && runs.length > 0) {
      // What was lost lies before all of them.
      const [[, first]] = runs.sort(([, a], [, b]) => a.hi - b.hi || a.lo - b.lo) as [[number, EventRun]];
      first.lossBefore = loss;
    }
    for (const [queue, run] of runs) this.#order.add(queue, run);
    return events + rows + unread;
  }

  /** Losses after which no event came. */
  end(): void {
    for (const [key, stream] of this.#streams) {
      if (stream.pending !== undefined) this.#builder.lost(key % mostCpus, Number.NaN, stream.pending);
    }
  }

  #seen(stream: Stream, hi: number, lo: number): void {
    if (!isLater(hi, lo, stream.hi, stream.lo)) return;
    stream.hi = hi;
    stream.lo = lo;
  }

  #seenLast(stream: Stream, bytes: Uint8Array, start: number, stop: number): void {
    const { wire } = this.#sink;
    wire.open(bytes, start, stop);
    while (wire.next()) {
      if (wire.field !== 1 || wire.type !== 0) continue;
      this.#seen(stream, wire.hi, wire.lo);
      return;
    }
  }

  #describe(bytes: Uint8Array, start: number, stop: number): void {
    const found = describe(bytes, start, stop);
    // The recorder numbers a few hundred events at most.
    if (found === undefined || this.#descriptions === 2048) return;
    const [number, described] = found;
    if (isSame(this.#described.get(number), described)) return;
    this.#descriptions++;
    // A new map: bundles that wait keep the descriptions of their time.
    this.#described = new Map(this.#described).set(number, described);
  }

  #setClock(clock: number): void {
    if (clock === this.#clock) return;
    const name = clocks[clock] ?? `number ${clock}`;
    const { capture } = this.#builder;
    if (this.#clock < 0) {
      this.#clock = clock;
      capture.clock = { unit: 'ns', resolution: 1, name: { value: name, from: 'capture' } };
      return;
    }
    // A number that nobody knows is not said: a damaged trace may have any number of them.
    const told = clocks[clock] === undefined ? 'another clock' : `the clock ${name}`;
    this.#remark(`some bundles are in ${told}: their times are kept as they are, among those of the first`);
  }

  #remark(text: string): void {
    const { remarks } = this.#builder.capture;
    if (!remarks.includes(text)) remarks.push(text);
  }
}

/** One number for a sequence and a CPU. Sequences are 32 bits wide; CPUs have 13. */
function queueKey(sequence: number, cpu: number): number {
  return sequence * mostCpus + cpu;
}

function isLater(hi: number, lo: number, thanHi: number, thanLo: number): boolean {
  return hi > thanHi || (hi === thanHi && lo > thanLo);
}

function isSame(known: Described | undefined, other: Described): boolean {
  if (known === undefined || known.fields.size !== other.fields.size || !isEqual(known.key, other.key)) return false;
  for (const [number, field] of other.fields) {
    const one = known.fields.get(number);
    if (one === undefined || one.sort !== field.sort || !isEqual(one.name, field.name)) return false;
  }
  return true;
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
