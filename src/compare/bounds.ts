/**
 * Bounding replays: what is only known to lie between two ends is put at each end for all of the capture at once, instead of
 * being thrown. What a posterior spreads evenly averages out over many folios; a bound must not.
 */
import type { Policy } from '../policies/policy.ts';
import type { PolicyOutcome } from '../replay/outcome.ts';
import { replayStage } from '../replay/replay.ts';
import { corners } from '../replay/slice.ts';
import { restaged, type Stage, stageOf } from '../replay/stage.ts';
import type { Interval } from './comparison.ts';

/** Share of the usual draws that each bounding replay gets, and how few it gets at least. */
const share = 24;
const fewest = 4;

/** Some of the bounding replays, which share a stage. */
export interface BoundingPart {
  /** Draws of all of them. */
  readonly draws: number;
  readonly run: () => PolicyOutcome[][];
}

/**
 * The recorded policy and those given, replayed once for each way to put what is not known: adds to batches as early or as late
 * as their bounds allow, in the way of as many lists or of as few as they allow; references nobody can tell the holder of let
 * go at once or never. One list of outcomes for each way, in the order of `policies`; none where nothing is only bounded.
 */
export function boundingParts(
  stage: Stage,
  policies: readonly Policy[],
  options: { readonly draws: number; readonly seed: number; readonly untold: number },
): BoundingPart[] {
  const { seed, untold } = options;
  const draws = Math.max(fewest, Math.round(options.draws / share));
  const ends = untold > 0.005 ? [0, 1] : [stage.assumed.persistent];
  const places = stage.adds.spread > 0 ? corners : [undefined];
  if (places.length * ends.length === 1) return [];
  const { history, recorded, assumed } = stage;
  return places.map((corner) => ({
    draws: draws * ends.length,
    run: () => {
      const placed =
        corner === undefined ? stage : stageOf(history, recorded, seed, { assumed, corner, variants: draws });
      return ends.map((persistent) =>
        replayStage(restaged(placed, { persistent }, seed, placed.variants.length), policies, { draws, seed }),
      );
    },
  }));
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
