/** The migration selftest (tools/testing/selftests/mm/migration.c) in the model: one page, moved to and fro until it stays. */
import { exponential, uniform } from '../../src/base/random.ts';
import type { Decisions } from '../../src/model/decisions.ts';
import { lawWorld, one } from '../../src/model/made-up.ts';
import { emptyWorld, type World } from '../../src/model/world.ts';
import { resolvePolicy } from '../../src/policies/policies.ts';

/**
 * The kernel that was tested (6.11-rc), without and with what was proposed; before 6.11's comparison ahead of the copy,
 * which changes no outcome here. Flushes at once in both parts (6.5): since 6.6 arm64 defers those of the first part,
 * which would leave no window for faults there, and the page would always move. Captures show that some of those
 * episodes are blocked all the same.
 */
export const tested = {
  mainline: resolvePolicy('linux-6.5').decisions,
  check: resolvePolicy('linux-6.5+refcheck-unmap').decisions,
  checkTimesThree: resolvePolicy('linux-6.5+refcheck-unmap-x3').decisions,
  combined: resolvePolicy('linux-6.5+combined-loop').decisions,
} as const;

/** "About 100 iterations" is read as anything from 50 to 200. */
export const aboutHundred = { low: 50, estimate: 100, high: 200 } as const;

/** Episodes that must all be blocked for one call to fail, counted by running it with every one blocked. */
export function episodesOfFailure(decisions: Decisions): number {
  const world: World = { ...emptyWorld, faultEnters: (_, { from }) => [{ at: from, releaseAfter: 0 }] };
  return one(decisions, {}, {}, world).counters.episodes;
}

/**
 * The one parameter: the probability that an episode is blocked, whatever came before it, such that the kernel with the
 * check at the end of unmapping moves the page so many times before it fails.
 */
export function blockedOf(iterations: number): number {
  return iterations ** (-1 / episodesOfFailure(tested.check));
}

/** Independent episodes: blocked with this probability, each by a task that is let go by the next unlock. */
export function independent(blocked: number, seed: number): World {
  return {
    ...emptyWorld,
    faultEnters: ({ request, episode }, { from }) =>
      uniform(seed, 'faultWindow', request, episode) < blocked ? [{ at: from, releaseAfter: 0 }] : [],
  };
}

/** Iterations until a call, and as many more in a row as `patience` says, leave the page where it was; at most `most`. */
export function iterations(decisions: Decisions, world: World, most: number, patience = 1): number {
  for (let id = 0; id < most; id++) {
    if (one(decisions, {}, { id, userRetries: patience }, world).returned !== 0) return id + 1;
  }
  return most;
}

/**
 * The other end: readers touch at a rate, and who has been woken needs an exponential time to get on, so that the same
 * task is in the way again when the folio is locked before. ns, assumed; the flush is the window.
 */
export function correlated(touch: number, seed: number): World {
  const services = { destination: 300, unmap: 500, flush: 2000, attempt: 300, copy: 500, restore: 500 };
  return lawWorld({ seed, touch, release: (u) => exponential(1000, u), services });
}

/** Mean iterations over draws. */
export function meanIterations(
  decisions: Decisions,
  worldOf: (seed: number) => World,
  { seed, draws }: { readonly seed: number; readonly draws: number },
  most: number,
): number {
  let sum = 0;
  for (let draw = 0; draw < draws; draw++) sum += iterations(decisions, worldOf(seed * 1000 + draw), most);
  return sum / draws;
}
