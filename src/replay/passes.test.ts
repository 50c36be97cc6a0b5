/** Passes without an episode, and causes that the recorded episodes rule out. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import type { Attempt, History } from '../history/facts.ts';
import { resolvePolicy } from '../policies/policies.ts';
import { conditionsOf } from './abduction.ts';
import { type Fate, madeUpHistory } from './made-up.ts';
import { defaultAssumptions } from './parameters.ts';
import { replayStage } from './replay.ts';
import { reproduce } from './reproduce.ts';
import { type Stage, stageOf } from './stage.ts';

const draws = 40;

/** Folios that failed after so many episodes each, recorded under a policy. */
function failedUnder(policy: string, episodes: readonly number[], change: Partial<History> = {}): Stage {
  const fates: Fate[] = episodes.map((n) => 'u'.repeat(n));
  return stageOf(madeUpHistory([fates], change), resolvePolicy(policy));
}

function conditions(stage: Stage, draw: number) {
  return conditionsOf(stage.abduction, stage.scenes[0]!, stage.recorded, defaultAssumptions, 1, draw);
}

for (const [policy, episodes] of [
  // Ten passes, of which the first three only try for the lock.
  ['linux-6.1.192', [10, 9, 8, 7]],
  // An asynchronous part that tries three times, then one that waits.
  ['linux-6.12.117', [2, 1]],
  // Three passes and seven; a late reference ends either part.
  ['linux-6.12+refcheck-unmap', [10, 9, 8, 7, 5, 3, 2]],
  // Once, then seven times; one whose holder is awake uses up its part.
  ['linux-6.12+waiters-undo', [8, 7, 5, 3, 2]],
] as const) {
  test(`failed after ${episodes.join(', ')} episodes under ${policy}: in every draw as many`, () => {
    const stage = failedUnder(policy, episodes);
    for (let seed = 0; seed < draws; seed++) assert.deepEqual(reproduce(stage, seed).misses, []);
  });
}

test('which passes found the lock taken is drawn, each way as often as the others', () => {
  const stage = failedUnder('linux-6.1.192', [8]);
  const ways = new Map<string, number>();
  for (let draw = 0; draw < 3000; draw++) {
    const { lost } = conditions(stage, draw)[0]!.passes;
    assert.equal(
      lost.reduce((sum, tries) => sum + tries, 0),
      2,
    );
    ways.set(lost.slice(0, 3).join(), (ways.get(lost.slice(0, 3).join()) ?? 0) + 1);
  }
  // Two of the first three tries: both before the first episode, one before and one after it, or both after it.
  assert.deepEqual([...ways.keys()].sort(), ['0,2,0', '1,1,0', '2,0,0']);
  // A third of 3000 each; four standard errors of a binomial count are 103.
  for (const [way, times] of ways) assert.ok(Math.abs(times - 1000) <= 103, `${way}: ${times}`);
});

test('a passing reference is not drawn where it cannot have given the recorded episodes', () => {
  // A comparison at the end of unmapping undid it eight times: what comes only with a move attempt was not in its way.
  const evidence = [
    { says: 'made up', cause: 'lock-blocked fault' as const, weight: 2, ordinal: 0 },
    { says: 'made up', cause: 'transient reference' as const, weight: 100, ordinal: 0 },
  ];
  const history = madeUpHistory([['uuuuuuuu']]);
  const stage = stageOf(
    { ...history, failures: history.failures.map((failure) => ({ ...failure, evidence })) },
    resolvePolicy('linux-6.12+refcheck-unmap'),
  );
  for (let draw = 0; draw < draws; draw++) assert.notEqual(conditions(stage, draw)[0]!.cause, 'transient reference');
  // On a kernel that keeps it locked, two episodes are what either of them gives.
  const mainline = stageOf(
    { ...madeUpHistory([['uu']]), failures: [{ ...history.failures[0]!, evidence }] },
    resolvePolicy('linux-6.12.117'),
  );
  const causes = Array.from({ length: draws }, (_, draw) => conditions(mainline, draw)[0]!.cause);
  assert.ok(causes.includes('transient reference'), causes.join());
});

test('attempts say in which episode the passes were used up', () => {
  const history = madeUpHistory([['uuuuu']]);
  const [episode] = history.episodes;
  // Seven attempts in the last of five; the first four were undone by the comparison before any.
  const attempts = Array.from({ length: 7 }, (_, id): Attempt => {
    return {
      id,
      call: 0,
      episode: 4,
      pfn: episode!.sourcePfn,
      start: 0,
      end: 0,
      references: 3,
      expected: 2,
      returned: -11,
      waiters: 'yes',
      ordinal: 0,
    };
  });
  const observed = { ...history.observed, attempts: 'seen' as const };
  const stage = stageOf({ ...history, attempts, observed }, resolvePolicy('linux-6.12+refcheck-unmap'));
  for (let draw = 0; draw < draws; draw++) {
    assert.deepEqual(conditions(stage, draw)[0]!.passes.spent, [false, false, false, false, true]);
  }
  assert.deepEqual(reproduce(stage, 0).misses, []);
});

test('another policy keeps tries that were lost before the first episode, and no later ones', () => {
  // One episode, and three tries for the lock before it, which the asynchronous part never got.
  const stage = failedUnder('linux-6.12.117', [1]);
  const [own, before] = replayStage(
    stage,
    ['linux-6.12.117', 'linux-6.1.192'].map((name) => resolvePolicy(name)),
    {
      draws,
      seed: 1,
    },
  );
  for (const episodes of own!.totals.episodes) assert.equal(episodes, 1);
  // Ten passes, less the three that find it locked.
  for (const episodes of before!.totals.episodes) assert.ok(episodes <= 7, `${episodes} episodes`);
});
