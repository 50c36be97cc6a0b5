/**
 * The folio lock and the tasks that sleep on it: mm/filemap.c folio_wait_bit_common(), wake_page_function(),
 * folio_wake_bit() (5.9 and later; kernel-model 6.1).
 *
 *     unlock ──▶ wakes, from the front, tasks that wait for the unlock only, up to the first that wants the lock
 *                 │
 *     woken ──────┤ `wakeAfter`: its reference held, PG_waiters clear
 *                 ▼
 *     runs ──▶ lock free: takes it, `releaseAfter`, drops it and its reference, which wakes the next
 *          └─▶ lock taken meanwhile: one race lost, to the end of the queue, PG_waiters set again;
 *              after five lost races the next unlock hands it the lock
 *
 * Nobody sees a folio between two looks at it, so all of this is worked out when it is looked at.
 */
import { activeObstacle, type Folio, get, put } from './folio.ts';
import type { Kernel } from './kernel.ts';
import type { ModelLog } from './log.ts';
import { logKind } from './log.ts';
import type { BlockedFault } from './world.ts';

/** Lost races after which an exclusive waiter is handed the lock (sysctl_page_lock_unfairness). */
export const lockUnfairness = 5;

/** `Folio.lockedBy` while a fault has the lock. */
export const lockedByFault = -2;

/** Who counts the sleep of a task, and its wakeups. */
export interface SleepAccount {
  stall: number;
  waiterWakes: number;
}

/** A fault that holds a reference and sleeps on the folio lock, or was woken and is not done yet. */
export interface BlockedTask {
  readonly fault: BlockedFault;
  readonly account: SleepAccount;
  /** Request whose episode it fell asleep on, for the log. */
  readonly request: number;
  readonly log: ModelLog | undefined;
  /** Wakeups after which it found the lock taken again. */
  lost: number;
  /** The unlock that woke it; NaN = asleep. */
  wokenAt: number;
  /** It has the lock now. */
  holds: boolean;
  /** Waiters on migration entries that queued behind it: how many, the sum of their arrivals, and whether it has been woken since. */
  behind: number;
  behindArrivals: number;
  behindIsNext: boolean;
}

/** A fault takes its reference and goes to sleep at the end of the queue. */
export function blockOn(
  folio: Folio,
  fault: BlockedFault,
  account: SleepAccount,
  request = -1,
  log: ModelLog | undefined = undefined,
): void {
  get(folio);
  log?.push(logKind['lock sleep'], fault.at, 0, request, folio.id);
  const sleeper: BlockedTask = {
    fault,
    account,
    request,
    log,
    lost: 0,
    wokenAt: Number.NaN,
    holds: false,
    behind: 0,
    behindArrivals: 0,
    behindIsNext: false,
  };
  if (folio.blocked.length === 0) folio.blocked = [sleeper];
  else folio.blocked.push(sleeper);
}

/**
 * A task that waits on a migration entry goes to the same queue, not exclusively and without a reference. True when it
 * stands behind one that wants the lock and so sleeps beyond the unlock that ends the episode: it is counted here then.
 */
export function queueBehind(folio: Folio, arrival: number): boolean {
  for (let i = folio.blocked.length - 1; i >= 0; i--) {
    const sleeper = folio.blocked[i]!;
    if (!isAsleep(sleeper) || sleeper.fault.shared === true || !(sleeper.fault.at <= arrival)) continue;
    sleeper.behind++;
    sleeper.behindArrivals += arrival;
    return true;
  }
  return false;
}

function isAsleep(sleeper: BlockedTask): boolean {
  return Number.isNaN(sleeper.wokenAt);
}

/** PG_waiters, as far as tasks in the lock's queue set it: clear while the last of them was woken and has not run. */
export function hasWaiters(folio: Folio): boolean {
  for (const sleeper of folio.blocked) if (isAsleep(sleeper) || sleeper.behind > 0) return true;
  return false;
}

/** Whether a task sleeps on the lock with a reference, as one reading of "somebody waits" has it. */
export function hasLockSleepers(folio: Folio): boolean {
  for (const sleeper of folio.blocked) if (isAsleep(sleeper)) return true;
  return false;
}

/** Whether the lock is not free; `settle` must have run. */
export function isLocked(folio: Folio): boolean {
  return folio.lockedBy !== -1 || activeObstacle(folio, 'lock contention') !== undefined;
}

/**
 * Takes the free lock. A woken task of which only the whole time from wakeup to release is known (`wakeAfter` 0) has lost
 * the race by that; the others find out when they run.
 */
export function lock(folio: Folio, by: number, now: number): void {
  if (folio.blocked.length > 0) {
    settleLock(folio, now);
    for (const sleeper of [...folio.blocked]) {
      if (sleeper.holds || (!isAsleep(sleeper) && wakeTime(sleeper) === 0 && sleeper.fault.shared !== true)) {
        loseRace(folio, sleeper);
      }
    }
  }
  folio.lockedBy = by;
  folio.lockedSince = now;
}

/** Drops the lock and wakes: tasks as above, and the processes of the model that sleep for it. */
export function unlock(folio: Folio, now: number, kernel: Kernel): void {
  if (folio.blocked.length > 0) settleLock(folio, now);
  release(folio, now);
  kernel.wakeLockSleepers(folio);
}

function release(folio: Folio, at: number): void {
  folio.lockedBy = -1;
  folio.unlockedAt = at;
  if (folio.blocked.length > 0) wakeFront(folio, at);
}

