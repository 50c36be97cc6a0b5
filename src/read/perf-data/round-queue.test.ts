import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { RoundQueue } from './round-queue.ts';

/** A record of time `time`, or the end of a round. */
type Step = number | 'round';

/** What tools/perf/util/ordered-events.c does, in its own way: a sorted list, equal times in the order they came. */
function plain(steps: readonly Step[]): number[] {
  const given: number[] = [];
  let waiting: { time: number; place: number }[] = [];
  let limit = 0;
  let latest = 0;
  const flush = (upTo: number): void => {
    given.push(...waiting.filter(({ time }) => time <= upTo).map(({ place }) => place));
    waiting = waiting.filter(({ time }) => time > upTo);
  };
  steps.forEach((step, place) => {
    if (step === 'round') {
      if (waiting.length === 0) return;
      if (limit > 0) flush(limit);
      limit = latest;
      return;
    }
    if (waiting.length === 0 || step > latest) latest = step;
    const behind = waiting.findIndex(({ time }) => time > step);
    waiting.splice(behind < 0 ? waiting.length : behind, 0, { time: step, place });
  });
  flush(Number.POSITIVE_INFINITY);
  return given;
}

function ours(steps: readonly Step[], base: bigint): number[] {
  const queue = new RoundQueue();
  const given: number[] = [];
  const to = {
    deliver: (slot: number): void => {
      given.push(queue.places[slot]!);
    },
  };
  steps.forEach((step, place) => {
    if (step === 'round') queue.round(to);
    else {
      const time = base + BigInt(step);
      queue.push(Number(time >> 32n), Number(time & 0xffffffffn), place, place % 7, 0);
    }
  });
  queue.finish(to);
  assert.equal(queue.length, 0);
  return given;
}

const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 1, max: 60 }) },
    { arbitrary: fc.constant('round' as const), weight: 1 },
  ),
);

test('records come out as perf orders them, whatever the rounds are', () => {
  fc.assert(
    fc.property(steps, fc.constantFrom(0n, 0xfffffff0n, 2n ** 52n - 7n, 2n ** 60n), (list, base) => {
      assert.deepEqual(ours(list, base), plain(list));
    }),
  );
});

test('runs of several CPUs are merged, equal times in the order of the file', () => {
  const runs = fc.array(fc.array(fc.integer({ min: 1, max: 1000 })).map((run) => run.sort((a, b) => a - b)));
  fc.assert(
    fc.property(runs, (list) => {
      const flat = list.flat();
      const sorted = flat.map((time, place) => ({ time, place })).sort((a, b) => a.time - b.time || a.place - b.place);
      assert.deepEqual(
        ours(flat, 5n),
        sorted.map(({ place }) => place),
      );
    }),
  );
});

test('the older half is given out when a round does not fit in memory', () => {
  const queue = new RoundQueue();
  const given: number[] = [];
  [10, 30, 20, 40].forEach((time, place) => {
    queue.push(0, time, place, 0, 0);
  });
  queue.half({ deliver: (slot) => given.push(queue.places[slot]!) });
  assert.deepEqual(given, [0, 2]);
  assert.equal(queue.firstPlace(false, 99), 1);
  assert.equal(queue.firstPlace(true, 99), 99);
});
