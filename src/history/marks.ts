/**
 * Marks that causes leave on a folio's migration, where to find them, and how often each is seen on folios that moved all the
 * same: the second half of every likelihood ratio.
 */

import { addTo } from '../base/groups.ts';
import { countLeading } from '../base/sorted.ts';
import { type Attempt, batchKinds, type Call, type CallFolio, type Episode, type History, type Wait } from './facts.ts';
import { share } from './likelihoods.ts';

export type Facts = Omit<History, 'failures' | 'holds'>;

/** Rows of a frame's stays, waits and failed calls, found by frame. */
export interface Index {
  readonly stays: Map<number, number[]>;
  readonly locks: Map<number, Wait[]>;
  /** By CPU. */
  readonly emptied: Map<number, Emptying[]>;
}

/** A moment at which a CPU's activate batch was emptied, and by which flush or drain (-1 = none that is known). */
interface Emptying {
  readonly time: number;
  readonly flush: number;
  readonly drain: number;
}

export interface Seen {
  readonly folio: CallFolio;
  readonly episodes: readonly Episode[];
  readonly attempts: readonly Attempt[];
  readonly start: number;
  readonly end: number;
  readonly ordinal: number;
}

export function indexOf(facts: Facts): Index {
  const stays = new Map<number, number[]>();
  // Only frames that some call names are ever asked for.
  const wanted = new Set<number>();
  for (const { folios } of facts.calls) for (const folio of folios) wanted.add(folio.pfn).add(folio.destination);
  for (const { withoutCalls } of facts.requests) for (const { pfn } of withoutCalls?.folios ?? []) wanted.add(pfn);
  for (let row = 0; row < facts.stays.length; row++) {
    const pfn = facts.stays.pfn[row]!;
    if (!wanted.has(pfn)) continue;
    addTo(stays, pfn, row);
  }
  const locks = new Map<number, Wait[]>();
  for (const wait of facts.waits) {
    if (wait.on !== 'lock' || wait.holdsReference !== 'yes' || Number.isNaN(wait.pfn)) continue;
    addTo(locks, wait.pfn, wait);
  }
  return { stays, locks, emptied: emptyings(facts) };
}

export function look(facts: Facts, call: Pick<Call, 'start' | 'end' | 'endOrdinal'>, folio: CallFolio): Seen {
  const episodes = folio.episodes.map((id) => facts.episodes[id]!);
  const attempts = folio.attempts.map((id) => facts.attempts[id]!);
  const start = episodes[0]?.start ?? attempts[0]?.start ?? call.start;
  const ends = [...episodes.map((episode) => episode.end), ...attempts.map((attempt) => attempt.end)];
  const known = ends.filter((end) => !Number.isNaN(end));
  const end = known.length > 0 ? Math.max(...known) : call.end;
  return {
    folio,
    episodes,
    attempts,
    start,
    end,
    ordinal: episodes[0]?.firstOrdinal ?? attempts[0]?.ordinal ?? call.endOrdinal,
  };
}

/** Tasks that slept on the folio's lock with a reference while it was under migration. */
export function sleepers(index: Index, seen: Seen): Wait[] {
  const locks = index.locks.get(seen.folio.pfn) ?? [];
  return locks.filter((wait) => wait.start <= seen.end && !(wait.end < seen.start));
}

/** Rows of stays that cover the folio's migration: added before it ended, flushed after it began. */
export function covering(facts: Facts, index: Index, seen: Seen): number[] {
  const { stays } = facts;
  const rows: number[] = [];
  for (const row of index.stays.get(seen.folio.pfn) ?? []) {
    if (!(stays.added[row]! <= seen.end) || stays.flushed[row]! < seen.start) continue;
    // One stay for each batch: several of one batch are one mark, seen more than once.
    if (rows.every((other) => stays.batch[other] !== stays.batch[row])) rows.push(row);
  }
  return rows;
}

/**
 * The next activation of the frame after its failure, before any insertion but the one that puts the failed folio back: a
 * folio that waited in an activate batch of some CPU all the while is activated when that batch is flushed at last. A CPU
 * whose batch was emptied in between cannot have kept it: then the activation is of a later access.
 */
export function laterActivation(facts: Facts, index: Index, pfn: number, since: number): number {
  const { stays } = facts;
  let insertions = 0;
  for (const row of index.stays.get(pfn) ?? []) {
    if (!(stays.flushed[row]! >= since)) continue;
    if (batchKinds[stays.batch[row]!] === 'activate') return emptiedBetween(facts, index, since, row) ? -1 : row;
    if (batchKinds[stays.batch[row]!] === 'add' && ++insertions > 1) return -1;
  }
  return -1;
}

