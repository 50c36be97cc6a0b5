/** __alloc_contig_migrate_range() and what alloc_contig_range() makes of it (mm/page_alloc.c, kernel-model 7.2 and 7.3). */
import { protect, protectAgain, unprotect } from './drains.ts';
import { hasLeft, isolateBlock } from './isolate-block.ts';
import type { Kernel, Member, Process, Run, Step } from './kernel.ts';
import { gapOf, putbackAll } from './lists.ts';
import { logKind } from './log.ts';
import { migratePages } from './plans.ts';
import { reclaimClean } from './reclaim.ts';

/** alloc_contig_range() of everything that the request names. */
export function* allocateContiguous(kernel: Kernel, run: Run): Process {
  run.returned = yield* allocateRange(
    kernel,
    run,
    run.members.map((_, chunk) => chunk),
  );
}

/**
 * One range, given by its chunks: caches once, then list after list. Returns 0 or a negative errno.
 *
 * A list that does not empty ends the migration with -EBUSY, which alloc_contig_range() does not take as an answer: it
 * looks whether every page is free by now (test_pages_isolated()), so that a folio that could not be isolated fails the
 * range as well. Nobody frees a page meanwhile in the model, so that the look never turns a failure into a success.
 */
export function* allocateRange(kernel: Kernel, run: Run, chunks: readonly number[]): Generator<Step, number, void> {
  yield* protect(kernel, run);
  let returned = 0;
  for (const chunk of chunks) {
    const members = run.members[chunk] ?? [];
    const gap = gapOf(run, chunk);
    if (!kernel.pass(gap)) yield gap;
    // A list of which the capture shows the call alone: all of it had been dropped before.
    if (members.length === 0 && run.demand?.wholeLists === true) {
      yield* migratePages(kernel, run, [], run.demand.mode);
    }
    for (let place = 0; place < members.length && returned === 0; ) {
      const list: Member[] = [];
      place = yield* isolateBlock(kernel, run, members, place, list);
      returned = yield* emptyList(kernel, run, list);
    }
    if (returned !== 0) break;
  }
  unprotect(kernel);
  const busy = returned === 0 || returned === -16 ? firstInPlace(run, chunks) : undefined;
  kernel.log?.push(
    logKind['test isolated'],
    kernel.now,
    run.cpu,
    run.demand?.id ?? -1,
    busy?.folio.id ?? -1,
    busy === undefined ? 1 : 0,
  );
  if (returned === 0 && busy !== undefined) returned = -16;
  if (returned === -16) run.counters.busyAllocations++;
  return returned;
}

/**
 * Up to `contiguousTries` calls of migrate_pages for one isolated list; the folios stay isolated between them. Clean
 * page cache is dropped before each call (axis O). -ENOMEM gives up at once.
 */
function* emptyList(kernel: Kernel, run: Run, isolated: readonly Member[]): Generator<Step, number, void> {
  const { contiguousTries, reclaimsCleanFirst } = kernel.decisions;
  let list = isolated;
  let returned = 0;
  for (let tries = 0; tries < contiguousTries && list.length > 0; tries++) {
    if (tries > 0) run.counters.outerLoops++;
    if (reclaimsCleanFirst) list = yield* reclaimClean(kernel, run, list);
    // Even if nothing is left of it: migrate_pages() is called, and says 0 and 0.
    const rest = yield* migratePages(kernel, run, list, run.demand?.mode ?? 'sync');
    list = rest.left;
    if (rest.noMemory) {
      returned = -12;
      break;
    }
    if (list.length > 0) yield* protectAgain(kernel, run);
  }
  if (list.length === 0) return 0;
  yield* putbackAll(kernel, run, list);
  return returned === 0 ? -16 : returned;
}

function firstInPlace(run: Run, chunks: readonly number[]): Member | undefined {
  for (const chunk of chunks) {
    for (const member of run.members[chunk] ?? []) if (!hasLeft(member)) return member;
  }
  return undefined;
}
