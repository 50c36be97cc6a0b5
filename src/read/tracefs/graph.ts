/**
 * Lines of the function_graph tracer (kernel/trace/trace_functions_graph.c, 6.12). Calls and durations are no events; the events
 * that are on beside it stand between them as comments (print_graph_comment()).
 *
 *      2) + 60.528 us   |          rcu_all_qs();
 *      2)               |          /* mm_lru_insertion: folio=fffffc00000081c0 pfn=0x40207 lru=0 flags=Ma bd *\/
 *      3.352716 |   2)  init.sh-1     |               |  /* ... *\/           funcgraph-abstime, funcgraph-proc
 *     CPU, then the task where asked for, how long it took; the time only where asked for
 */
import type { ContextReader } from './context.ts';

const space = 32;
const bar = 124;
const dash = 45;

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 48 && byte <= 57;

/** Any line with a CPU in front. `context.textStart` is where the event in it begins; -1 when it holds none. */
export const readGraph: ContextReader = (bytes, start, end, context) => {
  let at = start;
  while (at < end && bytes[at] === space) at++;
  context.resolution = -1;
  context.seconds = 0;
  context.nanoseconds = 0;
  const behindTime = readAbsoluteTime(bytes, at, end);
  if (behindTime > 0) {
    context.seconds = seconds;
    context.nanoseconds = microseconds * 1000;
    context.resolution = 1000;
    at = behindTime;
  }
  let cpu = 0;
  const first = at;
  for (; at < end && at - first < 5 && isDigit(bytes[at]); at++) cpu = cpu * 10 + bytes[at]! - 48;
  if (at === first || bytes[at] !== 41) return false;
  context.cpu = cpu;
  context.pid = -1;
  context.tgid = -1;
  context.flags = 0;
  context.commStart = context.commEnd = 0;
  readTask(bytes, at + 1, end, context);
  context.textStart = commentStart(bytes, at + 1, end);
  return true;
};

/** Where the event of a comment ends: before ` *\/`, which stands behind it. */
export function graphTextEnd(bytes: Uint8Array, start: number, end: number): number {
  let stop = end;
  while (stop > start && bytes[stop - 1] === space) stop--;
  return stop - start >= 3 && bytes[stop - 1] === 47 && bytes[stop - 2] === 42 && bytes[stop - 3] === space
    ? stop - 3
    : end;
}

/** Of the last time read. */
let seconds = 0;
let microseconds = 0;

/** `3.352716 |  `: the position behind it, or 0. */
function readAbsoluteTime(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  seconds = 0;
  microseconds = 0;
  for (; at < end && isDigit(bytes[at]); at++) seconds = seconds * 10 + bytes[at]! - 48;
  if (at === start || at - start > 9 || bytes[at] !== 46) return 0;
  const point = at++;
  for (; at < end && isDigit(bytes[at]); at++) microseconds = microseconds * 10 + bytes[at]! - 48;
  if (at - point !== 7 || bytes[at] !== space || bytes[at + 1] !== bar) return 0;
  at += 2;
  while (at < end && bytes[at] === space) at++;
  return at;
}

/** `  init.sh-1    |`: the column before the first bar, where it is no duration (those hold no dash). */
function readTask(bytes: Uint8Array, start: number, end: number, context: Parameters<ContextReader>[3]): void {
  let stop = start;
  while (stop < end && bytes[stop] !== bar) stop++;
  if (stop === end) return;
  while (stop > start && bytes[stop - 1] === space) stop--;
  let first = stop;
  while (first > start && isDigit(bytes[first - 1])) first--;
  if (first === stop || stop - first > 10 || first === start || bytes[first - 1] !== dash) return;
  let pid = 0;
  for (let i = first; i < stop; i++) pid = pid * 10 + bytes[i]! - 48;
  context.pid = pid;
  context.commEnd = first - 1;
  context.commStart = start;
  while (context.commStart < context.commEnd && bytes[context.commStart] === space) context.commStart++;
}

/** Behind `/* ` where nothing but columns stands before it; -1 when there is none. */
function commentStart(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  for (let i = start; i < end; i++) {
    if (bytes[i] === bar) at = i + 1;
    if (bytes[i] === 47) break;
  }
  while (at < end && bytes[at] === space) at++;
  return bytes[at] === 47 && bytes[at + 1] === 42 && bytes[at + 2] === space && at + 3 < end ? at + 3 : -1;
}

/** What a user of such a capture is told. */
export const graphRemark =
  'function_graph tracer: calls and durations are no events, only what stands between them is read; record with echo nop > current_tracer and the events on';
