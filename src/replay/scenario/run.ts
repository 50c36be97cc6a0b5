/** Running a scenario: one draw, or all draws of a policy. */
import { emptyCounters } from '../../model/counters.ts';
import type { ModelLog } from '../../model/log.ts';
import { type Finding, Machine, type RequestResult } from '../../model/machine.ts';
import type { Policy } from '../../policies/policy.ts';
import { type BuildOptions, buildScenario, SharedLuck } from './build.ts';
import { type ScenarioMetric, type ScenarioOutcome, scenarioMetricNames } from './outcome.ts';
import type { Scenario } from './scenario.ts';

export interface RunOptions extends BuildOptions {
  /** Filled with what a kernel would have traced. */
  readonly log?: ModelLog;
  readonly onRequest?: (result: RequestResult) => void;
}

export interface ScenarioRun {
  readonly values: Readonly<Record<ScenarioMetric, number>>;
  readonly findings: readonly Finding[];
  /** Background rows applied and steps of processes. */
  readonly events: number;
  readonly requests: number;
  /** Adds to batches that the kernel could not have made in the state that the folio was in. */
  readonly refusedAdds: number;
}

/** One draw under one policy. Results of requests are summed as they come, and none is kept. */
export function runScenario(scenario: Scenario, policy: Policy, options: RunOptions): ScenarioRun {
  const { input, world } = buildScenario(scenario, options);
  const values = emptyCounters();
  let requests = 0;
  const result = new Machine(policy.decisions, world, {
    ...input,
    ...(options.log === undefined ? {} : { log: options.log }),
    onRequest: (one) => {
      requests++;
      for (const name of scenarioMetricNames) values[name] += one.counters[name];
      options.onRequest?.(one);
    },
  }).run();
  // Tasks pay for their own flushes and drains; what they do to the LRU lock and to the order of operations is shown.
  values.lruLocks += result.background.lruLocks;
  values.reordered += result.background.reordered;
  const { cpus, flushes } = scenario.machine;
  // At most: every other CPU may have run a task of that address space.
  values.ipis = flushes === 'ipi' ? values.tlbFlushes * (cpus - 1) : 0;
  return { values, findings: result.findings, events: result.events, requests, refusedAdds: result.refusedAdds };
}

export interface DrawOptions {
  readonly draws: number;
  readonly seed: number;
  /** After each run of each policy. */
  readonly onRun?: (done: number) => void;
}

/** All draws of some policies. A draw is run under each of them in turn, so that what they share is made once. */
export function drawScenario(
  scenario: Scenario,
  policies: readonly Policy[],
  { draws, seed, onRun }: DrawOptions,
): ScenarioOutcome[] {
  const sums = policies.map(() => new Sum(draws));
  for (let draw = 0; draw < draws; draw++) {
    const shared = new SharedLuck();
    for (const [i, policy] of policies.entries()) {
      sums[i]!.add(draw, runScenario(scenario, policy, { seed, draw, shared }));
      onRun?.(draw * policies.length + i + 1);
    }
  }
  return policies.map(({ name }, i) => sums[i]!.outcome(name));
}

/** The outcome of one policy as its draws come. */
class Sum {
  readonly #draws: number;
  readonly #totals: Record<ScenarioMetric, Float64Array>;
  readonly #found = new Map<string, { kind: Finding['kind']; says: string; draws: number }>();
  #requests = 0;
  #events = 0;
  #refusedAdds = 0;

  constructor(draws: number) {
    this.#draws = draws;
    this.#totals = Object.fromEntries(scenarioMetricNames.map((name) => [name, new Float64Array(draws)])) as Record<
      ScenarioMetric,
      Float64Array
    >;
  }

  add(draw: number, run: ScenarioRun): void {
    for (const name of scenarioMetricNames) this.#totals[name][draw] = run.values[name];
    this.#requests += run.requests;
    this.#events += run.events;
    this.#refusedAdds += run.refusedAdds;
    const inDraw = new Set<string>();
    for (const { kind, says } of run.findings) {
      const sort = withoutNumbers(says);
      // Told by the first of its sort, and counted once a draw.
      if (inDraw.has(sort)) continue;
      inDraw.add(sort);
      const known = this.#found.get(sort);
      if (known === undefined) this.#found.set(sort, { kind, says, draws: 1 });
      else known.draws++;
    }
  }

  outcome(policy: string): ScenarioOutcome {
    return {
      policy,
      draws: this.#draws,
      totals: this.#totals,
      findings: [...this.#found.values()].sort((a, b) => b.draws - a.draws),
      requests: this.#requests,
      events: this.#events,
      refusedAdds: this.#refusedAdds,
    };
  }
}

/** Findings that differ in their numbers are of one sort; the first of it is shown. */
function withoutNumbers(says: string): string {
  return says.replace(/\d+(\.\d+)?/g, '#');
}
