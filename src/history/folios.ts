/**
 * The folios of each call: those that episodes, attempts or isolations name, then as many without a name as the call's
 * totals still count. Totals count base pages (a huge page is 512 of 4 KiB); a folio freed before it was migrated counts as
 * succeeded and leaves nothing else (mm/migrate.c migrate_pages_batch), and an unmapped folio has no episode.
 */
import type { Capture } from '../events/capture.ts';
import type { BareAttempt } from './attempts.ts';
import type { BareCall, CallFinder } from './calls.ts';
import type { EpisodeFinder } from './episodes.ts';
import type { Attempt, CallFolio, Episode } from './facts.ts';
import type { Isolation } from './isolations.ts';
import { nameOfPointer } from './pointers.ts';

interface Member {
  pfn: number;
  pointer: number;
  order: number;
  destination: number;
  outcome: 'moved' | 'failed' | 'unknown';
  episodes: number[];
  attempts: number[];
}

/**
 * Puts attempts into their calls and episodes, and folios into calls. `folios[id]` are those of call `id`; `hugeOrder` is
 * the order of a huge page.
 */
export function joinFolios(
  capture: Capture,
  calls: readonly BareCall[],
  finder: CallFinder,
  episodes: readonly Episode[],
  episodeFinder: EpisodeFinder,
  bare: readonly BareAttempt[],
  isolations: readonly Isolation[],
  hugeOrder: number,
): { folios: CallFolio[][]; attempts: Attempt[] } {
  const members: Map<number, Member>[] = calls.map(() => new Map());
  const member = (call: number, pfn: number, pointer: number): Member => {
    const named = !Number.isNaN(pfn);
    // A pointer is no frame: its key is made negative so that the two cannot meet.
    const key = named ? pfn : -pointer;
    const known = members[call]!.get(key);
    if (known !== undefined) return known;
    const made: Member = {
      pfn,
      pointer: named ? -1 : capture.strings.intern(nameOfPointer(pointer)),
      order: 0,
      destination: NaN,
      outcome: 'unknown',
      episodes: [],
      attempts: [],
    };
    members[call]!.set(key, made);
    return made;
  };

  for (const isolation of isolations) {
    if (!isolation.isolated || Number.isNaN(isolation.pointer)) continue;
    const call = finder.after(isolation.pid, isolation.ordinal);
    if (call >= 0) member(call, isolation.pfn, isolation.pointer);
  }
  for (const episode of episodes) {
    if (episode.call < 0) continue;
    const folio = member(episode.call, episode.sourcePfn, NaN);
    folio.order = Math.max(folio.order, episode.order);
    folio.episodes.push(episode.id);
    if (episode.outcome === 'moved') {
      folio.outcome = 'moved';
      folio.destination = episode.destinationPfn;
    } else if (episode.outcome === 'undone' && folio.outcome !== 'moved') folio.outcome = 'failed';
  }
  const attempts = bare.map((attempt): Attempt => {
    const call = finder.at(attempt.pid, attempt.ordinal);
    const found = Number.isNaN(attempt.pfn) ? -1 : episodeFinder.at(attempt.pfn, attempt.ordinal);
    const episode = found >= 0 && episodes[found]!.call === call ? found : -1;
    if (call >= 0) {
      const folio = member(call, attempt.pfn, attempt.pointer);
      folio.attempts.push(attempt.id);
      if (attempt.returned === 0) {
        folio.outcome = 'moved';
        if (Number.isNaN(folio.destination)) folio.destination = attempt.destination;
      } else if (!Number.isNaN(attempt.returned) && folio.outcome !== 'moved') folio.outcome = 'failed';
    }
    return {
      id: attempt.id,
      call,
      episode,
      pfn: attempt.pfn,
      start: attempt.start,
      end: attempt.end,
      references: attempt.references,
      expected: attempt.expected,
      returned: attempt.returned,
      waiters: attempt.waiters,
      ordinal: attempt.ordinal,
    };
  });
  return { folios: calls.map((call) => settle(call, [...members[call.id]!.values()], hugeOrder)), attempts };
}

