/** Random numbers of shapes that abduction needs, from keyed uniforms only: the same key gives the same number. */
import { normal, type Purpose, uniform } from '../base/random.ts';

/** How many different gamma variates one (seed, draw) may ask for before their keys would meet. */
const stride = 4096;

/**
 * A gamma variate of the given shape and scale 1 (Marsaglia and Tsang, "A Simple Method for Generating Gamma
 * Variables", ACM TOMS 26, 2000; shapes below 1 by their boost). `which` tells variates of one draw apart.
 */
export function gamma(shape: number, seed: number, purpose: Purpose, draw: number, which: number): number {
  let n = 0;
  const next = () => uniform(seed, purpose, draw, which * stride + n++);
  if (shape <= 0) return 0;
  const boost = shape < 1 ? next() ** (1 / shape) : 1;
  const d = (shape < 1 ? shape + 1 : shape) - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(next(), next());
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    if (Math.log(next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v * boost;
  }
}

/** What was counted about a probability: how often it was tried, and how often it came true (weights need not be whole). */
export interface Count {
  readonly trials: number;
  readonly hits: number;
}

/**
 * A draw of a probability given what was counted, from the Beta posterior under the prior Beta(weight, weight): Jeffreys'
 * Beta(1/2, 1/2) unless told ("An Invariant Form for the Prior Probability in Estimation Problems", Proc. R. Soc. A 186, 1946).
 */
export function probability(count: Count, seed: number, draw: number, which: number, weight = 0.5): number {
  const a = gamma(count.hits + weight, seed, 'parameter', draw, 2 * which);
  const b = gamma(count.trials - count.hits + weight, seed, 'parameter', draw, 2 * which + 1);
  return a / (a + b);
}

/** Mean of that posterior. */
export function probabilityMean(count: Count): number {
  return (count.hits + 0.5) / (count.trials + 1);
}

/**
 * Standard error of the mean of draws that take `throws` throws in turn: draws of one throw are alike in what was thrown, so
 * that the throws are what is independent (batch means: Flegal, Haran and Jones, "Markov Chain Monte Carlo: Can We Trust the
 * Third Significant Figure?", Statistical Science 23, 2008). In the unit of the draws; NaN of fewer than two throws.
 */
export function monteCarloError(draws: ArrayLike<number>, throws: number): number {
  const count = Math.min(throws, draws.length);
  const sums = new Float64Array(count);
  const sizes = new Float64Array(count);
  for (let draw = 0; draw < draws.length; draw++) {
    sums[draw % count]! += draws[draw]!;
    sizes[draw % count]!++;
  }
  const means = sums.map((sum, i) => sum / sizes[i]!);
  const middle = means.reduce((sum, value) => sum + value, 0) / count;
  return Math.sqrt(means.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (count * (count - 1)));
}
