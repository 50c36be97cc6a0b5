import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { onDemand } from './on-demand.ts';

test('what is loaded on demand is there once it was loaded, and loaded once', async () => {
  let loads = 0;
  const late = onDemand(async () => ({ number: ++loads }));
  assert.throws(() => late.module, /before it was loaded/);
  await late.load();
  await late.load();
  assert.equal(late.module.number, 1);
});

test('a load that failed is tried again', async () => {
  let loads = 0;
  const late = onDemand(async () => {
    if (++loads === 1) throw new Error('not there');
    return loads;
  });
  await assert.rejects(late.load(), /not there/);
  assert.throws(() => late.module, /before it was loaded/);
  await late.load();
  assert.equal(late.module, 2);
});
