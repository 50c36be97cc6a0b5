import { strict as assert } from 'node:assert';
import { join } from 'node:path';
import { test } from 'node:test';
import { workOut } from '../history/history.ts';
import type { World } from '../model/world.ts';
import { openCapture } from '../read/file.ts';
import { tracePath } from '../test-support.ts';
import { free } from './condition.ts';
import { runUnit } from './job.ts';
import { defaultAssumptions, drawParameters } from './parameters.ts';
import { recordedPolicy } from './recorded.ts';
import { stageOf } from './stage.ts';
import { createWorld } from './world.ts';

/** Largest difference of two shares of values up to a time (Kolmogorov and Smirnov). */
function distance(a: readonly number[], b: readonly number[]): number {
  const upTo = (values: readonly number[], time: number) =>
    values.filter((value) => value <= time).length / values.length;
  return Math.max(...a.map((time) => Math.abs(upTo(a, time) - upTo(b, time))));
}

for (const policy of ['refcheck-unmap', 'waiters-undo']) {
  test(`without outcomes the migrator comes back to undone folios as late as it did: ${policy}`, async (t) => {
    const path = join(tracePath('pairs', 'shared-anon-hot', policy, 'run01'), 'trace.txt.gz');
    const history = await workOut(await openCapture(path));
    const { policy: recorded } = recordedPolicy(history.capture);
    const { scenes, abduction, evidence } = stageOf(history, recorded);
    const was: number[] = [];
    for (const { unit } of scenes) {
      for (const { episodes } of unit.members) {
        episodes.forEach(({ unmapStart }, i) => {
          if (i > 0 && unmapStart !== undefined) was.push(unmapStart - episodes[i - 1]!.end);
        });
      }
    }
    const is: number[] = [];
    for (let draw = 0; draw < 8; draw++) {
      const parameters = drawParameters(evidence, defaultAssumptions, 1, draw);
      for (const scene of scenes) {
        const { unit } = scene;
        const conditions = unit.members.map(() => free);
        const known = { unit, recorded, abduction, conditions, parameters, evidence, seed: 1, draw, pace: 0 };
        const world = createWorld({ ...known, withheld: true, own: true, sameBatches: true });
        const faultEnters: World['faultEnters'] = (visit, window) => {
          if (!Number.isNaN(visit.undoneAt)) is.push(window.begun! - visit.undoneAt);
          return world.faultEnters(visit, window);
        };
        runUnit(scene, recorded, { ...world, faultEnters }, conditions);
      }
    }
    assert.ok(was.length > 30 && is.length > 8 * 20, `${was.length} and ${is.length}`);
    const d = distance(was, is);
    t.diagnostic(`${was.length} recorded, ${is.length} replayed, at most ${d.toFixed(3)} apart`);
    // Where both are of one law this is surpassed once in a hundred times; the replayed ones are many.
    assert.ok(d < 1.63 / Math.sqrt(was.length), `${d}`);
  });
}
