/** One unit under one policy in one draw: a pure function of its arguments, so that any thread may run it. */

import type { ChunkDemand, FolioSpec, RequestDemand } from '../model/demand.ts';
import { type Counters, counterNames, Machine, type MemberResult } from '../model/machine.ts';
import type { Policy } from '../policies/policy.ts';
import { joinedWith } from './adds-anew.ts';
import { createClock, retimed } from './background-clock.ts';
import type { Condition } from './condition.ts';
import { finallyOf, type Member, type Unit } from './demand.ts';
import { type Metric, metricNames } from './outcome.ts';
import { preparationOf } from './preparation.ts';
import type { Row, Scene } from './slice.ts';
import { continued, type UnitWorld } from './world.ts';

export interface UnitOutcome {
  readonly values: Record<Metric, number>;
  /** By member: 1 = the request ended with it where it was. */
  readonly left: Uint8Array;
  /** By member: how often a list (of an area) was given up with it on. */
  readonly givenUp: Uint8Array;
  readonly episodes: Uint16Array;
  readonly returned: number;
  /** Base pages that its calls would have printed as moved (mm_migrate_pages). */
  readonly pagesSucceeded: number;
  /** No folio met a mismatch: every one moved at its first attempt, in one episode at most. */
  readonly quiet: boolean;
}

/** Copied for each unit: made anew it would take longer than playing a small one. */
const nothing = Object.fromEntries(metricNames.map((name) => [name, 0])) as Record<Metric, number>;

/**
 * Replays a unit; a CMA allocation goes on with its next area after -EBUSY (mm/cma.c cma_alloc). Under a policy
 * that treats batches as the recorded one, members that a batch held are held as recorded, not by an add of guessed time.
 */
export function runUnit(
  scene: Scene,
  policy: Policy,
  world: UnitWorld,
  conditions: readonly Condition[] = [],
  sameBatches = false,
): UnitOutcome {
  const { unit, assumed } = scene;
  const left = new Uint8Array(unit.members.length).fill(1);
  const asRecorded = sameBatches && conditions.some(({ batchAttempts }) => batchAttempts > 0);
  const clock = createClock(unit, assumed.backgroundPace);
  const met = world.background(scene);
  const original = asRecorded ? forget(met, (m) => conditions[m]!.batchAttempts > 0) : met;
  let background = retimed(original, clock.of);
  const meanwhile: Row[] = [];
  const givenUp = new Uint8Array(unit.members.length);
  const episodes = new Uint16Array(unit.members.length);
  const attempts = new Uint16Array(unit.members.length);
  const values = { ...nothing };
  // One that was seen to fail with -EBUSY had tried every area that there was (mm/cma.c cma_alloc).
  const isWhole = unit.returned === -16;
  const limit = unit.areas === 0 ? 1 : isWhole ? unit.areas : Math.max(Math.round(assumed.areaLimit), unit.areas);
  let lists = unit.lists.map(({ members, gap, from }) => ({ members: [...members], gap, from }));
  let start = unit.start + preparationOf(unit.preparations, 0).delay;
  let seenUntil = Number.NEGATIVE_INFINITY;
  let returned = 0;
  let stuck = 0;
  let pagesSucceeded = 0;
  for (let area = 0; area < limit; area++) {
    const input = {
      cpus: scene.cpus,
      folios: unit.members.map((member, m) => specOf(unit, member, attempts[m]!, conditions[m])),
      requests: [requestOf(unit, lists, start)],
      background: after(background, seenUntil, left),
      // What came of a loop that the kernel does not bound is known: a round that gets nowhere is its last.
      outerLoops: Math.max(1, Math.round(assumed.outerLoops)),
    };
    const here = area === 0 ? world : continued(world, episodes.slice(), attempts.slice(), area);
    const result = new Machine(policy.decisions, here, input).run();
    const [request] = result.requests;
    if (request === undefined) throw new Error('the machine lost its request');
    count(values, request.counters, result.background);
    pagesSucceeded += request.totals.succeeded;
    returned = Number.isNaN(request.returned) ? -4 : request.returned;
    if (returned === -16 && unit.areas > 0) values.busyRetries++;
    let stop = -1;
    let progress = false;
    request.chunks.forEach((chunk, c) => {
      for (const member of chunk) {
        episodes[member.folio]! += member.episodes;
        attempts[member.folio]! += member.attempts;
        if (member.ending === 'moved' || member.ending === 'reclaimed') {
          left[member.folio] = 0;
          progress = true;
        } else if (isGivenUp(member)) {
          givenUp[member.folio]!++;
          if (stop < 0) stop = c;
        } else if (stop < 0) stop = c;
      }
    });
    if (returned !== -16 || unit.areas === 0 || stop < 0 || Number.isNaN(request.ended)) break;
    // What is in the way for good is in the way of every area that holds it.
    stuck = progress ? 0 : stuck + 1;
    if (!isWhole && stuck >= assumed.stuckAreas) break;
    // The next area begins one step further on; what has moved out of the overlap stays moved. Its scan meets the rest
    // of the overlap again, in the first of the lists that follow, and nothing that lies before it.
    const begins = areaStart(unit.areaStarts, area + 1);
    const isMet = (m: number) => left[m] === 1 && !(unit.members[m]!.pfn < begins);
    const rest = lists.slice(0, stop + 1).flatMap(({ members }) => members.filter(isMet));
    const [next, ...others] = lists.slice(stop + 1);
    const { from = Number.POSITIVE_INFINITY, gap = 0, members = [] } = next ?? {};
    lists = [{ members: [...rest, ...members], gap, from }, ...others];
    // Whatever rests now is drained (or found resting) by the next area, which begins with the same protection.
    seenUntil = policy.decisions.lruCaches === 'nothing' || policy.decisions.neverDrain ? seenUntil : start;
    start = request.ended + preparationOf(unit.preparations, area + 1).delay;
    if (next !== undefined) {
      const until = start + world.prepared(area + 1).takes(policy.decisions);
      meanwhile.push(...world.held(scene, { range: area + 1, lists: [next, ...others], from: clock.of(from), until }));
      clock.hold(from, until);
    }
    background = joinedWith(retimed(original, clock.of), meanwhile);
  }
  values.failedRequests = returned === 0 ? 0 : 1;
  // Tried and left behind; what a request did not get round to is in neither number, as in mm_migrate_pages.
  values.failedFolios = 0;
  values.movedFolios = 0;
  unit.members.forEach((member, m) => {
    values.failedFolios += givenUp[m]!;
    if (left[m] === 0 && !member.latent) values.movedFolios++;
  });
  const quiet = left.every((one) => one === 0) && episodes.every((n) => n <= 1) && attempts.every((n) => n <= 1);
  return { values, left, givenUp, episodes, returned, pagesSucceeded, quiet };
}