/** Lets the call's totals decide what they can, and adds the folios that only they count. */
function settle(call: BareCall, folios: Member[], hugeOrder: number): CallFolio[] {
  let moved = call.succeeded;
  let failed = call.failed;
  let hugeMoved = call.thpSucceeded || 0;
  let hugeFailed = call.thpFailed || 0;
  if (Number.isNaN(moved) || Number.isNaN(failed)) return folios;
  freedMeanwhile(folios, failed);
  sizeByTotals(folios, 'moved', moved, hugeMoved, hugeOrder);
  sizeByTotals(folios, 'failed', failed, hugeFailed, hugeOrder);
  let unknown = 0;
  for (const folio of folios) {
    const pages = 2 ** folio.order;
    if (folio.outcome === 'moved') {
      moved -= pages;
      if (folio.order === hugeOrder) hugeMoved--;
    } else if (folio.outcome === 'failed') {
      failed -= pages;
      if (folio.order === hugeOrder) hugeFailed--;
    } else unknown += pages;
  }
  if (unknown > 0 && (failed <= 0 || moved <= 0) && unknown <= Math.max(moved, failed)) {
    // Every folio without a known end had the only end that the totals still allow.
    for (const folio of folios) {
      if (folio.outcome !== 'unknown') continue;
      folio.outcome = failed <= 0 ? 'moved' : 'failed';
    }
    if (failed <= 0) moved -= unknown;
    else failed -= unknown;
    unknown = 0;
  }
  // Folios of unknown end may be among the totals; only what exceeds them is without a name.
  const add = (outcome: 'moved' | 'failed', pages: number, huge: number): void => {
    let left = pages;
    for (let i = 0; i < huge && left >= 2 ** hugeOrder; i++) {
      folios.push(anonymous(outcome, hugeOrder));
      left -= 2 ** hugeOrder;
    }
    for (; left > 0; left--) folios.push(anonymous(outcome, 0));
  };
  const spare = Math.max(0, moved) + Math.max(0, failed) - unknown;
  if (spare <= 0) return folios;
  add('moved', Math.min(Math.max(0, moved), spare), hugeMoved);
  add('failed', Math.min(Math.max(0, failed), spare), hugeFailed);
  return folios;
}

/**
 * More folios were undone to the end than the call counts as failed: the others lost their last user between two passes
 * (unmapped, truncated), and a folio whose only reference is the isolation's is freed and counted as succeeded. Those
 * that went through most passes are the failed ones.
 */
function freedMeanwhile(folios: readonly Member[], failed: number): void {
  const undone = folios.filter((folio) => folio.outcome === 'failed');
  undone.sort((a, b) => b.attempts.length - a.attempts.length || b.episodes.length - a.episodes.length);
  let left = failed;
  for (const folio of undone) {
    if (left < 2 ** folio.order) folio.outcome = 'moved';
    else left -= 2 ** folio.order;
  }
}

/**
 * Of folios that only their attempts show no entry tells the size. They are huge where the totals allow nothing else: as many
 * huge ones are left to name as there are such folios, and as many pages as those have.
 */
function sizeByTotals(
  folios: readonly Member[],
  outcome: 'moved' | 'failed',
  pages: number,
  huge: number,
  hugeOrder: number,
): void {
  const own = folios.filter((folio) => folio.outcome === outcome);
  const unsized = own.filter(({ episodes }) => episodes.length === 0);
  const sized = own.filter(({ episodes }) => episodes.length > 0);
  const hugeLeft = huge - sized.filter(({ order }) => order === hugeOrder).length;
  const pagesLeft = pages - sized.reduce((sum, { order }) => sum + 2 ** order, 0);
  if (unsized.length === 0 || hugeLeft !== unsized.length || pagesLeft !== unsized.length * 2 ** hugeOrder) return;
  for (const folio of unsized) folio.order = hugeOrder;
}

function anonymous(outcome: 'moved' | 'failed', order: number): Member {
  return { pfn: NaN, pointer: -1, order, destination: NaN, outcome, episodes: [], attempts: [] };
}
