/** Worlds of which it is known what their captures do not show: adds to batches, what rested when requests began, what held folios. */
import { uniform } from '../../src/base/random.ts';
import { resolvePolicy } from '../../src/policies/policies.ts';
import { addsOf } from '../../src/replay/adds.ts';
import { buildScenario } from '../../src/replay/scenario/build.ts';
import { type Recording, recordScenario } from '../../src/replay/scenario/record.ts';
import type { Scenario } from '../../src/replay/scenario/scenario.ts';
import { type Stage, stageOf } from '../../src/replay/stage.ts';
import { startOfTime } from '../../src/write/emit/ftrace.ts';
import type { World } from './prior.ts';
import { historyOf, rankOf } from './score.ts';

export interface Latent extends LatentAdds {
  /** Of each failure that was blamed: what held the folio, and the posterior in the order of `causes`. */
  readonly blamed: readonly { readonly holder: string; readonly posterior: Float64Array }[];
}

export interface LatentAdds {
  /** Adds since the capture began of which only bounds are known, and how many of them lie there. */
  readonly bounded: number;
  readonly inBounds: number;
  /** Requests and CPUs of which every throw has as many adds resting when the request begins, and those that had as many. */
  readonly settled: number;
  readonly settledRightly: number;
  /** Of the others, the place of how many rested among the throws. */
  readonly restingRanks: readonly number[];
}

/** The capture of a world, staged, set beside the truth, of which nothing goes into the stage. */
export async function latentOf({ scenario, number }: World, seed: number): Promise<Latent> {
  const base = resolvePolicy(`linux-${scenario.kernel}`, undefined, { pageSize: scenario.machine.pageSize });
  const recording = recordScenario(scenario, base, { seed: number });
  const stage = stageOf(await historyOf(recording, scenario), base, seed);
  return { ...addedOf(stage, trueAdds(scenario, number, stage), seed), blamed: blamedOf(stage, recording, scenario) };
}

/** Times of adds to add batches by CPU, as the history counts time; of CPUs that no request runs on, which adds as well. */
function trueAdds(scenario: Scenario, number: number, { history }: Stage): Map<number, number[]> {
  const zero = Number(startOfTime - history.capture.origin);
  const { background } = buildScenario(scenario, { seed: number, draw: 0, grain: 1000 }).input;
  const times = new Map<number, number[]>();
  if (!('next' in background)) return times;
  const movers = new Set(scenario.requests.map(({ cpu }) => cpu));
  for (let block = background.next(); block !== undefined; block = background.next()) {
    for (let i = 0; i < block.length; i++) {
      const cpu = block.cpu[i]!;
      if (block.action[i] !== 0 || movers.has(cpu)) continue;
      const known = times.get(cpu);
      if (known === undefined) times.set(cpu, [block.time[i]! + zero]);
      else known.push(block.time[i]! + zero);
    }
  }
  return times;
}

/** Batches are flushed in the order they were filled, so that the n-th flushed of a CPU is the n-th added. */
function addedOf(
  { history, variants }: Stage,
  truth: ReadonlyMap<number, readonly number[]>,
  seed: number,
): LatentAdds {
  const adds = addsOf(history);
  const throws = Array.from({ length: variants.length }, (_, variant) => variants.at(variant));
  const restingRanks: number[] = [];
  let bounded = 0;
  let inBounds = 0;
  let settled = 0;
  let settledRightly = 0;
  for (const { cpu, batch, first, last } of adds.groups) {
    const times = truth.get(cpu);
    if (batch !== 0 || times === undefined) continue;
    for (let row = first; row < last; row++) {
      const time = times[row - first]!;
      if (!(adds.high[row]! > adds.low[row]!) || time < 0) continue;
      bounded++;
      if (adds.low[row]! <= time && time <= adds.high[row]!) inBounds++;
    }
    for (const [unit, { unit: one }] of throws[0]!.entries()) {
      let resting = 0;
      for (let row = first; row < last; row++) {
        if (times[row - first]! < one.start && adds.flushed[row]! >= one.start) resting++;
      }
      const before = (variant: Stage['scenes']) => {
        const { background } = variant[unit]!;
        let count = 0;
        for (let i = 0; i < background.length; i++) {
          if (background.cpu[i] === cpu && background.action[i] === 0 && background.time[i]! < one.start) count++;
        }
        return count;
      };
      const thrown = Float64Array.from(throws, before);
      if (thrown.some((value) => value !== thrown[0])) {
        restingRanks.push(rankOf(resting, thrown, uniform(seed, 'world', one.key, cpu)));
        continue;
      }
      settled++;
      if (thrown[0] === resting) settledRightly++;
    }
  }
  return { bounded, inBounds, settled, settledRightly, restingRanks };
}

/** By the frame of the folio: what the model says stood in its way when it was given up. */
function blamedOf({ history, abduction }: Stage, recording: Recording, { requests }: Scenario): Latent['blamed'] {
  const holders = new Map<number, string>();
  const count = requests.reduce((sum, { at }) => sum + ('count' in at ? at.count : at.length), 0);
  for (let run = 0; run < count; run++) {
    for (const { folio, holder } of recording.result(run)?.chunks.flat() ?? []) {
      if (holder !== undefined) holders.set(recording.cast.pfn(folio), holder);
    }
  }
  return history.failures.flatMap(({ pfn }, i) => {
    const holder = holders.get(pfn);
    return holder === undefined ? [] : [{ holder, posterior: abduction.blame[i]! }];
  });
}
