/**
 * The text of probe events (kernel/trace/trace_kprobe.c print_kprobe_event(), print_kretprobe_event(); the same since 3.x):
 *
 *     (try_to_migrate+0x0/0x118) folio=0xfffffc000107dac0 ref=6         an entry, `+0x0` is where in the function
 *     (migrate_pages+0x4c4/0x8b0 <- folio_migrate_mapping) ret=-11       a return: the caller first, then the function
 *     (ffff8000082c8bc0) cpu=3                                          tools that have no symbols
 *     (ffff8000082c93d0 <- ffff8000083788f0) ret=0                      ... of those, the function first
 *     __probe_ip=ffff8000082c8e20 cpu=3                                 the record, field by field (trace-cmd report -R)
 *     __probe_func=ffff8000082c93d0 __probe_ret_ip=ffff8000083788f0 ret=0
 */
import { indexOf } from '../events/template.ts';

/** Where the parts of a probe's parenthesis are. One object is used again for every event. */
export interface ProbeSite {
  /** Behind the closing parenthesis. */
  behind: number;
  isReturn: boolean;
  /** The function's name; empty range when the text has addresses only. */
  functionStart: number;
  functionEnd: number;
  callerStart: number;
  callerEnd: number;
}

export function newProbeSite(): ProbeSite {
  return { behind: 0, isReturn: false, functionStart: 0, functionEnd: 0, callerStart: 0, callerEnd: 0 };
}

const arrow = new TextEncoder().encode(' <- ');
const entryField = new TextEncoder().encode('__probe_ip=');
const functionField = new TextEncoder().encode('__probe_func=');
const returnField = new TextEncoder().encode(' __probe_ret_ip=');

/** Reads the parenthesis that begins at `start`; false when there is none of these forms. */
export function readProbeSite(bytes: Uint8Array, start: number, end: number, site: ProbeSite): boolean {
  if (start < end && bytes[start] === 95) return readRecordSite(bytes, start, end, site);
  if (start >= end || bytes[start] !== 40) return false;
  let close = start + 1;
  while (close < end && bytes[close] !== 41) close++;
  if (close === end) return false;
  site.behind = close + 1;
  const middle = indexOf(bytes, start + 1, close, arrow);
  site.isReturn = middle >= 0;
  if (middle < 0) {
    if (isAddress(bytes, start + 1, close)) {
      site.functionStart = site.functionEnd = 0;
      return true;
    }
    const plus = symbolEnd(bytes, start + 1, close);
    site.functionStart = start + 1;
    site.functionEnd = plus;
    return plus > start + 1 && bytes[plus] === 43;
  }
  const left = start + 1;
  const right = middle + arrow.length;
  if (isAddress(bytes, left, middle) && isAddress(bytes, right, close)) {
    site.functionStart = site.functionEnd = 0;
    site.callerStart = right;
    site.callerEnd = close;
    return true;
  }
  site.callerStart = left;
  site.callerEnd = middle;
  site.functionStart = right;
  site.functionEnd = symbolEnd(bytes, right, close);
  return site.functionEnd > right;
}

/** The fields that stand in a probe's record before its arguments (kernel/trace/trace_kprobe.c kprobe_event_define_fields()). */
function readRecordSite(bytes: Uint8Array, start: number, end: number, site: ProbeSite): boolean {
  site.functionStart = site.functionEnd = 0;
  site.isReturn = indexOf(bytes, start, Math.min(end, start + functionField.length), functionField) === start;
  const first = site.isReturn ? functionField : entryField;
  if (!site.isReturn && indexOf(bytes, start, Math.min(end, start + first.length), first) !== start) return false;
  const stop = addressEnd(bytes, start + first.length, end);
  if (!isAddress(bytes, start + first.length, stop)) return false;
  site.behind = stop;
  if (!site.isReturn) return true;
  if (indexOf(bytes, stop, Math.min(end, stop + returnField.length), returnField) !== stop) return false;
  site.callerStart = stop + returnField.length;
  site.callerEnd = addressEnd(bytes, site.callerStart, end);
  site.behind = site.callerEnd;
  return isAddress(bytes, site.callerStart, site.callerEnd);
}

function addressEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== 32) at++;
  return at;
}

/** Hex digits only, `0x` allowed, and more of them than any function is called. */
function isAddress(bytes: Uint8Array, start: number, end: number): boolean {
  const from = bytes[start] === 48 && bytes[start + 1] === 120 ? start + 2 : start;
  if (end - from < 5) return false;
  for (let i = from; i < end; i++) {
    const byte = bytes[i]!;
    if (!((byte >= 48 && byte <= 57) || (byte >= 97 && byte <= 102))) return false;
  }
  return true;
}

/** Where a C identifier (with `.` of compiler suffixes and `$`) ends. */
function symbolEnd(bytes: Uint8Array, start: number, end: number): number {
  let i = start;
  while (i < end) {
    const byte = bytes[i]!;
    const letter = byte | 32;
    if ((letter >= 97 && letter <= 122) || (byte >= 48 && byte <= 57) || byte === 95 || byte === 46 || byte === 36) i++;
    else break;
  }
  return i;
}
