/** The text of trace-cmd report into events, line by line over bytes. Each line is one of: event, comment, skip with its reason. */
import type { EventBatch } from '../../events/batch.ts';
import { type Capture, newCapture } from '../../events/capture.ts';
import type { EventRow } from '../../events/catalog.ts';
import { BatchBuilder, isBlank } from '../builder.ts';
import { learn } from '../facts.ts';
import type { Reader, ReadOptions } from '../format.ts';
import type { NamedKind } from '../kind-table.ts';
import { type LineReader, Lines } from '../lines.ts';
import { impossibleTask, isPossible } from '../possible.ts';
import { startsWith } from '../tracefs/layout.ts';
import { newReportLine, parseReportLine, prefixOf, type ReportLine } from './line.ts';
import { RecordReader } from './record.ts';

const failed = '[FAILED TO PARSE]';

/** What trace-cmd prints of a file before and between its events. */
const otherLines: readonly RegExp[] = [
  /^CPU \d+ is empty$/, // 2.9: tracecmd_init_data()
  /^CPU:\d+ \[SUBBUFFER START\]/, // --debug
  /^(?:Average wakeup latency|(?:Maximum|Minimum) Latency): /, // -w
  /^RT task timings:$/,
];

/** Most names of buffers that are remembered for the remark. */
const mostBuffers = 64;

export class TraceCmdReportReader implements Reader, LineReader {
  readonly capture: Capture;
  readonly #builder: BatchBuilder;
  readonly #lines: Lines;
  readonly #line: ReportLine = newReportLine();
  readonly #decoder = new TextDecoder();
  readonly #records = new Map<EventRow, RecordReader>();
  /** Bytes before each line that name its buffer or file. */
  #prefix = 0;
  readonly #buffers = new Map<string, number>();
  #unit: Capture['clock']['unit'] | undefined;
  #sawRecord = false;
  #sawLatency = false;
  #isStack = false;
  #failed = 0;

  constructor(source: string, options: ReadOptions) {
    this.capture = newCapture(source, 'trace-cmd-report', 'lines');
    const definitions = [...(options.probeDefinitions ?? []), ...(options.sidecar?.probeDefinitions ?? [])];
    this.#builder = new BatchBuilder(this.capture, definitions);
    this.#lines = new Lines(this.#builder, this);
    learn(this.capture, 'tool', 'trace-cmd', 'capture');
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
    this.#describe();
    return this.#builder.finish();
  }

