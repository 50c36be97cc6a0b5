/**
 * What becomes, under another policy, of each folio that the recorded one gave up, and what is given up instead: counted draw
 * by draw against the recorded policy in the same draw, so that gains and losses which cancel in a difference are both seen.
 */
import { type Cause, causes } from '../history/facts.ts';
import type { Condition } from './condition.ts';
import type { UnitOutcome } from './job.ts';

/**
 * What becomes of a folio given up: the request gets it (or drops it), the request never comes to it (an earlier list stopped
 * it, or the range was had without it), or it is given up again.
 */
export const fateNames = ['moved', 'notReached', 'again'] as const;
export type Fate = (typeof fateNames)[number];

/** Numbers of one draw: each cause with its fates, then what is given up that the recorded policy did not give up. */
const width = causes.length * fateNames.length + 1;
const unheld = causes.indexOf('cannot tell');

/**
 * Of one policy, one draw behind the other. In folios given up, as the metric `failedFolios` counts them: all fates are what
 * the recorded policy gave up, `again` and `instead` are what this one does.
 */
export type Fates = Float64Array;

export function noFates(draws: number): Fates {
  return new Float64Array(draws * width);
}

/** Adds what became of a unit, held by `conditions` in this draw, under the recorded policy and under another. */
export function addFates(
  fates: Fates,
  draw: number,
  conditions: readonly Condition[],
  recorded: UnitOutcome,
  own: UnitOutcome,
): void {
  if (recorded.quiet && own.quiet) return;
  const at = draw * width;
  recorded.givenUp.forEach((times, m) => {
    const here = own.givenUp[m]!;
    const again = Math.min(times, here);
    fates[at + width - 1]! += here - again;
    if (times === 0) return;
    const cause = conditions[m]?.cause;
    const row = at + (cause === undefined ? unheld : causes.indexOf(cause)) * fateNames.length;
    fates[row + fateNames.indexOf('again')]! += again;
    fates[row + fateNames.indexOf(own.left[m] === 0 ? 'moved' : 'notReached')]! += times - again;
  });
}

/** By draw: folios that this cause held under the recorded policy, and what became of them. */
export function fatesOf(fates: Fates, cause: Cause, fate: Fate): Float64Array {
  return column(fates, causes.indexOf(cause) * fateNames.length + fateNames.indexOf(fate));
}

/** By draw: given up, and not given up by the recorded policy. */
export function givenUpInstead(fates: Fates): Float64Array {
  return column(fates, width - 1);
}

function column(fates: Fates, place: number): Float64Array {
  return Float64Array.from({ length: fates.length / width }, (_, draw) => fates[draw * width + place]!);
}

/** Draws of parts, in this order. */
export function joinedFates(
  parts: readonly Fates[],
  order: readonly { readonly part: number; readonly at: number }[],
): Fates {
  const fates = noFates(order.length);
  order.forEach(({ part, at }, draw) => {
    fates.set(parts[part]!.subarray(at * width, (at + 1) * width), draw * width);
  });
  return fates;
}
