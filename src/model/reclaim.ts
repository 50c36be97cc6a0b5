/** Dropping clean page cache instead of moving it (mm/vmscan.c reclaim_clean_pages_from_list(), shrink_folio_list()). */
import { activeObstacle, expectedReferences, type Folio, holderInTheWay, put, settle } from './folio.ts';
import { isLocked } from './folio-lock.ts';
import type { Kernel, Member, Run, Step } from './kernel.ts';
import { serviceTime } from './migrate.ts';

/** Whether the list's filter picks it: file-backed, clean, evictable. Dirt that comes later is not modelled. */
function isClean(folio: Folio): boolean {
  return folio.spec.kind === 'file' && folio.spec.clean === true && !folio.mlocked;
}

/**
 * Drops what can be dropped from a list of isolated folios and returns the rest. A folio whose references do not match
 * keeps its place in the page cache, but its entries are gone: if it is migrated after all, it moves without an
 * episode (TTU_IGNORE_MLOCK and the check of references come in this order in shrink_folio_list()).
 */
export function* reclaimClean(kernel: Kernel, run: Run, list: readonly Member[]): Generator<Step, Member[], void> {
  const rest: Member[] = [];
  for (const member of list) {
    if (isClean(member.folio) && (yield* drop(kernel, run, member))) continue;
    rest.push(member);
  }
  return rest;
}

function* drop(kernel: Kernel, run: Run, member: Member): Generator<Step, boolean, void> {
  const { folio } = member;
  const ns = serviceTime(kernel, run, member, 'reclaim');
  if (!kernel.pass(ns)) yield ns;
  settle(folio, kernel.now);
  // folio_trylock(); and what is being written is kept.
  if (isLocked(folio) || activeObstacle(folio, 'writeback') !== undefined) return false;
  if (folio.mapped > 0) {
    // One flush a folio, where reclaim may defer them to the end of the list.
    run.counters.tlbFlushes++;
    run.counters.tlbPages += Math.max(folio.pages, folio.mapped);
    put(folio, folio.mapped);
    folio.mapped = 0;
  }
  // __remove_mapping() freezes the references; private data that others use keeps theirs, and so the folio.
  if (folio.references !== expectedReferences(folio)) {
    member.holder = holderInTheWay(folio);
    return false;
  }
  folio.isolated = false;
  put(folio);
  kernel.batches.free(folio);
  member.ending = 'reclaimed';
  member.holder = undefined;
  run.counters.reclaimed++;
  return true;
}
