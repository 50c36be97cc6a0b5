/**
 * The part of the background that one unit meets: what rests in batches when it begins, what is added while it runs and
 * for some time after, and who else drains. Adds that the unit itself made (its destinations, and what it put back) are
 * left out: the model makes them again. A folio in a wanted range that was in a batch then joins the demand, because
 * under another policy it may still be there when the list is isolated.
 */

import { uniform } from '../base/random.ts';
import { countLeading } from '../base/sorted.ts';
import { batchKinds } from '../history/facts.ts';
import { type Background, backgroundActions } from '../model/demand.ts';
import type { Adds, DrainRow } from './adds.ts';
import { finallyOf, type Unit } from './demand.ts';
import { memberKeyOf } from './keys.ts';
import { type Assumptions, defaultAssumptions } from './parameters.ts';

/** A unit with its latent members, and the background that belongs to it. Folio ids are places in `unit.members`. */
export interface Scene {
  readonly unit: Unit;
  readonly background: Background;
  /** CPUs that the machine needs. */
  readonly cpus: number;
  /** The background is known up to here. */
  readonly until: number;
  readonly assumed: Assumptions;
  /** By member: 1 = some add to a batch in this background is of it. */
  readonly queued: Uint8Array;
}

/** One row of a background. */
export interface Row {
  time: number;
  cpu: number;
  action: number;
  folio: number;
}

/** Where an imputation is thrown: which seed, and which of the throws; or that it lies as far to one side as it may. */
export interface Throw {
  readonly seed: number;
  readonly variant: number;
  readonly corner?: Corner | undefined;
}

/**
 * Where adds of which only bounds are known are put instead of being thrown: at an end of their bounds, or so that as many
 * as may be (as few as may be) rest in a batch while the request isolates its lists.
 */
export const corners = ['early', 'late', 'in the way', 'out of the way'] as const;
export type Corner = (typeof corners)[number];

/**
 * The scene of a unit. `batchesOn`: the recording left batches on while requests ran, so that a folio that was in the way
 * of a list is among its members already.
 */
export function sceneOf(
  given: Unit,
  adds: Adds,
  drains: readonly DrainRow[],
  cpus: number,
  thrown: Throw,
  batchesOn: boolean,
  assumed: Assumptions = defaultAssumptions,
): Scene {
  const span = Math.max(0, given.end - given.start);
  const until = given.end + span * assumed.backgroundBeyond;
  const own = ownPfns(given);
  const isUnmapped = unmappingsOf(given);
  const inTheWay = metAt(given);
  const found: { time: number; flushed: number; cpu: number; batch: number; pfn: number }[] = [];
  for (const group of adds.groups) {
    let i = firstFlushedAfter(adds, group.first, group.last, given.start);
    while (i < group.last && adds.low[i]! <= until) {
      const last = endOfFlush(adds, i, group.last);
      const times = timesBetween(adds, i, last, thrown, given, assumed.addTimes);
      for (let j = i; j < last; j++) {
        const pfn = adds.pfn[j]!;
        // What was in the way of a list was queued before it.
        const { time: met, until: flushedBy } = inTheWay.get(pfn) ?? notMet;
        const flushed = adds.flushed[j]!;
        const wasThere = adds.low[j]! <= met && met < flushed && flushed <= flushedBy;
        const time = wasThere ? Math.min(times[j - i]!, met) : times[j - i]!;
        const during = time >= given.start && time <= given.end;
        if (time > until || (group.batch === 0 && during && own.has(pfn))) continue;
        if (group.batch === mlockBatch && isUnmapped(pfn, time, group.cpu)) continue;
        found.push({ time, flushed, cpu: group.cpu, batch: group.batch, pfn });
      }
      i = last;
    }
  }
  const unit = batchesOn ? given : withLatent(given, found, thrown);
  const ids = new Map<number, number>();
  unit.members.forEach(({ pfn }, i) => {
    if (!Number.isNaN(pfn) && !ids.has(pfn)) ids.set(pfn, i);
  });
  const gone = unit.members.map((member) => goneAt(member, unit));
  const rows: Row[] = found.map(({ time, flushed, cpu, batch, pfn }) => {
    const id = ids.get(pfn) ?? -1;
    // After the folio has moved the frame is another folio's; and a folio that moved was in no batch when it did.
    return { time, cpu, action: batch, folio: id >= 0 && flushed <= gone[id]! ? id : -1 };
  });
  // Requests whose drains the model makes anew. Of a pin the calls are seen, and not the collection before them, whose drain
  // (axis I) the model makes; what it drains during its calls stays as recorded.
  const makesItsOwn = given.model !== 'longterm pin' && given.model !== 'call';
  for (let i = firstDrainAfter(drains, given.start); i < drains.length && drains[i]!.time <= until; i++) {
    const { time, cpu, all, pid } = drains[i]!;
    if (makesItsOwn && pid === given.pid && time <= given.end) continue;
    rows.push({ time, cpu, action: all ? backgroundActions.drainAll : backgroundActions.drainLocal, folio: -1 });
  }
  rows.sort((a, b) => a.time - b.time);
  const queued = new Uint8Array(unit.members.length);
  for (const { folio } of rows) if (folio >= 0) queued[folio] = 1;
  return { unit, background: columnsOf(rows), cpus, until, queued, assumed };
}

