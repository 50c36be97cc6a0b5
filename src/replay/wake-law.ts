/**
 * How long a task that an undo has woken takes until it runs and looks at the folio lock: a latent time of the scheduler's,
 * of which a capture shows some in full and of the others only where they ended. Nothing is assumed of its shape.
 *
 *     undo       lock              undo      lock
 *      │ unlocked │    locked       │ unlocked │
 *      woken ─────┼─────────────────┼──────────┼──▶
 *        runs here│ runs here: race │ of no use until it was woken again, if it lost
 *        and wins │ lost, asleep    │
 *
 * Bins of equal ratio; the time within one is even. Shares are estimated by expectation and maximisation (Turnbull, "The
 * Empirical Distribution Function with Arbitrarily Grouped, Censored and Truncated Data", J. R. Stat. Soc. B 38, 1976),
 * with 1/bins beforehand in each (Perks' prior); a draw picks what each task went through, then shares given that.
 */
import { uniform } from '../base/random.ts';
import { countLeading } from '../base/sorted.ts';
import { gamma } from './draws.ts';

/** What a capture shows of one task asleep on a folio lock. Times are ns since the first undo that woke it. */
export interface WakeChain {
  /** How sure it is that there was one. */
  readonly weight: number;
  /** Undos while it was (or may have been) there: 0 first. Locks that the migrator took before each but the first. */
  readonly undone: readonly number[];
  readonly locked: readonly number[];
  /** When it got the lock; NaN = not seen. */
  readonly ran: number;
  /** Not seen, but by this lock of the migrator it was gone; NaN = not known to be. */
  readonly goneBy: number;
}

/** Times by bins, with the share of each; a draw of it says how long tasks take. */
export interface WakeLaw {
  /** Ascending upper ends; the first bin begins at 0. What is longer than anything seen is in the last. */
  readonly ends: Float64Array;
  /** Share of times up to each end. */
  readonly cumulative: Float64Array;
}

/** An estimate, and what it is drawn anew from. */
export interface WakeEvidence {
  readonly chains: readonly WakeChain[];
  /** By chain and undo: the ways for a wakeup by that undo to end. */
  readonly ways: readonly Ways[];
  readonly law: WakeLaw;
  /** By chain: probability of what was seen from each undo on, if that one woke the task. */
  readonly onwards: readonly Float64Array[];
}

/** One way for a wakeup to end: the task ran between two times after it. */
interface Term {
  readonly from: number;
  /** Equal to `from`: at that very time. */
  readonly until: number;
  readonly factor: number;
  /** The undo that woke it again; -1 = nothing more was seen of it. */
  readonly next: number;
}

type Ways = readonly (readonly Term[])[];

const binsPerOctave = 4;
const rounds = 40;

/**
 * Undefined where no chain says anything. `fresh` = the probability that an episode is blocked by a task that came anew, where
 * sleeps cannot be told apart.
 */
export function wakeEvidenceOf(chains: readonly WakeChain[], fresh: number): WakeEvidence | undefined {
  const telling = chains.filter(
    ({ weight, undone, ran, goneBy }) => weight > 0 && (undone.length > 1 || ran >= 0 || goneBy >= 0),
  );
  if (telling.length === 0) return undefined;
  const ends = endsOf(telling);
  const ways = telling.map((chain) => chain.undone.map((_, woken) => termsOf(chain, woken, fresh)));
  let law: WakeLaw = { ends, cumulative: ends.map((_, i) => (i + 1) / ends.length) };
  for (let round = 0; round < rounds; round++) {
    const counts = new Float64Array(ends.length);
    telling.forEach(({ weight }, c) => {
      expect(ways[c]!, weight, law, counts);
    });
    law = { ends, cumulative: cumulated(counts.map((count) => count + 1 / ends.length)) };
  }
  return { chains: telling, ways, law, onwards: ways.map((one) => onwardsOf(one, law)) };
}

/** A draw of the law from its posterior. */
export function drawWakeLaw({ chains, ways, law, onwards }: WakeEvidence, seed: number, draw: number): WakeLaw {
  const { ends } = law;
  const counts = new Float64Array(ends.length).fill(1 / ends.length);
  chains.forEach((chain, c) => {
    let luck = 0;
    for (let at = 0; at >= 0; ) {
      const terms = ways[c]![at]!;
      const chances = terms.map((term) => chanceOf(term, law, onwards[c]!));
      const term = terms[pickOne(chances, uniform(seed, 'wake', -1 - c, luck++, draw))]!;
      const low = shareUpTo(law, term.from);
      const share = low + (shareUpTo(law, term.until) - low) * uniform(seed, 'wake', -1 - c, luck++, draw);
      counts[term.from === term.until ? binOf(ends, term.from) : binOfShare(law, share)]! += chain.weight;
      at = term.next;
    }
  });
  return {
    ends,
    cumulative: cumulated(counts.map((count, i) => gamma(count, seed, 'parameter', draw, firstGamma + i))),
  };
}

/** Beyond all that `drawParameters` and `ratesOf` draw of the same purpose. */
const firstGamma = 1000;

/** The time that a share of all are not longer than. */
export function quantile(law: WakeLaw, share: number): number {
  const bin = binOfShare(law, share);
  const low = bin === 0 ? 0 : law.cumulative[bin - 1]!;
  const own = law.cumulative[bin]! - low;
  const begin = bin === 0 ? 0 : law.ends[bin - 1]!;
  return begin + (own > 0 ? (share - low) / own : 1) * (law.ends[bin]! - begin);
}

