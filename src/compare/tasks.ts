/**
 * The replays of a comparison, cut into parts that any thread may do which has read the same capture with the same options:
 * what a part gives is data that can be sent. Their results, put in order, do not hang on who did which.
 */
import type { Policy } from '../policies/policy.ts';
import type { PolicyOutcome } from '../replay/outcome.ts';
import { joined, replayer } from '../replay/replay.ts';
import type { Stage } from '../replay/stage.ts';
import { joinedWithheld, type Withheld, withheld } from '../replay/withheld.ts';
import { type End, endDraws, endsOf, playEnd } from './assumptions.ts';
import { boundingParts } from './bounds.ts';
import type { BlameRow } from './comparison.ts';

/** One part. */
export interface Task {
  /** For whoever waits. */
  readonly what: string;
  /** Policies times draws: roughly how long it takes, against the others. */
  readonly cost: number;
  readonly run: () => unknown;
}

/** What the replays of a comparison gave. */
export interface Replays {
  readonly held: Withheld;
  readonly outcomes: readonly PolicyOutcome[];
  /** For each way to put what is only bounded. */
  readonly bounding: readonly (readonly PolicyOutcome[])[];
  /** By policy the mean under each end of an assumption; those that were not played are absent. */
  readonly ends: ReadonlyMap<End, readonly number[]>;
  /** Draws of `outcomes`; fewer than asked for when the work was stopped. */
  readonly draws: number;
}

export interface TasksInput {
  readonly stage: Stage;
  /** The recorded one first. */
  readonly policies: readonly Policy[];
  /** Those of which only bounds can be told. */
  readonly bounded: readonly Policy[];
  readonly blame: readonly BlameRow[];
  readonly draws: number;
  readonly seed: number;
  readonly folds: number;
  /** Expected number of failures that nobody can tell the holder of. */
  readonly untold: number;
}

/** Roughly members and background rows to be played in one part: under a second, so that whoever waits can stop it soon. */
const sizeOfPart = 150_000;
/** Fewer draws than this would play what no draw reaches too often. */
const leastDraws = 10;

/** What takes time in a draw of one policy. */
export function sizeOf({ scenes }: Stage): number {
  let size = 1;
  for (const { unit, background } of scenes) size += unit.members.length + background.length / 30;
  return size;
}

/** The parts, in an order in which what is done first is of use without the rest. */
export function tasksOf(input: TasksInput): {
  readonly tasks: readonly Task[];
  /** What was done, in the order of the tasks; undefined as long as no draw of every kind is among it. */
  readonly gather: (results: readonly unknown[]) => Replays | undefined;
} {
  const { stage, policies, bounded, blame, draws, seed, folds, untold } = input;
  const size = sizeOf(stage);
  const spans = (each: number) => spansOf(draws, Math.max(leastDraws, Math.ceil(sizeOfPart / (size * each))));
  const play = replayer(stage, policies, seed);
  const bounding =
    bounded.length === 0 ? [] : boundingParts(stage, [policies[0]!, ...bounded], { draws, seed, untold });
  const ends = endsOf(stage, blame);
  const drawsOfEnds = endDraws(draws, size);
  const sections = {
    bounding: bounding.map(
      ({ draws: each, run }): Task => ({ what: 'bounding', cost: each * (bounded.length + 1), run }),
    ),
    held: spans(1).map(
      (span): Task => ({
        what: 'withholding outcomes',
        cost: span.draws,
        run: () => withheld(stage, { ...span, seed, folds }),
      }),
    ),
    outcomes: spans(policies.length).map(
      (span): Task => ({ what: 'replaying policies', cost: span.draws * policies.length, run: () => play(span) }),
    ),
    ends: ends.map(
      (end): Task => ({
        what: 'changing assumptions',
        cost: drawsOfEnds * policies.length,
        run: () => playEnd(stage, policies, end, { draws: drawsOfEnds, seed }),
      }),
    ),
  };
  const tasks = Object.values(sections).flat();
  const gather = (results: readonly unknown[]): Replays | undefined => {
    let at = 0;
    const take = (section: readonly Task[]): unknown[] => {
      at += section.length;
      return section.map((_, i) => results[at - section.length + i]);
    };
    // Results are as the tasks of their section give them, wherever they were run.
    const bounds = take(sections.bounding) as (PolicyOutcome[][] | undefined)[];
    const held = untilMissing(take(sections.held) as (Withheld | undefined)[]);
    const outcomes = untilMissing(take(sections.outcomes) as (PolicyOutcome[] | undefined)[]);
    const means = take(sections.ends) as (number[] | undefined)[];
    if (bounds.includes(undefined) || held.length === 0 || outcomes.length === 0) return undefined;
    const played = new Map<End, readonly number[]>();
    ends.forEach((end, i) => {
      const one = means[i];
      if (one !== undefined) played.set(end, one);
    });
    const all = joined(outcomes);
    return {
      held: joinedWithheld(held),
      outcomes: all,
      bounding: untilMissing(bounds).flat(),
      ends: played,
      draws: all[0]?.draws ?? 0,
    };
  };
  return { tasks, gather };
}

/** Parts of so many draws, the last one perhaps of more: a handful would play everything anew for little. */
function spansOf(draws: number, each: number): { first: number; draws: number }[] {
  const count = Math.max(1, Math.floor(draws / each));
  return Array.from({ length: count }, (_, i) => ({
    first: i * each,
    draws: i === count - 1 ? draws - i * each : each,
  }));
}

/** Draws that follow each other from the first on; what was done out of turn is of no use without those before. */
function untilMissing<T>(parts: readonly (T | undefined)[]): T[] {
  const end = parts.indexOf(undefined);
  return (end < 0 ? parts : parts.slice(0, end)) as T[];
}
