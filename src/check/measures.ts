/** Every measure, in the order of the documentation: docs/check.md has the table, which is made of these descriptions. */
import type { Certainty, History } from '../history/facts.ts';
import { heldMeasures } from './held.ts';
import type { Measure } from './measure.ts';
import { movedMeasures } from './moved.ts';

export const measures: readonly Measure[] = [...movedMeasures, ...heldMeasures];

/** The least sure of the sorts of facts that a measure needs. */
export function certaintyOf({ needs }: Measure, { observed }: History): Certainty {
  const all = needs.map((need) => observed[need]);
  return all.includes('unknown') ? 'unknown' : all.includes('inferred') ? 'inferred' : 'seen';
}
