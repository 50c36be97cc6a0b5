/**
 * A request that gave up shows no list beyond the one that it gave up with, but it would have gone on to more of them. Where
 * a replay without outcomes gets through all that is known, it goes on as another request of the same kind did that had as
 * many lists and was not cut short: else every replayed request would be as short as the shortest of both.
 */
import { uniform } from '../base/random.ts';
import { finallyOf, type Unit } from './demand.ts';

/** Calls beyond those known, and the base pages that they move. */
interface Further {
  readonly calls: number;
  readonly pages: number;
}

const nothing: Further = { calls: 0, pages: 0 };

/** Models whose requests end with the first list that fails. */
const stopping: ReadonlySet<Unit['model']> = new Set(['move_pages', 'contiguous allocation']);

function isCutShort(unit: Unit): boolean {
  const last = unit.lists.at(-1);
  return last?.members.some((m) => finallyOf(unit, unit.members[m]!) === 'failed') === true;
}

/** What each unit that was cut short may have gone on to, as others show it; keyed luck picks one. */
export function furtherListsOf(units: readonly Unit[]): (unit: Unit, seed: number, draw: number) => Further {
  const whole = units.filter((unit) => !isCutShort(unit) && !unit.alone && unit.areas === 0);
  return (unit, seed, draw) => {
    if (!stopping.has(unit.model) || unit.alone || unit.areas > 0 || !isCutShort(unit)) return nothing;
    const known = unit.lists.length;
    const others = whole.filter(({ model, lists }) => model === unit.model && lists.length >= known);
    const other = others[Math.floor(uniform(seed, 'bootstrap', unit.key, furtherKey, draw) * others.length)];
    if (other === undefined) return nothing;
    const lists = other.lists.slice(known);
    const pages = lists.reduce((sum, { members }) => sum + members.reduce((all, m) => all + pagesOf(other, m), 0), 0);
    return { calls: lists.length, pages };
  };
}

/** Base pages of a member that a call moved; latent ones are dropped, and no call prints them. */
function pagesOf({ members }: Unit, m: number): number {
  const { latent, order } = members[m]!;
  return latent ? 0 : 2 ** order;
}

/** Apart from other keys of `bootstrap`. */
const furtherKey = 2 ** 26;
