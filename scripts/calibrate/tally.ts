/** Worlds' scores added up: coverage of intervals, and whether ranks are uniform. */
import { uniform } from '../../src/base/random.ts';
import { levels, type Score } from './score.ts';

/** All scores of one metric of one thing that was predicted. */
export interface Tally {
  readonly what: string;
  readonly metric: string;
  readonly worlds: number;
  /** Worlds whose draws were all equal, and those of them whose truth was another. */
  readonly settled: number;
  readonly settledWrong: number;
  /** Of the worlds that left something open, by level: the truth lay in the middle interval, and in the middle ranks. */
  readonly inside: readonly number[];
  readonly insideRanks: readonly number[];
  /** Ranks of the worlds that left something open, ascending. */
  readonly ranks: Float64Array;
  /** Chance that ranks of so many truths that are draws leave the diagonal further; NaN of fewer than `fewest`. */
  readonly chance: number;
  /** Sums over all worlds. */
  readonly truth: number;
  readonly mean: number;
}

/** Fewer ranks than this say nothing about their law. */
export const fewest = 20;

export function tally(scores: readonly Score[]): Tally[] {
  const groups = new Map<string, Score[]>();
  for (const score of scores) {
    const key = `${score.what}\n${score.metric}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [score]);
    else group.push(score);
  }
  return [...groups.values()].map((group) => {
    const open = group.filter(({ settled }) => !settled);
    const ranks = Float64Array.from(open, ({ rank }) => rank).sort();
    return {
      what: group[0]!.what,
      metric: group[0]!.metric,
      worlds: group.length,
      settled: group.length - open.length,
      settledWrong: group.filter(({ settled, inside }) => settled && !inside[0]).length,
      inside: levels.map((_, i) => open.filter(({ inside }) => inside[i]).length),
      insideRanks: levels.map((level) => open.filter(({ rank }) => Math.abs(rank - 0.5) < level / 2).length),
      ranks,
      chance: ranks.length < fewest ? Number.NaN : chanceOf(ranks),
      truth: group.reduce((sum, { truth }) => sum + truth, 0),
      mean: group.reduce((sum, { mean }) => sum + mean, 0),
    };
  });
}

/** Points at which a distribution function is held against the diagonal. */
const points = 40;
const simulations = 1000;
const grid = Array.from({ length: points - 1 }, (_, i) => (i + 1) / points);

/** By number of ranks: the counts of simulated uniform ones furthest from the diagonal, ascending. */
const simulated = new Map<number, Float64Array>();

/**
 * How unlikely the least likely point of an empirical distribution function is, if ranks are uniform: twice the smaller
 * tail of its binomial law (Säilynoja, Bürkner and Vehtari, "Graphical test for discrete uniformity and its applications in
 * goodness-of-fit evaluation and multiple sample comparison", Statistics and Computing 32, 2022, equation 5).
 */
function leastLikely(ranks: Float64Array, cdfs: readonly Float64Array[]): number {
  let least = 1;
  let below = 0;
  grid.forEach((z, i) => {
    while (below < ranks.length && ranks[below]! <= z) below++;
    const cdf = cdfs[i]!;
    least = Math.min(least, 2 * cdf[below]!, 2 * (1 - (below === 0 ? 0 : cdf[below - 1]!)));
  });
  return least;
}

/** The law of that under uniform ranks, by simulation (their section 2.2). */
function lawOf(count: number): Float64Array {
  let law = simulated.get(count);
  if (law === undefined) {
    const cdfs = cdfsOf(count);
    law = Float64Array.from({ length: simulations }, (_, n) =>
      leastLikely(Float64Array.from({ length: count }, (_, i) => uniform(1, 'world', n, i, count)).sort(), cdfs),
    ).sort();
    simulated.set(count, law);
  }
  return law;
}

function chanceOf(ranks: Float64Array): number {
  const own = leastLikely(ranks, cdfsOf(ranks.length));
  return lawOf(ranks.length).filter((value) => value <= own).length / simulations;
}

/** The band that holds 95 % of distribution functions of `count` uniform ranks as a whole, less the diagonal. */
export function bandOf(count: number): { readonly z: number; readonly low: number; readonly high: number }[] {
  const gamma = lawOf(count)[Math.floor(0.05 * simulations)]!;
  return cdfsOf(count).map((cdf, i) => {
    const z = grid[i]!;
    const low = cdf.findIndex((p) => p >= gamma / 2);
    const high = cdf.findIndex((p) => p >= 1 - gamma / 2);
    return { z, low: low / count - z, high: high / count - z };
  });
}

const cdfsKnown = new Map<number, readonly Float64Array[]>();

/** Distribution functions of binomials of `count` trials, one for each point of the grid. */
function cdfsOf(count: number): readonly Float64Array[] {
  let cdfs = cdfsKnown.get(count);
  if (cdfs === undefined) {
    cdfs = grid.map((p) => {
      const cdf = new Float64Array(count + 1);
      let log = count * Math.log(1 - p);
      let sum = 0;
      for (let k = 0; k <= count; k++) {
        sum += Math.exp(log);
        cdf[k] = Math.min(1, sum);
        log += Math.log((count - k) / (k + 1)) + Math.log(p / (1 - p));
      }
      return cdf;
    });
    cdfsKnown.set(count, cdfs);
  }
  return cdfs;
}

/** The empirical distribution function of ranks, less the diagonal. */
export function differenceOf(ranks: Float64Array): { readonly z: number; readonly difference: number }[] {
  let below = 0;
  return grid.map((z) => {
    while (below < ranks.length && ranks[below]! <= z) below++;
    return { z, difference: below / ranks.length - z };
  });
}
