import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { causes } from '../history/facts.ts';
import { resolvePolicy } from '../policies/policies.ts';
import { free } from './condition.ts';
import { addFates, type Fate, type Fates, fateNames, fatesOf, givenUpInstead, joinedFates, noFates } from './fates.ts';
import type { UnitOutcome } from './job.ts';
import { madeUpHistory } from './made-up.ts';
import type { PolicyOutcome } from './outcome.ts';
import { joined, numbersFrom, replayDraws, replayStage } from './replay.ts';
import { stageOf } from './stage.ts';

/** By folio: how often it was given up, and whether the request was left with it. */
function outcome(givenUp: readonly number[], left: readonly number[]): UnitOutcome {
  return { givenUp: Uint8Array.from(givenUp), left: Uint8Array.from(left), quiet: false } as unknown as UnitOutcome;
}

const sumOf = (fates: Fates, fate: Fate, draw: number): number =>
  causes.reduce((sum, cause) => sum + fatesOf(fates, cause, fate)[draw]!, 0);

test('each folio given up meets one fate under its cause, and what is given up instead has none', () => {
  const conditions = [
    { ...free, cause: 'add batch' as const },
    { ...free, cause: 'lock-blocked fault' as const },
    { ...free, cause: 'lock-blocked fault' as const },
    free,
    free,
  ];
  const fates = noFates(2);
  // The last list was tried in two areas: once less is a gain, though it is still there.
  const recorded = outcome([1, 1, 1, 0, 2], [1, 1, 1, 0, 1]);
  addFates(fates, 1, conditions, recorded, outcome([0, 1, 0, 1, 1], [0, 1, 1, 1, 1]));
  assert.deepEqual([...fatesOf(fates, 'add batch', 'moved')], [0, 1]);
  assert.deepEqual([...fatesOf(fates, 'lock-blocked fault', 'again')], [0, 1]);
  assert.deepEqual([...fatesOf(fates, 'lock-blocked fault', 'notReached')], [0, 1]);
  assert.deepEqual([...fatesOf(fates, 'cannot tell', 'again')], [0, 1]);
  assert.deepEqual([...fatesOf(fates, 'cannot tell', 'notReached')], [0, 1]);
  assert.deepEqual([...givenUpInstead(fates)], [0, 1]);
  const order = [
    { part: 1, at: 1 },
    { part: 0, at: 0 },
  ];
  assert.deepEqual([...givenUpInstead(joinedFates([fates, fates], order))], [1, 0]);
});

test('fates add up to what each policy gives up, in every draw, however the draws were parted', () => {
  const recorded = resolvePolicy('linux-6.12.117');
  const policies = ['linux-6.12.117', 'refcheck-unmap', 'waiters-undo-caller', 'oracle'].map((name) =>
    resolvePolicy(name, recorded),
  );
  const history = madeUpHistory(
    Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? ['m', 'm', 'um', 'uu'] : ['m', 'm', 'm', 'm'])),
  );
  const stage = stageOf(history, recorded, 1);
  const { outcomes } = replayDraws(stage, policies, numbersFrom(0, 20), { seed: 1 });
  const [base, ...others] = outcomes as [PolicyOutcome, ...PolicyOutcome[]];
  let gains = 0;
  let losses = 0;
  for (const { policy, fates, totals } of [base, ...others]) {
    for (let draw = 0; draw < 20; draw++) {
      const [moved, notReached, again] = fateNames.map((fate) => sumOf(fates, fate, draw)) as [number, number, number];
      const instead = givenUpInstead(fates)[draw]!;
      assert.equal(moved + notReached + again, base.totals.failedFolios[draw], policy);
      assert.equal(again + instead, totals.failedFolios[draw], policy);
      gains += moved;
      losses += instead;
    }
  }
  assert.ok(gains > 0 && losses > 0, `${gains} gained, ${losses} lost`);
  const parts = joined(
    [numbersFrom(12, 8), numbersFrom(0, 12)].map((numbers) => replayDraws(stage, policies, numbers, { seed: 1 })),
  );
  outcomes.forEach(({ fates }, p) => {
    assert.deepEqual(parts[p]!.fates, fates);
  });
});

test('without the recorded policy beside it nothing is told', () => {
  const recorded = resolvePolicy('linux-6.12.117');
  const history = madeUpHistory([['m', 'uu']]);
  const refcheck = resolvePolicy('refcheck-unmap', recorded);
  const [outcome] = replayStage(stageOf(history, recorded, 1), [refcheck], { draws: 4, seed: 1 });
  assert.ok(outcome!.fates.every((n) => n === 0));
});
