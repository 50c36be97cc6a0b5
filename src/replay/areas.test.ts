/** Areas of a CMA allocation: what the next one meets of what the one before left behind, and how many there are. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { resolvePolicy } from '../policies/policies.ts';
import { contiguousHistory } from './made-up.ts';
import { replayStage } from './replay.ts';
import { stageOf } from './stage.ts';

const recorded = resolvePolicy('linux-6.12.117', undefined, { pageSize: 4096 });

interface Area {
  readonly start: number;
  /** Frames of its one list; `u` = all five tries undo them, `m` = they move. */
  readonly pfns: readonly number[];
  readonly fate: 'u' | 'm';
}

/** What the recorded policy does, with pins where something stayed, and 0 or -EBUSY as the allocation's answer. */
function outcomeOf(areas: readonly Area[]) {
  const tries = areas.map(({ fate }) => (fate === 'u' ? 5 : 1));
  const calls = areas.flatMap((area, i) => Array.from({ length: tries[i]! }, () => area));
  const of = areas.map((_, i) => {
    const first = tries.slice(0, i).reduce((sum, count) => sum + count, 0);
    return Array.from({ length: tries[i]! }, (_, n) => first + n);
  });
  const history = contiguousHistory(
    calls.map(({ pfns, fate }) => pfns.map(() => (fate === 'u' ? 'uu' : 'm'))),
    calls.map(({ pfns }) => pfns),
    of,
    areas.map(({ fate }) => (fate === 'u' ? -16 : 0)),
    true,
    areas.map(({ start }) => start),
  );
  const evidence = [{ says: 'made up', cause: 'pin' as const, weight: 1e9, ordinal: 0 }];
  const failures = history.failures.map((failure) => ({ ...failure, evidence }));
  const stage = stageOf({ ...history, failures }, recorded);
  const [{ totals } = assert.fail()] = replayStage(stage, [recorded], { draws: 1, seed: 1 });
  return [totals.calls[0], totals.failedFolios[0], totals.busyRetries[0]];
}

const first: Area = { start: 0x100, pfns: [0x101], fate: 'u' };

test('what lies before the next area is not met again', () => {
  assert.deepEqual(outcomeOf([first, { start: 0x110, pfns: [0x111, 0x112], fate: 'm' }]), [6, 1, 1]);
  assert.deepEqual(outcomeOf([first, { start: 0x110, pfns: [0x111], fate: 'u' }]), [10, 2, 2]);
});

test('what the next area overlaps is', () => {
  assert.deepEqual(outcomeOf([first, { start: 0x101, pfns: [0x101], fate: 'u' }]), [10, 2, 2]);
});

test('an allocation that failed had tried every area', () => {
  assert.deepEqual(outcomeOf([first]), [5, 1, 1]);
});
