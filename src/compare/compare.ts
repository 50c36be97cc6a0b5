/** The comparison of one capture: fidelity and reproduction first, then every policy against the recorded one. */
import { TraceError } from '../base/errors.ts';
import { causes, type History } from '../history/facts.ts';
import type { LayOptions } from '../policies/lay.ts';
import { defaultPolicyNames, resolvePolicy } from '../policies/policies.ts';
import type { Policy } from '../policies/policy.ts';
import type { Occasion } from '../policies/threads.ts';
import { likeliest, type Posterior } from '../replay/blame.ts';
import { modelVersion } from '../replay/outcome.ts';
import type { Assumptions } from '../replay/parameters.ts';
import { recordedPolicy } from '../replay/recorded.ts';
import { reproduce } from '../replay/reproduce.ts';
import { type Stage, stageOf } from '../replay/stage.ts';
import { holdsDemand } from '../replay/without-calls.ts';
import { answerFor, refuse } from './answer.ts';
import { assumptionRows, endDraws } from './assumptions.ts';
import type { AxisAnswer, BlameRow, Comparison, Refusal, Reproduction } from './comparison.ts';
import { fidelityOf, headlineOf } from './fidelity.ts';
import { identify } from './identify.ts';
import { wideningOf } from './loss.ts';
import { recordEverything } from './needs.ts';
import { plural, remarksOf } from './remarks.ts';
import { rowsOf } from './rows.ts';
import { sizeOf, type Task, tasksOf } from './tasks.ts';

/** Makes a policy of one's own, laid over the recorded one: `parseUserPolicy` with its text, for one. */
export type PolicyMaker = (recorded: Policy, options: LayOptions) => Policy;

export interface CompareOptions {
  /** Names, or makers of a user's own; by default those that differ from the recorded policy. */
  readonly policies?: readonly (string | PolicyMaker)[];
  /** By default 480, fewer for a large capture (see `usualDraws`). */
  readonly draws?: number;
  readonly seed?: number;
  /** Assumptions that stand in for data, where they shall be others than usual. */
  readonly assumed?: Partial<Assumptions>;
  /** Confidence level of single intervals, before the correction for several policies. */
  readonly level?: number;
  readonly onProgress?: (done: number, total: number, what: string) => void;
}

const defaults = { draws: 480, seed: 1, level: 0.95, folds: 5 } as const;

/**
 * Compares policies on one capture. The same history and options give the same comparison.
 *
 * @throws TraceError when the capture holds no request, or can feed none of the policies asked for.
 * @throws ScenarioError for an unknown policy, or when nothing says which kernel recorded the capture.
 */
export function compare(history: History, options: CompareOptions = {}): Comparison {
  const { tasks, finish } = planComparison(history, options);
  const total = tasks.reduce((sum, { cost }) => sum + cost, 0);
  let done = 0;
  const results = tasks.map(({ run, cost, what }) => {
    const result = run();
    done += cost;
    options.onProgress?.(done, total, what);
    return result;
  });
  const comparison = finish(results);
  if (comparison === undefined) throw new Error('a comparison was not made though every part of it was');
  return comparison;
}

/** A comparison to be made: by one thread or several, and perhaps not to its end. */
export interface Plan {
  /** The same ones, in the same order, wherever the same capture is read with the same options. */
  readonly tasks: readonly Task[];
  /** What is to be played in a draw of one policy: folios, and a thirtieth of what others do to batches. */
  readonly size: number;
  /**
   * From the result of each task; undefined for one that was not done. Of fewer draws than asked for when some are missing, and
   * says so; undefined when too few are there for any answer.
   */
  readonly finish: (results: readonly unknown[]) => Comparison | undefined;
}

/**
 * What there is to be done for a comparison.
 *
 * @throws as `compare`
 */
