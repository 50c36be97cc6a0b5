/**
 * Who asks for migrate_pages, with the retries of its own: one generator a kind of request. A recorded retry is an
 * outcome, so the requester's loop runs again here.
 */
import { allocateCma } from './cma.ts';
import { compact } from './compaction.ts';
import { allocateContiguous } from './contiguous.ts';
import type { RequestModel } from './demand.ts';
import { protect, protectAgain, unprotect } from './drains.ts';
import { pinLongterm } from './gup.ts';
import type { Kernel, Process, Run } from './kernel.ts';
import { gapOf, isolateAll, putbackAll, tryOnce } from './lists.ts';
import { migrateVma } from './migrate-vma.ts';
import { movePages } from './move-pages.ts';
import { balanceNuma } from './numa.ts';
import { offline } from './offline.ts';
import { migratePages } from './plans.ts';
import { softOffline } from './soft-offline.ts';
import { splitHuge } from './thp-split.ts';

/** Calls whose requester is not known: each chunk is one call, nothing protects it, nobody retries. */
function* plainCalls(kernel: Kernel, run: Run): Process {
  let left = 0;
  for (const [chunk, members] of run.members.entries()) {
    const gap = gapOf(run, chunk);
    if (!kernel.pass(gap)) yield gap;
    left += yield* tryOnce(kernel, run, members);
  }
  run.returned = left === 0 ? 0 : -11;
}

/**
 * do_migrate_pages() and do_mbind(): caches once, one call a list; what stays is put back and counted, and the next list
 * is tried all the same, unless memory has run out. Returns the folios left behind.
 */
function* migrateLists(kernel: Kernel, run: Run): Process {
  yield* protect(kernel, run);
  let left = 0;
  for (const [chunk, members] of run.members.entries()) {
    const gap = gapOf(run, chunk);
    if (!kernel.pass(gap)) yield gap;
    const list = yield* isolateAll(kernel, run, members);
    if (list.length === 0) continue;
    const rest = yield* migratePages(kernel, run, list, run.demand?.mode ?? 'sync');
    yield* putbackAll(kernel, run, rest.left);
    left += rest.left.length;
    if (rest.noMemory) break;
    if (rest.left.length > 0) yield* protectAgain(kernel, run);
  }
  unprotect(kernel);
  run.returned = left;
}

/** The process of each kind of request. */
export const requesters: Readonly<Record<RequestModel, (kernel: Kernel, run: Run) => Process>> = {
  move_pages: movePages,
  'contiguous allocation': allocateContiguous,
  compaction: compact,
  'longterm pin': pinLongterm,
  'memory offline': offline,
  call: plainCalls,
  cma: allocateCma,
  'numa balancing': balanceNuma,
  'soft offline': softOffline,
  migrate_vma: migrateVma,
  'thp split': splitHuge,
  migrate_pages: migrateLists,
};
