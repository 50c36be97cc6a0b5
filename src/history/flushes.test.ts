/** Which insertions are one flush, and what caused it. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { openCapture } from '../read/file.ts';
import { tracePath } from '../test-support.ts';
import { batchKinds } from './facts.ts';
import { workOut } from './history.ts';
import {
  calibration,
  disable,
  disabled,
  drain,
  end,
  folio,
  insertion,
  many,
  pointer,
  remove,
  set,
  start,
  told,
} from './tiny.test.ts';

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

test('what the last work of a drain flushes in the first microsecond of a window says nothing of batches in it', async () => {
  const history = await told(`
    0 a-1 1.000000 ${disable}
    2 kworker/2:1-30 1.000010 ${drain(2)}
${many(6, 2, 'kworker/2:1-30', 1.00002, 0, 0x100)}
    0 a-1 1.000020 ${disabled}
    0 a-1 1.000021 ${start}
${many(3, 2, 'b-2', 1.0001, 0.0008, 0x200)}
    0 a-1 1.005000 ${end(0, 0)}`);
  assert.deepEqual(
    history.flushes.map((one) => [one.cause, one.count]),
    [['all-CPU drain', 6], ...Array.from({ length: 3 }, () => ['cache disabled', 1])],
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

test('a kernel that is not known shows its capacity by its longest flushes; a single long one shows nothing', async () => {
  const flush = (from: number, pfn: number): string => many(15, 1, 'a-1', from, 0.000001, pfn);
  const twice = await told(`${flush(1.001, 0x200)}\n${flush(1.002, 0x300)}`, '');
  assert.deepEqual(
    twice.flushes.map((one) => one.cause),
    ['full', 'full'],
  );
  const once = await told(`${flush(1.001, 0x200)}\n${many(3, 1, 'a-1', 1.002, 0.000001, 0x300)}`, '');
  assert.deepEqual(
    once.flushes.map((one) => [one.cause, one.count]),
    [
      ['unknown', 15],
      ['unknown', 3],
    ],
  );
});

const adding = (pfn: number): string =>
  `folio_add_lru: (folio_add_lru+0x0/0x110) folio=0x${pointer(pfn)} ref=1 mapc=-1 flags=0x119 mapping=0x0 index=0x0`;

test('a stay lasts from its add to its line; a batch whose flush prints nothing ends with the next drain of its CPU', async () => {
  const history = await told(`
${calibration}
    1 a-1 1.000000 ${adding(0x100)}
    1 a-1 1.000001 mlock_folio: (mlock_folio+0x0/0x110) ${folio(0x200, 2)}
    1 a-1 1.000002 mlock_folio: (mlock_folio+0x0/0x110) ${folio(0x201, 2)}
    1 a-1 1.000010 ${drain(1)}
    1 a-1 1.000011 ${insertion(0x100)}
    2 b-2 1.000012 mlock_folio: (mlock_folio+0x0/0x110) ${folio(0x202, 2)}`);
  const { stays } = history;
  const rows = Array.from({ length: stays.length }, (_, row) => [
    stays.pfn[row],
    batchKinds[stays.batch[row]!],
    stays.added[row]! - 1e9,
    stays.flushed[row]! - 1e9,
  ]).slice(3);
  assert.deepEqual(rows, [
    [0x100, 'add', -1000, 10000],
    [0x200, 'mlock', 0, 9000],
    [0x201, 'mlock', 1000, 9000],
    [0x202, 'mlock', 11000, NaN],
  ]);
});

test('a flush empties its whole batch: a stay without a line of its own ends with the next line of that batch', async () => {
  const { stays } = await told(`
${calibration}
    1 a-1 1.000000 ${adding(0x100)}
    1 a-1 1.000001 ${adding(0x101)}
    2 b-2 1.000002 ${adding(0x102)}
    1 a-1 1.000011 ${insertion(0x101)}
    1 a-1 1.000020 ${drain(1)}`);
  const left = (pfn: number): number => stays.flushed[stays.pfn.lastIndexOf(pfn)]! - 1e9;
  assert.equal(left(0x100), left(0x101), 'freed before its line, and not waiting for the drain');
  assert.equal(left(0x102), NaN, 'nothing emptied the batch of its CPU');
});

test('no CPU ever has more folios in a batch than the batch can hold, by the adds and ends of a real capture', async () => {
  const { stays, capture } = await workOut(
    await openCapture(tracePath('debian-6.1-4k/pin_vmsplice_fail/trace.txt.gz')),
  );
  assert.equal(capture.kernelVersion?.value, '6.1.192');
  const changes = new Map<number, [time: number, change: number][]>();
  for (let row = 0; row < stays.length; row++) {
    if (Number.isNaN(stays.added[row]!)) continue;
    const own = changes.get(stays.cpu[row]! * 8 + stays.batch[row]!) ?? [];
    changes.set(stays.cpu[row]! * 8 + stays.batch[row]!, own);
    own.push([stays.added[row]!, 1], [stays.flushed[row]!, -1]);
  }
  const most = [...changes.values()].map((own) => {
    let held = 0;
    let top = 0;
    // Of equal times the add comes first; what never left is at the end.
    own.sort(([a, up], [b, other]) => (Number.isNaN(a) ? 1 : Number.isNaN(b) ? -1 : a - b) || other - up);
    for (const [, change] of own) {
      held += change;
      top = Math.max(top, held);
    }
    return top;
  });
  assert.equal(Math.max(...most), 15);
});

test('a large folio is not batched: its add flushes the batch, and the flush is named so where episodes show its size', async () => {
  const moving = (order: number): string => `
${calibration}
    0 a-1 1.000000 ${start}
    0 a-1 1.000001 ${set(0x1000, 0x400, order)}
    0 a-1 1.000002 ${insertion(0x70)}
    0 a-1 1.000003 ${insertion(0x800)}
    0 a-1 1.000004 ${remove(0x1000, 0x800)}
    0 a-1 1.000005 ${end(2 ** order, 0)}
    0 a-1 1.000006 ${insertion(0x900)}`;
  const causes = async (order: number) =>
    (await told(moving(order))).flushes.slice(1).map(({ cause, count }) => [cause, count]);
  assert.deepEqual(await causes(4), [
    ['bypass', 2],
    ['unknown', 1],
  ]);
  assert.deepEqual(await causes(0), [
    ['unknown', 2],
    ['unknown', 1],
  ]);
});
