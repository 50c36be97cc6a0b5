/** __alloc_contig_migrate_range() and what alloc_contig_range() makes of it (mm/page_alloc.c). */
import { protect, protectAgain, unprotect } from './drains.ts';
import type { Kernel, Process, Run } from './kernel.ts';
import { gapOf, isolateAll, putbackAll } from './lists.ts';
import { migratePages } from './plans.ts';

/**
 * One range: caches once, then for each isolated list up to `contiguousTries` calls of migrate_pages. The folios stay
 * isolated between the calls. A list that does not empty ends the attempt with -EBUSY; so does, at the end
 * (test_pages_isolated), a folio that could not be isolated. Clean page cache is migrated here like anything else,
 * where the kernel drops it first (reclaim_clean_pages_from_list).
 */
export function* allocateContiguous(kernel: Kernel, run: Run): Process {
  yield* protect(kernel, run);
  let returned = 0;
  for (const [chunk, members] of run.members.entries()) {
    yield gapOf(run, chunk);
    let list = yield* isolateAll(kernel, run, members);
    for (let tries = 0; tries < kernel.decisions.contiguousTries && list.length > 0; tries++) {
      const rest = yield* migratePages(kernel, run, list, run.demand?.mode ?? 'sync');
      list = [...rest.left];
      if (rest.noMemory) {
        returned = -12;
        break;
      }
      if (list.length > 0) yield* protectAgain(kernel, run);
    }
    if (list.length > 0) {
      yield* putbackAll(kernel, run, list);
      if (returned === 0) returned = -16;
      break;
    }
  }
  unprotect(kernel);
  if (returned === 0 && run.members.some((members) => members.some((member) => member.ending !== 'moved'))) {
    returned = -16;
  }
  run.returned = returned;
}
