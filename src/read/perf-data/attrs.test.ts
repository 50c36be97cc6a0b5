import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { Attrs } from './attrs.ts';

const word = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 0xffffffff }));

test('ids of any size are found again, others are not', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(word, word, fc.nat({ max: 99 })), { maxLength: 900 }), word, word, (list, hi, lo) => {
      const attrs = new Attrs();
      const known = new Map<string, number>();
      for (const [a, b, index] of list) {
        attrs.addId(a, b, index);
        known.set(`${a} ${b}`, index);
      }
      for (const [a, b] of list) assert.equal(attrs.find(a, b), known.get(`${a} ${b}`));
      assert.equal(attrs.find(hi, lo), known.get(`${hi} ${lo}`) ?? -1);
    }),
  );
});

test('ids that all belong in one place are found, too, and soon', () => {
  const attrs = new Attrs();
  for (let i = 0; i < 50_000; i++) attrs.addId(i, i, i % 100);
  for (let i = 0; i < 50_000; i++) assert.equal(attrs.find(i, i), i % 100);
  assert.equal(attrs.find(1, 2), -1);
});
