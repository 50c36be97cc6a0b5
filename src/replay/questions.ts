/**
 * What a replay asks of its draw (`recall.ts`). Questions are kept by the hundred thousand, so that each is made here, of numbers: one
 * made where it is asked would keep the whole world that asks it.
 */
import { exponential, type Purpose, uniform } from '../base/random.ts';
import type { Parameters } from './parameters.ts';
import type { Question } from './recall.ts';
import { shareUpTo } from './wake-law.ts';

/** A probability, by what a draw has for parameters. */
export type Chance = (of: Parameters) => number;

/** Whether the uniform number of these keys lies below a chance. */
export function happens(seed: number, purpose: Purpose, key: number, nth: number, chance: Chance): Question {
  return (draw, parameters) => uniform(seed, purpose, key, nth, draw) < chance(parameters);
}

export const blockedAnew: Chance = ({ anew }) => anew;
export const late: Chance = (of) => of.late;
export const lateAgain: Chance = (of) => of.lateAgain;
export const hasCompany: Chance = ({ company }) => company;
export const seenFirst: Chance = ({ seen }) => seen.first;
export const seenAfter: Chance = ({ seen }) => seen.after;

export function fixed(chance: number): Chance {
  return () => chance;
}

/** That the task which an undo woke has not run so many ns later. */
export function stillThere(since: number): Chance {
  return ({ wakes, repeat }) => (wakes === undefined ? repeat : 1 - shareUpTo(wakes, since));
}

/** Of a first block, when this share of the tasks is back. */
export function firstBlock(kind: 'deferred' | 'eager', share: number): Chance {
  return ({ alone }) => 1 - (1 - alone[kind]) ** share;
}

/** The same beside other folios under entries; as if alone where that was never recorded. */
export function firstBlockBeside(kind: 'deferred' | 'eager', share: number): Chance {
  return ({ alone, beside }) => (Number.isNaN(beside[kind]) ? 1 - (1 - alone[kind]) ** share : beside[kind]);
}

/**
 * Of a first block after `ratio` times the recorded time, where no sleep shows how many tasks are back. They come one by one, ever
 * more slowly: their number grows no faster than the time, and does not shrink.
 */
export function firstBlockAfter(kind: 'deferred' | 'eager', ratio: number): Chance {
  if (!(ratio >= 0 && ratio < Number.POSITIVE_INFINITY)) return firstBlock(kind, 1);
  return ({ alone, back }) => 1 - (1 - alone[kind]) ** (1 + back * (ratio - 1));
}

/**
 * That who got into the window of one kind of flush (or did not) gets into that of the other: the window of a deferred flush is a
 * part of that of an immediate one.
 */
export function otherWindow(wasDeferred: boolean, shorter: Chance, longer: Chance): Chance {
  return wasDeferred ? (of) => (longer(of) - shorter(of)) / (1 - shorter(of)) : (of) => shorter(of) / longer(of);
}

/** Which task comes to wait on the entries of an episode that the recording did not have. */
export interface Touch {
  readonly seed: number;
  readonly key: number;
  readonly episode: number;
  /** The so-manyth, from 0. */
  readonly n: number;
  /** When the entries were written. */
  readonly from: number;
}

/** When it comes, in ns as `from`; Infinity = never. */
export function touchesAt(
  { seed, key, episode, n, from }: Touch,
  draw: number,
  { entryWaitRate: rate }: Parameters,
): number {
  if (!(rate > 0)) return Number.POSITIVE_INFINITY;
  let at = from;
  for (let i = 0; i <= n; i++) {
    at += exponential(1 / rate, uniform(seed, 'transientDuration', key, episode * 64 + i, draw));
  }
  return at;
}

export function touchesAfter(touch: Touch, time: number): Question {
  return (draw, parameters) => touchesAt(touch, draw, parameters) > time;
}
