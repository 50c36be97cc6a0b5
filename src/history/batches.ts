/**
 * Stays in per-CPU LRU batches and the flushes that end them: what `flush-runs.ts` parts gets its cause, and each line its
 * stay. A stay begins with its add where the adding functions were probed.
 */
import { addTo } from '../base/groups.ts';
import { countLeading } from '../base/sorted.ts';
import type { Capture } from '../events/capture.ts';
import { isWorker, whenEmptied } from './drains.ts';
import { kernelOf } from './entries.ts';
import { type BatchKind, batchKinds, type Drain, type Flush, type StayTable, type Window } from './facts.ts';
import { argument, field } from './fields.ts';
import { findStretches, longestPause, partStretch, type Stretches } from './flush-runs.ts';
import type { Listener } from './gather.ts';
import { Log, type Now } from './log.ts';
import type { PointerLine } from './pointers.ts';
import { windowAt } from './windows.ts';

/** Rows of the insertion log. Columns: pfn, epoch, row of the drain log that was the CPU's last event (or -1). */
export const newInsertionLog = (): Log => new Log(3);
/** Rows of the add log, tagged with their batch. Columns: folio pointer, low half of its flags, high half of mapping seen. */
export const newAddLog = (): Log => new Log(2);

const ADD = batchKinds.indexOf('add');
const ACTIVATE = batchKinds.indexOf('activate');
const MLOCK = batchKinds.indexOf('mlock');

export function listenToInsertions(now: Now, log: Log, line: PointerLine): Listener {
  return (kind) => {
    if (kind.form !== 'catalogued') return undefined;
    const batch = kind.name === 'mm_lru_insertion' ? ADD : kind.name === 'mm_lru_activate' ? ACTIVATE : -1;
    if (batch < 0) return undefined;
    return (columns) => {
      const pfn = field(columns, 'pfn');
      const folio = field(columns, 'folio');
      return (row) => {
        const frame = pfn(row);
        line.learn(folio(row), frame);
        log.add(now, batch, frame, now.epoch, now.drain);
      };
    };
  };
}

/** Functions that put a folio into a batch, and the batch. Where a condition decides, see `queued`. */
const adders: Readonly<Record<string, BatchKind>> = {
  folio_add_lru: 'add',
  folio_activate: 'activate',
  folio_mark_accessed: 'activate',
  folio_deactivate: 'deactivate',
  deactivate_file_folio: 'deactivate-file',
  folio_mark_lazyfree: 'lazyfree',
  folio_rotate_reclaimable: 'rotate',
  mlock_folio: 'mlock',
  mlock_new_folio: 'mlock',
  munlock_folio: 'mlock',
};

/** Bits that decide whether a folio is queued (include/linux/page-flags.h): referenced, lru, active, unevictable. */
function bitsOf(kernel: number): readonly [number, number, number, number] | undefined {
  if (kernel >= 5010 && kernel <= 6009) return [1, 4, 5, 20];
  if (kernel >= 6012) return [2, 5, 8, 18];
  return undefined;
}

export function listenToAdds(capture: Capture, now: Now, log: Log): Listener {
  return (kind) => {
    const meaning = kind.probe?.meaning ?? '';
    const batch = adders[meaning];
    if (batch === undefined || kind.probe!.isReturn) return undefined;
    const tag = batchKinds.indexOf(batch);
    return (columns) => {
      const folio = argument(columns, 'folio');
      const flags = argument(columns, 'folio.flags');
      return (row) => {
        const kernel = kernelOf(capture);
        // mlock and munlock worked at once before 5.18 (2fbb0c10d1e8 gave them a batch).
        if (batch === 'mlock' && kernel < 5018) return;
        const bits = bitsOf(kernel);
        if (batch === 'activate') {
          // folio_activate queues what is on the LRU, neither active nor unevictable; folio_mark_accessed calls it (and
          // its own probe shows that) or, inlined, does the same at the second access. Only the former is certain.
          const value = flags(row);
          if (meaning !== 'folio_activate' || bits === undefined || Number.isNaN(value)) return;
          const has = (bit: number): boolean => Math.floor(value / 2 ** bit) % 2 === 1;
          if (!has(bits[1]) || has(bits[2]) || has(bits[3])) return;
        }
        log.add(now, tag, folio(row));
      };
    };
  };
}

