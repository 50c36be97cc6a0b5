/** Student's t with any number of degrees of freedom, as Welch's test needs it, by the incomplete beta function. */

/**
 * Probability that |t| is at most sqrt(degrees) tan(angle): 1 - I_x(degrees / 2, 1 / 2) with x = cos² angle (Abramowitz and
 * Stegun, Handbook of Mathematical Functions, 26.5.27). `degrees` > 0, not necessarily whole.
 */
export function studentWithin(angle: number, degrees: number): number {
  return 1 - incompleteBeta(Math.cos(angle) ** 2, degrees / 2, 1 / 2);
}

/**
 * Regularised incomplete beta function I_x(a, b) by its continued fraction (Abramowitz and Stegun 26.5.8), which converges
 * fast below (a + 1) / (a + b + 2); above it I_x(a, b) = 1 - I_{1-x}(b, a). `x` in [0, 1], `a` and `b` positive.
 */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
  // 1 + d1 / (1 + d2 / (1 + ...)), evaluated from the front (Lentz's method).
  let fraction = 1;
  let above = 1;
  let below = 0;
  for (let n = 1; n <= 1000; n++) {
    const m = Math.floor(n / 2);
    const even = m * (b - m);
    const odd = -(a + m) * (a + b + m);
    const term = (x * (n % 2 === 0 ? even : odd)) / ((a + n - 1) * (a + n));
    below = 1 / (1 + term * below);
    above = 1 + term / above;
    fraction *= above * below;
    if (Math.abs(above * below - 1) < 1e-15) break;
  }
  return front / fraction;
}

/** Natural logarithm of the gamma function by Stirling's series (Abramowitz and Stegun 6.1.41), shifted to where it is exact. */
export function logGamma(z: number): number {
  let shift = 0;
  let w = z;
  for (; w < 15; w++) shift += Math.log(w);
  const series = 1 / (12 * w) - 1 / (360 * w ** 3) + 1 / (1260 * w ** 5) - 1 / (1680 * w ** 7);
  return (w - 0.5) * Math.log(w) - w + 0.5 * Math.log(2 * Math.PI) + series - shift;
}
