/**
 * A trace.dat of version 6: everything one behind the other (Documentation/trace-cmd/trace-cmd.dat.v6.5.txt).
 *
 *     head | header_page, header_event | ftrace formats | event formats | kallsyms | printk formats | command lines
 *     | number of CPUs | "options  " options | "flyrecord" place and size for each CPU | clock | pages of CPU 0 | ...
 */
import { TraceError } from '../../base/errors.ts';
import type { Capture } from '../../events/capture.ts';
import type { ByteSource } from '../format.ts';
import { Descriptions } from '../ring-buffer/descriptions.ts';
import type { ByteBooks } from './byte-books.ts';
import {
  readCmdlines,
  readEventFormats,
  readFtraceFormats,
  readHeaderInfo,
  readKallsyms,
  readPrintk,
} from './descriptions.ts';
import { type Head, printable } from './head.ts';
import { type CpuPart, ids, Options, takeOption } from './options.ts';
import { type BufferPart, noteDamage, type Parts } from './parts.ts';
import { Scroll } from './scroll.ts';

/** CPUs that a table may have: each takes 16 bytes of the file, and no kernel has more. */
const mostCpus = 16384;

/** A clock's name is short. */
const longestClock = 64;

/** @throws TraceError `damaged` when what comes before the pages cannot be read */
export async function readVersion6(
  source: string,
  input: ByteSource,
  head: Head,
  books: ByteBooks,
  capture: Capture,
): Promise<Parts> {
  const scroll = new Scroll(source, input, head.isLittleEndian, head.size);
  const descriptions = new Descriptions();
  for (const part of [readHeaderInfo, readFtraceFormats, readEventFormats, readKallsyms, readPrintk, readCmdlines]) {
    await part(scroll, descriptions);
  }
  const options = new Options();
  const cpus = await scroll.u32('the number of CPUs');
  let kind = await readKind(scroll);
  if (kind === 'options') {
    await readOptions(scroll, options, head);
    kind = await readKind(scroll);
  }
  const buffers: BufferPart[] = [];
  if (kind === 'latency') {
    const text = { offset: scroll.at, size: input.size - scroll.at };
    buffers.push({ name: '', clock: options.clock, pageSize: 0, isPacked: false, cpus: [], text });
  } else buffers.push(await readTable(scroll, options.cpuCount ?? cpus, '', options.clock));
  books.comment(0, scroll.at);
  for (const { name, offset } of options.buffers) {
    try {
      buffers.push(await readInstance(source, input, head, books, options, offset, name, cpus));
    } catch (error) {
      if (!(error instanceof TraceError)) throw error;
      noteDamage(capture, `the table of buffer "${printable(name)}" cannot be read`, offset, offset >= input.size);
    }
  }
  return { descriptions, options, buffers };
}

/** Ten bytes: `options  `, `latency  ` or `flyrecord`, and a NUL. */
async function readKind(scroll: Scroll): Promise<'options' | 'latency' | 'flyrecord'> {
  const place = scroll.at;
  const text = new TextDecoder('latin1').decode(await scroll.bytes(10, 'the kind of the data'));
  const kind = /^(options|latency|flyrecord)/.exec(text)?.[1];
  if (kind === undefined) scroll.fail('has no kind of data where it should be', place);
  return kind as 'options' | 'latency' | 'flyrecord';
}

async function readOptions(scroll: Scroll, options: Options, head: Head): Promise<void> {
  for (;;) {
    const id = await scroll.u16('an option');
    if (id === ids.done) return;
    const size = await scroll.u32('the size of an option');
    await takeOption(options, id, await scroll.bytes(size, 'an option'), head.isLittleEndian, false);
  }
}

/** Place and size of each CPU's pages, and the buffer's clock, which newer tools write behind them. */
async function readTable(scroll: Scroll, count: number, name: string, usualClock: string): Promise<BufferPart> {
  if (count > mostCpus || count * 16 > scroll.left) scroll.fail(`has a table of ${count} CPUs, which it cannot hold`);
  const cpus: CpuPart[] = [];
  for (let cpu = 0; cpu < count; cpu++) {
    const offset = await scroll.u64('the place of the data of a CPU');
    cpus.push({ cpu, offset, size: await scroll.u64('the size of the data of a CPU') });
  }
  const clock = await readClock(scroll, cpus);
  return { name, clock: clock ?? usualClock, pageSize: 0, isPacked: false, cpus };
}

/** `[mono]` with its length before it. Older tools write nothing: then there are zeros, or pages. */
async function readClock(scroll: Scroll, cpus: readonly CpuPart[]): Promise<string | undefined> {
  const first = cpus.reduce((least, { offset, size }) => (size > 0 ? Math.min(least, offset) : least), scroll.end);
  const room = first - scroll.at;
  if (room < 8 || scroll.left < 8) return undefined;
  const ahead = await scroll.peek(8 + longestClock);
  const view = new DataView(ahead.buffer, ahead.byteOffset, ahead.byteLength);
  const size = Number(view.getBigUint64(0, scroll.isLittleEndian));
  if (size < 3 || size > longestClock || size > room - 8 || 8 + size > ahead.length) return undefined;
  const clock = /^\[(\S+)\]$/.exec(new TextDecoder('latin1').decode(ahead.subarray(8, 8 + size)))?.[1];
  if (clock !== undefined) await scroll.bytes(8 + size, 'the clock');
  return clock;
}

async function readInstance(
  source: string,
  input: ByteSource,
  head: Head,
  books: ByteBooks,
  options: Options,
  offset: number,
  name: string,
  cpus: number,
): Promise<BufferPart> {
  if (offset >= input.size)
    throw new TraceError('damaged', { file: source, place: `byte ${offset}` }, 'lies behind it');
  const scroll = new Scroll(source, input, head.isLittleEndian, offset);
  let kind = await readKind(scroll);
  if (kind === 'options') {
    await readOptions(scroll, new Options(), head);
    kind = await readKind(scroll);
  }
  if (kind !== 'flyrecord') scroll.fail('is no table of CPUs');
  const buffer = await readTable(scroll, options.cpuCount ?? cpus, name, options.clock);
  if (!books.comment(offset, scroll.at)) scroll.fail('lies within another part of the file', offset);
  return buffer;
}
