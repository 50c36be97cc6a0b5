/**
 * Plans: which primitive comes next, on which set of folios. The loop up to 6.2 (and of 6.1.y), the loops of 6.3 and
 * later, and those proposed since are orders over one set of primitives.
 */
import {
  addFirstPart,
  addTotals,
  type CallTotals,
  countFailed,
  countMoved,
  countSplit,
  emptyTotals,
} from './accounting.ts';
import type { Mode } from './decisions.ts';
import { hugetlbPasses, partHugetlb } from './hugetlb.ts';
import type { Kernel, Member, Run, Step } from './kernel.ts';
import { logKind, logReasons } from './log.ts';
import { flush, move, type PendingFlush, serviceTime, undo, unmap } from './migrate.ts';
import { fold, splitFolio, unfold } from './split.ts';

/** What a call left behind. `givenBack` is part of `left`; `noMemory` ended the call (-ENOMEM). */
export interface Leftovers {
  readonly left: readonly Member[];
  readonly givenBack: ReadonlySet<Member>;
  readonly noMemory: boolean;
  /** What migrate_pages() returns: folios not migrated, a split one among them even when all its parts were; or -12. */
  readonly returned: number;
}

/** The state of one call: its numbers so far, and what it has split. */
interface Call {
  totals: CallTotals;
  readonly split: Member[];
  readonly givenBack: Set<Member>;
}

/** What one loop left behind. */
interface Rest {
  readonly left: readonly Member[];
  readonly noMemory: boolean;
}

const modes: readonly Mode[] = ['async', 'sync-light', 'sync'];

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
  const reason = logReasons.indexOf(run.demand?.reason ?? '');
  run.counters.calls++;
  const began = kernel.now;
  note(kernel, run, logKind['call start'], -1, modes.indexOf(mode), reason);
  for (const member of members) {
    member.ending = 'unfinished';
    member.waited = 0;
  }
  const call: Call = { totals: emptyTotals(), split: [], givenBack: new Set() };
  const isBatched = plan.loop === 'batched';
  const all = unfold(members);
  const { huge, others } = isBatched ? partHugetlb(all) : { huge: [], others: all };
  const left: Member[] = [];
  let noMemory = false;
  if (huge.length > 0) {
    const rest = yield* perFolio(kernel, run, huge, mode, hugetlbPasses, call);
    left.push(...rest.left);
    noMemory = rest.noMemory;
  }
  const batches = isBatched
    ? cut(others, plan.unmapBatchPages, 'reached')
    : cut(others, plan.cutPages ?? Number.POSITIVE_INFINITY, 'exceeded');
  for (const batch of batches) {
    if (noMemory) {
      left.push(...batch);
      continue;
    }
    const rest = isBatched
      ? mode === 'async'
        ? yield* unmapAllThenMoveAll(kernel, run, batch, 'async', plan.asyncPasses, call)
        : yield* synchronous(kernel, run, batch, mode, call)
      : yield* perFolio(kernel, run, batch, mode, plan.asyncPasses, call);
    left.push(...rest.left);
    noMemory = rest.noMemory;
    if (call.split.length > 0) noMemory = (yield* moveParts(kernel, run, mode, call, left, noMemory)) || noMemory;
  }
  for (const member of left) member.ending = 'failed';
  const last = members.at(-1);
  const returning = last === undefined ? 0 : serviceTime(kernel, run, last, 'return');
  if (returning > 0 && !kernel.pass(returning)) yield returning;
  const folded = fold(kernel, run, members, left);
  run.mode = mode;
  run.call++;
  addTotals(run.totals, call.totals);
  const { succeeded, failed, thpSucceeded, thpFailed, thpSplit } = call.totals;
  run.counters.pagesFailed += failed;
  run.counters.callTime += kernel.now - began;
  if (thpSucceeded + thpFailed > 0) note(kernel, run, logKind['call huge'], -1, thpSucceeded, thpFailed);
  note(kernel, run, logKind['call end'], reason, succeeded, failed, thpSplit);
  const splitAndMoved = call.split.filter((member) => member.ending === 'moved').length;
  return {
    left: folded,
    givenBack: call.givenBack,
    noMemory,
    returned: noMemory ? -12 : folded.length + splitAndMoved,
  };
}

