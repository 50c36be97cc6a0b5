/** A run of a scenario written down: the model's log with what a capture of it needs (frames, tasks, ranges). */
import type { FolioSpec, RequestDemand } from '../../model/demand.ts';
import { logKind, ModelLog } from '../../model/log.ts';
import { Machine, type RequestResult } from '../../model/machine.ts';
import type { Policy } from '../../policies/policy.ts';
import { buildScenario, type Cast } from './build.ts';
import { placeGroups } from './places.ts';
import type { Scenario } from './scenario.ts';

/** ns: clocks of text captures show microseconds, so all times of a recording are whole ones and nothing is lost. */
const grain = 1000;

/** What one draw of a scenario did, ready to be told as events. */
export interface Recording {
  readonly log: ModelLog;
  readonly cast: Cast;
  /** Release whose formats the events have: `6.12.117`. */
  readonly kernel: string;
  readonly cpus: number;
  /** Entries that fill a batch under the policy. */
  readonly batchCapacity: number;
  spec(folio: number): FolioSpec;
  /** First frame that no folio has when the scenario begins. */
  readonly freePfn: number;
  /** Name of the CMA region, or of the group, that a request takes folios of. */
  groupOf(run: number): string;
  demand(run: number): RequestDemand;
  /** Undefined for a request that had not ended. */
  result(run: number): RequestResult | undefined;
  /** Task that makes a request: of each line one, and further ones for those that overlap. */
  thread(run: number): number;
}

/** Runs one draw of a scenario under a policy, and keeps everything. */
export function recordScenario(
  scenario: Scenario,
  policy: Policy,
  { seed, draw = 0 }: { readonly seed: number; readonly draw?: number },
): Recording {
  const { input, world, cast } = buildScenario(scenario, { seed, draw, grain });
  const log = new ModelLog();
  const results = new Map<number, RequestResult>();
  new Machine(policy.decisions, world, {
    ...input,
    log,
    onRequest: (result) => void results.set(result.demand.id, result),
  }).run();
  const demands = new Map<number, RequestDemand>();
  for (const demand of input.requests) demands.set(demand.id, demand);
  const groups = [...placeGroups(scenario).values()];
  const groupAt = (folio: number) => groups.find(({ first, count }) => folio >= first && folio < first + count)!;
  const demandAt = (run: number): RequestDemand => {
    const demand = demands.get(run);
    if (demand === undefined) throw new Error(`no request ${run}`);
    return demand;
  };
  const threads = threadsOf(log, cast);
  return {
    log,
    cast,
    kernel: scenario.kernel,
    cpus: scenario.machine.cpus,
    batchCapacity: policy.decisions.batchCapacity,
    spec: (folio) => ('spec' in input.folios ? input.folios.spec(folio) : input.folios[folio]!),
    freePfn: Math.max(...groups.map(({ pfn, count, order }) => pfn + count * 2 ** order)),
    groupOf: (run) => {
      const folio = demandAt(run).chunks[0]?.folios[0];
      return folio === undefined ? '' : groupAt(folio).name;
    },
    demand: demandAt,
    result: (run) => results.get(run),
    thread: (run) => threads.get(run) ?? cast.pid(run),
  };
}

/** First pid of requests that overlap another of their line. */
const firstFurtherPid = 100_000;

/** Calls of migrate_pages do not nest in a task: a request that begins before another of its line ended has a task of its own. */
function threadsOf({ length, kind, time, run }: ModelLog, cast: Cast): ReadonlyMap<number, number> {
  const threads = new Map<number, number>();
  const idle = new Map<number, { pid: number; since: number }[]>();
  let further = firstFurtherPid;
  for (let i = 0; i < length; i++) {
    const id = run[i]!;
    if (kind[i] === logKind['request start']) {
      const line = cast.pid(id);
      const known = idle.get(line);
      // At the very moment of the other's end, which of the two events comes first would not be told.
      const free = known?.find(({ since }) => since < time[i]!);
      if (known === undefined) idle.set(line, []);
      else if (free !== undefined) known.splice(known.indexOf(free), 1);
      threads.set(id, known === undefined ? line : (free?.pid ?? further++));
    } else if (kind[i] === logKind['request end']) {
      idle.get(cast.pid(id))!.push({ pid: threads.get(id)!, since: time[i]! });
    }
  }
  return threads;
}
