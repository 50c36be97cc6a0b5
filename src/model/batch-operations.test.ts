/** Accesses, frees, buffer heads, and operations that are applied in another order than they were asked for. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { resolvePolicy } from '../policies/policies.ts';
import { backgroundActions, type FolioSpec, type RequestDemand } from './demand.ts';
import { logKind, ModelLog } from './log.ts';
import { Machine, type MachineInput } from './machine.ts';
import { one, rowsOf } from './made-up.ts';
import { emptyWorld, type World } from './world.ts';

const file: FolioSpec = { order: 0, kind: 'file', mapped: 1 };
const world: World = { ...emptyWorld, drainWorkTime: () => 50, rcuWaitTime: () => 20 };
const { accessed, free, bufferHead, drainLocal, drainAll } = backgroundActions;
const [add, activate, deactivate] = [0, 1, 2];

type Row = readonly [time: number, cpu: number, action: number, folio: number];

/** Rows and nothing else; the folios and batches after them. */
function after(
  name: string,
  list: readonly Row[],
  folios: readonly FolioSpec[] = [file],
  more: Partial<MachineInput> = {},
) {
  const log = new ModelLog();
  const { decisions } = resolvePolicy(name);
  const input = { cpus: 4, folios, requests: [], background: rowsOf(list), log, ...more };
  const machine = new Machine(decisions, world, input);
  while (machine.step()) assert.deepEqual(machine.brokenInvariants(), []);
  const { background, refusedAdds } = machine.result();
  const events = (kind: 'insertion' | 'activation') =>
    Array.from(log.folio.subarray(0, log.length)).filter((_, i) => log.kind[i] === logKind[kind]);
  return { folio: machine.folios[0]!, folios: machine.folios, counters: background, refusedAdds, events };
}

test('folio_mark_accessed: the first is noted, the second queues, and again until the batch is flushed', () => {
  const twice: Row[] = [
    [1, 0, accessed, 0],
    [2, 1, accessed, 0],
  ];
  const queued = after('linux-6.12.117', twice);
  assert.equal(queued.folio.queuedIn(activate), 1);
  assert.equal(queued.folio.isActive, false, 'PG_active comes with the flush');
  const again: Row[] = [...twice, [3, 2, accessed, 0], [4, 3, accessed, 0]];
  assert.equal(after('linux-6.12.117', again).folio.queuedIn(activate), 2, 'PG_lru is kept');
  assert.equal(after('linux-6.12.49', again).folio.queuedIn(activate), 1, 'PG_lru is cleared (6.11 to 6.16)');
  assert.equal(after('linux-6.12.49', again).refusedAdds, 0, 'the kernel does not try');
  const flushed = after('linux-6.12.117', [...again, [5, 1, drainLocal, 0], [6, 3, drainLocal, 0]]);
  assert.equal(flushed.folio.isActive, true);
  assert.deepEqual(flushed.events('activation'), [0, 0]);
  const active = after('linux-6.12.117', [...twice, [3, 1, drainLocal, 0], [4, 2, accessed, 0], [5, 2, accessed, 0]]);
  assert.equal(active.folio.queuedIn(activate), 0, 'what is active is not queued again');
});

test('with the multi-generational LRU, or mlocked, nothing is ever queued by an access', () => {
  const rows: Row[] = [1, 2, 3, 4].map((time) => [time, 0, accessed, 0]);
  assert.equal(after('linux-6.12.117', rows, [file], { lruGen: true }).folio.queuedIn(activate), 0);
  assert.equal(after('linux-6.12.117', rows, [{ ...file, mlocked: true }]).folio.queuedIn(activate), 0);
});

test('off the LRU, the second access looks into the add batch of its own CPU alone', () => {
  const fresh = [{ ...file, notOnLru: true }];
  const here = after(
    'linux-6.12.117',
    [
      [1, 0, add, 0],
      [2, 0, accessed, 0],
      [3, 0, accessed, 0],
    ],
    fresh,
  );
  assert.equal(here.folio.isActive, true);
  assert.equal(here.folio.queuedIn(activate), 0);
  const elsewhere = after(
    'linux-6.12.117',
    [
      [1, 0, add, 0],
      [2, 1, accessed, 0],
      [3, 1, accessed, 0],
    ],
    fresh,
  );
  assert.equal(elsewhere.folio.isActive, false);
  assert.equal(elsewhere.folio.referenced, false, 'the two accesses are used up');
});

test('a folio whose last reference is its batch entry: 7.2 frees it without an insertion, 6.12 inserts it first', () => {
  const fresh = [{ ...file, notOnLru: true }];
  const rows: Row[] = [
    [1, 0, add, 0],
    [2, 1, free, 0],
  ];
  const waiting = after('linux-7.2', rows, fresh);
  assert.equal(waiting.folio.references, 1);
  const lone = after('linux-7.2', [...rows, [3, 0, drainLocal, -1]], fresh);
  assert.deepEqual([lone.folio.references, lone.folio.onLru, lone.events('insertion')], [0, false, []]);
  const inserted = after('linux-6.12.117', [...rows, [3, 0, drainLocal, -1]], fresh);
  assert.deepEqual([inserted.folio.references, inserted.folio.onLru, inserted.events('insertion')], [0, false, [0]]);
});