/** Whether the activate batch that a stay ended in was emptied after `since` and before the flush that ended the stay. */
function emptiedBetween(facts: Facts, index: Index, since: number, row: number): boolean {
  const own = facts.stays.flush[row]!;
  const flush = facts.flushes[own];
  if (flush === undefined) return false;
  const emptied = index.emptied.get(flush.cpu) ?? [];
  // There are as many emptyings as local drains, and a question for every folio that moved.
  const first = countLeading(emptied.length, (i) => emptied[i]!.time <= since);
  for (let i = first; i < emptied.length && emptied[i]!.time < flush.start; i++) {
    const one = emptied[i]!;
    if (one.flush !== own && (one.drain < 0 || one.drain !== flush.drain)) return true;
  }
  return false;
}

/** When the activate batch of each CPU was surely empty: its flushes, and the drains that reached it. */
function emptyings(facts: Facts): Index['emptied'] {
  const emptied = new Map<number, Emptying[]>();
  const add = (cpu: number, one: Emptying) => {
    addTo(emptied, cpu, one);
  };
  facts.flushes.forEach((flush, i) => {
    if (flush.batch === 'activate') add(flush.cpu, { time: flush.start, flush: i, drain: flush.drain });
  });
  for (const drain of facts.drains) {
    if (drain.scope === 'local') add(drain.cpu, { time: drain.start, flush: -1, drain: drain.id });
    // When the drain of all CPUs returns, each of them has been drained, whether its work was seen or not.
    else if (!Number.isNaN(drain.end)) {
      for (const { cpu } of facts.eventsByCpu) add(cpu, { time: drain.end, flush: -1, drain: drain.id });
    }
  }
  for (const list of emptied.values()) list.sort((a, b) => a.time - b.time);
  return emptied;
}

/** How often each mark is seen on folios that moved all the same, and how often anything failed. */
export interface Rates {
  readonly moved: number;
  readonly failed: number;
  readonly sleepers: number;
  readonly lockWaits: number;
  readonly attempts: number;
  readonly waiters: number;
  /** By batch: those that were in one while they moved. */
  readonly covered: Float64Array;
  /** Of the moved: those whose destination was activated next, and those that met a wrong count before they moved. */
  readonly activated: number;
  readonly recovered: number;
  /** How often a wrong count, on a folio that moved in the end, was still wrong at the next attempt. */
  readonly survival: number;
  /** Inside windows flushes held one folio each. Otherwise batches were not off there, whatever the window is called. */
  readonly batchesOff: boolean;
}

export function ratesOf(facts: Facts, index: Index): Rates {
  let moved = 0;
  let failed = 0;
  let slept = 0;
  let attempts = 0;
  let waiters = 0;
  const covered = new Float64Array(batchKinds.length);
  let activated = 0;
  let recovered = 0;
  let mismatches = 0;
  let survived = 0;
  for (const call of facts.calls) {
    for (const folio of call.folios) {
      if (folio.outcome === 'failed') failed++;
      if (folio.outcome !== 'moved' || Number.isNaN(folio.pfn)) continue;
      moved++;
      const seen = look(facts, call, folio);
      if (sleepers(index, seen).length > 0) slept++;
      for (const row of covering(facts, index, seen)) covered[facts.stays.batch[row]!]!++;
      // What moved lives on as its destination: how often that is activated next says how common activations are.
      if (laterActivation(facts, index, folio.destination, seen.start) >= 0) activated++;
      const wrong = seen.attempts.filter((attempt) => attempt.returned < 0).length;
      if (wrong > 0) {
        recovered++;
        mismatches += wrong;
        survived += wrong - 1;
      }
      const last = seen.attempts.at(-1);
      if (last !== undefined && last.returned === 0 && last.waiters !== 'unknown') {
        attempts++;
        if (last.waiters === 'yes') waiters++;
      }
    }
  }
  let lockWaits = 0;
  for (const list of index.locks.values()) lockWaits += list.length;
  const survival = share(survived, mismatches);
  const batchesOff = areBatchesOff(facts);
  return {
    moved,
    failed,
    sleepers: slept,
    lockWaits,
    attempts,
    waiters,
    covered,
    activated,
    recovered,
    survival,
    batchesOff,
  };
}

/**
 * Were batches off inside windows? Every folio moved there is then flushed alone. On kernels whose lru_cache_disable drains
 * once and no more (or did, before 5.13) they fill as ever.
 */
function areBatchesOff(facts: Facts): boolean {
  let alone = 0;
  let together = 0;
  let at = 0;
  for (const flush of facts.flushes) {
    while (at < facts.windows.length && facts.windows[at]!.end < flush.start) at++;
    const window = facts.windows[at];
    if (window === undefined) break;
    if (!(flush.start > window.drained && flush.end < window.end)) continue;
    if (flush.count > 1) together++;
    else alone++;
  }
  return alone > together;
}
