import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { createClock } from './background-clock.ts';
import type { Unit } from './demand.ts';

/** A request that went for three ranges: prepared from 0 to 10, from 100 to 120, and from 200 to 250. */
const unit = {
  preparations: [
    { delay: 4, drainTime: 6, from: 0, until: 10 },
    { delay: 5, drainTime: 15, from: 100, until: 120 },
    { delay: 10, drainTime: 40, from: 200, until: 250 },
  ],
} as unknown as Unit;

test('recorded pauses between ranges are left out, except that before the first', () => {
  const { of } = createClock(unit);
  assert.deepEqual([0, 50, 100, 110, 120, 150, 200, 300].map(of), [0, 50, 100, 100, 100, 130, 180, 230]);
});

test('what came before a list comes as long before it when it is met later, and nothing overtakes', () => {
  const clock = createClock(unit);
  // The list that was got ready at 150 (130 without the pause) is got ready at 500 now.
  clock.hold(150, 500);
  assert.deepEqual([149, 150, 160, 210].map(clock.of), [129, 500, 510, 550]);
  // Held up again, at what was recorded at 160: the rest moves on, what had been passed stays before.
  clock.hold(160, 900);
  assert.deepEqual([149, 150, 159, 160, 161].map(clock.of), [129, 500, 509, 900, 901]);
  const times = Array.from({ length: 300 }, (_, t) => clock.of(t));
  assert.ok(times.every((time, i) => i === 0 || time >= times[i - 1]!));
  clock.hold(Number.POSITIVE_INFINITY, 1e6);
  assert.equal(clock.of(161), 901);
});
