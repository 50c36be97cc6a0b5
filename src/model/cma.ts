/** cma_alloc() (mm/cma.c, kernel-model 7.1). */
import { allocateRange } from './contiguous.ts';
import type { Kernel, Process, Run } from './kernel.ts';
import { logKind } from './log.ts';

/**
 * Candidate areas in the order of the bitmap, each a contiguous allocation with its own window of disabled caches. One
 * busy page costs the whole area; what has moved out of it stays moved where the next area overlaps (its chunks are
 * named again). Anything but -EBUSY ends the allocation, and so does the end of the bitmap, with the last answer.
 *
 * One allocation at a time looks at an area (cma_mutex, or the area's own alloc_mutex): the others sleep, and come to the
 * next area in between.
 *
 * A folio is in one chunk only; areas overlap by naming the same chunk. Without `areas` there is one: everything.
 */
export function* allocateCma(kernel: Kernel, run: Run): Process {
  const id = run.demand?.id ?? -1;
  const areas = run.demand?.areas ?? [run.members.map((_, chunk) => chunk)];
  kernel.log?.push(logKind['cma start'], kernel.now, run.cpu, id, -1, pagesOf(run, areas[0] ?? []));
  let returned = -12;
  let tried = 0;
  for (const [area, chunks] of areas.entries()) {
    tried = area;
    while (kernel.cmaMutexHeld) yield kernel.cmaMutex;
    kernel.cmaMutexHeld = true;
    returned = yield* allocateRange(kernel, run, chunks);
    kernel.cmaMutexHeld = false;
    kernel.wake(kernel.cmaMutex);
    if (returned !== -16) break;
    run.counters.busyRetries++;
    kernel.log?.push(logKind['cma busy'], kernel.now, run.cpu, id, -1, area, returned);
  }
  kernel.log?.push(logKind['cma finish'], kernel.now, run.cpu, id, -1, tried, returned);
  run.returned = returned;
}

/** Base pages of an area, as far as folios fill it. */
function pagesOf(run: Run, chunks: readonly number[]): number {
  let pages = 0;
  for (const chunk of chunks) for (const { folio } of run.members[chunk] ?? []) pages += folio.pages;
  return pages;
}
