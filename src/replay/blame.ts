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

/** Somebody who held folios, as far as evidence names them: a task, a CPU's batch, or both. */
export interface HolderRow {
  readonly cause: Cause;
  /** -1 and '' where the task is not known (a batch whose add was not seen), -1 where the CPU is not. */
  readonly pid: number;
  readonly comm: string;
  readonly cpu: number;
  /** Failures expected of it: its cause's probabilities added up. */
  readonly folios: number;
}

/**
 * Who held the folios that failed, most first. Of a lock or a pin the task counts, wherever it ran; of a batch the CPU.
 *
 * @param posteriors of the history's failures, in its order
 */
export function holdersOf({ failures }: History, posteriors: readonly Posterior[]): HolderRow[] {
  const rows = new Map<string, HolderRow>();
  failures.forEach(({ evidence }, i) => {
    const named = new Set<Cause>();
    for (const { cause, who } of evidence) {
      if (who === undefined || named.has(cause)) continue;
      named.add(cause);
      const isBatch = cause.endsWith('batch');
      const cpu = isBatch ? who.cpu : -1;
      const key = `${cause} ${who.pid} ${cpu}`;
      const folios = (rows.get(key)?.folios ?? 0) + posteriors[i]![causes.indexOf(cause)]!;
      rows.set(key, { cause, pid: who.pid, comm: who.comm, cpu, folios });
    }
  });
  return [...rows.values()].sort((a, b) => b.folios - a.folios);
}

/** `fsl-hot-112`, `CPU 2, queued by app-77`, `CPU 2`. */
export function holderText({ pid, comm, cpu }: Pick<HolderRow, 'pid' | 'comm' | 'cpu'>): string {
  const task = pid < 0 ? '' : `${comm}-${pid}`;
  if (cpu < 0) return task;
  return task === '' ? `CPU ${cpu}` : `CPU ${cpu}, queued by ${task}`;
}
