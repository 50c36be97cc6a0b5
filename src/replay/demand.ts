/**
 * What was asked of the recording kernel, without what it answered: requests as containers of lists of folios. The
 * retries that a request makes by itself (a contiguous allocation up to five calls a list, a CMA allocation its next
 * area) are outcomes: they are folded away here and made anew by the model. Calls whose requester is not known stand
 * alone.
 */

import { addTo } from '../base/groups.ts';
import { own } from '../base/own.ts';
import type { Call, CallFolio, Episode, History, Request } from '../history/facts.ts';
import type { Mode } from '../model/decisions.ts';
import type { RequestModel } from '../model/demand.ts';
import type { Service } from '../model/world.ts';
import { memberKeyOf, timeKeyOf, toldApart } from './keys.ts';
import { type Assumptions, defaultAssumptions, servicesOf } from './parameters.ts';
import { drainsBefore, type Preparation, startOf, withGaps } from './preparation.ts';
import { isSilent, ownDrainsOf, silentUnit } from './without-calls.ts';

/** A folio that a request wants. */
export interface Member {
  /** NaN when only the call's totals know of it. */
  readonly pfn: number;
  readonly order: number;
  /** Page-table entries replaced in its first episode; 0 = no episode was seen. */
  readonly mapped: number;
  /**
   * Rows of the flat list of folios (calls in order, their folios in order; then requests without calls, theirs) that are
   * this folio in this request.
   */
  readonly rows: readonly number[];
  /** Its recorded episodes in this request, in order. */
  readonly episodes: readonly Episode[];
  /** How each recorded call that had it ended for it, in order. */
  readonly outcomes: readonly CallFolio['outcome'][];
  /** Failures (rows of `history.failures`) of it in this request. */
  readonly failures: readonly number[];
  /**
   * In a wanted range and in a per-CPU batch at the time, but in no recorded migrate_pages list: with its reference gone
   * it was reclaimed (`reclaim_clean_pages_from_list`) or freed before. Under another policy it may be in the way. Without a
   * pfn: one of a list that was empty by the time of its call.
   */
  readonly latent: boolean;
  /** `migrate_vma`: on device-private memory. */
  readonly onDevice?: boolean;
  /** Of its luck: made of the unit's and of its frame. */
  readonly key: number;
}

/** One list as it was first isolated. */
export interface List {
  /** Indices into the unit's members. */
  readonly members: readonly number[];
  /** Recorded start of its first call. */
  readonly time: number;
  /** From the end of the list before (or of the preparation) to this one. */
  readonly gap: number;
  /** Recorded time from which on it was got ready: the end of the list before, or of the preparation. */
  readonly from: number;
}

/** What is replayed as one: a request with its own loops or without calls, or a call that stands alone. */
export interface Unit {
  readonly id: number;
  /** Of its luck: made of what it is and when, not of how many came before it. */
  readonly key: number;
  readonly model: RequestModel;
  /** Goes on with the next area after -EBUSY, as cma_alloc does; how many areas the recording tried. 0 = one range only. */
  readonly areas: number;
  /** First frame of each area that the recording tried, in order; NaN = not seen. */
  readonly areaStarts: readonly number[];
  readonly reason: string;
  readonly mode: Mode;
  readonly cpu: number;
  readonly pid: number;
  readonly start: number;
  readonly end: number;
  readonly startPfn: number;
  readonly endPfn: number;
  readonly members: readonly Member[];
  readonly lists: readonly List[];
  /** What its scanner went over, in order of time; empty when that was not recorded. */
  readonly scans: NonNullable<Request['scans']>;
  /** Recorded calls, in order. */
  readonly calls: readonly number[];
  /** The requester is not known, so that its own retries are not re-run. */
  readonly alone: boolean;
  /** How each range that it went for was prepared, in order; at least one. */
  readonly preparations: readonly Preparation[];
  /** What the recording says became of it: 0, negative errno, NaN when not seen. */
  readonly returned: number;
  /** ns of services a folio as this very request shows them; others are picked from the whole capture's. */
  readonly services?: Readonly<Partial<Record<Service, number>>>;
}

