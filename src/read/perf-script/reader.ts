/** `perf script` text into events, line by line over bytes. */

import { own } from '../../base/own.ts';
import type { EventBatch } from '../../events/batch.ts';
import { type Capture, newCapture } from '../../events/capture.ts';
import { matchTemplate } from '../../events/template.ts';
import { BatchBuilder } from '../builder.ts';
import { learn } from '../facts.ts';
import type { Reader, ReadOptions } from '../format.ts';
import type { NamedKind } from '../kind-table.ts';
import { type LineReader, Lines } from '../lines.ts';
import { impossibleTask, isPossible } from '../possible.ts';
import { knownSite } from '../probe-sites.ts';
import { kernelArch } from '../sidecar.ts';
import { CommMemory, ContextMemory, OpeningMemory } from '../tracefs/line-memory.ts';
import { addressStart, isRecord, newPerfLine, parsePerfLine, parseUntimedLine, textEnd } from './line.ts';

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 48 && byte <= 57;

const newline = 10;
const tab = 9;

export class PerfScriptReader implements Reader, LineReader {
  readonly capture: Capture;
  readonly #builder: BatchBuilder;
  readonly #line = newPerfLine();
  readonly #decoder = new TextDecoder();
  readonly #lines: Lines;
  #sawEvent = false;
  /** What lines told beside their times and values. */
  readonly #contexts = new ContextMemory();
  readonly #openings = new OpeningMemory();
  #view: DataView = new DataView(new ArrayBuffer(0));
  #viewed: Uint8Array | undefined;
  /** Address and symbol stand behind events' texts (-F ip,sym): found by the first event that has them. */
  #sawSymbol = false;
  readonly #comms = new CommMemory((bytes, start, end) => this.#commId(bytes, start, end));

  constructor(source: string, options: ReadOptions) {
    this.capture = newCapture(source, 'perf-script', 'lines');
    this.capture.variant = 'perf script text';
    // perf stamps with its own clock (kernel/trace/trace.c lists it as "perf") unless it was told a clockid.
    this.capture.clock = { unit: 'ns', resolution: 1000, name: { value: 'perf', from: 'default' } };
    const definitions = [...(options.probeDefinitions ?? []), ...(options.sidecar?.probeDefinitions ?? [])];
    this.#builder = new BatchBuilder(this.capture, definitions);
    this.#lines = new Lines(this.#builder, this);
  }

  push(given: Uint8Array): EventBatch[] {
    // A Buffer is a Uint8Array of another shape, and code that meets both is slower by a third.
    this.#lines.push(new Uint8Array(given.buffer, given.byteOffset, given.length));
    return this.#builder.take();
  }

  giveBack(batch: EventBatch): void {
    this.#builder.giveBack(batch);
  }

  end(): EventBatch[] {
    this.#lines.end();
    return this.#builder.finish();
  }

