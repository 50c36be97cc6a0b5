/** How a member of a unit is held in one draw: what abduction makes, and the world answers from. */
import type { Cause } from '../history/facts.ts';
import type { Obstacle } from '../model/world.ts';

/**
 * What the number of a folio's recorded episodes says of passes that left none, or that came after the last one of their
 * part (`passes.ts`). It is luck of a replay that makes the passes of the recording.
 */
export interface Passes {
  /**
   * By recorded episode, and once more for what came after the last: tries for the folio's lock since the episode before
   * that found it taken by somebody whom nothing else shows.
   */
  readonly lost: readonly number[];
  /**
   * By recorded episode: whether the folio used up the move passes of its part in it, under policies that undo it sooner.
   * Under a comparison at the end of unmapping, its reference came only then; under one that backs off for waiters, who
   * held it was awake.
   */
  readonly spent: readonly boolean[];
}

export interface Condition {
  readonly cause: Cause | undefined;
  readonly obstacles: readonly Obstacle[];
  /** Its first so many move attempts meet a reference that is gone afterwards: as many as the recording made in vain. */
  readonly failingAttempts: number;
  /** The same for a member that a batch held, under policies that treat batches as the recorded one did. */
  readonly batchAttempts: number;
  /**
   * When whatever these attempts meet lets go by the recording's clock; NaN = no episode shows it. Whoever kept a folio
   * through whole episodes kept it between their attempts, too, so that a policy that comes at other times meets him as well.
   */
  readonly metUntil: number;
  /** By recorded episode: 1 blocked, 0 clear, NaN not known. */
  readonly luck: readonly number[];
  readonly passes: Passes;
}

export const noPasses: Passes = { lost: [], spent: [] };

/** Nothing known against it. */
export const free: Condition = {
  cause: undefined,
  obstacles: [],
  failingAttempts: 0,
  batchAttempts: 0,
  metUntil: Number.NaN,
  luck: [],
  passes: noPasses,
};

/** What may hold a folio for longer than its request lasts, and the references that it holds (GUP_PIN_COUNTING_BIAS). */
const lasting = { pin: 1024, 'no memory': 0, 'unknown reference': 1 } as const;
export type Lasting = keyof typeof lasting;

export function forGood(holder: Lasting): Obstacle {
  return { ...heldUntil(Number.POSITIVE_INFINITY), holder, references: lasting[holder] };
}

/** A reference of somebody who was there first and lets go then. */
export function heldUntil(until: number): Obstacle {
  return { holder: 'unknown reference', from: Number.NEGATIVE_INFINITY, until, references: 1 };
}

/** Nothing holds it, and no recorded episode of it was blocked or is unknown. */
export function isFree({ obstacles, failingAttempts, batchAttempts, luck, passes }: Condition): boolean {
  return (
    obstacles.length === 0 &&
    failingAttempts + batchAttempts === 0 &&
    luck.every((one) => one === 0) &&
    passes.lost.every((tries) => tries === 0)
  );
}

/** By field: whether it is the same; one that is missing does not compile. */
const sameField: { readonly [K in keyof Condition]: (a: Condition[K], b: Condition[K]) => boolean } = {
  cause: Object.is,
  obstacles: (a, b) => areSame(a, b, isSameObstacle),
  failingAttempts: Object.is,
  batchAttempts: Object.is,
  metUntil: Object.is,
  luck: (a, b) => areSame(a, b, Object.is),
  passes: (a, b) => areSame(a.lost, b.lost, Object.is) && areSame(a.spent, b.spent, Object.is),
};
const fields = Object.keys(sameField) as (keyof Condition)[];

/** Whether two conditions hold a folio in the same way. */
export function isSameCondition(a: Condition, b: Condition): boolean {
  const isSame = <K extends keyof Condition>(field: K) => sameField[field](a[field], b[field]);
  return a === b || fields.every(isSame);
}

function areSame<T>(a: readonly T[], b: readonly T[], isSame: (a: T, b: T) => boolean): boolean {
  return a === b || (a.length === b.length && a.every((one, i) => isSame(one, b[i]!)));
}

function isSameObstacle(a: Obstacle, b: Obstacle): boolean {
  return a.holder === b.holder && a.from === b.from && a.until === b.until && a.references === b.references;
}
