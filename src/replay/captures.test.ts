/** Replays of real captures: what was recorded comes out again, and one kernel's run predicts another's. */
import { strict as assert } from 'node:assert';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { History } from '../history/facts.ts';
import { workOut } from '../history/history.ts';
import { resolvePolicy } from '../policies/policies.ts';
import { openCapture } from '../read/file.ts';
import { outsideCaptures, tracePath } from '../test-support.ts';
import { timesGivenUp } from './demand.ts';
import { recordedPolicy } from './recorded.ts';
import { replayStage } from './replay.ts';
import { reproduce } from './reproduce.ts';
import { type Stage, stageOf } from './stage.ts';
import { totalNames, withheld } from './withheld.ts';

async function historyOf(folder: string): Promise<History> {
  return workOut(await openCapture(join(folder, 'trace.txt.gz')));
}

async function stageAt(folder: string): Promise<Stage> {
  const history = await historyOf(folder);
  return stageOf(history, recordedPolicy(history.capture).policy);
}

for (const capture of [
  'debian-5.10-4k/shanon_hot',
  'debian-6.1-4k/shanon_hot',
  'debian-6.1-4k/contig_lowmem_apps',
  'debian-6.1-4k/contig_lowmem_apps_stockev',
  'debian-6.1-4k/pin_vmsplice_fail',
  'debian-6.1-4k/migrate_pages_api',
  'debian-6.12-4k/shanon_hot',
  'debian-6.12-16k/shanon_hot',
  'debian-7.2-4k/shanon_hot',
  'pairs/shared-anon-hot/baseline/run01',
  'pairs/shared-anon-hot/baseline/run02',
  'debian-6.12-4k/fmt_nocontext',
  'pairs/shared-anon-hot/drain-once/run01',
  'pairs/shared-anon-hot/drain-once/run02',
  'pairs/shared-anon-hot/refcheck-unmap/run01',
  'pairs/shared-anon-hot/refcheck-unmap/run02',
  'pairs/shared-anon-hot/waiters-undo/run01',
  'pairs/shared-anon-hot/waiters-undo/run02',
  'pairs/cma-second-reads/baseline/run02',
]) {
  test(`reproduction is the recording: ${capture}`, async () => {
    const stage = await stageAt(tracePath(...capture.split('/')));
    // In every draw: each has causes and passes of its own.
    for (const seed of [0, 1, 2]) {
      const { folios, misses } = reproduce(stage, seed);
      assert.ok(folios > 20, `${folios} folios`);
      assert.deepEqual(
        misses.map(({ recorded, replayed }) => `${recorded}, ${replayed}`),
        [],
      );
    }
  });
}

function runsOf(pair: string, policy: string): string[] {
  for (const base of [outsideCaptures === undefined ? '' : join(outsideCaptures, 'pairs'), tracePath('pairs')]) {
    const folder = join(base, pair, policy);
    if (base !== '' && existsSync(folder))
      return readdirSync(folder)
        .sort()
        .map((run) => join(folder, run));
  }
  return [];
}

function givenUp({ scenes, recorded }: Stage): number {
  const tries = recorded.decisions.contiguousTries;
  let times = 0;
  for (const { unit } of scenes) for (const member of unit.members) times += timesGivenUp(unit, member, tries);
  return times;
}

function span(values: ArrayLike<number>, share: number): [number, number] {
  const sorted = Float64Array.from(values).sort();
  const tail = Math.floor(((1 - share) / 2) * sorted.length);
  return [sorted[tail]!, sorted[sorted.length - 1 - tail]!];
}

/** Each baseline run's prediction for another policy: mean and the middle 95 % of draws. */
async function predictions(pair: string, name: string, draws: number) {
  const found: { mean: number; low: number; high: number; recorded: number }[] = [];
  for (const run of runsOf(pair, 'baseline')) {
    const stage = await stageAt(run);
    const [outcome] = replayStage(stage, [resolvePolicy(name, stage.recorded)], { draws, seed: 1 });
    const values = outcome!.totals.failedFolios;
    const [low, high] = span(values, 0.95);
    found.push({ mean: values.reduce((a, b) => a + b, 0) / draws, low, high, recorded: givenUp(stage) });
  }
  return found;
}

async function realCounts(pair: string, policy: string): Promise<number[]> {
  const counts: number[] = [];
  for (const run of runsOf(pair, policy)) counts.push(givenUp(await stageAt(run)));
  return counts;
}

for (const policy of ['refcheck-unmap', 'waiters-undo']) {
  test(`real kernels: baseline runs of shared-anon-hot predict ${policy}`, async (t) => {
    const real = await realCounts('shared-anon-hot', policy);
    const predicted = await predictions('shared-anon-hot', policy, 200);
    t.diagnostic(
      `real ${real}; predicted ${predicted.map((p) => `${p.mean.toFixed(1)} [${p.low}, ${p.high}]`).join(' ')}`,
    );
    assert.ok(real.length >= 2 && predicted.length >= 2);
    for (const { mean, low, high, recorded } of predicted) {
      // The policy helps, by more than half, as it did; and some real run lies in what each baseline run predicts.
      assert.ok(mean < recorded / 2, `${mean} of ${recorded}`);
      assert.ok(
        real.some((n) => n >= low && n <= high),
        `${real} against ${low} to ${high}`,
      );
    }
  });
}

