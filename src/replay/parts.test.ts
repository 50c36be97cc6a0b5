/** Replays and predictions made in parts are, put together, those made in one go: bytes must not hang on threads. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { workOut } from '../history/history.ts';
import { resolvePolicy } from '../policies/policies.ts';
import { openCapture } from '../read/file.ts';
import { tracePath } from '../test-support.ts';
import { recordedPolicy } from './recorded.ts';
import { joined, replayer, replayStage } from './replay.ts';
import { stageOf } from './stage.ts';
import { joinedWithheld, withheld } from './withheld.ts';

const capture = tracePath('pairs/shared-anon-hot/baseline/run01/trace.txt.gz');

test('parts of a replay, in any hands, are the whole', async () => {
  const history = await workOut(await openCapture(capture));
  const { policy: recorded } = recordedPolicy(history.capture);
  const stage = stageOf(history, recorded, 3);
  const policies = [
    recorded,
    ...['refcheck-unmap', 'drain-once', 'waiters-undo'].map((name) => resolvePolicy(name, recorded)),
  ];
  const whole = replayStage(stage, policies, { draws: 24, seed: 3 });
  // The second hand has played other draws before, the first plays its parts out of turn.
  const [one, other] = [replayer(stage, policies, 3), replayer(stage, policies, 3)];
  const last = one({ first: 17, draws: 7 });
  const middle = other({ first: 4, draws: 13 });
  const first = one({ first: 0, draws: 4 });
  assert.deepEqual(joined([first, middle, last]), whole);
});

test('parts of predictions of what was withheld are the whole', async () => {
  const history = await workOut(await openCapture(capture));
  const { policy: recorded } = recordedPolicy(history.capture);
  const stage = stageOf(history, recorded, 3);
  const options = { seed: 3, folds: 5 };
  const whole = withheld(stage, { ...options, draws: 15 });
  const parts = [withheld(stage, { ...options, draws: 4 }), withheld(stage, { ...options, first: 4, draws: 11 })];
  assert.deepEqual(joinedWithheld(parts), whole);
});
