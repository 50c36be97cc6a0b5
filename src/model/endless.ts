/** Loops that the kernel does not bound (GUP's outer loop, offlining): when the model gives up on them. */
import type { Kernel } from './kernel.ts';

/**
 * Whether a loop that has got nowhere since `since`, in `rounds` rounds of which the last began at `began`, is ended and
 * reported. It must have gone round `outerLoops` times, and either be about to reach the horizon, or have had the
 * patience that a standstill is given (`CpuRules`; a world without them has none, as a replay, which knows what came
 * of the loop). Rounds that take no time would keep the clock from reaching either.
 */
export function isEndless(kernel: Kernel, rounds: number, since: number, began: number): boolean {
  if (rounds < kernel.outerLoops) return false;
  const round = kernel.now - began;
  const patience = kernel.world.cpus?.patience ?? 0;
  return round === 0 || kernel.now + round >= Math.min(since + patience, kernel.horizon);
}
