/** A folio: its lock, its page-table entries, and who holds its references. */
import { batchKinds, type FolioSource, type FolioSpec } from './demand.ts';
import { settleLock } from './folio-lock.ts';
import type { BlockedFault, Holder, Obstacle } from './world.ts';

/** A fault asleep on the folio lock with a reference (holder `lock-blocked fault`). */
export interface BlockedTask {
  readonly fault: BlockedFault;
  /** Wakeups after which it found the lock taken again. */
  lost: number;
  /** Who counts its sleep. */
  readonly account: { stall: number };
}

export interface Folio {
  readonly id: number;
  readonly spec: FolioSpec;
  readonly pages: number;
  /** `_refcount`. Changed only by `get` and `put`; the sum over holders is kept apart, so that the two check each other. */
  references: number;
  /** Page-table entries that map it now. */
  mapped: number;
  /** Migration entries installed in their stead. */
  entries: number;
  isolated: boolean;
  /** PG_lru. */
  onLru: boolean;
  mlocked: boolean;
  /** Entries in per-CPU batches by kind, each one reference. */
  readonly queued: Uint8Array;
  /** Run that holds the folio lock: -1 nobody, -2 a fault that was handed the lock, else the request's place. */
  lockedBy: number;
  lockedSince: number;
  unlockedAt: number;
  /** `lockedBy` = -2: when that task lets go. */
  handedUntil: number;
  blocked: BlockedTask[];
  /** Stretches that the world named, and of those the ones whose references are counted now. */
  obstacles: Obstacle[];
  active: Obstacle[];
  /** References of tasks on their way to sleep on a migration entry, as counted now. */
  entryWaitReferences: number;
  /** FOLL_PIN taken by requests of the model, each worth `pinReferences`. */
  pins: number;
  /** Entries in bh_lrus of CPUs, each one reference. */
  bufferHeads: number;
}

export function createFolio(id: number, spec: FolioSpec): Folio {
  const pages = 2 ** spec.order;
  const folio: Folio = {
    id,
    spec,
    pages,
    references: 0,
    mapped: spec.mapped,
    entries: 0,
    isolated: false,
    onLru: spec.notOnLru !== true,
    mlocked: spec.mlocked === true,
    queued: new Uint8Array(batchKinds.length),
    lockedBy: -1,
    lockedSince: Number.NaN,
    unlockedAt: Number.NEGATIVE_INFINITY,
    handedUntil: Number.NaN,
    blocked: [],
    obstacles: [],
    active: [],
    entryWaitReferences: 0,
    pins: 0,
    bufferHeads: 0,
  };
  folio.references = folio.mapped + cacheReferences(folio);
  return folio;
}

/** The folios of a machine by id, each made when it is first asked for. */
export class Folios {
  readonly source: FolioSource;
  readonly #made: (Folio | undefined)[] = [];

  constructor(source: readonly FolioSpec[] | FolioSource) {
    this.source = 'spec' in source ? source : { length: source.length, spec: (id) => source[id]! };
  }

  /** Throws for an id that nobody described. */
  get(id: number): Folio {
    const made = this.#made[id];
    if (made !== undefined) return made;
    if (!(id >= 0 && id < this.source.length)) throw new Error(`no folio ${id}`);
    const folio = createFolio(id, this.source.spec(id));
    this.#made[id] = folio;
    return folio;
  }

  /** Those that were made and not freed, in order of id. */
  *live(): Generator<Folio, void, void> {
    for (const folio of this.#made) if (folio !== undefined) yield folio;
  }
}

export function get(folio: Folio, references = 1): void {
  folio.references += references;
}

export function put(folio: Folio, references = 1): void {
  folio.references -= references;
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

/** Whether folio_mapping() is set: a page-cache or swap-cache folio, whose move ends in a freeze of its references. */
export function hasMapping(folio: Folio): boolean {
  return folio.spec.kind !== 'anon';
}

/** References of the page cache or swap cache, one a base page, and one for private data. */
export function cacheReferences(folio: Folio): number {
  return (hasMapping(folio) ? folio.pages : 0) + (folio.spec.hasPrivate === true ? 1 : 0);
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
  for (const entries of folio.queued) sum += entries;
  sum += folio.blocked.length + folio.entryWaitReferences + folio.pins * pinReferences(folio) + folio.bufferHeads;
  for (const obstacle of folio.active) sum += obstacle.references;
  return sum;
}

/** The holder that keeps the folio from moving, the longest-lived first; undefined when the count matches. */
export function holderInTheWay(folio: Folio): Holder | undefined {
  if (folio.pins > 0) return 'pin';
  for (const obstacle of folio.active) if (obstacle.holder === 'pin') return 'pin';
  if (folio.blocked.length > 0) return 'lock-blocked fault';
  if (folio.queued[0] !== 0) return 'add batch';
  if (folio.queued[1] !== 0) return 'activate batch';
  if (folio.queued[6] !== 0) return 'mlock batch';
  for (let kind = 2; kind <= 5; kind++) if (folio.queued[kind] !== 0) return 'other batch';
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
  settleLock(folio, now);
  if (folio.obstacles.length > 0 || folio.active.length > 0) {
    const left: Obstacle[] = [];
    for (const obstacle of folio.active) {
      if (obstacle.until <= now) put(folio, obstacle.references);
      else left.push(obstacle);
    }
    const coming: Obstacle[] = [];
    for (const obstacle of folio.obstacles) {
      if (obstacle.until <= now) continue;
      if (obstacle.from <= now) {
        get(folio, obstacle.references);
        left.push(obstacle);
      } else coming.push(obstacle);
    }
    folio.active = left;
    folio.obstacles = coming;
  }
}
