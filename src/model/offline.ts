/** offline_pages() (mm/memory_hotplug.c, kernel-model 7.4). */
import { drainAll, protect, protectAgain, unprotect } from './drains.ts';
import { hasLeft } from './isolate-block.ts';
import type { Kernel, Member, Process, Run } from './kernel.ts';
import { gapOf, tryOnce } from './lists.ts';

/**
 * Caches once for the whole attempt, then the range again and again: failures are put back with a warning, and nothing
 * but a signal bounds the rounds. A replay knows how often the range was gone over (`passes`); elsewhere the loop is
 * ended after `outerLoops` rounds, and reported as one that the kernel would still be in.
 *
 * Up to 5.12 every failure is followed by one more all-CPU drain (`offlineDrainsAgain`), which the window of disabled
 * caches made superfluous.
 */
export function* offline(kernel: Kernel, run: Run): Process {
  yield* protect(kernel, run);
  const begun = kernel.now;
  const passes = run.demand?.passes;
  let left: Member[] = [];
  for (let round = 0; round < (passes ?? kernel.outerLoops); round++) {
    if (round > 0) run.counters.outerLoops++;
    left = [];
    for (const [chunk, members] of run.members.entries()) {
      const todo = members.filter((member) => !hasLeft(member));
      if (todo.length === 0) continue;
      const gap = gapOf(run, chunk);
      if (!kernel.pass(gap)) yield gap;
      if ((yield* tryOnce(kernel, run, todo)) === 0) continue;
      left.push(...todo.filter((member) => !hasLeft(member)));
      if (kernel.decisions.offlineDrainsAgain) yield* drainAll(kernel, run, false);
      else yield* protectAgain(kernel, run);
    }
    if (left.length === 0) break;
  }
  unprotect(kernel);
  run.returned = left.length === 0 ? 0 : -16;
  if (left.length === 0 || passes !== undefined) return;
  run.finding = {
    kind: 'endless',
    request: run.demand?.id ?? -1,
    since: begun,
    cpuTime: kernel.now - begun,
    says: `${left.length} folios still there after ${kernel.outerLoops} rounds over the range (${left[0]?.holder ?? 'nothing in the way'}): only a signal ends it`,
  };
}