/** That a batch held a folio at a time, if its flush came between then and `until`. */
interface Met {
  readonly time: number;
  readonly until: number;
}

const notMet: Met = { time: Number.POSITIVE_INFINITY, until: Number.NEGATIVE_INFINITY };

/**
 * When the list of each folio that failed was first tried. What migrate_vma isolates was mapped when it was collected, so
 * that a flush of it in between is of an add before that (and what it drains all CPUs for).
 */
function metAt(unit: Unit): Map<number, Met> {
  const times = new Map<number, Met>();
  const { collect = Number.NaN, isolate = 0 } = unit.services ?? {};
  const setup = (collect + isolate) * unit.members.length;
  for (const { members, time } of unit.lists) {
    for (const m of members) {
      const { pfn, failures, onDevice } = unit.members[m]!;
      if (Number.isNaN(pfn)) continue;
      if (failures.length > 0) times.set(pfn, { time, until: Number.POSITIVE_INFINITY });
      else if (unit.model === 'migrate_vma' && onDevice !== true)
        times.set(pfn, { time: time - 1, until: time + setup });
    }
  }
  return times;
}

const mlockBatch = batchKinds.indexOf('mlock');

/**
 * Whether a unit was unmapping a folio at a time: what is unmapped from a VM_LOCKED mapping is munlocked, into a batch that
 * the unmapping drains before it goes on (mm/rmap.c try_to_migrate_one), so that this entry meets no attempt to move it.
 */
function unmappingsOf({ members }: Unit): (pfn: number, time: number, cpu: number) => boolean {
  const episodesOf = new Map(members.map(({ pfn, episodes }) => [pfn, episodes]));
  return (pfn, time, cpu) =>
    episodesOf.get(pfn)?.some((one) => one.cpu === cpu && one.start <= time && time <= one.end) === true;
}

function endOfFlush(adds: Adds, first: number, last: number): number {
  let end = first + 1;
  if (adds.flush[first]! >= 0) while (end < last && adds.flush[end] === adds.flush[first]) end++;
  return end;
}

/**
 * Times of the adds of one flush, in order: thrown between their bounds (evenly where `shape` is 1), or put into a corner. The
 * folios stay in their order, as a batch is flushed in the order it was filled.
 */
function timesBetween(
  adds: Adds,
  first: number,
  last: number,
  { seed, variant, corner }: Throw,
  unit: Unit,
  shape: number,
): Float64Array {
  const times = new Float64Array(last - first);
  for (let i = first; i < last; i++) {
    const low = adds.low[i]!;
    const high = adds.high[i]!;
    const width = high - low;
    const u = width > 0 && corner === undefined ? uniform(seed, 'bootstrap', adds.key[i]!, variant) : 0;
    times[i - first] =
      corner !== undefined ? inCorner(low, high, corner, unit) : low + width * (shape === 1 ? u : u ** shape);
  }
  return times.sort();
}

function inCorner(low: number, high: number, corner: Corner, { start, preparations }: Unit): number {
  if (corner === 'early' || (corner === 'out of the way' && low < start)) return low;
  if (corner !== 'in the way') return high;
  // Right after what was there before has been drained, so that it rests while every list is isolated.
  const { until } = preparations[0]!;
  return Math.min(high, Math.max(low, (Number.isNaN(until) ? start : until) + 1));
}

/** Frames that the unit's own work puts on the LRU: destinations, and sources put back. */
function ownPfns(unit: Unit): Set<number> {
  const own = new Set<number>();
  for (const { pfn, episodes } of unit.members) {
    if (!Number.isNaN(pfn)) own.add(pfn);
    for (const { destinationPfn } of episodes) own.add(destinationPfn);
  }
  return own;
}

