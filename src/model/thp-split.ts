/**
 * split_huge_page() while other tasks fault on its migration entries (mm/huge_memory.c, 5.13 and later names): lock, walk
 * the mappings, freeze, put the entries back, unlock; and what each waiter does meanwhile (axis F).
 *
 * A fault on the entry of a *tail* page could, up to 5.13-rc6, not wait: get_page_unless_zero() of a tail page always
 * fails before the split, so the fault returned and came again at once. From kernel mode, without preemption, such a task
 * never gives way, and the splitter, which says cond_resched() in its walks, gives its CPU away for good as soon as there
 * is one spinner a CPU (ffc90cbb2970; kernel-model 6.2).
 *
 *     walk          | frozen, interrupts off | entries back              |
 *     tails: none   | nobody has references  | tails: yes (none if the   | references that a waiter finds
 *                                              freeze failed: roll back)
 */
import { Cpus, type Task } from './cpus.ts';
import type { SplitWaiter } from './demand.ts';
import { endEpisode, writeEntries } from './entries.ts';
import { expectedReferences, get, put, settle } from './folio.ts';
import { isLocked, lock } from './folio-lock.ts';
import { hold, holderBeside, isBlockedForGood, release } from './hold.ts';
import { type Kernel, type Member, type Process, type Run, type Step, visitOf, type WaitQueue } from './kernel.ts';
import { gapOf } from './lists.ts';
import { logKind } from './log.ts';
import { serviceTime } from './migrate.ts';
import type { Obstacle } from './world.ts';

/** What waiters find: no entries; a huge page under entries; nobody with references; tails that are pages of their own. */
type Phase = 'no entries' | 'whole' | 'frozen' | 'split';

interface Waiter {
  readonly spec: SplitWaiter;
  readonly task: Task;
  /** When its first fault found an entry; NaN before. */
  since: number;
  /** CPU time spent spinning before its present stretch. */
  burnt: number;
  /** On which it sleeps. */
  folio: number;
}

interface Split {
  readonly kernel: Kernel;
  readonly run: Run;
  readonly cpus: Cpus;
  readonly spinning: Set<Waiter>;
  readonly asleep: Set<Waiter>;
  readonly done: WaitQueue;
  phase: Phase;
  member: Member | undefined;
  splitter: Task | undefined;
}

/** A stretch of the splitter's work, and the CPU time between its points of yielding. */
interface Stretch {
  readonly needs: number;
  readonly grain: number;
}

const nowhere = Number.POSITIVE_INFINITY;

/**
 * Each folio of the demand is split, one after the other. A folio that was split ends as `moved` (it is out of the way of
 * whoever wanted it split), one that could not be as `failed`; the request returns -EBUSY for the latter. When no CPU
 * will ever be free for the splitter again, the request stays unfinished and has a finding.
 */
export function* splitHuge(kernel: Kernel, run: Run): Process {
  const shared = schedulerOf(kernel);
  const split: Split = {
    kernel,
    run,
    cpus: shared.cpus,
    spinning: new Set(),
    asleep: new Set(),
    done: { sleepers: [] },
    phase: 'no entries',
    member: undefined,
    splitter: undefined,
  };
  shared.splits.add(split);
  for (const [n, spec] of (run.demand?.waiters ?? []).entries()) {
    const work = () => arrive(split, spec, n);
    kernel.queue.push(Math.max(kernel.now, spec.at), { work, account: run.counters });
  }
  let failed = 0;
  for (const [chunk, members] of run.members.entries()) {
    const gap = gapOf(run, chunk);
    if (!kernel.pass(gap)) yield gap;
    for (const member of members) {
      yield* splitOne(split, member);
      if (member.ending !== 'moved') failed++;
    }
  }
  shared.splits.delete(split);
  run.returned = failed === 0 ? 0 : -16;
}

/** CPUs are shared by everything that is split on a machine. */
const schedulers = new WeakMap<Kernel, { readonly cpus: Cpus; readonly splits: Set<Split> }>();

function schedulerOf(kernel: Kernel) {
  let scheduler = schedulers.get(kernel);
  if (scheduler === undefined) {
    const splits = new Set<Split>();
    const standstill = (running: readonly Task[]) => {
      for (const split of splits) findLivelock(split, running);
    };
    scheduler = {
      cpus: new Cpus(kernel, kernel.batches.cpus, kernel.world.cpus, standstill),
      splits,
    };
    schedulers.set(kernel, scheduler);
  }
  return scheduler;
}

