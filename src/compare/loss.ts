/** What lost events widen: requests that were cut, and those that no event is left of. */
import { lostBetween } from '../history/calls.ts';
import type { Metric } from '../replay/outcome.ts';
import type { Stage } from '../replay/stage.ts';
import type { Interval } from './comparison.ts';

/** Widens intervals for what the capture lost. */
export interface Widening {
  value(metric: Metric, interval: Interval): Interval;
  difference(metric: Metric, interval: Interval): Interval;
  /** How far each end of a difference is moved. */
  by(metric: Metric): number;
  /** Requests whose outcomes are anybody's guess, and their folios. */
  readonly doubted: { readonly requests: number; readonly folios: number };
}

const folioCounts: ReadonlySet<Metric> = new Set(['failedFolios', 'movedFolios']);

export function wideningOf({ scenes, history: { calls, capture } }: Stage): Widening {
  // A kernel without mm_migrate_pages_start (5.10) cuts no call short by not having it: the end says what became of it.
  const hasStarts = calls.some(({ complete }) => complete === 'whole');
  const cut = (id: number) => {
    const { lossy, complete } = calls[id]!;
    return lossy || complete === 'no end' || (complete === 'no start' && hasStarts);
  };
  const doubted = scenes.filter(({ unit }) =>
    unit.calls.length > 0 ? unit.calls.some(cut) : lostBetween(capture.losses, unit.cpu, unit.start, unit.end),
  );
  const folios = doubted.reduce((sum, { unit }) => sum + Math.max(1, unit.members.length), 0);
  const widen = (metric: Metric, { estimate, low, high }: Interval, lowest: number): Interval => {
    const by = folioCounts.has(metric) ? folios : 0;
    return { estimate, low: Math.max(lowest, low - by), high: high + by };
  };
  return {
    value: (metric, interval) => widen(metric, interval, 0),
    by: (metric) => (folioCounts.has(metric) ? folios : 0),
    difference: (metric, interval) => widen(metric, interval, Number.NEGATIVE_INFINITY),
    doubted: { requests: doubted.length, folios },
  };
}
