/**
 * Where a prediction of another policy goes wrong: folio by folio, what the world did under its own kernel and under the other
 * policy, and what the draws make of it. Sums over worlds, by what happened in both and what stood in the way.
 */
import { resolvePolicy } from '../../src/policies/policies.ts';
import { conditionsOf } from '../../src/replay/abduction.ts';
import { demandOf, timesGivenUp } from '../../src/replay/demand.ts';
import { runUnit } from '../../src/replay/job.ts';
import { likenessOf } from '../../src/replay/likeness.ts';
import { drawParameters } from '../../src/replay/parameters.ts';
import { type Recording, recordScenario } from '../../src/replay/scenario/record.ts';
import { stageOf } from '../../src/replay/stage.ts';
import { createWorld } from '../../src/replay/world.ts';
import type { World } from './prior.ts';
import { historyOf, requestsOf } from './score.ts';

/** What became of one folio in one run: as the model that made the world has it. */
interface Fate {
  /** `moved`, `moved later` (not at its first attempt), `failed`, `not tried`. */
  readonly end: string;
  readonly holder: string;
  readonly episodes: number;
}

/** Folios of one class: summed over worlds. */
export interface Cell {
  readonly key: string;
  folios: number;
  truth: number;
  predicted: number;
}

export const explained = ['failedFolios', 'episodes'] as const;
export type Explained = (typeof explained)[number];

/** Folios by frame. */
function fatesOf(recording: Recording, requests: number): Map<number, Fate> {
  const fates = new Map<number, Fate>();
  for (let run = 0; run < requests; run++) {
    for (const one of recording.result(run)?.chunks.flat() ?? []) {
      const pfn = recording.cast.pfn(one.folio);
      const before = fates.get(pfn);
      const isMoved = one.ending === 'moved' || one.ending === 'reclaimed';
      const end = isMoved ? (one.attempts > 1 || one.episodes > 1 ? 'moved later' : 'moved') : one.ending;
      fates.set(pfn, {
        end: one.ending === 'not tried' && before !== undefined ? before.end : end,
        holder: one.holder ?? before?.holder ?? '',
        episodes: one.episodes + (before?.episodes ?? 0),
      });
    }
  }
  return fates;
}

/** The classes of one world under one policy; undefined: the world does not predict it. */
export async function explain(
  world: World,
  name: string,
  metric: Explained,
  { seed, draws, by }: { readonly seed: number; readonly draws: number; readonly by: readonly string[] },
): Promise<Cell[] | undefined> {
  const { scenario, alternatives, number, kind } = world;
  if (name !== 'recorded' && !alternatives.includes(name)) return undefined;
  const base = resolvePolicy(`linux-${scenario.kernel}`, undefined, { pageSize: scenario.machine.pageSize });
  const policy = name === 'recorded' ? base : resolvePolicy(name, base, { pageSize: scenario.machine.pageSize });
  const run = (under: typeof base) => recordScenario(scenario, under, { seed: number });
  const [recording, other] = [run(base), run(policy)];
  const requests = requestsOf(scenario);
  const [was, is] = [fatesOf(recording, requests), fatesOf(other, requests)];
  const truth = new Map<number, number>();
  const addTruth = (pfn: number, value: number) => truth.set(pfn, (truth.get(pfn) ?? 0) + value);
  const otherHistory = await historyOf(other, scenario);
  if (metric === 'episodes') for (const { sourcePfn } of otherHistory.episodes) addTruth(sourcePfn, 1);
  else {
    for (const unit of demandOf(otherHistory).units) {
      for (const one of unit.members) addTruth(one.pfn, timesGivenUp(unit, one, policy.decisions.contiguousTries));
    }
  }
  const stage = stageOf(await historyOf(recording, scenario), base, seed);
  const predicted = new Map<number, number>();
  const causes = new Map<number, string>();
  const likeness = likenessOf(policy, base);
  for (let draw = 0; draw < draws; draw++) {
    const pace = draw % stage.variants.length;
    const evidence = stage.evidenceAt[stage.abduction.untold.levelOf(seed, draw)]!;
    const parameters = drawParameters(evidence, stage.assumed, seed, draw, pace);
    for (const scene of stage.variants.at(pace)) {
      const { unit } = scene;
      const conditions = conditionsOf(stage.abduction, scene, base, stage.assumed, seed, draw);
      const input = {
        unit,
        recorded: base,
        decisions: policy.decisions,
        abduction: stage.abduction,
        conditions,
        parameters,
        evidence,
        seed,
        draw,
        pace,
        withheld: false,
        ...likeness,
      };
      const outcome = runUnit(scene, policy, createWorld(input), conditions, likeness.sameBatches);
      unit.members.forEach(({ pfn }, m) => {
        const value = metric === 'episodes' ? outcome.episodes[m]! : outcome.givenUp[m]!;
        predicted.set(pfn, (predicted.get(pfn) ?? 0) + value / draws);
        if (draw === 0 && conditions[m]?.cause !== undefined) causes.set(pfn, conditions[m]!.cause!);
      });
    }
  }
  const { model } = scenario.requests[0]!;
  const sorts = {
    kind,
    model,
    kernel: scenario.kernel,
    world: `world ${number}`,
    wakes: `wakes ${stage.evidence.wakes !== undefined}`,
  };
  const cells = new Map<string, Cell>();
  for (const pfn of new Set([...was.keys(), ...is.keys(), ...predicted.keys(), ...truth.keys()])) {
    const [before, after] = [was.get(pfn), is.get(pfn)];
    const told = (fate: Fate | undefined) =>
      fate === undefined ? 'nowhere' : `${fate.end}${fate.holder === '' ? '' : `: ${fate.holder}`}`;
    const inDemand = predicted.has(pfn) ? '' : ' (not in the demand)';
    const sort = by.map((one) => sorts[one as keyof typeof sorts]).join(', ');
    const key = `${sort} | ${told(before)} -> ${told(after)}${inDemand}`;
    const cell = cells.get(key) ?? { key, folios: 0, truth: 0, predicted: 0 };
    cells.set(key, cell);
    cell.folios++;
    cell.truth += truth.get(pfn) ?? 0;
    cell.predicted += predicted.get(pfn) ?? 0;
  }
  return [...cells.values()];
}
