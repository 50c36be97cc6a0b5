/**
 * The primitives of migrate_pages (mm/migrate.c): isolate, unmap, flush, move, undo, putback. Which comes next, and on
 * which set of folios, is the plan's business (`plans.ts`).
 */
import { drainLocal } from './drains.ts';
import {
  activeObstacle,
  addObstacle,
  expectedReferences,
  get,
  hasMapping,
  holderInTheWay,
  put,
  settle,
} from './folio.ts';
import { blockOn, hasWaiters as hasLockWaiters, isLocked, lock, unlock } from './folio-lock.ts';
import { type Kernel, type Member, type Run, type Step, transientObstacle, visitOf } from './kernel.ts';
import type { BlockedFault, Service } from './world.ts';

/** -EAGAIN, -EBUSY, -ENOMEM; `given back` is an undone folio that is not to be tried again in this loop. */
export type Answer = 'done' | 'again' | 'busy' | 'no memory' | 'given back';

export function serviceTime(kernel: Kernel, run: Run, member: Member, service: Service): number {
  return kernel.world.serviceTime(service, visitOf(kernel, run, member));
}

/** folio_isolate_lru(): needs PG_lru, takes a reference and the LRU lock. */
export function* isolate(kernel: Kernel, run: Run, member: Member): Generator<Step, boolean, void> {
  const { folio } = member;
  const isolating = serviceTime(kernel, run, member, 'isolate');
  if (!kernel.pass(isolating)) yield isolating;
  settle(folio, kernel.now);
  if (folio.isolated || (!folio.onLru && !kernel.decisions.oracle)) {
    member.holder = 'not on LRU';
    return false;
  }
  folio.onLru = false;
  folio.isolated = true;
  get(folio);
  run.counters.lruLocks++;
  return true;
}

/** folio_putback_lru(): folio_add_lru on this CPU, with a reference and PG_lru clear until that batch is flushed. */
export function* putback(kernel: Kernel, run: Run, member: Member): Generator<Step, void, void> {
  const puttingBack = serviceTime(kernel, run, member, 'putback');
  if (!kernel.pass(puttingBack)) yield puttingBack;
  toLru(kernel, run, member);
}

function toLru(kernel: Kernel, run: Run, member: Member): void {
  const { folio } = member;
  folio.isolated = false;
  put(folio);
  kernel.batches.add(run.cpu, 0, folio);
}

/** Whether the references are what the check expects; remembers what is in the way. */
function matches(kernel: Kernel, run: Run, member: Member): boolean {
  const { folio } = member;
  settle(folio, kernel.now);
  countEntryWaiters(kernel, run, member);
  if (folio.references === expectedReferences(folio)) return true;
  member.holder = holderInTheWay(folio);
  return kernel.decisions.oracle && !isPermanent(kernel, run, member);
}

/** The oracle yields only to what stood in the way for as long as the request was recorded. */
function isPermanent(kernel: Kernel, run: Run, member: Member): boolean {
  const end = run.demand?.end ?? kernel.now;
  return member.folio.active.some((obstacle) => obstacle.until >= end && obstacle.from <= kernel.now);
}

/** __migration_entry_wait() up to 5.16: a reference from the fault until put_and_wait has queued the task. */
function countEntryWaiters(kernel: Kernel, run: Run, member: Member): void {
  if (!kernel.decisions.entryWaitHoldsReference || Number.isNaN(member.entriesSince)) return;
  const visit = visitOf(kernel, run, member);
  let references = 0;
  for (let n = 0; ; n++) {
    const arrival = kernel.world.entryWaiter(visit, n, member.entriesSince);
    if (!(arrival <= kernel.now)) break;
    if (arrival + kernel.world.entryWaitReferenceTime(visit, n) > kernel.now) references++;
  }
  setEntryWaitReferences(member, references);
}

function setEntryWaitReferences(member: Member, references: number): void {
  get(member.folio, references - member.folio.entryWaitReferences);
  member.folio.entryWaitReferences = references;
}

/** PG_waiters: a task sleeps on the folio lock or on an entry. */
function hasWaiters(kernel: Kernel, run: Run, member: Member): boolean {
  if (hasLockWaiters(member.folio)) return true;
  if (Number.isNaN(member.entriesSince)) return false;
  return kernel.world.entryWaiter(visitOf(kernel, run, member), 0, member.entriesSince) <= kernel.now;
}