  line(bytes: Uint8Array, start: number, end: number): void {
    if (bytes !== this.#viewed) {
      this.#viewed = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    if (this.#rememberedLine(bytes, start, end)) return;
    const builder = this.#builder;
    const first = start < end ? bytes[start] : newline;
    if (first === newline) builder.comment();
    else if (first === 35) this.#header(bytes, start, end);
    else if (first === tab && this.#sawEvent) builder.comment();
    else if (parsePerfLine(bytes, start, end, this.#line)) this.#event(bytes, start, end);
    else if (parseUntimedLine(bytes, start, end, this.#line)) this.#event(bytes, start, end);
    else this.#other(bytes, start, end);
  }

  /** A line whose columns before the time, and whose event, were met before; false when it is no such line, and nothing is done. */
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
    const first = at;
    let seconds = 0;
    for (; isDigit(bytes[at]); at++) seconds = seconds * 10 + bytes[at]! - 48;
    if (at === first || at - first > 9 || bytes[at] !== 46) return false;
    const point = at++;
    let fraction = 0;
    for (; isDigit(bytes[at]) && at - point < 10; at++) fraction = fraction * 10 + bytes[at]! - 48;
    const digits = at - point - 1;
    if ((digits !== 6 && digits !== 9) || bytes[at] !== 58 || bytes[at + 1] !== 32) return false;
    for (at++; bytes[at] === 32; ) at++;
    if (at + 8 > end) return false;
    const opening = this.#openings.find(view, at, end);
    if (opening === undefined) return false;
    const builder = this.#builder;
    const { named, site } = opening;
    let from = at + opening.length;
    while (site === undefined && from < end && bytes[from] === 32) from++;
    builder.begin(
      seconds,
      digits === 6 ? fraction * 1000 : fraction,
      contexts.cpu[slot]!,
      contexts.pid[slot]!,
      contexts.tgid[slot]!,
      contexts.comm[slot]!,
      0,
    );
    if (site !== undefined) from -= site.bytes.length;
    const stop = this.#behindAddress(named, bytes, from, this.#textEnd(bytes, from, end));
    if (site !== undefined) builder.textAtSite(named, site, bytes, from, stop);
    else builder.textAs(named, bytes, from, stop);
    return true;
  }

  #remember(bytes: Uint8Array, start: number, end: number, comm: number, named: NamedKind): void {
    const line = this.#line;
    if (line.digits === 0 || named === this.#builder.kinds.other) return;
    const contexts = this.#contexts;
    const slot = contexts.remember(this.#view, start, line.taskEnd - start);
    if (slot < 0) return;
    contexts.cpu[slot] = line.cpu;
    contexts.pid[slot] = line.tid;
    contexts.tgid[slot] = line.pid;
    contexts.comm[slot] = comm;
    const from = Math.min(line.textStart, end);
    if (from >= end) return;
    const site = named.row ? undefined : knownSite(named.sites, bytes, from, end);
    this.#openings.remember(this.#view, line.nameStart, from - line.nameStart + (site?.bytes.length ?? 0), named, site);
  }

  #event(bytes: Uint8Array, lineStart: number, end: number): void {
    const line = this.#line;
    const builder = this.#builder;
    if (isRecord(bytes, line.nameStart, line.nameEnd)) {
      this.#record(bytes, end);
      return;
    }
    if (!isPossible(line.cpu, line.tid, line.pid)) {
      builder.skip(impossibleTask, bytes, lineStart, end);
      return;
    }
    if (!this.#sawEvent) this.#firstEvent();
    else if (line.digits > 0 !== (this.capture.clock.unit === 'ns')) {
      const reason =
        line.digits > 0 ? 'a time, where the first event has none' : 'no time, where the first event has one';
      builder.skip(`the line has ${reason}`, bytes, lineStart, end);
      return;
    }
    const comm = this.#comms.id(bytes, line.commStart, line.commEnd);
    builder.begin(line.seconds, line.nanoseconds, line.cpu, line.tid, line.pid, comm, 0);
    const start = Math.min(line.textStart, end);
    const stop = this.#textEnd(bytes, start, end);
    const named = builder.kinds.find(bytes, line.nameStart, line.nameEnd);
    if (named === builder.kinds.other) builder.textAs(named, bytes, line.nameStart, stop);
    else builder.textAs(named, bytes, start, this.#behindAddress(named, bytes, start, stop));
    this.#remember(bytes, lineStart, end, comm, named);
  }

  /** An address alone behind the text (-F ip) is cut off, unless the event's own form needs it. */
  #behindAddress(named: NamedKind, bytes: Uint8Array, start: number, end: number): number {
    const cut = addressStart(bytes, start, end);
    // Of an event that nothing knows, nobody could say whose it is.
    if (cut === end || (named.row === undefined && bytes[start] !== 40)) return end;
    const values = this.#builder.fieldValues;
    const fits = (stop: number) =>
      named.templates.some((template) => matchTemplate(template, bytes, start, stop, values));
    return named.row === undefined || fits(cut) || !fits(end) ? cut : end;
  }

  #textEnd(bytes: Uint8Array, start: number, end: number): number {
    // Only the first events decide whether symbols are printed at all, so that others pay nothing for it.
    if (!this.#sawSymbol && this.#builder.events > 64) return end;
    const stop = textEnd(bytes, start, end, this.#decoder);
    if (stop < end) this.#sawSymbol = true;
    return stop;
  }

  #commId(bytes: Uint8Array, commStart: number, commEnd: number): number {
    // A task whose name perf never learnt is printed as its id (tools/perf/util/thread.c): ":1234".
    if (bytes[commStart] === 58 && /^:-?\d+$/.test(this.#decoder.decode(bytes.subarray(commStart, commEnd)))) return -1;
    return this.capture.strings.internBytes(bytes, commStart, commEnd);
  }

  #firstEvent(): void {
    this.#sawEvent = true;
    const { clock } = this.capture;
    if (this.#line.digits === 9) this.capture.clock = { ...clock, resolution: 1 };
    if (this.#line.digits === 0) {
      this.capture.clock = { unit: 'none', resolution: 1 };
      this.capture.remarks.push('perf script was run with -F and without time: only the order is known');
    }
    const missing = [
      this.#line.commEnd > this.#line.commStart ? '' : 'comm',
      this.#line.tid < 0 ? 'tid' : '',
      this.#line.cpu < 0 ? 'cpu' : '',
      this.#line.digits === 0 ? 'time' : '',
    ];
    if (this.#line.tid >= 0 && this.#line.pid < 0 && missing.some((name) => name !== '')) {
      this.capture.remarks.push(
        'the number before the time is taken for the thread: -F pid without tid prints the process there, and looks the same',
      );
    }
    const without = missing.filter((name) => name !== '').join(', ');
    if (this.#line.digits === 9) this.capture.variant += ', nanoseconds';
    if (without !== '') this.capture.variant += `, without ${without}`;
  }

  /** perf's own records: lost events are losses, tasks and mappings are understood and no events. */
  #record(bytes: Uint8Array, end: number): void {
    const line = this.#line;
    const name = this.#decoder.decode(bytes.subarray(line.nameStart, line.nameEnd));
    this.#lostRecord(name, bytes, end);
    this.#builder.comment();
  }

  #lostRecord(name: string, bytes: Uint8Array, end: number): void {
    const line = this.#line;
    if (name === 'PERF_RECORD_LOST' || name === 'PERF_RECORD_LOST_SAMPLES') {
      const text = this.#decoder.decode(bytes.subarray(Math.min(line.textStart, end), end));
      const count = /\blost (\d+)/.exec(text)?.[1];
      this.#builder.lost(line.cpu, count === undefined ? Number.NaN : Number(count), 'lost');
    }
  }

  /** `# os release : 6.1.0-56-arm64` (perf script --header; tools/perf/util/header.c). */
  #header(bytes: Uint8Array, start: number, end: number): void {
    this.#builder.comment();
    if (this.#sawEvent) return;
    const [, key = '', value = ''] =
      /^# ([\w ]*?)\s*: (.*)$/.exec(this.#decoder.decode(bytes.subarray(start, end))) ?? [];
    const said = value.trim();
    if (said === '') return;
    if (key === 'os release') learn(this.capture, 'kernelRelease', said, 'capture');
    else if (key === 'perf version') learn(this.capture, 'tool', `perf version ${said}`, 'capture');
    else if (key === 'cmdline') learn(this.capture, 'command', said, 'capture');
    else if (key === 'arch') learn(this.capture, 'arch', kernelArch(said), 'capture');
    else if (key === 'nrcpus online' && /^\d+$/.test(said)) learn(this.capture, 'cpus', Number(said), 'capture');
    else if (key === 'clockid') {
      const name = own(clockOfId, said.split(' ')[0] ?? '');
      if (name !== undefined) this.capture.clock = { ...this.capture.clock, name: { value: name, from: 'capture' } };
    }
  }

  /** What perf says in between, on stderr: it stands in files made with `2>&1`. */
  #other(bytes: Uint8Array, start: number, end: number): void {
    const text = this.#decoder.decode(bytes.subarray(start, Math.min(end, start + 400)));
    if (/^Processed \d+ events and lost \d+ chunks?!/.test(text)) {
      this.#builder.lost(-1, Number.NaN, 'lost');
      this.#builder.comment();
    } else if (/^Check IO\/CPU overload!|^\[ perf record:|^Warning:/.test(text)) {
      this.#builder.comment();
    } else if (/^PERF_RECORD_[A-Z0-9_]+/.test(text)) {
      // Without the columns in front: records that are no sample's, and files recorded without sample ids.
      const count = /^PERF_RECORD_LOST(?:_SAMPLES)? lost (\d+)/.exec(text)?.[1];
      if (count !== undefined) this.#builder.lost(-1, Number(count), 'lost');
      this.#builder.comment();
    } else if (/^ +[0-9a-f]{4,16} \S/.test(text) && this.#sawEvent) {
      this.#builder.comment();
    } else if (/(?:^|\s)\d+\.(?:\d{6}|\d{9}): /.test(text)) {
      this.#builder.skip('the line names no event: perf script was run with -F and without event', bytes, start, end);
    } else {
      this.#builder.skip('no line of perf script', bytes, start, end);
    }
  }
}

/** perf's `--clockid` names and what the kernel's trace_clock calls the same clock. */
const clockOfId: Readonly<Record<string, string>> = {
  CLOCK_MONOTONIC: 'mono',
  CLOCK_MONOTONIC_RAW: 'mono_raw',
  CLOCK_BOOTTIME: 'boot',
  CLOCK_TAI: 'tai',
  CLOCK_REALTIME: 'real',
};
