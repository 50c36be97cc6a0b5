/**
 * migrate_vma_setup(), migrate_vma_pages() and migrate_vma_finalize() (mm/migrate_device.c; mm/migrate.c up to 5.16): a
 * driver moves a range of anonymous memory to its device. Best effort: locks are only tried, nothing is retried, and what
 * did not go stays (kernel-model 4).
 *
 * Axis M: up to 5.16 a folio whose lock was not to be had at collection was kept, and its lock tried once more in
 * migrate_vma_prepare(); since 5.17 (ab09243aa95a) it is left alone.
 */
import { drainAll, drainLocal } from './drains.ts';
import { block, dropLock, endEpisode, letFaultsIn, log, matches } from './entries.ts';
import { addObstacle, expectedReferences, get, put, settle } from './folio.ts';
import { isLocked, lock, lockedByFault } from './folio-lock.ts';
import { hold, holderBeside, isBlockedForGood, release } from './hold.ts';
import { type Kernel, type Member, type Process, type Run, type Step, transientObstacle, visitOf } from './kernel.ts';
import { gapOf } from './lists.ts';
import { logKind } from './log.ts';
import { isolate, putback, serviceTime, undo } from './migrate.ts';
import type { Obstacle, Service } from './world.ts';

/** A page of src[]: its lock is held unless the first try failed and a second is to come. */
interface Candidate {
  readonly member: Member;
  /** The reference that keeps it: collect's, or after a putback the one that is dropped when it is restored. */
  held: Obstacle | undefined;
  locked: boolean;
  /** Its lock came with the second try, when the present entry had stayed where it was (`remap` = false). */
  late: boolean;
  /** MIGRATE_PFN_MIGRATE. */
  migrates: boolean;
}

/** Each chunk is a range. Returns 0 whatever has moved, as migrate_vma_setup() does; the driver looks at each page. */
export function* migrateVma(kernel: Kernel, run: Run): Process {
  for (const [chunk, members] of run.members.entries()) {
    const gap = gapOf(run, chunk);
    if (!kernel.pass(gap)) yield gap;
    const candidates = yield* collect(kernel, run, members);
    const ready =
      kernel.decisions.vmaLockAttempts === 2
        ? yield* prepareThenUnmap(kernel, run, candidates)
        : yield* unmapAll(kernel, run, candidates);
    yield* pages(kernel, run, ready);
    yield* finalize(kernel, run, ready);
  }
  run.returned = 0;
}

function* spend(kernel: Kernel, run: Run, member: Member, service: Service): Generator<Step, void, void> {
  const time = serviceTime(kernel, run, member, service);
  if (!kernel.pass(time)) yield time;
}

/** migrate_vma_collect_pmd(): a reference and a try at the lock; who is locked gets its migration entry at once. */
function* collect(kernel: Kernel, run: Run, members: readonly Member[]): Generator<Step, Candidate[], void> {
  const candidates: Candidate[] = [];
  let flushed: Member | undefined;
  for (const member of members) {
    const { folio } = member;
    yield* spend(kernel, run, member, 'collect');
    member.ending = 'not isolated';
    // A hole, or a page that is not there. migrate_vma_setup() turns hugetlb mappings down.
    if (folio.mapped === 0 || folio.spec.kind === 'hugetlb') continue;
    if (folio.pages > 1 && !(yield* splitFirst(kernel, run, member))) continue;
    const held = hold(folio, kernel.now);
    const locked = tryLock(kernel, run, member);
    if (!locked && kernel.decisions.vmaLockAttempts === 1) {
      release(folio, held);
      kernel.released(folio);
      continue;
    }
    member.ending = 'unfinished';
    candidates.push({ member, held, locked, late: false, migrates: true });
    if (!locked) continue;
    remark(run, member, kernel.now);
    yield* replaceEntry(kernel, run, member);
    flushed ??= member;
  }
  if (flushed !== undefined) {
    // flush_tlb_range() at the end of the PMD.
    run.counters.tlbFlushes++;
    yield* spend(kernel, run, flushed, 'flush');
  }
  return candidates;
}

/**
 * Large folios are split before they are collected (before 7.2 all; there a driver may take whole ones, which is not
 * modelled). The parts stay one folio of the model. Without the lock, or with references beyond the expected, the range
 * is skipped.
 */
function* splitFirst(kernel: Kernel, run: Run, member: Member): Generator<Step, boolean, void> {
  const { folio } = member;
  if (!tryLock(kernel, run, member)) return false;
  const held = hold(folio, kernel.now);
  yield* spend(kernel, run, member, 'split');
  settle(folio, kernel.now);
  let split = folio.spec.splittable !== false;
  if (split && folio.references !== expectedReferences(folio)) {
    member.holder = holderBeside(folio, held);
    split = kernel.decisions.oracle && !isBlockedForGood(folio, held, run, kernel.now);
  }
  if (split) run.counters.splits++;
  release(folio, held);
  dropLock(kernel, run, member);
  return split;
}