/** Ends an episode: entries become present again (of the source or the destination), the lock is dropped, waiters run. */
function endEpisode(kernel: Kernel, run: Run, member: Member): void {
  const { folio } = member;
  if (!Number.isNaN(member.entriesSince)) {
    setEntryWaitReferences(member, 0);
    folio.mapped += folio.entries;
    get(folio, folio.entries);
    folio.entries = 0;
    run.counters.timeUnderEntries += kernel.now - member.entriesSince;
    const visit = visitOf(kernel, run, member);
    for (let n = 0; ; n++) {
      const arrival = kernel.world.entryWaiter(visit, n, member.entriesSince);
      if (!(arrival < kernel.now)) break;
      run.counters.stall += kernel.now - arrival;
    }
    member.entriesSince = Number.NaN;
  }
  dropLock(kernel, member);
}

function dropLock(kernel: Kernel, member: Member): void {
  unlock(member.folio, kernel.now, kernel);
}

/**
 * The folio lock (migrate_folio_unmap). Asynchronous calls, and the first three passes of the per-folio loop (`force`
 * = pass > 2), only try; others sleep.
 */
function* takeLock(kernel: Kernel, run: Run, member: Member, mayWait: boolean): Generator<Step, boolean, void> {
  const { folio } = member;
  for (;;) {
    settle(folio, kernel.now);
    if (!isLocked(folio) || (kernel.decisions.oracle && folio.lockedBy < 0 && !isPermanent(kernel, run, member))) {
      lock(folio, run.place, kernel.now);
      return true;
    }
    member.holder = folio.lockedBy === -2 ? 'lock-blocked fault' : 'lock contention';
    if (!mayWait) return false;
    if (folio.lockedBy >= 0) yield kernel.lockQueue(folio);
    else {
      const until = folio.lockedBy === -2 ? folio.handedUntil : activeObstacle(folio, 'lock contention')?.until;
      if (until === undefined) throw new Error('a lock that nobody holds');
      if (until === Number.POSITIVE_INFINITY) yield { sleepers: [] };
      else if (!kernel.pass(until - kernel.now)) yield until - kernel.now;
    }
  }
}

/** folio_wait_writeback(), or the reason not to: 'busy' in modes that do not wait, 'again' where force is not reached. */
function* awaitWriteback(kernel: Kernel, run: Run, member: Member, force: boolean): Generator<Step, Answer, void> {
  for (;;) {
    settle(member.folio, kernel.now);
    const writeback = activeObstacle(member.folio, 'writeback');
    if (writeback === undefined) return 'done';
    if (kernel.decisions.oracle && !isPermanent(kernel, run, member)) return 'done';
    member.holder = 'writeback';
    if (run.mode !== 'sync') return 'busy';
    if (!force) return 'again';
    if (writeback.until === Number.POSITIVE_INFINITY) yield { sleepers: [] };
    else if (!kernel.pass(writeback.until - kernel.now)) yield writeback.until - kernel.now;
  }
}

/** Deferred flushes that try_to_unmap_flush() has yet to do. */
export interface PendingFlush {
  needed: boolean;
}

/**
 * migrate_folio_unmap(): destination, lock, writeback, then migration entries. 'done' leaves the folio locked with its
 * entries; every other answer leaves it as it was found.
 */
export function* unmap(
  kernel: Kernel,
  run: Run,
  member: Member,
  pass: number,
  pending: PendingFlush,
): Generator<Step, Answer, void> {
  const { decisions, world } = kernel;
  const { folio } = member;
  const force = decisions.plan.loop === 'batched' || pass > 2;
  const allocating = serviceTime(kernel, run, member, 'destination');
  if (!kernel.pass(allocating)) yield allocating;
  settle(folio, kernel.now);
  if (activeObstacle(folio, 'no memory') !== undefined && (!decisions.oracle || isPermanent(kernel, run, member))) {
    member.holder = 'no memory';
    return 'no memory';
  }
  if (!(yield* takeLock(kernel, run, member, force && run.mode !== 'async'))) return 'again';
  const written = yield* awaitWriteback(kernel, run, member, force);
  if (written !== 'done') {
    dropLock(kernel, member);
    return written;
  }
  if (decisions.checkBeforeUnmap && !matches(kernel, run, member)) {
    dropLock(kernel, member);
    return 'again';
  }
  const late: BlockedFault[] = [];
  if (folio.mapped > 0) {
    // try_to_migrate_one(): a VM_LOCKED mapping drains this CPU's mlock batch.
    if (folio.mlocked) kernel.batches.drainMlock(run.cpu);
    member.episode = member.episodes++;
    run.counters.episodes++;
    const unmapping = serviceTime(kernel, run, member, 'unmap');
    if (!kernel.pass(unmapping)) yield unmapping;
    const deferredFlush = decisions.deferredFlush && run.mode === 'async';
    const cleared = kernel.now;
    if (deferredFlush) pending.needed = true;
    else {
      run.counters.tlbFlushes++;
      const flushing = serviceTime(kernel, run, member, 'flush');
      if (!kernel.pass(flushing)) yield flushing;
    }
    folio.entries = folio.mapped;
    put(folio, folio.mapped);
    folio.mapped = 0;
    member.entriesSince = kernel.now;
    // A private anonymous folio is not found by do_anonymous_page; others are, in the page cache or the swap cache.
    if (hasMapping(folio)) {
      const window = { from: cleared, until: kernel.now, deferredFlush };
      for (const fault of world.faultEnters(visitOf(kernel, run, member), window)) {
        if (fault.late === true) late.push(fault);
        else block(kernel, run, member, fault);
      }
    }
  } else {
    const walking = serviceTime(kernel, run, member, 'unmap');
    if (!kernel.pass(walking)) yield walking;
  }
  if (decisions.checkAtEndOfUnmap && !matches(kernel, run, member)) {
    // Whoever was still on the way finds the folio unlocked.
    yield* undo(kernel, run, member);
    return 'again';
  }
  for (const fault of late) block(kernel, run, member, fault);
  return 'done';
}