function note(kernel: Kernel, run: Run, kind: number, folio: number, a: number, b: number, c = 0): void {
  kernel.log?.push(kind, kernel.now, run.cpu, run.demand?.id ?? -1, folio, a, b, c);
}

/**
 * Parts of what a batch has split: once, asynchronously, since 6.3; up to 6.2 with passes of their own. Where memory was
 * out for good they are left as they are. True when memory was out for them.
 */
function* moveParts(
  kernel: Kernel,
  run: Run,
  mode: Mode,
  call: Call,
  left: Member[],
  skip: boolean,
): Generator<Step, boolean, void> {
  const parts = call.split.flatMap((member) => member.parts?.filter(({ ending }) => ending === 'unfinished') ?? []);
  if (parts.length === 0) return false;
  if (skip) {
    left.push(...parts);
    return false;
  }
  const { plan } = kernel.decisions;
  const rest =
    plan.loop === 'batched'
      ? yield* unmapAllThenMoveAll(kernel, run, parts, 'async', 1, call)
      : yield* perFolio(kernel, run, parts, mode, plan.asyncPasses, call);
  for (const part of rest.left) part.ending = 'failed';
  left.push(...rest.left);
  return rest.noMemory;
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

/** Whether -ENOMEM stops the call here, after a try to split; `again` where a longterm pin tries the split once more. */
function* outOfMemory(
  kernel: Kernel,
  run: Run,
  member: Member,
  call: Call,
): Generator<Step, 'stop' | 'split' | 'again', void> {
  const answer = yield* splitFolio(kernel, run, member);
  if (answer === 'split') {
    countSplit(call.totals, member.folio);
    call.split.push(member);
    return 'split';
  }
  member.holder ??= 'no memory';
  // 6.3 and later.
  const isPin = run.demand?.reason === 'longterm_pin' && kernel.decisions.plan.loop === 'batched';
  return answer === 'again' && isPin ? 'again' : 'stop';
}

/**
 * migrate_pages() up to 6.2, and 6.1.y to this day: every pass unmaps and moves one folio after the other, and undoes
 * whatever did not move, so that every pass is an episode of its own. migrate_hugetlbs() has kept this shape.
 */
function* perFolio(
  kernel: Kernel,
  run: Run,
  members: readonly Member[],
  mode: Mode,
  passes: number,
  call: Call,
): Generator<Step, Rest, void> {
  run.mode = mode;
  const { plan } = kernel.decisions;
  const { totals } = call;
  let todo = members;
  const left: Member[] = [];
  for (let pass = 0; pass < passes && todo.length > 0; pass++) {
    run.counters.passes++;
    const again: Member[] = [];
    for (let i = 0; i < todo.length; i++) {
      const member = todo[i]!;
      const pending: PendingFlush = { needed: false };
      let answer = yield* unmap(kernel, run, member, pass, pending);
      yield* flush(kernel, run, member, pending);
      if (answer === 'no memory') {
        const what = yield* outOfMemory(kernel, run, member, call);
        if (what === 'split') continue;
        if (what === 'stop') {
          countFailed(totals, member.folio);
          for (const retried of again) countFailed(totals, retried.folio);
          return { left: [...left, ...again, ...todo.slice(i)], noMemory: true };
        }
        answer = 'again';
      }
      if (answer === 'again') again.push(member);
      else if (answer === 'freed') countMoved(totals, member.folio);
      else if (answer === 'busy') {
        countFailed(totals, member.folio);
        left.push(member);
      } else {
        const moved = yield* move(kernel, run, member, pass, passes);
        if (moved === 'done') {
          countMoved(totals, member.folio);
          continue;
        }
        yield* undo(kernel, run, member);
        // Nobody takes back what the loop of hugetlb folios undid.
        if (moved === 'keep' || moved === 'undo' || (moved === 'give back' && plan.loop === 'batched')) {
          again.push(member);
          continue;
        }
        countFailed(totals, member.folio);
        if (moved === 'give back') call.givenBack.add(member);
        left.push(member);
      }
    }
    todo = again;
  }
  for (const member of todo) countFailed(totals, member.folio);
  return { left: [...left, ...todo], noMemory: false };
}

/** migrate_pages_sync(): all together without waiting, then what is left singly, waiting (6.3 and later). */
function* synchronous(
  kernel: Kernel,
  run: Run,
  members: readonly Member[],
  mode: Mode,
  call: Call,
): Generator<Step, Rest, void> {
  const { plan } = kernel.decisions;
  const { totals } = call;
  let todo = members;
  if (plan.syncFirstPasses > 0) {
    call.totals = emptyTotals();
    const first = yield* unmapAllThenMoveAll(kernel, run, members, 'async', plan.syncFirstPasses, call);
    const part = call.totals;
    call.totals = totals;
    if (first.noMemory) {
      addTotals(totals, part);
      return first;
    }
    addFirstPart(totals, part);
    for (const member of members) call.givenBack.delete(member);
    todo = first.left;
  }
  const left: Member[] = [];
  for (let i = 0; i < todo.length; i++) {
    const member = todo[i]!;
    const rest = yield* resubmitted(kernel, run, member, mode, call);
    left.push(...rest.left);
    if (rest.noMemory) return { left: [...left, ...todo.slice(i + 1)], noMemory: true };
  }
  return { left, noMemory: false };
}

/** The second part for one folio, submitted again for as often as the policy says; only the last time counts as failed. */
function* resubmitted(kernel: Kernel, run: Run, member: Member, mode: Mode, call: Call): Generator<Step, Rest, void> {
  const { plan } = kernel.decisions;
  const { totals } = call;
  for (let n = 0; ; n++) {
    call.givenBack.delete(member);
    call.totals = emptyTotals();
    const rest = yield* unmapAllThenMoveAll(kernel, run, [member], mode, plan.syncThenPasses, call);
    const last = call.totals;
    call.totals = totals;
    if (n < plan.resubmissions && call.givenBack.has(member)) continue;
    addTotals(totals, last);
    return rest;
  }
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
  call: Call,
): Generator<Step, Rest, void> {
  run.mode = mode;
  const { totals } = call;
  let todo = members;
  const left: Member[] = [];
  const fail = (member: Member) => {
    countFailed(totals, member.folio);
    left.push(member);
  };
  let noMemory = false;
  for (let round = 0; round < passes && todo.length > 0 && !noMemory; round++) {
    const pending: PendingFlush = { needed: false };
    const unmapped: Member[] = [];
    for (let pass = 0; pass < passes - round && todo.length > 0 && !noMemory; pass++) {
      run.counters.passes++;
      const again: Member[] = [];
      for (let i = 0; i < todo.length; i++) {
        const member = todo[i]!;
        let answer = yield* unmap(kernel, run, member, pass, pending);
        if (answer === 'no memory') {
          const what = yield* outOfMemory(kernel, run, member, call);
          if (what === 'split') continue;
          if (what === 'stop') {
            noMemory = true;
            // Those waiting for the next pass have failed with it; what was not looked at in this pass is not counted.
            for (const retried of again) fail(retried);
            fail(member);
            left.push(...todo.slice(i + 1));
            again.length = 0;
            break;
          }
          answer = 'again';
        }
        if (answer === 'done') unmapped.push(member);
        else if (answer === 'again') again.push(member);
        else if (answer === 'freed') countMoved(totals, member.folio);
        else fail(member);
      }
      todo = again;
    }
    for (const member of todo) fail(member);
    todo = [];
    yield* flush(kernel, run, unmapped[0] ?? members[0], pending);
    const undone: Member[] = [];
    let moving = unmapped;
    for (let pass = 0; pass < passes && moving.length > 0; pass++) {
      run.counters.passes++;
      const kept: Member[] = [];
      for (const member of moving) {
        const moved = yield* move(kernel, run, member, pass, passes);
        if (moved === 'done') countMoved(totals, member.folio);
        else if (moved === 'keep') kept.push(member);
        else {
          yield* undo(kernel, run, member);
          if (moved === 'undo') undone.push(member);
          else {
            if (moved === 'give back') call.givenBack.add(member);
            fail(member);
          }
        }
      }
      moving = kept;
    }
    for (const member of moving) {
      yield* undo(kernel, run, member);
      fail(member);
    }
    todo = undone;
  }
  for (const member of todo) fail(member);
  return { left, noMemory };
}
