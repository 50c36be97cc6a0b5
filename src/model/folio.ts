/** A folio: its lock, its page-table entries, and who holds its references. */
import { batchKinds, type FolioSource, type FolioSpec } from './demand.ts';
import { type BlockedTask, settleLock } from './folio-lock.ts';
import type { Holder, Obstacle } from './world.ts';

/** Rows of the columns that folios look into: numbers, and times. */
const numbers = 16;
const times = 4;
const firstQueue = 8;
/** Bits of the one number that holds what is yes or no. */
const bit = { isolated: 1, onLru: 2, mlocked: 4, referenced: 8, isActive: 16, gone: 32 } as const;

/** Most folios are blocked by nobody: they share one list. */
const none: never[] = [];

/**
 * A folio is a row in two columns that all folios share: a million of them take a third of the memory of a million
 * objects with a field for each number, and half the time.
 */
export class Folio {
  readonly id: number;
  readonly spec: FolioSpec;
  /** Sleepers on its lock (folio-lock.ts). Empty lists may be shared: never push to an empty one. */
  blocked: BlockedTask[] = none;
  /** Stretches that the world named, and of those the ones whose references are counted now. */
  obstacles: readonly Obstacle[] = none;
  active: readonly Obstacle[] = none;
  readonly #numbers: Int32Array;
  readonly #times: Float64Array;
  readonly #row: number;

  constructor(id: number, spec: FolioSpec, columns: FolioColumns, row: number) {
    this.id = id;
    this.spec = spec;
    this.#numbers = columns.numbers;
    this.#times = columns.times;
    this.#row = row;
    columns.numbers.fill(0, row * numbers, (row + 1) * numbers);
    this.mapped = spec.mapped;
    this.lockedBy = -1;
    this.onLru = spec.notOnLru !== true;
    this.mlocked = spec.mlocked === true;
    this.lockedSince = Number.NaN;
    this.unlockedAt = Number.NEGATIVE_INFINITY;
    this.handedUntil = Number.NaN;
    this.applied = 0;
    this.references = spec.mapped + cacheReferences(this);
  }

  get pages(): number {
    return 1 << this.spec.order;
  }

  /** `_refcount`. Changed only by `get` and `put`; the sum over holders is kept apart, so that the two check each other. */
  get references(): number {
    return this.#numbers[this.#row * numbers + 0]!;
  }
  set references(value: number) {
    this.#numbers[this.#row * numbers + 0] = value;
  }

  /** Page-table entries that map it now. */
  get mapped(): number {
    return this.#numbers[this.#row * numbers + 1]!;
  }
  set mapped(value: number) {
    this.#numbers[this.#row * numbers + 1] = value;
  }

  /** Migration entries installed in their stead. */
  get entries(): number {
    return this.#numbers[this.#row * numbers + 2]!;
  }
  set entries(value: number) {
    this.#numbers[this.#row * numbers + 2] = value;
  }

  /** Run that holds the folio lock: -1 nobody, -2 a fault that was handed the lock, else the request's place. */
  get lockedBy(): number {
    return this.#numbers[this.#row * numbers + 3]!;
  }
  set lockedBy(value: number) {
    this.#numbers[this.#row * numbers + 3] = value;
  }

  /** References of tasks on their way to sleep on a migration entry, as counted now. */
  get entryWaitReferences(): number {
    return this.#numbers[this.#row * numbers + 5]!;
  }
  set entryWaitReferences(value: number) {
    this.#numbers[this.#row * numbers + 5] = value;
  }

  /** FOLL_PIN taken by requests of the model, each worth `pinReferences`. */
  get pins(): number {
    return this.#numbers[this.#row * numbers + 6]!;
  }
  set pins(value: number) {
    this.#numbers[this.#row * numbers + 6] = value;
  }

  /** Entries in bh_lrus of CPUs, each one reference. */
  get bufferHeads(): number {
    return this.#numbers[this.#row * numbers + 7]!;
  }
  set bufferHeads(value: number) {
    this.#numbers[this.#row * numbers + 7] = value;
  }

  /** When the lock was taken. */
  get lockedSince(): number {
    return this.#times[this.#row * times + 0]!;
  }
  set lockedSince(value: number) {
    this.#times[this.#row * times + 0] = value;
  }

  /** When it was last dropped. */
  get unlockedAt(): number {
    return this.#times[this.#row * times + 1]!;
  }
  set unlockedAt(value: number) {
    this.#times[this.#row * times + 1] = value;
  }

