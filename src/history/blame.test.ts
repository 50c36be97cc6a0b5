/** Waits, holds, and the evidence for what kept a folio. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { calibration, drain, end, folio, moved, moving, pointer, remove, set, start, told } from './tiny.test.ts';

const failing = (sleeper: string, references = 3): string => `
${calibration}
    0 a-1 1.000000 ${start}
    0 a-1 1.000001 ${set(0x1000, 0x100)}
    ${sleeper}
    0 a-1 1.000003 ${moving(0x100, 0x900, references)}
    0 a-1 1.000004 ${moved(-11)}
    0 a-1 1.000005 ${remove(0x1000, 0x100)}
    1 b-2 1.000006 folio_lock_slow_ret: (shmem_get_folio_gfp+0x10/0x20 <- __folio_lock)
    0 a-1 1.000007 ${end(0, 1)}`;

test('a task asleep on the folio lock with a reference is a wait, a hold, and evidence for a blocked fault', async () => {
  const history = await told(failing(`1 b-2 1.000002 folio_lock_slow: (__folio_lock+0x0/0x38) ${folio(0x100, 3)}`));
  const wait = history.waits[0];
  assert.deepEqual(
    [wait?.on, wait?.holdsReference, wait?.pfn, wait?.episode, wait?.end],
    ['lock', 'yes', 0x100, 0, 1000005000],
  );
  assert.deepEqual(
    history.holds.map((one) => [one.holder, one.pfn]),
    [['lock-blocked fault', 0x100]],
  );
  const weights = history.failures[0]?.evidence.filter((one) => one.cause === 'lock-blocked fault');
  assert.equal(weights?.length, 1);
  assert.ok((weights?.[0]?.weight ?? 0) > 1);
});

test('entry waiters hold nothing, and the frame is in the entry they wait on', async () => {
  const history = await told(`
    0 a-1 1.000000 ${start}
    0 a-1 1.000001 ${set(0x1000, 0x41f00)}
    1 b-2 1.000002 migration_entry_wait_on_locked: (migration_entry_wait_on_locked+0x0/0x310) entry=0x7800001000041f00
    0 a-1 1.000003 ${remove(0x1000, 0x900)}
    1 b-2 1.000004 migration_entry_wait_on_locked_ret: (migration_entry_wait+0xf4/0x108 <- migration_entry_wait_on_locked)
    0 a-1 1.000005 ${end(1, 0)}`);
  assert.deepEqual(
    history.waits.map((one) => [one.on, one.holdsReference, one.pfn, one.episode]),
    [['entry', 'no', 0x41f00, 0]],
  );
});

test('1024 references too many are a pin', async () => {
  const history = await told(failing('1 b-2 1.000002 mm_compaction_kcompactd_sleep: nid=0', 1026));
  assert.ok(history.failures[0]?.evidence.some((one) => one.cause === 'pin' && one.weight > 1));
  assert.deepEqual(
    history.holds.map((one) => one.holder),
    ['pin'],
  );
});

test('what was not recorded is no evidence: stock events alone leave a failure without any', async () => {
  const history = await told(`
    0 a-1 1.000000 ${start}
    0 a-1 1.000001 ${set(0x1000, 0x100)}
    0 a-1 1.000002 ${remove(0x1000, 0x100)}
    0 a-1 1.000003 ${end(0, 1)}`);
  assert.deepEqual(history.failures[0]?.evidence, []);
  assert.equal(history.observed.lockWaits, 'unknown');
});

const activating = (flags: string): string =>
  `1 b-2 1.000002 folio_activate: (folio_activate+0x0/0x110) ${folio(0x100, 3, flags)}`;
const activated = `1 b-2 1.000020 mm_lru_activate: folio=${pointer(0x100)} pfn=0x100`;

test('a folio seen queued in an activate batch has one piece of evidence for it, and its flush afterwards adds none', async () => {
  const history = await told(`${failing(activating('0x20'))}\n    ${activated}`);
  const found = history.failures[0]?.evidence.filter((one) => one.cause === 'activate batch');
  assert.equal(found?.length, 1);
  assert.match(found?.[0]?.says ?? '', /in the activate batch of CPU 1/);
});

test('what folio_activate was given but did not queue (not on the LRU) is in no batch; its later activation is weaker evidence', async () => {
  const history = await told(`${failing(activating('0x0'))}\n    ${activated}`);
  const found = history.failures[0]?.evidence.filter((one) => one.cause === 'activate batch');
  assert.equal(found?.length, 1);
  assert.match(found?.[0]?.says ?? '', /flushed it from its activate batch afterwards/);
});

test('an activation after that CPU was drained in between is of a later access: a batch keeps nothing through a drain', async () => {
  const history = await told(`${failing(activating('0x0'))}
    1 kworker/1:0-9 1.000010 ${drain(1)}
    1 b-2 1.000012 mm_compaction_kcompactd_sleep: nid=0
    ${activated.replace('1.000020', '1.500000')}`);
  const found = history.failures[0]?.evidence.filter((one) => one.cause === 'activate batch');
  assert.equal(found?.length, 1);
  assert.match(found?.[0]?.says ?? '', /no activation of it followed/);
});
