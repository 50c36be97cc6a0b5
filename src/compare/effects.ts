/** What a difference says, and effects in units that a person can use. */
import type { Metric } from '../replay/outcome.ts';
import { metrics } from '../replay/outcome.ts';
import type { Effects, Interval, Told } from './comparison.ts';
import { percentileInterval } from './statistics.ts';

/** A difference within this share of the recorded policy's own value does not matter to anybody. */
const narrowShare = 0.05;
/** Nor does one of less than half a folio, drain or request. */
const narrowCount = 0.5;

/**
 * What the interval of a difference says. "No difference" is never said of an interval that is merely wide enough to hold zero:
 * it must lie within 5 % of the recorded policy's value (or within half a thing) on both sides, as tests of equivalence ask
 * (Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15, 1987; Kruschke's region of practical equivalence, 2018).
 */
export function tell(metric: Metric, { low, high }: Interval, recorded: Interval): Told {
  if (Number.isNaN(low) || Number.isNaN(high)) return 'unknown';
  if (low === 0 && high === 0) return 'every draw equal';
  const size = Number.isNaN(recorded.estimate) ? (recorded.low + recorded.high) / 2 : recorded.estimate;
  const narrow = Math.max(narrowShare * Math.abs(size), metrics[metric].unit === 'ns' ? 0 : narrowCount);
  if (low <= 0 && high >= 0) return -low <= narrow && high <= narrow ? 'no difference' : 'cannot tell';
  return high < 0 ? 'less' : 'more';
}

/** Draws of one policy and of the recorded one, in the metrics that effects are made of. */
interface Pair {
  readonly own: Readonly<Record<Metric, Float64Array>>;
  readonly recorded: Readonly<Record<Metric, Float64Array>>;
}

/** Effects of a policy: `differences` as they stand in its row, and the draws behind them (the bounding ones as well). */
export function effectsOf(
  differences: Readonly<Record<Metric, Interval>>,
  pairs: readonly Pair[],
  level: number,
): Effects {
  return {
    requestsSaved: negated(differences.failedRequests),
    stallSaved: negated(differences.stall),
    drainsPerSavedFolio: drainsPerSaved(differences, pairs, level),
  };
}

function negated({ estimate, low, high }: Interval): Interval {
  return { estimate: 0 - estimate, low: 0 - high, high: 0 - low };
}

/**
 * All-CPU drains more for each folio fewer given up, draw by draw. Where the interval of saved folios reaches zero the ratio
 * has no bound on one side (Fieller, "Some Problems in Interval Estimation", JRSS B 16, 1954), and words say so.
 */
function drainsPerSaved(
  differences: Readonly<Record<Metric, Interval>>,
  pairs: readonly Pair[],
  level: number,
): Effects['drainsPerSavedFolio'] {
  const { failedFolios: folios, allCpuDrains: drains } = differences;
  if (!(folios.high < 0)) return 'none saved';
  if (!(drains.high > 0)) return 'no drains more';
  const isBounded = Number.isNaN(folios.estimate);
  const all = pairs.map(({ own, recorded }) => {
    const ratios: number[] = [];
    own.failedFolios.forEach((failed, draw) => {
      const saved = recorded.failedFolios[draw]! - failed;
      if (saved > 0) ratios.push((own.allCpuDrains[draw]! - recorded.allCpuDrains[draw]!) / saved);
    });
    return percentileInterval(ratios, level);
  });
  const [main, ...others] = all;
  if (!isBounded) return main!;
  return {
    estimate: Number.NaN,
    low: Math.min(main!.low, ...others.map(({ low }) => low)),
    high: Math.max(main!.high, ...others.map(({ high }) => high)),
  };
}
