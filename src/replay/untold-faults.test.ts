/** What nobody can tell of folios that were undone: faults or others, as one fact of a capture. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { causes, type History } from '../history/facts.ts';
import { resolvePolicy } from '../policies/policies.ts';
import { madeUpHistory } from './made-up.ts';
import { replayStage } from './replay.ts';
import { reproduce } from './reproduce.ts';
import { type Stage, stageOf } from './stage.ts';

const recorded = resolvePolicy('linux-6.12.117', undefined, { pageSize: 4096 });
const lockBlocked = causes.indexOf('lock-blocked fault');
const cannotTell = causes.indexOf('cannot tell');

/** A history whose failures nothing speaks about. */
function untold(requests: readonly (readonly string[])[], change: Partial<History> = {}): History {
  const history = madeUpHistory(requests, change);
  return { ...history, failures: history.failures.map((failure) => ({ ...failure, evidence: [] })) };
}

const kept = Array.from({ length: 12 }, (_, i) => (i % 3 === 0 ? ['m', 'uu'] : ['m', 'm']));

function near(a: number, b: number, by: number): void {
  assert.ok(Math.abs(a - b) <= by, `${a} is not ${b}`);
}

test('nothing but folios that stayed says nothing: all, some or none of them were faults', () => {
  const { abduction } = stageOf(untold(kept), recorded);
  near(abduction.untold.chances[1]!, 0.5, 0.1);
  assert.ok(Math.min(...abduction.untold.chances) > 0.15);
  for (const [level, share] of [0, 0.5, 1].entries()) {
    for (const posterior of abduction.blameAt[level]!) near(posterior[lockBlocked]!, share, 0.15);
  }
  for (const posterior of abduction.blame) near(posterior[lockBlocked]! + posterior[cannotTell]!, 1, 1e-9);
  const met = [0, 0, 0];
  for (let draw = 0; draw < 100; draw++) met[abduction.untold.levelOf(1, draw)]!++;
  for (const [level, chance] of abduction.untold.chances.entries()) near(met[level]! / 100, chance, 0.03);
});

test('where sleeps on locks were recorded nothing is hidden', () => {
  const plain = untold(kept);
  const { abduction, evidenceAt } = stageOf({ ...plain, observed: { ...plain.observed, lockWaits: 'seen' } }, recorded);
  assert.deepEqual([abduction.untold.chances, abduction.blameAt.length, evidenceAt.length], [[1], 1, 1]);
  for (const posterior of abduction.blame) assert.equal(posterior[lockBlocked], 0);
});

/** Twenty folios let go within microseconds, and one that went through ten episodes and stayed. */
function letGo(): Stage {
  const history = untold([...Array.from({ length: 20 }, () => ['um']), ['u'.repeat(10)]]);
  return stageOf(history, resolvePolicy('linux-6.1.50', undefined, { pageSize: 4096 }));
}

test('of tasks that run soon none was there for long', () => {
  const { abduction, history } = letGo();
  const [last] = abduction.blame.slice(-1);
  assert.equal(history.failures.length, 1);
  assert.ok(last![lockBlocked]! < 0.1, `${last![lockBlocked]}`);
});

test('a level is a fact of the whole draw: what is counted, and what a policy makes of it', () => {
  const stage = stageOf(untold(kept), recorded);
  const [none, some, all] = stage.evidenceAt.map(({ deferred }) => deferred.hits);
  assert.equal(none, 0);
  assert.ok(some! > 0.5 && all! > some!, `${some} ${all}`);
  assert.equal(all, 4);
  // A second look at once finds whoever stays again, and a woken fault gone in some draws: only then folios move.
  const [outcome] = replayStage(stage, [resolvePolicy('refcheck-unmap', recorded)], { draws: 60, seed: 1 });
  const by = [0, 1, 2].map((level) => {
    const own = [...outcome!.totals.failedFolios].filter(
      (_, draw) => stage.abduction.untold.levelOf(1, draw) === level,
    );
    return own.reduce((sum, value) => sum + value, 0) / own.length;
  });
  assert.ok(by[0]! > by[2]!, `${by}`);
});

test('whatever held them, the recorded policy gives the recording back', () => {
  const stage = stageOf(untold(kept), recorded);
  for (let seed = 1; seed <= 5; seed++) assert.deepEqual(reproduce(stage, seed).misses, []);
});
