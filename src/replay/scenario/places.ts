/** Where things of a scenario are: ids and frames of folios, and who does what, for captures written from it. */
import type { FolioSource, FolioSpec } from '../../model/demand.ts';
import type { FolioGroup, Scenario } from './scenario.ts';

/** A group with its ids and frames. */
export interface GroupPlace extends FolioGroup {
  /** Id of its first folio; the others follow. */
  readonly first: number;
  /** Frame of its first folio. */
  readonly pfn: number;
}

/** Frame of the first folio of all: 1 GiB on 4 KiB pages, where RAM begins on many arm64 machines. */
const firstPfn = 0x40000;

/** Pages of a pageblock: HPAGE_PMD_NR of the page size (arm64: 512, 2048, 8192). */
export function pageblockPages(pageSize: number): number {
  return pageSize / 8;
}

/** Ids group by group in the order of the file; frames region by region, each at a pageblock of its own. */
export function placeGroups({ folios, machine }: Scenario): ReadonlyMap<string, GroupPlace> {
  const block = pageblockPages(machine.pageSize);
  const pfns = new Map<string, number>();
  let pfn = firstPfn;
  const stretch = (groups: readonly FolioGroup[]) => {
    for (const { name, count, order } of groups) {
      pfn = Math.ceil(pfn / 2 ** order) * 2 ** order;
      pfns.set(name, pfn);
      pfn += count * 2 ** order;
    }
  };
  for (const region of new Set(folios.map((group) => group.region))) {
    pfn = Math.ceil(pfn / block) * block;
    stretch(folios.filter((group) => group.region === region));
  }
  const places = new Map<string, GroupPlace>();
  let first = 0;
  for (const group of folios) {
    places.set(group.name, { ...group, first, pfn: pfns.get(group.name)! });
    first += group.count;
  }
  return places;
}

/** The folios of a scenario: those of a group share one description. */
export function folioSource(groups: ReadonlyMap<string, GroupPlace>): FolioSource & { group(id: number): GroupPlace } {
  const places = [...groups.values()];
  const specs = places.map(
    ({ order, kind, mapped, mlocked, clean, start }): FolioSpec => ({
      order,
      kind,
      mapped,
      mlocked,
      clean,
      notOnLru: start === 'fresh',
    }),
  );
  const indexOf = (id: number): number => {
    let i = places.length - 1;
    while (i > 0 && places[i]!.first > id) i--;
    return i;
  };
  const last = places.at(-1);
  return {
    length: last === undefined ? 0 : last.first + last.count,
    spec: (id) => specs[indexOf(id)]!,
    group: (id) => places[indexOf(id)]!,
  };
}
