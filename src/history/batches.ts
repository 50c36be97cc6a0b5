/**
 * Stays in per-CPU LRU batches and the flushes that end them. mm_lru_insertion and mm_lru_activate fire when a batch is
 * flushed (mm/swap.c folio_batch_move_lru), one line a folio, on the flushing CPU with interrupts off. So lines of one
 * CPU, task and batch without another event of that CPU between them are a run of flushes, which is cut
 *
 *  - after as many lines as a batch holds (`batchCapacity`: no flush is longer),
 *  - before a folio that the run has already: the add batch holds a folio once,
 *  - where the pause between two lines is of the long kind: pauses inside a flush (one list insertion) and between flushes
 *    (at least one fault or read for every folio of the next) make two heaps on a logarithmic scale; the split that
 *    separates them best (Otsu 1979) is taken from the capture itself. Clocks without durations give no such cut.
 */
import type { Capture } from '../events/capture.ts';
import { isWorker } from './drains.ts';
import { kernelOf } from './entries.ts';
import { type BatchKind, batchKinds, type Drain, type Flush, type StayTable, type Window } from './facts.ts';
import { argument, field } from './fields.ts';
import type { Listener } from './gather.ts';
import { Log, type Now } from './log.ts';
import type { PointerLine } from './pointers.ts';

/** Rows of the insertion log. Columns: pfn, epoch, row of the drain log that was the CPU's last event (or -1). */
export const newInsertionLog = (): Log => new Log(3);
/** Rows of the add log, tagged with their batch. Columns: folio pointer, low half of its flags, high half of mapping seen. */
export const newAddLog = (): Log => new Log(2);

const ADD = batchKinds.indexOf('add');
const ACTIVATE = batchKinds.indexOf('activate');

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
        const bits = bitsOf(kernelOf(capture));
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

/** Best split of a histogram of base-2 logarithms in quarter steps (Otsu: the largest variance between the two heaps). */
export function splitPauses(histogram: Float64Array): number {
  let total = 0;
  let sum = 0;
  for (let i = 0; i < histogram.length; i++) {
    total += histogram[i]!;
    sum += i * histogram[i]!;
  }
  let below = 0;
  let sumBelow = 0;
  let best = 0;
  let at = Number.POSITIVE_INFINITY;
  for (let i = 0; i + 1 < histogram.length; i++) {
    below += histogram[i]!;
    sumBelow += i * histogram[i]!;
    const above = total - below;
    if (below === 0 || above === 0) continue;
    const between = below * above * (sumBelow / below - (sum - sumBelow) / above) ** 2;
    if (between > best) {
      best = between;
      at = 2 ** ((i + 1) / 4);
    }
  }
  return at;
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
  readonly drains: readonly Drain[];
  /** Drain of each row of the drain log. */
  readonly drainOfRow: Int32Array;
  readonly windows: readonly Window[];
  readonly line: PointerLine;
}

export function foldBatches(capture: Capture, sources: BatchSources): BatchFold {
  const log = sources.insertions;
  const capacity = batchCapacity(kernelOf(capture));
  const flushOf = new Int32Array(log.length).fill(-1);
  const pause = capture.clock.unit === 'ns' ? pauses(log) : Number.POSITIVE_INFINITY;

  const flushes: Flush[] = [];
  const open = new Map<number, { first: number; last: number; count: number; folios: Set<number> }>();
  const finish = (run: { first: number; last: number; count: number }): void => {
    const row = run.first;
    const cpu = log.cpu.data[row]!;
    const drainRow = log.value(2, row);
    const drain = drainRow >= 0 ? (sources.drainOfRow[drainRow] ?? -1) : -1;
    const start = log.time.data[row]!;
    flushes.push({
      cpu,
      batch: batchKinds[log.tag.data[row]!]!,
      pid: log.pid.data[row]!,
      start,
      end: log.time.data[run.last]!,
      count: run.count,
      cause: causeOf(sources, capacity, run.count, start, drain, capture.strings.text(log.comm.data[row]!)),
      drain: run.count === capacity ? -1 : drain,
      ordinal: log.ordinal.data[row]!,
    });
  };
  for (let row = 0; row < log.length; row++) {
    const cpu = log.cpu.data[row]!;
    const pfn = log.value(0, row);
    let run = open.get(cpu);
    if (
      run !== undefined &&
      (log.tag.data[row] !== log.tag.data[run.first] ||
        log.pid.data[row] !== log.pid.data[run.first] ||
        log.value(1, row) !== log.value(1, run.first) ||
        log.time.data[row]! - log.time.data[run.last]! > pause ||
        run.count === capacity ||
        run.folios.has(pfn))
    ) {
      finish(run);
      run = undefined;
    }
    if (run === undefined) {
      run = { first: row, last: row, count: 0, folios: new Set() };
      open.set(cpu, run);
    }
    run.last = row;
    run.count++;
    run.folios.add(pfn);
    // Every line is followed by its run's end, or the capture's: flushes come out in the order they end.
    flushOf[row] = run.first;
  }
  for (const run of open.values()) finish(run);
  flushes.sort((a, b) => a.ordinal - b.ordinal);
  const flushAt = new Map(flushes.map((flush, index) => [flush.ordinal, index]));
  for (let row = 0; row < log.length; row++) flushOf[row] = flushAt.get(log.ordinal.data[flushOf[row]!]!)!;
  return { stays: foldStays(sources, flushOf), flushes, pause, capacity };
}

