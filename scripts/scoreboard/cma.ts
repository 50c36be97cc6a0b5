/** Minchan Kim's 500 CMA allocations under app launches: failed passes with batches drained once, and switched off. */
import { exponential, uniform } from '../../src/base/random.ts';
import type { Decisions } from '../../src/model/decisions.ts';
import type { FolioSpec, RequestDemand } from '../../src/model/demand.ts';
import { Machine } from '../../src/model/machine.ts';
import { rowsOf } from '../../src/model/made-up.ts';
import { emptyWorld, type World } from '../../src/model/world.ts';
import { resolvePolicy } from '../../src/policies/policies.ts';
import type { ScoreRow } from './row.ts';

const allocations = 500;
const cpus = 8;
const folioCount = 64;
const shmem: FolioSpec = { order: 0, kind: 'shmem', mapped: 1 };
const folios = Array.from({ length: folioCount }, () => shmem);
const demand: RequestDemand = {
  id: 0,
  model: 'contiguous allocation',
  reason: 'contig_range',
  mode: 'sync',
  cpu: 0,
  start: 1000,
  end: 1000,
  chunks: [{ folios: folios.map((_, id) => id), gap: 0 }],
};
/** Assumed, not published. Only the product of these and of the rate that is fixed shows in the outcome. */
const world: World = {
  ...emptyWorld,
  serviceTime: (service) => (service === 'copy' || service === 'flush' ? 1000 : 300),
  drainWorkTime: () => 50_000,
};

/**
 * What the debugging patch of the thread prints, for all allocations: each failed try of a folio in a pass beyond the
 * third (`rc && reason == MR_CONTIG_RANGE && pass > 2`), so up to 7 for each of the 5 calls of one folio. Passes
 * without a folio in the way fail nothing, and nothing else is in the way here.
 *
 * Each folio is activated once at a time with the given mean, on a CPU of its own luck. The range is fresh to the
 * allocation, so that what comes before the drain does not count; the batches are filled by nobody else.
 */
function prints(policy: Decisions, mean: number, seed: number, draw: number): number {
  let printed = 0;
  const decisions: Decisions = {
    ...policy,
    onMismatch(view) {
      if (view.pass > 2) printed++;
      return policy.onMismatch(view);
    },
  };
  for (let n = 0; n < allocations; n++) {
    const rows: [number, number, number, number][] = [];
    for (let folio = 0; folio < folioCount; folio++) {
      const key = (draw * allocations + n) * folioCount + folio;
      const time = exponential(mean, uniform(seed, 'deed', key));
      // By then the range has moved, or its first list that did not is through with its 50 tries.
      if (time < 5e5) rows.push([time, Math.floor(cpus * uniform(seed, 'deed', key, 1)), 1, folio]);
    }
    // Undisturbed, an allocation prints nothing.
    if (rows.length === 0) continue;
    rows.sort((a, b) => a[0] - b[0]);
    new Machine(decisions, world, { cpus, folios, requests: [demand], background: rowsOf(rows) }).run();
  }
  return printed;
}

/**
 * The mean time between activations of a folio at which side A prints 400 on average, over draws of its own. At rates
 * this low the count grows with the rate, so that a few proportional steps are enough.
 */
function fixedMean(decisions: Decisions, seed: number): number {
  const fixing = 40;
  let mean = 1e9;
  for (let step = 0; step < 2; step++) {
    let sum = 0;
    for (let draw = 1; draw <= fixing; draw++) sum += prints(decisions, mean, seed, -draw);
    mean *= sum / fixing / 400;
  }
  return mean;
}

/** Both sides, and what was fixed. */
function sides({ seed, draws }: { readonly seed: number; readonly draws: number }) {
  const before = resolvePolicy('linux-5.12').decisions;
  const after = resolvePolicy('linux-5.13').decisions;
  const mean = fixedMean(before, seed);
  const counts = (decisions: Decisions) =>
    Array.from({ length: draws }, (_, draw) => prints(decisions, mean, seed, draw)).sort((a, b) => a - b);
  return { mean, before: counts(before), after: counts(after) };
}

export const row: ScoreRow = {
  id: 'lru-disable-fall',
  result:
    'Failed tries beyond the third pass of contiguous migrations: 400 with batches drained once (A), against those with batches switched off for the time (B)',
  source: 'Minchan Kim, "mm: disable LRU pagevec during the migration temporarily", v3 2021-03-10; d479960e44f2 (5.13)',
  given: 'Android apps launched again and again, one CMA allocation every five seconds, about 500 in all',
  fixed: 'one rate: how often a folio of the range is activated, such that side A prints 400 in the model',
  run(options) {
    const { mean, before, after } = sides(options);
    const at = (sorted: readonly number[], share: number) =>
      sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN;
    return {
      says: `with each folio activated every ${(mean / 1e9).toFixed(2)} s the model prints ${at(before, 0)} to ${at(before, 1)} when batches are drained once, and ${at(after, 0)} to ${at(after, 1)} when they are off: no batch entry outlives the drain that follows the switch`,
      low: at(after, 0),
      high: at(after, 1),
      estimate: at(after, 0.5),
      unit: 'failed tries in 500 allocations',
    };
  },
  published: '30',
  judge: ({ high }) => (high < 400 ? 'same direction' : 'disagrees'),
  why: 'Whatever the rate, side B has no failure from a batch: a window lets nothing rest. The 30 that were left are of other holders (next row). The rate stands for folios of the range, launches and service times at once, none of which was published; a stuck folio prints up to 35 times (5 calls of 7 passes), so that 400 is little more than eleven folios in 500 allocations, and its spread from draw to draw is wide.',
};
