/** Soft offlining of pages with corrected errors (mm/memory-failure.c soft_offline_page(), soft_offline_in_use_page()). */
import { drainAll } from './drains.ts';
import { settle } from './folio.ts';
import { hasLeft } from './isolate-block.ts';
import type { Kernel, Member, Process, Run, Step } from './kernel.ts';
import { gapOf, isolateAll, putbackAll } from './lists.ts';
import { migratePages } from './plans.ts';

/**
 * Page by page: one that is not on the LRU has all CPUs drained once (shake_folio(); which of its callers reach this
 * path in which version is not verified), then it is isolated and moved by one synchronous call. The first page that
 * stays ends the request with -EBUSY, as madvise_inject_error() does; there are no retries.
 */
export function* softOffline(kernel: Kernel, run: Run): Process {
  for (const [chunk, members] of run.members.entries()) {
    const gap = gapOf(run, chunk);
    if (!kernel.pass(gap)) yield gap;
    for (const member of members) {
      if (yield* softOfflineOne(kernel, run, member)) continue;
      run.returned = -16;
      return;
    }
  }
  run.returned = 0;
}

function* softOfflineOne(kernel: Kernel, run: Run, member: Member): Generator<Step, boolean, void> {
  settle(member.folio, kernel.now);
  // A page that is free by now is taken from the free list (page_handle_poison()).
  if (hasLeft(member)) return true;
  if (!member.folio.onLru) yield* drainAll(kernel, run, false);
  const list = yield* isolateAll(kernel, run, [member]);
  if (list.length === 0) return false;
  const rest = yield* migratePages(kernel, run, list, 'sync');
  yield* putbackAll(kernel, run, rest.left);
  return rest.left.length === 0;
}
