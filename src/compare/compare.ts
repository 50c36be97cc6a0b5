/** The comparison of one capture: fidelity and reproduction first, then every policy against the recorded one. */
import { TraceError } from '../base/errors.ts';
import { causes, type History } from '../history/facts.ts';
import type { LayOptions } from '../policies/lay.ts';
import { defaultPolicyNames, resolvePolicy } from '../policies/policies.ts';
import type { Policy } from '../policies/policy.ts';
import { likeliest, type Posterior } from '../replay/blame.ts';
import { timesGivenUp } from '../replay/demand.ts';
import { type Metric, metricNames, modelVersion, type PolicyOutcome } from '../replay/outcome.ts';
import { recordedPolicy } from '../replay/recorded.ts';
import { replayStage } from '../replay/replay.ts';
import { reproduce } from '../replay/reproduce.ts';
import { type Stage, stageOf } from '../replay/stage.ts';
import { withheld } from '../replay/withheld.ts';
import { assumptionRows } from './assumptions.ts';
import type { BlameRow, Comparison, Interval, PolicyRow, Refusal, Reproduction } from './comparison.ts';
import { fidelityOf } from './fidelity.ts';
import { answerFor, recordEverything, refuse } from './identify.ts';
import { bonferroniLevel, percentileInterval } from './statistics.ts';

/** Makes a policy of one's own, laid over the recorded one: `parseUserPolicy` with its text, for one. */
export type PolicyMaker = (recorded: Policy, options: LayOptions) => Policy;

export interface CompareOptions {
  /** Names, or makers of a user's own; by default those that differ from the recorded policy. */
  readonly policies?: readonly (string | PolicyMaker)[];
  /** By default 480, fewer for a large capture (see `usualDraws`). */
  readonly draws?: number;
  readonly seed?: number;
  /** Confidence level of single intervals, before the correction for several policies. */
  readonly level?: number;
  readonly onProgress?: (done: number, total: number, what: string) => void;
}

const defaults = { draws: 480, seed: 1, level: 0.95, folds: 5 } as const;

/**
 * Compares policies on one capture. The same history and options give the same comparison.
 *
 * @throws TraceError when the capture holds no call, or can feed none of the policies asked for.
 * @throws ScenarioError for an unknown policy, or when nothing says which kernel recorded the capture.
 */
export function compare(history: History, options: CompareOptions = {}): Comparison {
  const { capture } = history;
  const { seed = defaults.seed, level = defaults.level, onProgress } = options;
  if (history.calls.length === 0) {
    const { decoded, generic } = capture.accounting;
    throw new TraceError(
      'nothing-to-replay',
      { file: capture.source },
      decoded === 0 && generic > 0
        ? `holds ${plural(generic, 'event')} of which only a name or number is known (as the tracefs option \`raw\` prints them): nothing to replay`
        : 'holds no migrate_pages call: nothing to replay',
      `record them: ${recordEverything}`,
    );
  }
  const { policy: recorded, from } = recordedPolicy(capture);
  const { fed, refusals } = choose(history, recorded, options.policies);
  const stage = stageOf(history, recorded, seed);
  const draws = options.draws ?? usualDraws(stage, fed.length + 1);
  const phases = { withheld: draws, replay: draws * (fed.length + 1) };
  const total = phases.withheld + phases.replay;
  const tell = (before: number, each: number, what: string) => (done: number) =>
    onProgress?.(before + done * each, total, what);
  const held = withheld(stage, { draws, seed, folds: defaults.folds, onProgress: tell(0, 1, 'withholding outcomes') });
  const policies = [recorded, ...fed];
  const outcomes = replayStage(stage, policies, {
    draws,
    seed,
    onProgress: tell(phases.withheld, policies.length, 'replaying policies'),
  });
  const blame = blameTable(stage.abduction.blame);
  const untold = blame.find(({ cause }) => cause === 'cannot tell')?.folios ?? 0;
  const corrected = bonferroniLevel(level, fed.length);
  const doubt = doubtOf(stage);
  const rows = policies.map((policy, i) =>
    rowOf(policy, outcomes[i]!, outcomes, doubt.folios, { single: level, corrected }, answerFor(stage, policy, untold)),
  );
  const telling = fed.find(({ kind }) => kind === 'thread' || kind === 'user') ?? fed[0] ?? recorded;
  return {
    source: capture.source,
    modelVersion,
    seed,
    draws,
    level,
    recorded: recorded.name,
    recordedFrom: from,
    reproduction: reproductionOf(stage, seed),
    fidelity: fidelityOf(stage, held, level),
    blame,
    rows,
    refusals,
    assumptions: assumptionRows(stage, telling, blame, { draws, seed }),
    remarks: remarksOf(stage, { level, corrected, count: fed.length, draws, asked: options.draws, doubt }),
  };
}

