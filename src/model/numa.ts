/** NUMA balancing (mm/migrate.c migrate_misplaced_folio()). */
import { hasLeft } from './isolate-block.ts';
import type { Kernel, Process, Run } from './kernel.ts';
import { gapOf, isolateAll, putbackAll } from './lists.ts';
import { migratePages } from './plans.ts';

/**
 * One folio a hint fault: isolated, one asynchronous call (MR_NUMA_MISPLACED, for which nothing is split on -ENOMEM),
 * put back if it is still there. No drain, no window, no second try: the next hint fault is another request.
 */
export function* balanceNuma(kernel: Kernel, run: Run): Process {
  let left = 0;
  for (const [chunk, members] of run.members.entries()) {
    const gap = gapOf(run, chunk);
    if (!kernel.pass(gap)) yield gap;
    for (const member of members) {
      if (hasLeft(member)) continue;
      const list = yield* isolateAll(kernel, run, [member]);
      if (list.length === 0) left++;
      else {
        const rest = yield* migratePages(kernel, run, list, 'async');
        yield* putbackAll(kernel, run, rest.left);
        left += rest.left.length;
      }
    }
  }
  run.returned = left === 0 ? 0 : -11;
}