export interface Demand {
  readonly units: readonly Unit[];
  /** Number of folios of calls and of requests without calls, and of each call its first row in the flat list. */
  readonly rows: number;
  readonly firstRow: Int32Array;
}

const modes: Readonly<Record<string, Mode>> = {
  MIGRATE_ASYNC: 'async',
  MIGRATE_SYNC_LIGHT: 'sync-light',
  MIGRATE_SYNC: 'sync',
};

const models: Readonly<Record<Request['kind'], RequestModel>> = {
  move_pages: 'move_pages',
  'contiguous allocation': 'contiguous allocation',
  cma: 'contiguous allocation',
  compaction: 'compaction',
  'longterm pin': 'longterm pin',
  'memory offline': 'memory offline',
  'soft offline': 'call',
  'numa balancing': 'call',
  migrate_vma: 'migrate_vma',
  'thp split': 'thp split',
  other: 'call',
};

/**
 * How a request ended for a member. A range that was allocated has no folio left: one that its last call did not move was
 * dropped by the request itself (reclaimed as clean page cache, or freed), which counts as out of the way.
 */
export function finallyOf(unit: Unit, member: Member): CallFolio['outcome'] {
  const last = member.outcomes.at(-1) ?? 'unknown';
  if (unit.model === 'contiguous allocation' && unit.returned === 0 && last === 'failed') return 'moved';
  return last;
}

/**
 * How often a request gave a list up with this member on it. A contiguous allocation tries a list several times before it
 * does; whatever left the list sooner was not given up.
 */
export function timesGivenUp(unit: Unit, member: Member, contiguousTries: number): number {
  const failed = member.outcomes.filter((outcome) => outcome === 'failed').length;
  if (unit.model !== 'contiguous allocation') return finallyOf(unit, member) === 'failed' ? 1 : 0;
  const lists = Math.floor(failed / Math.max(1, contiguousTries));
  return lists === 0 && finallyOf(unit, member) === 'failed' ? 1 : lists;
}

/** A folio keeps its frame while it is wanted; without a known one its pointer is its identity. */
function identity(folio: CallFolio): number {
  return Number.isNaN(folio.pfn) ? (folio.pointer < 0 ? Number.NaN : -1 - folio.pointer) : folio.pfn;
}

/** The demand of a history. Calls that were cut off by the capture's end are left out: nothing says what they wanted. */
export function demandOf(history: History, assumed: Assumptions = defaultAssumptions): Demand {
  const firstRow = new Int32Array(history.calls.length);
  let rows = 0;
  history.calls.forEach((call, i) => {
    firstRow[i] = rows;
    rows += call.folios.length;
  });
  const firstOwn = new Map<number, number>();
  for (const { id, withoutCalls } of history.requests) {
    if (withoutCalls === undefined) continue;
    firstOwn.set(id, rows);
    rows += withoutCalls.folios.length;
  }
  const failuresOf = new Map<number, number[]>();
  history.failures.forEach(({ call, request, folio }, i) => {
    const first = call >= 0 ? firstRow[call]! : firstOwn.get(request ?? -1)!;
    addTo(failuresOf, first + folio, i);
  });
  const { unmap, copy } = servicesOf(history);
  const timeKey = timeKeyOf(history.capture);
  const distinct = toldApart();
  const keyOf: Index['keyOf'] = (start, pid, pfn) => distinct(timeKey(start, pid, pfn));
  const areasOf = new Map<number, Request[]>();
  for (const request of history.requests) {
    if (request.parent >= 0) addTo(areasOf, request.parent, request);
  }
  const index = {
    firstRow,
    failuresOf,
    areasOf,
    perFolio: mean(unmap) + mean(copy),
    keyOf,
    emptyList: assumed.emptyList,
    goOn: goingOn(history),
  };
  const silent = { history, drains: ownDrainsOf(history), failures: failuresOf, keyOf };
  const taken = new Uint8Array(history.calls.length);
  const units: Unit[] = [];
  const make = (request: Request | undefined, calls: readonly number[], areas: number) => {
    for (const id of calls) taken[id] = 1;
    units.push(unitOf(history, units.length, request, calls, areas, index));
  };
  for (const request of history.requests) {
    const { kind } = request;
    if (isSilent(kind)) {
      // What was left out has no event: of a request without folios nothing says what it wanted.
      if (request.withoutCalls!.folios.length === 0) continue;
      const first = firstOwn.get(request.id)!;
      units.push(silentUnit(silent, { ...request, kind }, units.length, first));
      continue;
    }
    if (request.parent >= 0) continue;
    const inner = areasOf.get(request.id) ?? [];
    const calls = [...new Set([request, ...inner].flatMap(({ calls }) => calls))].sort((a, b) => a - b);
    if (calls.length === 0) continue;
    if (request.certainty === 'unknown' || models[request.kind] === 'call')
      for (const id of calls) make(undefined, [id], 0);
    else make(request, calls, request.kind === 'cma' ? Math.max(1, inner.length) : 0);
  }
  for (const call of history.calls) if (taken[call.id] === 0) make(undefined, [call.id], 0);
  units.sort((a, b) => a.start - b.start || a.id - b.id);
  return { units, rows, firstRow };
}