/**
 * First frame of an area: as recorded, which is the same for every policy, since candidates follow each other in the bitmap
 * (mm/cma.c cma_alloc); beyond as far from the last as that from the one before. NaN = not known.
 */
function areaStart(starts: readonly number[], area: number): number {
  if (area < starts.length) return starts[area]!;
  const last = starts.at(-1) ?? Number.NaN;
  return last + (area - starts.length + 1) * (last - (starts.at(-2) ?? Number.NaN));
}

/**
 * A latent folio is clean page cache, which a contiguous allocation drops if nothing holds it; so is one that its last call
 * left behind in an allocation that succeeded. As long as it is conditioned to be in the way it is not
 * asked to be dropped.
 */
function specOf(unit: Unit, member: Member, attempts: number, condition: Condition | undefined): FolioSpec {
  const { order, mapped, latent, outcomes, onDevice } = member;
  // A device takes private anonymous memory only (migrate_vma_pages()).
  if (unit.model === 'migrate_vma') return { order, mapped, kind: 'anon', onDevice: onDevice === true };
  const dropped = outcomes.at(-1) === 'failed' && finallyOf(unit, member) === 'moved';
  const inVain = (condition?.failingAttempts ?? 0) + (condition?.batchAttempts ?? 0);
  if ((latent || dropped) && attempts >= inVain) return { order, mapped, kind: 'file', clean: true };
  return { order, mapped, kind: 'unknown' };
}

function isGivenUp({ ending }: MemberResult): boolean {
  return ending === 'failed' || ending === 'unfinished' || ending === 'not isolated';
}

function requestOf(unit: Unit, lists: readonly { members: number[]; gap: number }[], start: number): RequestDemand {
  const chunks: ChunkDemand[] = lists.map(({ members, gap }) => ({ folios: members, gap }));
  return {
    id: unit.id,
    model: unit.model,
    reason: unit.reason,
    mode: unit.mode,
    cpu: Math.max(0, unit.cpu),
    start,
    end: Math.max(unit.end, start),
    wholeLists: true,
    chunks,
    passes: Math.max(1, ...unit.members.map(({ outcomes }) => outcomes.length)),
  };
}

/** The background with some members' adds being anybody's. */
function forget(background: Scene['background'], isForgotten: (member: number) => boolean): Scene['background'] {
  return { ...background, folio: background.folio.map((folio) => (folio >= 0 && isForgotten(folio) ? -1 : folio)) };
}

/** The background after a time; folios that have moved are nobody's any more. */
function after(background: Scene['background'], time: number, left: Uint8Array): Scene['background'] {
  if (time === Number.NEGATIVE_INFINITY && left.every((one) => one === 1)) return background;
  let first = 0;
  while (first < background.length && background.time[first]! <= time) first++;
  return {
    length: background.length - first,
    time: background.time.subarray(first),
    cpu: background.cpu.subarray(first),
    action: background.action.subarray(first),
    folio: background.folio.subarray(first).map((folio) => (folio >= 0 && left[folio] === 0 ? -1 : folio)),
  };
}

function count(values: Record<Metric, number>, request: Readonly<Counters>, background: Readonly<Counters>): void {
  for (const name of counterNames) values[name] += request[name];
  values.lruLocks += background.lruLocks;
}
