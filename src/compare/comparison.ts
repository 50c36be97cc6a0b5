/** What a comparison says: fidelity first, then each policy against the recorded one, then what cannot be said. */
import type { Cause } from '../history/facts.ts';
import type { Metric } from '../replay/outcome.ts';
import type { TotalName } from '../replay/withheld.ts';

/** A percentile interval over draws. */
export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/** Replay of the recorded policy with the outcomes withheld, scored against them (docs/counterfactuals.md). */
export interface Fidelity {
  /** Folios that failed: recorded, and as predicted from the other calls. */
  readonly recordedFailures: number;
  readonly predictedFailures: Interval;
  /** The recorded number lies within the predicted interval. */
  readonly within: boolean;
  readonly folios: number;
  readonly folds: number;
  /** Mean squared error of each folio's predicted failure, and that of always predicting the overall rate. */
  readonly brier: number;
  readonly brierOfRate: number;
  /** Predicted against observed share of failures, by predicted share. */
  readonly calibration: readonly { readonly predicted: number; readonly observed: number; readonly folios: number }[];
  /** Episodes recorded and predicted, where the trace shows them. */
  readonly recordedEpisodes: number;
  readonly predictedEpisodes: Interval;
  /** What the capture prints of requests as a whole: recorded, and predicted without it. */
  readonly totals: readonly TotalCheck[];
  /** In words: what this means for the rows below. */
  readonly verdict: string;
}

/** One total that was withheld. */
export interface TotalCheck {
  readonly name: TotalName;
  readonly recorded: number;
  readonly predicted: Interval;
  readonly within: boolean;
}

/** Replay conditioned on everything seen: must give the recording back; anything less is a bug. */
export interface Reproduction {
  readonly folios: number;
  /** Outcome and number of episodes as recorded. */
  readonly reproduced: number;
  /** Outcome not as recorded (the others have it after another number of episodes). */
  readonly otherOutcome: number;
  /** First few that were not, in words. */
  readonly misses: readonly string[];
}

export interface PolicyRow {
  readonly policy: string;
  readonly title: string;
  readonly source: string;
  readonly changes: readonly string[];
  readonly value: Readonly<Record<Metric, Interval>>;
  /** Against the recorded policy replayed with the same luck; widened for multiplicity and lost events. */
  readonly difference: Readonly<Record<Metric, Interval>>;
  readonly byReason: readonly { readonly reason: string; readonly failedFolios: Interval }[];
  /** Policies whose every draw is equal to this one's in every metric shown. */
  readonly coincidesWith: readonly string[];
  /** How far this trace can answer for it, and why. */
  readonly answer: 'observed' | 'bounded' | 'assumed';
  readonly why: string;
}

export interface Refusal {
  readonly policy: string;
  readonly missing: readonly string[];
  /** What to record next time, as a command for the device. */
  readonly record: string;
}

export interface BlameRow {
  readonly cause: Cause;
  /** Expected number of failed folios (posterior mean) and how many have this as their likeliest cause. */
  readonly folios: number;
  readonly likeliest: number;
}

/** An assumption that is not data: its value, where it comes from, and how far the answer moves with it. */
export interface Assumption {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly why: string;
  /** Failed folios under the policy named, with the assumption halved and doubled; NaN where it has no part. */
  readonly halved: number;
  readonly doubled: number;
  readonly policy: string;
}

export interface Comparison {
  readonly source: string;
  readonly modelVersion: number;
  readonly seed: number;
  readonly draws: number;
  /** Confidence level of single intervals, before the correction for several policies. */
  readonly level: number;
  readonly recorded: string;
  readonly recordedFrom: string;
  readonly reproduction: Reproduction;
  readonly fidelity: Fidelity;
  readonly blame: readonly BlameRow[];
  /** The recorded policy first. */
  readonly rows: readonly PolicyRow[];
  readonly refusals: readonly Refusal[];
  readonly assumptions: readonly Assumption[];
  readonly remarks: readonly string[];
}
