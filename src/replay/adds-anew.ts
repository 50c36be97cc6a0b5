/**
 * What other tasks add to batches while a request runs, where the policy lets the request run at another time than recorded:
 * which folio is added just before its list is as much luck then as which fault gets in. The recorded adds say how many there
 * are and how long before the list; each counts as often as in another run of the same rate (a weight of the Bayesian
 * bootstrap, Rubin, Ann. Stat. 9, 1981, then a Poisson number: together a geometric one of mean 1).
 *
 * Beside them are adds that no event shows: a folio that a batch held in the recording, but that no recorded flush had. The
 * flush came while the folio was isolated (PG_lru clear), and then it does nothing (mm/swap.c, kernel-model 2.5).
 */
import { uniform } from '../base/random.ts';
import type { Cause } from '../history/facts.ts';
import type { Decisions } from '../model/decisions.ts';
import { type Background, batchKinds } from '../model/demand.ts';
import type { Condition } from './condition.ts';
import type { Unit } from './demand.ts';
import { columnsOf, type Row, type Scene } from './slice.ts';

/** Whether requests run at another time under these decisions, as far as batches go: they put up another barrier. */
export function drawsAddsAnew({ queued }: Scene, decisions: Decisions, recorded: Decisions): boolean {
  return decisions.lruCaches !== recorded.lruCaches && queued.includes(1);
}

const kindOf: Partial<Record<Cause, number>> = {
  'add batch': batchKinds.indexOf('add'),
  'activate batch': batchKinds.indexOf('activate'),
  'mlock batch': batchKinds.indexOf('mlock'),
};

export interface AddsInput {
  readonly conditions: readonly Condition[];
  /** `drawsAddsAnew`. */
  readonly anew: boolean;
  readonly seed: number;
  readonly draw: number;
}

/** The background of a scene in one draw, at recorded times. */
export function addsOfDraw(scene: Scene, { conditions, anew, seed, draw }: AddsInput): Background {
  const { unit, background, queued, cpus } = scene;
  const unseen = unit.members.flatMap((_, m) =>
    (conditions[m]?.batchAttempts ?? 0) > 0 && queued[m] === 0 ? [m] : [],
  );
  if (!anew && unseen.length === 0) return background;
  const listOf = firstLists(scene);
  const luck = (m: number, which: number) => uniform(seed, 'bootstrap', unit.members[m]!.key, draw, anewKey + which);
  const rows: Row[] = [];
  const times = new Uint16Array(unit.members.length);
  for (let i = 0; i < background.length; i++) {
    const row = rowAt(background, i);
    const { folio, time, action } = row;
    const list = unit.lists[listOf[folio] ?? -1];
    // What was there when the range was drained is drained by any barrier.
    if (!anew || list === undefined || action >= batchKinds.length || time < drainedBefore(unit, list.time)) {
      rows.push(row);
      continue;
    }
    const nth = times[folio]!++ * stride;
    const count = Math.min(stride / 2 - 1, Math.floor(-Math.log2(luck(folio, nth))));
    // Without it the batch has another folio in this place.
    rows.push(count === 0 ? { ...row, folio: -1 } : row);
    for (let copy = 1; copy < count; copy++) {
      const to = unit.lists[Math.floor(luck(folio, nth + 2 * copy) * unit.lists.length)]!;
      const other = to.members[Math.floor(luck(folio, nth + 2 * copy + 1) * to.members.length)];
      if (other === undefined) continue;
      const at = Math.max(drainedBefore(unit, to.time), to.time - (list.time - time));
      rows.push({ ...row, time: at, folio: other });
    }
  }
  for (const m of unseen) {
    const { time } = unit.lists[listOf[m]!] ?? { time: unit.start };
    const from = drainedBefore(unit, time);
    rows.push({
      time: from + (time - from) * luck(m, 0),
      cpu: Math.floor(luck(m, 1) * cpus),
      action: kindOf[conditions[m]!.cause!] ?? 0,
      folio: m,
    });
  }
  return columnsOf(rows.sort((a, b) => a.time - b.time));
}

/** What becomes of a request that is held up. */
export interface Hold {
  /** Which of its ranges comes next, and the lists that do. */
  readonly range: number;
  readonly lists: readonly { readonly members: readonly number[] }[];
  readonly from: number;
  readonly until: number;
}

/**
 * Adds of folios that wait for their list while a request is held up as it was not in the recording: others go on meanwhile,
 * at the rate that the recording shows for a list that waits. Times are the replay's.
 */
export function addsWhileHeld(
  scene: Scene,
  { range, lists, from, until }: Hold,
  { seed, draw }: { readonly seed: number; readonly draw: number },
): Row[] {
  const { unit, background } = scene;
  const listOf = firstLists(scene);
  let waited = 0;
  for (const { time } of unit.lists) waited += Math.max(0, time - drainedBefore(unit, time));
  const recorded: Row[] = [];
  for (let i = 0; i < background.length; i++) {
    const row = rowAt(background, i);
    const list = unit.lists[listOf[row.folio] ?? -1];
    if (list === undefined || row.action >= batchKinds.length) continue;
    if (row.time >= drainedBefore(unit, list.time) && row.time <= list.time) recorded.push(row);
  }
  if (recorded.length === 0 || !(waited > 0) || !(until > from)) return [];
  const none = Math.exp((-recorded.length * (until - from)) / waited);
  const rows: Row[] = [];
  lists.forEach(({ members }, place) => {
    const luck = (which: number) =>
      uniform(seed, 'bootstrap', unit.key, draw, heldKey + 4096 * place + 8 * range + which);
    const folio = members[Math.floor(luck(1) * members.length)];
    if (folio === undefined || luck(0) < none) return;
    const { cpu, action } = recorded[Math.floor(luck(2) * recorded.length)]!;
    rows.push({ time: from + luck(3) * (until - from), cpu, action, folio });
  });
  return rows.sort((a, b) => a.time - b.time);
}

/** Uniform numbers of one add; more than 15 of one are as good as never. */
const stride = 32;
/** Apart from other keys of `bootstrap`. */
const anewKey = 2 ** 24;
const heldKey = 2 ** 25;

/** When the range of a list was drained: what was in a batch before is not in its way. */
function drainedBefore({ preparations, start }: Unit, list: number): number {
  let last = start;
  for (const { drainStart } of preparations) if (drainStart <= list && drainStart > last) last = drainStart;
  return last;
}

/** By member: the list that first had it. */
function firstLists({ unit }: Scene): Int32Array {
  const first = new Int32Array(unit.members.length).fill(-1);
  unit.lists.forEach(({ members }, list) => {
    for (const m of members) if (first[m] === -1) first[m] = list;
  });
  return first;
}

function rowAt({ time, cpu, action, folio }: Background, i: number): Row {
  return { time: time[i]!, cpu: cpu[i]!, action: action[i]!, folio: folio[i]! };
}

/** Rows into a background, all of them in order of time. */
export function joinedWith(background: Background, rows: readonly Row[]): Background {
  if (rows.length === 0) return background;
  const all = Array.from({ length: background.length }, (_, i) => rowAt(background, i));
  return columnsOf([...all, ...rows].sort((a, b) => a.time - b.time));
}
