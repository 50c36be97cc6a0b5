/**
 * What stands before the text of an event, in each layout that the kernel prints (kernel/trace/trace_output.c, 6.12):
 *
 *     default   trace_print_context()       `%16s-%-7d (%7d) [%03d] flags %5lu.%06lu: `
 *     latency   trace_print_lat_context()   `%8.8s-%-7d %3d` flags ` %4lldus%c: `
 *     verbose   the same, verbose option    `%16s %7d %3d %d %08x %08lx [%08llx] %ld.%03ldms (+%ld.%03ldms): `
 *     raw       print_raw_fmt()             `%d %d %llu `
 *     bare      context-info off            nothing
 *
 * Every reader takes the line `bytes[start..end)` and fills the context; false when the line is of another layout.
 * A comm may hold anything, so the default layout is read from its fixed column, not from the left.
 */
import { contextFlags } from '../../events/batch.ts';
import type { Clock } from '../../events/capture.ts';
import { recordFlags } from '../record-flags.ts';
import { count, digits, number, powersOfTen, skipSpaces } from './digits.ts';

/** Context of one line; used again for every line. */
export interface LineContext {
  commStart: number;
  commEnd: number;
  pid: number;
  tgid: number;
  cpu: number;
  flags: number;
  /** The time is `seconds * 1e9 + nanoseconds`; of integer clocks, in clock units. */
  seconds: number;
  nanoseconds: number;
  /** Nanoseconds of the last digit printed; 0 for integer clocks, -1 where no time is printed. */
  resolution: number;
  /** The space behind the flags, or behind the CPU where there are none (default layout): everything before it tells who and where. */
  timeStart: number;
  textStart: number;
}

export function newLineContext(): LineContext {
  return {
    commStart: 0,
    commEnd: 0,
    pid: -1,
    tgid: -1,
    cpu: -1,
    flags: 0,
    seconds: 0,
    nanoseconds: 0,
    resolution: -1,
    timeStart: 0,
    textStart: 0,
  };
}

/** What the time of a line counts. */
export function unitOf({ resolution }: LineContext): Clock['unit'] {
  return resolution > 0 ? 'ns' : resolution === 0 ? 'integer' : 'none';
}

export type ContextReader = (bytes: Uint8Array, start: number, end: number, context: LineContext) => boolean;

const dash = 45;
const space = 32;

/** More digits than any 64 bits have; of more, a line is no event's (and a number soon infinite). */
const mostDigits = 24;

/** An integer time of any length: the last nine digits apart, so that nothing above 2^53 is rounded. */
function integerTime(bytes: Uint8Array, at: number, behind: number, context: LineContext): boolean {
  if (behind - at > mostDigits) return false;
  const split = Math.max(at, behind - 9);
  digits(bytes, at, split);
  context.seconds = number;
  digits(bytes, split, behind);
  context.nanoseconds = number;
  return true;
}

/** The comm without its padding. A name of spaces alone stays empty. */
function setComm(bytes: Uint8Array, start: number, end: number, context: LineContext): void {
  context.commStart = skipSpaces(bytes, start, end);
  context.commEnd = end;
}

/** Where the dash between comm and pid stands: `width` is the column of the kernel, else the last dash that fits. */
function readAroundDash(
  bytes: Uint8Array,
  start: number,
  end: number,
  context: LineContext,
  width: number,
  rest: ContextReader,
): boolean {
  const column = start + width;
  if (column < end && bytes[column] === dash && rest(bytes, column + 1, end, context)) {
    setComm(bytes, start, column, context);
    return true;
  }
  // Leading spaces were stripped, or more were put before (a quoted trace).
  const first = skipSpaces(bytes, start, end);
  for (let i = Math.min(first + width, end - 1); i > first; i--) {
    if (i !== column && bytes[i] === dash && rest(bytes, i + 1, end, context)) {
      context.commStart = first;
      context.commEnd = i;
      return true;
    }
  }
  return false;
}

export const readDefault: ContextReader = (bytes, start, end, context) =>
  readAroundDash(bytes, start, end, context, 16, afterDash);

