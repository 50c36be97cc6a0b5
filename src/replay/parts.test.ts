/** Replays and predictions made in parts are, put together, those made in one go: bytes must not hang on threads. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { workOut } from '../history/history.ts';
import { resolvePolicy } from '../policies/policies.ts';
import { openCapture } from '../read/file.ts';
import { tracePath } from '../test-support.ts';
import { recordedPolicy } from './recorded.ts';
import { joined, numbersFrom, replayDraws, replayStage } from './replay.ts';
import { stageOf } from './stage.ts';
import { joinedWithheld, predictor, withheld } from './withheld.ts';

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
  // Out of turn, and each with draws from all over.
  const parts = [1, 2, 0].map((rest) =>
    replayDraws(
      stage,
      policies,
      numbersFrom(0, 24).filter((number) => number % 3 === rest),
      { seed: 3 },
    ),
  );
  assert.deepEqual(joined(parts), whole);
});

test('parts of predictions of what was withheld are the whole', async () => {
  const history = await workOut(await openCapture(capture));
  const { policy: recorded } = recordedPolicy(history.capture);
  const stage = stageOf(history, recorded, 3);
  const options = { seed: 3, folds: 5 };
  const whole = withheld(stage, { ...options, draws: 15 });
  const predict = predictor(stage, options);
  const last = predict({ first: 4, draws: 11 });
  assert.deepEqual(joinedWithheld([predict({ draws: 4 }), last]), whole);
});