test('real kernels: cma-second-reads predicts that drain-once leaves activated folios in the way', async (t) => {
  const [predicted] = await predictions('cma-second-reads', 'drain-once', 40);
  const real = await realCounts('cma-second-reads', 'drain-once');
  t.diagnostic(`real ${real}; predicted ${predicted!.mean.toFixed(1)} [${predicted!.low}, ${predicted!.high}]`);
  assert.equal(predicted!.recorded, 0);
  assert.ok(predicted!.low > 20, `${predicted!.low}`);
  // The recording shows fewer folios of the range queued than the real runs met (by hand 39 and 54 of its activations come
  // before their scan): the prediction is a lower bound, and not an idle one.
  for (const n of real) assert.ok(predicted!.mean > n / 2 && predicted!.low < n, `${predicted!.mean} against ${n}`);
});

test('real kernels: what drain-once left in the way of CMA is drained where caches are disabled', async (t) => {
  for (const run of runsOf('cma-second-reads', 'drain-once').slice(0, 1)) {
    const stage = await stageAt(run);
    const [outcome] = replayStage(stage, [resolvePolicy('linux-6.12.117')], { draws: 4, seed: 1 });
    const recorded = givenUp(stage);
    const { failedFolios } = outcome!.totals;
    t.diagnostic(`recorded ${recorded}, with caches disabled ${failedFolios}`);
    // The real kernel had none. What no stay in a batch was seen of (18 of 60) is not known to have been in one.
    assert.ok(failedFolios.every((n) => n <= recorded / 3));
  }
});

/** Two each of moves, contiguous ranges, compaction, pins and others, across kernels; named before anything was predicted. */
const tenCaptures = [
  'debian-6.12-4k/file_stockev',
  'debian-7.2-4k/file_activate_stockev',
  'debian-6.1-4k/contig_lowmem_apps_stockev',
  'debian-6.17-4k/contig_gigantic_stockev',
  'debian-6.1-4k/compaction_vmscan_stockev',
  'debian-6.12-16k/compaction_stockev',
  'debian-6.16-4k/pin_anon_stockev',
  'debian-5.10-4k/pin_anon_stockev',
  'debian-6.1-4k/offline_block_stockev',
  'debian-6.1-4k/numa_balancing',
];

test('real kernels: withheld totals of ten captures lie in their intervals in nine', {
  skip: outsideCaptures === undefined ? 'FOLIOSCOPE_CAPTURES names no folder' : false,
}, async (t) => {
  const within: boolean[] = [];
  for (const capture of tenCaptures) {
    const stage = await stageAt(join(outsideCaptures!, ...capture.split('/')));
    const { totals } = withheld(stage, { draws: 60, seed: 1, folds: 5 });
    const missed = totalNames.filter((name) => {
      const { recorded, drawn } = totals[name];
      const [low, high] = span(drawn, 0.95);
      return !Number.isNaN(recorded) && !(low <= recorded && recorded <= high);
    });
    assert.ok(totals.pagesSucceeded.recorded > 0, capture);
    within.push(missed.length === 0);
    if (missed.length > 0) t.diagnostic(`${capture}: ${missed.join(', ')}`);
  }
  assert.ok(within.filter(Boolean).length >= 9, `${within}`);
});

test('real kernels: a 6.1.192 pin drains all CPUs whatever is in batches, as its rule without the pin bias says', async () => {
  // collect_longterm_unpinnable_folios() compares references that hold the caller's own pin (1024) with the expected ones
  // (kernel-model 5.3): each of the 16 pins of this capture calls lru_add_drain_all() once, and the model does as well.
  const stage = await stageAt(tracePath('debian-6.1-4k', 'pin_vmsplice_fail'));
  const pins = stage.scenes.filter(({ unit }) => unit.model === 'longterm pin');
  const pinners = new Set(pins.map(({ unit }) => unit.pid));
  const recorded = stage.history.drains.filter(({ scope, pid }) => scope === 'all' && pinners.has(pid)).length;
  const [outcome] = replayStage(stage, [stage.recorded], { draws: 3, seed: 1 });
  const ofPins = outcome!.byReason.find(({ reason }) => reason === 'longterm_pin')!;
  assert.equal(recorded, 16);
  assert.deepEqual([...ofPins.totals.allCpuDrains], [recorded, recorded, recorded]);
});

test('conditioned on the recording, a CMA allocation makes as many calls as recorded, those with emptied lists among them', async (t) => {
  for (const run of runsOf('cma-second-reads', 'drain-once').slice(0, 1)) {
    const stage = await stageAt(run);
    const [outcome] = replayStage(stage, [stage.recorded], { draws: 2, seed: 1 });
    const { calls } = stage.history;
    const contiguous = calls.filter(({ reason }) => reason === 'contig_range' || reason === 'alloc_contig').length;
    t.diagnostic(`${contiguous} calls`);
    assert.ok(contiguous > 1000);
    const mine = outcome!.byReason.find(({ reason }) => reason === 'contig_range')!;
    assert.deepEqual([...mine.totals.calls], [contiguous, contiguous]);
  }
});
