/**
 * The per-CPU batches of mm/swap.c (`struct cpu_fbatches`) and mm/mlock.c, with the exact fill rule: the folio is stored
 * first, then a full batch is flushed in the same call, so that a batch never rests with as many entries as it can hold.
 *
 * Most folios of a capture are migrated by nobody. They only fill slots: a count stands for them, and the identities of
 * the folios that matter are kept beside it, so that an add is a few typed-array operations.
 */
import { IntegerColumn, NumberColumn } from '../base/columns.ts';
import { BufferHeads } from './buffer-heads.ts';
import type { Counters } from './counters.ts';
import type { Decisions } from './decisions.ts';
import { type Background, backgroundActions, batchKinds } from './demand.ts';
import { allocate, entriesOf, type Folio, type Folios, get, isFree, leave, put, queuedIn } from './folio.ts';
import { logKind, lruListOf, type ModelLog, pageFlagsOf } from './log.ts';

const kinds = batchKinds.length;
const addKind = 0;
const activateKind = 1;
const mlockKind = 6;

/** What batches need of the clock. */
export interface Clock {
  now: number;
  /** Whether anybody sleeps until a folio loses references. */
  readonly watchesReferences: boolean;
  readonly queue: { readonly nextTime: number };
  released(folio: Folio): void;
}

export interface BatchesInput {
  readonly cpus: number;
  readonly decisions: Decisions;
  readonly folios: Folios;
  readonly account: Counters;
  readonly lruGen?: boolean;
  readonly log?: ModelLog | undefined;
}

/** Folios in one batch, and the numbers of their adds. */
interface Tracked {
  readonly ids: IntegerColumn;
  readonly numbers: NumberColumn;
}

export class Batches {
  readonly cpus: number;
  /** lru_disable_count. */
  disabled = 0;
  /** Adds that the kernel could not have made in this state (already queued, isolated, not on the LRU). */
  refused = 0;
  /** Who pays for the flushes that happen now, and its request's id (-1 = background). */
  account: Counters;
  request = -1;
  /** Background rows consumed before the present block; with the place in the block, a row's number in the log. */
  rowsBefore = 0;
  clock: Clock = {
    now: 0,
    watchesReferences: false,
    queue: { nextTime: Number.POSITIVE_INFINITY },
    released: () => undefined,
  };
  readonly #decisions: Decisions;
  readonly #folios: Folios;
  readonly #log: ModelLog | undefined;
  readonly #lruGen: boolean;
  /** Entries at rest, by CPU and kind. */
  readonly #counts: Uint16Array;
  /** Of those, the folios that somebody migrates. Made when the first one comes: most machines live for one short list. */
  readonly #tracked: (Tracked | undefined)[];
  /** Number of the latest add. */
  #number = 0;
  readonly #heads: BufferHeads;
  /** The background row that is being applied; -1 = none. */
  #row = -1;

  constructor({ cpus, decisions, folios, account, lruGen, log }: BatchesInput) {
    this.cpus = cpus;
    this.#decisions = decisions;
    this.#folios = folios;
    this.account = account;
    this.#log = log;
    this.#lruGen = lruGen === true;
    this.#counts = new Uint16Array(cpus * kinds);
    this.#tracked = new Array<Tracked | undefined>(cpus * kinds).fill(undefined);
    this.#heads = new BufferHeads(cpus, folios);
  }

  /** Entries at rest in one batch. */
  count(cpu: number, kind: number): number {
    return this.#counts[cpu * kinds + kind] ?? 0;
  }

  /** Whether lru_cache_disable or a capacity of 0 keeps every entry from resting. */
  get bypassed(): boolean {
    return this.disabled > 0 || this.#decisions.batchCapacity === 0;
  }

  /**
   * Queues a folio: folio_add_lru, folio_activate, ..., mlock_folio by kind, with the conditions of each. False when the
   * kernel would not queue it.
   */
  add(cpu: number, kind: number, folio: Folio): boolean {
    // Its last user let go while it was isolated: putting it back frees it.
    if (kind === addKind && isFree(folio)) return false;
    if (!this.#admit(kind, folio)) {
      this.refused++;
      return false;
    }
    this.#enter(cpu, kind, folio);
    return true;
  }

