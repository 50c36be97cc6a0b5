/** What a comparison says: fidelity first, then each policy against the recorded one, then what cannot be said. */
import type { Cause } from '../history/facts.ts';
import type { Axis } from '../policies/policy.ts';
import type { Fate } from '../replay/fates.ts';
import type { Metric } from '../replay/outcome.ts';
import type { TotalName } from '../replay/withheld.ts';
import type { Differing } from './differing.ts';

/** How far a capture can answer, from best to worst. */
export type Answer = 'observed' | 'bounded' | 'assumed' | 'cannot answer';

/** What a capture can answer on one axis of choice, before anything is simulated. */
export interface AxisAnswer {
  readonly axis: Axis;
  readonly question: string;
  readonly answer: Answer;
  readonly why: string;
  /** Assumptions (by the names of `--assume`) that stand in for data, or that its bounds are thrown by. */
  readonly assumes: readonly string[];
  /** What to record for a better answer, as a command for the device; empty where nothing is wanting. */
  readonly record: string;
}

/** An interval over draws. Where only bounds are known the estimate is NaN and the bounds are all there is. */
export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/** Scores of predictions of one sort of thing: that one of its folios is given up (a folio: that it is). */
export interface LevelScore {
  readonly level: 'folio' | 'call' | 'request';
  readonly things: number;
  /** How many had one: recorded, and predicted. */
  readonly recorded: number;
  readonly predicted: Interval;
  readonly within: boolean;
  /** Share of things whose likelier outcome is the recorded one, and that of always saying the more frequent one. */
  readonly agreement: number;
  readonly agreementOfRate: number;
  /** Mean squared error of each thing's predicted chance, and that of always predicting the overall rate. */
  readonly brier: number;
  readonly brierOfRate: number;
  /** Predicted against observed share, by predicted share. */
  readonly calibration: readonly { readonly predicted: number; readonly observed: number; readonly things: number }[];
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
  /** By folio, by call (with those for the same list) and by request. */
  readonly levels: readonly LevelScore[];
  /** `good`, or `poor` by the rule of `poorWhen`, or `unchecked` where nothing has a known outcome. */
  readonly state: 'good' | 'poor' | 'unchecked';
  /** What makes it poor, a clause each. */
  readonly misses: readonly string[];
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

/**
 * What an interval says: every draw equal; nothing that matters (it holds zero and is narrow); less, more; or that it cannot
 * be told; `unknown`: the capture cannot show it at all.
 */
export type Told = 'every draw equal' | 'no difference' | 'less' | 'more' | 'cannot tell' | 'unknown';

/** Effects against the recorded policy in units that a person can use; positive saves. */
export interface Effects {
  /** Requests (allocations among them) that would have got what they wanted and did not. */
  readonly requestsSaved: Interval;
  /** Stall of waiting tasks, in ns. */
  readonly stallSaved: Interval;
  /** All-CPU drains that each saved folio costs; words where none is saved in some of the draws that count. */
  readonly drainsPerSavedFolio: Interval | 'none saved' | 'no drains more';
}

/**
 * What becomes of the folios that the recorded policy gave up in the same draw: moved, not reached by the request, given up
 * again. `instead`: given up, and not by the recorded policy. In folios, of single numbers (not widened, see `fatesOfRow`).
 */
export interface RowFates extends Readonly<Record<Fate, Interval>> {
  readonly instead: Interval;
  /** By what held them under the recorded policy; causes of no folio in any draw are left out. */
  readonly byCause: readonly (Readonly<Record<Fate, Interval>> & { readonly cause: Cause })[];
}

export interface PolicyRow {
  readonly policy: string;
  readonly title: string;
  readonly source: string;
  readonly changes: readonly string[];
  readonly value: Readonly<Record<Metric, Interval>>;
  /** Against the recorded policy replayed with the same luck; widened for multiplicity and lost events. */
  readonly difference: Readonly<Record<Metric, Interval>>;
  /** Standard deviation of that difference over draws; NaN where only bounds are known. */
  readonly deviation: Readonly<Record<Metric, number>>;
  /** What lost events widened each end of the difference by. */
  readonly lost: Readonly<Record<Metric, number>>;
  /** What each difference says. */
  readonly told: Readonly<Record<Metric, Told>>;
  readonly effects: Effects;
  readonly byReason: readonly { readonly reason: string; readonly failedFolios: Interval }[];
  readonly fates: RowFates;
  /** Folios that it gives up more often, or less often, than the recorded policy with the same luck. */
  readonly differing: Differing;
  /** Policies whose every draw is equal to this one's in every metric shown. */
  readonly coincidesWith: readonly string[];
  /** How far this trace can answer for it, and why. */
  readonly answer: Exclude<Answer, 'cannot answer'>;
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

/** An assumption that is not data: its value, where it comes from, and how far each policy's answer moves with it. */
export interface Assumption {
  /** As `--assume NAME=VALUE` has it. */
  readonly name: string;
  readonly value: number;
  /** What it is unless set otherwise. */
  readonly usual: number;
  readonly unit: string;
  readonly why: string;
  /** What moves, on the average of the draws: mostly `failedFolios`. */
  readonly metric: Metric;
  /** By policy; empty where nothing in this capture hangs on it. NaN = it cannot go that way. */
  readonly moves: readonly Move[];
  /** The policy of `moves` that moves most; undefined without one. */
  readonly most: Move | undefined;
}

export interface Move {
  readonly policy: string;
  readonly asItIs: number;
  readonly halved: number;
  readonly doubled: number;
}

/** How the differences of several policies are held together. */
export interface Multiplicity {
  readonly method: string;
  readonly policies: number;
  readonly level: number;
}

export interface Comparison {
  readonly source: string;
  /** The first thing to say of it: how far it can be believed. */
  readonly headline: string;
  readonly modelVersion: number;
  readonly seed: number;
  readonly draws: number;
  /** Confidence level of single intervals, before the correction for several policies. */
  readonly level: number;
  readonly recorded: string;
  readonly recordedFrom: string;
  /** What this capture can answer, by axis; known before anything was simulated. */
  readonly identifiable: readonly AxisAnswer[];
  readonly reproduction: Reproduction;
  readonly fidelity: Fidelity;
  readonly multiplicity: Multiplicity;
  readonly blame: readonly BlameRow[];
  /** The recorded policy first. */
  readonly rows: readonly PolicyRow[];
  readonly refusals: readonly Refusal[];
  readonly assumptions: readonly Assumption[];
  readonly remarks: readonly string[];
}
