/** Marks that causes leave on a folio's migration, and where to find them. */

import { addTo } from '../base/groups.ts';
import { countLeading } from '../base/sorted.ts';
import { kernelOf } from './entries.ts';
import { type Attempt, batchKinds, type Call, type CallFolio, type Episode, type History, type Wait } from './facts.ts';

export type Facts = Omit<History, 'failures' | 'holds'>;

/** Rows of a frame's stays, waits and failed calls, found by frame. */
export interface Index {
  readonly stays: Map<number, number[]>;
  readonly locks: Map<number, Wait[]>;
  /** Waits on entries of kernels in which such a waiter takes a reference; none for others. */
  readonly entries: Map<number, Wait[]>;
  /** Rows of `references`. */
  readonly references: Map<number, number[]>;
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
  /** The migrating task; -1 = not known. */
  readonly pid: number;
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
  // Where a folio has no name, any frame that was scanned for its list may be it.
  const all = facts.calls.some(({ folios }) => folios.some((one) => one.outcome === 'failed' && Number.isNaN(one.pfn)));
  for (let row = 0; row < facts.stays.length; row++) {
    const pfn = facts.stays.pfn[row]!;
    if (!all && !wanted.has(pfn)) continue;
    addTo(stays, pfn, row);
  }
  const locks = new Map<number, Wait[]>();
  const entries = new Map<number, Wait[]>();
  // migration_entry_wait took a reference until 5.17 (ffa65753c431).
  const referring = kernelOf(facts.capture) < 5017;
  for (const wait of facts.waits) {
    if (Number.isNaN(wait.pfn)) continue;
    if (wait.on === 'lock' && wait.holdsReference === 'yes') addTo(locks, wait.pfn, wait);
    else if (wait.on === 'entry' && referring) addTo(entries, wait.pfn, wait);
  }
  const references = new Map<number, number[]>();
  for (let row = 0; row < (facts.references?.length ?? 0); row++) addTo(references, facts.references!.pfn[row]!, row);
  return { stays, locks, entries, references, emptied: emptyings(facts) };
}

export function look(
  facts: Facts,
  call: Pick<Call, 'start' | 'end' | 'endOrdinal'> & { readonly pid?: number },
  folio: CallFolio,
): Seen {
  const episodes = folio.episodes.map((id) => facts.episodes[id]!);
  const attempts = folio.attempts.map((id) => facts.attempts[id]!);
  const start = episodes[0]?.start ?? attempts[0]?.start ?? call.start;
  const ends = [...episodes.map((episode) => episode.end), ...attempts.map((attempt) => attempt.end)];
  const known = ends.filter((end) => !Number.isNaN(end));
  const end = known.length > 0 ? Math.max(...known) : call.end;
  return {
    folio,
    pid: call.pid ?? -1,
    episodes,
    attempts,
    start,
    end,
    ordinal: episodes[0]?.firstOrdinal ?? attempts[0]?.ordinal ?? call.endOrdinal,
  };
}

/** Tasks that slept on the folio's lock with a reference while it was under migration. */
export function sleepers(index: Index, seen: Seen): Wait[] {
  return meanwhile(index.locks, seen);
}

/** Tasks that came to wait on one of the folio's entries, in kernels where that takes a reference. */
export function entryWaiters(index: Index, seen: Seen): Wait[] {
  return meanwhile(index.entries, seen);
}

function meanwhile(waits: ReadonlyMap<number, readonly Wait[]>, { folio, start, end }: Seen): Wait[] {
  return (waits.get(folio.pfn) ?? []).filter((wait) => wait.start <= end && !(wait.end < start));
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
