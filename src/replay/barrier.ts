/**
 * What disabling the caches takes, in its two parts: the wait for every CPU to see it (synchronize_rcu_expedited() since
 * 5.19), and the works that drain what was queued before (lru_add_drain_all()). A policy that drains without disabling has the
 * second part only, so a request begins sooner under it. A capture shows the sum, and when the first work flushed something:
 * where none did, all of it was the first part. Between the two is the wait of a worker for its CPU, which has no event.
 */
import { uniform } from '../base/random.ts';
import { countLeading } from '../base/sorted.ts';
import type { History } from '../history/facts.ts';
import type { Decisions } from '../model/decisions.ts';
import type { World } from '../model/world.ts';
import type { Policy } from '../policies/policy.ts';
import type { Preparation } from './preparation.ts';

/** Recorded durations in ns, ascending. */
export interface Barriers {
  /** The recorded policy waits for RCU. */
  readonly waits: boolean;
  /** RCU waits: of windows in which no work flushed anything. */
  readonly rcu: Float64Array;
  /** The others, as told by when works flushed something. */
  readonly work: readonly Works[];
  /** ns that windows with works took longer until their first flush than windows without, on the average; at least 0. */
  readonly late: number;
  /** All of them, in order: `drainTime` and `drainStart` as in a preparation. */
  readonly all: readonly { readonly pid: number; readonly drainStart: number; readonly drainTime: number }[];
  /** By start of a drain: its works, where any flushed something. */
  readonly works: ReadonlyMap<number, Works>;
}

/** When works of one drain flushed something, in ns from its start. */
interface Works {
  /** The first of them. */
  readonly first: number;
  /** By CPU: the last; the CPU that was last of all is left out, as it is the end that it is waited for. */
  readonly byCpu: ReadonlyMap<number, number>;
  /** The end; NaN = not seen. */
  readonly end: number;
}

export function barriersOf(history: History, { decisions }: Policy): Barriers {
  const waits = decisions.lruCaches === 'disable' && !decisions.drainAll.everyCpu;
  const started = new Map<number, number>();
  for (const { id, scope, start } of history.drains) if (scope !== 'local') started.set(id, start);
  const flushed = new Map<number, Map<number, number>>();
  for (const { drain, cpu, end } of history.flushes) {
    const asked = started.get(drain);
    if (asked === undefined || !(end >= asked)) continue;
    const byCpu = flushed.get(asked) ?? new Map<number, number>();
    flushed.set(asked, byCpu);
    byCpu.set(cpu, Math.max(end - asked, byCpu.get(cpu) ?? 0));
  }
  const rcu: number[] = [];
  const works = new Map<number, Works>();
  const all: { pid: number; drainStart: number; drainTime: number }[] = [];
  for (const { pid, start, drained, end } of history.windows) {
    const took = drained <= end ? drained - start : Number.NaN;
    all.push({ pid, drainStart: start, drainTime: took });
    const byCpu = flushed.get(start);
    const first = Math.min(...(byCpu?.values() ?? []));
    if (byCpu !== undefined && !(first > took)) works.set(start, { first, byCpu: withoutLast(byCpu), end: took });
    else if (waits && took >= 0) rcu.push(took);
  }
  const work = [...works.values()].filter(({ end }) => end >= 0);
  // Without any window that had no work to wait for, all that is known is that the wait for workers is a part of it.
  const firsts = work.map(({ first }) => first);
  const late = firsts.length === 0 ? 0 : Math.max(0, mean(firsts) - (rcu.length === 0 ? 0 : mean(rcu)));
  return { waits, rcu: Float64Array.from(rcu).sort(), work, late: waits ? late : 0, all, works };
}

function withoutLast(byCpu: ReadonlyMap<number, number>): Map<number, number> {
  const last = Math.max(...byCpu.values());
  return new Map([...byCpu].filter(([, end]) => end < last));
}

/** What is drawn once a draw of what no event shows; both in [0, 1]. */
export interface Unseen {
  /** Share of `Barriers.late` that is the wait of a worker for its CPU. */
  readonly worker: number;
  /**
   * Where no RCU wait was recorded: how far it lets tasks come back that were let go before, from 0 (it takes no time) to 1
   * (they are all back by its end).
   */
  readonly rcu: number;
}

export interface BarrierInput {
  readonly barriers: Barriers;
  /** As `wakesOf` gives them. */
  readonly wakes: Float64Array;
  readonly unseen: Unseen;
  /** Of the luck of services: seed, key of the unit, pace. */
  readonly seed: number;
  readonly key: number;
  readonly pace: number;
}

export interface Barrier extends Pick<World, 'rcuWaitTime' | 'drainWorkTime'> {
  /** ns that the range's recorded preparation takes where these decisions are made; 0 where none was recorded. */
  takes(decisions: Decisions): number;
}

/** Answers for one range of a request: its recorded times as long as the policy asks for the part, else those of others. */
export function barrierOf(
  { barriers, wakes, unseen, seed, key, pace }: BarrierInput,
  { drainTime, drainStart }: Pick<Preparation, 'drainStart' | 'drainTime'>,
): Barrier {
  const luck = (which: number) => uniform(seed, 'serviceTime', key, which, pace);
  const worker = unseen.worker * barriers.late;
  const works = barriers.works.get(drainStart);
  // Of a recorded time, what came before its works were asked for.
  const before = ({ first }: Works) => (barriers.waits ? Math.max(0, first - worker) : 0);
  let own = 0;
  if (works !== undefined) own = before(works);
  else if (barriers.waits) own = drainTime;
  const rcuWaitTime = () => {
    if (!barriers.waits) return pickFrom(wakes, unseen.rcu);
    return Number.isNaN(own) ? pickFrom(barriers.rcu, luck(0)) : own;
  };
  return {
    rcuWaitTime,
    takes({ lruCaches, neverDrain, drainAll }) {
      if (Number.isNaN(drainTime) || neverDrain || lruCaches === 'nothing') return 0;
      return drainTime - own + (lruCaches === 'disable' && !drainAll.everyCpu ? rcuWaitTime() : 0);
    },
    drainWorkTime(cpu, drain) {
      if (drain === 0 && drainTime > own) return (works?.byCpu.get(cpu) ?? drainTime) - own;
      const { work } = barriers;
      const other = work[Math.floor(luck(1 + drain) * work.length)];
      return other === undefined ? 0 : (other.byCpu.get(cpu) ?? other.end) - before(other);
    },
  };
}

/**
 * ns by which a task comes to what it did at `until` sooner than recorded where these decisions are made: by what its
 * barriers since `from` take less. Requests that had nothing to migrate put one up, too.
 */
export function soonerBy(
  input: BarrierInput,
  { decisions, pid, from, until }: { decisions: Decisions; pid: number; from: number; until: number },
): number {
  const { all } = input.barriers;
  let saved = 0;
  for (let i = countLeading(all.length, (at) => all[at]!.drainStart < from); i < all.length; i++) {
    const preparation = all[i]!;
    const { drainStart, drainTime } = preparation;
    if (!(drainStart < until)) break;
    if (preparation.pid !== pid || Number.isNaN(drainTime)) continue;
    saved += drainTime - barrierOf(input, preparation).takes(decisions);
  }
  return saved;
}

/** The number that a uniform one picks from a sorted list; 0 from an empty one. */
function pickFrom(sorted: Float64Array, u: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(u * sorted.length))] ?? 0;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
