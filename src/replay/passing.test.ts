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

test('it lets go after it was met for the last time, by no scale of its own', () => {
  const { episodes } = stage.scenes[0]!.unit.members[1]!;
  const times = Array.from({ length: draws }, (_, draw) => {
    const { metUntil } = conditionsOf(stage.abduction, stage.scenes[0]!, recorded, stage.assumed, 1, draw)[1]!;
    return metUntil - episodes.at(-1)!.end;
  });
  assert.ok(Math.min(...times) >= 0);
  // Met for 21 us: of means from 10 us to 10 s, two to an order of magnitude, those of 30 us and less are seldom left.
  const share = (low: number, high: number) => times.filter((one) => low <= one && one < high).length / draws;
  assert.ok(share(0, 1e5) > 0.1 && share(0, 1e5) < 0.4, `${share(0, 1e5)}`);
  assert.ok(share(1e5, 1e7) > 0.15 && share(1e5, 1e7) < 0.5, `${share(1e5, 1e7)}`);
  assert.ok(share(1e7, 1e12) > 0.3 && share(1e7, 1e12) < 0.7, `${share(1e7, 1e12)}`);
});

test('the recorded policy meets it as often as recorded', () => {
  assert.deepEqual(reproduce(stage, 1).misses, []);
});
