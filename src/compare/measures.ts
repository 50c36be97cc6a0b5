/**
 * The metrics of a replay as a capture recorded them: the same things, counted in what happened. A replay of the recorded
 * policy conditioned on everything seen gives the same numbers, up to what docs/counterfactuals.md says it cannot know.
 */
import type { Call, Drain, Episode, History, Wait } from '../history/facts.ts';
import type { Policy } from '../policies/policy.ts';
import { demandOf, finallyOf, timesGivenUp, type Unit } from '../replay/demand.ts';
import { type Metric, metricNames } from '../replay/outcome.ts';
import { untold } from '../replay/replay.ts';

/** One number a metric; NaN where the capture does not show it, or where only a model can count it. */
export type Measures = Readonly<Record<Metric, number>>;

const EBUSY = -16;

/** What a capture recorded, in the metrics of a replay. `recorded` is the policy that it was recorded under. */
export function measuresOf(history: History, recorded: Policy): Measures {
  const { units } = demandOf(history);
  const { calls, requests, observed } = history;
  const measures = Object.fromEntries(metricNames.map((name) => [name, Number.NaN])) as Record<Metric, number>;
  const tries = recorded.decisions.contiguousTries;
  measures.failedFolios = sumOf(units, (unit) => sumOf(unit.members, (member) => timesGivenUp(unit, member, tries)));
  measures.movedFolios = sumOf(units, (unit) => sumOf(unit.members, (member) => (isMoved(unit, member) ? 1 : 0)));
  measures.failedRequests = sumOf(units, hasFailed);
  measures.calls = sumOf(units, (unit) => unit.calls.length);
  measures.pagesFailed = sumOf(calls, ({ failed }) => failed);
  measures.callTime = sumOf(calls, timeOf);
  const episodes = units.flatMap(({ members }) => members.flatMap((member) => member.episodes));
  measures.episodes = episodes.length;
  measures.timeUnderEntries = sumOf(episodes, timeOf);
  const { onEntries, onLocks } = waitsIn(history, episodes);
  measures.entryWaits = onEntries.length;
  measures.lockWaits = onLocks.length;
  measures.stall = sumOf([...onEntries, ...onLocks], timeOf);
  // Where a pin begins is not seen, so neither is which drain before its first call is its own.
  if (observed.drains === 'seen' && units.every(({ model }) => model !== 'longterm pin'))
    measures.allCpuDrains = sumOf(units, (unit) => drainsOf(history, unit).length);
  // A range that was given up before any call (pages that nothing migrates) is no demand that is replayed.
  const ranges = requests.filter(({ kind, calls }) => kind === 'contiguous allocation' && calls.length > 0);
  const areas = ranges.filter(({ parent }) => parent >= 0 && requests[parent]!.kind === 'cma');
  measures.busyRetries = sumOf(areas, isBusy);
  measures.busyAllocations = sumOf(ranges, isBusy);
  for (const name of untold(history)) measures[name] = Number.NaN;
  return measures;
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
function isBusy({ returned }: History['requests'][number]): number {
  return Number.isNaN(returned) ? Number.NaN : Number(returned === EBUSY);
}

/**
 * Tasks that went to sleep because of an episode that is replayed. Of sleeps on the folio lock those of the migrating tasks
 * themselves are none, nor those that begin when nobody migrates the folio.
 */
function waitsIn({ waits }: History, episodes: readonly Episode[]): { onEntries: Wait[]; onLocks: Wait[] } {
  const ids = new Set(episodes.map(({ id }) => id));
  const own = waits.filter(({ episode }) => ids.has(episode));
  return {
    onEntries: own.filter(({ on }) => on === 'entry'),
    onLocks: own.filter(({ on, holdsReference }) => on === 'lock' && holdsReference !== 'no'),
  };
}

/**
 * All-CPU drains that the request itself asked for, disabling of caches among them, between its calls: what is drained
 * while one of them runs stays as recorded in a replay, and is not counted there.
 */
function drainsOf({ drains, calls }: History, unit: Unit): Drain[] {
  const inCall = (time: number) =>
    unit.calls.some((id) => {
      const { start, end } = calls[id]!;
      return time > start && time < end;
    });
  return drains.filter(
    ({ scope, pid, start }) =>
      scope !== 'local' && pid === unit.pid && start >= unit.start && start <= unit.end && !inCall(start),
  );
}
