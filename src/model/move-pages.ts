/** do_pages_move() (mm/migrate.c), as far as a recording shows it, and the user who calls it again. */
import { protect, protectAgain, unprotect } from './drains.ts';
import { hasLeft } from './isolate-block.ts';
import type { Kernel, Member, Process, Run, Step } from './kernel.ts';
import { gapOf, isolateAll, putbackAll } from './lists.ts';
import { migratePages } from './plans.ts';

/**
 * move_pages(2). A user with patience (`userRetries`: the migration selftest gives up after so many failures in a row)
 * calls again for what is left; without, the first failure is the last.
 */
export function* movePages(kernel: Kernel, run: Run): Process {
  for (let failures = 0; ; run.counters.outerLoops++) {
    run.returned = yield* once(kernel, run, failures === 0);
    if (run.returned <= 0) return;
    if (++failures >= (run.demand?.userRetries ?? 1)) return;
  }
}

/**
 * One call. Caches are answered once for the whole of it. A folio that cannot be isolated only gets its own status
 * (-EBUSY); the first migrate_pages() that leaves folios behind ends it, and what was not tried stays where it is.
 * Returns the pages left behind (a split one counts even when all its parts moved) plus those never tried, or -ENOMEM.
 */
function* once(kernel: Kernel, run: Run, isFirst: boolean): Generator<Step, number, void> {
  yield* protect(kernel, run);
  let failed = 0;
  let tried = 0;
  const wanted = (members: readonly Member[]) => (isFirst ? members : members.filter((member) => !hasLeft(member)));
  for (const [chunk, members] of run.members.entries()) {
    const gap = gapOf(run, chunk);
    if (!kernel.pass(gap)) yield gap;
    tried++;
    const list = yield* isolateAll(kernel, run, wanted(members));
    if (list.length === 0) continue;
    const rest = yield* migratePages(kernel, run, list, run.demand?.mode ?? 'sync');
    yield* putbackAll(kernel, run, rest.left);
    if (rest.returned === 0) continue;
    failed = rest.returned;
    if (rest.left.length > 0) yield* protectAgain(kernel, run);
    break;
  }
  unprotect(kernel);
  if (failed <= 0) return failed;
  const untried = run.members.slice(tried).reduce((sum, members) => sum + wanted(members).length, 0);
  return failed + untried;
}
