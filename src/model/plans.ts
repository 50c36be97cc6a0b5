/**
 * Plans: which primitive comes next, on which set of folios. The loop up to 6.2 (and of 6.1.y), the loops of 6.3 and
 * later, and those proposed since are orders over one set of primitives.
 */
import type { Mode } from './decisions.ts';
import type { Kernel, Member, Run, Step } from './kernel.ts';
import { answerToMismatch, flush, move, type PendingFlush, undo, unmap } from './migrate.ts';

/** What a loop left behind. `givenBack` is part of `left`; `noMemory` ends the call (-ENOMEM). */
export interface Leftovers {
  readonly left: readonly Member[];
  readonly givenBack: ReadonlySet<Member>;
  readonly noMemory: boolean;
}

/**
 * migrate_pages(): one call on one list of isolated folios. Returns those that did not move, isolated as before. The
 * endings of the members are set; a later call may set them again.
 */
export function* migratePages(
  kernel: Kernel,
  run: Run,
  members: readonly Member[],
  mode: Mode,
): Generator<Step, Leftovers, void> {
  const { plan } = kernel.decisions;
  run.counters.calls++;
  for (const member of members) member.ending = 'unfinished';
  const left: Member[] = [];
  const givenBack = new Set<Member>();
  let noMemory = false;
  const batches =
    plan.loop === 'batched'
      ? cut(members, plan.unmapBatchPages, 'reached')
      : cut(members, plan.cutPages ?? Number.POSITIVE_INFINITY, 'exceeded');
  for (const batch of batches) {
    if (noMemory) {
      left.push(...batch);
      continue;
    }
    const rest =
      plan.loop === 'per-folio'
        ? yield* perFolio(kernel, run, batch, mode, plan.asyncPasses)
        : mode === 'async'
          ? yield* unmapAllThenMoveAll(kernel, run, batch, 'async', plan.asyncPasses)
          : yield* synchronous(kernel, run, batch, mode);
    left.push(...rest.left);
    for (const member of rest.givenBack) givenBack.add(member);
    noMemory = rest.noMemory;
  }
  for (const member of left) member.ending = 'failed';
  run.mode = mode;
  run.call++;
  return { left, givenBack, noMemory };
}

/**
 * Cuts a list by base pages: 6.3 and later close a batch with the folio that reaches the limit; the 6.1.116 backport
 * closes it before the folio that would exceed it.
 */
function cut(members: readonly Member[], pages: number, when: 'reached' | 'exceeded'): Member[][] {
  const batches: Member[][] = [];
  let batch: Member[] = [];
  let size = 0;
  const close = () => {
    if (batch.length > 0) batches.push(batch);
    batch = [];
    size = 0;
  };
  for (const member of members) {
    if (when === 'exceeded' && size + member.folio.pages > pages) close();
    batch.push(member);
    size += member.folio.pages;
    if (when === 'reached' && size >= pages) close();
  }
  close();
  return batches;
}

/**
 * migrate_pages() up to 6.2, and 6.1.y to this day: every pass unmaps and moves one folio after the other, and undoes
 * whatever did not move, so that every pass is an episode of its own.
 */
function* perFolio(
  kernel: Kernel,
  run: Run,
  members: readonly Member[],
  mode: Mode,
  passes: number,
): Generator<Step, Leftovers, void> {
  run.mode = mode;
  let todo = members;
  const left: Member[] = [];
  const givenBack = new Set<Member>();
  for (let pass = 0; pass < passes && todo.length > 0; pass++) {
    const again: Member[] = [];
    for (let i = 0; i < todo.length; i++) {
      const member = todo[i]!;
      const pending: PendingFlush = { needed: false };
      const answer = yield* unmap(kernel, run, member, pass, pending);
      yield* flush(kernel, run, member, pending);
      if (answer === 'no memory') return { left: [...left, ...again, ...todo.slice(i)], givenBack, noMemory: true };
      if (answer === 'again') again.push(member);
      else if (answer === 'busy') left.push(member);
      else if ((yield* move(kernel, run, member)) === 'again') {
        const wish = answerToMismatch(kernel, run, member, pass, passes);
        yield* undo(kernel, run, member);
        if (wish === 'give back') {
          givenBack.add(member);
          left.push(member);
        } else again.push(member);
      }
    }
    todo = again;
  }
  return { left: [...left, ...todo], givenBack, noMemory: false };
}

