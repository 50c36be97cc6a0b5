/** What let go some time after the recorded attempts: met by the clock under a policy that comes at other times. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { resolvePolicy } from '../policies/policies.ts';
import { conditionsOf } from './abduction.ts';
import { madeUpHistory } from './made-up.ts';
import { replayStage } from './replay.ts';
import { reproduce } from './reproduce.ts';
import { stageOf } from './stage.ts';

const recorded = resolvePolicy('linux-6.12.117', undefined, { pageSize: 4096 });
const history = madeUpHistory([['m', 'uu', 'm']]);
const evidence = [{ says: 'made up', cause: 'transient reference' as const, weight: 1e9, ordinal: 0 }];
const stage = stageOf(
  { ...history, failures: history.failures.map((failure) => ({ ...failure, evidence })) },
  recorded,
);
const draws = 200;

test('a holder that was met in every episode is met by a comparison at the end of unmapping, too', () => {
  const [{ totals } = assert.fail()] = replayStage(stage, [resolvePolicy('refcheck-unmap', recorded)], {
    draws,
    seed: 1,
  });
  let stayed = 0;
  for (let draw = 0; draw < draws; draw++) {
    if (totals.failedFolios[draw] === 0) continue;
    stayed++;
    // Two others moved at their first attempt; this one came to none.
    assert.equal(totals.moveAttempts[draw], 2);
  }
  assert.ok(stayed > draws / 4, `${stayed}`);
});

test('having been there for so long, it stays twice as long with a chance of one half', () => {
  const { episodes } = stage.scenes[0]!.unit.members[1]!;
  const [first, last] = [episodes[0]!, episodes.at(-1)!];
  const ages = Array.from({ length: draws }, (_, draw) => {
    const { metUntil } = conditionsOf(stage.abduction, stage.scenes[0]!, recorded, stage.assumed, 1, draw)[1]!;
    return (metUntil - first.start) / (last.end - first.start);
  });
  assert.ok(Math.min(...ages) >= 1);
  for (const age of [2, 4]) {
    const share = ages.filter((one) => one > age).length / draws;
    assert.ok(Math.abs(share - 1 / age) < 3 * Math.sqrt(((1 / age) * (1 - 1 / age)) / draws), `${age}: ${share}`);
  }
});

test('the recorded policy meets it as often as recorded', () => {
  assert.deepEqual(reproduce(stage, 1).misses, []);
});
