/** A folio: its lock, its page-table entries, and who holds its references. */
import { batchKinds } from './demand.ts';
import { settleLock } from './folio-lock.ts';
import { cacheReferences, type Folio } from './folio-rows.ts';
import type { Holder, Obstacle } from './world.ts';

export { Folio, Folios, hasMapping, partOf } from './folio-rows.ts';

/** Entries in per-CPU batches of one kind, each one reference. */
export function queuedIn(folio: Folio, kind: number): number {
  return folio.queuedIn(kind);
}

/** Entries in batches of all kinds, but those of `except`. */
export function entriesOf(folio: Folio, except = -1): number {
  let sum = 0;
  for (let kind = 0; kind < batchKinds.length; kind++) if (kind !== except) sum += folio.queuedIn(kind);
  return sum;
}

/** A stretch to come. */
export function addObstacle(folio: Folio, obstacle: Obstacle): void {
  folio.obstacles = folio.obstacles.length === 0 ? [obstacle] : [...folio.obstacles, obstacle];
}

export function get(folio: Folio, references = 1): void {
  folio.references += references;
}

export function put(folio: Folio, references = 1): void {
  folio.references -= references;
  // A free page is on no LRU.
  if (folio.gone && folio.references === 0) folio.onLru = false;
}

/** Its last user lets go: page-table entries, page cache and private data drop their references. */
export function leave(folio: Folio): void {
  const users = folio.mapped + cacheReferences(folio);
  folio.mapped = 0;
  folio.gone = true;
  put(folio, users);
}

/** Nobody holds it any more: its frame is a free page. */
export function isFree(folio: Folio): boolean {
  return folio.gone && folio.references === 0;
}

/** The frame of a free page becomes a folio again, like the one before, but off the LRU. */
export function allocate(folio: Folio): void {
  folio.gone = false;
  folio.mapped = folio.spec.mapped;
  folio.mlocked = folio.spec.mlocked === true;
  folio.referenced = false;
  folio.isActive = false;
  get(folio, folio.mapped + cacheReferences(folio));
}

/**
 * References of one pin: GUP_PIN_COUNTING_BIAS on a folio without a pin count, else one. Folios of order 1 have no
 * count before 7.2, which is not told apart (kernel-model 5.1).
 */
export function pinReferences(folio: Folio): number {
  return folio.spec.order === 0 ? 1024 : 1;
}

/** try_grab_folio() with FOLL_PIN, `times` over. */
export function pin(folio: Folio, times = 1): void {
  folio.pins += times;
  get(folio, times * pinReferences(folio));
}

/** unpin_folio(). */
export function unpin(folio: Folio, times = 1): void {
  folio.pins -= times;
  put(folio, times * pinReferences(folio));
}

/**
 * What the check of an isolated folio expects: folio_expected_ref_count() + 1 (6.16 and later), which equals the older
 * folio_expected_refs() once the folio is unmapped.
 */
export function expectedReferences(folio: Folio): number {
  return 1 + cacheReferences(folio) + folio.mapped;
}

/** The sum over holders; must equal `references` at any time. */
export function sumOfHolders(folio: Folio): number {
  let sum = folio.mapped + cacheReferences(folio) + (folio.isolated ? 1 : 0);
  sum += entriesOf(folio);
  sum += folio.blocked.length + folio.entryWaitReferences + folio.pins * pinReferences(folio) + folio.bufferHeads;
  for (const obstacle of folio.active) sum += obstacle.references;
  return sum;
}

/** The holder that keeps the folio from moving, the longest-lived first; undefined when the count matches. */
export function holderInTheWay(folio: Folio): Holder | undefined {
  if (folio.pins > 0) return 'pin';
  for (const obstacle of folio.active) if (obstacle.holder === 'pin') return 'pin';
  if (folio.blocked.length > 0) return 'lock-blocked fault';
  if (queuedIn(folio, 0) !== 0) return 'add batch';
  if (queuedIn(folio, 1) !== 0) return 'activate batch';
  if (queuedIn(folio, 6) !== 0) return 'mlock batch';
  for (let kind = 2; kind <= 5; kind++) if (queuedIn(folio, kind) !== 0) return 'other batch';
  if (folio.bufferHeads > 0) return 'other batch';
  for (const obstacle of folio.active) if (obstacle.references > 0) return obstacle.holder;
  if (folio.entryWaitReferences > 0) return 'entry waiter';
  return undefined;
}

/** An obstacle of this kind that stands now; `settle` must have run. */
export function activeObstacle(folio: Folio, holder: Obstacle['holder']): Obstacle | undefined {
  for (const obstacle of folio.active) if (obstacle.holder === holder) return obstacle;
  return undefined;
}

/**
 * Brings obstacles and blocked faults up to date. Nobody sees a folio between two looks at it, so they are worked out
 * when it is looked at instead of being events of their own.
 */
export function settle(folio: Folio, now: number): void {
  if (!folio.hasLists) return;
  settleLock(folio, now);
  if (folio.obstacles.length > 0 || folio.active.length > 0) {
    const left: Obstacle[] = [];
    for (const obstacle of folio.active) {
      if (obstacle.until <= now) put(folio, obstacle.references);
      else left.push(obstacle);
    }
    const coming: Obstacle[] = [];
    for (const obstacle of folio.obstacles) {
      // Nobody comes to hold what its users have left.
      if (obstacle.until <= now || folio.gone) continue;
      if (obstacle.from <= now) {
        get(folio, obstacle.references);
        left.push(obstacle);
      } else coming.push(obstacle);
    }
    folio.active = left;
    folio.obstacles = coming;
  }
}
