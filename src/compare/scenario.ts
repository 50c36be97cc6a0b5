/** Policies against each other on a scenario: the same draws for all, differences against the scenario's own kernel. */
import { resolvePolicy } from '../policies/policies.ts';
import type { Policy } from '../policies/policy.ts';
import { modelVersion } from '../replay/outcome.ts';
import { expectedRows } from '../replay/scenario/background.ts';
import { type ScenarioMetric, type ScenarioOutcome, scenarioMetricNames } from '../replay/scenario/outcome.ts';
import { drawScenario } from '../replay/scenario/run.ts';
import { kindOf, type Scenario } from '../replay/scenario/scenario.ts';
import type { Interval } from './comparison.ts';
import { bonferroniLevel, mean, percentileInterval } from './statistics.ts';

export interface ScenarioRow {
  readonly policy: string;
  readonly title: string;
  readonly source: string;
  readonly changes: readonly string[];
  /** Mean over draws, and the middle of them at the comparison's level. */
  readonly value: Readonly<Record<ScenarioMetric, Interval>>;
  /** Against the base in the same draw; its level is corrected for the number of policies. */
  readonly difference: Readonly<Record<ScenarioMetric, Interval>>;
  /** Policies whose every draw is equal to this one's in everything counted. */
  readonly coincidesWith: readonly string[];
  /** What a kernel would not have come out of, and in how many draws. */
  readonly findings: ScenarioOutcome['findings'];
}

/** An assumption of the scenario's: folios given up under one policy with it as it is, halved and doubled. */
export interface ScenarioAssumption {
  readonly name: string;
  readonly value: number;
  readonly why: string;
  readonly policy: string;
  readonly asItIs: number;
  readonly halved: number;
  readonly doubled: number;
}

export interface ScenarioComparison {
  readonly scenario: Scenario;
  readonly modelVersion: number;
  readonly seed: number;
  readonly draws: number;
  readonly level: number;
  /** Name of the policy of the scenario's kernel: the first row. */
  readonly base: string;
  /** Requests of a draw, on average. */
  readonly requests: number;
  readonly rows: readonly ScenarioRow[];
  readonly assumptions: readonly ScenarioAssumption[];
  readonly remarks: readonly string[];
}

export interface ScenarioOptions {
  readonly draws: number;
  readonly seed: number;
  /** Confidence level of single intervals, before the correction for several policies; 0.95 unless told. */
  readonly level?: number;
  readonly onProgress?: (done: number, total: number, what: string) => void;
}

/** Draws that show how far an assumption moves the answer. */
const assumptionDraws = 20;

/** So many that an end of a 95 % interval lies between two draws. */
const mostDraws = 100;
const fewestDraws = 20;

/**
 * How many draws a scenario gets when nobody says: 100, or as many as its size leaves time for, never under 20. Counted in
 * background rows and wanted folios, not in seconds, so that the same file gets the same number anywhere.
 */
export function usualScenarioDraws(scenario: Scenario, policies: number): number {
  let size = expectedRows(scenario);
  for (const { at, list, lists, areas = 1 } of scenario.requests) {
    // Some half a dozen steps for each folio.
    size += 6 * list * (lists + areas - 1) * ('count' in at ? at.count : at.length);
  }
  const budget = 100_000_000;
  return Math.max(fewestDraws, Math.min(mostDraws, Math.floor(budget / Math.max(1, size * policies))));
}

/** The policy of the scenario's kernel: what others are laid over, and set against. */
export function basePolicyOf({ kernel, machine }: Scenario): Policy {
  return resolvePolicy(`linux-${kernel}`, undefined, { pageSize: machine.pageSize });
}

/** Compares policies with that of the scenario's kernel, draw by draw. The same arguments give the same comparison. */
export function compareScenario(
  scenario: Scenario,
  policies: readonly Policy[],
  { draws, seed, level = 0.95, onProgress }: ScenarioOptions,
): ScenarioComparison {
  const base = basePolicyOf(scenario);
  const compared = [base, ...policies.filter(({ name }) => name !== base.name)];
  const total = compared.length * draws;
  const outcomes = drawScenario(scenario, compared, {
    draws,
    seed,
    onRun: (done) => onProgress?.(done, total, 'running the scenario'),
  });
  const corrected = bonferroniLevel(level, compared.length - 1);
  const first = outcomes[0]!;
  return {
    scenario,
    modelVersion,
    seed,
    draws,
    level,
    base: base.name,
    requests: first.requests / draws,
    rows: compared.map((policy, i) => rowOf(policy, outcomes[i]!, outcomes, level, corrected)),
    assumptions: assumptionsOf(scenario, compared, outcomes, { draws: Math.min(draws, assumptionDraws), seed }),
    remarks: remarksOf(scenario, outcomes, level, corrected),
  };
}