/** folio_trylock(). */
function tryLock(kernel: Kernel, run: Run, member: Member): boolean {
  const { folio } = member;
  settle(folio, kernel.now);
  if (isLocked(folio)) {
    member.holder = folio.lockedBy === lockedByFault ? 'lock-blocked fault' : 'lock contention';
    return false;
  }
  lock(folio, run.place, kernel.now);
  return true;
}

/**
 * The entry of the range's own mapping; others are left to the rmap walk. Nothing is printed. Its flush comes at the end
 * of the range (since 5.19 an exclusive anonymous page is flushed at once, which no axis tells apart).
 */
function* replaceEntry(kernel: Kernel, run: Run, member: Member): Generator<Step, void, void> {
  const { folio } = member;
  const cleared = kernel.now;
  run.counters.tlbPages++;
  yield* spend(kernel, run, member, 'entry');
  beginEpisode(kernel, run, member);
  folio.entries = 1;
  folio.mapped--;
  put(folio);
  const window = { from: cleared, until: kernel.now, deferredFlush: true };
  // Nothing is compared before the rmap walk, so a late reference comes in time for every comparison.
  for (const fault of letFaultsIn(kernel, run, member, window)) block(kernel, run, member, fault);
}

function beginEpisode(kernel: Kernel, run: Run, member: Member): void {
  member.episode = member.episodes++;
  run.counters.episodes++;
  member.entriesSince = kernel.now;
  kernel.underEntries++;
}

/**
 * Collect cleared a page-table entry without handing its dirty bit to the page. Private anonymous memory does not mind;
 * the thread of ab09243aa95a notes that file-backed memory would lose data, should it ever come. Said for any version,
 * for the fix (fd35ca3d12cc) went to stable kernels as well and no axis tells them apart.
 */
function remark(run: Run, { folio }: Member, now: number): void {
  if (run.finding !== undefined || (folio.spec.kind !== 'file' && folio.spec.kind !== 'shmem')) return;
  run.finding = {
    kind: 'lost data',
    request: run.demand?.id ?? -1,
    since: now,
    cpuTime: 0,
    says: `migrate_vma collects folio ${folio.id}, which is file-backed: its dirty bit is lost with the page-table entry unless the kernel has fd35ca3d12cc`,
  };
}

/** lru_add_drain() once; then, once a call, all CPUs for the first folio that is off the LRU. */
function* takeOffLru(
  kernel: Kernel,
  run: Run,
  { member }: Candidate,
  allowance: { drains: boolean },
): Generator<Step, boolean, void> {
  settle(member.folio, kernel.now);
  if (member.folio.spec.onDevice === true) {
    // Collect's reference keeps a zone device page from here on; counted as that of an isolation, like the check does.
    member.folio.isolated = true;
    get(member.folio);
    return true;
  }
  if (!member.folio.onLru && allowance.drains) {
    allowance.drains = false;
    yield* drainAll(kernel, run, false);
  }
  if (yield* isolate(kernel, run, member)) return true;
  member.ending = 'not isolated';
  return false;
}

/** migrate_device_unmap(), 5.17 and later: isolate, walk the other mappings, compare; then restore whatever failed. */
function* unmapAll(
  kernel: Kernel,
  run: Run,
  candidates: readonly Candidate[],
): Generator<Step, readonly Candidate[], void> {
  drainLocal(kernel, run);
  const allowance = { drains: true };
  for (const candidate of candidates) {
    if (!(yield* takeOffLru(kernel, run, candidate, allowance))) {
      candidate.migrates = false;
      continue;
    }
    dropHeld(kernel, candidate);
    yield* walkOthers(kernel, run, candidate.member);
    if (!matches(kernel, run, candidate.member)) yield* turnDown(kernel, run, candidate);
  }
  yield* restoreFailed(kernel, run, candidates);
  return candidates.filter((candidate) => candidate.migrates);
}

