/**
 * What stands before the text of an event in the lines of trace-cmd report (tracecmd/trace-read.c trace_show_data(),
 * print_event_name(), 2.9 to 3.4; libtraceevent's print_event_time() and data_latency_format()):
 *
 *            fsl-mover-180   [003]     7.704984: lru_add_drain_cpu:    (ffff8000082c8e20) cpu=3       3.1
 *            fsl-mover-180   [003] d....     7.704984: lru_add_drain_cpu:    (ffff...) cpu=3          3.2 and later
 *            fsl-mover-180   [003]-0x1     7.704984: lru_add_drain_cpu:     __probe_ip=... cpu=3      the same, -R
 *     fsl-move-180     3d....     7.704984: lru_add_drain_cpu:    (ffff8000082c8e20) cpu=3            -l
 *            fsl-mover-180   [003]     7.705069: (+85)    mm_lru_insertion:     folio=...             --ts-diff
 *       trace.dat:        fsl-mover-180   [003] ...                                                   several buffers or files
 *
 * `%16s-%-5d [%03d]`, with -l `%8.8s-%-5d %3d`; the time ` %6.1000d:` (rounded to microseconds), with -t ` %9d:`, of clocks that
 * count no seconds `%12d:`. The name is padded to 20 behind its colon, so a text that begins with one more space is a
 * record printed field by field (-R): print_selected_fields() puts a space before each.
 */
import { recordFlags } from '../record-flags.ts';
import { contextOf } from '../tracefs/context.ts';
import { count, digits, number, powersOfTen, skipSpaces } from '../tracefs/digits.ts';

/** Where the parts of one line are; used again for every line. Ranges are positions in the chunk. */
export interface ReportLine {
  commStart: number;
  commEnd: number;
  pid: number;
  cpu: number;
  /** Bits of `contextFlags`. */
  flags: number;
  seconds: number;
  nanoseconds: number;
  /** Nanoseconds of the last digit printed; 0 for clocks without a point. */
  resolution: number;
  nameStart: number;
  nameEnd: number;
  textStart: number;
  /** The text is the record, field by field (-R). */
  isRecord: boolean;
  /** The text stands where trace-cmd's padding puts it, and the name is short enough for that to say something. */
  isPadded: boolean;
  /** Of the layout of -l. */
  isLatency: boolean;
}

export function newReportLine(): ReportLine {
  return {
    commStart: 0,
    commEnd: 0,
    pid: -1,
    cpu: -1,
    flags: 0,
    seconds: 0,
    nanoseconds: 0,
    resolution: 0,
    nameStart: 0,
    nameEnd: 0,
    textStart: 0,
    isRecord: false,
    isPadded: false,
    isLatency: false,
  };
}

const space = 32;
const dash = 45;
const colon = 58;
const upperX = 88;
const defaultColumn = 16;
const latencyColumn = 8;
const nameColumn = 20;

/**
 * Reads the line `bytes[start..end)`, whose first `prefix` bytes name its buffer or file (behind a gap they may be missing);
 * false when it is no event line.
 */
export function parseReportLine(
  bytes: Uint8Array,
  start: number,
  end: number,
  prefix: number,
  line: ReportLine,
): boolean {
  const first = start + prefix;
  const column = first + (line.isLatency ? latencyColumn : defaultColumn);
  if (column < end && bytes[column] === dash && afterDash(bytes, column + 1, end, line)) {
    return named(bytes, first, column, line);
  }
  // What a prefix said of one line need not hold for the next: that one is then read as if there were none.
  return prefix > 0 ? parseReportLine(bytes, start, end, 0, line) : parseElsewhere(bytes, first, column, end, line);
}

/** The other layout, or a line whose leading spaces were stripped. */
function parseElsewhere(bytes: Uint8Array, first: number, tried: number, end: number, line: ReportLine): boolean {
  const { isLatency } = line;
  const other = first + (isLatency ? defaultColumn : latencyColumn);
  line.isLatency = !isLatency;
  if (other < end && bytes[other] === dash && afterDash(bytes, other + 1, end, line)) {
    return named(bytes, first, other, line);
  }
  line.isLatency = isLatency;
  const from = skipSpaces(bytes, first, end);
  for (let i = Math.min(from + defaultColumn, end - 1); i > from; i--) {
    if (i !== tried && bytes[i] === dash && afterDash(bytes, i + 1, end, line)) return named(bytes, from, i, line);
  }
  return false;
}

/**
 * How many bytes before the line name its buffer or file (`print_handle_file()`: `%*s: `, or `%*s  ` without a name); 0 when the
 * line is no event line with such a prefix.
 */
export function prefixOf(bytes: Uint8Array, start: number, end: number, line: ReportLine): number {
  const { isLatency } = line;
  const prefix = findPrefix(bytes, start, end, line);
  if (prefix > 0) return prefix;
  line.isLatency = !isLatency;
  const other = findPrefix(bytes, start, end, line);
  if (other === 0) line.isLatency = isLatency;
  return other;
}