  /** `lockedBy` = -2: when that task lets go. */
  get handedUntil(): number {
    return this.#times[this.#row * times + 2]!;
  }
  set handedUntil(value: number) {
    this.#times[this.#row * times + 2] = value;
  }

  /** Number of the youngest batch operation applied to it. */
  get applied(): number {
    return this.#times[this.#row * times + 3]!;
  }
  set applied(value: number) {
    this.#times[this.#row * times + 3] = value;
  }

  /** Off the LRU, on the list of a request. */
  get isolated(): boolean {
    return this.#has(bit.isolated);
  }
  set isolated(value: boolean) {
    this.#set(bit.isolated, value);
  }

  /** PG_lru. */
  get onLru(): boolean {
    return this.#has(bit.onLru);
  }
  set onLru(value: boolean) {
    this.#set(bit.onLru, value);
  }

  /** PG_mlocked. */
  get mlocked(): boolean {
    return this.#has(bit.mlocked);
  }
  set mlocked(value: boolean) {
    this.#set(bit.mlocked, value);
  }

  /** PG_referenced, as folio_mark_accessed() and the batches set it. */
  get referenced(): boolean {
    return this.#has(bit.referenced);
  }
  set referenced(value: boolean) {
    this.#set(bit.referenced, value);
  }

  /** PG_active. */
  get isActive(): boolean {
    return this.#has(bit.isActive);
  }
  set isActive(value: boolean) {
    this.#set(bit.isActive, value);
  }

  /** Its last user has let go: no mapping, no page cache. Free once `references` are 0. */
  get gone(): boolean {
    return this.#has(bit.gone);
  }
  set gone(value: boolean) {
    this.#set(bit.gone, value);
  }

  /** Entries in per-CPU batches of one kind, each one reference. */
  queuedIn(kind: number): number {
    return this.#numbers[this.#row * numbers + firstQueue + kind]!;
  }

  queue(kind: number, entries: 1 | -1): void {
    this.#numbers[this.#row * numbers + firstQueue + kind]! += entries;
  }

  #has(flag: number): boolean {
    return (this.#numbers[this.#row * numbers + 4]! & flag) !== 0;
  }

  #set(flag: number, value: boolean): void {
    const place = this.#row * numbers + 4;
    if (value) this.#numbers[place]! |= flag;
    else this.#numbers[place]! &= ~flag;
  }
}

interface FolioColumns {
  readonly numbers: Int32Array;
  readonly times: Float64Array;
}

function columnsFor(folios: number): FolioColumns {
  return { numbers: new Int32Array(folios * numbers), times: new Float64Array(folios * times) };
}

/**
 * A part of a folio that was split: of order 0, under the id of the whole, with nobody's references yet but those of its
 * mappings, its place in the page cache and the isolation that it has from the whole.
 */
export function partOf(whole: Folio, mapped: number, obstacles: readonly Obstacle[]): Folio {
  const part = new Folio(whole.id, { ...whole.spec, order: 0, mapped }, columnsFor(1), 0);
  part.isolated = whole.isolated;
  part.onLru = whole.onLru;
  part.mlocked = whole.mlocked;
  part.referenced = whole.referenced;
  part.isActive = whole.isActive;
  part.unlockedAt = whole.unlockedAt;
  part.obstacles = obstacles;
  if (part.isolated) get(part);
  return part;
}

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

/** The folios of a machine by id, each made when it is first asked for. */
export class Folios {
  readonly source: FolioSource;
  readonly #columns: FolioColumns;
  readonly #made: (Folio | undefined)[];

  constructor(source: readonly FolioSpec[] | FolioSource) {
    this.source = 'spec' in source ? source : { length: source.length, spec: (id) => source[id]! };
    this.#columns = columnsFor(this.source.length);
    // Its full length at once: a list that is first filled far from its beginning becomes a hash table.
    this.#made = new Array<Folio | undefined>(this.source.length);
  }

  /** Throws for an id that nobody described. */
  get(id: number): Folio {
    const made = this.#made[id];
    if (made !== undefined) return made;
    if (!(id >= 0 && id < this.source.length)) throw new Error(`no folio ${id}`);
    const folio = new Folio(id, this.source.spec(id), this.#columns, id);
    this.#made[id] = folio;
    return folio;
  }

  /** Those that were made, in order of id. */
  *live(): Generator<Folio, void, void> {
    for (const folio of this.#made) if (folio !== undefined) yield folio;
  }
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
