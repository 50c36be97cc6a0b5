import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { once } from './once.ts';

test('what hangs on a thing is worked out once for it, even where it is nothing', () => {
  const asked: object[] = [];
  const nothingOf = once((of: object) => {
    asked.push(of);
    return undefined;
  });
  const [a, b] = [{}, {}];
  for (const of of [a, b, a, b]) assert.equal(nothingOf(of), undefined);
  assert.deepEqual(asked, [a, b]);
});
