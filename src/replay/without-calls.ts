/** Units of requests that make no calls: migrate_vma and splits of huge pages. Their one list is what they worked on. */
import type { CallFolio, Episode, History, Request, RequestKind } from '../history/facts.ts';
import type { RequestModel } from '../model/demand.ts';
import type { Service } from '../model/world.ts';
import type { Member, Unit } from './demand.ts';
import { memberKeyOf, toldApart } from './keys.ts';
import { withGaps } from './preparation.ts';

type SilentKind = Extract<RequestKind, RequestModel & ('migrate_vma' | 'thp split')>;

/** Such a request is the model's of the same name; results are summed under this reason, as no call prints one. */
const reasons: Readonly<Record<SilentKind, string>> = { migrate_vma: 'migrate_vma', 'thp split': 'thp_split' };

export function isSilent(kind: RequestKind): kind is SilentKind {
  return kind in reasons;
}

/** Whether anything of a history can be replayed: a call, or a request without calls of which a folio was seen. */
export function holdsDemand({ calls, requests }: Pick<History, 'calls' | 'requests'>): boolean {
  return calls.length > 0 || requests.some(({ withoutCalls }) => (withoutCalls?.folios.length ?? 0) > 0);
}

/**
 * The unit of a request without calls. `firstRow` = row of its first folio in the flat list; `failures` = rows of
 * `history.failures` by row of that list.
 */
export function silentUnit(
  history: History,
  request: Request & { readonly kind: SilentKind },
  id: number,
  firstRow: number,
  failures: ReadonlyMap<number, readonly number[]>,
  keyOf: (start: number, pid: number, pfn: number) => number,
): Unit {
  const { cpu, folios, parts } = request.withoutCalls!;
  const { kind, pid, start, end, startPfn, endPfn, returned } = request;
  const key = keyOf(start, pid, folios[0]?.pfn ?? Number.NaN);
  const distinct = toldApart();
  const members = folios.map((folio, place): Member => {
    const row = firstRow + place;
    const episodes = folio.episodes.map((episode) => history.episodes[episode]!);
    return {
      key: distinct(memberKeyOf(key, folio.pfn)),
      pfn: folio.pfn,
      order: folio.order,
      mapped: mappedBy(folio, episodes[0]),
      episodes,
      rows: [row],
      outcomes: [folio.outcome],
      failures: failures.get(row) ?? [],
      latent: false,
      onDevice: folio.onDevice === true,
    };
  });
  const all = members.map((_, m) => m);
  return {
    id,
    key,
    model: kind,
    areas: 0,
    reason: reasons[kind],
    mode: 'sync',
    cpu,
    pid,
    start,
    end: Math.max(start, end),
    startPfn,
    endPfn,
    members,
    lists: [{ members: all, time: start, gap: 0, from: start }],
    scans: [],
    calls: [],
    alone: false,
    preparations: withGaps([], [], start, [], 0),
    returned,
    services: kind === 'migrate_vma' ? perFolio(parts, folios.length) : splitServices(parts),
  };
}

/**
 * Page-table entries. Those of a huge page mapped as one are made of that one, which is what maps it; a folio without
 * recorded entries is mapped once at least, or nobody would have collected it (or mapped pages are what was to be split).
 */
function mappedBy({ order }: CallFolio, episode: Episode | undefined): number {
  if (episode === undefined || (order > 0 && episode.set === 0)) return 1;
  return Math.max(1, episode.set, episode.removed);
}

type Services = NonNullable<Unit['services']>;
type Parts = NonNullable<Request['withoutCalls']>['parts'];

/** The parts go over all folios, one after the other. */
function perFolio({ setup, copy, pages, finalize }: Parts, folios: number): Services {
  return told({ collect: setup, 'device copy': copy, attempt: pages, restore: finalize }, folios);
}

/** Freezing and splitting lie between the last entry set and the first one back, and are not told from unmapping. */
function splitServices({ unmap, restore }: Parts): Services {
  return told({ unmap, restore }, 1);
}

function told(parts: Readonly<Partial<Record<Service, number | undefined>>>, by: number): Services {
  const known = Object.entries(parts).filter((part): part is [Service, number] => part[1] !== undefined);
  return Object.fromEntries(known.map(([service, time]) => [service, time / by]));
}
