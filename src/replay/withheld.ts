/** Predictions of the recorded policy with its outcomes withheld: what fidelity scores. */

import { uniform } from '../base/random.ts';
import type { Call, History } from '../history/facts.ts';
import { leavesBatchesOn } from './abduction.ts';
import { afflictionsOf, conditionsAnew, ratesOf } from './afflictions.ts';
import { timesGivenUp, type Unit } from './demand.ts';
import { furtherListsOf } from './further-lists.ts';
import { runUnit } from './job.ts';
import { drawParameters } from './parameters.ts';
import { Memory } from './recall.ts';
import type { ReplayOptions } from './replay.ts';
import { evidencesOf, isScored, type Stage } from './stage.ts';
import { createWorld } from './world.ts';

/** What a capture prints of a request as a whole, which needs no folio by name. */
export const totalNames = ['pagesSucceeded', 'pagesFailed', 'calls', 'busyRetries'] as const;
export type TotalName = (typeof totalNames)[number];

/** Predictions of the recorded policy without its outcomes. */
export interface Withheld {
  readonly folds: number;
  /** For each draw, folios predicted to fail, and episodes. */
  readonly failures: Float64Array;
  readonly episodes: Float64Array;
  /** Episodes that were recorded of those folios. */
  readonly recordedEpisodes: number;
  /** For each folio with a known outcome: share of draws in which it was predicted to fail, whether it did, its fold. */
  readonly predicted: Float64Array;
  readonly failed: Uint8Array;
  readonly fold: Uint8Array;
  /** The same of calls (with those for the same list, which one request makes again by itself) and of requests. */
  readonly levels: Readonly<Record<'call' | 'request', Level>>;
  /**
   * Sums over the requests whose every call was seen to its end: base pages that mm_migrate_pages printed, calls, and areas
   * that cma_alloc found busy. NaN where no such request is of a kind that counts it.
   */
  readonly totals: Readonly<Record<TotalName, { readonly recorded: number; readonly drawn: Float64Array }>>;
}

/** Of things that hold folios: whether any of their folios with a known outcome was given up. */
export interface Level {
  /** By thing: share of draws in which one was predicted to be, whether one was. */
  readonly predicted: Float64Array;
  readonly failed: Uint8Array;
  /** By draw: how many things were predicted to have one. */
  readonly drawn: Float64Array;
}

/**
 * Replays the recorded policy with outcomes withheld: each unit with parameters estimated from the other folds, and luck
 * of its own. Folds are of units, not of folios, because the folios of one request share their circumstances.
 */
export function withheld(stage: Stage, { draws, first, onProgress, ...options }: ReplayOptions & Folds): Withheld {
  return predictor(stage, options)({ draws, first, onProgress });
}

interface Folds {
  readonly seed: number;
  readonly folds: number;
  /** Predicts the units of this fold alone; absent: of each. */
  readonly only?: number;
}

