/** Draining: of this CPU, of all, and for as long as LRU caches are disabled (mm/swap.c). */
import type { Kernel, Run, Step } from './kernel.ts';
import { type LogKind, logKind } from './log.ts';

function note(kernel: Kernel, run: Run, kind: LogKind, force = false): void {
  kernel.log?.push(logKind[kind], kernel.now, run.cpu, run.demand?.id ?? -1, -1, force ? 1 : 0);
}

/** lru_add_drain() on the run's CPU. */
export function drainLocal(kernel: Kernel, run: Run): void {
  if (kernel.decisions.neverDrain) return;
  run.counters.localDrains++;
  kernel.batches.drain(run.cpu);
}

/**
 * __lru_add_drain_all(): works are queued on the CPUs that need it, and the caller sleeps until all have run.
 * `force` (lru_cache_disable) skips the shortcut by generation (eef1a429f234, 5.5).
 */
export function* drainAll(kernel: Kernel, run: Run, force: boolean): Generator<Step, void, void> {
  const { decisions, batches, world } = kernel;
  if (decisions.neverDrain) return;
  note(kernel, run, 'drain all start', force);
  const generation = kernel.drainGeneration;
  // 6.18 and later: this CPU first, without the mutex.
  if (decisions.drainAll.localFirst) drainLocal(kernel, run);
  while (kernel.drainMutexHeld) yield kernel.drainMutex;
  if (decisions.drainAll.skipIfScheduledSince && !force && generation !== kernel.drainGeneration) {
    note(kernel, run, 'drain all end', force);
    return;
  }
  kernel.drainMutexHeld = true;
  kernel.drainGeneration++;
  run.counters.allCpuDrains++;
  const drain = kernel.drains++;
  let longest = 0;
  for (let cpu = 0; cpu < batches.cpus; cpu++) {
    if (!(force && decisions.drainAll.everyCpu) && !batches.needsDrain(cpu)) continue;
    run.counters.drainWorks++;
    const time = world.drainWorkTime(cpu, drain, kernel.now);
    if (time > longest) longest = time;
    kernel.queue.push(kernel.now + time, {
      work: () => batches.drain(cpu, true),
      account: run.counters,
      request: run.demand?.id ?? -1,
    });
  }
  // The works of this time were queued before the caller's own wakeup, so they run first.
  if (!kernel.pass(longest)) yield longest;
  kernel.drainMutexHeld = false;
  kernel.wake(kernel.drainMutex);
  note(kernel, run, 'drain all end', force);
}

/**
 * lru_cache_disable(): the count goes up, every CPU gets to see it (by RCU since 5.18, before by works on all CPUs),
 * then what was queued before is drained.
 */
export function* disableCaches(kernel: Kernel, run: Run): Generator<Step, void, void> {
  note(kernel, run, 'disable start');
  kernel.batches.disabled++;
  if (!kernel.decisions.drainAll.everyCpu) {
    run.counters.rcuWaits++;
    const waiting = kernel.world.rcuWaitTime(kernel.rcuWaits++, kernel.now, kernel.decisions.drainAll.expeditedRcu);
    if (!kernel.pass(waiting)) yield waiting;
  }
  yield* drainAll(kernel, run, true);
  note(kernel, run, 'disable end');
}

/** lru_cache_enable(): nests, does nothing else. */
export function enableCaches(kernel: Kernel): void {
  kernel.batches.disabled--;
  if (kernel.running !== undefined) note(kernel, kernel.running, 'enable');
}

/** Before the first call of a request that protects itself from batches (axis G). */
export function* protect(kernel: Kernel, run: Run): Generator<Step, void, void> {
  switch (kernel.decisions.lruCaches) {
    case 'nothing':
      return;
    case 'disable':
      if (!kernel.decisions.neverDrain) yield* disableCaches(kernel, run);
      return;
    case 'drain once':
    case 'drain after each failure':
      yield* drainAll(kernel, run, false);
  }
}

/** After a call that left folios behind. */
export function* protectAgain(kernel: Kernel, run: Run): Generator<Step, void, void> {
  if (kernel.decisions.lruCaches === 'drain after each failure') yield* drainAll(kernel, run, false);
}

/** After the last call. */
export function unprotect(kernel: Kernel): void {
  if (kernel.decisions.lruCaches === 'disable' && !kernel.decisions.neverDrain) enableCaches(kernel);
}
