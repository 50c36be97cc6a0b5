/**
 * Which insertion lines are one flush. mm_lru_insertion and mm_lru_activate fire when a batch is flushed (mm/swap.c
 * folio_batch_move_lru), one line a folio, on the flushing CPU with interrupts off. Lines of one CPU, task and batch without
 * another event of that CPU between them are a stretch of one or several flushes. It is parted
 *
 *  1. by pauses: inside a flush they are one list insertion long, between flushes at least one fault or read for every
 *     folio of the next. On a logarithmic scale that makes two heaps; the split that separates them best (Otsu 1979) is
 *     taken from the capture itself. Clocks without durations give no such cut.
 *  2. by what can be: no flush is longer than a batch, and without a drain none is shorter, unless batches are off. So where
 *     full batches fit between the cuts (after what a recorded drain emptied), shorter cuts were a CPU that stood still
 *     inside a flush, and are taken back. Such stalls are rare: where more than one line in four would be one, the lines are
 *     flushes of single folios.
 */
import { addTo } from '../base/groups.ts';
import type { Log } from './log.ts';

/** Best split of a histogram of base-2 logarithms in quarter steps: the largest variance between the two heaps. */
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

/** First rows of stretches, in the order of their CPU's lines; `rows` lists the rows of each, one after another. */
export interface Stretches {
  readonly rows: Int32Array;
  /** Where each stretch begins in `rows`; one more for the end. */
  readonly starts: readonly number[];
}

/** Columns of the insertion log: pfn, epoch, row of the drain that was the CPU's last other event. */
export function findStretches(log: Log): Stretches {
  const byCpu = new Map<number, number[]>();
  for (let row = 0; row < log.length; row++) {
    addTo(byCpu, log.cpu.data[row]!, row);
  }
  const rows = new Int32Array(log.length);
  const starts: number[] = [];
  let at = 0;
  for (const list of byCpu.values()) {
    let before = -1;
    for (const row of list) {
      if (before < 0 || !together(log, before, row)) starts.push(at);
      rows[at++] = row;
      before = row;
    }
  }
  starts.push(at);
  return { rows, starts };
}

function together(log: Log, before: number, row: number): boolean {
  return (
    log.tag.data[before] === log.tag.data[row] &&
    log.pid.data[before] === log.pid.data[row] &&
    log.value(1, before) === log.value(1, row)
  );
}

/** The longest pause inside a flush, ns: where the capture's pauses part. */
export function longestPause(log: Log, stretches: Stretches): number {
  const histogram = new Float64Array(256);
  const { rows, starts } = stretches;
  for (let s = 0; s + 1 < starts.length; s++) {
    for (let i = starts[s]! + 1; i < starts[s + 1]!; i++) {
      const pause = log.time.data[rows[i]!]! - log.time.data[rows[i - 1]!]!;
      histogram[pause <= 1 ? 0 : Math.min(255, Math.floor(Math.log2(pause) * 4))]!++;
    }
  }
  return splitPauses(histogram);
}

/** How one stretch may be parted. */
export interface PartRules {
  readonly capacity: number;
  readonly pause: number;
  /** A recorded drain of this task was the CPU's last event before the stretch. */
  readonly drained: boolean;
  /** Local drains are recorded: a flush without one is full. */
  readonly drainsSeen: boolean;
}

/** Lengths of the flushes of a stretch: `times` are those of its lines. */
export function partStretch(times: readonly number[], rules: PartRules): number[] {
  const { capacity, pause } = rules;
  const cuts: number[] = []; // positions at which a new piece begins
  for (let i = 1; i < times.length; i++) if (times[i]! - times[i - 1]! > pause) cuts.push(i);
  if (Number.isNaN(capacity)) return lengths(cuts, times.length);

  // What a drain emptied comes first; then full batches only.
  const rest = times.length % capacity;
  if (rules.drained || rest === 0) {
    const wanted: number[] = [];
    for (let i = rest === 0 ? capacity : rest; i < times.length; i += capacity) wanted.push(i);
    const cut = new Set(cuts);
    const fits = wanted.every((i) => cut.has(i)) && (cuts.length - wanted.length) * 4 <= times.length;
    if (rules.drainsSeen && (fits || pause === Number.POSITIVE_INFINITY)) return lengths(wanted, times.length);
  }
  return merge(lengths(cuts, times.length), capacity);
}

function lengths(cuts: readonly number[], total: number): number[] {
  const parts: number[] = [];
  let from = 0;
  for (const cut of cuts) {
    parts.push(cut - from);
    from = cut;
  }
  parts.push(total - from);
  return parts;
}

/**
 * Cuts pieces that are longer than a batch, and joins neighbours that make exactly one: a CPU that stood still inside a full
 * flush.
 */
function merge(pieces: readonly number[], capacity: number): number[] {
  const parts: number[] = [];
  for (let i = 0; i < pieces.length; ) {
    let sum = pieces[i]!;
    let j = i + 1;
    while (j < pieces.length && sum < capacity && (j - i) * 4 <= capacity) sum += pieces[j++]!;
    if (sum === capacity && j > i + 1) {
      parts.push(capacity);
      i = j;
      continue;
    }
    let left = pieces[i]!;
    for (; left > capacity; left -= capacity) parts.push(capacity);
    parts.push(left);
    i++;
  }
  return parts;
}
