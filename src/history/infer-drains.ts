/**
 * All-CPU drains of captures in which no drain function was probed: kernel workers flush batches only for
 * lru_add_drain_all (mm/swap.c lru_add_drain_per_cpu), one work on each CPU that needs it, and the next drain waits until all
 * have run. So worker flushes on different CPUs belong together until one CPU comes again or the pause is longer than any
 * pause of two works of one drain can be, which is how long a runnable worker waits for its CPU.
 */
import type { Capture } from '../events/capture.ts';
import type { DrainFold } from './drains.ts';
import type { Drain, Flush } from './facts.ts';

/** A runnable kworker not yet run after this many ns is a stall that the kernel itself would report (wq_watchdog waits longer still). */
const LONGEST_WORK_DELAY = 1e9;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The drains seen, and those inferred, in the order of their first event. Sets `drain` of the flushes that made them. */
export function inferDrains(capture: Capture, seen: DrainFold, flushes: Flush[]): Drain[] {
  if (seen.probed.local || seen.probed.all) return seen.drains;
  const drains: Drain[] = [...seen.drains];
  let open: Mutable<Drain> | undefined;
  let last = Number.NEGATIVE_INFINITY;
  for (const [index, flush] of flushes.entries()) {
    if (flush.cause !== 'all-CPU drain') continue;
    const limit = capture.clock.unit === 'ns' ? LONGEST_WORK_DELAY : Number.POSITIVE_INFINITY;
    // A window that was seen to open explains the works that run before its drain is over.
    const known = seen.drains.find((drain) => drain.start <= flush.start && flush.start <= drain.end);
    if (known !== undefined) {
      if (!known.cpus.includes(flush.cpu)) (known.cpus as number[]).push(flush.cpu);
      flushes[index] = { ...flush, drain: known.id };
      continue;
    }
    const again = open?.cpus.includes(flush.cpu) && flush.batch === 'add';
    if (open === undefined || again || flush.start - last > limit) {
      open = {
        id: drains.length,
        scope: 'all',
        pid: -1,
        comm: '',
        cpu: -1,
        start: flush.start,
        end: NaN,
        cpus: [],
        certainty: 'inferred',
        ordinal: flush.ordinal,
      };
      drains.push(open);
    }
    if (!open.cpus.includes(flush.cpu)) (open.cpus as number[]).push(flush.cpu);
    flushes[index] = { ...flush, drain: open.id };
    last = flush.end;
  }
  return drains;
}
