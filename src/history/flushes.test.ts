/** Which insertions are one flush, and what caused it. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { disable, disabled, drain, end, many, start, told } from './tiny.test.ts';

test('a flush is full at the capacity, and a drain empties less: 31 since 6.9, 15 before', async () => {
  const lines = `
    1 a-1 1.000000 ${drain(1)}
${many(4, 1, 'a-1', 1.000003, 0.000001, 0x100)}
${many(31, 1, 'a-1', 1.001, 0.000001, 0x200)}`;
  const history = await told(lines);
  assert.deepEqual(
    history.flushes.map((one) => [one.cause, one.count, one.drain]),
    [
      ['local drain', 4, 0],
      ['full', 31, -1],
    ],
  );
  assert.deepEqual([history.stays.flush[3], history.stays.flush[4]], [0, 1]);
  const before = await told(many(30, 1, 'a-1', 1.001, 0.000001, 0x200), '6.1.192');
  assert.deepEqual(
    before.flushes.map((one) => [one.cause, one.count]),
    [
      ['full', 15],
      ['full', 15],
    ],
  );
});

test('a CPU that stands still inside a full flush does not part it', async () => {
  const history = await told(`
${many(31, 1, 'a-1', 1.001, 0.000001, 0x200)}
${many(20, 1, 'a-1', 1.002, 0.000001, 0x300)}
${many(11, 1, 'a-1', 1.005, 0.000001, 0x314)}
${many(5, 1, 'a-1', 1.009, 0.000001, 0x400)}`);
  assert.deepEqual(
    history.flushes.map((one) => [one.cause, one.count]),
    [
      ['full', 31],
      ['full', 31],
      ['unknown', 5],
    ],
  );
});

test('inside a window with batches off every folio is flushed alone, whoever adds it', async () => {
  const history = await told(`
    0 a-1 1.000000 ${disable}
    2 kworker/2:1-30 1.000010 ${drain(2)}
${many(3, 2, 'kworker/2:1-30', 1.000012, 0.000001, 0x100)}
    0 a-1 1.000020 ${disabled}
    0 a-1 1.000021 ${start}
${many(5, 2, 'b-2', 1.0001, 0.0008, 0x200)}
    0 a-1 1.005000 ${end(0, 0)}
${many(3, 2, 'b-2', 1.01, 0.000001, 0x300)}`);
  assert.deepEqual(
    history.flushes.map((one) => [one.cause, one.count, one.drain]),
    [['all-CPU drain', 3, 0], ...Array.from({ length: 5 }, () => ['cache disabled', 1, -1]), ['unknown', 3, -1]],
  );
  assert.deepEqual(
    [history.drains[0]?.scope, history.drains[0]?.cpus, history.drains[0]?.end],
    ['disable', [2], 20000],
  );
});

test('without probes worker flushes on different CPUs are one drain; a CPU that comes again begins the next', async () => {
  const history = await told(`
${many(2, 0, 'kworker/0:1-10', 1.0, 0.000001, 0x100)}
${many(2, 1, 'kworker/1:1-11', 1.001, 0.000001, 0x110)}
${many(2, 0, 'kworker/0:1-10', 1.002, 0.000001, 0x120)}`);
  assert.deepEqual(
    history.drains.map((one) => [one.scope, one.certainty, one.cpus]),
    [
      ['all', 'inferred', [0, 1]],
      ['all', 'inferred', [0]],
    ],
  );
  assert.equal(history.observed.drains, 'inferred');
});