/** Takes the caller's reference and the lock, which deferred_split_scan() and others only try; then the splitter runs. */
function* splitOne(split: Split, member: Member): Generator<Step, void, void> {
  const { kernel, run, cpus } = split;
  const { folio } = member;
  settle(folio, kernel.now);
  member.ending = 'failed';
  if (isLocked(folio)) {
    member.holder = 'lock contention';
    return;
  }
  lock(folio, run.place, kernel.now);
  const held = hold(folio, kernel.now);
  // can_split_folio(): before anything is unmapped.
  if (folio.spec.splittable !== false && folio.pages > 1 && unshared(split, member, held)) {
    member.ending = 'unfinished';
    const stretches = work(split, member, held);
    const task: Task = { cpu: run.cpu, needs: 0, grain: nowhere, ran: 0, due: () => goOn(split, task, stretches) };
    split.splitter = task;
    split.member = member;
    cpus.start(task);
    yield split.done;
    split.splitter = undefined;
    split.member = undefined;
  }
  // The entries are put back to where they pointed, whether the pages are parts now or not.
  endEpisode(kernel, run, member, false);
  release(folio, held);
  kernel.released(folio);
  letGo(split);
}

/** Whether nobody but the page tables, the page cache and the caller holds the folio; remembers who does. */
function unshared({ kernel, run }: Split, member: Member, held: Obstacle): boolean {
  const { folio } = member;
  settle(folio, kernel.now);
  if (folio.references === expectedReferences(folio)) return true;
  member.holder = holderBeside(folio, held);
  return kernel.decisions.oracle && !isBlockedForGood(folio, held, run, kernel.now);
}

function goOn(split: Split, task: Task, stretches: Iterator<Stretch, void>): void {
  const { done, value } = stretches.next();
  if (done !== true) {
    split.cpus.change(task, value.needs, value.grain);
    return;
  }
  split.cpus.leave(task);
  split.kernel.wake(split.done);
}

/** The splitter's own work, in CPU time. */
function* work(split: Split, member: Member, held: Obstacle): Generator<Stretch, void, void> {
  const { kernel, run } = split;
  const { folio } = member;
  const preempted = split.cpus.rules?.preemption === 'full';
  // rmap_walk_anon() says cond_resched() before each mapping.
  const mappings = Math.max(1, folio.mapped);
  const step = serviceTime(kernel, run, member, 'unmap') / mappings;
  const stretch = (needs: number, grain: number): Stretch => ({ needs, grain: preempted ? 0 : grain });
  // The PMD is invalidated, then the entries are written; the rest of a step is counts and references.
  const flush = serviceTime(kernel, run, member, 'flush');
  yield stretch(flush, flush);
  if (folio.mapped > 0) beginEpisode(split, member);
  yield stretch(step, nowhere);
  if (mappings > 1) yield stretch(step * (mappings - 1), step);
  // The head's reference count is frozen to 0, unless somebody holds the page.
  const freezes = unshared(split, member, held);
  const restore = serviceTime(kernel, run, member, 'restore');
  if (freezes) {
    split.phase = 'frozen';
    yield { needs: serviceTime(kernel, run, member, 'split'), grain: nowhere };
    split.phase = 'split';
    run.counters.splits++;
    member.ending = 'moved';
    member.holder = undefined;
    comeAgain(split);
    // remap_page(): a walk for each page.
    yield stretch(restore, restore / (folio.pages * mappings));
  } else {
    member.ending = 'failed';
    yield stretch(restore, restore / mappings);
  }
}

/** Taken as one moment: the page is mapped huge, and splitting the PMD writes all entries of the first mapping at once. */
function beginEpisode(split: Split, member: Member): void {
  const { kernel, run } = split;
  const { folio } = member;
  member.episode = member.episodes++;
  run.counters.episodes++;
  run.counters.tlbFlushes += folio.mapped;
  run.counters.tlbPages += folio.mapped * folio.pages;
  writeEntries(kernel, run, member);
  split.phase = 'whole';
}

/** The entries are gone: whoever slept runs, whoever spins finds out at its next fault. */
function letGo(split: Split): void {
  const { kernel, run } = split;
  split.phase = 'no entries';
  for (const waiter of split.asleep) {
    run.counters.stall += kernel.now - waiter.since;
    run.counters.waiterWakes++;
    kernel.log?.push(logKind['entry woken'], kernel.now, waiter.task.cpu, run.demand?.id ?? -1, waiter.folio);
  }
  split.asleep.clear();
  comeAgain(split);
}

/** Something has changed for those who spin. */
function comeAgain(split: Split): void {
  for (const { task } of split.spinning) split.cpus.endSpin(task, split.cpus.rules?.spin ?? 0);
}

