/** A folio: its lock, its page-table entries, and who holds its references. */
import { batchKinds, type FolioSource, type FolioSpec } from './demand.ts';
import { type BlockedTask, settleLock } from './folio-lock.ts';
import type { Holder, Obstacle } from './world.ts';

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
  /** Where its entries in per-CPU batches are counted; ask `queuedIn`. */
  readonly table: Uint16Array;
  /** Run that holds the folio lock: -1 nobody, -2 a fault that was handed the lock, else the request's place. */
  lockedBy: number;
  lockedSince: number;
  unlockedAt: number;
  /** `lockedBy` = -2: when that task lets go. */
  handedUntil: number;
  /** Sleepers on its lock (folio-lock.ts). Empty lists may be shared: never push to an empty one. */
  blocked: BlockedTask[];
  /** Stretches that the world named, and of those the ones whose references are counted now. */
  obstacles: readonly Obstacle[];
  active: readonly Obstacle[];
  /** References of tasks on their way to sleep on a migration entry, as counted now. */
  entryWaitReferences: number;
  /** FOLL_PIN taken by requests of the model, each worth `pinReferences`. */
  pins: number;
  /** Entries in bh_lrus of CPUs, each one reference. */
  bufferHeads: number;
  /** PG_referenced and PG_active, as folio_mark_accessed() and the batches set them. */
  referenced: boolean;
  isActive: boolean;
  /** Its last user has let go: no mapping, no page cache. Free once `references` are 0, and then no folio any more. */
  gone: boolean;
}

/** Most folios are blocked by nobody: they share one list. */
const none: never[] = [];

/** `table` has a row of `batchKinds.length` numbers for each id. */
function createFolio(id: number, spec: FolioSpec, table: Uint16Array): Folio {
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
    table,
    lockedBy: -1,
    lockedSince: Number.NaN,
    unlockedAt: Number.NEGATIVE_INFINITY,
    handedUntil: Number.NaN,
    blocked: none,
    obstacles: none,
    active: none,
    entryWaitReferences: 0,
    pins: 0,
    bufferHeads: 0,
    referenced: false,
    isActive: false,
    gone: false,
  };
  folio.references = folio.mapped + cacheReferences(folio);
  return folio;
}

/** Entries in per-CPU batches of one kind, each one reference. */
export function queuedIn(folio: Folio, kind: number): number {
  return folio.table[folio.id * batchKinds.length + kind]!;
}

/** Entries in batches of all kinds, but those of `except`. */
export function entriesOf(folio: Folio, except = -1): number {
  const first = folio.id * batchKinds.length;
  let sum = 0;
  for (let kind = 0; kind < batchKinds.length; kind++) if (kind !== except) sum += folio.table[first + kind]!;
  return sum;
}

/** A stretch to come. */
export function addObstacle(folio: Folio, obstacle: Obstacle): void {
  folio.obstacles = folio.obstacles.length === 0 ? [obstacle] : [...folio.obstacles, obstacle];
}

/** The folios of a machine by id, each made when it is first asked for. */
export class Folios {
  readonly source: FolioSource;
  /** Entries in batches, by id and kind. */
  readonly #table: Uint16Array;
  /** null = freed. */
  readonly #made: (Folio | null | undefined)[] = [];

  constructor(source: readonly FolioSpec[] | FolioSource) {
    this.source = 'spec' in source ? source : { length: source.length, spec: (id) => source[id]! };
    this.#table = new Uint16Array(this.source.length * batchKinds.length);
  }

  /** Throws for an id that nobody described. */
  get(id: number): Folio {
    const made = this.#made[id];
    if (made !== undefined && made !== null) return made;
    if (!(id >= 0 && id < this.source.length)) throw new Error(`no folio ${id}`);
    const folio = createFolio(id, this.source.spec(id), this.#table);
    // The frame of a folio that was freed is allocated anew: not on the LRU, whatever the first one was.
    if (made === null) folio.onLru = false;
    this.#made[id] = folio;
    return folio;
  }

  /** Nobody holds it any more. */
  free(folio: Folio): void {
    if (this.#made[folio.id] === folio) this.#made[folio.id] = null;
  }

  /** Those that were made and not freed, in order of id. */
  *live(): Generator<Folio, void, void> {
    for (const folio of this.#made) if (folio !== undefined && folio !== null) yield folio;
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
  if (folio.gone) return 0;
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