/** Predicts as many draws as asked for, as often as asked: what it estimates and remembers serves them all. */
export function predictor(
  stage: Stage,
  { seed, folds, only }: Folds,
): (
  options: Pick<ReplayOptions, 'draws'> & { [K in 'first' | 'onProgress']?: ReplayOptions[K] | undefined },
) => Withheld {
  const { history, recorded, scenes, abduction, assumed } = stage;
  const all = scenes.filter(({ unit }) => unit.members.some(isScored));
  const foldFor = (unit: Unit) => Math.floor(uniform(seed, 'fold', unit.key) * folds);
  const known = all.filter(({ unit }) => only === undefined || foldFor(unit) === only);
  const foldOf = known.map(({ unit }) => foldFor(unit));
  const queued = new Set(
    scenes.flatMap(({ unit, queued: some }) =>
      leavesBatchesOn(unit, recorded) ? unit.members.filter((_, m) => some[m] === 1) : [],
    ),
  );
  const perFold = Array.from({ length: folds }, (_, fold) => {
    const others = all.map(({ unit }) => unit).filter((unit) => foldFor(unit) !== fold);
    return {
      evidences: evidencesOf(history, others, recorded, abduction, assumed),
      afflictions: abduction.blockedAt.map((_, level) => afflictionsOf(abduction, others, recorded, queued, level)),
    };
  });
  const first: number[] = [];
  let count = 0;
  let recordedEpisodes = 0;
  for (const { unit } of known) {
    first.push(count);
    const scored = unit.members.filter(isScored);
    count += scored.length;
    for (const member of scored) recordedEpisodes += member.episodes.length;
  }
  const places = placesOf(known.map(({ unit }) => unit));
  const told = known.map(({ unit }) =>
    unit.members.map((one) => isScored(one) && timesGivenUp(unit, one, recorded.decisions.contiguousTries) > 0),
  );
  const recordedTotals = known.map(({ unit }) => totalsOf(history, unit));
  const memory = new Memory();
  const further = furtherListsOf(known.map(({ unit }) => unit));
  return ({ draws, first: firstDraw = 0, onProgress }) => {
    const failures = new Float64Array(draws);
    const episodes = new Float64Array(draws);
    const predicted = new Float64Array(count);
    const failed = new Uint8Array(count);
    const fold = new Uint8Array(count);
    const levels = { call: emptyLevel(places.lists, draws), request: emptyLevel(known.length, draws) };
    // By list and by request: the last draw in which one of its folios was given up.
    const lastOf = { call: new Int32Array(places.lists).fill(-1), request: new Int32Array(known.length).fill(-1) };
    const mark = (level: 'call' | 'request', thing: number, draw: number) => {
      if (lastOf[level][thing] === draw) return;
      lastOf[level][thing] = draw;
      levels[level].predicted[thing]!++;
      levels[level].drawn[draw]!++;
    };
    known.forEach(({ unit }, i) => {
      unit.members.forEach((_, m) => {
        if (!told[i]![m]) return;
        levels.call.failed[places.of[i]![m]!] = 1;
        levels.request.failed[i] = 1;
      });
    });
    const drawn = Object.fromEntries(totalNames.map((name) => [name, new Float64Array(draws)])) as Drawn;
    for (let draw = 0; draw < draws; draw++) {
      // Where it stands in the arrays, and the number that its luck is drawn by.
      const number = firstDraw + draw;
      const level = abduction.untold.levelOf(seed, number);
      const parameters = perFold.map(({ evidences }) => drawParameters(evidences[level]!, assumed, seed, number));
      const rates = perFold.map(({ afflictions }) => ratesOf(afflictions[level]!, seed, number));
      known.forEach((scene, i) => {
        const { unit } = scene;
        const evidence = perFold[foldOf[i]!]!.evidences[level]!;
        const own = parameters[foldOf[i]!]!;
        const conditions = conditionsAnew(unit, rates[foldOf[i]!]!, seed, number);
        const recall = memory.of(scene, conditions, evidence).under(0);
        const input = {
          unit,
          recorded,
          abduction,
          conditions,
          parameters: own,
          evidence,
          seed,
          draw: number,
          luck: recall,
          pace: 0,
          withheld: true,
          own: true,
          sameBatches: true,
        };
        const outcome =
          recall.find(number, own) ?? recall.keep(runUnit(scene, recorded, createWorld(input), conditions));
        const sums = recordedTotals[i]!;
        const more = outcome.returned === 0 ? further(unit, seed, number) : undefined;
        const said = {
          ...outcome.values,
          calls: outcome.values.calls + (more?.calls ?? 0),
          pagesSucceeded: outcome.pagesSucceeded + (more?.pages ?? 0),
        };
        for (const name of totalNames) if (!Number.isNaN(sums[name])) drawn[name][draw]! += said[name];
        let row = first[i]!;
        unit.members.forEach((member, m) => {
          const bad = outcome.givenUp[m]! > 0 ? 1 : 0;
          // What the recording dropped and this draw gives up counts, though it has no outcome to be scored by.
          if (isScored(member) || member.latent) failures[draw]! += bad;
          if (!isScored(member)) return;
          episodes[draw]! += outcome.episodes[m]!;
          predicted[row]! += bad;
          failed[row] = told[i]![m] ? 1 : 0;
          if (bad === 1) {
            mark('call', places.of[i]![m]!, draw);
            mark('request', i, draw);
          }
          fold[row] = foldOf[i]!;
          row++;
        });
      });
      onProgress?.(draw + 1, draws);
    }
    for (const counts of [predicted, levels.call.predicted, levels.request.predicted]) {
      for (let i = 0; i < counts.length; i++) counts[i]! /= draws;
    }
    const totals = Object.fromEntries(
      totalNames.map((name) => {
        const told = recordedTotals.map((one) => one[name]).filter((value) => !Number.isNaN(value));
        if (told.length === 0) drawn[name].fill(Number.NaN);
        const recorded = told.length === 0 ? Number.NaN : told.reduce((sum, value) => sum + value, 0);
        return [name, { recorded, drawn: drawn[name] }];
      }),
    ) as Withheld['totals'];
    return { folds, failures, episodes, recordedEpisodes, predicted, failed, fold, levels, totals };
  };
}

