/**
 * Reads a Perfetto trace: packets one after the other, of which those with ftrace events make events, and a few others tell
 * about the recording. docs/formats/perfetto.md is its page.
 *
 * The books count records: an ftrace event is one, and so is every packet that brings none.
 */
import type { EventBatch } from '../../events/batch.ts';
import { type Capture, newCapture } from '../../events/capture.ts';
import { BatchBuilder } from '../builder.ts';
import type { Reader, ReadOptions } from '../format.ts';
import { Bundles } from './bundle.ts';
import { EventDecoder } from './events.ts';
import {
  FtraceStats,
  readKernelSymbols,
  readProcessStats,
  readProcessTree,
  readSystemInfo,
  readTraceConfig,
  readTraceStats,
} from './facts.ts';
import { Order } from './order.ts';
import { type PacketReader, Packets } from './packets.ts';
import type { Sink } from './runs.ts';
import { Tasks } from './tasks.ts';
import { unpackPackets } from './unpack.ts';
import { Wire } from './wire.ts';

/** @param window bytes of bundles held for putting events in order; tests give small ones */
export function openPerfetto(source: string, options: ReadOptions, window?: number): Reader {
  return new PerfettoReader(source, options, window);
}

/** Fields of TracePacket (protos/perfetto/trace/trace_packet.proto). */
const fields = {
  ftraceEvents: 1,
  processTree: 2,
  processStats: 9,
  sequence: 10,
  internedData: 12,
  sequenceFlags: 13,
  traceConfig: 33,
  ftraceStats: 34,
  traceStats: 35,
  stateCleared: 41,
  previousDropped: 42,
  systemInfo: 45,
  compressed: 50,
  firstOnSequence: 87,
  machine: 98,
  zstdCompressed: 133,
} as const;

/** Sequences whose symbols are remembered. */
const mostSequences = 65536;

class PerfettoReader implements Reader, PacketReader {
  readonly capture: Capture;
  readonly #builder: BatchBuilder;
  readonly #tasks: Tasks;
  readonly #order: Order;
  readonly #bundles: Bundles;
  readonly #stats = new FtraceStats();
  readonly #packets = new Packets(this);
  readonly #wire = new Wire();
  /** Kernel symbols by sequence; a sequence that starts anew gets a new map, so that bundles which wait keep theirs. */
  readonly #symbols = new Map<number, Map<number, number>>();
  #number = 0;
  #isInside = false;
  #overwritten = 0;
  #lost = 0;
  #bundleCount = 0;
  /** Numbers of machines other than the one that recorded (virtual machines, mostly). */
  readonly #machines = new Set<number>();