function findPrefix(bytes: Uint8Array, start: number, end: number, line: ReportLine): number {
  const width = line.isLatency ? latencyColumn : defaultColumn;
  const last = Math.min(end, start + longestPrefix + width);
  for (let i = start + width + 2; i < last; i++) {
    if (bytes[i] !== dash || !afterDash(bytes, i + 1, end, line)) continue;
    const prefix = i - width - start;
    const before = bytes[start + prefix - 2];
    if (bytes[start + prefix - 1] === space && (before === colon || before === space)) return prefix;
  }
  return 0;
}

/** A file's name has at most 255 bytes; two stand behind it. */
const longestPrefix = 257;

function named(bytes: Uint8Array, first: number, column: number, line: ReportLine): boolean {
  line.commStart = skipSpaces(bytes, first, column);
  line.commEnd = column;
  return true;
}

function afterDash(bytes: Uint8Array, start: number, end: number, line: ReportLine): boolean {
  let at = digits(bytes, start, end);
  if (count === 0 || count > 10 || bytes[at] !== space) return false;
  const pid = number;
  at = skipSpaces(bytes, at, end);
  line.flags = 0;
  if (line.isLatency) {
    at = digits(bytes, at, end);
    if (count === 0) return false;
    line.cpu = number;
    at = readFlags(bytes, at, end, line);
  } else {
    if (bytes[at] !== 91) return false;
    at = digits(bytes, at + 1, end);
    if (count === 0 || bytes[at] !== 93) return false;
    line.cpu = number;
    at++;
    if (bytes[at] === dash) at = readFlagNumber(bytes, at, end, line);
    else {
      at = skipSpaces(bytes, at, end);
      // The first flag is never a digit.
      if (at < end && (bytes[at]! < 48 || bytes[at]! > 57)) at = readFlags(bytes, at, end, line);
    }
  }
  if (at < 0 || bytes[at] !== space) {
    // ` [003]     7.7`: the spaces were skipped already.
    if (at < 0 || bytes[at - 1] !== space) return false;
  }
  at = readTime(bytes, skipSpaces(bytes, at, end), end, line);
  if (at < 0) return false;
  line.pid = pid;
  return readName(bytes, at, end, line);
}

/**
 * `d..2.`: data_latency_format(), which has the kernel's letters in the first four columns. `X` is what libtraceevent up to 1.8
 * makes of 0x02 where interrupts are on (see `recordFlags`); where they are off, it does not print it.
 */
function readFlags(bytes: Uint8Array, start: number, end: number, line: ReportLine): number {
  let at = start;
  while (at < end && bytes[at] !== space) at++;
  if (at - start < 4 || at - start > 8) return -1;
  line.flags = contextOf(bytes, start) | (bytes[start] === upperX ? recordFlags(0x02) : 0);
  return at;
}

/** `-0x1` */
function readFlagNumber(bytes: Uint8Array, start: number, end: number, line: ReportLine): number {
  if (bytes[start + 1] !== 48 || bytes[start + 2] !== 120) return -1;
  let value = 0;
  let at = start + 3;
  for (; at < end && at < start + 11 && bytes[at] !== space; at++) {
    const byte = bytes[at]!;
    const digit = byte >= 97 ? byte - 87 : byte - 48;
    if (digit < 0 || digit > 15) return -1;
    value = value * 16 + digit;
  }
  line.flags = recordFlags(value);
  return at;
}

/** The time and its colon; the position behind them, or -1. */
function readTime(bytes: Uint8Array, start: number, end: number, line: ReportLine): number {
  let at = digits(bytes, start, end);
  if (count === 0 || count > 24) return -1;
  if (bytes[at] === 46) {
    line.seconds = number;
    at = digits(bytes, at + 1, end);
    if (count === 0 || count > 9) return -1;
    line.resolution = powersOfTen[9 - count]!;
    line.nanoseconds = number * line.resolution;
  } else {
    // The last nine digits apart, so that nothing above 2^53 is rounded.
    const split = Math.max(start, at - 9);
    digits(bytes, start, split);
    line.seconds = number;
    digits(bytes, split, at);
    line.nanoseconds = number;
    line.resolution = 0;
  }
  return at < end && bytes[at] === colon ? at + 1 : -1;
}

/** ` (+85)    mm_lru_insertion:     folio=...` */
function readName(bytes: Uint8Array, start: number, end: number, line: ReportLine): boolean {
  let at = skipSpaces(bytes, start, end);
  if (at === start || at >= end) return false;
  if (bytes[at] === 40 && bytes[at + 1] === 43) {
    while (at < end && bytes[at] !== space) at++;
    at = skipSpaces(bytes, at, end);
  }
  const first = at;
  while (at < end && bytes[at] !== space) at++;
  if (at - first < 2 || bytes[at - 1] !== colon) return false;
  line.nameStart = first;
  line.nameEnd = at - 1;
  const padding = Math.max(0, nameColumn - (line.nameEnd - first));
  const text = Math.min(at + 1 + padding, end);
  const written = skipSpaces(bytes, at, end);
  line.isPadded = padding > 0 && written >= text && written <= text + 1;
  line.isRecord = written === text + 1 && written < end;
  line.textStart = written < text || line.isRecord ? written : text;
  return true;
}
