import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import type { Cause } from '../history/facts.ts';
import { resolvePolicy } from '../policies/policies.ts';
import { afflictionsOf, conditionsAnew, ratesOf } from './afflictions.ts';
import { isFree } from './condition.ts';
import { madeUpHistory } from './made-up.ts';
import { stageOf } from './stage.ts';

const recorded = resolvePolicy('linux-6.12.117');
const draws = 4000;

/** 30 requests of 8 folios, of which every third has two that fail for this cause. */
function stageWith(cause: Cause) {
  const fates = Array.from({ length: 30 }, (_, i) =>
    Array.from({ length: 8 }, (_, j) => (i % 3 === 0 && j < 2 ? 'uu' : 'm')),
  );
  const history = madeUpHistory(fates);
  const evidence = [{ says: 'made up', cause, weight: 1e9, ordinal: 0 }];
  return stageOf({ ...history, failures: history.failures.map((failure) => ({ ...failure, evidence })) }, recorded);
}

test('what holds comes back as often as it was counted, as many in a list as there were', () => {
  const stage = stageWith('pin');
  const units = stage.scenes.map(({ unit }) => unit);
  const found = afflictionsOf(stage.abduction, units, recorded, new Set(), 0);
  const { pin, passing } = found.get(units[0]!.model)!;
  assert.deepEqual([pin.requests, passing.requests.hits], [{ trials: 30, hits: pin.requests.hits }, 0]);
  assert.ok(Math.abs(pin.requests.hits - 10) < 1e-6);
  let held = 0;
  for (let draw = 0; draw < draws; draw++) {
    const conditions = conditionsAnew(units[1]!, ratesOf(found, 1, draw), 1, draw);
    const bad = conditions.filter((condition) => !isFree(condition));
    assert.ok(bad.length === 0 || bad.length === 2, `${bad.length}`);
    assert.ok(bad.every(({ obstacles }) => obstacles[0]!.holder === 'pin' && obstacles[0]!.references === 1024));
    if (bad.length > 0) held++;
  }
  // Jeffreys' posterior of 10 in 30 has mean 10.5/31; four standard errors of a share of 4000 independent draws.
  const mean = ((1 - Math.exp(-10)) * 10.5) / 31;
  assert.ok(Math.abs(held / draws - mean) < 4 * Math.sqrt((mean * (1 - mean)) / draws), `${held}`);
});

test('what held nobody is not predicted, and faults are left to the episodes', () => {
  const stage = stageWith('lock-blocked fault');
  const units = stage.scenes.map(({ unit }) => unit);
  const rates = ratesOf(afflictionsOf(stage.abduction, units, recorded, new Set(), 0), 1, 0);
  for (let draw = 0; draw < 50; draw++) assert.ok(conditionsAnew(units[0]!, rates, 1, draw).every(isFree));
});
