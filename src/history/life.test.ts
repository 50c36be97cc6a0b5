/** The life of a folio: what happened to a frame, and to the frames that its folio was in. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { knownFrames, lifeOf, nearFrames } from './life.ts';
import { calibration, end, folio, insertion, moved, moving, remove, set, start, told } from './tiny.test.ts';

/** 0x100 fails once with a task asleep on its lock, then moves to 0x900 and on to 0x200; 0x900 gets another folio. */
const travels = `
${calibration}
    1 c-3 0.900000 folio_add_lru: (folio_add_lru+0x0/0x98) ${folio(0x100, 2)}
    1 c-3 0.900001 ${insertion(0x100)}
    0 a-1 1.000000 ${start}
    0 a-1 1.000001 ${set(0x1000, 0x100)}
    1 b-2 1.000002 folio_lock_slow: (__folio_lock+0x0/0x38) ${folio(0x100, 3)}
    0 a-1 1.000003 ${moving(0x100, 0x900, 3)}
    0 a-1 1.000004 ${moved(-11)}
    0 a-1 1.000005 ${remove(0x1000, 0x100)}
    0 a-1 1.000006 ${end(0, 1)}
    1 b-2 1.000007 folio_lock_slow_ret: (shmem_get_folio_gfp+0x10/0x20 <- __folio_lock)
    0 a-1 2.000000 ${start}
    0 a-1 2.000001 ${set(0x1000, 0x100)}
    0 a-1 2.000002 ${remove(0x1000, 0x900)}
    0 a-1 2.000003 ${end(1, 0)}
    0 a-1 3.000000 ${start}
    0 a-1 3.000001 ${set(0x1000, 0x900)}
    0 a-1 3.000002 ${remove(0x1000, 0x200)}
    0 a-1 3.000003 ${end(1, 0)}
    1 c-3 4.000000 ${insertion(0x900)}
    1 c-3 4.000001 ${insertion(0x100)}`;

test('a life follows its folio from frame to frame, and leaves out what the old and the new frame held otherwise', async () => {
  const life = lifeOf(await told(travels), 0x100, 1e9);
  assert.deepEqual(
    life?.stretches.map(({ pfn }) => pfn),
    [0x100, 0x900, 0x200],
  );
  assert.deepEqual(
    life?.events.filter(({ topic }) => topic === 'batch').map(({ pfn, time }) => [pfn, time]),
    [
      [0x100, 899999000],
      [0x100, 900000000],
    ],
  );
  const moves = life?.events.filter(({ says }) => says.startsWith('moved to')).map(({ says, pfn }) => `${pfn} ${says}`);
  assert.deepEqual(moves, ['256 moved to 0x900, and this frame freed', '2304 moved to 0x200, and this frame freed']);
});

test('without a time a frame is shown throughout, with the ways of its folios', async () => {
  const life = lifeOf(await told(travels), 0x900);
  assert.deepEqual(
    life?.stretches.map(({ pfn }) => pfn),
    [0x900, 0x100, 0x200],
  );
  assert.ok(life?.events.some(({ pfn, time }) => pfn === 0x900 && time === 3999999000));
});

test('each fact has its time, its task and how sure it is; what lasted is a span of its lane', async () => {
  const life = lifeOf(await told(travels), 0x100);
  const says = life?.events.map((event) => `${event.comm}-${event.pid} ${event.says}`) ?? [];
  for (const expected of [
    'c-3 put into the add batch of CPU 1',
    'a-1 wanted by a migrate_pages call (syscall_or_cpuset, SYNC)',
    'a-1 1 of its entries made migration entries',
    'b-2 went to sleep on its lock with a reference',
    'a-1 tried to move: 3 references where 2 were expected, returned -11',
    'a-1 1 of its entries put back',
    'a-1 not moved',
  ]) {
    assert.ok(says.includes(expected), `${expected}: ${says.join('; ')}`);
  }
  const lanes = life?.spans.map(({ lane, start: from, end: to }) => [lane, from, to]);
  assert.deepEqual(lanes?.slice(0, 4), [
    ['in a batch', 899999000, 900000000],
    ['isolated', 999999000, 1000005000],
    ['under entries', 1000000000, 1000004000],
    ['waits', 1000001000, 1000006000],
  ]);
  assert.equal(life?.events.find(({ topic }) => topic === 'failure')?.failure, 0);
});

test('a frame that nothing names has no life, and the nearest that are known are on both sides of it', async () => {
  const history = await told(travels);
  assert.equal(lifeOf(history, 0x101), undefined);
  const known = knownFrames(history);
  assert.deepEqual(known, [1, 2, 3, 0x100, 0x200, 0x900]);
  assert.deepEqual(nearFrames(known, 0x101, 2), [0x100, 0x200]);
  assert.deepEqual(nearFrames(known, 0x1000, 2), [0x900]);
});
