/** `perf script` text into events, line by line over bytes. */

import type { EventBatch } from '../../events/batch.ts';
import { type Capture, newCapture } from '../../events/capture.ts';
import { matchTemplate } from '../../events/template.ts';
import { BatchBuilder } from '../builder.ts';
import { learn } from '../facts.ts';
import type { Reader, ReadOptions } from '../format.ts';
import type { NamedKind } from '../kind-table.ts';
import { type LineReader, Lines } from '../lines.ts';
import { kernelArch } from '../sidecar.ts';
import { addressStart, isRecord, newPerfLine, parsePerfLine, parseUntimedLine, textEnd } from './line.ts';

const newline = 10;
const tab = 9;

export class PerfScriptReader implements Reader, LineReader {
  readonly capture: Capture;
  readonly #builder: BatchBuilder;
  readonly #line = newPerfLine();
  readonly #decoder = new TextDecoder();
  readonly #lines: Lines;
  #sawEvent = false;
  /** Address and symbol stand behind events' texts (-F ip,sym): found by the first event that has them. */
  #sawSymbol = false;
  readonly #lastComm = new Uint8Array(16);
  #lastCommLength = -1;
  #lastCommId = -1;

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

  end(): EventBatch[] {
    this.#lines.end();
    return this.#builder.finish();
  }

  line(bytes: Uint8Array, start: number, end: number): void {
    const builder = this.#builder;
    const first = start < end ? bytes[start] : newline;
    if (first === newline) builder.comment();
    else if (first === 35) this.#header(bytes, start, end);
    else if (first === tab && this.#sawEvent) builder.comment();
    else if (parsePerfLine(bytes, start, end, this.#line)) this.#event(bytes, start, end);
    else if (parseUntimedLine(bytes, start, end, this.#line)) this.#event(bytes, start, end);
    else this.#other(bytes, start, end);
  }

  #event(bytes: Uint8Array, lineStart: number, end: number): void {
    const line = this.#line;
    const builder = this.#builder;
    if (isRecord(bytes, line.nameStart, line.nameEnd)) {
      this.#record(bytes, end);
      return;
    }
    if (!this.#sawEvent) this.#firstEvent();
    else if (line.digits > 0 !== (this.capture.clock.unit === 'ns')) {
      const reason =
        line.digits > 0 ? 'a time, where the first event has none' : 'no time, where the first event has one';
      builder.skip(`the line has ${reason}`, bytes, lineStart, end);
      return;
    }
    builder.begin(line.seconds, line.nanoseconds, line.cpu, line.tid, line.pid, this.#comm(bytes), 0);
    const start = Math.min(line.textStart, end);
    const stop = this.#textEnd(bytes, start, end);
    const named = builder.kinds.find(bytes, line.nameStart, line.nameEnd);
    if (named === builder.kinds.other) builder.textAs(named, bytes, line.nameStart, stop);
    else builder.textAs(named, bytes, start, this.#behindAddress(named, bytes, start, stop));
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

  /** The name's id. Events come in runs of one task, and comparing with the name before is cheaper than looking it up. */
  #comm(bytes: Uint8Array): number {
    const { commStart, commEnd } = this.#line;
    const length = commEnd - commStart;
    if (length <= 0) return -1;
    const last = this.#lastComm;
    if (length === this.#lastCommLength) {
      let i = 0;
      while (i < length && bytes[commStart + i] === last[i]) i++;
      if (i === length) return this.#lastCommId;
    }
    this.#lastCommId = this.#commId(bytes, commStart, commEnd);
    this.#lastCommLength = length <= last.length ? length : -1;
    for (let i = 0; i < this.#lastCommLength; i++) last[i] = bytes[commStart + i]!;
    return this.#lastCommId;
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
    else if (key === 'arch') learn(this.capture, 'arch', kernelArch(said), 'capture');
    else if (key === 'nrcpus online' && /^\d+$/.test(said)) learn(this.capture, 'cpus', Number(said), 'capture');
    else if (key === 'clockid') {
      const name = clockOfId[said.split(' ')[0] ?? ''];
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
