/** What kept each failed folio, by the labels of its own kernel: the answer that blame is scored against. */
import { addTo } from '../../src/base/groups.ts';
import type { Cause, Failure, History } from '../../src/history/facts.ts';
import type { LabelAttempt, Labels } from './labels.ts';

/**
 * The true classes. `a reference` is one of somebody who was not seen asleep on the folio, in a workload where that may be
 * anybody: a fault woken and not yet run, a reader, a pipe.
 */
export const truths = [
  'add batch',
  'activate batch',
  'deactivate batch',
  'mlock batch',
  'lock-blocked fault',
  'pin',
  'a reference',
] as const;
export type TrueClass = (typeof truths)[number];

/** Whether a claimed cause is right about a class; undefined where the class leaves both open. */
export function fits(cause: Cause, truth: string): boolean | undefined {
  if (truth !== 'a reference') return cause === truth;
  if (cause === 'lock-blocked fault') return undefined;
  return cause === 'transient reference' || cause === 'cannot tell';
}

const batchOf: Readonly<Record<string, TrueClass>> = {
  lru_add: 'add batch',
  lru_activate: 'activate batch',
  lru_deactivate: 'deactivate batch',
  lru_deactivate_file: 'deactivate batch',
  lru_lazyfree: 'deactivate batch',
  lru_move_tail: 'deactivate batch',
  mlock: 'mlock batch',
};

/** GUP_PIN_COUNTING_BIAS (include/linux/mm.h). */
const PIN_BIAS = 1024;

/**
 * The class of one folio that failed, from what its failing attempts met; undefined where labels do not tell. PG_waiters at any
 * of them: whoever sleeps there holds the reference, or did until the undo woke it. Where `faultsOnly`, nobody but faults
 * and batches took references in this workload, so that what no batch holds a fault does.
 */
function classOf(labels: Labels, failed: readonly LabelAttempt[], faultsOnly: boolean): TrueClass | undefined {
  const last = failed.at(-1)!;
  if (last.excess >= PIN_BIAS) return 'pin';
  const held = labels.held(last.pfn, last.time);
  if (held.length > 0) return batchOf[held[0]!.batch];
  if (!labels.batches || failed.every(({ excess }) => excess <= 0)) return undefined;
  return faultsOnly || failed.some(({ waiters }) => waiters) ? 'lock-blocked fault' : 'a reference';
}

/** The true class of each failure of a history, in its order; undefined where the labels do not tell. */
export function truthOf(history: History, labels: Labels, faultsOnly: boolean): (TrueClass | undefined)[] {
  const known = new Array<TrueClass | undefined>(history.failures.length).fill(undefined);
  const byCall = new Map<number, Failure[]>();
  for (const failure of history.failures) if (failure.call >= 0) addTo(byCall, failure.call, failure);
  const byPid = new Map<number, LabelAttempt[]>();
  for (const attempt of labels.attempts) addTo(byPid, attempt.pid, attempt);
  for (const [id, failures] of byCall) {
    const call = history.calls[id]!;
    // Last word of each frame within the call. Times of both are printed in whole microseconds.
    const last = new Map<number, LabelAttempt>();
    const failedAt = new Map<number, LabelAttempt[]>();
    for (const attempt of byPid.get(call.pid) ?? []) {
      if (!(attempt.time >= call.start) || attempt.time > call.end) continue;
      last.set(attempt.pfn, attempt);
      if (attempt.returned < 0) addTo(failedAt, attempt.pfn, attempt);
    }
    const stuck = [...failedAt].filter(([pfn]) => !(last.get(pfn)!.of === 'move' && last.get(pfn)!.returned === 0));
    const left = new Map(stuck);
    for (const failure of failures) {
      const attempts = left.get(failure.pfn);
      if (attempts === undefined) continue;
      known[failure.id] = classOf(labels, attempts, faultsOnly);
      left.delete(failure.pfn);
    }
    // Folios that only the call's totals count have no name; which of them is which makes no difference to their blame.
    const unnamed = failures.filter((failure) => Number.isNaN(failure.pfn));
    const classes = [...left.values()].map((attempts) => classOf(labels, attempts, faultsOnly));
    if (classes.length !== unnamed.length) continue;
    unnamed.forEach((failure, i) => {
      known[failure.id] = classes[i];
    });
  }
  return known;
}

/** Racers that do nothing but touch and unmap their own memory. */
const touching = ['hot', 'refault'];

/** Whether the racing tasks of a workload (`--racers=hot:3`) can take references by faults alone. */
export function takesFaultsOnly(command: string): boolean {
  const racers = /--racers=(\S+)/.exec(command)?.[1]?.split(',') ?? [];
  return racers.length > 0 && racers.every((racer) => touching.includes(racer.split(':')[0]!));
}
