/**
 * Who asks for migrate_pages, with the retries of its own: one generator a kind of request. A recorded retry is an
 * outcome, so the requester's loop runs again here.
 */
import { allocateContiguous } from './contiguous.ts';
import type { RequestModel } from './demand.ts';
import { drainAll, drainLocal, protect, protectAgain, unprotect } from './drains.ts';
import type { Kernel, Process, Run } from './kernel.ts';
import { gapOf, isolateAll, putbackAll, tryOnce } from './lists.ts';
import { movePages } from './move-pages.ts';
import { migratePages } from './plans.ts';

/** compact_zone(): this CPU is drained once; failures are put back, and the scanner goes on. Never fails by itself. */
function* compact(kernel: Kernel, run: Run): Process {
  drainLocal(kernel, run);
  for (const [chunk, members] of run.members.entries()) {
    yield gapOf(run, chunk);
    yield* tryOnce(kernel, run, members);
  }
  run.returned = 0;
}

/**
 * __gup_longterm_locked(): collect what may not be pinned where it is, migrate it, pin again, until nothing is left.
 * The drain rule is that of 5.13 to 6.16: when a folio is not on the LRU, drain all CPUs once a collection (later rules
 * are axis I, not modelled). A folio that no drain brings back to the LRU would keep the kernel looping; here the
 * request ends with -EAGAIN.
 */
function* pinLongterm(kernel: Kernel, run: Run): Process {
  for (const [chunk, members] of run.members.entries()) {
    yield gapOf(run, chunk);
    let todo = [...members];
    while (todo.length > 0) {
      if (todo.some((member) => !member.folio.onLru)) yield* drainAll(kernel, run, false);
      const list = yield* isolateAll(kernel, run, todo);
      if (list.length === 0) {
        run.returned = -11;
        return;
      }
      const rest = yield* migratePages(kernel, run, list, 'sync');
      yield* putbackAll(kernel, run, rest.left);
      if (rest.left.length > 0) {
        run.returned = -12;
        return;
      }
      todo = todo.filter((member) => member.ending !== 'moved');
    }
  }
  run.returned = 0;
}

/** offline_pages(): caches once, then the range again and again; the recording says how often it was gone over. */
function* offline(kernel: Kernel, run: Run): Process {
  yield* protect(kernel, run);
  let left = 0;
  for (let pass = 0; pass < (run.demand?.passes ?? 1); pass++) {
    left = 0;
    for (const [chunk, members] of run.members.entries()) {
      const todo = members.filter((member) => member.ending !== 'moved');
      if (todo.length === 0) continue;
      yield gapOf(run, chunk);
      const failed = yield* tryOnce(kernel, run, todo);
      if (failed > 0) yield* protectAgain(kernel, run);
      left += failed;
    }
    if (left === 0) break;
  }
  unprotect(kernel);
  run.returned = left === 0 ? 0 : -16;
}

/** Calls whose requester is not known: each chunk is one call, nothing protects it, nobody retries. */
function* plainCalls(kernel: Kernel, run: Run): Process {
  let left = 0;
  for (const [chunk, members] of run.members.entries()) {
    yield gapOf(run, chunk);
    left += yield* tryOnce(kernel, run, members);
  }
  run.returned = left === 0 ? 0 : -11;
}

function notYet(_: Kernel, run: Run): Process {
  throw new Error(`no procedure for '${run.demand?.model}'`);
}

/** The process of each kind of request. */
export const requesters: Readonly<Record<RequestModel, (kernel: Kernel, run: Run) => Process>> = {
  move_pages: movePages,
  'contiguous allocation': allocateContiguous,
  compaction: compact,
  'longterm pin': pinLongterm,
  'memory offline': offline,
  call: plainCalls,
  cma: notYet,
  'numa balancing': notYet,
  'soft offline': notYet,
  migrate_vma: notYet,
  'thp split': notYet,
  migrate_pages: notYet,
};
