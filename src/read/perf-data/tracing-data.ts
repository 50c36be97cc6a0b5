/**
 * The descriptions of tracepoints that perf stores with a recording: the beginning of a trace.dat file of version 0.5 or 0.6
 * (tools/perf/util/trace-event-info.c tracing_data_get(), read by trace-event-read.c trace_report()).
 *
 *     17 08 44 "tracing" "0.6" 0   u8 big endian   u8 long's size   u32 page size
 *     "header_page"  0  u64 size, text      "header_event" 0  u64 size, text
 *     u32 count of ftrace's own events,     each: u64 size, text of its format
 *     u32 count of systems,                 each: name 0, u32 count of events, each: u64 size, text of its format
 *     u32 size, kallsyms (none since 4.3)   u32 size, printk formats       0.6: u64 size, saved command lines
 */
import { type EventFormat, parseEventFormat } from '../records/event-format.ts';
import { type PrintkFormats, parsePrintkFormats } from '../records/printk-formats.ts';
import { ByteReader } from './byte-reader.ts';

export interface TracingData {
  readonly isLittle: boolean;
  readonly longSize: 4 | 8;
  readonly formats: readonly EventFormat[];
  /** Formats of trace_printk(), by address in hex digits. */
  readonly printkFormats: PrintkFormats;
  /** Of the machine that recorded, in bytes; 0 when what the file says is none. */
  readonly pageSize: number;
  /** Nothing was missing. */
  readonly isWhole: boolean;
}

/** Most descriptions; a kernel has about two thousand. */
const mostFormats = 65536;

/** Reads the blob; undefined when it is none. What can be read of a damaged one is taken. */
export function parseTracingData(bytes: Uint8Array): TracingData | undefined {
  if (bytes.length < 16 || bytes[0] !== 0x17 || bytes[1] !== 0x08 || bytes[2] !== 0x44) return undefined;
  const order = new ByteReader(bytes, true);
  order.take(3);
  if (order.text(7) !== 'tracing') return undefined;
  const version = order.untilNul();
  const flag = order.take(2);
  if (flag < 0) return undefined;
  const isLittle = bytes[flag] === 0;
  const longSize = bytes[flag + 1] === 4 ? 4 : 8;
  const from = new ByteReader(bytes, isLittle);
  from.at = order.at;
  const said = from.u32();
  const isPageSize = said >= 4096 && said <= 65536 && (said & (said - 1)) === 0;
  const pageSize = isPageSize ? said : 0;
  const formats: EventFormat[] = [];
  const readFormat = (system: string): void => {
    const size = from.size();
    const at = from.take(size);
    if (at < 0) return;
    const format = parseEventFormat(new TextDecoder().decode(bytes.subarray(at, at + size)), system);
    if (format !== undefined && formats.length < mostFormats) formats.push(format);
  };
  for (const name of ['header_page', 'header_event']) {
    if (from.untilNul() !== name)
      return { isLittle, longSize, formats, pageSize, printkFormats: new Map(), isWhole: false };
    from.take(from.size());
  }
  for (let left = from.u32(); left > 0 && !from.isShort; left--) readFormat('ftrace');
  for (let systems = from.u32(); systems > 0 && !from.isShort; systems--) {
    const system = from.untilNul();
    for (let left = from.u32(); left > 0 && !from.isShort; left--) readFormat(system);
  }
  from.take(from.u32());
  const printk = from.text(from.u32());
  if (version !== '0.5') from.take(from.size());
  return { isLittle, longSize, formats, pageSize, printkFormats: parsePrintkFormats(printk), isWhole: !from.isShort };
}