/** migrate_vma_prepare() and the migrate_vma_unmap() of its time, up to 5.16: two comparisons, two rounds of restoring. */
function* prepareThenUnmap(
  kernel: Kernel,
  run: Run,
  candidates: readonly Candidate[],
): Generator<Step, readonly Candidate[], void> {
  drainLocal(kernel, run);
  const allowance = { drains: true };
  const prepared: Candidate[] = [];
  for (const candidate of candidates) {
    const { member } = candidate;
    if (!candidate.locked) {
      if (!tryLock(kernel, run, member)) {
        member.ending = 'not isolated';
        dropHeld(kernel, candidate);
        continue;
      }
      candidate.locked = true;
      candidate.late = true;
    }
    prepared.push(candidate);
    if (yield* takeOffLru(kernel, run, candidate, allowance)) {
      dropHeld(kernel, candidate);
      if (!matches(kernel, run, member)) yield* turnDown(kernel, run, candidate);
    } else candidate.migrates = false;
    // What was locked late has no entry to restore, and does not wait for the others.
    if (candidate.late && !candidate.migrates) {
      dropLock(kernel, run, member);
      candidate.locked = false;
      dropHeld(kernel, candidate);
    }
  }
  yield* restoreFailed(kernel, run, prepared);
  const unmapping = prepared.filter((candidate) => candidate.migrates);
  for (const candidate of unmapping) {
    yield* walkOthers(kernel, run, candidate.member);
    if (!matches(kernel, run, candidate.member)) yield* turnDown(kernel, run, candidate);
  }
  yield* restoreFailed(kernel, run, unmapping);
  return unmapping.filter((candidate) => candidate.migrates);
}

function dropHeld(kernel: Kernel, candidate: Candidate): void {
  const { folio } = candidate.member;
  if (candidate.held === undefined) return;
  release(folio, candidate.held);
  candidate.held = undefined;
  kernel.released(folio);
}

/** try_to_migrate() for mappings outside the range, and for a folio that collect could not lock. Flushed at once. */
function* walkOthers(kernel: Kernel, run: Run, member: Member): Generator<Step, void, void> {
  const { folio } = member;
  if (folio.mapped === 0) return;
  if (folio.mlocked) kernel.batches.drainMlock(run.cpu);
  yield* spend(kernel, run, member, 'unmap');
  run.counters.tlbFlushes += folio.mapped;
  run.counters.tlbPages += folio.mapped;
  yield* spend(kernel, run, member, 'flush');
  if (Number.isNaN(member.entriesSince)) beginEpisode(kernel, run, member);
  const { mapped } = folio;
  folio.entries += mapped;
  folio.mapped = 0;
  put(folio, mapped);
  log(kernel, run, member, logKind['set entry'], mapped, folio.spec.order, 0);
}

/** The comparison failed: back to a batch of this CPU, but locked and under its entries until the loop is through. */
function* turnDown(kernel: Kernel, run: Run, candidate: Candidate): Generator<Step, void, void> {
  const { member } = candidate;
  candidate.migrates = false;
  member.ending = 'failed';
  candidate.held = hold(member.folio, kernel.now);
  yield* giveBack(kernel, run, member);
}

/** Back to a batch of this CPU, or the destination of device memory there; the device's own pages are on no list. */
function* giveBack(kernel: Kernel, run: Run, member: Member): Generator<Step, void, void> {
  const { folio } = member;
  if (folio.spec.onDevice !== true || member.ending === 'moved') return yield* putback(kernel, run, member);
  folio.isolated = false;
  put(folio);
  kernel.released(folio);
}

function* restoreFailed(kernel: Kernel, run: Run, candidates: readonly Candidate[]): Generator<Step, void, void> {
  for (const candidate of candidates) {
    if (candidate.migrates || !candidate.locked) continue;
    yield* undo(kernel, run, candidate.member);
    candidate.locked = false;
    dropHeld(kernel, candidate);
  }
}

/** The driver's copy, then migrate_vma_pages(): one comparison a page, and no second chance. */
function* pages(kernel: Kernel, run: Run, ready: readonly Candidate[]): Generator<Step, void, void> {
  for (const { member } of ready) yield* spend(kernel, run, member, 'device copy');
  for (const { member } of ready) {
    const { folio } = member;
    const met = kernel.world.transient(visitOf(kernel, run, member));
    if (met !== undefined) addObstacle(folio, transientObstacle(kernel.now, met.until));
    yield* spend(kernel, run, member, 'attempt');
    run.counters.moveAttempts++;
    member.attempts++;
    // Device-private memory takes private anonymous pages only, those of the swap cache when their swap can be freed.
    const taken = folio.spec.kind !== 'file' && folio.spec.kind !== 'shmem';
    member.ending = taken && matches(kernel, run, member) ? 'moved' : 'failed';
    if (member.ending === 'moved') {
      member.holder = undefined;
      log(kernel, run, member, logKind.device, 1);
    }
  }
}

/** migrate_vma_finalize(): destination or source to the LRU, entries back, unlock. */
function* finalize(kernel: Kernel, run: Run, ready: readonly Candidate[]): Generator<Step, void, void> {
  for (const { member } of ready) {
    yield* giveBack(kernel, run, member);
    yield* spend(kernel, run, member, 'restore');
    settle(member.folio, kernel.now);
    endEpisode(kernel, run, member, member.ending === 'moved');
  }
}
