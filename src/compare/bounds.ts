/**
 * Bounding replays: what is only known to lie between two ends is put at each end for all of the capture at once, instead of
 * being thrown. What a posterior spreads evenly averages out over many folios; a bound must not.
 */
import type { Policy } from '../policies/policy.ts';
import { Memory } from '../replay/recall.ts';
import { byPace, joined, numbersFrom, type Part, replayDraws } from '../replay/replay.ts';
import { corners } from '../replay/slice.ts';
import { restaged, type Stage, stageOf } from '../replay/stage.ts';
import type { Interval } from './comparison.ts';

/** Share of the usual draws that each bounding replay gets, and how few it gets at least. */
const share = 24;
const fewest = 4;

/** Bounding replays, to be played in parts. */
export interface Bounding {
  /** Of each of them. */
  readonly draws: number;
  /** How many there are; 0 where nothing is only bounded. */
  readonly ways: number;
  /** Draws of these paces, one part for each way. */
  readonly play: (paces: readonly number[]) => Part[];
}

/**
 * The recorded policy and those given, replayed once for each way to put what is not known: adds to batches as early or as late
 * as their bounds allow, in the way of as many lists or of as few as they allow; references nobody can tell the holder of let
 * go at once or never. Outcomes are in the order of `policies`.
 */
export function boundingOf(
  stage: Stage,
  policies: readonly Policy[],
  options: { readonly draws: number; readonly seed: number; readonly untold: number },
): Bounding {
  const { seed, untold } = options;
  const draws = Math.max(fewest, Math.round(options.draws / share));
  const ends = untold > 0.005 ? [0, 1] : [stage.assumed.persistent];
  const places = stage.adds.spread > 0 ? corners : [undefined];
  const { history, recorded, assumed } = stage;
  const ways = places.length * ends.length === 1 ? 0 : places.length * ends.length;
  let stages: readonly Stage[] | undefined;
  const stagesOf = () =>
    places.flatMap((corner) => {
      const placed =
        corner === undefined ? stage : stageOf(history, recorded, seed, { assumed, corner, variants: draws }, stage);
      return ends.map((persistent) => restaged(placed, { persistent }, placed.variants.length));
    });
  return {
    draws,
    ways,
    play(paces) {
      stages ??= stagesOf();
      const parts = stages.map((): Part[] => []);
      for (const pace of paces) {
        // Most requests meet nothing that has to be put anywhere.
        const memory = new Memory();
        stages.forEach((one, way) => {
          const numbers = byPace(numbersFrom(0, draws), one).get(pace) ?? [];
          parts[way]!.push(replayDraws(one, policies, numbers, { seed, memory }));
        });
      }
      return parts.map((own) => ({
        numbers: own.flatMap(({ numbers }) => numbers).sort((a, b) => a - b),
        outcomes: joined(own),
      }));
    },
  };
}

/** The span of an interval and of what every bounding replay gave, as bounds without an estimate. */
export function spanOf(interval: Interval, columns: readonly ArrayLike<number>[]): Interval {
  let { low, high } = interval;
  for (const column of columns) {
    for (let draw = 0; draw < column.length; draw++) {
      low = Math.min(low, column[draw]!);
      high = Math.max(high, column[draw]!);
    }
  }
  return { estimate: Number.NaN, low, high };
}