/** migrate_pages_sync(): all together without waiting, then what is left singly, waiting (6.3 and later). */
function* synchronous(
  kernel: Kernel,
  run: Run,
  members: readonly Member[],
  mode: Mode,
): Generator<Step, Leftovers, void> {
  const { plan } = kernel.decisions;
  let todo = members;
  if (plan.syncFirstPasses > 0) {
    const first = yield* unmapAllThenMoveAll(kernel, run, members, 'async', plan.syncFirstPasses);
    if (first.noMemory) return first;
    todo = first.left;
  }
  const left: Member[] = [];
  const givenBack = new Set<Member>();
  for (let i = 0; i < todo.length; i++) {
    const member = todo[i]!;
    let rest = yield* unmapAllThenMoveAll(kernel, run, [member], mode, plan.syncThenPasses);
    for (let n = 0; n < plan.resubmissions && rest.givenBack.has(member); n++) {
      rest = yield* unmapAllThenMoveAll(kernel, run, [member], mode, plan.syncThenPasses);
    }
    left.push(...rest.left);
    for (const given of rest.givenBack) givenBack.add(given);
    if (rest.noMemory) return { left: [...left, ...todo.slice(i + 1)], givenBack, noMemory: true };
  }
  return { left, givenBack, noMemory: false };
}

/**
 * migrate_pages_batch() of 6.3 and later: unmap all, one flush, move all; what does not match stays locked for the next
 * move pass, and what is left in the end is undone. A folio that the policy has undone in between goes to the end of
 * the list and begins again from unmapping; one budget of passes bounds the rounds.
 */
function* unmapAllThenMoveAll(
  kernel: Kernel,
  run: Run,
  members: readonly Member[],
  mode: Mode,
  passes: number,
): Generator<Step, Leftovers, void> {
  run.mode = mode;
  let todo = members;
  const left: Member[] = [];
  const givenBack = new Set<Member>();
  let noMemory = false;
  for (let round = 0; round < passes && todo.length > 0 && !noMemory; round++) {
    const pending: PendingFlush = { needed: false };
    const unmapped: Member[] = [];
    for (let pass = 0; pass < passes - round && todo.length > 0 && !noMemory; pass++) {
      const again: Member[] = [];
      for (let i = 0; i < todo.length; i++) {
        const member = todo[i]!;
        const answer = yield* unmap(kernel, run, member, pass, pending);
        if (answer === 'done') unmapped.push(member);
        else if (answer === 'again') again.push(member);
        else if (answer === 'busy') left.push(member);
        else {
          noMemory = true;
          again.push(...todo.slice(i));
          break;
        }
      }
      todo = again;
    }
    left.push(...todo);
    todo = [];
    yield* flush(kernel, run, unmapped[0] ?? members[0], pending);
    const undone: Member[] = [];
    let moving = unmapped;
    for (let pass = 0; pass < passes && moving.length > 0; pass++) {
      const kept: Member[] = [];
      for (const member of moving) {
        if ((yield* move(kernel, run, member)) === 'done') continue;
        const wish = answerToMismatch(kernel, run, member, pass, passes);
        if (wish === 'keep') {
          kept.push(member);
          continue;
        }
        yield* undo(kernel, run, member);
        if (wish === 'undo') undone.push(member);
        else {
          givenBack.add(member);
          left.push(member);
        }
      }
      moving = kept;
    }
    for (const member of moving) {
      yield* undo(kernel, run, member);
      left.push(member);
    }
    todo = undone;
  }
  left.push(...todo);
  return { left, givenBack, noMemory };
}
