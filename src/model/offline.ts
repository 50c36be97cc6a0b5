/** offline_pages() (mm/memory_hotplug.c, kernel-model 7.4). */
import { drainAll, protect, protectAgain, unprotect } from './drains.ts';
import { isEndless } from './endless.ts';
import { hasLeft } from './isolate-block.ts';
import type { Kernel, Process, Run } from './kernel.ts';
import { gapOf, tryOnce } from './lists.ts';

/**
 * Caches once for the whole attempt, then the range again and again: failures are put back with a warning, and nothing
 * but a signal bounds the rounds. A replay knows how often the range was gone over (`passes`); elsewhere rounds that
 * get nowhere are ended some time (endless.ts), and reported as a loop that the kernel would still be in.
 *
 * Up to 5.12 every failure is followed by one more all-CPU drain (`offlineDrainsAgain`), which the window of disabled
 * caches made superfluous.
 */
export function* offline(kernel: Kernel, run: Run): Process {
  yield* protect(kernel, run);
  const passes = run.demand?.passes;
  let since = kernel.now;
  let left = run.members.flat().filter((member) => !hasLeft(member));
  for (let rounds = 0, idle = 0; left.length > 0 && rounds < (passes ?? Number.POSITIVE_INFINITY); rounds++) {
    if (rounds > 0) run.counters.outerLoops++;
    const began = kernel.now;
    const before = left.length;
    yield* goOver(kernel, run);
    left = left.filter((member) => !hasLeft(member));
    if (left.length < before) {
      since = kernel.now;
      idle = 0;
    } else if (passes === undefined && isEndless(kernel, ++idle, since, began)) {
      run.finding = {
        kind: 'endless',
        request: run.demand?.id ?? -1,
        since,
        cpuTime: kernel.now - since,
        says: `${left.length} folios stayed over ${idle} rounds (the first for: ${left[0]?.holder ?? 'nothing seen'}); nothing but a signal bounds them`,
      };
      break;
    }
  }
  unprotect(kernel);
  run.returned = left.length === 0 ? 0 : -16;
}

/** scan_movable_pages() and do_migrate_range(): one round. */
function* goOver(kernel: Kernel, run: Run): Process {
  for (const [chunk, members] of run.members.entries()) {
    const todo = members.filter((member) => !hasLeft(member));
    if (todo.length === 0) continue;
    const gap = gapOf(run, chunk);
    if (!kernel.pass(gap)) yield gap;
    if ((yield* tryOnce(kernel, run, todo)) === 0) continue;
    if (kernel.decisions.offlineDrainsAgain) yield* drainAll(kernel, run, false);
    else yield* protectAgain(kernel, run);
  }
}
