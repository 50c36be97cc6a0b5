/**
 * The posterior over causes of each failure: made here, once, and shown everywhere. History gives evidence as
 * likelihood ratios against "cannot tell"; the prior is even between "cannot tell" and every cause for which there is
 * any evidence, so that a cause nobody saw a sign of gets nothing and a failure without evidence stays untold.
 */
import { type Cause, causes, type Failure, type History } from '../history/facts.ts';

/** Probabilities in the order of `causes`; they add up to 1. */
export type Posterior = Float64Array;

const cannotTell = causes.indexOf('cannot tell');

/** The posterior of one failure; `untoldOdds`: prior odds of "cannot tell" against any one cause with evidence. */
export function posteriorOf(failure: Failure, untoldOdds = 1): Posterior {
  const posterior = new Float64Array(causes.length);
  const weight = new Map<Cause, number>();
  for (const { cause, weight: ratio } of failure.evidence) weight.set(cause, (weight.get(cause) ?? 1) * ratio);
  let sum = 0;
  for (let i = 0; i < causes.length; i++) {
    const product = i === cannotTell ? untoldOdds : (weight.get(causes[i]!) ?? 0);
    posterior[i] = product;
    sum += product;
  }
  for (let i = 0; i < causes.length; i++) posterior[i] = posterior[i]! / sum;
  return posterior;
}

/** The posterior of each failure of a history, in the order of its failures. */
export function blameOf(history: History, untoldOdds = 1): readonly Posterior[] {
  return history.failures.map((failure) => posteriorOf(failure, untoldOdds));
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
