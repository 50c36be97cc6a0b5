/**
 * Why a prediction missed, as far as it was found out: by workload, policy predicted from, policy predicted, and metric. A miss
 * without an entry is printed as not explained. Entries say what was looked at, and hold as long as the miss is there.
 */
import type { Metric } from '../../src/replay/outcome.ts';

/** `workload: recorded → predicted`. */
export type PairName = `${string}: ${string} → ${string}`;

export const reasons: Readonly<Record<PairName, Partial<Readonly<Record<Metric, string>>>>> = {};
