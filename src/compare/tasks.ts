/**
 * The replays of a comparison, cut into parts that any thread may do which has read the same capture with the same options:
 * what a part gives is data that can be sent. Their results, put in order, do not hang on who did which.
 */
import type { Policy } from '../policies/policy.ts';
import type { PolicyOutcome } from '../replay/outcome.ts';
import { byPace, joined, numbersFrom, type Part, replayDraws } from '../replay/replay.ts';
import type { Stage } from '../replay/stage.ts';
import { joinedWithheld, predictor, type Withheld } from '../replay/withheld.ts';
import { type End, type EndsPart, endDraws, endsOf, endsPlayer, meansOfEnds } from './assumptions.ts';
import { boundingOf } from './bounds.ts';
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

/**
 * Roughly members and background rows to be played in one part: under a second, so that whoever waits can stop it soon. Draws of
 * one pace are in one part, however many (`replayDraws`).
 */
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
  const bounds = () => boundingOf(stage, [policies[0]!, ...bounded], { draws, seed, untold });
  const bounding = bounds();
  const boundingDraws = bounding.ways * (bounded.length + 1);
  const ends = endsOf(stage, blame);
  const drawsOfEnds = endDraws(draws, size);
  const parted = (groups: readonly (readonly number[])[], each: number) =>
    inParts(groups, (groups.flat().length * size * each) / sizeOfPart);
  const paces = (of: number) => numbersFrom(0, Math.min(of, stage.variants.length)).map((pace) => [pace]);
  const shared = keptForSection();
  const sections = {
    bounding:
      bounded.length === 0 || bounding.ways === 0
        ? []
        : parted(
            numbersFrom(0, bounding.draws).map((pace) => [pace]),
            boundingDraws,
          ).map(
            (own): Task => ({
              what: 'bounding',
              cost: own.length * boundingDraws,
              run: () => shared('bounding', bounds).play(own),
            }),
          ),
    held: spansOf(draws, Math.max(leastDraws, Math.ceil(sizeOfPart / size))).map(
      (span): Task => ({
        what: 'withholding outcomes',
        cost: span.draws,
        run: () => shared('held', () => predictor(stage, { seed, folds }))(span),
      }),
    ),
    outcomes: parted([...byPace(numbersFrom(0, draws), stage).values()], policies.length).map(
      (numbers): Task => ({
        what: 'replaying policies',
        cost: numbers.length * policies.length,
        run: () => shared('outcomes', () => replayDraws)(stage, policies, numbers, { seed }),
      }),
    ),
    ends: parted(ends.length === 0 ? [] : paces(drawsOfEnds), policies.length * ends.length).map(
      (own): Task => ({
        what: 'changing assumptions',
        cost: (own.length / paces(drawsOfEnds).length) * drawsOfEnds * policies.length * ends.length,
        run: () => shared('ends', () => endsPlayer(stage, policies, ends, { draws: drawsOfEnds, seed }))(own),
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
    const boundingReplays = take(sections.bounding) as (Part[] | undefined)[];
    const held = untilMissing(take(sections.held) as (Withheld | undefined)[]);
    const outcomes = untilMissing(take(sections.outcomes) as (Part | undefined)[]);
    const parts = untilMissing(take(sections.ends) as (EndsPart | undefined)[]);
    if (boundingReplays.includes(undefined) || held.length === 0 || outcomes.length === 0) return undefined;
    const played = new Map<End, readonly number[]>();
    if (parts.length === sections.ends.length) {
      meansOfEnds(parts).forEach((means, i) => {
        played.set(ends[i]!, means);
      });
    }
    const all = joined(outcomes);
    return {
      held: joinedWithheld(held),
      outcomes: all,
      bounding: Array.from({ length: boundingReplays.length === 0 ? 0 : bounding.ways }, (_, way) =>
        joined(untilMissing(boundingReplays).map((part) => part[way]!)),
      ),
      ends: played,
      draws: all[0]?.draws ?? 0,
    };
  };
  return { tasks, gather };
}

/** What parts of one section share, kept until a part of another is played: a large capture has no room for all of it. */
function keptForSection(): <T>(section: string, make: () => T) => T {
  let kept: { readonly section: string; readonly what: unknown } | undefined;
  return <T>(section: string, make: () => T): T => {
    if (kept?.section !== section) kept = { section, what: make() };
    return kept.what as T;
  };
}

/** Groups put together to so many parts, none of them cut. */
function inParts(groups: readonly (readonly number[])[], wanted: number): number[][] {
  const count = Math.min(groups.length, Math.max(1, Math.ceil(wanted)));
  const edge = (i: number) => Math.round((i * groups.length) / count);
  return Array.from({ length: count }, (_, i) => groups.slice(edge(i), edge(i + 1)).flat());
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
