/**
 * Requests of two captures of one workload, put side by side: the pairs that want the same, in the order of both, so that as much as
 * possible of both is paired. Frames and addresses differ from run to run; kinds, sizes and the pattern of addresses do not.
 */
import type { Unit } from '../replay/demand.ts';

/** What a request wants, as far as it can be compared with a request of another run. */
export interface Wish {
  /** Kind of its requester, and the reason of its calls. */
  readonly kind: string;
  /** Frames of the range that it wants; NaN = it names folios instead. */
  readonly frames: number;
  /** User addresses of its folios where their episodes show them, each once, in no order; else empty. */
  readonly addresses: readonly number[];
  /** Orders of its folios, as a text. */
  readonly orders: string;
}

/** Places of a request in both captures, and how alike they are: 1 = they want the same, as far as is known. */
export interface Pairing {
  readonly a: number;
  readonly b: number;
  readonly alike: number;
}

export interface Alignment {
  readonly pairs: readonly Pairing[];
  /** Requests of each capture that have no partner. */
  readonly onlyA: readonly number[];
  readonly onlyB: readonly number[];
}

function wishOf(unit: Unit): Wish {
  const { members } = unit;
  return {
    kind: `${unit.model}, ${unit.reason}`,
    frames: unit.endPfn - unit.startPfn,
    addresses: [...new Set(members.flatMap(({ episodes }) => episodes[0]?.address ?? []))],
    orders: members
      .map(({ order }) => order)
      .sort((x, y) => x - y)
      .join(' '),
  };
}

export function wishesOf(units: readonly Unit[]): Wish[] {
  return units.map(wishOf);
}

/**
 * How far two requests want the same, from 0 (not at all) to 1. A range wants the same where it is as long, and no less where it begins
 * elsewhere (CMA looks for room). Folios are known by their addresses, where those are known (`wanted`: of `b`, as A would have
 * them); else requests for as many folios of the same orders are alike.
 */
function alikeness(a: Wish, b: Wish, wanted: ReadonlySet<number>): number {
  if (a.kind !== b.kind) return 0;
  const isRange = !Number.isNaN(a.frames);
  if (isRange !== !Number.isNaN(b.frames)) return 0;
  if (isRange) return a.frames === b.frames ? 1 : 0;
  if (a.addresses.length === 0 || wanted.size === 0) return a.orders === b.orders ? 1 : 0;
  let both = 0;
  for (const address of a.addresses) if (wanted.has(address)) both++;
  return both / (a.addresses.length + wanted.size - both);
}

/** Requests of each side that are looked at for the shift of addresses, and how far apart in order. */
const shiftSample = 300;
const shiftReach = 20;

/**
 * How much higher the addresses of B are (address spaces are laid out at random): the difference that most pairs of addresses of requests
 * near each other in order have; of equally frequent ones the smallest. 0 where no addresses are known.
 */
export function shiftOf(a: readonly Wish[], b: readonly Wish[]): number {
  const seen = new Map<number, number>();
  for (let i = 0; i < Math.min(shiftSample, a.length); i++) {
    for (let j = Math.max(0, i - shiftReach); j < Math.min(b.length, i + shiftReach + 1); j++) {
      if (a[i]!.kind !== b[j]!.kind) continue;
      for (const from of a[i]!.addresses.slice(0, 8)) {
        for (const to of b[j]!.addresses.slice(0, 8)) seen.set(to - from, (seen.get(to - from) ?? 0) + 1);
      }
    }
  }
  let best = 0;
  let most = 0;
  for (const [shift, times] of seen) {
    if (times > most || (times === most && Math.abs(shift) < Math.abs(best))) {
      most = times;
      best = shift;
    }
  }
  return best;
}

/** Least alikeness of partners: half of all the folios that either of them wants. */
const leastAlike = 0.5;

/** How far behind each other partners may stand, beyond the difference of the numbers: keeps long captures within memory. */
const reach = 500;

/**
 * The alignment in order with the largest sum of alikeness (Needleman and Wunsch, J. Mol. Biol. 48, 1970, with gaps that cost
 * nothing), looked for within a band around the diagonal.
 */
export function align(a: readonly Wish[], b: readonly Wish[]): Alignment {
  const shift = shiftOf(a, b);
  const wanted = b.map(({ addresses }) => new Set(addresses.map((address) => address - shift)));
  const alike = (i: number, j: number) => alikeness(a[i]!, b[j]!, wanted[j]!);
  const band = reach + Math.abs(a.length - b.length);
  const width = 2 * band + 1;
  // Row i, column j - i + band: where from the best sum of the first i and the first j came.
  const steps = new Uint8Array((a.length + 1) * width);
  const [fromA, fromB, both] = [1, 2, 3] as const;
  let above = new Float64Array(width).fill(Number.NEGATIVE_INFINITY);
  let row = new Float64Array(width);
  for (let i = 0; i <= a.length; i++) {
    row.fill(Number.NEGATIVE_INFINITY);
    for (let c = Math.max(0, band - i); c < width; c++) {
      const j = i + c - band;
      if (j > b.length) break;
      if (i === 0 && j === 0) {
        row[c] = 0;
        continue;
      }
      const skipA = i > 0 && c + 1 < width ? above[c + 1]! : Number.NEGATIVE_INFINITY;
      const skipB = j > 0 && c > 0 ? row[c - 1]! : Number.NEGATIVE_INFINITY;
      const same = i > 0 && j > 0 ? alike(i - 1, j - 1) : 0;
      const paired = same >= leastAlike ? above[c]! + same : Number.NEGATIVE_INFINITY;
      // Of equal sums the pair, so that what is alike stands together.
      const step = paired >= skipA && paired >= skipB ? both : skipA >= skipB ? fromA : fromB;
      steps[i * width + c] = step;
      row[c] = step === both ? paired : step === fromA ? skipA : skipB;
    }
    [above, row] = [row, above];
  }
  const pairs: Pairing[] = [];
  const onlyA: number[] = [];
  const onlyB: number[] = [];
  for (let i = a.length, j = b.length; i > 0 || j > 0; ) {
    const step = steps[i * width + j - i + band];
    if (step === both) pairs.push({ a: --i, b: --j, alike: alike(i, j) });
    else if (step === fromA) onlyA.push(--i);
    else onlyB.push(--j);
  }
  return { pairs: pairs.reverse(), onlyA: onlyA.reverse(), onlyB: onlyB.reverse() };
}
