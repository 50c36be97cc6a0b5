import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { resolvePolicy } from '../policies/policies.ts';
import { madeUpHistory } from './made-up.ts';
import { metricNames } from './outcome.ts';
import { replay, replayStage } from './replay.ts';
import { reproduce } from './reproduce.ts';
import { stageOf } from './stage.ts';
import { shareUpTo } from './wake-law.ts';
import { withheld } from './withheld.ts';

const recorded = resolvePolicy('linux-6.12.117');
const refcheck = resolvePolicy('refcheck-unmap', recorded);
const waiters = resolvePolicy('waiters-undo', recorded);
const oracle = resolvePolicy('oracle', recorded);

/** 40 requests of four folios: 120 that move at once, 20 that move at the second go, 20 that fail. */
const history = madeUpHistory(
  Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? ['m', 'm', 'um', 'uu'] : ['m', 'm', 'm', 'm'])),
);

const mean = (values: Float64Array) => values.reduce((a, b) => a + b, 0) / values.length;

test('conditioned on everything seen, the recorded policy gives the recording back', () => {
  const { folios, reproduced, misses } = reproduce(stageOf(history, recorded), 0);
  assert.deepEqual({ folios, reproduced, misses }, { folios: 160, reproduced: 160, misses: [] });
});

test('the recorded policy fails what failed, in every draw, and moves the rest', () => {
  const [outcome] = replay(history, [recorded], recorded, { draws: 10, seed: 1 });
  assert.ok(outcome!.totals.failedFolios.every((n) => n === 20));
  assert.ok(outcome!.totals.movedFolios.every((n) => n === 140));
  assert.ok(outcome!.totals.episodes.every((n) => n === 120 + 2 * 40));
  assert.equal(outcome!.failed.reduce((a, b) => a + b, 0).toFixed(9), '20.000000000');
});

test('the same seed gives the same numbers, whatever other policies stand beside; another seed others', () => {
  const a = replay(history, [recorded, refcheck, waiters], recorded, { draws: 20, seed: 5 });
  const b = replay(history, [waiters, oracle, refcheck, recorded], recorded, { draws: 20, seed: 5 });
  const c = replay(history, [refcheck], recorded, { draws: 20, seed: 6 });
  for (const outcome of a) {
    const same = b.find(({ policy }) => policy === outcome.policy)!;
    for (const metric of metricNames) {
      assert.deepEqual(outcome.totals[metric], same.totals[metric], `${outcome.policy} ${metric}`);
    }
  }
  assert.notDeepEqual(a[1]!.totals.episodes, c[0]!.totals.episodes);
});

test('the oracle is no worse than any policy in any draw, since all share their luck', () => {
  const [best, ...others] = replay(history, [oracle, recorded, refcheck, waiters], recorded, { draws: 50, seed: 2 });
  for (const other of others) {
    other.totals.failedFolios.forEach((n, draw) => {
      assert.ok(best!.totals.failedFolios[draw]! <= n, `${other.policy} in draw ${draw}`);
    });
  }
});

test('the share of tasks that had run is told from those that came anew, and trying again gives folios further chances', () => {
  // 100 folios move at the second go, 100 fail; the migrator came back after 1 us. A quarter of first episodes is blocked.
  const many = madeUpHistory(Array.from({ length: 100 }, () => ['um', 'uu', 'm', 'm', 'm', 'm', 'm', 'm']));
  const stage = stageOf(many, recorded);
  const { law } = stage.evidence.wakes!;
  // Half-way, where it is taken to have locked the folio, two in three had run, of whose folios a quarter was blocked anew.
  const atLock = shareUpTo(law, 500);
  assert.ok(Math.abs(atLock - 2 / 3) < 0.04, `${atLock}`);
  const [outcome] = replayStage(stage, [waiters], { draws: 100, seed: 3 });
  const failed = mean(outcome!.totals.failedFolios);
  assert.ok(failed > 0 && failed < 75, `${failed}`);
});

test('outcomes withheld: the total comes out within sampling error, and no recorded luck is used', () => {
  const stage = stageOf(history, recorded);
  const result = withheld(stage, { draws: 200, seed: 4, folds: 5 });
  assert.equal(
    result.failed.reduce((a, b) => a + b, 0),
    20,
  );
  // 160 first episodes, a quarter blocked; half of those again: 20 in the mean.
  assert.ok(Math.abs(mean(result.failures) - 20) < 3, `${mean(result.failures)}`);
  // Nobody's own outcome is in its prediction: those that failed are predicted like those that did not.
  const share = (which: number) => {
    const own = [...result.predicted].filter((_, i) => result.failed[i] === which);
    return own.reduce((a, b) => a + b, 0) / own.length;
  };
  assert.ok(Math.abs(share(1) - share(0)) < 0.04, `${share(1)} and ${share(0)}`);
});

test('a capture without episodes gives no numbers about them', () => {
  const blind = madeUpHistory([['m', 'uu']], { observed: { ...history.observed, episodes: 'unknown' } });
  const [outcome] = replay(blind, [recorded], recorded, { draws: 3, seed: 1 });
  assert.ok(outcome!.totals.timeUnderEntries.every(Number.isNaN));
  assert.ok(outcome!.totals.stall.every(Number.isNaN));
  assert.ok(outcome!.totals.failedFolios.every((n) => n === 1));
});