export function planComparison(history: History, options: CompareOptions = {}): Plan {
  const { capture } = history;
  const { seed = defaults.seed, level = defaults.level } = options;
  if (!holdsDemand(history)) {
    const { decoded, generic } = capture.accounting;
    throw new TraceError(
      'nothing-to-replay',
      { file: capture.source },
      decoded === 0 && generic > 0
        ? `holds ${plural(generic, 'event')} of which only a name or number is known (as the tracefs option \`raw\` prints them): nothing to replay`
        : 'holds no migrate_pages call, and no migrate_vma or split of a huge page whose folio shows: nothing to replay',
      `record them: ${recordEverything(history)}`,
    );
  }
  const { policy: recorded, from } = recordedPolicy(capture);
  const identifiable = identify(history);
  const { fed, refusals } = choose(history, recorded, identifiable, options.policies);
  const stage = stageOf(history, recorded, seed, { assumed: options.assumed ?? {} });
  const draws = options.draws ?? usualDraws(stage, fed.length + 1);
  const policies = [recorded, ...fed];
  const blame = blameTable(stage.abduction.blame);
  const untold = blame.find(({ cause }) => cause === 'cannot tell')?.folios ?? 0;
  const answers = policies.map((policy) =>
    policy === recorded
      ? ({ answer: 'observed', why: 'the policy of the recording' } as const)
      : answerFor(policy, recorded, identifiable),
  );
  const bounded = policies.filter((_, i) => answers[i]!.answer === 'bounded');
  const parts = tasksOf({ stage, policies, bounded, blame, draws, seed, folds: defaults.folds, untold });
  const finish = (results: readonly unknown[]): Comparison | undefined => {
    const replays = parts.gather(results);
    if (replays === undefined) return undefined;
    const { held, outcomes, bounding, ends } = replays;
    const isStopped = results.length < parts.tasks.length || results.includes(undefined);
    const widening = wideningOf(stage);
    const { rows, multiplicity, isWholeSpan } = rowsOf({
      history,
      policies,
      outcomes,
      answers,
      bounding,
      level,
      widening,
    });
    const reproduction = reproductionOf(stage, seed);
    const fidelity = fidelityOf(stage, held, reproduction, level);
    return {
      source: capture.source,
      headline: headlineOf(fidelity),
      modelVersion,
      seed,
      draws: replays.draws,
      level,
      recorded: recorded.name,
      recordedFrom: from,
      identifiable,
      reproduction,
      fidelity,
      multiplicity,
      blame,
      rows,
      refusals,
      assumptions: assumptionRows(stage, policies, outcomes, blame, ends, endDraws(draws, sizeOf(stage))),
      remarks: remarksOf(stage, {
        multiplicity,
        isWholeSpan,
        draws: replays.draws,
        usual: defaults.draws,
        asked: options.draws,
        stoppedOf: isStopped ? draws : undefined,
        widening,
        isBounded: bounded.length > 0,
      }),
    };
  };
  return { tasks: parts.tasks, size: sizeOf(stage), finish };
}

/** What a capture holds that only some alternatives are about: a pin's rules for draining say nothing where nobody pins. */
function occasionsOf({ requests }: History): ReadonlySet<Occasion> {
  return new Set(requestOccasions.filter((occasion) => requests.some(({ kind }) => kind === occasion)));
}
const requestOccasions = ['longterm pin', 'migrate_vma', 'thp split'] as const satisfies readonly Occasion[];

/** The policies to replay, in order and once each, and those the capture cannot feed. */
function choose(
  history: History,
  recorded: Policy,
  identifiable: readonly AxisAnswer[],
  names: CompareOptions['policies'],
): { fed: Policy[]; refusals: Refusal[] } {
  const fed: Policy[] = [];
  const refusals: Refusal[] = [];
  const pageSize = history.capture.pageSize?.value;
  const lay = pageSize === undefined ? {} : { pageSize };
  for (const name of new Set(names ?? defaultPolicyNames(recorded, occasionsOf(history)))) {
    const policy = typeof name === 'string' ? resolvePolicy(name, recorded, lay) : name(recorded, lay);
    const refusal = refuse(history, policy, recorded, identifiable);
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
export function usualDraws(stage: Stage, policies: number): number {
  const budget = 2_500_000;
  return Math.max(20, Math.min(defaults.draws, Math.floor(budget / (sizeOf(stage) * (policies + 1)))));
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

/** The replay of the recorded policy given everything seen, in the draw of this seed. */
export function reproductionOf(stage: Stage, seed: number): Reproduction {
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