/** The policies to replay, in order and once each, and those the capture cannot feed. */
function choose(
  history: History,
  recorded: Policy,
  names: CompareOptions['policies'],
): { fed: Policy[]; refusals: Refusal[] } {
  const fed: Policy[] = [];
  const refusals: Refusal[] = [];
  const pageSize = history.capture.pageSize?.value;
  const lay = pageSize === undefined ? {} : { pageSize };
  for (const name of new Set(names ?? defaultPolicyNames(recorded))) {
    const policy = typeof name === 'string' ? resolvePolicy(name, recorded, lay) : name(recorded, lay);
    const refusal = refuse(history, policy);
    if (refusal !== undefined) refusals.push(refusal);
    else if (policy.name !== recorded.name) fed.push(policy);
  }
  if (names !== undefined && fed.length === 0 && refusals.length > 0) {
    const { missing, record } = refusals[0]!;
    throw new TraceError(
      'cannot-feed',
      { file: history.capture.source },
      `can feed none of the policies asked for: it lacks ${missing.join(' and ')}`,
      record.startsWith('trace-cmd') ? `record them: ${record}` : record,
    );
  }
  return { fed, refusals };
}

/**
 * How many draws a capture gets when nobody says: 480 (so that each end of an interval corrected for eleven policies lies
 * between two draws), or as many as its size leaves time for, never under 20. Counted in members and background rows, not
 * in seconds, so that the same capture gets the same number anywhere.
 */
export function usualDraws({ scenes }: Stage, policies: number): number {
  let size = 0;
  for (const { unit, background } of scenes) size += unit.members.length + background.length / 30;
  const budget = 2_500_000;
  return Math.max(20, Math.min(defaults.draws, Math.floor(budget / Math.max(1, size * (policies + 1)))));
}

function blameTable(blame: readonly Posterior[]): BlameRow[] {
  return causes
    .map((cause, i) => ({
      cause,
      folios: blame.reduce((sum, posterior) => sum + posterior[i]!, 0),
      likeliest: blame.filter((posterior) => likeliest(posterior) === cause).length,
    }))
    .filter(({ folios, likeliest }) => folios > 0.005 || likeliest > 0)
    .sort((a, b) => b.folios - a.folios);
}

/** Requests whose outcomes are anybody's guess, because events were lost meanwhile, and their folios. */
function doubtOf({ scenes, history: { calls } }: Stage): { requests: number; folios: number } {
  // A kernel without mm_migrate_pages_start (5.10) cuts no call short by not having it: the end says what became of it.
  const hasStarts = calls.some(({ complete }) => complete === 'whole');
  const cut = (id: number) => {
    const { lossy, complete } = calls[id]!;
    return lossy || complete === 'no end' || (complete === 'no start' && hasStarts);
  };
  const doubted = scenes.filter(({ unit }) => unit.calls.some(cut));
  return {
    requests: doubted.length,
    folios: doubted.reduce((sum, { unit }) => sum + Math.max(1, unit.members.length), 0),
  };
}

const folioCounts: ReadonlySet<Metric> = new Set(['failedFolios', 'movedFolios']);

function rowOf(
  policy: Policy,
  outcome: PolicyOutcome,
  outcomes: readonly PolicyOutcome[],
  doubt: number,
  level: { single: number; corrected: number },
  answer: { answer: PolicyRow['answer']; why: string },
): PolicyRow {
  const recorded = outcomes[0]!;
  const isRecorded = outcome === recorded;
  const intervals = (of: (metric: Metric) => Float64Array, at: number, by: number, lowest: number) =>
    Object.fromEntries(
      metricNames.map((metric) => [
        metric,
        widen(percentileInterval(of(metric), at), folioCounts.has(metric) ? by : 0, lowest),
      ]),
    ) as Record<Metric, Interval>;
  return {
    policy: policy.name,
    title: policy.title,
    source: policy.source,
    changes: policy.changes,
    value: intervals((metric) => outcome.totals[metric], level.single, doubt, 0),
    difference: intervals(
      (metric) => outcome.totals[metric].map((value, draw) => value - recorded.totals[metric][draw]!),
      level.corrected,
      // Nobody has to guess how far a policy is from itself.
      isRecorded ? 0 : doubt,
      Number.NEGATIVE_INFINITY,
    ),
    byReason: outcome.byReason.map(({ reason, totals }) => ({
      reason,
      failedFolios: percentileInterval(totals.failedFolios, level.single),
    })),
    coincidesWith: outcomes
      .filter((other) => other !== outcome && coincides(other, outcome))
      .map((other) => other.policy),
    answer: isRecorded ? 'observed' : answer.answer,
    why: isRecorded ? 'the policy of the recording' : answer.why,
  };
}

function widen({ estimate, low, high }: Interval, by: number, lowest: number): Interval {
  return { estimate, low: Math.max(lowest, low - by), high: high + by };
}

/** Every draw equal in every metric; what neither can tell does not tell them apart. */
function coincides(a: PolicyOutcome, b: PolicyOutcome): boolean {
  return metricNames.every((metric) =>
    a.totals[metric].every((value, draw) => Object.is(value, b.totals[metric][draw])),
  );
}

