/**
 * An episode from the inside: faults that come through the window before the migration entries are there, tasks that wait
 * on the entries, and what happens to both when the entries go (mm/memory.c do_fault(), mm/migrate.c
 * migration_entry_wait(); kernel-model 3.6, 6.1).
 */
import { addObstacle, expectedReferences, get, hasMapping, holderInTheWay, settle } from './folio.ts';
import { blockOn, hasLockSleepers, hasWaiters as hasQueue, queueBehind, unlock } from './folio-lock.ts';
import { type Kernel, type Member, type Run, transientObstacle, visitOf } from './kernel.ts';
import { logKind } from './log.ts';
import type { BlockedFault, FaultWindow } from './world.ts';

/** The oracle yields only to what stood in the way for as long as the request was recorded. */
export function isPermanent(kernel: Kernel, run: Run, member: Member): boolean {
  const end = run.demand?.end ?? kernel.now;
  return member.folio.active.some((obstacle) => obstacle.until >= end && obstacle.from <= kernel.now);
}

/** Whether the references are what the check expects; remembers what is in the way. */
export function matches(kernel: Kernel, run: Run, member: Member): boolean {
  const { folio } = member;
  settle(folio, kernel.now);
  countEntryWaiters(kernel, run, member);
  if (folio.references === expectedReferences(folio)) return true;
  member.holder = holderInTheWay(folio);
  return kernel.decisions.oracle && !isPermanent(kernel, run, member);
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

/** PG_waiters: somebody sleeps on the folio lock or on an entry, or the bit is stale (kernel-model 8.2). */
export function hasWaiters(kernel: Kernel, run: Run, member: Member): boolean {
  const known = kernel.world.waiters?.(visitOf(kernel, run, member));
  if (known !== undefined) return known;
  if (hasQueue(member.folio) || kernel.isLockWanted(member.folio) || member.caught.length > 0) return true;
  const visit = visitOf(kernel, run, member);
  if (!Number.isNaN(member.entriesSince) && kernel.world.entryWaiter(visit, 0, member.entriesSince) <= kernel.now) {
    return true;
  }
  return kernel.world.staleWaiters?.(visit) === true;
}

/** Whether a task sleeps on the lock with a reference; entries and stale bits apart. */
export function hasReferenceSleepers({ folio }: Member): boolean {
  return hasLockSleepers(folio);
}

/**
 * Faults that found the page-table entry clear. Those whose reference comes only after the end of unmapping are
 * returned, for a comparison there does not see them. A private anonymous folio is not found by do_anonymous_page();
 * others are, in the page cache or the swap cache.
 */
export function letFaultsIn(kernel: Kernel, run: Run, member: Member, window: FaultWindow): readonly BlockedFault[] {
  if (!kernel.decisions.faultWindow || !hasMapping(member.folio)) return nobody;
  const faults = kernel.world.faultEnters(visitOf(kernel, run, member), window);
  if (faults.length === 0) return nobody;
  let late: BlockedFault[] | undefined;
  for (const fault of faults) {
    if (isCaught(kernel, fault, window)) {
      const seen = Math.max(fault.at + (fault.recheckAfter ?? 0), window.until);
      member.caught = [...member.caught, seen];
    } else if (kernel.decisions.faultSide === 'drop reference') dropAndWait(member, fault);
    else if (fault.late === true) {
      late ??= [];
      late.push(fault);
    } else block(kernel, run, member, fault);
  }
  return late ?? nobody;
}

const nobody: readonly BlockedFault[] = [];

/** Axis E: a second look at the entry just before ->fault() finds the migration entry, if that is written by then. */
function isCaught(kernel: Kernel, fault: BlockedFault, { until }: FaultWindow): boolean {
  if (kernel.decisions.faultSide !== 'recheck entry') return false;
  return fault.recheckAfter === undefined ? fault.late === true : fault.at + fault.recheckAfter >= until;
}

/** Axis E: the reference is let go of before the fault sleeps; it comes again and waits on the entry. */
function dropAndWait(member: Member, { at, dropAfter }: BlockedFault): void {
  const dropped = at + (dropAfter ?? 0);
  if (dropped > at) addObstacle(member.folio, transientObstacle(at, dropped));
  member.caught = [...member.caught, dropped];
}

/** A fault takes its reference and goes to sleep on the folio's lock, or sleeps on there. */
export function block(kernel: Kernel, run: Run, { folio }: Member, fault: BlockedFault): void {
  if (fault.sleepsOn !== true) run.counters.lockWaits++;
  blockOn(folio, fault, run.counters, run.demand?.id, kernel.log);
}

/** Migration entries take the place of page-table entries. */
export function writeEntries(kernel: Kernel, run: Run, member: Member): void {
  const { folio } = member;
  folio.entries = folio.mapped;
  get(folio, -folio.mapped);
  folio.mapped = 0;
  member.entriesSince = kernel.now;
  kernel.underEntries++;
  kernel.world.entries?.(visitOf(kernel, run, member), 'set');
  if (kernel.log !== undefined) {
    const isPmd = folio.spec.order > 0 && folio.entries < folio.pages ? 1 : 0;
    log(kernel, run, member, logKind['set entry'], folio.entries, folio.spec.order, isPmd);
  }
}

/**
 * Ends an episode: entries become present again (of the source or the destination), the lock is dropped, waiters run.
 * Without an episode it drops the lock alone. `moved` = the entries are of the new place.
 */
export function endEpisode(kernel: Kernel, run: Run, member: Member, moved = false): void {
  const { folio } = member;
  if (!Number.isNaN(member.entriesSince)) {
    setEntryWaitReferences(member, 0);
    log(kernel, run, member, logKind['remove entry'], moved ? 1 : 0, folio.entries);
    folio.mapped += folio.entries;
    get(folio, folio.entries);
    folio.entries = 0;
    run.counters.timeUnderEntries += kernel.now - member.entriesSince;
    const visit = visitOf(kernel, run, member);
    for (let n = 0; ; n++) {
      const arrival = kernel.world.entryWaiter(visit, n, member.entriesSince);
      if (!(arrival < kernel.now)) break;
      leaveEntry(kernel, run, member, arrival);
    }
    if (member.caught.length > 0) {
      for (const arrival of member.caught) if (arrival < kernel.now) leaveEntry(kernel, run, member, arrival);
      member.caught = [];
    }
    kernel.world.entries?.(visitOf(kernel, run, member), moved ? 'moved' : 'undone');
    member.entriesSince = Number.NaN;
    if (!moved) member.undoneAt = kernel.now;
    kernel.underEntries--;
    kernel.letGo = kernel.now;
  }
  dropLock(kernel, run, member);
}

/** A waiter on the entry is woken by the unlock, unless it queued behind a task that wants the lock. */
function leaveEntry(kernel: Kernel, run: Run, member: Member, arrival: number): void {
  const { folio } = member;
  kernel.log?.push(logKind['entry sleep'], arrival, run.cpu, run.demand?.id ?? -1, folio.id);
  run.counters.entryWaits++;
  if (queueBehind(folio, arrival)) return;
  run.counters.stall += kernel.now - arrival;
  run.counters.waiterWakes++;
  log(kernel, run, member, logKind['entry woken']);
}

export function dropLock(kernel: Kernel, run: Run, { folio }: Member): void {
  run.counters.lockHold += kernel.now - folio.lockedSince;
  unlock(folio, kernel.now, kernel);
  kernel.released(folio);
}

export function log(kernel: Kernel, run: Run, member: Member, kind: number, a = 0, b = 0, c = 0): void {
  kernel.log?.push(kind, kernel.now, run.cpu, run.demand?.id ?? -1, member.folio.id, a, b, c);
}
