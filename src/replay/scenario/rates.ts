/** Rates and shares with their intervals, for what is estimated from a capture. */

export interface Estimate {
  readonly value: number;
  /** 95 % interval. */
  readonly low: number;
  readonly high: number;
}

/** The standard normal's 97.5th percentile. */
const z = 1.959963984540054;

/**
 * Events a ns, from how many there were in so long. The interval is that of a gamma posterior under Jeffreys' prior,
 * Gamma(n + 1/2), by the approximation of Wilson and Hilferty, "The Distribution of Chi-Square", PNAS 17 (1931): the cube
 * root of a gamma variate is nearly normal.
 */
export function rateOf(count: number, ns: number): Estimate {
  const shape = count + 0.5;
  const at = (quantile: number) => {
    const root = 1 - 1 / (9 * shape) + quantile / Math.sqrt(9 * shape);
    return (shape * Math.max(0, root) ** 3) / ns;
  };
  return { value: count / ns, low: at(-z), high: at(z) };
}

/**
 * A share, from hits among trials; its interval is Wilson's score interval ("Probable Inference, the Law of Succession, and
 * Statistical Inference", JASA 22, 1927), which stays within 0 and 1 and needs no hit.
 */
export function shareOf(hits: number, trials: number): Estimate {
  if (!(trials > 0)) return { value: Number.NaN, low: 0, high: 1 };
  const p = hits / trials;
  const bend = (z * z) / trials;
  const middle = (p + bend / 2) / (1 + bend);
  const half = (z * Math.sqrt((p * (1 - p) + bend / 4) / trials)) / (1 + bend);
  return { value: p, low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

/**
 * What a share of blocked episodes says of touches: with r touches a ns a window of w ns is missed with e^(-rw), so that
 * rw = -ln(1 - p). Only the product is told.
 */
export function touchesInWindow({ value, low, high }: Estimate): Estimate {
  const of = (p: number) => -Math.log1p(-Math.min(p, 1 - 1e-6));
  return { value: of(value), low: of(low), high: of(high) };
}