/** `1234    (  1234) [003] d..2.   12.345678: ` */
const afterDash: ContextReader = (bytes, start, end, context) => {
  const sign = bytes[start] === dash ? 1 : 0;
  let at = digits(bytes, start + sign, end);
  if (count === 0 || bytes[at] !== space) return false;
  context.pid = sign ? -number : number;
  at = skipSpaces(bytes, at, end);
  context.tgid = -1;
  if (bytes[at] === 40) {
    at = skipSpaces(bytes, at + 1, end);
    if (bytes[at] === dash) while (at < end && bytes[at] === dash) at++;
    else {
      at = digits(bytes, at, end);
      if (count === 0) return false;
      context.tgid = number;
    }
    if (bytes[at] !== 41) return false;
    at = skipSpaces(bytes, at + 1, end);
  }
  if (bytes[at] !== 91) return false;
  at = digits(bytes, at + 1, end);
  if (count === 0 || bytes[at] !== 93 || bytes[at + 1] !== space) return false;
  context.cpu = number;
  context.timeStart = at + 1;
  at = skipSpaces(bytes, at + 2, end);
  context.flags = 0;
  // The first flag is never a digit, so a digit means that irq-info is off.
  if (at < end && (bytes[at]! < 48 || bytes[at]! > 57)) {
    const flags = at;
    while (at < end && bytes[at] !== space) at++;
    if (at - flags < 4 || at - flags > 8) return false;
    context.flags = contextOf(bytes, flags);
    context.timeStart = at;
    at = skipSpaces(bytes, at, end);
  }
  return readTime(bytes, at, end, context);
};

/** `12.345678: ` or `12345: ` */
function readTime(bytes: Uint8Array, start: number, end: number, context: LineContext): boolean {
  let at = digits(bytes, start, end);
  if (count === 0 || count > mostDigits) return false;
  if (bytes[at] === 46) {
    context.seconds = number;
    at = digits(bytes, at + 1, end);
    if (count === 0 || count > 9) return false;
    context.resolution = powersOfTen[9 - count]!;
    context.nanoseconds = number * context.resolution;
  } else {
    if (!integerTime(bytes, start, at, context)) return false;
    context.resolution = 0;
  }
  return behindColon(bytes, at, end, context);
}

function behindColon(bytes: Uint8Array, at: number, end: number, context: LineContext): boolean {
  if (at >= end || bytes[at] !== 58) return false;
  if (at + 1 < end && bytes[at + 1] !== space) return false;
  context.textStart = Math.min(at + 2, end);
  return true;
}

/**
 * The flag characters (trace_print_lat_fmt()): irqs `d` `b` `D`; need-resched `N` `n` `p`, lazily `B` `L` `b` `l`; context `Z`
 * `z` `H` `h` `s`; then depths, which are not kept.
 */
export function contextOf(bytes: Uint8Array, at: number): number {
  let flags = 0;
  const irqs = bytes[at]!;
  if (irqs === 100) flags |= contextFlags.irqsOff;
  else if (irqs === 98) flags |= contextFlags.bhOff;
  else if (irqs === 68) flags |= contextFlags.irqsOff | contextFlags.bhOff;
  if (bytes[at + 1] !== 46) flags |= contextFlags.needResched;
  switch (bytes[at + 2]) {
    case 90:
      return flags | contextFlags.nmi | contextFlags.hardirq;
    case 122:
      return flags | contextFlags.nmi;
    case 72:
      return flags | contextFlags.hardirq | contextFlags.softirq;
    case 104:
      return flags | contextFlags.hardirq;
    case 115:
      return flags | contextFlags.softirq;
  }
  return flags;
}

export const readLatency: ContextReader = (bytes, start, end, context) =>
  readAroundDash(bytes, start, end, context, 8, afterLatencyDash);

/** `50        3..... 1760003us#: ` (integer clocks: `1760003: `) */
const afterLatencyDash: ContextReader = (bytes, start, end, context) => {
  let at = digits(bytes, start, end);
  if (count === 0 || bytes[at] !== space) return false;
  context.pid = number;
  context.tgid = -1;
  at = digits(bytes, skipSpaces(bytes, at, end), end);
  if (count === 0) return false;
  context.cpu = number;
  const flags = at;
  while (at < end && bytes[at] !== space) at++;
  if (at - flags < 4 || at - flags > 8) return false;
  context.flags = contextOf(bytes, flags);
  const time = skipSpaces(bytes, at, end);
  at = digits(bytes, time, end);
  if (count === 0 || count > mostDigits) return false;
  if (bytes[at] === 117 && bytes[at + 1] === 115) {
    context.seconds = Math.floor(number / 1e6);
    context.nanoseconds = (number % 1e6) * 1000;
    context.resolution = 1000;
    // The character between says how long the next event took; a space when not long.
    return behindColon(bytes, at + 3, end, context);
  }
  if (!integerTime(bytes, time, at, context)) return false;
  context.resolution = 0;
  return behindColon(bytes, at, end, context);
};

const verboseColumns = 16;

