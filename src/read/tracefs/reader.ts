/**
 * Reads tracefs text: a byte scanner over chunks of any size.
 *
 * Each line becomes exactly one of: an event decoded, an event kept generically, a comment (header, stack, blank, loss and
 * marker continuation lines), or a skip with its reason.
 */
import type { EventBatch } from '../../events/batch.ts';
import { type Capture, newCapture } from '../../events/capture.ts';
import { BatchBuilder, isBlank, type Origin } from '../builder.ts';
import type { Reader, ReadOptions } from '../format.ts';
import { sketchOf, takeKinds } from '../kind-sketch.ts';
import type { NamedKind } from '../kind-table.ts';
import { type LineReader, Lines } from '../lines.ts';
import { impossibleTask, isPossible } from '../possible.ts';
import { knownSite } from '../probe-sites.ts';
import {
  type FrontReader,
  joinPart,
  newPartReader,
  type Part,
  type PartReader,
  type PartReaders,
  type PartStart,
  partOf,
  type Seed,
  startPart,
} from '../text-ranges.ts';
import { type LineContext, nameEnd, newLineContext, unitOf } from './context.ts';
import { graphRemark, graphTextEnd } from './graph.ts';
import { readHeaderLine } from './header.ts';
import { chooseLayout, type Layout, layouts, startsWith, voteSize } from './layout.ts';
import { CommMemory, ContextMemory, OpeningMemory } from './line-memory.ts';

export function openTracefs(source: string, options: ReadOptions): Reader & FrontReader<TracefsSeed> {
  const definitions = [...(options.probeDefinitions ?? []), ...(options.sidecar?.probeDefinitions ?? [])];
  return new TracefsReader(source, definitions);
}

/** What a reader of a part must know of the text before it. */
export interface TracefsSeed extends Seed {
  readonly layout: Layout['id'];
  readonly clock: Capture['clock'];
}

/**
 * Reads parts, each of which begins with an event's line (`cutIn`).
 *
 * @param id no other reader of the same text has it
 */
export function openTracefsPart(seed: TracefsSeed, id = 0): PartReader {
  const reader = new TracefsReader('', seed.definitions);
  reader.takeSeed(seed);
  return newPartReader(reader, id);
}

class TracefsReader implements FrontReader<TracefsSeed>, LineReader {
  readonly capture: Capture;
  readonly #builder: BatchBuilder;
  readonly #definitions: readonly string[];
  #layout: Layout | undefined;
  /** The beginning of the input, kept until the layout is known. */
  readonly #head = new Uint8Array(voteSize);
  #headLength = 0;
  readonly #lines: Lines;
  readonly #context: LineContext = newLineContext();
  /** The event before was a marker, which may go on over several lines. */
  #inMarker = false;
  #unit: Capture['clock']['unit'] | undefined;
  #stacks = 0;
  #sawTgid = false;
  readonly #comms = new CommMemory((bytes, start, end) => this.#commId(bytes, start, end));
  readonly #contexts = new ContextMemory();
  readonly #openings = new OpeningMemory();
  /** The bytes of the line at hand, for four at a time. */
  #view: DataView = new DataView(new ArrayBuffer(0));
  #viewed: Uint8Array | undefined;
  readonly #partReaders: PartReaders = new Map();
  #partOrigin: Origin = { high: 0, low: 0 };
  readonly #function: NamedKind;
  readonly #unnamed: NamedKind;

  constructor(source: string, definitions: readonly string[]) {
    this.capture = newCapture(source, 'tracefs', 'lines');
    this.#definitions = definitions;
    this.#builder = new BatchBuilder(this.capture, definitions);
    this.#lines = new Lines(this.#builder, this);
    this.#function = this.#builder.kinds.findName('ftrace', 'function');
    this.#unnamed = this.#builder.kinds.findName('ftrace', 'unnamed');
  }

