/** `perf script` text into events, line by line over bytes. */

import type { EventBatch } from '../../events/batch.ts';
import { type Capture, newCapture } from '../../events/capture.ts';
import { BatchBuilder } from '../builder.ts';
import { learn } from '../facts.ts';
import type { Reader, ReadOptions } from '../format.ts';
import { type LineReader, Lines } from '../lines.ts';
import { kernelArch } from '../sidecar.ts';
import { isRecord, newPerfLine, parsePerfLine, textEnd } from './line.ts';

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
    else if (parsePerfLine(bytes, start, end, this.#line)) this.#event(bytes, end);
    else this.#other(bytes, start, end);
  }

  #event(bytes: Uint8Array, end: number): void {
    const line = this.#line;
    const builder = this.#builder;
    if (isRecord(bytes, line.nameStart, line.nameEnd)) {
      this.#record(bytes, end);
      return;
    }
    if (!this.#sawEvent) this.#firstEvent();
    builder.begin(line.seconds, line.nanoseconds, line.cpu, line.tid, line.pid, this.#comm(bytes), 0);
    const start = Math.min(line.textStart, end);
    builder.text(bytes, line.nameStart, line.nameEnd, start, this.#textEnd(bytes, start, end));
  }

  #textEnd(bytes: Uint8Array, start: number, end: number): number {
    // Only the first events decide whether symbols are printed at all, so that others pay nothing for it.
    if (!this.#sawSymbol && this.#builder.events > 64) return end;
    const stop = textEnd(bytes, start, end, this.#decoder);
    if (stop < end) this.#sawSymbol = true;
    return stop;
  }

  #comm(bytes: Uint8Array): number {
    const { commStart, commEnd } = this.#line;
    if (commEnd <= commStart) return -1;
    // A task whose name perf never learnt is printed as its id (tools/perf/util/thread.c): ":1234".
    if (bytes[commStart] === 58 && /^:-?\d+$/.test(this.#decoder.decode(bytes.subarray(commStart, commEnd)))) return -1;
    return this.capture.strings.internBytes(bytes, commStart, commEnd);
  }

  #firstEvent(): void {
    this.#sawEvent = true;
    const { clock } = this.capture;
    if (this.#line.digits === 9) this.capture.clock = { ...clock, resolution: 1 };
    const missing = [this.#line.commEnd > this.#line.commStart ? '' : 'comm', this.#line.cpu < 0 ? 'cpu' : ''];
    const without = missing.filter((name) => name !== '').join(' and ');
    if (this.#line.digits === 9) this.capture.variant += ', nanoseconds';
    if (without !== '') this.capture.variant += `, without ${without}`;
  }

  /** perf's own records: lost events are losses, tasks and mappings are understood and no events. */
  #record(bytes: Uint8Array, end: number): void {
    const line = this.#line;
    const name = this.#decoder.decode(bytes.subarray(line.nameStart, line.nameEnd));
    if (name === 'PERF_RECORD_LOST' || name === 'PERF_RECORD_LOST_SAMPLES') {
      const text = this.#decoder.decode(bytes.subarray(Math.min(line.textStart, end), end));
      const count = /\blost (\d+)/.exec(text)?.[1];
      this.#builder.lost(line.cpu, count === undefined ? Number.NaN : Number(count), 'lost');
    }
    this.#builder.comment();
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
    } else if (/^ +[0-9a-f]{4,16} \S/.test(text) && this.#sawEvent) {
      this.#builder.comment();
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