/**
 * Tasks of which a request that looks like move_pages(2) made another call after one that left folios. do_pages_move() ends
 * with that (mm/migrate.c); do_migrate_pages() goes on (mm/mempolicy.c), and otherwise leaves the same events.
 */
function goingOn({ requests, calls }: History): Set<number> {
  const left = (id: number) => calls[id]!.failed > 0;
  return new Set(
    requests.filter((one) => one.kind === 'move_pages' && one.calls.slice(0, -1).some(left)).map(({ pid }) => pid),
  );
}

function modelOf({ kind, pid }: Request, goOn: ReadonlySet<number>): RequestModel {
  return kind === 'move_pages' && goOn.has(pid) ? 'migrate_pages' : models[kind];
}

interface Index {
  readonly firstRow: Int32Array;
  readonly failuresOf: ReadonlyMap<number, readonly number[]>;
  /** Requests that another made, by its id. */
  readonly areasOf: ReadonlyMap<number, readonly Request[]>;
  /** ns that the model takes for a folio on the average. */
  readonly perFolio: number;
  readonly keyOf: (start: number, pid: number, pfn: number) => number;
  /** Folios of a list of which only an empty call is left (an assumption). */
  readonly emptyList: number;
  /** Tasks whose requests are migrate_pages(2). */
  readonly goOn: ReadonlySet<number>;
}

/** Of an isolated list nothing but an empty call was seen. */
const nobody: CallFolio = {
  pfn: Number.NaN,
  pointer: -1,
  order: 0,
  destination: Number.NaN,
  outcome: 'unknown',
  episodes: [],
  attempts: [],
};

interface Gathered {
  latent?: boolean;
  folio: CallFolio;
  rows: number[];
  episodes: Episode[];
  outcomes: CallFolio['outcome'][];
  failures: number[];
}

