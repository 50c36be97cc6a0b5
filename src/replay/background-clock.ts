/**
 * When the model is held up where the recording was not (or the other way round), the recorded background no longer meets
 * the lists that it met. What other tasks add to batches is taken to go on at its pace: the rest of it is moved along with
 * the lists that it came before, so that a later list meets what it would have met, and a request that is held up again
 * and again meets folios queued meanwhile. This is an assumption (docs/counterfactuals.md): nothing recorded shows what
 * would have been added in a time that the recording did not have.
 */
import type { Background } from '../model/demand.ts';
import type { Unit } from './demand.ts';

/** Maps recorded times to the model's. */
export interface BackgroundClock {
  of(time: number): number;
  /** What was recorded from `recorded` on goes on at `now`. */
  hold(recorded: number, now: number): void;
}

/**
 * `pace`: how far the rest of the background moves along, from 0 (it stays at its recorded time) to 1. Preparations of all ranges but the first are left out of recorded time: the model makes its own.
 */
export function createClock({ preparations }: Unit, pace = 1): BackgroundClock {
  const pauses = preparations.slice(1).filter(({ from, until }) => until > from);
  /** From `from` on (recorded, without pauses) times are later by `by`, and never before `now`. */
  const holds: { from: number; by: number; now: number }[] = [];
  const running = (time: number) => {
    let paused = 0;
    for (const { from, until } of pauses) if (time > from) paused += Math.min(time, until) - from;
    return time - paused;
  };
  return {
    of(time) {
      const at = running(time);
      let mapped = at;
      for (const { from, by, now } of holds) mapped = at >= from ? at + by : Math.min(mapped, now);
      return mapped;
    },
    hold(recorded, now) {
      if (recorded === Number.POSITIVE_INFINITY) return;
      const from = running(recorded);
      const by = pace * (now - from);
      holds.push({ from, by, now: pace === 1 ? now : from + by });
    },
  };
}

/** The background at the model's times, in order as before. */
export function retimed(background: Background, of: (time: number) => number): Background {
  return { ...background, time: background.time.map(of) };
}
