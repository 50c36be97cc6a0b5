/**
 * FOLL_LONGTERM: pin, collect what may not be pinned where it is, migrate it, pin again (mm/gup.c
 * __gup_longterm_locked(), collect_longterm_unpinnable_folios(), migrate_longterm_unpinnable_folios(); kernel-model 5).
 */
import { drainAll, drainLocal } from './drains.ts';
import { isEndless } from './endless.ts';
import { expectedReferences, pin, pinReferences, settle, unpin } from './folio.ts';
import { hasLeft } from './isolate-block.ts';
import type { Finding, Kernel, Member, Process, Run, Step } from './kernel.ts';
import { gapOf, putbackAll } from './lists.ts';
import { isolate, serviceTime } from './migrate.ts';
import { migratePages } from './plans.ts';

/** The folios of one pin call. Every one that has not moved yet lies where no longterm pin may be (CMA, ZONE_MOVABLE). */
interface PinCall {
  readonly members: readonly Member[];
  /** How often the array names each: pins are taken for every time. */
  readonly repeats: readonly number[] | undefined;
  /** Pins held now, by member. */
  readonly held: number[];
}

/** One chunk is one pin call; the first that fails ends the request. Pins of a call that succeeded stay with the user. */
export function* pinLongterm(kernel: Kernel, run: Run): Process {
  for (const [chunk, members] of run.members.entries()) {
    const gap = gapOf(run, chunk);
    if (!kernel.pass(gap)) yield gap;
    const repeats = run.demand?.chunks[chunk]?.repeats;
    const returned = yield* pinCall(kernel, run, { members, repeats, held: members.map(() => 0) });
    if (returned === 0) continue;
    run.returned = returned;
    return;
  }
  run.returned = 0;
}

/**
 * The outer loop, which the kernel does not bound: -EAGAIN pins everything anew. Any folio that migration leaves behind
 * ends it with -ENOMEM. A collection that lists nothing, although something may not stay, goes round again (or counts
 * as success, `emptyCollectEnds`); of those in a row the model stops some time and says so, with -EAGAIN (endless.ts).
 */
function* pinCall(kernel: Kernel, run: Run, call: PinCall): Generator<Step, number, void> {
  let empty = 0;
  let since = kernel.now;
  let slept = 0;
  for (;;) {
    const began = kernel.now;
    const stalled = yield* pinAll(kernel, run, call);
    const todo = call.members.filter((member) => !hasLeft(member));
    if (todo.length === 0) return 0;
    const { list, asleep } = yield* collect(kernel, run, call, todo);
    if (list.length === 0 && kernel.decisions.emptyCollectEnds) return 0;
    unpinAll(kernel, call);
    if (list.length > 0) {
      const rest = yield* migratePages(kernel, run, list, 'sync');
      yield* putbackAll(kernel, run, rest.left);
      if (rest.left.length > 0) return -12;
      empty = 0;
      since = kernel.now;
      slept = 0;
    } else {
      slept += stalled + asleep;
      run.counters.cpuBurnt += kernel.now - began - stalled - asleep;
      if (isEndless(kernel, ++empty, since, began)) {
        run.finding = endless(kernel, run, { todo, empty, since, slept });
        return -11;
      }
    }
    run.counters.outerLoops++;
  }
}

/**
 * pin_user_pages(): FOLL_PIN for every time that the array names the folio. Where it finds a migration entry it sleeps;
 * returns for how long it did.
 */
function* pinAll(kernel: Kernel, run: Run, { members, repeats, held }: PinCall): Generator<Step, number, void> {
  let stalled = 0;
  for (const [place, member] of members.entries()) {
    const { folio } = member;
    const ns = serviceTime(kernel, run, member, 'pin');
    if (!kernel.pass(ns)) yield ns;
    while (folio.entries > 0) {
      const asleep = kernel.now;
      run.counters.entryWaits++;
      yield kernel.lockQueue(folio);
      run.counters.stall += kernel.now - asleep;
      stalled += kernel.now - asleep;
    }
    // What its last user has let go of is mapped nowhere, so that the user pins something else.
    if (folio.gone) continue;
    held[place] = repeats?.[place] ?? 1;
    pin(folio, held[place]);
  }
  return stalled;
}

