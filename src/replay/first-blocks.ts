/**
 * Chances that a fault blocks a first episode, with an immediate TLB flush and with a deferred one. The two windows begin alike, with
 * the entry cleared; the migration entry follows at once where the flush is deferred, and after it where it is not, and a task whose
 * TLB still has the translation finds a cleared entry only after the flush (mm/rmap.c try_to_migrate_one(), kernel-model 3.6). So an
 * immediate flush is met by no fewer faults, and by how many more hangs on the machine's flushes, which leave no event: a factor that
 * nothing but episodes of both kinds says anything of.
 */
import { uniform } from '../base/random.ts';
import { type Count, probability } from './draws.ts';
import type { ByFlush, Chances, FirstBlocks } from './exposure.ts';
import type { Assumptions } from './parameters.ts';

const steps = 64;
const firstKey = 1024;
const factorKey = 2 ** 29;

/** A draw of the chances; alone and beside others under entries. */
export function drawFirstBlocks(
  { alone, beside }: FirstBlocks,
  { priorWeight, unseenPhase }: Pick<Assumptions, 'priorWeight' | 'unseenPhase'>,
  seed: number,
  draw: number,
): Pick<Chances, 'alone' | 'beside'> {
  const chanceOf = (own: Count, which: number) => probability(own, seed, draw, which, priorWeight);
  const u = uniform(seed, 'parameter', draw, factorKey);
  const both = (counts: ByFlush<Count>, which: number, none: number): ByFlush<number> => {
    const { deferred, eager } = counts;
    if (deferred.trials + eager.trials === 0) return { deferred: none, eager: none };
    if (deferred.trials >= eager.trials) {
      const p = chanceOf(deferred, which);
      return {
        deferred: p,
        eager: times(
          p,
          factorOf(eager, (factor) => times(p, factor), unseenPhase, u),
        ),
      };
    }
    const p = chanceOf(eager, which + 1);
    return { deferred: times(p, 1 / factorOf(deferred, (factor) => times(p, 1 / factor), unseenPhase, u)), eager: p };
  };
  // Nothing at all seen alone: no episode was ever recorded, so none will be asked about.
  return { alone: both(alone, 0, 0), beside: both(beside, firstKey, Number.NaN) };
}

/** The chance of a Poisson stream of so many times the rate. */
function times(p: number, factor: number): number {
  return 1 - (1 - p) ** factor;
}

/**
 * The factor that a uniform number picks: from 1 to the most that is assumed, evenly over its logarithm before, and by what was
 * counted of the kind whose chance it gives.
 */
function factorOf({ trials, hits }: Count, chance: (factor: number) => number, most: number, u: number): number {
  const factors = Array.from({ length: steps }, (_, i) => Math.max(1, most) ** ((i + u) / steps));
  const weights = factors.map((factor) => {
    const p = Math.min(1 - 1e-12, Math.max(1e-12, chance(factor)));
    return hits * Math.log(p) + Math.max(0, trials - hits) * Math.log(1 - p);
  });
  const best = Math.max(...weights);
  let left = u * weights.reduce((sum, weight) => sum + Math.exp(weight - best), 0);
  for (const [i, weight] of weights.entries()) {
    left -= Math.exp(weight - best);
    if (left < 0) return factors[i]!;
  }
  return factors.at(-1)!;
}
