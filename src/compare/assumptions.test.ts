import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { ScenarioError } from '../base/errors.ts';
import { madeUpHistory } from '../replay/made-up.ts';
import { defaultAssumptions } from '../replay/parameters.ts';
import { assumptionNames, parseAssumption } from './assumptions.ts';
import { compare } from './compare.ts';

test('names: one each, in words that a shell takes, with a usual value that makes sense', () => {
  const all = Object.entries(assumptionNames);
  assert.equal(new Set(all.map(([, { name }]) => name)).size, all.length);
  for (const [key, { name, least, most }] of all) {
    assert.match(name, /^[a-z]+(?:-[a-z]+)*$/);
    const usual = defaultAssumptions[key as keyof typeof defaultAssumptions];
    assert.ok(least <= usual && usual <= most, name);
  }
});

test('NAME=VALUE is read; an unknown name lists them all, a value that makes no sense says the range', () => {
  assert.deepEqual(parseAssumption('area-limit=32'), { areaLimit: 32 });
  const refused = (text: string, wanted: RegExp) =>
    assert.throws(
      () => parseAssumption(text),
      (error: unknown) => error instanceof ScenarioError && wanted.test(`${error.message} ${error.hint}`),
      text,
    );
  refused('area-limits=32', /did you mean area-limit\?.*they are .*untold-reference-lasts.*outer-loops/s);
  refused('=1', /without a name/);
  refused('pin-outlives-request=1.5', /a number from 0 to 1/);
  for (const text of ['area-limit', 'area-limit=', 'area-limit=many']) refused(text, /a number from 1/);
});

test('what is set is what the comparison runs on, and says so', () => {
  const once = madeUpHistory(Array.from({ length: 50 }, () => ['m', 'u']));
  const failed = (repeatHit: number) => {
    const { rows, assumptions } = compare(once, { draws: 20, policies: ['waiters-undo'], assumed: { repeatHit } });
    const row = assumptions.find(({ name }) => name === 'blocked-again')!;
    assert.deepEqual([row.value, row.usual], [repeatHit, 0.5]);
    return rows[1]!.value.failedFolios.estimate;
  };
  assert.ok(failed(0.2) < failed(0.9));
});

test('halved and doubled go no further than makes sense', () => {
  const pinned = madeUpHistory(Array.from({ length: 5 }, () => ['m', 'u']));
  const failures = pinned.failures.map((failure) => ({
    ...failure,
    evidence: [{ says: 'made up', cause: 'pin' as const, weight: 50, ordinal: 0 }],
  }));
  const { assumptions } = compare({ ...pinned, failures }, { draws: 8, policies: ['refcheck-unmap'] });
  const { moves } = assumptions.find(({ name }) => name === 'pin-outlives-request')!;
  // 1 is a probability's end.
  assert.ok(moves.length === 2 && moves.every(({ doubled, halved }) => Number.isNaN(doubled) && halved >= 0));
});
