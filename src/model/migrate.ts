/**
 * The primitives of migrate_pages (mm/migrate.c): isolate, unmap, flush, move, undo, putback. Which comes next, and on
 * which set of folios, is the plan's business (`plans.ts`).
 */
import type { MismatchAnswer } from './decisions.ts';
import { drainLocal } from './drains.ts';
import {
  block,
  dropLock,
  endEpisode,
  hasReferenceSleepers,
  hasWaiters,
  isPermanent,
  letFaultsIn,
  log,
  matches,
  writeEntries,
} from './entries.ts';
import { activeObstacle, addObstacle, expectedReferences, get, hasMapping, isFree, put, settle } from './folio.ts';
import { type Kernel, type Member, type Run, type Step, transientObstacle, visitOf } from './kernel.ts';
import { logKind } from './log.ts';
import { awaitWriteback, isLockTaken, maySleepOnLock, sleepForReferences, sleepOnLock, tryLock } from './waits.ts';
import type { BlockedFault, Refusal, Service } from './world.ts';

export function serviceTime(kernel: Kernel, run: Run, member: Member, service: Service): number {
  return kernel.world.serviceTime(service, visitOf(kernel, run, member));
}

/** folio_isolate_lru() with the time that it takes; loops over lists do the two by themselves, without a generator a folio. */
export function* isolate(kernel: Kernel, run: Run, member: Member): Generator<Step, boolean, void> {
  const isolating = serviceTime(kernel, run, member, 'isolate');
  if (!kernel.pass(isolating)) yield isolating;
  return takeOffLru(kernel, run, member);
}

