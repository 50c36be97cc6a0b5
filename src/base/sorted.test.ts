import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { addTo } from './groups.ts';
import { countLeading } from './sorted.ts';

test('counts what leads a sorted list, as a walk from its beginning does', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9 })), fc.integer({ min: -1, max: 10 }), (values, limit) => {
      const sorted = [...values].sort((a, b) => a - b);
      const walked = sorted.filter((value) => value <= limit).length;
      assert.equal(
        countLeading(sorted.length, (i) => sorted[i]! <= limit),
        walked,
      );
      const from = walked >> 1;
      assert.equal(
        countLeading(sorted.length, (i) => sorted[i]! <= limit, from),
        walked,
      );
    }),
  );
});

test('groups keep the order in which values came', () => {
  const groups = new Map<string, number[]>();
  for (const [i, key] of ['a', 'b', 'a', 'c', 'a'].entries()) addTo(groups, key, i);
  assert.deepEqual(
    [...groups],
    [
      ['a', [0, 2, 4]],
      ['b', [1]],
      ['c', [3]],
    ],
  );
});
