/**
 * Folios as rows of columns: a machine may have millions of them. What the numbers mean, and what is done with them, is in
 * folio.ts.
 */
import type { FolioSource, FolioSpec } from './demand.ts';
import type { BlockedTask } from './folio-lock.ts';
import type { Obstacle } from './world.ts';

/** Rows of the columns that folios look into: numbers, and times. */
const numbers = 16;
const times = 4;
const firstQueue = 8;
/** Bits of the one number that holds what is yes or no. */
const bit = {
  isolated: 1,
  onLru: 2,
  mlocked: 4,
  referenced: 8,
  isActive: 16,
  gone: 32,
  /** The row was filled in. */
  made: 64,
  /** Something is blocked by it or holds it: see `lists`. */
  hasLists: 128,
} as const;

/** Most folios are blocked by nobody: they share one list. */
const none: never[] = [];

/** What few folios have. */
interface Lists {
  blocked: BlockedTask[];
  obstacles: readonly Obstacle[];
  active: readonly Obstacle[];
}

/**
 * A folio is a row in columns that all folios of a machine share, and this is a view of it: there may be several of one
 * folio, none of them kept. A million folios so take 100 bytes each, and nothing that a collector has to walk.
 */
export class Folio {
  readonly id: number;
  readonly spec: FolioSpec;
  readonly #columns: FolioColumns;
  readonly #numbers: Int32Array;
  readonly #times: Float64Array;
  readonly #row: number;

  constructor(id: number, spec: FolioSpec, columns: FolioColumns, row: number) {
    this.id = id;
    this.spec = spec;
    this.#columns = columns;
    this.#numbers = columns.numbers;
    this.#times = columns.times;
    this.#row = row;
    if (!this.#has(bit.made)) this.#make();
  }

  #make(): void {
    const { spec } = this;
    this.#set(bit.made, true);
    this.mapped = spec.mapped;
    this.lockedBy = -1;
    this.onLru = spec.notOnLru !== true && spec.onDevice !== true;
    this.mlocked = spec.mlocked === true;
    this.lockedSince = Number.NaN;
    this.unlockedAt = Number.NEGATIVE_INFINITY;
    this.handedUntil = Number.NaN;
    this.references = spec.mapped + cacheReferences(this);
  }

  /** Sleepers on its lock (folio-lock.ts). Empty lists may be shared: never push to an empty one. */
  get blocked(): BlockedTask[] {
    return this.#has(bit.hasLists) ? this.#lists().blocked : none;
  }
  set blocked(value: BlockedTask[]) {
    if (value.length > 0 || this.#has(bit.hasLists)) this.#lists().blocked = value;
  }

  /** Stretches that the world named and that are still to come. */
  get obstacles(): readonly Obstacle[] {
    return this.#has(bit.hasLists) ? this.#lists().obstacles : none;
  }
  set obstacles(value: readonly Obstacle[]) {
    if (value.length > 0 || this.#has(bit.hasLists)) this.#lists().obstacles = value;
  }

  /** Those whose references are counted now. */
  get active(): readonly Obstacle[] {
    return this.#has(bit.hasLists) ? this.#lists().active : none;
  }
  set active(value: readonly Obstacle[]) {
    if (value.length > 0 || this.#has(bit.hasLists)) this.#lists().active = value;
  }

  #lists(): Lists {
    const { lists } = this.#columns;
    let mine = lists.get(this.#row);
    if (mine === undefined) {
      mine = { blocked: none, obstacles: none, active: none };
      lists.set(this.#row, mine);
      this.#set(bit.hasLists, true);
    }
    return mine;
  }

  /** Whether anything is blocked by it, holds it or will; forgets the lists when they have become empty. */
  get hasLists(): boolean {
    if (!this.#has(bit.hasLists)) return false;
    const { blocked, obstacles, active } = this.#lists();
    if (blocked.length > 0 || obstacles.length > 0 || active.length > 0) return true;
    this.#columns.lists.delete(this.#row);
    this.#set(bit.hasLists, false);
    return false;
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
  /** Row of the first folio. */
  readonly first: number;
  /** By row. */
  readonly lists: Map<number, Lists>;
}

/**
 * Small machines, of which a replay makes one for each request, share columns, each with rows of its own that nobody had before:
 * making columns for each of them was a twentieth of the time of its run, before they were collected.
 */
const sharedRows = 1024;
const mostOfShared = 64;
let shared = { numbers: new Int32Array(0), times: new Float64Array(0), used: sharedRows };

function columnsFor(folios: number): FolioColumns {
  const lists = new Map<number, Lists>();
  if (folios > mostOfShared) {
    return { numbers: new Int32Array(folios * numbers), times: new Float64Array(folios * times), first: 0, lists };
  }
  if (shared.used + folios > sharedRows) {
    shared = { numbers: new Int32Array(sharedRows * numbers), times: new Float64Array(sharedRows * times), used: 0 };
  }
  const first = shared.used;
  shared.used += folios;
  return { numbers: shared.numbers, times: shared.times, first, lists };
}

/**
 * A part of a folio that was split: of order 0, under the id of the whole, with nobody's references yet but those of its
 * mappings, its place in the page cache and the isolation that it has from the whole.
 */
export function partOf(whole: Folio, mapped: number, obstacles: readonly Obstacle[]): Folio {
  const columns = columnsFor(1);
  const part = new Folio(whole.id, { ...whole.spec, order: 0, mapped }, columns, columns.first);
  part.isolated = whole.isolated;
  part.onLru = whole.onLru;
  part.mlocked = whole.mlocked;
  part.referenced = whole.referenced;
  part.isActive = whole.isActive;
  part.unlockedAt = whole.unlockedAt;
  part.obstacles = obstacles;
  if (part.isolated) part.references++;
  return part;
}

/** Views that are kept for folios of a source, which are as many as lie in a few milliseconds of events. */
export const keptViews = 4096;

/** The folios of a machine by id, each made when it is first asked for. */
export class Folios {
  readonly source: FolioSource;
  readonly #columns: FolioColumns;
  /** Views by id, or by the last bits of it. */
  readonly #views: (Folio | undefined)[];
  readonly #mask: number;

  constructor(source: readonly FolioSpec[] | FolioSource) {
    const isSource = 'spec' in source;
    this.source = isSource ? source : { length: source.length, spec: (id) => source[id]! };
    this.#columns = columnsFor(this.source.length);
    this.#views = new Array<Folio | undefined>(isSource ? keptViews : this.source.length).fill(undefined);
    this.#mask = isSource ? keptViews - 1 : -1;
  }

  /** Throws for an id that nobody described. */
  get(id: number): Folio {
    const view = this.#views[id & this.#mask];
    if (view !== undefined && view.id === id) return view;
    if (!(id >= 0 && id < this.source.length)) throw new Error(`no folio ${id}`);
    const folio = new Folio(id, this.source.spec(id), this.#columns, this.#columns.first + id);
    this.#views[id & this.#mask] = folio;
    return folio;
  }

  /** Those that were ever asked for, in order of id. */
  *live(): Generator<Folio, void, void> {
    for (let id = 0; id < this.source.length; id++) if (isMade(this.#columns, id)) yield this.get(id);
  }
}

function isMade(columns: FolioColumns, id: number): boolean {
  return (columns.numbers[(columns.first + id) * numbers + 4]! & bit.made) !== 0;
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
