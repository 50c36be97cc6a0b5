/** Units of requests that make no calls: migrate_vma and splits of huge pages. Their one list is what they worked on. */
import { addTo } from '../base/groups.ts';
import { countLeading } from '../base/sorted.ts';
import type { CallFolio, Episode, History, Request, RequestKind } from '../history/facts.ts';
import type { RequestModel } from '../model/demand.ts';
import type { Obstacle, Service } from '../model/world.ts';
import { type Condition, free } from './condition.ts';
import type { Member, Unit } from './demand.ts';
import { memberKeyOf, toldApart } from './keys.ts';
import { withGaps } from './preparation.ts';

type SilentKind = Extract<RequestKind, RequestModel & ('migrate_vma' | 'thp split')>;

/** Such a request is the model's of the same name; results are summed under this reason, as no call prints one. */
const reasons: Readonly<Record<SilentKind, string>> = { migrate_vma: 'migrate_vma', 'thp split': 'thp_split' };

export function isSilent(kind: RequestKind | RequestModel): kind is SilentKind {
  return kind in reasons;
}

/**
 * How a folio of such a unit is held. Neither asks for faults (device memory takes private anonymous pages, which no fault
 * finds; who faults on a huge page under split waits on its entries), and each tries once, so that whatever stood in the
 * way did so as long as the request lasted. Where entries had been written already, it came after the first comparison.
 */
export function silentCondition({ start }: Unit, { outcomes, episodes }: Member): Condition {
  const luck = episodes.map(() => 0);
  if (outcomes.at(-1) !== 'failed') return { ...free, luck };
  const from = episodes.length === 0 ? Number.NEGATIVE_INFINITY : start + 0.5;
  const until = Number.POSITIVE_INFINITY;
  const obstacles: Obstacle[] = [{ holder: 'unknown reference', from, until, references: 1 }];
  return { ...free, cause: 'cannot tell', luck, obstacles };
}

/** Whether anything of a history can be replayed: a call, or a request without calls of which a folio was seen. */
export function holdsDemand({ calls, requests }: Pick<History, 'calls' | 'requests'>): boolean {
  return calls.length > 0 || requests.some(({ withoutCalls }) => (withoutCalls?.folios.length ?? 0) > 0);
}

/** When each task drained its own CPU, in order. */
type OwnDrains = ReadonlyMap<number, readonly number[]>;

export function ownDrainsOf({ drains }: History): OwnDrains {
  const byPid = new Map<number, number[]>();
  for (const { scope, pid, start } of drains) if (scope === 'local') addTo(byPid, pid, start);
  return byPid;
}

interface SilentContext {
  readonly history: History;
  readonly drains: OwnDrains;
  /** Rows of `history.failures` by row of the flat list of folios. */
  readonly failures: ReadonlyMap<number, readonly number[]>;
  readonly keyOf: (start: number, pid: number, pfn: number) => number;
}

/** The unit of a request without calls. `firstRow` = row of its first folio in the flat list. */
export function silentUnit(
  { history, drains, failures, keyOf }: SilentContext,
  request: Request & { readonly kind: SilentKind },
  id: number,
  firstRow: number,
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
    areaStarts: [],
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
    services: kind === 'migrate_vma' ? vmaServices(parts, folios, start, drains.get(pid) ?? []) : splitServices(parts),
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

/**
 * The parts go over all folios, one after the other. Collection is over when the task drains its CPU (lru_add_drain() of
 * migrate_device_unmap()), where that was recorded and folios were isolated at all.
 */
function vmaServices(
  { setup, copy, pages, finalize }: Parts,
  folios: readonly CallFolio[],
  start: number,
  drains: readonly number[],
): Services {
  const drained = drains[countLeading(drains.length, (i) => drains[i]! < start)] ?? Number.NaN;
  const collect = drained - start;
  const isDivided = setup !== undefined && collect <= setup && folios.some(({ onDevice }) => onDevice !== true);
  const divided = isDivided ? { collect, isolate: setup - collect } : { collect: setup };
  return told({ ...divided, 'device copy': copy, attempt: pages, restore: finalize }, folios.length);
}

/** Freezing and splitting lie between the last entry set and the first one back, and are not told from unmapping. */
function splitServices({ unmap, restore }: Parts): Services {
  return told({ unmap, restore }, 1);
}

function told(parts: Readonly<Partial<Record<Service, number | undefined>>>, by: number): Services {
  const known = Object.entries(parts).filter((part): part is [Service, number] => part[1] !== undefined);
  return Object.fromEntries(known.map(([service, time]) => [service, time / by]));
}
