/**
 * The per-CPU batches of mm/swap.c (`struct cpu_fbatches`) and mm/mlock.c, with the exact fill rule: the folio is stored
 * first, then a full batch is flushed in the same call, so that a batch never rests with as many entries as it can hold.
 *
 * Most folios of a capture are migrated by nobody. They only fill slots: a count stands for them, and the identities of
 * the folios that matter are kept beside it, so that an add is a few typed-array operations.
 */
import type { Counters } from './counters.ts';
import type { Decisions } from './decisions.ts';
import { type Background, backgroundActions, batchKinds } from './demand.ts';
import { entriesOf, type Folio, type Folios, get, put, queuedIn } from './folio.ts';

const kinds = batchKinds.length;
const addKind = 0;
const mlockKind = 6;

export class Batches {
  readonly cpus: number;
  /** lru_disable_count. */
  disabled = 0;
  /** Adds that the kernel could not have made in this state (already queued, isolated, not on the LRU). */
  refused = 0;
  /** Who pays for the flushes that happen now. */
  account: Counters;
  readonly #decisions: Decisions;
  readonly #folios: Folios;
  /** Entries at rest, by CPU and kind. */
  readonly #counts: Int32Array;
  /** Of those, the folios that somebody migrates. */
  readonly #tracked: number[][];

  constructor(cpus: number, decisions: Decisions, folios: Folios, account: Counters) {
    this.cpus = cpus;
    this.#decisions = decisions;
    this.#folios = folios;
    this.account = account;
    this.#counts = new Int32Array(cpus * kinds);
    this.#tracked = Array.from({ length: cpus * kinds }, () => []);
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
    if (!this.#admit(kind, folio)) {
      this.refused++;
      return false;
    }
    const slot = cpu * kinds + kind;
    get(folio);
    folio.table[folio.id * kinds + kind]!++;
    this.#tracked[slot]!.push(folio.id);
    const count = ++this.#counts[slot]!;
    const immediate = kind === mlockKind && !this.#decisions.batchesMlock;
    if (count >= this.#decisions.batchCapacity || folio.pages > 1 || this.disabled > 0 || immediate) this.#flush(slot);
    return true;
  }

  /** The entry conditions of mm/swap.c (classic: 6.10 and before, 6.17 and later; PG_lru cleared in between). */
  #admit(kind: number, folio: Folio): boolean {
    if (kind === mlockKind) return true;
    if (kind === addKind) {
      if (folio.isolated || queuedIn(folio, addKind) !== 0) return false;
      // A folio on the LRU that is added again was freed and allocated anew, which no folio in a batch can have been:
      // its entry holds a reference. Where queueing clears PG_lru, a folio in another batch looks like one off the LRU.
      const inOther = entriesOf(folio, mlockKind) !== 0;
      if (inOther && (folio.onLru || this.#decisions.clearsLruFlagWhenQueued)) return false;
      folio.onLru = false;
      return true;
    }
    if (!folio.onLru || folio.isolated) return false;
    if (kind === 5 && folio.lockedBy !== -1) return false;
    if (this.#decisions.clearsLruFlagWhenQueued) folio.onLru = false;
    return true;
  }

  #flush(slot: number): void {
    this.#counts[slot] = 0;
    // One acquisition for a run of folios of one lruvec (folio_batch_move_lru); all are taken to be of one.
    this.account.lruLocks++;
    const tracked = this.#tracked[slot]!;
    if (tracked.length === 0) return;
    const kind = slot % kinds;
    for (const id of tracked) {
      const folio = this.#folios.get(id);
      folio.table[folio.id * kinds + kind]!--;
      put(folio);
      if (kind === addKind) folio.onLru = !folio.isolated;
      else if (kind === mlockKind) {
        // __mlock_new_folio sets PG_lru of a folio that went from its allocation straight to this batch.
        if (!folio.isolated && entriesOf(folio) === 0) folio.onLru = true;
      } else if (this.#decisions.clearsLruFlagWhenQueued) folio.onLru = true;
    }
    tracked.length = 0;
  }

  /** cpu_needs_drain(): any batch of this CPU has an entry (buffer heads are not modelled). */
  needsDrain(cpu: number): boolean {
    const first = cpu * kinds;
    for (let slot = first; slot < first + kinds; slot++) if (this.#counts[slot] !== 0) return true;
    return false;
  }

  /** lru_add_drain_cpu() in its order, then mlock_drain_local(). */
  drain(cpu: number): void {
    if (this.#decisions.neverDrain) return;
    const first = cpu * kinds;
    for (const kind of drainOrder) if (this.#counts[first + kind] !== 0) this.#flush(first + kind);
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
    const counts = this.#counts;
    const capacity = this.#decisions.batchCapacity;
    const immediateMlock = !this.#decisions.batchesMlock;
    const bypassed = this.bypassed;
    let i = row;
    for (; i < length && time[i]! <= until; i++) {
      const what = action[i]!;
      const id = folio[i]!;
      if (what < kinds) {
        if (id >= 0) {
          this.add(cpu[i]!, what, this.#folios.get(id));
          continue;
        }
        const slot = cpu[i]! * kinds + what;
        const count = ++counts[slot]!;
        if (
          count >= capacity ||
          bypassed ||
          (large !== undefined && large[i] === 1) ||
          (immediateMlock && what === mlockKind)
        ) {
          this.#flush(slot);
        }
      } else if (what === backgroundActions.drainLocal) {
        this.drain(cpu[i]!);
      } else return i;
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
      if (this.#tracked[slot]!.length > count) broken.push(`batch ${slot} knows more folios than it has entries`);
    }
    return broken;
  }
}

/** lru_add_drain_cpu(): add, rotate, deactivate_file, deactivate, lazyfree, activate; then mlock. Indices of batchKinds. */
const drainOrder = [0, 5, 3, 2, 4, 1, 6] as const;