/**
 * Entries that fill a batch (PAGEVEC_SIZE, FOLIO_BATCH_SIZE): 15 up to 6.8, 31 since 6.9; NaN when the kernel is not known.
 * The entry that makes it so many flushes it, so a full flush shows exactly this many lines.
 */
export function batchCapacity(kernel: number): number {
  return Number.isNaN(kernel) ? NaN : kernel >= 6009 ? 31 : 15;
}

/**
 * The capacity that a capture of an unknown kernel shows: the longest flush, where it is one of the two sizes that kernels had
 * and was reached more than once. NaN otherwise; then nothing is called full.
 */
function shownCapacity(log: Log, stretches: Stretches, pause: number): number {
  const seen = new Map<number, number>();
  const { rows, starts } = stretches;
  for (let s = 0; s + 1 < starts.length; s++) {
    const times = Array.from(rows.subarray(starts[s]!, starts[s + 1]!), (row) => log.time.data[row]!);
    const rules = { capacity: NaN, pause, drained: false, drainsSeen: false };
    for (const count of partStretch(times, rules)) seen.set(count, (seen.get(count) ?? 0) + 1);
  }
  const longest = Math.max(0, ...seen.keys());
  return (longest === 15 || longest === 31) && seen.get(longest)! > 1 ? longest : NaN;
}

export interface BatchFold {
  readonly stays: StayTable;
  readonly flushes: Flush[];
  /** Longest pause inside a flush, ns; Infinity when pauses say nothing. */
  readonly pause: number;
  readonly capacity: number;
}

export interface BatchSources {
  readonly insertions: Log;
  readonly adds: Log;
  readonly drainLog: Log;
  readonly drains: readonly Drain[];
  /** Drain of each row of the drain log. */
  readonly drainOfRow: Int32Array;
  readonly windows: readonly Window[];
  readonly localDrainsSeen: boolean;
  readonly line: PointerLine;
}

