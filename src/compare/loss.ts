/**
 * What lost events widen. They hide adds to batches, episodes and whole requests, and cut others in two; how many can only be
 * estimated from the share of events that is missing, and how unevenly from how much one request holds.
 */
import { lostBetween } from '../history/calls.ts';
import type { Call, History } from '../history/facts.ts';
import { type Metric, metrics } from '../replay/outcome.ts';
import type { Stage } from '../replay/stage.ts';
import type { Interval } from './comparison.ts';

/** Widens intervals for what the capture lost. */
export interface Widening {
  /** A policy's own number. */
  value(metric: Metric, interval: Interval): Interval;
  /** How far each end of its difference from the recorded policy is moved, whose own number is `recorded`. */
  by(metric: Metric, interval: Interval, recorded: Interval): number;
  /** Requests whose outcomes are in doubt because events were lost meanwhile, and the folios in doubt. */
  readonly doubted: { readonly requests: number; readonly folios: number };
  /** Events lost during the capture as a share of those that it has; estimated where only a gap is known. */
  readonly lostShare: number;
}

/** Share of both ends of an interval at 95 %. */
const z = 1.96;
/** Most things are seen by two events, a start and an end; one lost hides or cuts them. */
const eventsEach = 2;

export function wideningOf(stage: Stage): Widening {
  const { scenes, history } = stage;
  const lostShare = lostShareOf(history);
  const requests = Math.max(1, scenes.length);
  const missing = eventsEach * lostShare;
  const doubted = doubtOf(stage);
  // Requests that are missing or cut are a compound Poisson sum: each moves a number by as much as a request holds of it, sizes
  // scattered like an exponential distribution's (mean square twice the squared mean); and one more may always be among them.
  const hidden = (metric: Metric, ...sizes: readonly number[]): number => {
    if (missing === 0) return 0;
    const each = Math.max(metrics[metric].unit === 'ns' ? 0 : 1, ...sizes.map((size) => size / requests));
    const cut = missing * requests;
    return each * (cut + z * Math.sqrt(2 * cut) + 1);
  };
  const sizeOf = ({ estimate, low, high }: Interval) =>
    Number.isNaN(estimate) ? Math.max(Math.abs(low), Math.abs(high)) : Math.abs(estimate);
  const inDoubt = (metric: Metric) => (folioCounts.has(metric) ? doubted.folios : 0);
  return {
    value: (metric, interval) => {
      const by = hidden(metric, sizeOf(interval)) + inDoubt(metric);
      const { estimate, low, high } = interval;
      return { estimate, low: Math.max(0, low - by), high: high + by };
    },
    by: (metric, interval, recorded) => hidden(metric, sizeOf(interval), sizeOf(recorded)) + inDoubt(metric),
    doubted,
    lostShare,
  };
}

/** Metrics that count what a folio in doubt may have done either way. */
const folioCounts: ReadonlySet<Metric> = new Set(['failedFolios', 'movedFolios', 'failedRequests', 'pagesFailed']);

/**
 * Requests that are cut by the capture's ends or by losses, or ran meanwhile. Where a call's end was not seen any of its folios may
 * have ended either way; where it was, the call has said how many failed, and only those and the unknown are in doubt.
 */
function doubtOf({ scenes, history: { calls, capture } }: Stage): Widening['doubted'] {
  // A kernel without mm_migrate_pages_start (5.10) cuts no call short by not having it: the end says what became of it.
  const hasStarts = calls.some(({ complete }) => complete === 'whole');
  const isCut = ({ complete }: Call) => complete === 'no end' || (complete === 'no start' && hasStarts);
  let requests = 0;
  let folios = 0;
  for (const { unit } of scenes) {
    if (unit.calls.length === 0) {
      // Nothing prints how many folios such a request had: where events were lost there may be one more.
      const unseen = unit.members.filter(({ outcomes }) => outcomes.at(-1) === 'unknown').length;
      const more = lostBetween(capture.losses, unit.cpu, unit.start, unit.end) ? 1 : 0;
      if (unseen + more > 0) requests++;
      folios += unseen + more;
      continue;
    }
    const doubtful = unit.calls.map((id) => calls[id]!).filter((call) => isCut(call) || call.lossy);
    if (doubtful.length === 0) continue;
    requests++;
    for (const call of doubtful) {
      folios += isCut(call)
        ? Math.max(1, call.folios.length)
        : call.folios.filter(({ outcome }) => outcome !== 'moved').length;
    }
  }
  return { requests, folios };
}

/** What was overwritten before the capture's first event is no part of it. */
function lostShareOf({ capture, eventsByCpu }: History): number {
  const all = eventsByCpu.reduce((sum, { events }) => sum + events, 0);
  const rateOf = (cpu: number) => {
    const events = eventsByCpu.find((one) => one.cpu === cpu)?.events ?? all / Math.max(1, eventsByCpu.length);
    return capture.end > 0 ? events / capture.end : 0;
  };
  let lost = 0;
  for (const { cpu, count, start, end, how } of capture.losses) {
    if (how === 'overwritten') continue;
    const from = Number.isNaN(start) ? 0 : start;
    lost += Number.isNaN(count) ? rateOf(cpu) * Math.max(0, (Number.isNaN(end) ? capture.end : end) - from) : count;
  }
  return all === 0 ? 0 : lost / all;
}