test('a free frame is allocated anew, off the LRU; nobody queues or frees it before', () => {
  const gone: Row[] = [
    [1, 0, free, 0],
    [2, 0, activate, 0],
    [3, 0, accessed, 0],
    [4, 0, bufferHead, 0],
    [5, 0, free, 0],
  ];
  const freed = after('linux-7.2', gone);
  assert.equal(freed.folio.references, 0);
  assert.equal(freed.refusedAdds, 2, 'the activation and the second free');
  const anew = after('linux-7.2', [...gone, [6, 1, add, 0]]);
  assert.equal(anew.folio.references, 3, 'map, page cache, batch');
  assert.equal(anew.folio.onLru, false);
  const held = after('linux-7.2', [[0, 0, activate, 0], ...gone, [6, 1, add, 0]]);
  assert.equal(held.folio.references, 1, 'an entry holds the old one, so that the frame is not free');
});

test('bh_lrus: 16 a CPU, the oldest leaves, one that is used again moves to the front', () => {
  const folios = Array.from({ length: 17 }, () => file);
  const installs = Array.from({ length: 17 }, (_, id): Row => [id, 0, bufferHead, id]);
  const full = after('linux-6.12.117', installs, folios);
  assert.deepEqual(
    full.folios.map((folio) => folio.bufferHeads),
    [0, ...new Array<number>(16).fill(1)],
  );
  const used = after('linux-6.12.117', [...installs.slice(0, 16), [15.5, 0, bufferHead, 0], installs[16]!], folios);
  assert.deepEqual(
    used.folios.map((folio) => folio.bufferHeads),
    [1, 0, ...new Array<number>(15).fill(1)],
  );
  const two = after('linux-6.12.117', [
    [1, 0, bufferHead, 0],
    [2, 1, bufferHead, 0],
  ]);
  assert.equal(two.folio.bufferHeads, 2, 'one in each CPU');
});

test('who empties bh_lrus: nobody up to 5.12, every drain in 5.13 and 5.14, all-CPU drains since', () => {
  const heads = (name: string, action: number) =>
    after(name, [
      [1, 0, bufferHead, 0],
      [2, 0, add, -1],
      [3, 0, action, -1],
      [5000, 1, add, -1],
    ]).folio.bufferHeads;
  assert.deepEqual([heads('linux-5.12', drainLocal), heads('linux-5.12', drainAll)], [1, 1]);
  assert.deepEqual([heads('linux-5.13', drainLocal), heads('linux-5.13', drainAll)], [0, 0]);
  assert.deepEqual([heads('linux-5.15', drainLocal), heads('linux-5.15', drainAll)], [1, 0]);
  assert.deepEqual([heads('linux-7.2', drainLocal), heads('linux-7.2', drainAll)], [1, 0]);
});

test('a buffer head keeps its folio from moving; a CPU that has nothing else is drained for it, and none comes in a window', () => {
  const background = rowsOf([
    [1, 2, bufferHead, 0],
    [1060, 3, bufferHead, 0],
  ]);
  const call: Partial<RequestDemand> = { model: 'call' };
  const unprotected = one(resolvePolicy('linux-6.12.117').decisions, file, call, world, background);
  assert.equal(unprotected.chunks[0]![0]!.ending, 'failed');
  assert.equal(unprotected.chunks[0]![0]!.holder, 'other batch');
  // Caches are off from 1000 on: what is installed at 1060 is not kept.
  const chunks = [{ folios: [0], gap: 100 }];
  const disabled = one(resolvePolicy('linux-6.12.117').decisions, file, { chunks }, world, background);
  assert.equal(disabled.counters.drainWorks, 1);
  assert.equal(disabled.counters.movedFolios, 1);
});

test('an older operation applied after a younger one is counted: a remote flush came later than a local one', () => {
  const rows: Row[] = [
    [1, 1, activate, 0],
    [2, 0, deactivate, 0],
    [3, 0, drainLocal, -1],
    [4, 1, drainLocal, -1],
  ];
  const classic = after('linux-6.12.117', rows);
  assert.equal(classic.counters.reordered, 1);
  assert.equal(classic.folio.isActive, true, 'it was deactivated last, and is active');
  const cleared = after('linux-6.12.49', rows);
  assert.equal(cleared.counters.reordered, 0);
  assert.equal(cleared.refusedAdds, 1, 'the deactivation found PG_lru clear');
  const inOrder = after('linux-6.12.117', [rows[0]!, rows[1]!, [3, 1, drainLocal, -1], [4, 0, drainLocal, -1]]);
  assert.equal(inOrder.counters.reordered, 0);
});

test('where queueing clears PG_lru nothing is reordered but mlock batches; where it is kept, much is', () => {
  const row = fc.tuple(fc.nat(3), fc.nat(7), fc.nat(2));
  const reordered = (name: string, list: readonly (readonly [number, number, number])[]) => {
    const rows = list.map(([cpu, action, folio], time): Row => [time, cpu, action, folio]);
    return after(name, rows, [file, { ...file, notOnLru: true }, file]).counters.reordered;
  };
  const kept = { cleared: 0, mlock: 0, classic: 0 };
  fc.assert(
    fc.property(fc.array(row, { maxLength: 120, size: 'max' }), (list) => {
      const noMlock = list.filter(([, action]) => action !== 6);
      kept.cleared += reordered('linux-6.12.49', noMlock);
      kept.mlock += reordered('linux-6.12.49', list);
      kept.classic += reordered('linux-6.12.50', noMlock);
    }),
    { numRuns: 60, seed: 7 },
  );
  assert.equal(kept.cleared, 0);
  assert.ok(kept.mlock > 0 && kept.classic > 0, JSON.stringify(kept));
});