export function foldBatches(capture: Capture, sources: BatchSources): BatchFold {
  const log = sources.insertions;
  const stretches = findStretches(log);
  const pause = capture.clock.unit === 'ns' ? longestPause(log, stretches) : Number.POSITIVE_INFINITY;
  const known = batchCapacity(kernelOf(capture));
  const capacity = Number.isNaN(known) ? shownCapacity(log, stretches, pause) : known;
  // Whether batches are off in windows is asked of the capture first; then windows tell which lines stand alone.
  const windows = areBatchesOff(capture, sources, stretches, pause) ? sources.windows : [];

  const flushes: Flush[] = [];
  const flushOf = new Int32Array(log.length).fill(-1);
  const finish = (rows: Int32Array, from: number, count: number, drain: number, off: boolean): void => {
    const row = rows[from]!;
    const comm = capture.strings.text(log.comm.data[row]!);
    for (let i = from; i < from + count; i++) flushOf[rows[i]!] = row;
    flushes.push({
      cpu: log.cpu.data[row]!,
      batch: batchKinds[log.tag.data[row]!]!,
      pid: log.pid.data[row]!,
      start: log.time.data[row]!,
      end: log.time.data[rows[from + count - 1]!]!,
      count,
      cause: causeOf(sources, count === capacity, drain, comm, off),
      drain: count === capacity ? -1 : drain,
      ordinal: log.ordinal.data[row]!,
    });
  };

  // A drain flushes each batch of its CPU at most once.
  const answered = new Set<number>();
  const { rows, starts } = stretches;
  for (let s = 0; s + 1 < starts.length; s++) {
    let at = starts[s]!;
    const end = starts[s + 1]!;
    const first = rows[at]!;
    const drainsForOthers = isWorker(capture.strings.text(log.comm.data[first]!));
    const drainRow = log.value(2, first);
    const mark = drainRow * batchKinds.length + log.tag.data[first]!;
    let drain = -1;
    if (drainRow >= 0 && sources.drainLog.pid.data[drainRow] === log.pid.data[first] && !answered.has(mark)) {
      answered.add(mark);
      drain = sources.drainOfRow[drainRow]!;
    }
    while (at < end) {
      // Lines inside a window stand alone; those before and after it are a stretch of their own.
      // What a worker flushes is a batch, though its last work may share the window's first microsecond.
      let until = drainsForOthers ? end : at;
      while (until < end && windowAt(windows, log.time.data[rows[until]!]!) === undefined) until++;
      if (until === at) {
        finish(rows, at, 1, drain, true);
        drain = -1;
        at++;
        continue;
      }
      const times: number[] = [];
      for (let i = at; i < until; i++) times.push(log.time.data[rows[i]!]!);
      const drainsSeen = sources.localDrainsSeen;
      for (const count of partStretch(times, { capacity, pause, drained: drain >= 0, drainsSeen })) {
        finish(rows, at, count, count === capacity ? -1 : drain, false);
        if (count !== capacity) drain = -1;
        at += count;
      }
    }
  }
  flushes.sort((a, b) => a.ordinal - b.ordinal);
  const flushAt = new Map(flushes.map((flush, index) => [flush.ordinal, index]));
  for (let row = 0; row < log.length; row++) flushOf[row] = flushAt.get(log.ordinal.data[flushOf[row]!]!)!;
  const stays = foldStays(sources, flushOf);
  endWithOthers(stays, flushes);
  return { stays, flushes, pause, capacity };
}

/**
 * Were batches off inside windows? Then every folio is flushed alone. On kernels whose lru_cache_disable drains once and no
 * more they fill as ever.
 */
function areBatchesOff(capture: Capture, sources: BatchSources, stretches: Stretches, pause: number): boolean {
  const log = sources.insertions;
  const { rows, starts } = stretches;
  let alone = 0;
  let together = 0;
  for (let s = 0; s + 1 < starts.length; s++) {
    // The last work of the drain may share the window's first microsecond; what it flushes was there before.
    if (isWorker(capture.strings.text(log.comm.data[rows[starts[s]!]!]!))) continue;
    for (let i = starts[s]!; i < starts[s + 1]!; i++) {
      const time = log.time.data[rows[i]!]!;
      if (windowAt(sources.windows, time) === undefined) continue;
      const before = i > starts[s]! && time - log.time.data[rows[i - 1]!]! <= pause;
      if (before) together++;
      else alone++;
    }
  }
  return alone > together;
}

function causeOf(sources: BatchSources, full: boolean, drain: number, comm: string, off: boolean): Flush['cause'] {
  if (full) return 'full';
  if (off) return 'cache disabled';
  if (drain >= 0) return sources.drains[drain]!.scope === 'local' ? 'local drain' : 'all-CPU drain';
  // A worker touches no user pages: what it flushes, lru_add_drain_per_cpu flushes.
  return isWorker(comm) ? 'all-CPU drain' : 'unknown';
}

/**
 * One row for every line; and one for every add that was seen and whose line was not: of batches whose flush prints nothing
 * (mlock, rotate, ...), and of folios that were isolated when their batch was flushed. Those end at the next recorded drain
 * of their CPU, or with the others of their batch (`endWithOthers`), and stay open where neither is recorded.
 */
