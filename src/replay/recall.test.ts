/** What is remembered of units is what they come to when they are played. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { workOut } from '../history/history.ts';
import { resolvePolicy } from '../policies/policies.ts';
import { openCapture } from '../read/file.ts';
import { tracePath } from '../test-support.ts';
import type { UnitOutcome } from './job.ts';
import type { Parameters } from './parameters.ts';
import { happens } from './questions.ts';
import { Memory, Recall } from './recall.ts';
import { recordedPolicy } from './recorded.ts';
import { byPace, joined, numbersFrom, replayDraws, replayStage } from './replay.ts';
import { restaged, stageOf } from './stage.ts';

/** Captures with batches in the way, faults, pins, allocations over several areas, ranges of a device. */
const captures = [
  ['debian-6.1-4k/shanon_hot/trace.txt.gz', 'linux-6.12', 'drain-once', 'refcheck-unmap', 'oracle'],
  ['lab-6.12-4k/hmm_migrate_vma/trace.txt.gz', 'refcheck-unmap', 'waiters-undo', 'linux-6.1.192', 'never-drain'],
  ['pairs/cma-second-reads/baseline/run02/trace.txt.gz', 'linux-6.1.192', 'drain-once'],
] as const;

for (const [capture, ...names] of captures) {
  test(`${capture}: draws played together, from memory, are draws played one by one`, async () => {
    const history = await workOut(await openCapture(tracePath(capture)));
    const { policy: recorded } = recordedPolicy(history.capture);
    const policies = [recorded, ...names.map((name) => resolvePolicy(name, recorded))];
    // Few throws, so that draws share them.
    const stage = stageOf(history, recorded, 1, { variants: 2 });
    const together = replayStage(stage, policies, { draws: 8, seed: 1 });
    // One draw alone has nothing to remember.
    const apart = joined(numbersFrom(0, 8).map((number) => replayDraws(stage, policies, [number], { seed: 1 })));
    assert.deepEqual(together, apart);

    // Other assumptions find in the memory what they have in common with these.
    const changed = { persistent: 0, undoneByFault: 0.5, backgroundBeyond: 1, entryTouches: 2, areaLimit: 2 } as const;
    const stages = [
      stage,
      ...Object.entries(changed).map(([name, value]) => restaged(stage, { [name]: value }, 2)),
      stageOf(history, recorded, 1, { variants: 2, corner: 'in the way' }, stage),
    ];
    const memory = new Memory();
    for (const one of stages) {
      const numbers = byPace(numbersFrom(0, 4), one).get(1)!;
      const remembered = replayDraws(one, policies, numbers, { seed: 1, memory });
      const played = joined(numbers.map((number) => replayDraws(one, policies, [number], { seed: 1 })));
      assert.deepEqual(joined([remembered]), played);
    }
  });
}

test('a draw that gives the same answers is known, until a number is drawn', () => {
  const recall = new Recall();
  const nothing = {} as Parameters;
  const outcome = {} as UnitOutcome;
  const asks = () => recall.isSo(happens(1, 'faultWindow', 7, 0, () => 0.5));
  const play = (draw: number): boolean => {
    assert.equal(recall.find(draw, nothing), undefined);
    const answer = asks();
    if (answer) recall.drawsNumber();
    assert.equal(recall.keep(outcome), outcome);
    return answer;
  };
  const answers = new Set<boolean>();
  for (let draw = 0; draw < 30 && answers.size < 2; draw++) {
    const known = recall.find(draw, nothing) !== undefined;
    if (!known) answers.add(play(draw));
  }
  assert.deepEqual([...answers].sort(), [false, true]);
  // Of draws whose answer led to a number nothing is kept, however often they come.
  let met = 0;
  for (let draw = 0; draw < 30; draw++) {
    const known = recall.find(draw, nothing);
    const answer = asks();
    assert.equal(known, answer ? undefined : outcome);
    if (answer) met++;
  }
  assert.ok(met > 0 && met < 30);
});
