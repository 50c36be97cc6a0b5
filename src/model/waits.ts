/** What migrate_folio_unmap() and the move wait for, by mode (kernel-model 3.3): the lock, writeback, references. */
import { isPermanent } from './entries.ts';
import { activeObstacle, expectedReferences, type Folio, settle } from './folio.ts';
import { isLocked, lock, lockedByFault, nextRelease } from './folio-lock.ts';
import { type Kernel, type Member, type Run, type Step, visitOf } from './kernel.ts';

/**
 * Whether a call may sleep on the folio lock. Asynchronous ones never; the per-folio loop only tries in its first three
 * passes (`force` = pass > 2), as every loop does for hugetlb, where sync-light never sleeps. Since 6.5 (here: in every
 * batched loop) sync-light does not wait for a folio that is being read in. PF_MEMALLOC is not modelled.
 */
export function maySleepOnLock({ decisions }: Kernel, run: Run, { spec }: Folio, pass: number): boolean {
  if (run.mode === 'async') return false;
  if (spec.kind === 'hugetlb') return run.mode === 'sync' && pass > 2;
  if (decisions.plan.loop === 'per-folio') return pass > 2;
  return run.mode === 'sync' || spec.notUptodate !== true;
}

/** Whether somebody has the lock just now whom only the world knows of. */
export function isLockTaken(kernel: Kernel, run: Run, member: Member): boolean {
  const { world, decisions, visit } = kernel;
  if (world.lockTaken === undefined || decisions.oracle) return false;
  visitOf(kernel, run, member);
  visit.episode = member.episodes;
  if (!world.lockTaken(visit, member.lockTries++)) return false;
  member.holder = 'lock contention';
  return true;
}

/** folio_trylock(); remembers who has it instead. */
export function tryLock(kernel: Kernel, run: Run, member: Member): boolean {
  const { folio } = member;
  settle(folio, kernel.now);
  if (!isLocked(folio) || (kernel.decisions.oracle && folio.lockedBy < 0 && !isPermanent(kernel, run, member))) {
    lock(folio, run.place, kernel.now);
    return true;
  }
  member.holder = folio.lockedBy === lockedByFault ? 'lock-blocked fault' : 'lock contention';
  return false;
}

/** folio_lock() of a folio that was found locked. */
export function* sleepOnLock(kernel: Kernel, run: Run, member: Member): Generator<Step, void, void> {
  const { folio } = member;
  do {
    if (folio.lockedBy >= 0) yield kernel.lockQueue(folio);
    else {
      const until =
        folio.lockedBy === lockedByFault ? folio.handedUntil : activeObstacle(folio, 'lock contention')?.until;
      if (until === undefined) throw new Error('a lock that nobody holds');
      if (until === Number.POSITIVE_INFINITY) yield { sleepers: [] };
      else if (!kernel.pass(until - kernel.now)) yield until - kernel.now;
    }
  } while (!tryLock(kernel, run, member));
}

/** folio_wait_writeback(), or the reason not to: 'busy' in modes that do not wait, 'again' where force is not reached. */
export function* awaitWriteback(
  kernel: Kernel,
  run: Run,
  member: Member,
  force: boolean,
): Generator<Step, 'done' | 'busy' | 'again', void> {
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

/**
 * John Hubbard's RFC (2026-04): asleep with the lock and the entries until folio_put() brings the references down to
 * what is expected, for at most `referenceSleep` a folio and call. References that go by themselves at a known time wake
 * it then; those of batches wake it when they are flushed.
 */
export function* sleepForReferences(kernel: Kernel, run: Run, member: Member): Generator<Step, void, void> {
  const { folio } = member;
  const end = kernel.now + kernel.decisions.referenceSleep - member.waited;
  for (;;) {
    settle(folio, kernel.now);
    if (folio.references === expectedReferences(folio) || !(kernel.now < end)) return;
    let until = Math.min(end, nextRelease(folio));
    for (const obstacle of folio.active) if (obstacle.references > 0) until = Math.min(until, obstacle.until);
    const asleep = kernel.now;
    yield { queue: kernel.referenceQueue(folio), until };
    member.waited += kernel.now - asleep;
    run.counters.referenceSleep += kernel.now - asleep;
  }
}