/** Predictions of the same stage, one behind the other in the order of their draws, as one. */
export function joinedWithheld(parts: readonly Withheld[]): Withheld {
  const [first] = parts;
  if (first === undefined) throw new Error('no part to join');
  if (parts.length === 1) return first;
  const draws = parts.reduce((sum, part) => sum + part.failures.length, 0);
  const behind = (of: (part: Withheld) => Float64Array) => Float64Array.from(parts.flatMap((part) => [...of(part)]));
  // Shares of each part's draws: whole numbers again, so that nothing hangs on how the draws were parted.
  const shares = (of: (part: Withheld) => Float64Array) =>
    of(first).map(
      (_, i) => parts.reduce((sum, part) => sum + Math.round(of(part)[i]! * part.failures.length), 0) / draws,
    );
  const level = (name: keyof Withheld['levels']): Level => ({
    predicted: shares(({ levels }) => levels[name].predicted),
    failed: first.levels[name].failed,
    drawn: behind(({ levels }) => levels[name].drawn),
  });
  return {
    ...first,
    failures: behind(({ failures }) => failures),
    episodes: behind(({ episodes }) => episodes),
    predicted: shares(({ predicted }) => predicted),
    levels: { call: level('call'), request: level('request') },
    totals: Object.fromEntries(
      totalNames.map((name) => [
        name,
        { recorded: first.totals[name].recorded, drawn: behind(({ totals }) => totals[name].drawn) },
      ]),
    ) as Withheld['totals'],
  };
}

type Drawn = Record<TotalName, Float64Array>;

function emptyLevel(things: number, draws: number): Level {
  return { predicted: new Float64Array(things), failed: new Uint8Array(things), drawn: new Float64Array(draws) };
}

/** By unit and member: the list that it is on, counted over all lists with a folio whose outcome is known. */
function placesOf(units: readonly Unit[]): { lists: number; of: Int32Array[] } {
  let lists = 0;
  const of = units.map((unit) => {
    const place = new Int32Array(unit.members.length).fill(-1);
    for (const { members } of unit.lists) {
      if (!members.some((m) => isScored(unit.members[m]!))) continue;
      for (const m of members) place[m] = lists;
      lists++;
    }
    return place;
  });
  return { lists, of };
}

/** What was printed about a unit; NaN where the end of one of its calls was not seen, or nothing would be printed. */
function totalsOf({ calls }: History, unit: Unit): Record<TotalName, number> {
  const sum = (of: (call: Call) => number) => unit.calls.reduce((all, id) => all + of(calls[id]!), 0);
  const pagesSucceeded = unit.calls.length === 0 ? Number.NaN : sum(({ succeeded }) => succeeded);
  return {
    pagesSucceeded,
    pagesFailed: unit.calls.length === 0 ? Number.NaN : sum(({ failed }) => failed),
    calls: Number.isNaN(pagesSucceeded) ? Number.NaN : unit.calls.length,
    // cma_alloc_busy_retry comes after each area that ends with -EBUSY; a last one that succeeds is none.
    busyRetries:
      unit.areas === 0 || Number.isNaN(pagesSucceeded + unit.returned)
        ? Number.NaN
        : unit.areas - (unit.returned === 0 ? 1 : 0),
  };
}
