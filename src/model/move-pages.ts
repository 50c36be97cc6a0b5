/** do_pages_move() (mm/migrate.c), as far as a recording shows it. */
import { protect, protectAgain, unprotect } from './drains.ts';
import type { Kernel, Process, Run } from './kernel.ts';
import { gapOf, isolateAll, putbackAll } from './lists.ts';
import { migratePages } from './plans.ts';

/**
 * Caches are answered once for the whole request. A folio that cannot be isolated only gets its own status (-EBUSY);
 * the first call that leaves folios behind ends the request, and what was not tried stays where it is. Returns the
 * pages left behind plus those never tried, as the syscall does.
 */
export function* movePages(kernel: Kernel, run: Run): Process {
  yield* protect(kernel, run);
  let failed = 0;
  for (const [chunk, members] of run.members.entries()) {
    const gap = gapOf(run, chunk);
    if (!kernel.pass(gap)) yield gap;
    const list = yield* isolateAll(kernel, run, members);
    if (list.length === 0) continue;
    const rest = yield* migratePages(kernel, run, list, run.demand?.mode ?? 'sync');
    yield* putbackAll(kernel, run, rest.left);
    if (rest.left.length > 0) {
      failed = rest.left.length;
      yield* protectAgain(kernel, run);
      break;
    }
  }
  unprotect(kernel);
  const untried = failed === 0 ? 0 : run.members.flat().filter((member) => member.ending === 'not tried').length;
  run.returned = failed + untried;
}
