/**
 * The tasks that touch the folios of one unit, in one replay: how many sleep, on which folio, and who was let go and does
 * not run yet. Each step of the migrator is one that was recorded in such a company (`recorded-steps.ts`).
 */
import { uniform } from '../base/random.ts';
import { type Company, type Doing, nobody, type RecordedSteps } from './recorded-steps.ts';

export interface Tasks {
  /** A call begins, if it has not begun before. */
  call(call: number, now: number): void;
  /** Migration entries of a folio are there; `isAgain` = it was undone before. */
  set(folio: number, now: number, isAgain: boolean): void;
  /** They go: who sleeps on the folio is let go. */
  gone(folio: number, now: number, doing: 'moved' | 'undone'): void;
  /** So many tasks sleep on the folio's lock from now on. */
  block(folio: number, count: number, now: number): void;
  /** When the n-th task came to the folio's entries; Infinity = none. */
  arrival(folio: number, n: number): number;
  /**
   * ns that are left of the step that ends with doing this, by the luck of the folio that it is done to; undefined where no
   * such step was recorded.
   */
  step(next: Doing, luck: number, now: number): number | undefined;
}

export interface TasksInput {
  readonly steps: RecordedSteps;
  /** Of the unit, for its luck. */
  readonly key: number;
  /** When its first call was recorded, and ns by which it begins sooner. */
  readonly start: number;
  readonly sooner: number;
  readonly seed: number;
  readonly pace: number;
}

/** A task asleep. */
interface Sleeper {
  readonly folio: number;
  readonly since: number;
  readonly onLock: boolean;
}

export function createTasks({ steps, key, start, sooner, seed, pace }: TasksInput): Tasks {
  let asleep: Sleeper[] = [];
  /** When those run again who were let go. */
  let back = steps.backAfter(start).map((time) => time + sooner);
  let arrivals: Sleeper[] = [];
  const under: number[] = [];
  let lastCall = -1;
  let last: Doing = 'call';
  let since = 0;
  let company: Company = nobody;
  let drawn = 0;
  const luck = () => uniform(seed, 'entryTouch', key, drawn++, pace);

  const did = (doing: Doing, now: number): void => {
    last = doing;
    since = now;
    back = back.filter((time) => time > now);
    const there = asleep.filter((one) => one.since <= now);
    const wanting = there.filter(({ onLock }) => onLock).length;
    company = { asleep: there.length, wanting, gotIn: false, woken: back.length };
  };
  const running = (time: number): number => {
    let count = steps.tasks - asleep.length;
    for (const one of back) if (one > time) count--;
    return count;
  };
  /** One task more sleeps: one that runs, or the first that will. */
  const sleep = (sleeper: Sleeper): void => {
    if (asleep.length >= steps.tasks) return;
    asleep.push(sleeper);
    if (asleep.length + back.length > steps.tasks) back.splice(back.indexOf(Math.min(...back)), 1);
    if (!sleeper.onLock) arrivals.push(sleeper);
  };

  return {
    call(call, now) {
      if (call === lastCall) return;
      lastCall = call;
      did('call', now);
    },
    set(folio, now, isAgain) {
      under.push(folio);
      arrivals = arrivals.filter((one) => one.folio !== folio);
      did(isAgain ? 'set again' : 'set', now);
    },
    gone(folio, now, doing) {
      const place = under.indexOf(folio);
      if (place >= 0) under.splice(place, 1);
      const letGo = asleep.filter((one) => one.folio === folio && one.since <= now);
      asleep = asleep.filter((one) => one.folio !== folio);
      for (const _ of letGo) back.push(now + pick(steps.wakes, luck()));
      did(doing, now);
    },
    block(folio, count, now) {
      for (let n = 0; n < count; n++) sleep({ folio, since: now, onLock: true });
      // They are there from the first entry on, as the recorded ones are taken to be.
      if (since !== now) return;
      did(last, now);
      company = { ...company, gotIn: true };
    },
    arrival(folio, n) {
      let left = n;
      for (const one of arrivals) if (one.folio === folio && left-- === 0) return one.since;
      return Number.POSITIVE_INFINITY;
    },
    step(next, u, now) {
      const step = pick(steps.of(last, next, company), u);
      if (step === undefined) return undefined;
      const { asleep: slept, wanting, woken } = step.company;
      const isAlike = slept === company.asleep && wanting === company.wanting && woken === company.woken;
      let ran = steps.tasks - slept - woken;
      for (const { after, place } of step.sleeps) {
        const folio = under[Math.floor(place * under.length)];
        const at = Math.max(now, since + after);
        // Of a step that began in another company as many come as run here, of those that ran there.
        const comes = isAlike || luck() * Math.max(1, ran--) < running(at);
        if (!comes || folio === undefined) continue;
        for (let more = Math.floor(steps.touches + luck()); more > 0; more--)
          sleep({ folio, since: at, onLock: false });
      }
      const left = Math.max(0, step.time - (now - since));
      if (next === 'tried') did('tried', now + left);
      return left;
    },
  };
}

function pick<T>(sorted: ArrayLike<T>, u: number): T {
  return sorted[Math.floor(u * sorted.length)]!;
}
