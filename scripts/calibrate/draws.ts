/**
 * How well draws do on real captures: what their means are worth, and how much narrower differences are because policies meet the same
 * luck.
 */

import { workOut } from '../../src/history/history.ts';
import { resolvePolicy } from '../../src/policies/policies.ts';
import type { Policy } from '../../src/policies/policy.ts';
import { openCapture } from '../../src/read/file.ts';
import { monteCarloError } from '../../src/replay/draws.ts';
import type { Metric } from '../../src/replay/outcome.ts';
import { recordedPolicy } from '../../src/replay/recorded.ts';
import { replayStage } from '../../src/replay/replay.ts';
import { type Stage, stageOf } from '../../src/replay/stage.ts';

export interface Drawing {
  readonly metric: Metric;
  /** Of one policy: mean and spread of its draws, error of the mean, and how many independent draws would have as small a one. */
  readonly mean: number;
  readonly deviation: number;
  readonly error: number;
  readonly effective: number;
  /** Variance of the difference of the two policies: with the same luck, and with luck of their own. */
  readonly paired: number;
  readonly unpaired: number;
}

/** The stage of a capture as comparisons set it. */
export async function stageAt(path: string, seed: number): Promise<Stage> {
  const history = await workOut(await openCapture(path));
  return stageOf(history, recordedPolicy(history.capture).policy, seed);
}

function variance(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
}

/** Of the first of two policies, and of what it is less than the second. */
export function drawingsOf(
  stage: Stage,
  names: readonly [string, string],
  metrics: readonly Metric[],
  { draws, seed }: { readonly draws: number; readonly seed: number },
): Drawing[] {
  const [one, other] = names.map((name) => resolvePolicy(name, stage.recorded)) as [Policy, Policy];
  const [first, second] = replayStage(stage, [one, other], { draws, seed });
  // Its throws are its own as well.
  const apart = stageOf(stage.history, stage.recorded, seed + 1);
  const [alone] = replayStage(apart, [other], { draws, seed: seed + 1 });
  return metrics.map((metric) => {
    const values = first!.totals[metric];
    const less = (others: Float64Array) => variance(values.map((value, draw) => value - others[draw]!));
    const error = monteCarloError(values, stage.variants.length);
    return {
      metric,
      mean: values.reduce((sum, value) => sum + value, 0) / draws,
      deviation: Math.sqrt(variance(values)),
      error,
      effective: Math.min(draws, variance(values) / error ** 2),
      paired: less(second!.totals[metric]),
      unpaired: less(alone!.totals[metric]),
    };
  });
}
