/** The folio lock and the faults that sleep on it (mm/filemap.c folio_wait_bit_common(), wake_page_function()). */
import { activeObstacle, type BlockedTask, type Folio, get, put } from './folio.ts';
import type { Kernel } from './kernel.ts';

/** Lost races after which a waiter is handed the lock (mm/filemap.c sysctl_page_lock_unfairness). */
export const lockUnfairness = 5;

/** A fault takes its reference and goes to sleep on the folio's lock. */
export function blockOn(folio: Folio, task: BlockedTask): void {
  get(folio);
  folio.blocked.push(task);
}

/** PG_waiters, as far as faults on the lock set it. */
export function hasWaiters(folio: Folio): boolean {
  return folio.blocked.length > 0;
}

/** Whether the lock is free; `settle` must have run. */
export function isLocked(folio: Folio): boolean {
  return folio.lockedBy !== -1 || activeObstacle(folio, 'lock contention') !== undefined;
}

/** Takes the free lock. Every woken task that is not done yet has lost a race. */
export function lock(folio: Folio, by: number, now: number): void {
  for (const task of folio.blocked) task.lost++;
  folio.lockedBy = by;
  folio.lockedSince = now;
}

/**
 * Drops the lock; after `lockUnfairness` lost races the task that slept first is handed it. Processes of the model that
 * sleep for the lock are woken.
 */
export function unlock(folio: Folio, now: number, kernel: Kernel): void {
  folio.unlockedAt = now;
  const patient = folio.blocked.find((task) => task.lost > lockUnfairness);
  if (patient === undefined) folio.lockedBy = -1;
  else {
    folio.lockedBy = -2;
    folio.lockedSince = now;
    folio.handedUntil = now + patient.fault.releaseAfter;
  }
  kernel.wakeLockSleepers(folio);
}

/**
 * Brings sleepers up to date. A task that was woken by an unlock needs `releaseAfter` to take the lock, map the page and
 * drop its reference. If the migrator has taken the lock again before that, it sleeps on with its reference (an
 * exclusive waiter competes for the lock, it is not handed over).
 */
export function settleLock(folio: Folio, now: number): void {
  if (folio.lockedBy === -2 && folio.handedUntil <= now) {
    const done = folio.blocked.findIndex((task) => task.lost > lockUnfairness);
    const task = folio.blocked[done];
    if (task !== undefined) {
      task.account.stall += folio.unlockedAt - task.fault.at;
      put(folio);
      folio.blocked.splice(done, 1);
    }
    folio.lockedBy = -1;
    folio.unlockedAt = folio.handedUntil;
  }
  if (folio.blocked.length === 0) return;
  const until = folio.lockedBy === -1 ? now : folio.lockedSince;
  const still: BlockedTask[] = [];
  for (const task of folio.blocked) {
    if (task.fault.at <= folio.unlockedAt && folio.unlockedAt + task.fault.releaseAfter <= until) {
      task.account.stall += folio.unlockedAt - task.fault.at;
      put(folio);
    } else still.push(task);
  }
  folio.blocked = still;
}

/** What tasks that are still blocked have slept so far: until the lock was dropped, or until now. */
export function sleptSoFar(folio: Folio, now: number, account: { stall: number }): number {
  let slept = 0;
  for (const task of folio.blocked) {
    if (task.account !== account) continue;
    slept += Math.max(0, (folio.lockedBy === -1 ? folio.unlockedAt : now) - task.fault.at);
  }
  return slept;
}
