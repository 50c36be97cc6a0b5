/** Durations and laws as people write them: `5us`, `1.5ms`; `{exponential: 2ms}`. */
import type { Duration, Law } from './scenario.ts';

/** Decimal exponent of each unit; `µs` is taken too. */
const units: readonly (readonly [unit: string, exponent: number])[] = [
  ['s', 9],
  ['ms', 6],
  ['us', 3],
  ['ns', 0],
];

/** What a text with a duration looks like. */
export const durationPattern = /^(\d{1,9}(?:\.\d{1,12})?) ?(ns|us|µs|ms|s)$/;

/** ns of `5us`, `1.5ms`, `2 s`; undefined when it is none. Exact: the decimal point is moved, nothing is multiplied. */
export function parseDuration(text: string): Duration | undefined {
  const [, digits, unit = ''] = durationPattern.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const [, exponent = 0] = units.find(([name]) => name === unit.replace('µ', 'u')) ?? [];
  return Number(`${digits}e${exponent}`);
}

/** The shortest text that reads back to exactly this many ns, or the number itself where no unit gives one. */
export function printDuration(ns: Duration): string | number {
  let best: string | undefined;
  for (const [unit, exponent] of units) {
    const text = `${Number(`${ns}e-${exponent}`)}${unit}`;
    if (parseDuration(text) === ns && (best === undefined || text.length < best.length)) best = text;
  }
  return best ?? ns;
}

/** The mean of a law, ns. */
export function meanOf(law: Law): Duration {
  switch (law.kind) {
    case 'fixed':
      return law.ns;
    case 'exponential':
      return law.mean;
    case 'uniform':
      return (law.low + law.high) / 2;
    case 'values': {
      const weights = law.weights;
      let sum = 0;
      let total = 0;
      law.ns.forEach((ns, i) => {
        const weight = weights?.[i] ?? 1;
        sum += ns * weight;
        total += weight;
      });
      return sum / total;
    }
  }
}

/**
 * How much longer something of this law lasts when it is met at any time: the length met is drawn in proportion to
 * itself (a long one is met more often), and any part of it may be over (D. R. Cox, Renewal Theory, 1962, chapter 5).
 */
export function residual(law: Law): (u: number, v: number) => Duration {
  switch (law.kind) {
    case 'fixed':
      return (_, v) => law.ns * v;
    case 'exponential':
      return (_, v) => -law.mean * Math.log1p(-v);
    case 'uniform': {
      const { low, high } = law;
      return (u, v) => Math.sqrt(low * low + u * (high * high - low * low)) * v;
    }
    case 'values': {
      const biased = law.ns.map((ns, i) => ns * (law.weights?.[i] ?? 1));
      if (!biased.some((weight) => weight > 0)) return () => 0;
      const met = sampler({ ...law, weights: biased });
      return (u, v) => met(u) * v;
    }
  }
}

/** A law as a function of one uniform number in (0, 1): its quantile, so that the same luck is the same length. */
export function sampler(law: Law): (u: number) => Duration {
  switch (law.kind) {
    case 'fixed': {
      const { ns } = law;
      return () => ns;
    }
    case 'exponential': {
      const { mean } = law;
      return (u) => -mean * Math.log1p(-u);
    }
    case 'uniform': {
      const { low, high } = law;
      return (u) => low + (high - low) * u;
    }
    case 'values': {
      const { ns, weights = ns.map(() => 1) } = law;
      const order = ns.map((_, i) => i).sort((a, b) => ns[a]! - ns[b]!);
      const values = Float64Array.from(order, (i) => ns[i]!);
      const ends = Float64Array.from(order, (i) => weights[i]!);
      for (let i = 1; i < ends.length; i++) ends[i]! += ends[i - 1]!;
      const total = ends.at(-1) ?? 0;
      return (u) => {
        const at = u * total;
        let low = 0;
        let high = ends.length - 1;
        while (low < high) {
          const middle = (low + high) >>> 1;
          if (at < ends[middle]!) high = middle;
          else low = middle + 1;
        }
        return values[low]!;
      };
    }
  }
}