/** Share of times that are not longer. */
export function shareUpTo({ ends, cumulative }: WakeLaw, time: number): number {
  if (!(time > 0)) return 0;
  if (time >= ends.at(-1)!) return 1;
  const bin = binOf(ends, time);
  const low = bin === 0 ? 0 : cumulative[bin - 1]!;
  const begin = bin === 0 ? 0 : ends[bin - 1]!;
  return low + ((cumulative[bin]! - low) * (time - begin)) / (ends[bin]! - begin);
}

/** From the shortest time that anything says something about to the longest, and one bin more. */
function endsOf(chains: readonly WakeChain[]): Float64Array {
  let shortest = Number.POSITIVE_INFINITY;
  let longest = 0;
  for (const { undone, locked, ran, goneBy } of chains) {
    for (const time of [...undone, ...locked, ran, goneBy]) {
      if (!(time > 0)) continue;
      shortest = Math.min(shortest, time);
      longest = Math.max(longest, time);
    }
  }
  if (longest === 0) return Float64Array.of(1, 2);
  const count = Math.ceil(binsPerOctave * Math.log2(longest / shortest));
  const step = count === 0 ? 1 : (longest / shortest) ** (1 / count);
  const ends = Array.from({ length: count + 1 }, (_, i) => shortest * step ** i);
  ends[count] = longest;
  return Float64Array.of(...ends, 2 * longest);
}

function binOf(ends: Float64Array, time: number): number {
  return countLeading(ends.length - 1, (bin) => ends[bin]! < time);
}

function binOfShare({ cumulative }: WakeLaw, share: number): number {
  return countLeading(cumulative.length - 1, (bin) => cumulative[bin]! < share);
}

function cumulated(counts: Float64Array): Float64Array {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let sum = 0;
  return counts.map((count) => {
    sum += count;
    return sum / total;
  });
}

/** All ways for the wakeup by one undo to end that agree with what was seen. */
function termsOf({ undone, locked, ran, goneBy }: WakeChain, woken: number, fresh: number): Term[] {
  const since = undone[woken]!;
  const last = undone.at(-1)!;
  const isSeen = ran >= 0;
  const terms: Term[] = [];
  for (let i = woken + 1; i < undone.length; i++) {
    const taken = locked[i - 1]! - since;
    // Ran and won, and the episode was blocked by somebody else. One whose sleep was seen was there.
    if (!isSeen) terms.push({ from: undone[i - 1]! - since, until: taken, factor: fresh, next: i });
    terms.push({ from: taken, until: undone[i]! - since, factor: 1, next: i });
  }
  if (isSeen) terms.push({ from: ran - since, until: ran - since, factor: 1, next: -1 });
  else if (goneBy >= 0) terms.push({ from: last - since, until: goneBy - since, factor: 1 - fresh, next: -1 });
  else terms.push({ from: last - since, until: Number.POSITIVE_INFINITY, factor: 1, next: -1 });
  return terms;
}

/** Probability of a term and of all that was seen after it; a time seen exactly counts by its density. */
function chanceOf({ from, until, factor, next }: Term, law: WakeLaw, onwards: Float64Array): number {
  const after = factor * (next < 0 ? 1 : onwards[next]!);
  if (until > from) return after * (shareUpTo(law, until) - shareUpTo(law, from));
  if (next >= 0) return 0;
  const bin = binOf(law.ends, from);
  const begin = bin === 0 ? 0 : law.ends[bin - 1]!;
  return (after * (law.cumulative[bin]! - (bin === 0 ? 0 : law.cumulative[bin - 1]!))) / (law.ends[bin]! - begin);
}

function onwardsOf(ways: Ways, law: WakeLaw): Float64Array {
  const onwards = new Float64Array(ways.length);
  for (let woken = ways.length - 1; woken >= 0; woken--) {
    for (const term of ways[woken]!) onwards[woken]! += chanceOf(term, law, onwards);
  }
  return onwards;
}

/** Adds what is expected to have happened in each bin. */
function expect(ways: Ways, weight: number, law: WakeLaw, counts: Float64Array): void {
  const onwards = onwardsOf(ways, law);
  const reached = new Float64Array(ways.length);
  reached[0] = onwards[0]! > 0 ? weight / onwards[0]! : 0;
  ways.forEach((terms, woken) => {
    for (const term of terms) {
      const chance = chanceOf(term, law, onwards);
      if (!(chance > 0)) continue;
      spread(law, term, reached[woken]! * chance, counts);
      if (term.next >= 0) reached[term.next]! += (reached[woken]! * chance) / onwards[term.next]!;
    }
  });
}

function spread({ ends, cumulative }: WakeLaw, { from, until }: Term, weight: number, counts: Float64Array): void {
  const first = binOf(ends, from);
  if (!(until > from)) {
    counts[first]! += weight;
    return;
  }
  const law = { ends, cumulative };
  const all = shareUpTo(law, until) - shareUpTo(law, from);
  let low = shareUpTo(law, from);
  for (let bin = first; bin < ends.length; bin++) {
    const high = Math.min(shareUpTo(law, until), cumulative[bin]!);
    if (high > low) counts[bin]! += (weight * (high - low)) / all;
    low = Math.max(low, high);
    if (ends[bin]! >= until) break;
  }
}

function pickOne(chances: readonly number[], u: number): number {
  let rest = u * chances.reduce((sum, chance) => sum + chance, 0);
  for (const [i, chance] of chances.entries()) {
    rest -= chance;
    if (rest < 0) return i;
  }
  return chances.length - 1;
}