function goneAt(member: Unit['members'][number], unit: Unit): number {
  if (member.latent || finallyOf(unit, member) !== 'moved') return Number.POSITIVE_INFINITY;
  const end = member.episodes.at(-1)?.end;
  return end === undefined || Number.isNaN(end) ? unit.end : end;
}

function firstFlushedAfter(adds: Adds, first: number, last: number, time: number): number {
  return countLeading(last, (i) => adds.flushed[i]! < time, first);
}

function firstDrainAfter(drains: readonly DrainRow[], time: number): number {
  return countLeading(drains.length, (i) => drains[i]!.time < time);
}

/**
 * Adds to a contiguous allocation's demand the folios of its range that rest in a batch while it runs. Where the scan
 * (isolate_migratepages_range goes up in pfn) meets each is interpolated between the lists whose pfns are known, at a pace
 * that is thrown, and is never before its add: a folio that was added to a batch had not been isolated.
 */
function withLatent(unit: Unit, found: readonly { time: number; flushed: number; pfn: number }[], thrown: Throw): Unit {
  if (unit.model !== 'contiguous allocation' || unit.lists.length === 0) return unit;
  // Of a request that the capture cuts off nothing says where its range ends.
  if (Number.isNaN(unit.startPfn) || Number.isNaN(unit.endPfn)) return unit;
  const own = ownPfns(unit);
  const latest = new Map<number, number>();
  for (const { time, pfn } of found) {
    if (pfn < unit.startPfn || pfn >= unit.endPfn || own.has(pfn) || time > unit.end) continue;
    latest.set(pfn, Math.max(time, latest.get(pfn) ?? Number.NEGATIVE_INFINITY));
  }
  if (latest.size === 0) return unit;
  const position = listByPfn(unit, thrown);
  const members = [...unit.members];
  const lists = unit.lists.map((list) => ({ ...list, members: [...list.members] }));
  for (const [pfn, added] of [...latest].sort((a, b) => a[0] - b[0])) {
    let list = position(pfn);
    while (list < lists.length - 1 && lists[list]!.time < added) list++;
    lists[list]!.members.push(members.length);
    members.push({
      key: memberKeyOf(unit.key, pfn),
      pfn,
      order: 0,
      mapped: 0,
      rows: [],
      episodes: [],
      outcomes: [],
      failures: [],
      latent: true,
    });
  }
  return { ...unit, members, lists };
}

/**
 * The list that the scan has reached at a pfn, where the scan was recorded. Else nothing says how fast it went between
 * lists that hold a known pfn (holes and free pages go by in no time), so the place it has reached half-way is thrown, and
 * it goes evenly to and from there.
 */
function listByPfn(unit: Unit, { seed, variant }: Throw): (pfn: number) => number {
  const pfns = [unit.startPfn];
  const lists = [0];
  unit.lists.forEach(({ members }, i) => {
    const known = members.map((m) => unit.members[m]!.pfn).filter((pfn) => pfn > pfns.at(-1)! && pfn < unit.endPfn);
    if (known.length === 0) return;
    pfns.push(Math.max(...known));
    lists.push(i);
  });
  pfns.push(unit.endPfn);
  lists.push(unit.lists.length - 1);
  const firstAfter = (time: number) => {
    const list = unit.lists.findIndex((one) => one.time >= time);
    return list < 0 ? unit.lists.length - 1 : list;
  };
  return (pfn) => {
    // The last scan over it: an area that was given up leaves its frames to the next.
    const scan = unit.scans.findLast(({ startPfn, endPfn }) => startPfn <= pfn && pfn < endPfn);
    if (scan !== undefined) return firstAfter(scan.time);
    let i = 1;
    while (i < pfns.length - 1 && pfns[i]! < pfn) i++;
    const even = (pfn - pfns[i - 1]!) / Math.max(1, pfns[i]! - pfns[i - 1]!);
    const half = uniform(seed, 'bootstrap', unit.key, variant, i);
    const share = even < half ? (0.5 * even) / half : 0.5 + (0.5 * (even - half)) / (1 - half);
    return Math.round(lists[i - 1]! + Math.min(1, Math.max(0, share)) * (lists[i]! - lists[i - 1]!));
  };
}

/** Rows in order of time as a background. */
export function columnsOf(rows: readonly Row[]): Background {
  const background = {
    length: rows.length,
    time: new Float64Array(rows.length),
    cpu: new Uint16Array(rows.length),
    action: new Uint8Array(rows.length),
    folio: new Int32Array(rows.length),
  };
  rows.forEach((row, i) => {
    background.time[i] = row.time;
    background.cpu[i] = row.cpu;
    background.action[i] = row.action;
    background.folio[i] = row.folio;
  });
  return background;
}
