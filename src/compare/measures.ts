/**
 * The metrics of a replay as a capture recorded them: the same things, counted in what happened. A replay of the recorded
 * policy conditioned on everything seen gives the same numbers, up to what docs/counterfactuals.md says it cannot know.
 */
import { addTo } from '../base/groups.ts';
import { countLeading } from '../base/sorted.ts';
import type { Call, Drain, Episode, History, Request, Wait } from '../history/facts.ts';
import type { Policy } from '../policies/policy.ts';
import { demandOf, finallyOf, timesGivenUp, type Unit } from '../replay/demand.ts';
import { type Metric, metricNames } from '../replay/outcome.ts';
import { untold } from '../replay/replay.ts';

/** One number a metric; NaN where the capture does not show it, or where only a model can count it. */
export type Measures = Readonly<Record<Metric, number>>;

const EBUSY = -16;

/** What a capture recorded, in the metrics of a replay. `recorded` is the policy that it was recorded under. */
export function measuresOf(history: History, recorded: Policy): Measures {
  return totalOf(history, measuresByUnit(history, demandOf(history).units, recorded));
}

/** The sum over units; what the capture does not show is NaN even where there is no unit. */
export function totalOf(history: History, measures: readonly Measures[]): Measures {
  const unknown = untold(history);
  return eachMetric((name) => (unknown.has(name) ? Number.NaN : sumOf(measures, (one) => one[name])));
}

/** The same of each request that is replayed, in the order of the units. */
export function measuresByUnit(history: History, units: readonly Unit[], recorded: Policy): Measures[] {
  const { calls } = history;
  const tries = recorded.decisions.contiguousTries;
  const unknown = untold(history);
  const waits = waitsByEpisode(history);
  const ranges = rangesByCall(history);
  const drains = drainsByTask(history);
  return units.map((unit) => {
    const own = unit.calls.map((id) => calls[id]!);
    const episodes = unit.members.flatMap((member) => member.episodes);
    const slept = episodes.flatMap(({ id }) => waits.get(id) ?? []);
    const tried = unit.calls.flatMap((id) => ranges.get(id) ?? []);
    const measures: Partial<Record<Metric, number>> = {
      failedFolios: sumOf(unit.members, (member) => timesGivenUp(unit, member, tries)),
      movedFolios: sumOf(unit.members, (member) => (isMoved(unit, member) ? 1 : 0)),
      failedRequests: hasFailed(unit),
      calls: own.length,
      pagesFailed: sumOf(own, ({ failed }) => failed),
      callTime: sumOf(own, timeOf),
      episodes: episodes.length,
      timeUnderEntries: sumOf(episodes, timeOf),
      entryWaits: slept.filter(({ on }) => on === 'entry').length,
      lockWaits: slept.filter(({ on }) => on === 'lock').length,
      stall: sumOf(slept, timeOf),
      allCpuDrains: drainsOf(history, unit, drains),
      busyRetries: sumOf(
        tried.filter(({ parent }) => history.requests[parent]?.kind === 'cma'),
        isBusy,
      ),
      busyAllocations: sumOf(tried, isBusy),
    };
    return eachMetric((name) => (unknown.has(name) ? Number.NaN : (measures[name] ?? Number.NaN)));
  });
}

function eachMetric(of: (name: Metric) => number): Measures {
  return Object.fromEntries(metricNames.map((name) => [name, of(name)])) as Record<Metric, number>;
}

function sumOf<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((sum, item) => sum + of(item), 0);
}

function timeOf({ start, end }: Call | Episode | Wait): number {
  return end - start;
}

function isMoved(unit: Unit, member: Unit['members'][number]): boolean {
  return !member.latent && finallyOf(unit, member) === 'moved';
}

/** What it returned where that was seen; else whether a folio of it stayed. */
function hasFailed(unit: Unit): number {
  const stays = unit.members.some((member) => finallyOf(unit, member) === 'failed');
  return Number.isNaN(unit.returned) ? Number(stays) : Number(unit.returned !== 0);
}

/** -EBUSY; NaN when the answer was not seen. */
function isBusy({ returned }: Request): number {
  return Number.isNaN(returned) ? Number.NaN : Number(returned === EBUSY);
}

/**
 * Tasks that went to sleep because of an episode. Of sleeps on the folio lock those of the migrating tasks themselves are none,
 * nor those that begin when nobody migrates the folio.
 */
function waitsByEpisode({ waits }: History): ReadonlyMap<number, Wait[]> {
  const byEpisode = new Map<number, Wait[]>();
  for (const wait of waits) {
    if (wait.episode >= 0 && (wait.on === 'entry' || wait.holdsReference !== 'no'))
      addTo(byEpisode, wait.episode, wait);
  }
  return byEpisode;
}

/** Contiguous ranges by their first call. One that was given up before any call is no demand that is replayed. */
function rangesByCall({ requests }: History): ReadonlyMap<number, Request[]> {
  const byCall = new Map<number, Request[]>();
  for (const request of requests) {
    const [first] = request.calls;
    if (request.kind === 'contiguous allocation' && first !== undefined) addTo(byCall, first, request);
  }
  return byCall;
}

/** All-CPU drains, disabling of caches among them, by who asked for them, in order of time. */
function drainsByTask({ drains }: History): ReadonlyMap<number, Drain[]> {
  const byTask = new Map<number, Drain[]>();
  for (const drain of drains) if (drain.scope !== 'local') addTo(byTask, drain.pid, drain);
  for (const list of byTask.values()) list.sort((a, b) => a.start - b.start);
  return byTask;
}

/**
 * All-CPU drains that the request itself asked for, between its calls: what is drained while one of them runs stays as recorded
 * in a replay, and is not counted there. Where a pin begins is not seen, so neither is which drain before its first call is its own.
 */
function drainsOf({ observed, calls }: History, unit: Unit, byTask: ReadonlyMap<number, Drain[]>): number {
  if (observed.drains !== 'seen' || unit.model === 'longterm pin') return Number.NaN;
  const drains = byTask.get(unit.pid) ?? [];
  const first = countLeading(drains.length, (i) => drains[i]!.start < unit.start);
  let count = 0;
  for (let i = first; i < drains.length && drains[i]!.start <= unit.end; i++) {
    const { start } = drains[i]!;
    if (!unit.calls.some((id) => calls[id]!.start < start && start < calls[id]!.end)) count++;
  }
  return count;
}
