import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { own } from './own.ts';

test('only what was put into a table is in it', () => {
  const table = { pfn: 'pfn' };
  assert.equal(own(table, 'pfn'), 'pfn');
  for (const key of ['constructor', '__proto__', 'toString', 'none']) assert.equal(own(table, key), undefined);
  assert.equal(own(undefined, 'pfn'), undefined);
});