  /** folio_add_lru() of a small folio that nobody asks about: the destination of a part of one that was split. */
  addPart(cpu: number): void {
    const slot = cpu * kinds + addKind;
    if (++this.#counts[slot]! >= this.#decisions.batchCapacity || this.disabled > 0) this.#flush(slot);
  }

  #enter(cpu: number, kind: number, folio: Folio): void {
    const slot = cpu * kinds + kind;
    get(folio);
    folio.queue(kind, 1);
    let tracked = this.#tracked[slot];
    if (tracked === undefined) {
      tracked = { ids: new IntegerColumn(16), numbers: new NumberColumn(8) };
      this.#tracked[slot] = tracked;
    }
    tracked.ids.push(folio.id);
    tracked.numbers.push(++this.#number);
    const count = ++this.#counts[slot]!;
    const immediate = kind === mlockKind && !this.#decisions.batchesMlock;
    const isLarge = folio.spec.order > this.#decisions.largestBatchedOrder;
    if (count >= this.#decisions.batchCapacity || isLarge || this.disabled > 0 || immediate) this.#flush(slot);
  }

  /** The entry conditions of mm/swap.c (classic: 6.10 and before, 6.17 and later; PG_lru cleared in between). */
  #admit(kind: number, folio: Folio): boolean {
    // Hugetlb folios are on lists of their own, which no batch stands before.
    if (folio.gone || folio.spec.kind === 'hugetlb') return false;
    if (kind === mlockKind) return true;
    if (kind === addKind) {
      if (folio.isolated || queuedIn(folio, addKind) !== 0) return false;
      // A folio on the LRU that is added again was freed and allocated anew, which no folio in a batch can have been:
      // its entry holds a reference. Where queueing clears PG_lru, a folio in another batch looks like one off the LRU.
      const mayNot = folio.onLru || this.#decisions.clearsLruFlagWhenQueued;
      if (mayNot && entriesOf(folio, mlockKind) !== 0) return false;
      folio.onLru = false;
      return true;
    }
    if (!folio.onLru || folio.isolated) return false;
    if (kind === 5 && folio.lockedBy !== -1) return false;
    if (this.#decisions.clearsLruFlagWhenQueued) folio.onLru = false;
    return true;
  }

  /**
   * folio_mark_accessed() (mm/swap.c): the first call sets PG_referenced, the second activates. A folio on the LRU is
   * queued for that; another is looked for in the add batch of this CPU alone and made active there. With the
   * multi-generational LRU nothing is ever queued.
   */
  markAccessed(cpu: number, folio: Folio): void {
    if (this.#lruGen || folio.gone) return;
    if (!folio.referenced) {
      folio.referenced = true;
      return;
    }
    if (folio.isActive || folio.mlocked) return;
    if (folio.onLru && !folio.isolated) {
      if (this.#admit(activateKind, folio)) this.#enter(cpu, activateKind, folio);
    } else if (this.#isInAddBatch(cpu, folio.id)) folio.isActive = true;
    folio.referenced = false;
  }

  /** __lru_cache_activate_folio(): backwards through this CPU's batch. */
  #isInAddBatch(cpu: number, id: number): boolean {
    const tracked = this.#tracked[cpu * kinds + addKind];
    if (tracked === undefined) return false;
    const { data, length } = tracked.ids;
    for (let i = length - 1; i >= 0; i--) if (data[i] === id) return true;
    return false;
  }

  /**
   * The last user lets go: page-table entries, page cache and private data drop their references. A folio that nobody
   * else holds is free at once; one that waits in a batch, when that is flushed.
   */
  free(folio: Folio): void {
    if (folio.gone || folio.entries > 0 || folio.lockedBy !== -1) {
      this.refused++;
      return;
    }
    leave(folio);
    this.clock.released(folio);
  }

  /** bh_lru_install(): does nothing while caches are disabled, nor in kernels where `bufferHeads` is `never`. */
  installBufferHead(cpu: number, id: number): void {
    if (this.disabled > 0 || (id >= 0 && this.#folios.get(id).gone)) return;
    const evicted = this.#heads.install(cpu, id);
    if (evicted >= 0) this.clock.released(this.#folios.get(evicted));
  }

  #flush(slot: number): void {
    const entries = this.#counts[slot]!;
    this.#counts[slot] = 0;
    // One acquisition for a run of folios of one lruvec (folio_batch_move_lru); all are taken to be of one.
    this.account.lruLocks++;
    const tracked = this.#tracked[slot];
    const length = tracked?.ids.length ?? 0;
    const kind = slot % kinds;
    if (tracked !== undefined && length > 0) {
      const { ids, numbers } = tracked;
      ids.length = 0;
      numbers.length = 0;
      for (let i = 0; i < length; i++) {
        const folio = this.#folios.get(ids.data[i]!);
        folio.queue(kind, -1);
        this.#apply(kind, folio, numbers.data[i]!, slot);
        put(folio);
        if (this.clock.watchesReferences) this.clock.released(folio);
      }
    }
    if (this.#log !== undefined) for (let i = length; i < entries; i++) this.#write(kind, undefined, slot);
  }

  /** What the flush does to a folio, whose entry holds its last reference until after it. */
  #apply(kind: number, folio: Folio, number: number, slot: number): void {
    const clears = this.#decisions.clearsLruFlagWhenQueued;
    // In the classic regime an operation is skipped when somebody else has the folio off the LRU (folio_batch_move_lru()).
    if (kind !== addKind && kind !== mlockKind && !clears && !folio.onLru) return;
    // 7.2 folio_batch_move_lru(): nobody but the batch had it, so that it is freed and never inserted.
    const isLone = kind === addKind && folio.gone && folio.references === 1 && this.#decisions.drainAll.freesLone;
    if (number < folio.applied) this.account.reordered++;
    else folio.applied = number;
    if (kind === addKind) folio.onLru = !folio.isolated;
    else if (kind === mlockKind) {
      // __mlock_new_folio sets PG_lru of a folio that went from its allocation straight to this batch.
      if (!folio.isolated && entriesOf(folio) === 0) folio.onLru = true;
    } else {
      if (clears) folio.onLru = true;
      if (kind === activateKind) folio.isActive = true;
      else if (kind !== rotateKind) folio.isActive = folio.referenced = false;
    }
    if (this.#log !== undefined && !isLone) this.#write(kind, folio, slot);
  }

  #write(kind: number, folio: Folio | undefined, slot: number): void {
    if (kind !== addKind && kind !== activateKind) return;
    const event = kind === addKind ? logKind.insertion : logKind.activation;
    const cpu = Math.floor(slot / kinds);
    const list = folio === undefined ? 0 : lruListOf(folio);
    const flags = folio === undefined ? 0 : pageFlagsOf(folio);
    const id = folio?.id ?? -1;
    this.#log?.push(event, this.clock.now, cpu, this.request, id, list, flags, this.#row);
  }

  /** cpu_needs_drain(): any batch of this CPU has an entry, or its bh_lrus where all-CPU drains empty those. */
  needsDrain(cpu: number): boolean {
    const first = cpu * kinds;
    for (let slot = first; slot < first + kinds; slot++) if (this.#counts[slot] !== 0) return true;
    return this.#decisions.drainAll.bufferHeads !== 'never' && this.#heads.count(cpu) > 0;
  }

  /** lru_add_drain_cpu() in its order, then mlock_drain_local(); `works` of all-CPU drains empty bh_lrus, too. */
  drain(cpu: number, works = false): void {
    if (this.#decisions.neverDrain) return;
    const first = cpu * kinds;
    for (const kind of drainOrder) if (this.#counts[first + kind] !== 0) this.#flush(first + kind);
    const { bufferHeads } = this.#decisions.drainAll;
    if (bufferHeads === 'every drain' || (works && bufferHeads === 'all-CPU drains')) {
      this.#heads.invalidate(cpu, (folio) => this.clock.released(folio));
    }
    if (works) this.#log?.push(logKind['drain work'], this.clock.now, cpu, this.request, -1);
  }

  /** mlock_drain_local() alone: what try_to_migrate_one and remove_migration_pte do in a VM_LOCKED mapping. */
  drainMlock(cpu: number): void {
    if (this.#decisions.neverDrain) return;
    const slot = cpu * kinds + mlockKind;
    if (this.#counts[slot] !== 0) this.#flush(slot);
  }

  /**
   * Background rows from `row` on, up to and including time `until`. Returns the first row left, or stops at a row that
   * needs a process (an all-CPU drain), whose place it returns.
   */
  consume(background: Background, row: number, until: number): number {
    const { length, time, cpu, action, folio, large } = background;
    const { clock } = this;
    const counts = this.#counts;
    const capacity = this.#decisions.batchCapacity;
    const largest = this.#decisions.largestBatchedOrder;
    const immediateMlock = !this.#decisions.batchesMlock;
    const bypassed = this.bypassed;
    // Whoever looks at the clock in a flush must see the row's time; setting it for every row costs a tenth.
    const isWatched = this.#log !== undefined || clock.watchesReferences;
    const before = clock.now;
    let end = until;
    let i = row;
    for (; i < length && time[i]! <= end; i++) {
      if (isWatched) {
        clock.now = Math.max(clock.now, time[i]!);
        this.#row = this.rowsBefore + i;
      }
      const what = action[i]!;
      const id = folio[i]!;
      if (what < kinds) {
        if (id >= 0) {
          const one = this.#folios.get(id);
          // Its frame is allocated anew.
          if (what === addKind && isFree(one)) allocate(one);
          this.add(cpu[i]!, what, one);
        } else {
          const slot = cpu[i]! * kinds + what;
          const count = ++counts[slot]!;
          if (
            count >= capacity ||
            bypassed ||
            (large !== undefined && large[i]! > largest) ||
            (immediateMlock && what === mlockKind)
          ) {
            this.#flush(slot);
          }
        }
      } else if (what === backgroundActions.accessed) {
        if (id >= 0) this.markAccessed(cpu[i]!, this.#folios.get(id));
      } else if (what === backgroundActions.drainLocal) this.drain(cpu[i]!);
      else if (what === backgroundActions.free) {
        if (id >= 0) this.free(this.#folios.get(id));
      } else if (what === backgroundActions.bufferHead) this.installBufferHead(cpu[i]!, id);
      else if (what === backgroundActions.drainAll) break;
      else throw new Error(`no background action ${what}`);
      // A flush may have woken somebody, who runs before the next row.
      if (isWatched && clock.queue.nextTime < end) end = clock.queue.nextTime;
    }
    if (isWatched) {
      // A log must change nothing: the machine says what time it is.
      clock.now = before;
      this.#row = -1;
    }
    return i;
  }

  /** What does not hold, for tests. */
  brokenInvariants(): string[] {
    const broken: string[] = [];
    const capacity = this.#decisions.batchCapacity;
    for (let slot = 0; slot < this.#counts.length; slot++) {
      const count = this.#counts[slot]!;
      if (count < 0 || (count > 0 && count >= capacity))
        broken.push(`batch ${slot} rests with ${count} of ${capacity}`);
      if ((this.#tracked[slot]?.ids.length ?? 0) > count)
        broken.push(`batch ${slot} knows more folios than it has entries`);
    }
    return broken;
  }
}

const rotateKind = 5;

/** lru_add_drain_cpu(): add, rotate, deactivate_file, deactivate, lazyfree, activate; then mlock. Indices of batchKinds. */
const drainOrder = [0, 5, 3, 2, 4, 1, 6] as const;