/** `init.sh       1   3 1 00000000 0000000a [017538dd] 301.619ms (+0.003ms): `; time from the microseconds in brackets. */
export const readVerbose: ContextReader = (bytes, start, end, context) => {
  // Without its padding a comm with spaces could not be told from the numbers.
  if (end - start < verboseColumns || bytes[start + verboseColumns] !== space) return false;
  let at = start + verboseColumns;
  at = digits(bytes, skipSpaces(bytes, at, end), end);
  if (count === 0 || count > 10) return false;
  const pid = number;
  at = digits(bytes, skipSpaces(bytes, at, end), end);
  if (count === 0 || count > 5) return false;
  const cpu = number;
  at = digits(bytes, skipSpaces(bytes, at, end), end);
  if (count === 0 || bytes[at] !== space) return false;
  const flags = number;
  at = skipSpaces(bytes, at, end);
  while (at < end && bytes[at] !== space) at++; // preempt count
  at = skipSpaces(bytes, at, end);
  while (at < end && bytes[at] !== space) at++; // place in the buffer
  at = skipSpaces(bytes, at, end);
  if (bytes[at] !== 91) return false;
  let value = 0;
  const first = ++at;
  for (; at < end && bytes[at] !== 93; at++) {
    const byte = bytes[at]! | 32;
    const digit = byte >= 97 ? byte - 87 : byte - 16 - 32;
    if (digit < 0 || digit > 15) return false;
    value = value * 16 + digit;
  }
  // %08llx: of more digits it is none.
  if (at === first || at - first > 16 || at >= end) return false;
  const close = indexOfClose(bytes, at + 1, end);
  if (close < 0) return false;
  // trace_print_lat_context(): microseconds with `ms` behind, else the clock's own value.
  const isTime = bytes[close - 1] === 115 && bytes[close - 2] === 109;
  if (isTime) {
    context.seconds = Math.floor(value / 1e6);
    context.nanoseconds = (value % 1e6) * 1000;
  } else {
    context.seconds = Math.floor(value / 1e9);
    context.nanoseconds = value % 1e9;
  }
  context.resolution = isTime ? 1000 : 0;
  context.pid = pid;
  context.cpu = cpu;
  context.tgid = -1;
  context.flags = recordFlags(flags);
  setComm(bytes, start, start + verboseColumns, context);
  return behindColon(bytes, close + 1, end, context);
};

/** The `)` of `(+0.003ms): `, which follows within a few dozen bytes. */
function indexOfClose(bytes: Uint8Array, at: number, end: number): number {
  const limit = Math.min(end, at + 64);
  for (let i = at; i < limit; i++) if (bytes[i] === 41) return i;
  return -1;
}

/** `359 0 30093974848 type: 600`: pid, cpu, the clock's value (nanoseconds but for integer clocks). */
export const readRaw: ContextReader = (bytes, start, end, context) => {
  let at = digits(bytes, start, end);
  if (count === 0 || count > 10 || bytes[at] !== space) return false;
  context.pid = number;
  at = digits(bytes, at + 1, end);
  if (count === 0 || count > 5 || bytes[at] !== space) return false;
  context.cpu = number;
  const time = at + 1;
  at = digits(bytes, time, end);
  if (count === 0 || bytes[at] !== space) return false;
  if (!integerTime(bytes, time, at, context)) return false;
  context.resolution = 1;
  context.tgid = -1;
  context.flags = 0;
  context.commStart = context.commEnd = 0;
  context.textStart = at + 1;
  return true;
};

/** Nothing before the event: a name and a colon at the beginning of the line. */
export const readBare: ContextReader = (bytes, start, end, context) => {
  const behind = nameEnd(bytes, start, end);
  if (behind === start || bytes[behind] !== 58 || (behind + 1 < end && bytes[behind + 1] !== space)) return false;
  context.pid = -1;
  context.tgid = -1;
  context.cpu = -1;
  context.flags = 0;
  context.seconds = 0;
  context.nanoseconds = 0;
  context.resolution = -1;
  context.commStart = context.commEnd = 0;
  context.textStart = start;
  return true;
};

/** Where a name (of an event, or of the function that wrote a marker) ends. */
export function nameEnd(bytes: Uint8Array, start: number, end: number): number {
  let i = start;
  while (i < end && isNameByte[bytes[i]!] === 1) i++;
  return i;
}

/** Letters, digits, `_`, and the `.` of compiler suffixes: a table, because every event's name passes through it. */
const isNameByte = new Uint8Array(256);
for (const byte of new TextEncoder().encode('_.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ')) {
  isNameByte[byte] = 1;
}