function arrive(split: Split, spec: SplitWaiter, n: number): void {
  const task: Task = { cpu: spec.cpu, needs: 0, grain: nowhere, ran: 0, due: () => fault(split, waiter, n) };
  const waiter: Waiter = { spec, task, since: Number.NaN, burnt: 0, folio: -1 };
  split.cpus.start(task);
}

/** __migration_entry_wait(): the task finds a present entry, sleeps, or comes again at once. */
function fault(split: Split, waiter: Waiter, n: number): void {
  const { kernel, run, cpus } = split;
  const { task } = waiter;
  if (split.spinning.has(waiter)) {
    waiter.burnt += task.ran;
    task.ran = 0;
  }
  if (split.phase !== 'no entries') {
    if (Number.isNaN(waiter.since)) waiter.since = kernel.now;
    if (!canSleep(split, waiter.spec)) {
      split.spinning.add(waiter);
      cpus.change(task, Number.POSITIVE_INFINITY, spinGrain(split, waiter.spec));
      return;
    }
    split.asleep.add(waiter);
    run.counters.entryWaits++;
    waiter.folio = split.member?.folio.id ?? -1;
    kernel.log?.push(logKind['entry sleep'], kernel.now, task.cpu, run.demand?.id ?? -1, waiter.folio);
    holdBriefly(split, n);
  } else if (!Number.isNaN(waiter.since)) run.counters.stall += kernel.now - waiter.since;
  split.spinning.delete(waiter);
  run.counters.cpuBurnt += waiter.burnt;
  waiter.burnt = 0;
  cpus.leave(task);
}

/** Whether the page that the waiter is to wait on has references to take (none are taken since 5.17). */
function canSleep({ kernel, phase }: Split, { tail }: SplitWaiter): boolean {
  const { tailPageWait } = kernel.decisions;
  if (tailPageWait === 'none' || phase === 'split') return true;
  return phase !== 'frozen' && (!tail || tailPageWait === 'head page');
}

/**
 * CPU time between a spinning task's points of yielding. A fault from user mode, and get_user_pages() with the
 * cond_resched() that it already has before each retry (mm/gup.c __get_user_pages(), found in the thread of
 * ffc90cbb2970 on 2021-06-08), yield once a round; a voluntary kernel does at the might_sleep() of each fault.
 */
function spinGrain({ kernel, cpus }: Split, { from }: SplitWaiter): number {
  if (cpus.rules === undefined || cpus.rules.preemption === 'full') return 0;
  const yields = from !== 'copy' || cpus.rules.preemption === 'voluntary';
  return yields || kernel.decisions.tailPageWait === 'spin and yield' ? cpus.rules.spin : nowhere;
}

/** Up to 5.16: from get_page_unless_zero() of the head until put_and_wait has queued the task. */
function holdBriefly(split: Split, n: number): void {
  const { kernel, run, member } = split;
  if (member === undefined || !kernel.decisions.entryWaitHoldsReference || split.phase !== 'whole') return;
  const { folio, entriesSince } = member;
  const time = kernel.world.entryWaitReferenceTime(visitOf(kernel, run, member), n);
  if (!(time > 0)) return;
  get(folio);
  folio.entryWaitReferences++;
  const work = () => {
    // The end of the episode has dropped it otherwise.
    if (member.entriesSince !== entriesSince) return;
    put(folio);
    folio.entryWaitReferences--;
    kernel.released(folio);
  };
  kernel.queue.push(kernel.now + time, { work, account: run.counters });
}

/** No task that runs will ever give its CPU to this splitter. */
function findLivelock(split: Split, running: readonly Task[]): void {
  const { kernel, run, splitter, cpus } = split;
  if (splitter === undefined || running.includes(splitter) || run.finding !== undefined) return;
  const since = kernel.now;
  const patience = Math.min(cpus.rules?.patience ?? Number.POSITIVE_INFINITY, kernel.horizon - since);
  let spinners = 0;
  for (const waiter of split.spinning) {
    const runs = running.includes(waiter.task);
    if (runs) spinners++;
    run.counters.cpuBurnt += waiter.burnt + waiter.task.ran + (runs ? patience : 0);
    run.counters.stall += since + patience - waiter.since;
  }
  for (const waiter of split.asleep) run.counters.stall += since + patience - waiter.since;
  // The clock goes on to where the model gives up, so that what stands by then (entries, other waits) counts until there.
  kernel.queue.push(since + patience, { work: () => undefined, account: run.counters });
  run.finding = {
    kind: 'livelock',
    request: run.demand?.id ?? -1,
    since,
    cpuTime: spinners * patience,
    // Who runs and neither ends nor gives way spins: on this huge page, or on one whose split hangs already.
    says: `${running.length} of ${running.length} CPUs spin in faults on a huge page under split and never yield; its splitter waits for a CPU`,
  };
}
