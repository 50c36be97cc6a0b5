/** What becomes of the folios that the recorded policy gave up, as intervals over the draws. */
import { causes } from '../history/facts.ts';
import { type Fate, type Fates, fateNames, fatesOf, givenUpInstead } from '../replay/fates.ts';
import type { Interval, RowFates } from './comparison.ts';
import { percentileInterval } from './statistics.ts';

/**
 * The fates of one policy. `bounded` makes bounds of an interval and of what each bounding replay gave (`bounding`), or leaves
 * it as it is. Intervals are of single numbers: not widened for several policies, nor for lost events.
 */
export function fatesOfRow(
  own: Fates,
  bounding: readonly Fates[],
  level: number,
  bounded: (interval: Interval, columns: readonly Float64Array[]) => Interval,
): RowFates {
  const interval = (of: (fates: Fates) => Float64Array): Interval =>
    bounded(percentileInterval(of(own), level), bounding.map(of));
  const byFate = (of: (fates: Fates, fate: Fate) => Float64Array) =>
    Object.fromEntries(fateNames.map((fate) => [fate, interval((fates) => of(fates, fate))])) as Record<Fate, Interval>;
  const sum = (columns: readonly Float64Array[]): Float64Array =>
    columns[0]!.map((_, draw) => columns.reduce((all, column) => all + column[draw]!, 0));
  return {
    ...byFate((fates, fate) => sum(causes.map((cause) => fatesOf(fates, cause, fate)))),
    instead: interval(givenUpInstead),
    byCause: causes
      .map((cause) => ({ cause, ...byFate((fates, fate) => fatesOf(fates, cause, fate)) }))
      .filter((row) => fateNames.some((fate) => row[fate].high > 0 || row[fate].estimate > 0)),
  };
}