/** A fault takes its reference and goes to sleep on the folio's lock. */
function block(kernel: Kernel, run: Run, { folio }: Member, fault: BlockedFault): void {
  blockOn(folio, fault, run.counters, run.demand?.id, kernel.log);
}

/** try_to_unmap_flush(): one flush for everything deferred. */
export function* flush(
  kernel: Kernel,
  run: Run,
  member: Member | undefined,
  pending: PendingFlush,
): Generator<Step, void, void> {
  if (!pending.needed || member === undefined) return;
  pending.needed = false;
  run.counters.tlbFlushes++;
  const flushing = serviceTime(kernel, run, member, 'flush');
  if (!kernel.pass(flushing)) yield flushing;
}

/** migrate_folio_undo_src(): entries restored, lock dropped. The folio stays isolated. */
export function* undo(kernel: Kernel, run: Run, member: Member): Generator<Step, void, void> {
  const restoring = serviceTime(kernel, run, member, 'restore');
  if (!kernel.pass(restoring)) yield restoring;
  settle(member.folio, kernel.now);
  endEpisode(kernel, run, member);
}

/**
 * migrate_folio_move() of one unmapped folio. 'done' = moved. 'again' = its references did not match; it is still
 * locked with its entries, and `answerToMismatch` says what comes next.
 */
export function* move(kernel: Kernel, run: Run, member: Member): Generator<Step, 'done' | 'again', void> {
  const { decisions, world } = kernel;
  const { folio } = member;
  const attempt = member.attempts;
  const met = world.transient(visitOf(kernel, run, member));
  if (met !== undefined) addObstacle(folio, transientObstacle(kernel.now, met.until));
  const trying = serviceTime(kernel, run, member, 'attempt');
  if (!kernel.pass(trying)) yield trying;
  run.counters.moveAttempts++;
  member.attempts++;
  if (!matches(kernel, run, member)) return 'again';
  const copying = world.serviceTime('copy', visitOf(kernel, run, member, attempt));
  if (!kernel.pass(copying)) yield copying;
  // 6.11 and later compare, copy, then freeze; a folio without a mapping is past turning back after the comparison.
  // Before, the freeze comes first and nobody gets a reference during the copy.
  if (decisions.checkBeforeCopy && hasMapping(folio) && !matches(kernel, run, member)) {
    run.counters.copiesThrownAway++;
    return 'again';
  }
  finish(kernel, run, member);
  return 'done';
}

/** The destination takes the folio's place: on a batch of this CPU, mapped, unlocked (migrate_folio_move, `out`). */
function finish(kernel: Kernel, run: Run, member: Member): void {
  const { decisions } = kernel;
  const { folio } = member;
  const wasMapped = folio.entries > 0;
  member.ending = 'moved';
  member.holder = undefined;
  toLru(kernel, run, member);
  const { drainAfterMove } = decisions;
  if (wasMapped && (drainAfterMove === 'mapped' || (drainAfterMove === 'mlocked' && folio.mlocked))) {
    drainLocal(kernel, run);
  }
  endEpisode(kernel, run, member);
}

/** Axis B: what the policy says to a folio whose references do not match. */
export function answerToMismatch(kernel: Kernel, run: Run, member: Member, pass: number, passes: number) {
  return kernel.decisions.onMismatch({
    waiters: hasWaiters(kernel, run, member),
    references: member.folio.references,
    expected: expectedReferences(member.folio),
    pass,
    passes,
    lockSleepers: member.folio.blocked.length > 0,
    reason: run.demand?.reason ?? '',
    waited: 0,
  });
}
