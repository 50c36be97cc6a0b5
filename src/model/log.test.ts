import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { resolvePolicy } from '../policies/policies.ts';
import { backgroundActions, type FolioSpec, type RequestDemand, requestModels } from './demand.ts';
import { logKind, logKinds, ModelLog } from './log.ts';
import { Machine } from './machine.ts';
import { rowsOf } from './made-up.ts';
import { emptyWorld, type World } from './world.ts';

const small: FolioSpec = { order: 0, kind: 'shmem', mapped: 1 };
const steady: World = {
  ...emptyWorld,
  serviceTime: () => 10,
  drainWorkTime: () => 50,
  rcuWaitTime: (_nth, _now, expedited) => (expedited === true ? 20 : 40),
};

test('columns grow, and keep what was pushed', () => {
  const log = new ModelLog();
  for (let i = 0; i < 5000; i++) log.push(i % logKinds.length, i, i % 7, i - 1, -1, 2 * i, 3 * i, 4 * i);
  assert.equal(log.length, 5000);
  for (let i = 0; i < 5000; i++) {
    assert.deepEqual(
      [log.kind[i], log.time[i], log.cpu[i], log.run[i], log.folio[i], log.a[i], log.b[i], log.c[i]],
      [i % logKinds.length, i, i % 7, i - 1, -1, 2 * i, 3 * i, 4 * i],
    );
  }
});

test('one move_pages: disable window, drain works, isolation, entries, insertion, in the order of a kernel', () => {
  const log = new ModelLog();
  const demand: RequestDemand = {
    id: 7,
    model: 'move_pages',
    reason: 'syscall_or_cpuset',
    mode: 'sync',
    cpu: 1,
    start: 1000,
    end: 2000,
    chunks: [{ folios: [0], gap: 0 }],
  };
  // Folio 1 waits on CPU 2 to be put on the LRU; folio 0 is migrated. Somebody nobody migrates is added after the end.
  const background = rowsOf([
    [500, 2, 0, 1],
    [600, 3, 0, -1],
    [5000, 3, 0, -1],
    [5001, 3, backgroundActions.drainLocal, -1],
  ]);
  const folios = [small, { ...small, kind: 'file' as const, notOnLru: true }];
  const { decisions } = resolvePolicy('linux-6.12.117');
  new Machine(decisions, steady, { cpus: 4, folios, requests: [demand], background, log }).run();
  const seen = Array.from({ length: log.length }, (_, i) => [
    logKinds[log.kind[i]!],
    log.time[i],
    log.cpu[i],
    log.run[i],
    log.folio[i],
  ]);
  const at = (kind: string) => seen.filter((row) => row[0] === kind);
  assert.deepEqual(
    seen.slice(0, 7),
    [
      ['request start', 1000, 1, 7, -1],
      ['disable start', 1000, 1, 7, -1],
      ['drain all start', 1020, 1, 7, -1],
      ['insertion', 1070, 2, 7, 1],
      ['drain work', 1070, 2, 7, -1],
      ['insertion', 1070, 3, 7, -1],
      ['drain work', 1070, 3, 7, -1],
    ],
    'the expedited grace period, then works on the two CPUs that have something',
  );
  assert.deepEqual(
    seen.slice(7, 12).map((row) => row[0]),
    ['drain all end', 'disable end', 'isolate', 'call start', 'set entry'],
  );
  assert.deepEqual(at('enable').length, 1);
  assert.equal(at('request end').length, 1);
  assert.ok(seen.findIndex((row) => row[0] === 'enable') < seen.findIndex((row) => row[0] === 'request end'));
  // The destination goes to a batch, which a disabled cache flushes at once, on the CPU that migrates.
  assert.deepEqual(
    at('insertion').map((row) => [row[2], row[4]]),
    [
      [2, 1],
      [3, -1],
      [1, 0],
      [3, -1],
    ],
  );
  const start = seen.findIndex((row) => row[0] === 'request start');
  assert.deepEqual([requestModels[log.a[start]!], log.b[start]], ['move_pages', 1]);
  const end = seen.findIndex((row) => row[0] === 'request end');
  assert.equal(log.a[end], 0);
  // LRU list (inactive file; inactive anon for shared memory) and flags; the row that flushed, or -1.
  const places = seen.flatMap((row, i) => (row[0] === 'insertion' ? [i] : []));
  assert.deepEqual(
    places.map((i) => [log.a[i], log.b[i], log.c[i]]),
    [
      [2, 0x5, -1],
      [0, 0, -1],
      [0, 0x14, -1],
      [0, 0, 3],
    ],
  );
});

test('every row of a run names a kind, and activations are logged as such', () => {
  const log = new ModelLog();
  const background = rowsOf([
    [10, 0, 1, 0],
    [20, 0, backgroundActions.drainLocal, -1],
  ]);
  const { decisions } = resolvePolicy('linux-6.12.117');
  new Machine(decisions, steady, { cpus: 1, folios: [small], requests: [], background, log }).run();
  assert.deepEqual([...log.kind.subarray(0, log.length)], [logKind.activation]);
  assert.deepEqual([log.time[0], log.run[0], log.folio[0], log.c[0]], [20, -1, 0, 1]);
});