/** folio_wake_bit(): from the front, everybody who only waits for the unlock, up to and with the first exclusive one. */
function wakeFront(folio: Folio, at: number): void {
  for (const sleeper of folio.blocked) if (sleeper.behindIsNext) wakeBehind(sleeper, at);
  for (const sleeper of folio.blocked) {
    // A fault that comes after this unlock is not asleep yet.
    if (!isAsleep(sleeper) || sleeper.fault.at > at) continue;
    sleeper.wokenAt = at;
    sleeper.account.waiterWakes++;
    sleeper.behindIsNext = sleeper.behind > 0;
    if (sleeper.fault.shared === true) continue;
    if (sleeper.lost >= lockUnfairness)
      giveLock(folio, sleeper, at, at + wakeTime(sleeper) + sleeper.fault.releaseAfter);
    return;
  }
}

function wakeBehind(sleeper: BlockedTask, at: number): void {
  const { account, behind } = sleeper;
  account.stall += behind * at - sleeper.behindArrivals;
  account.waiterWakes += behind;
  sleeper.behind = 0;
  sleeper.behindArrivals = 0;
  sleeper.behindIsNext = false;
}

function giveLock(folio: Folio, sleeper: BlockedTask, since: number, until: number): void {
  sleeper.holds = true;
  folio.lockedBy = lockedByFault;
  folio.lockedSince = since;
  folio.handedUntil = until;
}

/** It ran, found the lock taken and sleeps again, behind everybody else. */
function loseRace(folio: Folio, sleeper: BlockedTask): void {
  sleeper.lost++;
  sleeper.wokenAt = Number.NaN;
  sleeper.holds = false;
  const place = folio.blocked.indexOf(sleeper);
  folio.blocked.splice(place, 1);
  folio.blocked.push(sleeper);
}

/** Done: mapped, reference dropped. What it slept ended with the wakeup that got it the lock. */
function finish(folio: Folio, sleeper: BlockedTask, at: number): void {
  sleeper.account.stall += sleeper.wokenAt - sleeper.fault.at;
  sleeper.log?.push(logKind['lock got'], at, 0, sleeper.request, folio.id);
  put(folio);
  if (sleeper.behind > 0) wakeBehind(sleeper, at);
  folio.blocked.splice(folio.blocked.indexOf(sleeper), 1);
}

function wakeTime(sleeper: BlockedTask): number {
  const { wakeAfter = 0 } = sleeper.fault;
  return typeof wakeAfter === 'number' ? wakeAfter : wakeAfter[Math.min(sleeper.lost, wakeAfter.length - 1)]!;
}

/** When this woken task does something next: gets the lock or loses it, or is done. */
function nextTurn(sleeper: BlockedTask): number {
  const { wokenAt, fault } = sleeper;
  const wake = wakeTime(sleeper);
  if (fault.shared === true || wake === 0) return wokenAt + wake + fault.releaseAfter;
  return wokenAt + wake;
}

/** Brings the lock and its queue up to date. */
export function settleLock(folio: Folio, now: number): void {
  while (folio.blocked.length > 0 && takeTurn(folio, now));
}

/** The earliest thing that happens to the lock until now; false when there is none. */
function takeTurn(folio: Folio, now: number): boolean {
  let first: BlockedTask | undefined;
  let when = folio.lockedBy === lockedByFault ? folio.handedUntil : Number.POSITIVE_INFINITY;
  for (const sleeper of folio.blocked) {
    if (isAsleep(sleeper) || sleeper.holds) continue;
    // Only the whole time is known, and somebody took the lock: `lock` has put it back to sleep, or another fault has it.
    const turn = nextTurn(sleeper);
    if (turn < when) {
      first = sleeper;
      when = turn;
    }
  }
  if (when > now || when === Number.POSITIVE_INFINITY) return false;
  if (first === undefined) {
    const holder = folio.blocked.find((sleeper) => sleeper.holds);
    if (holder !== undefined) finish(folio, holder, when);
    release(folio, when);
  } else if (first.fault.shared === true) finish(folio, first, when);
  else if (folio.lockedBy !== -1) loseRace(folio, first);
  else if (wakeTime(first) === 0) {
    finish(folio, first, when);
    release(folio, when);
  } else giveLock(folio, first, when, when + first.fault.releaseAfter);
  return true;
}

/** When the next reference of a fault goes, as far as its queue alone decides; Infinity when only an unlock can tell. */
export function nextRelease(folio: Folio): number {
  let next = folio.lockedBy === lockedByFault ? folio.handedUntil : Number.POSITIVE_INFINITY;
  for (const sleeper of folio.blocked) {
    if (!isAsleep(sleeper) && !sleeper.holds) next = Math.min(next, nextTurn(sleeper));
  }
  return next;
}

/** What tasks that are not done yet have slept so far: until they were woken, or until now. */
export function sleptSoFar(folio: Folio, now: number, account: SleepAccount): number {
  let slept = 0;
  for (const sleeper of folio.blocked) {
    if (sleeper.account !== account) continue;
    slept += Math.max(0, (isAsleep(sleeper) ? now : sleeper.wokenAt) - sleeper.fault.at);
    if (sleeper.behind > 0) slept += sleeper.behind * endOfTurn(folio, sleeper, now) - sleeper.behindArrivals;
  }
  return slept;
}

/** When this task drops the lock, if nobody takes it before, but not later than now. */
function endOfTurn(folio: Folio, sleeper: BlockedTask, now: number): number {
  if (isAsleep(sleeper)) return now;
  const { wokenAt, fault } = sleeper;
  return Math.min(now, sleeper.holds ? folio.handedUntil : wokenAt + wakeTime(sleeper) + fault.releaseAfter);
}