  constructor(source: string, options: ReadOptions, window: number | undefined) {
    this.capture = newCapture(source, 'perfetto', 'records');
    this.capture.variant = 'Perfetto trace';
    this.capture.clock = { unit: 'ns', resolution: 1 };
    const definitions = [...(options.probeDefinitions ?? []), ...(options.sidecar?.probeDefinitions ?? [])];
    this.#builder = new BatchBuilder(this.capture, definitions);
    this.#tasks = new Tasks(this.capture.strings);
    const decoder = new EventDecoder(this.#builder, this.#tasks);
    const sink: Sink = { builder: this.#builder, tasks: this.#tasks, decoder, wire: new Wire() };
    this.#order = new Order(window);
    this.#bundles = new Bundles(sink, this.#order);
  }

  push(given: Uint8Array): EventBatch[] {
    // A Buffer is a Uint8Array of another shape, and code that meets both is slower by a third.
    this.#packets.push(new Uint8Array(given.buffer, given.byteOffset, given.length));
    return this.#builder.take();
  }

  giveBack(batch: EventBatch): void {
    this.#builder.giveBack(batch);
  }

  end(): EventBatch[] {
    this.#packets.end();
    this.#order.flush();
    this.#bundles.end();
    this.#stats.end(this.capture);
    this.#describe();
    return this.#builder.finish();
  }

  damaged(reason: string, bytes: Uint8Array, start: number, end: number): void {
    this.#builder.at = ++this.#number;
    this.#builder.skip(this.#isInside ? `${reason}, inside packed ones` : reason, bytes, start, end);
  }

  packet(bytes: Uint8Array, start: number, end: number): void {
    const number = ++this.#number;
    const wire = this.#wire;
    let sequence = 0;
    let isCleared = false;
    let wasDropped = false;
    let isFirst = false;
    let machine = 0;
    let bundleStart = -1;
    let bundleStop = -1;
    let internedStart = -1;
    let internedStop = -1;
    let packed: Uint8Array | undefined;
    let packing: 'zlib' | 'zstd' = 'zlib';
    wire.open(bytes, start, end);
    while (wire.next()) {
      switch (wire.field) {
        case fields.ftraceEvents:
          bundleStart = wire.start;
          bundleStop = wire.stop;
          break;
        case fields.internedData:
          internedStart = wire.start;
          internedStop = wire.stop;
          break;
        case fields.sequence:
          sequence = wire.lo;
          break;
        case fields.sequenceFlags:
          isCleared ||= (wire.lo & 1) !== 0;
          break;
        case fields.stateCleared:
          isCleared ||= wire.lo !== 0;
          break;
        case fields.previousDropped:
          wasDropped = wire.lo !== 0;
          break;
        case fields.firstOnSequence:
          isFirst = wire.lo !== 0;
          break;
        case fields.machine:
          machine = wire.lo;
          break;
        case fields.compressed:
        case fields.zstdCompressed:
          packed = bytes.slice(wire.start, wire.stop);
          packing = wire.field === fields.compressed ? 'zlib' : 'zstd';
          break;
        default:
          if (wire.type === 2) this.#fact(wire.field, bytes.subarray(wire.start, wire.stop), number);
      }
    }
    this.#builder.at = number;
    if (packed !== undefined) {
      this.#unpack(packed, packing);
      return;
    }
    // Kernel symbols come with the bundle that uses them first, and behind it.
    if (isCleared) this.#symbols.delete(sequence);
    if (internedStart >= 0) this.#intern(sequence, bytes.subarray(internedStart, internedStop));
    let records = 0;
    if (bundleStart >= 0) {
      this.#bundleCount++;
      if (machine !== 0 && this.#machines.size < 1000) this.#machines.add(machine);
      const symbols = this.#symbols.get(sequence) ?? noSymbols;
      const dropped = wasDropped && !isFirst;
      records = this.#bundles.add(bytes, bundleStart, bundleStop, number, sequence, symbols, dropped);
    }
    this.#builder.at = number;
    if (records === 0) this.#builder.comment();
  }

  #fact(field: number, bytes: Uint8Array, number: number): void {
    const { capture } = this;
    switch (field) {
      case fields.processTree:
        readProcessTree(bytes, capture, this.#tasks);
        return;
      case fields.processStats:
        readProcessStats(bytes, this.#tasks);
        return;
      case fields.systemInfo:
        readSystemInfo(bytes, capture);
        return;
      case fields.traceConfig:
        readTraceConfig(bytes, capture);
        return;
      case fields.ftraceStats:
        this.#stats.read(bytes, `record ${number}`);
        return;
      case fields.traceStats: {
        const { overwritten, lost } = readTraceStats(bytes);
        this.#overwritten = Math.max(this.#overwritten, overwritten);
        this.#lost = Math.max(this.#lost, lost);
      }
    }
  }

  #intern(sequence: number, bytes: Uint8Array): void {
    let symbols = this.#symbols.get(sequence);
    if (symbols === undefined) {
      if (this.#symbols.size === mostSequences) return;
      symbols = new Map();
      this.#symbols.set(sequence, symbols);
    }
    readKernelSymbols(bytes, this.capture, symbols);
  }

  #unpack(packed: Uint8Array, packing: 'zlib' | 'zstd'): void {
    const plain = this.#isInside ? 'packed packets inside packed ones' : unpackPackets(packed, packing);
    if (typeof plain === 'string') {
      this.#builder.skip(plain, packed, 0, packed.length);
      return;
    }
    this.#isInside = true;
    const inner = new Packets(this);
    inner.push(plain);
    inner.end();
    this.#isInside = false;
  }

  #describe(): void {
    const { remarks } = this.capture;
    if (this.#bundleCount === 0) remarks.push('the trace holds no ftrace events: it was recorded without linux.ftrace');
    if (this.#machines.size > 0) {
      remarks.push(
        `the trace holds events of ${this.#machines.size} other machines: their CPUs, tasks and times are not told apart`,
      );
    }
    if (this.#overwritten > 0) {
      remarks.push(
        `the trace's own buffer went round: ${this.#overwritten} chunks were overwritten before they were read`,
      );
    }
    if (this.#lost > 0) remarks.push(`the tracing service lost ${this.#lost} packets or chunks on their way to it`);
  }
}

const noSymbols: ReadonlyMap<number, number> = new Map();