/** unpin_user_pages(): all of them, before anything is migrated. */
function unpinAll(kernel: Kernel, { members, held }: PinCall): void {
  for (const [place, { folio }] of members.entries()) {
    unpin(folio, held[place]);
    held[place] = 0;
    kernel.released(folio);
  }
}

/** What a collection put on its list, and how long it slept in drains. */
interface Collection {
  readonly list: readonly Member[];
  readonly asleep: number;
}

/**
 * One folio after the other: the drain rule (axis I), then folio_isolate_lru(), whose failure is passed over. A folio
 * that the array names again further on is looked at again: only repeats in a row are skipped (`prev_folio`), and these
 * stand apart. It is off the LRU by then, and carries a pin for every time.
 */
function* collect(
  kernel: Kernel,
  run: Run,
  { members, repeats }: PinCall,
  todo: readonly Member[],
): Generator<Step, Collection, void> {
  const list: Member[] = [];
  const state: Drained = { drained: 0, asleep: 0 };
  for (const member of todo) {
    yield* drainFor(kernel, run, member, state);
    if (yield* isolate(kernel, run, member)) list.push(member);
    else member.ending = 'not isolated';
  }
  if (repeats === undefined) return { list, asleep: state.asleep };
  const unlisted = new Set(todo);
  for (const member of list) unlisted.delete(member);
  const unpinnable = new Set(todo);
  for (const [place, member] of members.entries()) {
    for (let again = 1; again < (repeats[place] ?? 1) && unpinnable.has(member); again++) {
      yield* drainFor(kernel, run, member, state);
      if (!unlisted.has(member) || !(yield* isolate(kernel, run, member))) continue;
      unlisted.delete(member);
      list.push(member);
    }
  }
  return { list, asleep: state.asleep };
}

interface Drained {
  /** In this collection: 0 nothing, 1 this CPU, 2 all CPUs (`drain_allow`, `drained` in mm/gup.c). */
  drained: 0 | 1 | 2;
  asleep: number;
}

/** Asks until the rule says to go on; for one folio each kind of drain is done at most once. */
function* drainFor(kernel: Kernel, run: Run, member: Member, state: Drained): Generator<Step, void, void> {
  const { folio } = member;
  // isolate_hugetlb() comes before the rule.
  if (folio.spec.kind === 'hugetlb') return;
  for (let done = 0; done < 2; ) {
    settle(folio, kernel.now);
    const answer = kernel.decisions.onUnpinnable({
      onLru: folio.onLru,
      mlocked: folio.mlocked,
      large: folio.pages > 1,
      references: folio.references,
      // folio_expected_ref_count() does not count the caller's own reference, the migration check does.
      expected: expectedReferences(folio) - 1,
      pinReferences: pinReferences(folio),
      drained: state.drained,
    });
    if (answer === 'go on') return;
    if (answer === 'drain this CPU') {
      if (done > 0) return;
      done = 1;
      drainLocal(kernel, run);
      if (state.drained === 0) state.drained = 1;
    } else {
      done = 2;
      const from = kernel.now;
      yield* drainAll(kernel, run, false);
      state.asleep += kernel.now - from;
      state.drained = 2;
    }
  }
}

interface Standstill {
  readonly todo: readonly Member[];
  readonly empty: number;
  readonly since: number;
  readonly slept: number;
}

function endless(kernel: Kernel, run: Run, { todo, empty, since, slept }: Standstill): Finding {
  return {
    kind: 'endless',
    request: run.demand?.id ?? -1,
    since,
    cpuTime: kernel.now - since - slept,
    says: `${empty} collections in a row isolated none of ${todo.length} folios that may not be pinned where they are: it pins and collects for as long as they stay off the LRU`,
  };
}