function pauses(log: Log): number {
  const histogram = new Float64Array(256);
  const last = new Map<number, number>();
  for (let row = 0; row < log.length; row++) {
    const cpu = log.cpu.data[row]!;
    const before = last.get(cpu);
    last.set(cpu, row);
    if (before === undefined || log.value(1, before) !== log.value(1, row)) continue;
    if (log.tag.data[before] !== log.tag.data[row] || log.pid.data[before] !== log.pid.data[row]) continue;
    const pause = log.time.data[row]! - log.time.data[before]!;
    histogram[pause <= 1 ? 0 : Math.min(255, Math.floor(Math.log2(pause) * 4))]!++;
  }
  return splitPauses(histogram);
}

function causeOf(
  sources: BatchSources,
  capacity: number,
  count: number,
  start: number,
  drain: number,
  comm: string,
): Flush['cause'] {
  if (count === capacity) return 'full';
  if (drain >= 0) return sources.drains[drain]!.scope === 'local' ? 'local drain' : 'all-CPU drain';
  // A worker touches no user pages: what it flushes, lru_add_drain_per_cpu flushes.
  if (isWorker(comm)) return 'all-CPU drain';
  if (count === 1 && sources.windows.some((window) => window.start <= start && !(window.end < start))) {
    return 'cache disabled';
  }
  return 'unknown';
}

/** One row for every line; and one for every add that was seen and whose flush was not. */
function foldStays(sources: BatchSources, flushOf: Int32Array): StayTable {
  const log = sources.insertions;
  const { adds, line } = sources;
  const waiting = new Map<number, number>(); // pfn * 8 + batch -> row of the add log
  const rows = log.length;
  const pfn = new Float64Array(rows + adds.length);
  const batch = new Uint8Array(rows + adds.length);
  const cpu = new Int32Array(rows + adds.length);
  const added = new Float64Array(rows + adds.length).fill(NaN);
  const flushed = new Float64Array(rows + adds.length).fill(NaN);
  const flush = new Int32Array(rows + adds.length).fill(-1);
  const ordinal = new Float64Array(rows + adds.length);
  let next = 0;
  let length = 0;
  const takeAdds = (before: number): void => {
    for (; next < adds.length && adds.ordinal.data[next]! < before; next++) {
      const frame = line.pfn(adds.value(0, next));
      if (!Number.isNaN(frame)) waiting.set(frame * 8 + adds.tag.data[next]!, next);
    }
  };
  for (let row = 0; row < rows; row++) {
    takeAdds(log.ordinal.data[row]!);
    const frame = log.value(0, row);
    const key = frame * 8 + log.tag.data[row]!;
    const add = waiting.get(key);
    pfn[length] = frame;
    batch[length] = log.tag.data[row]!;
    cpu[length] = log.cpu.data[row]!;
    flushed[length] = log.time.data[row]!;
    flush[length] = flushOf[row]!;
    ordinal[length] = log.ordinal.data[row]!;
    if (add !== undefined) {
      waiting.delete(key);
      // Batches are a CPU's own: an add on another CPU than the flush is another stay, of which the flush was not seen.
      if (adds.cpu.data[add] === log.cpu.data[row]) added[length] = adds.time.data[add]!;
    }
    length++;
  }
  takeAdds(Number.POSITIVE_INFINITY);
  for (const [key, add] of waiting) {
    pfn[length] = Math.floor(key / 8);
    batch[length] = key % 8;
    cpu[length] = adds.cpu.data[add]!;
    added[length] = adds.time.data[add]!;
    ordinal[length] = adds.ordinal.data[add]!;
    length++;
  }
  return { length, pfn, batch, cpu, added, flushed, flush, ordinal };
}
