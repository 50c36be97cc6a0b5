import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { EventQueue } from './queue.ts';

test('pops in order of time, equal times in the order they were put in', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 400, size: 'max' }), (times) => {
      const queue = new EventQueue<number>();
      times.forEach((time, i) => {
        queue.push(time, i);
      });
      const popped: number[] = [];
      while (queue.size > 0) popped.push(queue.pop()!);
      // A stable sort is the definition of what a queue must do.
      assert.deepEqual(
        popped,
        times.map((_, i) => i).sort((a, b) => times[a]! - times[b]! || a - b),
      );
    }),
  );
});

test('keeps its promise when pushes and pops are mixed', () => {
  fc.assert(
    fc.property(
      fc.array(fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined, freq: 3 }), { maxLength: 400, size: 'max' }),
      (steps) => {
        const queue = new EventQueue<{ time: number; order: number }>();
        let waiting: { time: number; order: number }[] = [];
        steps.forEach((time, order) => {
          if (time !== undefined) {
            queue.push(time, { time, order });
            waiting.push({ time, order });
            return;
          }
          waiting = waiting.sort((a, b) => a.time - b.time || a.order - b.order);
          assert.equal(queue.nextTime, waiting[0]?.time ?? Number.POSITIVE_INFINITY);
          assert.equal(queue.size, waiting.length);
          assert.deepEqual(queue.pop(), waiting.shift());
        });
      },
    ),
  );
});
