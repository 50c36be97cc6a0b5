/** The events of a trace.dat: its buffers' pages, put in the order of time. */
import type { EventBatch } from '../../events/batch.ts';
import { type Capture, newCapture } from '../../events/capture.ts';
import { BatchBuilder } from '../builder.ts';
import { learn } from '../facts.ts';
import type { ByteSource, Glance, RandomReader, ReadOptions } from '../format.ts';
import { clockOf } from '../ring-buffer/clock.ts';
import { CpuCursor } from '../ring-buffer/cpu-cursor.ts';
import { addStatLosses, parseCpuStats } from '../ring-buffer/cpu-stats.ts';
import { ringEvents } from '../ring-buffer/events.ts';
import { remarkInstances } from '../ring-buffer/instances.ts';
import { isPageSize, type PageLayout, withPageSize } from '../ring-buffer/page-layout.ts';
import { PagePool } from '../ring-buffer/page-pool.ts';
import { plainPages, windowSize } from '../ring-buffer/page-stream.ts';
import { kernelArch } from '../sidecar.ts';
import { ByteBooks } from './byte-books.ts';
import { clockworkOf } from './clockwork.ts';
import { glanceAt } from './glance.ts';
import { type Head, printable, readHead } from './head.ts';
import type { CpuPart, Options } from './options.ts';
import { mostUnpacked, packedPages } from './packed-pages.ts';
import { type BufferPart, noteDamage, type Parts } from './parts.ts';
import { Scroll } from './scroll.ts';
import { openText } from './text.ts';
import { readVersion6 } from './version-6.ts';
import { readVersion7 } from './version-7.ts';

/** Data of one CPU that are to be read. */
export interface Stream {
  readonly buffer: BufferPart;
  readonly part: CpuPart;
  readonly layout: PageLayout;
}

export class TraceDatReader implements RandomReader {
  readonly capture: Capture;
  readonly #source: string;
  readonly #input: ByteSource;
  readonly #head: Head;
  readonly #parts: Parts;
  readonly #books: ByteBooks;
  readonly #builder: BatchBuilder;
  readonly #streams: readonly Stream[];

  private constructor(
    source: string,
    input: ByteSource,
    head: Head,
    parts: Parts,
    books: ByteBooks,
    builder: BatchBuilder,
  ) {
    this.#source = source;
    this.#input = input;
    this.#head = head;
    this.#parts = parts;
    this.#books = books;
    this.#builder = builder;
    this.capture = builder.capture;
    this.#streams = this.#chooseStreams();
    const { packing, version, isLittleEndian } = head;
    const how = `${packing === 'none' ? '' : `, ${packing}`}${isLittleEndian ? '' : ', big endian'}`;
    this.capture.variant = `trace.dat version ${version}${how}`;
    learnFacts(this.capture, head, parts);
    remarkTimes(this.capture, parts.options);
  }

  /** @throws TraceError `damaged`, `unsupported` */
  static async open(source: string, input: ByteSource, options: ReadOptions): Promise<RandomReader> {
    const head = await readHead(source, input);
    const capture = newCapture(source, 'trace-dat', 'bytes');
    const definitions = options.probeDefinitions ?? options.sidecar?.probeDefinitions ?? [];
    const builder = new BatchBuilder(capture, definitions);
    const books = new ByteBooks(builder);
    const read = head.version === 6 ? readVersion6 : readVersion7;
    const parts = await read(source, input, head, books, capture);
    const hasPages = parts.buffers.some(({ cpus }) => cpus.length > 0);
    const worst = parts.buffers.find(({ text }) => text !== undefined);
    if (worst?.text === undefined || hasPages) {
      return new TraceDatReader(source, input, head, parts, books, builder);
    }
    const reader = await openText(source, input, head, { ...worst.text, isPacked: worst.isPacked }, options);
    learnFacts(reader.capture, head, parts);
    return reader;
  }

