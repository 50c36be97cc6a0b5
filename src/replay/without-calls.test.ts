/** Replays of what makes no migrate_pages call: migrate_vma and splits of huge pages, as real captures show them. */
import { strict as assert } from 'node:assert';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { workOut } from '../history/history.ts';
import { resolvePolicy } from '../policies/policies.ts';
import { openCapture } from '../read/file.ts';
import { outsideCaptures, tracePath } from '../test-support.ts';
import { conditionsOf } from './abduction.ts';
import { runUnit } from './job.ts';
import { drawParameters } from './parameters.ts';
import { recordedPolicy } from './recorded.ts';
import { replayStage } from './replay.ts';
import { reproduce } from './reproduce.ts';
import { type Stage, stageOf } from './stage.ts';
import { withheld } from './withheld.ts';
import { createWorld } from './world.ts';

const hmm = tracePath('lab-6.12-4k', 'hmm_migrate_vma', 'trace.txt.gz');
const splits = tracePath('debian-6.1-4k', 'thp_split_race', 'trace.txt.gz');
const stock = tracePath('debian-6.1-4k', 'thp_split_race', 'perf_script.txt.gz');
/** Whole captures, where they are at hand. */
const outside = [
  ['lab-6.12-4k', 'hmm_migrate_vma', 'trace.txt.gz'],
  ['lab-6.12-4k', 'labels_thp_split', 'trace.txt.gz'],
  ['debian-6.1-4k', 'thp_split_race', 'trace.txt.gz'],
].map((parts) => join(outsideCaptures ?? '', ...parts));

async function stageAt(path: string, seed = 1): Promise<Stage> {
  const history = await workOut(await openCapture(path));
  return stageOf(history, recordedPolicy(history.capture).policy, seed);
}

for (const path of [hmm, splits, stock, ...outside.filter((one) => outsideCaptures !== undefined && existsSync(one))]) {
  test(`reproduction is the recording: ${path.split('/').slice(-3).join('/')}`, async () => {
    const stage = await stageAt(path);
    assert.ok(stage.scenes.every(({ unit }) => unit.calls.length === 0));
    const { folios, reproduced, misses } = reproduce(stage, 1);
    assert.ok(folios >= 14);
    assert.deepEqual([misses, reproduced], [[], folios]);
  });
}

/** Requests with an all-CPU drain in the recording, in a replay under the recorded policy, and in both. */
function drainsOf(stage: Stage): { recorded: number; replayed: number; both: number } {
  const { history, scenes, abduction, evidence, assumed, recorded } = stage;
  const all = history.drains.filter(({ scope }) => scope === 'all');
  const parameters = drawParameters(evidence, assumed, 1, 0);
  const counts = { recorded: 0, replayed: 0, both: 0 };
  for (const scene of scenes) {
    const { unit } = scene;
    const conditions = conditionsOf(abduction, scene, recorded, assumed, 1, 0);
    const shared = { unit, recorded, abduction, conditions, parameters, evidence, seed: 1, draw: 0, pace: 0 };
    const world = createWorld({ ...shared, withheld: false, own: true, sameBatches: true });
    const drains = runUnit(scene, recorded, world, conditions, true).values.allCpuDrains > 0;
    const was = all.some(({ pid, start }) => pid === unit.pid && start >= unit.start && start <= unit.end);
    if (was) counts.recorded++;
    if (drains) counts.replayed++;
    if (was && drains) counts.both++;
  }
  return counts;
}

test('migrate_vma drains all CPUs for the folios it did: what other CPUs touched last is in their batches', async (t) => {
  const { recorded, replayed, both } = drainsOf(await stageAt(hmm));
  t.diagnostic(`recorded in ${recorded} requests, replayed in ${replayed}, the same ${both}`);
  assert.ok(recorded >= 20);
  // Which batch held a folio follows from flushes; when it was added is bounded only.
  assert.ok(both >= 0.8 * recorded && replayed <= 1.25 * recorded, `${both} of ${recorded}, ${replayed} replayed`);
});

test('one or two tries at the lock: what was locked at the first is moved either way, with the same episodes', async () => {
  const stage = await stageAt(hmm);
  const { recorded } = stage;
  const folios = stage.scenes.reduce((sum, { unit }) => sum + unit.members.length, 0);
  const two = resolvePolicy('linux-5.16');
  assert.deepEqual([recorded.decisions.vmaLockAttempts, two.decisions.vmaLockAttempts], [1, 2]);
  const outcomes = replayStage(stage, [recorded, two], { draws: 2, seed: 1 });
  for (const { totals } of outcomes) {
    assert.deepEqual([...totals.movedFolios], [folios, folios]);
    assert.deepEqual([...totals.calls], [0, 0]);
    assert.deepEqual([...totals.localDrains], [stage.scenes.length, stage.scenes.length]);
  }
});

test('a split that failed was held as long as it lasted; the others are split, in the time they took', async () => {
  const stage = await stageAt(splits);
  const { history } = stage;
  const failed = stage.scenes.filter(({ unit }) => unit.returned !== 0).length;
  assert.ok(failed > 0 && failed < stage.scenes.length);
  const [outcome] = replayStage(stage, [stage.recorded], { draws: 2, seed: 1 });
  const { failedFolios, movedFolios, timeUnderEntries, entryWaits } = outcome!.totals;
  assert.deepEqual([...failedFolios], [failed, failed]);
  assert.deepEqual([...movedFolios], [stage.scenes.length - failed, stage.scenes.length - failed]);
  // The entries come some time after the request's beginning, which is all that the recording shows of it.
  const recorded = history.episodes.reduce((sum, { start, end }) => sum + end - start, 0);
  assert.ok(Math.abs(timeUnderEntries[0]! / recorded - 1) < 0.2, `${timeUnderEntries[0]} against ${recorded}`);
  assert.equal(entryWaits[0], history.waits.filter(({ on, episode }) => on === 'entry' && episode >= 0).length);
});

test('with outcomes withheld splits fail at a rate, and nothing is said of numbers that no call prints', async () => {
  const stage = await stageAt(splits);
  const { failures, totals, failed } = withheld(stage, { draws: 20, seed: 1, folds: 5 });
  assert.ok(failures.some((n) => n > 0));
  assert.ok(failures.every((n) => n <= failed.length));
  for (const { recorded, drawn } of Object.values(totals)) {
    assert.ok(Number.isNaN(recorded));
    assert.ok(drawn.every(Number.isNaN));
  }
});