function reproductionOf(stage: Stage, seed: number): Reproduction {
  const { folios, reproduced, misses } = reproduce(stage, seed);
  return {
    folios,
    reproduced,
    otherOutcome: misses.filter((miss) => miss.otherOutcome).length,
    misses: misses.slice(0, 10).map(({ unit, member, recorded, replayed }) => {
      const { pfn } = unit.members[member]!;
      const who = Number.isNaN(pfn) ? 'a folio without pfn' : `pfn 0x${pfn.toString(16)}`;
      return `${who}, ${unit.model} of pid ${unit.pid}: recorded ${recorded}, replayed ${replayed}`;
    }),
  };
}

function plural(n: number, one: string): string {
  return `${n} ${one}${n === 1 ? '' : 's'}`;
}

function remarksOf(
  stage: Stage,
  facts: {
    level: number;
    corrected: number;
    count: number;
    draws: number;
    asked: number | undefined;
    doubt: { requests: number; folios: number };
  },
): string[] {
  const { history, scenes } = stage;
  const { capture } = history;
  const percent = (share: number) => `${(100 * share).toFixed(share > 0.99 ? 2 : 1).replace(/\.?0+$/, '')} %`;
  const remarks: string[] = [
    'Intervals are about this recording under another policy; how much one run differs from the next is in none of them.',
  ];
  if (facts.count > 1) {
    // An end of the interval lies beyond the second draw from it: one draw decides.
    const coarse = ((1 - facts.corrected) / 2) * (facts.draws - 1) < 1;
    remarks.push(
      `Differences of ${facts.count} policies are shown at ${percent(facts.corrected)} each, so that all hold together with ${percent(facts.level)} (Bonferroni)${coarse ? `; of ${facts.draws} draws that is nearly the whole span, so a single draw can decide whether an interval leaves zero out: --draws asks for more` : ''}.`,
    );
  }
  if (facts.asked === undefined && facts.draws < defaults.draws) {
    remarks.push(`A capture of this size gets ${facts.draws} draws; --draws asks for more.`);
  }
  if (capture.clock.unit !== 'ns') {
    remarks.push(
      `${capture.clock.unit === 'integer' ? 'The clock counts, so the capture gives orders but no durations' : 'The capture has no times'}: times under entries and stalls cannot be told.`,
    );
  }
  const { requests: doubted, folios: doubt } = facts.doubt;
  if (doubted > 0) {
    const why = capture.losses.length > 0 ? 'lost events during, or begins or ends within,' : 'begins or ends within';
    remarks.push(
      `The capture ${why} ${doubted} of ${plural(scenes.length, 'request')}; their ${plural(doubt, 'folio')} widen each policy's intervals of failed and moved folios, as if they could have ended either way.`,
    );
  } else if (capture.losses.length > 0) {
    remarks.push('The kernel lost events, but while none of the replayed requests ran.');
  }
  const alone = scenes.filter(({ unit }) => unit.alone).length;
  if (alone > 0) {
    remarks.push(
      alone === 1
        ? `One of ${plural(scenes.length, 'request')} is a call that stands alone because the capture does not show who asked for it: its caller's own retries are not re-run.`
        : `${alone} of ${plural(scenes.length, 'request')} are calls that stand alone because the capture does not show who asked for them: their callers' own retries are not re-run.`,
    );
  }
  const latent = scenes.reduce(
    (sum, { unit }) => sum + unit.members.filter((member) => member.latent && !Number.isNaN(member.pfn)).length,
    0,
  );
  if (latent > 0) {
    remarks.push(
      `${plural(latent, 'folio')} of wanted ranges, in LRU batches meanwhile and in no recorded list (reclaimed as clean page cache, or freed), ${latent === 1 ? 'counts' : 'count'} only where a policy leaves them in the way.`,
    );
  }
  const failures = history.failures.length;
  const tries = stage.recorded.decisions.contiguousTries;
  const givenUp = scenes.reduce(
    (sum, { unit }) => sum + unit.members.reduce((times, member) => times + timesGivenUp(unit, member, tries), 0),
    0,
  );
  if (failures !== givenUp) {
    remarks.push(
      `${plural(failures, 'failure')} of single calls ${failures === 1 ? 'is' : 'are'} ${plural(givenUp, 'folio')} given up by a request, which is what replays count: a contiguous allocation tries a list up to ${tries} times.`,
    );
  }
  const { seen, exact, spread } = stage.adds;
  if (spread > 0) {
    remarks.push(
      `Of ${plural(seen + exact + spread, 'add')} to LRU batches the time of ${seen} was seen, of ${exact} follows exactly, and of ${spread} is only known to lie between two flushes of their CPU, where it is thrown uniformly.`,
    );
  }
  if (history.observed.entryWaits === 'unknown' && history.observed.lockWaits === 'unknown') {
    remarks.push('Stalls cannot be told: the capture shows no task going to sleep on a folio or on a migration entry.');
  }
  return remarks;
}