/** folio_isolate_lru(): needs PG_lru, takes a reference and the LRU lock. */
export function takeOffLru(kernel: Kernel, run: Run, member: Member): boolean {
  const { folio } = member;
  settle(folio, kernel.now);
  const can = !folio.isolated && (folio.onLru || kernel.decisions.oracle);
  log(kernel, run, member, logKind.isolate, can ? 1 : 0);
  if (!can) {
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

/** Back to where it came from; hugetlb folios are on a list of their own, which no batch stands before. */
export function toLru(kernel: Kernel, run: Run, { folio }: Member): void {
  folio.isolated = false;
  put(folio);
  kernel.released(folio);
  if (folio.spec.kind === 'hugetlb') folio.onLru = !isFree(folio);
  else kernel.batches.add(run.cpu, 0, folio);
}

/**
 * What came of an unmapping. -EAGAIN `again`, any other permanent error `busy`, -ENOMEM; `freed` = its last user had
 * gone, which counts as success (kernel-model 3.5).
 */
export type Unmapped = 'done' | 'again' | 'busy' | 'no memory' | 'freed';

/** Deferred flushes that try_to_unmap_flush() has yet to do. */
export interface PendingFlush {
  needed: boolean;
}

/**
 * migrate_folio_unmap(): destination, lock, writeback, the destination's lock, then migration entries. 'done' leaves
 * the folio locked with its entries; every other answer leaves it as it was found. What mostly takes no time (lock,
 * writeback) is a generator only where it is slept for.
 */
export function* unmap(
  kernel: Kernel,
  run: Run,
  member: Member,
  pass: number,
  pending: PendingFlush,
): Generator<Step, Unmapped, void> {
  const { decisions } = kernel;
  const { folio } = member;
  // unmap_and_move_huge_page() is a function of its own, which the proposals of axis A leave alone and nobody defers.
  const isHugetlb = folio.spec.kind === 'hugetlb';
  settle(folio, kernel.now);
  if (folio.references === 1 && folio.mapped === 0) {
    free(run, member);
    return 'freed';
  }
  const allocating = serviceTime(kernel, run, member, 'destination');
  if (!kernel.pass(allocating)) yield allocating;
  settle(folio, kernel.now);
  if (
    folio.active.length > 0 &&
    activeObstacle(folio, 'no memory') !== undefined &&
    (!decisions.oracle || isPermanent(kernel, run, member))
  ) {
    member.holder = 'no memory';
    return 'no memory';
  }
  if (isLockTaken(kernel, run, member) && !maySleepOnLock(kernel, run, folio, pass)) return 'again';
  if (!tryLock(kernel, run, member)) {
    if (!maySleepOnLock(kernel, run, folio, pass)) return 'again';
    yield* sleepOnLock(kernel, run, member);
  }
  if (folio.active.length > 0) {
    const force = decisions.plan.loop === 'batched' || pass > 2;
    const written = yield* awaitWriteback(kernel, run, member, force);
    if (written !== 'done') {
      dropLock(kernel, run, member);
      return written;
    }
  }
  if (
    isRefused(kernel, run, member, 'destination lock') ||
    (decisions.checkBeforeUnmap && !isHugetlb && !matches(kernel, run, member))
  ) {
    dropLock(kernel, run, member);
    return 'again';
  }
  const isMapped = folio.mapped > 0;
  if (isMapped) {
    // try_to_migrate_one(): a VM_LOCKED mapping drains this CPU's mlock batch.
    if (folio.mlocked) kernel.batches.drainMlock(run.cpu);
    member.episode = member.episodes++;
    member.lockTries = 0;
    run.counters.episodes++;
  }
  const begun = kernel.now;
  const walking = serviceTime(kernel, run, member, 'unmap');
  if (!kernel.pass(walking)) yield walking;
  let late: readonly BlockedFault[] = nobody;
  if (isMapped) {
    // The entry is cleared, flushed from TLBs and replaced by a migration entry, with a window for faults before the
    // replacement. Deferred, the flush comes after all folios of the batch. Where axis D leaves no window the migration
    // entry (or a marker) is there before the flush.
    const deferredFlush = decisions.deferredFlush && run.mode === 'async' && !isHugetlb;
    const from = kernel.now;
    run.counters.tlbPages += Math.max(folio.pages, folio.mapped);
    if (deferredFlush) pending.needed = true;
    else if (decisions.faultWindow) {
      run.counters.tlbFlushes++;
      const flushing = serviceTime(kernel, run, member, 'flush');
      if (!kernel.pass(flushing)) yield flushing;
    }
    const writing = serviceTime(kernel, run, member, 'entry');
    if (!kernel.pass(writing)) yield writing;
    const { underEntries: beside, letGo } = kernel;
    writeEntries(kernel, run, member);
    late = letFaultsIn(kernel, run, member, { from, until: kernel.now, deferredFlush, begun, beside, letGo });
    if (!deferredFlush && !decisions.faultWindow) {
      run.counters.tlbFlushes++;
      const flushing = serviceTime(kernel, run, member, 'flush');
      if (!kernel.pass(flushing)) yield flushing;
    }
  }
  if (
    isRefused(kernel, run, member, 'still mapped') ||
    (decisions.checkAtEndOfUnmap && !isHugetlb && !matches(kernel, run, member))
  ) {
    // Whoever was still on the way finds the folio unlocked.
    yield* undo(kernel, run, member);
    return 'again';
  }
  if (late.length > 0) for (const fault of late) block(kernel, run, member, fault);
  return 'done';
}

const nobody: readonly BlockedFault[] = [];

/** Nobody but the isolation held it: its owner had freed it meanwhile. */
function free(run: Run, member: Member): void {
  const { folio } = member;
  member.ending = 'reclaimed';
  member.holder = undefined;
  folio.isolated = false;
  put(folio);
  run.counters.reclaimed++;
}

/** What the world turns down by itself. The oracle meets only what stands there for good. */
function isRefused(kernel: Kernel, run: Run, member: Member, step: Refusal): boolean {
  const { world, decisions } = kernel;
  return world.refuses !== undefined && !decisions.oracle && world.refuses(visitOf(kernel, run, member), step);
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
  endEpisode(kernel, run, member, false);
}

/**
 * What came of a move. Only `done` has unlocked the folio; `failed` is a permanent error, the others are axis B's answer
 * to -EAGAIN.
 */
export type Moved = 'done' | 'failed' | Exclude<MismatchAnswer, 'sleep'>;

/** migrate_folio_move() of one unmapped folio. */
export function* move(
  kernel: Kernel,
  run: Run,
  member: Member,
  pass: number,
  passes: number,
): Generator<Step, Moved, void> {
  const { decisions, world } = kernel;
  const { folio } = member;
  if (decisions.undoesOnWaiters && hasWaiters(kernel, run, member)) return 'undo';
  const attempt = member.attempts;
  const met = world.transient(visitOf(kernel, run, member));
  if (met !== undefined) addObstacle(folio, transientObstacle(kernel.now, met.until));
  const trying = serviceTime(kernel, run, member, 'attempt');
  if (!kernel.pass(trying)) yield trying;
  run.counters.moveAttempts++;
  member.attempts++;
  if (world.refuses !== undefined && !decisions.oracle) {
    const refused = refusedMove(kernel, run, member);
    if (refused === 'failed') return refused;
    if (refused === 'again') return yield* answerToMismatch(kernel, run, member, pass, passes);
  }
  if (!matches(kernel, run, member)) return yield* answerToMismatch(kernel, run, member, pass, passes);
  const copying = world.serviceTime('copy', visitOf(kernel, run, member, attempt));
  if (!kernel.pass(copying)) yield copying;
  // 6.11 and later compare, copy, then freeze; a folio without a mapping is past turning back after the comparison.
  // Before, the freeze comes first and nobody gets a reference during the copy.
  if (decisions.checkBeforeCopy) {
    // folio_mc_copy(): a machine check is an error of this folio, no panic.
    if (isRefused(kernel, run, member, 'copy')) return 'failed';
    if (hasMapping(folio) && !matches(kernel, run, member)) {
      run.counters.copiesThrownAway++;
      return yield* answerToMismatch(kernel, run, member, pass, passes);
    }
  }
  finish(kernel, run, member);
  return 'done';
}

/**
 * move_to_new_folio() without a handler, fallback_migrate_folio() (kernel-model 3.3). A dirty folio is written out by a
 * synchronous call, for which its entries are put back: the per-folio loop comes again with the next pass, the batched
 * one finds it mapped until its passes are used up. (7.2 gives it up at once, which is no other outcome.)
 */
function refusedMove(kernel: Kernel, run: Run, member: Member): 'again' | 'failed' | undefined {
  if (isRefused(kernel, run, member, 'no mapping')) return 'failed';
  if (isRefused(kernel, run, member, 'dirty')) {
    return run.mode === 'sync' && kernel.decisions.plan.loop === 'per-folio' ? 'again' : 'failed';
  }
  if (isRefused(kernel, run, member, 'private')) return run.mode === 'sync' ? 'again' : 'failed';
  return undefined;
}

/** The destination takes the folio's place: on a batch of this CPU, mapped, unlocked (migrate_folio_move, `out`). */
function finish(kernel: Kernel, run: Run, member: Member): void {
  const { decisions } = kernel;
  const { folio } = member;
  const wasMapped = folio.entries > 0;
  member.ending = 'moved';
  member.holder = undefined;
  // The isolation of a part is that of its whole, which goes back to the LRU when all have moved (`split.ts`).
  if (member.whole === undefined) toLru(kernel, run, member);
  else kernel.batches.addPart(run.cpu);
  const { drainAfterMove } = decisions;
  if (wasMapped && (drainAfterMove === 'mapped' || (drainAfterMove === 'mlocked' && folio.mlocked))) {
    drainLocal(kernel, run);
  }
  endEpisode(kernel, run, member, true);
}

/** Axis B: what the policy says to a folio whose references do not match; `sleep` is slept here. */
function* answerToMismatch(
  kernel: Kernel,
  run: Run,
  member: Member,
  pass: number,
  passes: number,
): Generator<Step, Exclude<MismatchAnswer, 'sleep'>, void> {
  const answer = kernel.decisions.onMismatch({
    waiters: hasWaiters(kernel, run, member),
    references: member.folio.references,
    expected: expectedReferences(member.folio),
    pass,
    passes,
    lockSleepers: hasReferenceSleepers(member),
    reason: run.demand?.reason ?? '',
    waited: member.waited,
  });
  if (answer !== 'sleep') return answer;
  yield* sleepForReferences(kernel, run, member);
  return 'keep';
}