  async *batches(): AsyncGenerator<EventBatch> {
    const { descriptions, options } = this.#parts;
    const { isLittleEndian, longSize } = this.#head;
    const pageSize = this.#streams.reduce((most, { layout }) => Math.max(most, layout.pageSize), 0);
    // Of packed pages it is not known how many there are.
    const bytes = this.#streams.reduce((sum, { buffer, part }) => sum + part.size * (buffer.isPacked ? 64 : 1), 0);
    const pool = PagePool.of(this.#streams.length, pageSize || 1, bytes);
    const cursors = this.#streams.map((stream) => this.#cursor(stream, pool));
    const machine = { isLittleEndian, longSize, offset: options.offset };
    yield* ringEvents(cursors, pool, this.#builder, descriptions, machine);
    await this.#settle(cursors.map(({ events }) => events));
  }

  giveBack(batch: EventBatch): void {
    this.#builder.giveBack(batch);
  }

  /** The books of what is no page, and what the capture says of its losses. */
  async #settle(events: readonly number[]): Promise<void> {
    await this.#books.settle(this.#input);
    addStatLosses(this.capture, parseCpuStats(this.#parts.options.stats));
    remarkInstances(
      this.capture,
      this.#streams.map(({ buffer }, i) => ({ name: buffer.name, events: events[i]! })),
    );
  }

  glance(): Promise<Glance> {
    return glanceAt(this.#input, this.#head, this.#parts.options, this.#streams);
  }

  #cursor({ buffer, part, layout }: Stream, pool: PagePool | undefined): CpuCursor {
    const count = this.#streams.length;
    const window = windowSize(count, layout.pageSize);
    const stream = buffer.isPacked
      ? packedPages(
          this.#input,
          {
            ...part,
            window,
            mostUnpacked: mostUnpacked(count),
            claim: (from, to) => this.#books.claim(from, to),
            ...this.#packing(),
          },
          this.#builder,
        )
      : plainPages(this.#input, part.offset, part.size, window);
    const clockwork = clockworkOf(this.#parts.options, part.cpu, buffer.name !== '');
    return new CpuCursor(part.cpu, stream, layout, this.#builder, { pool, clockwork });
  }

  #packing(): Pick<Head, 'packing' | 'isLittleEndian'> {
    return { packing: this.#head.packing, isLittleEndian: this.#head.isLittleEndian };
  }

  /** The data that will be read: those of the first clock met, of no bytes twice. */
  #chooseStreams(): Stream[] {
    const { buffers, descriptions } = this.#parts;
    const layout = descriptions.layout;
    if (layout === undefined) {
      return new Scroll(this.#source, this.#input, true).fail('has no description of its pages (header_page)', 0);
    }
    const isUsed = ({ cpus }: BufferPart): boolean => cpus.some(({ size }) => size > 0);
    // Only the data of a CPU are in the order of their clock; two clocks have none together.
    const clock = buffers.find(isUsed)?.clock ?? buffers[0]?.clock ?? '';
    this.capture.clock = clockOf(clock || this.#parts.options.clock, this.#parts.options.tsc !== undefined);
    const streams: Stream[] = [];
    for (const buffer of buffers) {
      const isStrange = buffer.clock !== clock && isUsed(buffer);
      if (isStrange) this.#refuse(buffer, clock);
      // Of equal times the CPU with the lower number comes first, wherever its data are.
      for (const part of [...buffer.cpus].sort((a, b) => a.cpu - b.cpu)) {
        const place = this.#place(buffer, part);
        if (place === undefined) continue;
        if (isStrange) this.#books.skip(part.offset, place.end, 'data of a buffer with another clock');
        else if (this.#books.claim(part.offset, place.end)) {
          streams.push({ buffer, part: place.part, layout: layoutOf(layout, buffer, this.#head) });
        } else noteDamage(this.capture, 'data of a CPU lie within another part of the file', part.offset);
      }
    }
    return streams;
  }

  /** What is there of a CPU's data. */
  #place({ name }: BufferPart, part: CpuPart): { part: CpuPart; end: number } | undefined {
    if (part.size === 0) return undefined;
    const end = Math.min(part.offset + part.size, this.#input.size);
    if (part.offset + part.size > this.#input.size) {
      const whose = name === '' ? '' : ` of buffer "${printable(name)}"`;
      noteDamage(this.capture, `the file ends before the data of its CPUs${whose} do`, part.offset, true);
      this.#builder.lost(part.cpu, Number.NaN, 'dropped');
    }
    return part.offset < end ? { part: { ...part, size: end - part.offset }, end } : undefined;
  }

  #refuse({ name, clock }: BufferPart, used: string): void {
    const which = name === '' ? 'the top buffer' : `buffer "${printable(name)}"`;
    this.capture.remarks.push(
      `${which} has clock "${printable(clock)}", the events read have "${printable(used)}": times of different clocks cannot be put in order, so it was left out (record it with -C ${printable(used)})`,
    );
  }
}

/** What the file says of its kernel and its tool. */
function learnFacts(capture: Capture, head: Head, { options, buffers }: Parts): void {
  // sysname, node name, release, machine (tracecmd/trace-record.c add_uname()).
  const [, release, machine] = /^\S+ \S+ (\S+) (\S+)$/.exec(options.uname.trim()) ?? [];
  if (release !== undefined) learn(capture, 'kernelRelease', printable(release), 'capture');
  if (machine !== undefined) learn(capture, 'arch', kernelArch(printable(machine)), 'capture');
  // `3.1.6 not-a-git-repo`: the version, and the commit where there was one.
  const version = /^\S+/.exec(options.version)?.[0];
  learn(capture, 'tool', version === undefined ? 'trace-cmd' : `trace-cmd ${printable(version)}`, 'capture');
  const cpus = options.cpuCount ?? (head.version === 6 ? buffers[0]?.cpus.length : undefined);
  if (cpus !== undefined && cpus > 0) learn(capture, 'cpus', cpus, 'capture');
  if (isPageSize(head.pageSize)) learn(capture, 'pageSize', head.pageSize, 'capture');
  if (options.unknown.size > 0) {
    const unknown = [...options.unknown].slice(0, 20).join(', ');
    capture.remarks.push(`options of a kind not known here were left out: ${unknown}`);
  }
}

function remarkTimes(capture: Capture, { offset, tsc, shift }: Options): void {
  if (offset !== 0n)
    capture.remarks.push(`${offset} ns were added to all times, as the file asks (options OFFSET, DATE)`);
  if (tsc !== undefined) capture.remarks.push('times are cycles turned into ns, as the file says (option TSC2NSEC)');
  if (shift !== undefined)
    capture.remarks.push('times of a guest were put on the clock of its host (option TIME_SHIFT)');
}

/** `header_page` tells of the top buffer; an instance may have been given larger pages (6.8), and its option says so. */
function layoutOf(layout: PageLayout, { name, pageSize }: BufferPart, head: Head): PageLayout {
  if (name === '' || head.version === 6 || pageSize === layout.pageSize || !isPageSize(pageSize)) return layout;
  return withPageSize(layout, pageSize);
}
