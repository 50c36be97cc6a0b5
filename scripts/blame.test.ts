import { strict as assert } from 'node:assert';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { causes } from '../src/history/facts.ts';
import { besideOf } from '../src/read/file.ts';
import { blameOf } from '../src/replay/blame.ts';
import { readLabels } from './blame/labels.ts';
import { historyAt, textOf } from './blame/levels.ts';
import { firm, reliability, type Scored } from './blame/score.ts';
import { takesFaultsOnly, truthOf } from './blame/truth.ts';

const certain = (cause: string, p: number): Float64Array =>
  Float64Array.from(causes, (one) => (one === cause ? p : one === 'cannot tell' ? 1 - p : 0));

test('claims are right by their truth; what a truth leaves open is not counted', () => {
  const scored: Scored[] = [
    { truth: 'pin', posterior: certain('pin', 0.95) },
    { truth: 'pin', posterior: certain('activate batch', 0.92) },
    { truth: 'a reference', posterior: certain('lock-blocked fault', 0.95) },
    { truth: 'a reference', posterior: certain('pin', 0.95) },
    { truth: 'a reference', posterior: certain('pin', 0.2) },
  ];
  assert.deepEqual(firm(scored), { claims: 3, right: 1 });
  assert.deepEqual(
    reliability(scored).map(({ to, claims, right }) => [to, claims, right]),
    [
      [0.3, 1, 0],
      [0.99, 3, 1],
    ],
  );
});

test('workloads whose racers only touch leave nothing but faults', () => {
  assert.equal(takesFaultsOnly('fsl mover --racers=hot:3 --secs=3'), true);
  assert.equal(takesFaultsOnly('fsl mover --racers=refault:2,gup:1'), false);
  assert.equal(takesFaultsOnly('bash -c wl'), false);
});

const call = (second: number, failed: number): string => `
       a-1     [000] .....     ${second}.000001: mm_migrate_pages_start: mode=MIGRATE_SYNC reason=syscall_or_cpuset
       a-1     [000] .....     ${second}.000002: set_migration_pte: addr=1000, pte=${(second * 0x100 * 4096 + 0x780).toString(16)} order=0
       a-1     [000] .....     ${second}.000008: remove_migration_pte: addr=1000, pte=e8${(second * 0x100 * 4096 + 0xf43).toString(16).padStart(14, '0').slice(2)} order=0
       a-1     [000] .....     ${second}.000009: mm_migrate_pages: nr_succeeded=0 nr_failed=${failed} nr_thp_succeeded=0 nr_thp_failed=0 nr_thp_split=0 nr_split=0 mode=MIGRATE_SYNC reason=syscall_or_cpuset`;
const label = (time: string, rest: string, task = 'a-1', cpu = 0): string =>
  `       ${task}     [00${cpu}] .....     ${time}: ${rest}`;
const move = (second: number, references: number, waiters: number): string =>
  label(
    `${second}.000005`,
    `fslab_move: pfn=0x${(second * 0x100).toString(16)} dst=0x9 rc=-11 ref=${references} expected=2 waiters=${waiters} pass=0 nr_pass=3 mode=0 reason=3`,
  );

test('truth: a pin, a batch by its add and flush, a sleeper by PG_waiters, somebody else; the labels decide and nothing else', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'folioscope-blame-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'labels.gz');
  const lines = [
    label('0.500000', 'fslab_batch_add: pfn=0x100 batch=lru_activate nr=1 ref=3', 'b-2', 2),
    label('0.500001', 'fslab_batch_add: pfn=0x200 batch=lru_activate nr=2 ref=3', 'b-2', 2),
    move(1, 3, 0),
    // The flush of another CPU is not this batch's; its own is.
    label('1.500000', 'fslab_batch_flush: pfn=0x200 batch=lru_activate idx=0 nr=1', 'b-2', 3),
    label('1.600000', 'fslab_batch_flush: pfn=0x200 batch=lru_activate idx=0 nr=1', 'b-2', 2),
    move(2, 3, 1),
    move(3, 1026, 0),
    move(4, 3, 0),
    move(5, 2, 0),
  ];
  writeFileSync(path, gzipSync(`${lines.join('\n')}\n`));
  const text = `# tracer: nop\n#${[1, 2, 3, 4, 5].map((second) => call(second, 1)).join('')}\n`;
  const history = await historyAt(text, 'stock', { kernelVersion: '6.12.117', pageSize: 4096 });
  const labels = readLabels(path, history.capture.origin);
  assert.deepEqual(truthOf(history, labels, false), [
    'activate batch',
    'lock-blocked fault',
    'pin',
    'a reference',
    undefined,
  ]);
  assert.equal(truthOf(history, labels, true)[3], 'lock-blocked fault');
});

const captures = process.env['FOLIOSCOPE_CAPTURES'];
const few = [
  'lab-6.12-4k/pageref_freeze',
  'pairs/shared-anon-hot/baseline/run03',
  'pairs/shared-anon-hot/waiters-undo/run01',
];
const folder = captures !== undefined && few.every((one) => existsSync(join(captures, one))) ? captures : undefined;

test('at least 95 of 100 firm claims are right in captures that have the answers beside them', {
  skip: folder === undefined && 'FOLIOSCOPE_CAPTURES names no folder with labelled captures',
}, async () => {
  const scored: Scored[] = [];
  for (const one of few) {
    const path = join(folder!, one, 'trace.txt.gz');
    const history = await historyAt(textOf(path), 'stock and probes off the move', await besideOf(path, {}));
    const labels = readLabels(join(folder!, one, 'trace.labels.txt.gz'), history.capture.origin);
    const truths = truthOf(history, labels, true);
    blameOf(history).forEach((posterior, i) => {
      if (truths[i] !== undefined) scored.push({ truth: truths[i], posterior });
    });
  }
  const { claims, right } = firm(scored);
  assert.ok(claims > 20 && right >= 0.95 * claims, `${right} of ${claims}`);
});