function foldStays(sources: BatchSources, flushOf: Int32Array): StayTable {
  const log = sources.insertions;
  const { adds, line } = sources;
  const emptied = whenEmptied(sources.drainLog);
  const waiting = new Map<number, number>(); // pfn * 8 + batch -> row of the add log
  const rows = log.length + adds.length;
  const table = {
    length: 0,
    pfn: new Float64Array(rows),
    batch: new Uint8Array(rows),
    cpu: new Int32Array(rows),
    added: new Float64Array(rows).fill(NaN),
    flushed: new Float64Array(rows).fill(NaN),
    flush: new Int32Array(rows).fill(-1),
    ordinal: new Float64Array(rows),
    ...(adds.length > 0 ? { adderPid: new Int32Array(rows).fill(-1), adderComm: new Int32Array(rows).fill(-1) } : {}),
  };
  const addedBy = (at: number, add: number): void => {
    table.added[at] = adds.time.data[add]!;
    table.adderPid![at] = adds.pid.data[add]!;
    table.adderComm![at] = adds.comm.data[add]!;
  };
  const closeUnseen = (key: number, add: number): void => {
    const at = table.length++;
    const cpu = adds.cpu.data[add]!;
    table.pfn[at] = Math.floor(key / 8);
    table.batch[at] = key % 8;
    table.cpu[at] = cpu;
    addedBy(at, add);
    table.ordinal[at] = adds.ordinal.data[add]!;
    const marks = (key % 8 === MLOCK ? emptied.mlock : emptied.all).get(cpu) ?? [];
    table.flushed[at] = firstAfter(marks, adds.ordinal.data[add]!);
  };
  let next = 0;
  const takeAdds = (before: number): void => {
    for (; next < adds.length && adds.ordinal.data[next]! < before; next++) {
      const frame = line.pfn(adds.value(0, next));
      if (Number.isNaN(frame)) continue;
      const key = frame * 8 + adds.tag.data[next]!;
      const earlier = waiting.get(key);
      if (earlier !== undefined) closeUnseen(key, earlier);
      waiting.set(key, next);
    }
  };
  for (let row = 0; row < log.length; row++) {
    takeAdds(log.ordinal.data[row]!);
    const frame = log.value(0, row);
    const key = frame * 8 + log.tag.data[row]!;
    const at = table.length++;
    table.pfn[at] = frame;
    table.batch[at] = log.tag.data[row]!;
    table.cpu[at] = log.cpu.data[row]!;
    table.flushed[at] = log.time.data[row]!;
    table.flush[at] = flushOf[row]!;
    table.ordinal[at] = log.ordinal.data[row]!;
    const add = waiting.get(key);
    // Batches are a CPU's own: an add on another CPU than the flush is another stay, whose end was not seen.
    if (add !== undefined && adds.cpu.data[add] === log.cpu.data[row]) {
      waiting.delete(key);
      addedBy(at, add);
    }
  }
  takeAdds(Number.POSITIVE_INFINITY);
  for (const [key, add] of waiting) closeUnseen(key, add);
  return table;
}

/**
 * A flush empties its whole batch (mm/swap.c folio_batch_move_lru()): a stay without a line of its own was over when the next
 * line of its batch was written on its CPU, even where the next drain that is recorded came later.
 */
function endWithOthers(stays: StayTable, flushes: readonly Flush[]): void {
  const of = new Map<number, Flush[]>();
  for (const flush of flushes) addTo(of, flush.cpu * batchKinds.length + batchKinds.indexOf(flush.batch), flush);
  for (let row = 0; row < stays.length; row++) {
    if (stays.flush[row]! >= 0) continue;
    const own = of.get(stays.cpu[row]! * batchKinds.length + stays.batch[row]!) ?? [];
    const next = own[countLeading(own.length, (i) => own[i]!.ordinal <= stays.ordinal[row]!)];
    if (next !== undefined && !(stays.flushed[row]! <= next.start)) stays.flushed[row] = next.start;
  }
}

/** Time of the first mark after a place, or NaN. */
function firstAfter(marks: readonly { readonly ordinal: number; readonly time: number }[], ordinal: number): number {
  return marks[countLeading(marks.length, (i) => marks[i]!.ordinal <= ordinal)]?.time ?? NaN;
}