  push(given: Uint8Array): EventBatch[] {
    // A Buffer is a Uint8Array of another shape, and code that meets both is slower by a third.
    const chunk = new Uint8Array(given.buffer, given.byteOffset, given.length);
    // The same bytes decide on the layout however they are cut.
    const missing = this.#layout ? 0 : Math.min(voteSize - this.#headLength, chunk.length);
    this.#head.set(chunk.subarray(0, missing), this.#headLength);
    this.#headLength += missing;
    if (!this.#layout && this.#headLength === voteSize) this.#begin();
    if (this.#layout) this.#lines.push(chunk.subarray(missing));
    return this.#builder.take();
  }

  giveBack(batch: EventBatch): void {
    this.#builder.giveBack(batch);
  }

  end(): EventBatch[] {
    if (!this.#layout) this.#begin();
    this.#lines.end();
    this.#describe();
    return this.#builder.finish();
  }

  #begin(): void {
    const head = this.#head.subarray(0, this.#headLength);
    this.#layout = chooseLayout(head).layout;
    this.#lines.push(head);
  }

  seed(): TracefsSeed | undefined {
    const kinds = sketchOf(this.#builder.kinds);
    // Events in a graph are too few to be cut at.
    if (this.#layout === undefined || this.#layout.id === 'graph') return undefined;
    // Before the first event nobody knows what times count from, nor of what kind they are.
    if (this.#unit === undefined || kinds === undefined) return undefined;
    return {
      layout: this.#layout.id,
      clock: this.capture.clock,
      origin: this.#builder.origin,
      definitions: this.#definitions,
      kinds,
    };
  }

  /** A part begins with an event: other lines may go on with a marker's text. */
  cutIn(bytes: Uint8Array): number {
    const context = newLineContext();
    for (let start = bytes.indexOf(10) + 1; start > 0; ) {
      const next = bytes.indexOf(10, start);
      if (next < 0) return -1;
      const end = bytes[next - 1] === 13 && next > start ? next - 1 : next;
      const isEvent = bytes[start] !== 35 && this.#layout!.read(bytes, start, end, context);
      if (isEvent && unitOf(context) === this.#unit && !startsWith(bytes, context.textStart, '<')) return start;
      start = next + 1;
    }
    return -1;
  }

  take(part: Part): EventBatch[] | undefined {
    if (!joinPart(this.#builder, part, this.#partReaders)) return undefined;
    this.#stacks += part.own['stacks']!;
    this.#sawTgid ||= part.own['tgids']! > 0;
    this.#inMarker = false;
    return this.#builder.take();
  }

  takeSeed(seed: TracefsSeed): void {
    this.#layout = layouts.find((layout) => layout.id === seed.layout)!;
    this.#unit = seed.clock.unit;
    this.capture.clock = seed.clock;
    this.#partOrigin = seed.origin;
    takeKinds(this.#builder.kinds, seed.kinds, 0);
  }

  startPart(id: number, turn: number): PartStart {
    this.#inMarker = false;
    this.#stacks = 0;
    return startPart(this.#builder, this.#partOrigin, id, turn);
  }

  finishPart(batches: EventBatch[], start: PartStart, bytes: number): Part {
    this.#lines.end();
    batches.push(...this.#builder.finish());
    const own = { stacks: this.#stacks, tgids: this.#sawTgid ? 1 : 0 };
    return partOf(this.#builder, batches, start, bytes, own);
  }

  line(bytes: Uint8Array, start: number, end: number): void {
    if (bytes !== this.#viewed) {
      this.#viewed = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    if (this.#rememberedLine(bytes, start, end)) return;
    const layout = this.#layout!;
    if (bytes[start] !== 35 && layout.read(bytes, start, end, this.#context)) {
      if (layout.id !== 'graph') this.#event(bytes, start, end);
      else if (this.#context.textStart < 0) this.#builder.comment();
      else this.#event(bytes, start, graphTextEnd(bytes, this.#context.textStart, end));
    } else this.#other(bytes, start, end);
  }

  /**
   * A line whose context was met before, with a time of six decimals; false when it is no such line, and nothing is done.
   * Halves the time from a line to its event (a third of the whole reader).
   */
  #rememberedLine(bytes: Uint8Array, start: number, end: number): boolean {
    const contexts = this.#contexts;
    const { width } = contexts;
    if (width === 0 || end - start < width + 24) return false;
    const view = this.#view;
    const slot = contexts.find(view, start);
    if (slot < 0) return false;
    let at = start + width;
    if (bytes[at] !== 32) return false;
    while (bytes[at] === 32) at++;
    let seconds = 0;
    const first = at;
    for (; at < end; at++) {
      const digit = bytes[at]! - 48;
      if (digit < 0 || digit > 9) break;
      seconds = seconds * 10 + digit;
    }
    if (at === first || at - first > 9 || at + 17 > end || bytes[at] !== 46) return false;
    let micros = 0;
    for (let i = 1; i < 7; i++) {
      const digit = bytes[at + i]! - 48;
      if (digit < 0 || digit > 9) return false;
      micros = micros * 10 + digit;
    }
    if (bytes[at + 7] !== 58 || bytes[at + 8] !== 32) return false;
    const textStart = at + 9;
    const opening = this.#openings.find(view, textStart, end);
    if (opening === undefined) return false;
    const builder = this.#builder;
    const { named, site } = opening;
    builder.begin(
      seconds,
      micros * 1000,
      contexts.cpu[slot]!,
      contexts.pid[slot]!,
      contexts.tgid[slot]!,
      contexts.comm[slot]!,
      contexts.flags[slot]!,
    );
    const from = textStart + opening.length;
    if (site !== undefined) builder.textAtSite(named, site, bytes, from - site.bytes.length, end);
    else builder.textAs(named, bytes, from, end);
    this.#inMarker = named.row === undefined && named.probes.length === 0;
    return true;
  }

  /** Keeps what an event's line told beside its time and values. */
  #remember(bytes: Uint8Array, start: number, end: number, comm: number, named: NamedKind, from: number): void {
    const context = this.#context;
    if (this.#layout!.id !== 'default' || context.resolution !== 1000 || named === this.#builder.kinds.other) return;
    const contexts = this.#contexts;
    const slot = contexts.remember(this.#view, start, context.timeStart - start);
    if (slot < 0) return;
    contexts.cpu[slot] = context.cpu;
    contexts.pid[slot] = context.pid;
    contexts.tgid[slot] = context.tgid;
    contexts.comm[slot] = comm;
    contexts.flags[slot] = context.flags;
    const { textStart } = context;
    // `name: `, and nothing else: other openings are rare, or different in every line.
    if (from < textStart + 2 || from >= end || bytes[from - 2] !== 58 || bytes[from - 1] !== 32) return;
    const site = named.row ? undefined : knownSite(named.sites, bytes, from, end);
    this.#openings.remember(this.#view, textStart, from - textStart + (site?.bytes.length ?? 0), named, site);
  }

  /** A line that is no event. */
  #other(bytes: Uint8Array, start: number, end: number): void {
    const builder = this.#builder;
    if (start === end || isBlank(bytes, start, end)) {
      if (this.#inMarker) builder.extend(bytes, start, end);
      builder.comment();
    } else if (bytes[start] === 35) {
      readHeaderLine(bytes, start, end, builder);
      builder.comment();
    } else if (startsWith(bytes, start, ' => ')) builder.comment();
    else if (startsWith(bytes, start, 'CPU:') && this.#lostLine(bytes, start, end)) builder.comment();
    else if (this.#layout!.id === 'graph' && startsWith(bytes, start, ' -----')) builder.comment();
    else if (this.#inMarker) {
      builder.extend(bytes, start, end);
      builder.comment();
    } else builder.skip('the line is no event in this layout', bytes, start, end);
  }

  /** `CPU:3 [LOST 278 EVENTS]`, or `CPU:3 [LOST EVENTS]` (kernel/trace/trace.c print_trace_line()). */
  #lostLine(bytes: Uint8Array, start: number, end: number): boolean {
    const match = /^CPU:(\d+) \[LOST (?:(\d+) )?EVENTS\]\s*$/.exec(
      String.fromCharCode(...bytes.subarray(start, Math.min(end, start + 80))),
    );
    if (!match) return false;
    this.#builder.lost(Number(match[1]), match[2] === undefined ? Number.NaN : Number(match[2]), 'lost');
    return true;
  }

  #event(bytes: Uint8Array, start: number, end: number): void {
    const builder = this.#builder;
    const context = this.#context;
    if (!isPossible(context.cpu, context.pid, context.tgid)) {
      builder.skip(impossibleTask, bytes, start, end);
      return;
    }
    const unit = unitOf(context);
    if (unit !== this.#unit && !this.#setUnit(unit)) {
      builder.skip('the time is of another kind than that of the first event', bytes, start, end);
      return;
    }
    const textStart = context.textStart;
    const behind = nameEnd(bytes, textStart, end);
    let named: NamedKind;
    let from = behind;
    if (behind > textStart && bytes[behind] === 58 && (behind + 1 === end || bytes[behind + 1] === 32)) {
      from = Math.min(behind + 2, end);
      if (this.#layout!.id === 'raw') {
        named = builder.kinds.find(bytes, textStart, behind);
        // `type: 512`: the event's number is all there is to name it by.
        if (named.name === 'type') {
          named = builder.kinds.findName(
            'type',
            String.fromCharCode(...bytes.subarray(from, Math.min(end, from + 20))).trim(),
          );
          from = end;
        }
      } else named = builder.kinds.find(bytes, textStart, behind);
      if (named === builder.kinds.other) from = textStart;
    } else if (startsWith(bytes, textStart, '<stack trace>') || startsWith(bytes, textStart, '<user stack trace>')) {
      this.#stacks++;
      this.#inMarker = false;
      builder.comment();
      return;
    } else {
      from = textStart;
      named = this.#unusual(bytes, textStart, behind, end);
    }
    const comm = this.#comms.id(bytes, context.commStart, context.commEnd);
    if (context.tgid >= 0) this.#sawTgid = true;
    builder.begin(context.seconds, context.nanoseconds, context.cpu, context.pid, context.tgid, comm, context.flags);
    builder.textAs(named, bytes, from, end);
    this.#inMarker = named.row === undefined && named.probes.length === 0;
    this.#remember(bytes, start, end, comm, named, from);
  }

  /** What has no `name: ` before its text: syscalls by their own names, and the function tracer. */
  #unusual(bytes: Uint8Array, start: number, nameEnd: number, end: number): NamedKind {
    // `sys_move_pages(pid: 0, ...)`, `sys_move_pages -> 0x0` (kernel/trace/trace_syscalls.c): events sys_enter_*, sys_exit_*.
    if (startsWith(bytes, start, 'sys_')) {
      const isExit = startsWith(bytes, nameEnd, ' -> ');
      if (isExit || bytes[nameEnd] === 40) {
        const call = String.fromCharCode(...bytes.subarray(start + 4, Math.min(nameEnd, start + 64)));
        return this.#builder.kinds.findName('syscalls', `sys_${isExit ? 'exit' : 'enter'}_${call}`);
      }
    }
    // `function <-caller`, or `function` alone (print-parent off); with arguments it stays text, for they differ each time.
    let at = nameEnd;
    while (at < end && bytes[at] === 32) at++;
    const isFunction = at > start && (at === end || (bytes[at] === 60 && bytes[at + 1] === 45));
    return isFunction ? this.#function : this.#unnamed;
  }

  /** The kernel prints <...> for a task whose name was pushed out of its cache of names (trace_find_cmdline()). */
  #commId(bytes: Uint8Array, start: number, end: number): number {
    const isUnknown = end - start === 5 && startsWith(bytes, start, '<...>');
    return isUnknown ? -1 : this.capture.strings.internBytes(bytes, start, end);
  }

  /** The first event decides what the time is; false for an event of another kind. */
  #setUnit(unit: Capture['clock']['unit']): boolean {
    if (this.#unit !== undefined) return false;
    this.#unit = unit;
    const resolution = unit === 'ns' ? this.#context.resolution : 1;
    this.capture.clock = { ...this.capture.clock, unit, resolution };
    return true;
  }

  #describe(): void {
    const { capture } = this;
    const layout = this.#layout!;
    const parts = [layout.title];
    if (this.#sawTgid) parts.push('tgid');
    if (this.#unit === 'integer') parts.push('integer clock');
    capture.variant = `tracefs text, ${parts.join(', ')}`;
    if (layout.id === 'latency') {
      capture.remarks.push('latency format: names of tasks are cut at 8 characters, times count from the first entry');
    }
    if (layout.id === 'bare')
      capture.remarks.push('recorded with context-info off: no task, CPU or time, only the order');
    if (layout.id === 'graph') capture.remarks.push(graphRemark);
    if (layout.id === 'raw') capture.remarks.push('recorded with the raw option: events have a number, no fields');
    const header = capture.header;
    const seen = capture.events + this.#stacks;
    if (header && header.entries !== seen) {
      capture.remarks.push(`the header counts ${header.entries} entries, the text holds ${seen}`);
    }
  }
}
