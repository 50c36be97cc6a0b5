/** Adds under another barrier: as many as recorded in the mean, in the way of lists as long before; and what holds leave. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { resolvePolicy } from '../policies/policies.ts';
import { addsOfDraw, addsWhileHeld, drawsAddsAnew } from './adds-anew.ts';
import { free } from './condition.ts';
import { demandOf, type Unit } from './demand.ts';
import { madeUpHistory } from './made-up.ts';
import { defaultAssumptions } from './parameters.ts';
import { columnsOf, type Row, type Scene } from './slice.ts';

const kernel = resolvePolicy('linux-6.12.117').decisions;
const once = resolvePolicy('drain-once').decisions;
const activate = 1;

/** Twenty lists of one folio each, 1 ms apart; each folio is activated 0.3 ms before its list, on CPU 2. */
function sceneOf(drainStart: number, rows: (start: number) => Row[] = activations): Scene {
  const [unit] = demandOf(madeUpHistory([Array.from({ length: 20 }, () => 'm')])).units;
  const start = unit!.start;
  const lists = unit!.members.map((_, m) => ({ members: [m], time: start + (m + 1) * 1e6, gap: 0, from: start }));
  const preparations = [{ delay: 0, drainTime: 1, drainStart, from: start, until: drainStart }];
  const own: Unit = { ...unit!, lists, preparations, end: start + 30e6 };
  const background = columnsOf(rows(start));
  const queued = new Uint8Array(20);
  for (const folio of background.folio) if (folio >= 0) queued[folio] = 1;
  return { unit: own, background, cpus: 4, until: own.end, queued, assumed: defaultAssumptions };
}

function activations(start: number): Row[] {
  return Array.from({ length: 20 }, (_, folio) => ({
    time: start + (folio + 1) * 1e6 - 3e5,
    cpu: 2,
    action: activate,
    folio,
  }));
}

const start = sceneOf(0).unit.start;
const nobody = Array.from({ length: 20 }, () => free);
const drawn = (scene: Scene, draw: number) => addsOfDraw(scene, { conditions: nobody, anew: true, seed: 1, draw });
const own = (folios: Int32Array) => folios.filter((folio) => folio >= 0);

test('the same barrier keeps the recorded adds; another one draws them anew', () => {
  const scene = sceneOf(start);
  assert.equal(drawsAddsAnew(scene, kernel, kernel), false);
  assert.equal(drawsAddsAnew(scene, once, kernel), true);
  const kept = addsOfDraw(scene, { conditions: nobody, anew: false, seed: 1, draw: 0 });
  assert.equal(kept, scene.background);
  assert.notDeepEqual([...drawn(scene, 0).folio], [...drawn(scene, 1).folio]);
});

test('as many adds as recorded in the mean, as long before their lists', () => {
  const scene = sceneOf(start);
  let sum = 0;
  let squares = 0;
  const draws = 400;
  for (let draw = 0; draw < draws; draw++) {
    const { time, folio, length } = drawn(scene, draw);
    for (let i = 0; i < length; i++) {
      if (folio[i]! >= 0) assert.equal(scene.unit.lists[folio[i]!]!.time - time[i]!, 3e5);
      if (i > 0) assert.ok(time[i]! >= time[i - 1]!);
    }
    const n = own(folio).length;
    sum += n;
    squares += n * n;
  }
  const mean = sum / draws;
  // A geometric number of mean 1 has variance 2.
  assert.ok(Math.abs(mean - 20) < 1, `${mean}`);
  assert.ok(Math.abs(squares / draws - mean * mean - 40) < 12, `${squares / draws - mean * mean}`);
});

test('what was there when the range was drained stays as it was', () => {
  const scene = sceneOf(start + 25e6);
  assert.deepEqual(
    [...drawn({ ...scene, unit: { ...scene.unit, lists: late(scene) } }, 0).folio],
    [...scene.background.folio],
  );
});

function late({ unit }: Scene): Unit['lists'] {
  return unit.lists.map((list) => ({ ...list, time: list.time + 25e6 }));
}

test('who was held by a batch without any flush has an add before its list, and after the drain', () => {
  const scene = sceneOf(start, () => []);
  const held = { ...free, cause: 'activate batch' as const, batchAttempts: 10 };
  const conditions = nobody.map((one, m) => (m === 7 ? held : one));
  for (let draw = 0; draw < 50; draw++) {
    const { length, time, action, folio } = addsOfDraw(scene, { conditions, anew: false, seed: 1, draw });
    assert.deepEqual([length, action[0], folio[0]], [1, activate, 7]);
    assert.ok(time[0]! >= start && time[0]! <= scene.unit.lists[7]!.time);
  }
});

test('a request that is held up meets adds at the rate of lists that wait', () => {
  const scene = sceneOf(start);
  // 20 adds in 210 ms of waiting lists: of ten lists that wait 2.1 ms more, 2 in the mean are met, less those met twice.
  const lists = scene.unit.lists.slice(10);
  let sum = 0;
  const draws = 500;
  for (let draw = 0; draw < draws; draw++) {
    const rows = addsWhileHeld(scene, { range: 1, lists, from: 5e8, until: 5e8 + 2.1e6 }, { seed: 1, draw });
    sum += rows.length;
    for (const { time, cpu, action, folio } of rows) {
      assert.ok(time >= 5e8 && time <= 5e8 + 2.1e6 && folio >= 10);
      assert.deepEqual([cpu, action], [2, activate]);
    }
  }
  assert.ok(Math.abs(sum / draws - 10 * (1 - Math.exp(-0.2))) < 0.15, `${sum / draws}`);
  assert.deepEqual(addsWhileHeld(scene, { range: 1, lists, from: 5e8, until: 5e8 }, { seed: 1, draw: 0 }), []);
});
