import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { binOf, islandAxis, islandsOf, ticksOf } from './islands.ts';

test('ranges with less between them than in them are one island; a wide gap parts them', () => {
  const near = [
    { from: 0x100, to: 0x200 },
    { from: 0x280, to: 0x300 },
  ];
  assert.deepEqual(islandsOf(near), [{ from: 0x100, to: 0x300 }]);
  const far = { from: 0x8_0000_0000, to: 0x8_0000_0010 };
  assert.deepEqual(islandsOf([far, ...near]), [{ from: 0x100, to: 0x300 }, far]);
  assert.deepEqual(islandsOf([]), []);
});

test('bins of all islands are of one size, a power of two, and no more than asked; each number has its bin', () => {
  const axis = islandAxis(
    [
      { from: 0x100, to: 0x300 },
      { from: 0x8_0000_0001, to: 0x8_0000_0010 },
    ],
    40,
  );
  assert.equal(axis.size, 16);
  assert.equal(axis.length, 32 + 2 + 1);
  assert.equal(binOf(axis, 0x100), 0);
  assert.equal(binOf(axis, 0x2ff), 31);
  assert.equal(binOf(axis, 0x8_0000_0001), 34);
  assert.deepEqual(islandAxis([], 40), { size: 1, islands: [], length: 0 });
});

test('numbers at the axis begin each island that has room, and keep apart', () => {
  const axis = islandAxis(
    [
      { from: 0x100, to: 0x300 },
      { from: 0x8_0000_0000, to: 0x8_0000_0010 },
    ],
    40,
  );
  assert.deepEqual(ticksOf(axis, 8), [
    { at: 0, number: 0x100 },
    { at: 8, number: 0x180 },
    { at: 16, number: 0x200 },
    { at: 24, number: 0x280 },
    { at: 34, number: 0x8_0000_0000 },
  ]);
});
