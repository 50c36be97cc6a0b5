/**
 * The posterior over causes of each failure: made here, once, and shown everywhere. History gives evidence as likelihood
 * ratios against "cannot tell". A failure alone has an even prior over "cannot tell" and every cause with evidence, so that a
 * cause nobody saw a sign of gets nothing; what other folios of the same kind of requester met comes on top (`pooled.ts`).
 */
import { type Cause, causes, type Failure, type History } from '../history/facts.ts';
import { alonePosterior, pooledPosteriors } from './pooled.ts';

/** Probabilities in the order of `causes`; they add up to 1. */
export type Posterior = Float64Array;

/** The posterior of one failure by itself; `untoldOdds`: prior odds of "cannot tell" against any one cause with evidence. */
export function posteriorOf(failure: Failure, untoldOdds = 1): Posterior {
  return alonePosterior(failure, untoldOdds);
}

/** The posterior of each failure of a history, in the order of its failures. */
export function blameOf(history: History, untoldOdds = 1): readonly Posterior[] {
  return pooledPosteriors(history, untoldOdds);
}

/** The likeliest cause; of equals the one that stands first in `causes`. */
export function likeliest(posterior: Posterior): Cause {
  let best = 0;
  for (let i = 1; i < posterior.length; i++) if (posterior[i]! > posterior[best]!) best = i;
  return causes[best]!;
}

/** The cause that a uniform number picks. */
export function pick(posterior: Posterior, u: number): Cause {
  let sum = 0;
  for (let i = 0; i < posterior.length; i++) {
    sum += posterior[i]!;
    if (u < sum) return causes[i]!;
  }
  return 'cannot tell';
}
