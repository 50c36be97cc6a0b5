import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { IntegerColumn, NumberColumn } from './columns.ts';

test('columns grow and keep every value', () => {
  const numbers = new NumberColumn(1);
  const integers = new IntegerColumn(1);
  for (let i = 0; i < 1000; i++) {
    numbers.push(i / 2);
    integers.push(7 - i);
  }
  assert.deepEqual(
    [...numbers.toArray()],
    Array.from({ length: 1000 }, (_, i) => i / 2),
  );
  assert.deepEqual(
    [...integers.toArray()],
    Array.from({ length: 1000 }, (_, i) => 7 - i),
  );
});