  line(bytes: Uint8Array, start: number, end: number): void {
    if (start === end) this.#builder.comment();
    else if (parseReportLine(bytes, start, end, this.#prefix, this.#line)) this.#event(bytes, start, end);
    else this.#other(bytes, start, end);
  }

  #event(bytes: Uint8Array, start: number, end: number): void {
    const builder = this.#builder;
    const line = this.#line;
    if (!isPossible(line.cpu, line.pid, -1)) {
      builder.skip(impossibleTask, bytes, start, end);
      return;
    }
    const unit = line.resolution > 0 ? 'ns' : 'integer';
    if (this.#unit === undefined) {
      this.#unit = unit;
      this.capture.clock = { ...this.capture.clock, unit, resolution: unit === 'ns' ? line.resolution : 1 };
    } else if (unit !== this.#unit) {
      builder.skip('the time is of another kind than that of the first event', bytes, start, end);
      return;
    }
    // Of a record behind a gap, the name of its buffer stands before the line that tells of the gap.
    if (this.#prefix > 0 && line.commStart >= start + this.#prefix) this.#countBuffer(bytes, start);
    if (startsWith(bytes, line.textStart, '<stack trace')) {
      this.#isStack = true;
      builder.comment();
      return;
    }
    this.#isStack = false;
    if (line.isLatency) this.#sawLatency = true;
    const { capture } = this;
    const isForgotten = line.commEnd - line.commStart === 5 && startsWith(bytes, line.commStart, '<...>');
    const comm =
      isForgotten || line.commEnd <= line.commStart
        ? -1
        : capture.strings.internBytes(bytes, line.commStart, line.commEnd);
    builder.begin(line.seconds, line.nanoseconds, line.cpu, line.pid, -1, comm, line.flags);
    const named = builder.kinds.find(bytes, line.nameStart, line.nameEnd);
    const isUnparsed = startsWith(bytes, line.textStart, failed);
    if (isUnparsed) this.#failed++;
    if (line.isRecord) this.#sawRecord = true;
    const text = named === builder.kinds.other ? line.nameStart : line.textStart;
    if (
      (line.isRecord || isUnparsed) &&
      named.row !== undefined &&
      this.#record(named, named.row, bytes, isUnparsed ? text + failed.length : text, end, isUnparsed)
    ) {
      return;
    }
    builder.textAs(named, bytes, text, end);
  }

  /** A record printed field by field; false when the text is none (then it is read as any other). */
  #record(
    named: NamedKind,
    row: EventRow,
    bytes: Uint8Array,
    start: number,
    end: number,
    isUnparsed: boolean,
  ): boolean {
    let reader = this.#records.get(row);
    if (reader === undefined) {
      reader = new RecordReader(row, this.capture.strings);
      this.#records.set(row, reader);
    }
    const builder = this.#builder;
    if (!reader.read(bytes, start, end, isUnparsed, builder.fieldValues)) return false;
    builder.values(builder.kinds.catalogued(named, row), bytes);
    return true;
  }

  /** A line that is no event, or whose prefix was not known yet. */
  #other(bytes: Uint8Array, start: number, end: number): void {
    const builder = this.#builder;
    const prefix = this.#prefix === 0 ? prefixOf(bytes, start, end, this.#line) : 0;
    if (prefix > 0 && parseReportLine(bytes, start, end, prefix, this.#line)) {
      this.#prefix = prefix;
      this.#event(bytes, start, end);
      return;
    }
    if (isBlank(bytes, start, end) || (this.#isStack && startsWith(bytes, start, '=> '))) {
      builder.comment();
      return;
    }
    const text = this.#decoder.decode(bytes.subarray(start, Math.min(end, start + 400))).trimEnd();
    // With several files or buffers, one line in front of the event's own has the prefix.
    const plain = text.replace(/^ *(?:\S+: | {2})(?=CPU[: ]|cpus=)/, '');
    if (this.#head(plain) || this.#drop(plain) || otherLines.some((known) => known.test(plain))) builder.comment();
    else builder.skip('no line of trace-cmd report', bytes, start, end);
  }

  #head(text: string): boolean {
    const [, key, value] = /^(cpus|version) ?= ?(\d+)$/.exec(text) ?? [];
    // Of several files, the first tells.
    if (key === 'cpus' && this.capture.cpus === undefined) learn(this.capture, 'cpus', Number(value), 'capture');
    return key !== undefined;
  }

  /** `CPU:3 [278 EVENTS DROPPED]`, `CPU:3 [EVENTS DROPPED]` (trace_show_data()): before the first event behind the gap. */
  #drop(text: string): boolean {
    const match = /^CPU:(\d+) \[(?:(\d+) )?EVENTS DROPPED\]$/.exec(text);
    if (match === null) return false;
    this.#builder.lost(Number(match[1]), match[2] === undefined ? Number.NaN : Number(match[2]), 'dropped');
    return true;
  }

  #countBuffer(bytes: Uint8Array, start: number): void {
    const name = this.#decoder
      .decode(bytes.subarray(start, start + this.#prefix))
      .replace(/: $/, '')
      .trim();
    const known = this.#buffers.get(name);
    if (known !== undefined || this.#buffers.size < mostBuffers) this.#buffers.set(name, (known ?? 0) + 1);
  }

  #describe(): void {
    const { capture } = this;
    const parts = ['text of trace-cmd report'];
    if (this.#sawRecord) parts.push('records (-R)');
    if (this.#sawLatency) parts.push('latency format (-l)');
    if (this.#unit === 'ns' && capture.clock.resolution === 1) parts.push('nanoseconds');
    if (this.#unit === 'integer') parts.push('integer clock');
    capture.variant = parts.join(', ');
    if (this.#sawLatency) capture.remarks.push('latency format: names of tasks are cut at 8 characters');
    if (this.#unit === 'ns' && capture.clock.resolution === 1000) {
      capture.remarks.push('times are rounded to microseconds by trace-cmd; report -t keeps nanoseconds');
    }
    if (this.#failed > 0) {
      capture.remarks.push(
        `trace-cmd could not evaluate the print format of ${this.#failed} events ([FAILED TO PARSE]): their numbers were read, some fields and names are missing`,
      );
    }
    if (this.#buffers.size > 0) {
      const names = [...this.#buffers]
        .map(([name, count]) => `${name === '' ? '(no name)' : name} ${count}`)
        .join(', ');
      capture.remarks.push(`events of several buffers or files are read as one capture: ${names}`);
    }
  }
}