function rowOf(
  policy: Policy,
  outcome: ScenarioOutcome,
  outcomes: readonly ScenarioOutcome[],
  level: number,
  corrected: number,
): ScenarioRow {
  const { totals } = outcome;
  const base = outcomes[0]!.totals;
  const intervals = (of: (metric: ScenarioMetric) => Float64Array, at: number) =>
    Object.fromEntries(scenarioMetricNames.map((metric) => [metric, percentileInterval(of(metric), at)])) as Record<
      ScenarioMetric,
      Interval
    >;
  return {
    policy: policy.name,
    title: policy.title,
    source: policy.source,
    changes: policy.changes,
    value: intervals((metric) => totals[metric], level),
    difference: intervals((metric) => totals[metric].map((value, draw) => value - base[metric][draw]!), corrected),
    coincidesWith: outcomes
      .filter((other) => other !== outcome && coincides(other, outcome))
      .map((other) => other.policy),
    findings: outcome.findings,
  };
}

function coincides(a: ScenarioOutcome, b: ScenarioOutcome): boolean {
  return scenarioMetricNames.every((metric) =>
    a.totals[metric].every((value, draw) => Object.is(value, b.totals[metric][draw])),
  );
}

/** What is neither measured nor a rule of the kernel, under the first policy that is not the base. */
function assumptionsOf(
  scenario: Scenario,
  compared: readonly Policy[],
  outcomes: readonly ScenarioOutcome[],
  options: { draws: number; seed: number },
): ScenarioAssumption[] {
  const place = Math.min(1, compared.length - 1);
  const policy = compared[place]!;
  const failed = (changed: Scenario) => mean(drawScenario(changed, [policy], options)[0]!.totals.failedFolios);
  const assumptions: ScenarioAssumption[] = [];
  const show = (name: string, value: number, why: string, change: (value: number) => Scenario) => {
    if (value === 0) return;
    assumptions.push({
      name,
      value,
      why,
      policy: policy.name,
      // The same draws, already run.
      asItIs: mean(outcomes[place]!.totals.failedFolios.subarray(0, options.draws)),
      halved: failed(change(value / 2)),
      doubled: failed(change(Math.min(1, value * 2))),
    });
  };
  if (touches(scenario) && compared.some(({ decisions }) => decisions.deferredFlush)) {
    show(
      'machine.tlbMiss',
      scenario.machine.tlbMiss,
      'share of touches that find no translation in their TLB and so see an entry whose flush is deferred',
      (tlbMiss) => ({ ...scenario, machine: { ...scenario.machine, tlbMiss } }),
    );
  }
  show(
    'falseWaiters',
    scenario.falseWaiters,
    'chance that PG_waiters is set although nobody sleeps on the folio',
    (falseWaiters) => ({ ...scenario, falseWaiters }),
  );
  return assumptions;
}

function touches({ tasks }: Scenario): boolean {
  return tasks.some(({ does }) => does.some(({ deed }) => kindOf(deed).kind === 'touch'));
}

function remarksOf(
  scenario: Scenario,
  outcomes: readonly ScenarioOutcome[],
  level: number,
  corrected: number,
): string[] {
  const remarks = [
    'Intervals hold what one run of this world gives, not how well the world is known: rates and times are taken as the scenario has them.',
  ];
  const percent = (share: number) => `${(100 * share).toFixed(2).replace(/\.?0+$/, '')} %`;
  if (outcomes.length > 2) {
    remarks.push(
      `Differences of ${outcomes.length - 1} policies are shown at ${percent(corrected)} each, so that all hold together with ${percent(level)} (Bonferroni).`,
    );
  }
  const estimates = Object.keys(scenario.estimated ?? {}).length;
  if (estimates > 0) {
    remarks.push(
      `${estimates} of its numbers were estimated from a capture; \`estimated\` in the file has their intervals, which are in none of these.`,
    );
  }
  const timeless = (['unmap', 'flush'] as const).filter((service) => scenario.services[service] === undefined);
  if (touches(scenario) && timeless.length > 0) {
    remarks.push(
      `The scenario gives no time for ${timeless.join(' and ')}: page-table entries are empty for hardly any time, and few touches meet one.`,
    );
  }
  const { refusedAdds, draws } = outcomes[0]!;
  if (refusedAdds > 0) {
    remarks.push(
      `${(refusedAdds / draws).toFixed(1)} deeds a draw queued nothing, for the folio was isolated, queued already, or not on the LRU.`,
    );
  }
  return remarks;
}
