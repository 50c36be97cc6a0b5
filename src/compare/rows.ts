/** A row for each policy: values, paired differences that hold together, and what they say. */
import type { History } from '../history/facts.ts';
import type { Policy } from '../policies/policy.ts';
import { type Metric, metricNames, type PolicyOutcome } from '../replay/outcome.ts';
import { spanOf } from './bounds.ts';
import type { Interval, Multiplicity, PolicyRow } from './comparison.ts';
import { differingFolios } from './differing.ts';
import { effectsOf, tell } from './effects.ts';
import { fatesOfRow } from './fates.ts';
import type { Widening } from './loss.ts';
import { percentileInterval, simultaneousBands, variance } from './statistics.ts';

export interface RowInput {
  readonly history: History;
  /** The recorded policy first. */
  readonly policies: readonly Policy[];
  readonly outcomes: readonly PolicyOutcome[];
  readonly answers: readonly { readonly answer: PolicyRow['answer']; readonly why: string }[];
  /** Outcomes of the policies of `boundedNames`, a list for each way to put what is only bounded; the recorded first. */
  readonly bounding: readonly (readonly PolicyOutcome[])[];
  readonly level: number;
  readonly widening: Widening;
}

/** The rows, and whether their simultaneous bands are the whole span of the draws. */
export function rowsOf(input: RowInput): { rows: PolicyRow[]; multiplicity: Multiplicity; isWholeSpan: boolean } {
  const { policies, outcomes, level } = input;
  const recorded = outcomes[0]!;
  const differences = outcomes.map(({ totals }) => minus(totals, recorded.totals));
  let isWholeSpan = false;
  const bands = Object.fromEntries(
    metricNames.map((metric) => {
      const columns = differences.slice(1).map((one) => one[metric]);
      if (columns.length < 2) return [metric, columns.map((column) => percentileInterval(column, level))];
      const cut = simultaneousBands(columns, level);
      isWholeSpan ||= cut.isWholeSpan && metric === 'failedFolios';
      return [metric, cut.intervals];
    }),
  ) as Record<Metric, readonly Interval[]>;
  const drawn0 = byMetric((metric) => percentileInterval(recorded.totals[metric], level));
  const rows = policies.map((_, i) => rowOf(i, input, differences[i]!, bands, drawn0));
  const several = policies.length > 2;
  return {
    rows,
    isWholeSpan,
    multiplicity: {
      method: several
        ? 'simultaneous bands from the joint draws, by ranks (Besag, Green, Higdon and Mengersen 1995)'
        : 'percentile interval of a single policy',
      policies: policies.length - 1,
      level,
    },
  };
}

type Draws = Readonly<Record<Metric, Float64Array>>;

function minus(own: Draws, other: Draws): Draws {
  return byMetric((metric) => own[metric].map((value, draw) => value - other[metric][draw]!));
}

function byMetric<T>(of: (metric: Metric) => T): Record<Metric, T> {
  return Object.fromEntries(metricNames.map((metric) => [metric, of(metric)])) as Record<Metric, T>;
}

function rowOf(
  i: number,
  { history, policies, outcomes, answers, bounding, level, widening }: RowInput,
  difference: Draws,
  bands: Readonly<Record<Metric, readonly Interval[]>>,
  recordedDrawn: Readonly<Record<Metric, Interval>>,
): PolicyRow {
  const policy = policies[i]!;
  const outcome = outcomes[i]!;
  const { answer, why } = answers[i]!;
  const isRecorded = i === 0;
  const isBounded = answer === 'bounded';
  // Each bounding replay of this policy beside the recorded one's under the same ends.
  const pairs = bounding.flatMap((one) => {
    const own = one.find((other) => other.policy === policy.name);
    return own === undefined || !isBounded
      ? []
      : [{ own: own.totals, recorded: one[0]!.totals, byReason: own.byReason, fates: own.fates }];
  });
  const bounded = (interval: Interval, columns: readonly Float64Array[]) =>
    isBounded && !Number.isNaN(interval.estimate) ? spanOf(interval, columns) : interval;
  const value = byMetric((metric) => {
    const drawn = percentileInterval(outcome.totals[metric], level);
    return widening.value(
      metric,
      bounded(
        drawn,
        pairs.map(({ own }) => own[metric]),
      ),
    );
  });
  const drawn = byMetric((metric): Interval => {
    if (isRecorded) {
      // Nobody has to guess how far a policy is from itself.
      const zero = Number.isNaN(value[metric].low) ? Number.NaN : 0;
      return { estimate: zero, low: zero, high: zero };
    }
    const spans = pairs.map(({ own, recorded }) => own[metric].map((one, draw) => one - recorded[metric][draw]!));
    return bounded(bands[metric][i - 1]!, spans);
  });
  const lost = byMetric((metric) => (isRecorded ? 0 : widening.by(metric, drawn[metric], recordedDrawn[metric])));
  const differences = byMetric((metric): Interval => {
    const { estimate, low, high } = drawn[metric];
    return { estimate, low: low - lost[metric], high: high + lost[metric] };
  });
  return {
    policy: policy.name,
    title: policy.title,
    source: policy.source,
    changes: policy.changes,
    value,
    difference: differences,
    deviation: byMetric((metric) => (isBounded ? Number.NaN : Math.sqrt(variance(difference[metric])))),
    lost,
    told: byMetric((metric) => tell(metric, differences[metric], recordedDrawn[metric])),
    effects: effectsOf(differences, [{ own: outcome.totals, recorded: outcomes[0]!.totals }, ...pairs], level),
    byReason: outcome.byReason.map(({ reason, totals }) => {
      const same = pairs.map(({ byReason }) => byReason.find((one) => one.reason === reason)!.totals.failedFolios);
      return { reason, failedFolios: bounded(percentileInterval(totals.failedFolios, level), same) };
    }),
    fates: fatesOfRow(
      outcome.fates,
      pairs.map(({ fates }) => fates),
      level,
      bounded,
    ),
    differing: differingFolios(history, outcome.failed, outcomes[0]!.failed),
    coincidesWith: outcomes
      .filter((other) => other !== outcome && coincides(other, outcome))
      .map((other) => other.policy),
    answer,
    why,
  };
}

/** Every draw equal in every metric; what neither can tell does not tell them apart. */
function coincides(a: PolicyOutcome, b: PolicyOutcome): boolean {
  return metricNames.every((metric) =>
    a.totals[metric].every((value, draw) => Object.is(value, b.totals[metric][draw])),
  );
}