function unitOf(
  history: History,
  id: number,
  request: Request | undefined,
  callIds: readonly number[],
  areas: number,
  index: Index,
): Unit {
  const { firstRow, failuresOf } = index;
  const calls = callIds.map((call) => history.calls[call]!);
  const first = calls[0]!;
  const retries = request !== undefined && ['contiguous allocation', 'cma', 'memory offline'].includes(request.kind);
  const again = callsAgain(index, request);
  const members: Gathered[] = [];
  const known = new Map<number, number>();
  const lists: { members: number[]; time: number; gap: number; from: number; call: Call }[] = [];
  let waiting: number[] = []; // members that the call before left behind, by index
  for (const call of calls) {
    const list: number[] = [];
    const left: number[] = [];
    call.folios.forEach((folio, place) => {
      const row = firstRow[call.id]! + place;
      const key = identity(folio);
      // A member of the list before that did not move is tried again by the request itself: the same wish, not a new one.
      let index = retries
        ? Number.isNaN(key) && again.has(call.id)
          ? (waiting.shift() ?? -1)
          : (known.get(key) ?? -1)
        : -1;
      if (index < 0) {
        index = members.length;
        members.push({ folio, rows: [], episodes: [], outcomes: [], failures: [] });
        if (!Number.isNaN(key)) known.set(key, index);
        list.push(index);
      }
      const member = members[index]!;
      member.rows.push(row);
      for (const episode of folio.episodes) member.episodes.push(history.episodes[episode]!);
      member.outcomes.push(folio.outcome);
      member.failures.push(...(failuresOf.get(row) ?? []));
      if (folio.outcome !== 'moved' && Number.isNaN(key)) left.push(index);
    });
    waiting = left;
    if (list.length === 0 && (again.has(call.id) || call.folios.length > 0)) continue;
    // A list has a folio at least. What it was is not known, but it was dropped: another time it might be in the way.
    const isEmpty = list.length === 0 && !again.has(call.id) && call.failed === 0 && call.succeeded === 0 && retries;
    for (let n = isEmpty ? Math.max(1, Math.round(index.emptyList)) : 0; n > 0; n--) {
      list.push(members.length);
      members.push({
        folio: nobody,
        rows: [],
        episodes: [],
        outcomes: [],
        failures: [],
        latent: true,
      });
    }
    lists.push({ members: list, time: call.start, gap: 0, from: call.start, call });
  }
  const start = request === undefined || Number.isNaN(request.start) ? startOf(first) : request.start;
  const last = calls.reduce((end, call) => Math.max(end, Number.isNaN(call.end) ? call.start : call.end), start);
  const end = request === undefined || Number.isNaN(request.end) ? last : Math.max(request.end, last);
  const protects = request !== undefined && models[request.kind] !== 'call' && request.kind !== 'compaction';
  const preparations = withGaps(
    lists,
    calls,
    start,
    protects ? drainsBefore(history, { pid: first.pid, start, first: first.start, last }) : [],
    index.perFolio,
  );
  const key = index.keyOf(start, first.pid, first.folios[0]?.pfn ?? Number.NaN);
  const distinct = toldApart();
  return {
    id,
    key,
    model: request === undefined ? 'call' : modelOf(request, index.goOn),
    areas,
    areaStarts: areas === 0 ? [] : (index.areasOf.get(request!.id) ?? []).map(({ startPfn }) => startPfn),
    reason: first.reason,
    mode: own(modes, first.mode) ?? 'sync',
    cpu: first.cpu,
    pid: first.pid,
    start,
    end,
    startPfn: request?.startPfn ?? Number.NaN,
    endPfn: request?.endPfn ?? Number.NaN,
    members: members.map(({ folio, episodes, ...rest }) => ({
      key: distinct(memberKeyOf(key, folio.pfn)),
      pfn: folio.pfn,
      order: folio.order,
      mapped: episodes[0]?.set ?? 0,
      episodes,
      ...rest,
      latent: rest.latent === true,
    })),
    lists: lists.map(({ members, time, gap, from }) => ({ members, time, gap, from })),
    scans: scansOf(index, request),
    calls: callIds,
    alone: request === undefined,
    preparations,
    returned: request?.returned ?? Number.NaN,
  };
}

/** Calls that history knows to have worked on the list of the call before. */
function callsAgain({ areasOf }: Index, request: Request | undefined): Set<number> {
  if (request === undefined) return new Set();
  const inner = areasOf.get(request.id) ?? [];
  return new Set([request, ...inner].flatMap(({ lists }) => lists ?? []).flatMap((calls) => calls.slice(1)));
}

function scansOf({ areasOf }: Index, request: Request | undefined): NonNullable<Request['scans']> {
  if (request === undefined) return [];
  const inner = areasOf.get(request.id) ?? [];
  return [request, ...inner].flatMap(({ scans }) => scans ?? []).sort((a, b) => a.time - b.time);
}

function mean(values: Float64Array): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
