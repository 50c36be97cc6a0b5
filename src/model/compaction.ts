/** compact_zone() (mm/compaction.c, kernel-model 7.5). */
import { drainAll, drainLocal } from './drains.ts';
import { hasLeft, isolateBlock } from './isolate-block.ts';
import type { Kernel, Member, Process, Run, Step } from './kernel.ts';
import { gapOf, putbackAll } from './lists.ts';
import { migratePages } from './plans.ts';

/**
 * This CPU is drained once, and again where the scanner leaves an order-aligned block (lru_add_drain_cpu_zone());
 * through /proc all CPUs are, once. Failures are put back and the scanner goes on: compaction never fails by itself.
 *
 * `rescans`: a block with failures is gone over once more (finish_pageblock). What was put back sits in this CPU's add
 * batch then, so that the second look mostly finds what was in a batch at the first.
 */
export function* compact(kernel: Kernel, run: Run): Process {
  if (run.demand?.drainsAll === true) yield* drainAll(kernel, run, false);
  drainLocal(kernel, run);
  for (const [chunk, members] of run.members.entries()) {
    const gap = gapOf(run, chunk);
    if (!kernel.pass(gap)) yield gap;
    if (run.demand?.chunks[chunk]?.leavesBlock === true) drainLocal(kernel, run);
    yield* scan(kernel, run, members);
    if (run.demand?.rescans !== true || members.every(hasLeft)) continue;
    run.counters.outerLoops++;
    yield* scan(kernel, run, members);
  }
  run.returned = 0;
}

/** The lists of one block: isolate, one call, put back. */
function* scan(kernel: Kernel, run: Run, members: readonly Member[]): Generator<Step, void, void> {
  for (let place = 0; place < members.length; ) {
    const list: Member[] = [];
    place = yield* isolateBlock(kernel, run, members, place, list);
    if (list.length === 0) continue;
    const rest = yield* migratePages(kernel, run, list, run.demand?.mode ?? 'sync');
    yield* putbackAll(kernel, run, rest.left);
  }
}
