/** Calls, episodes, attempts and requests, each rule on a trace of a few lines: the reason is the name. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import {
  calibration,
  contigStart,
  disable,
  disabled,
  end,
  folio,
  moved,
  moving,
  pointer,
  remove,
  set,
  start,
  told,
} from './tiny.test.ts';

test('calls are paired by task, whatever other tasks do between', async () => {
  const history = await told(`
    0 a-1 1.000000 ${start}
    1 b-2 1.000001 ${start}
    0 a-1 1.000002 ${end(1, 0)}
    1 b-2 1.000003 ${end(2, 1)}`);
  assert.deepEqual(
    history.calls.map((call) => [call.pid, call.start, call.end, call.succeeded, call.failed, call.complete]),
    [
      [1, 0, 2000, 1, 0, 'whole'],
      [2, 1000, 3000, 2, 1, 'whole'],
    ],
  );
  assert.equal(history.calls[0]?.reason, 'syscall_or_cpuset');
});

test('5.10 has no start event: the probed entry stands for it, and without one the start is not known', async () => {
  const end510 = end(1, 0).replace(' nr_split=0', '');
  const history = await told(
    `
    0 a-1 1.000000 migrate_pages: (migrate_pages+0x0/0xfec) from=0xffff800013203e18 mode=2 reason=3
    0 a-1 1.000005 ${end510}
    0 a-1 1.000006 migrate_pages_ret: (move_pages_and_store_status+0x94/0x130 <- migrate_pages) ret=1
    0 b-2 1.000009 ${end510}`,
    '5.10.223',
  );
  assert.deepEqual(
    history.calls.map((call) => [call.complete, call.start, call.returned]),
    [
      ['whole', 0, 1],
      ['no start', NaN, NaN],
    ],
  );
});

test('a call is lossy when its CPU lost events while it ran', async () => {
  const history = await told(`
    0 a-1 1.000000 ${start}
CPU:0 [LOST 5 EVENTS]
    0 a-1 1.000002 ${end(1, 0)}
    0 a-1 1.000003 ${start}
    0 a-1 1.000004 ${end(1, 0)}`);
  assert.deepEqual(
    history.calls.map((call) => call.lossy),
    [true, false],
  );
});

test('an episode is a folio under entries: all its mappings, then undone or moved by the restored frame', async () => {
  const history = await told(`
    0 a-1 1.000000 ${start}
    0 a-1 1.000001 try_to_migrate: (try_to_migrate+0x0/0x140) folio=0x${pointer(0x41f00)} ttu=0x40 ref=5
    0 a-1 1.000002 ${set(0xffff924b8000, 0x41f00)}
    0 a-1 1.000003 ${set(0xffff924b8000, 0x41f00)}
    0 a-1 1.000004 ${remove(0xffff924b8000, 0x41f00)}
    0 a-1 1.000005 ${remove(0xffff924b8000, 0x41f00)}
    0 a-1 1.000006 try_to_migrate: (try_to_migrate+0x0/0x140) folio=0x${pointer(0x41f00)} ttu=0x0 ref=5
    0 a-1 1.000007 ${set(0xffff924b8000, 0x41f00)}
    0 a-1 1.000008 ${remove(0xffff924b8000, 0x84c18)}
    0 a-1 1.000009 ${end(1, 0)}`);
  assert.deepEqual(
    history.episodes.map((one) => [
      one.outcome,
      one.set,
      one.removed,
      one.index,
      one.deferredFlush,
      one.start,
      one.end,
    ]),
    [
      ['undone', 2, 2, 0, 'yes', 2000, 5000],
      ['moved', 1, 1, 1, 'no', 7000, 8000],
    ],
  );
  assert.equal(history.episodes[1]?.destinationPfn, 0x84c18);
  assert.deepEqual(history.calls[0]?.folios, [
    { pfn: 0x41f00, pointer: -1, order: 0, destination: 0x84c18, outcome: 'moved', episodes: [0, 1], attempts: [] },
  ]);
});

test('two folios at one address (forked processes) are told apart by frame, then by which was unmapped first', async () => {
  const history = await told(`
    0 a-1 1.000000 ${start}
    0 a-1 1.000001 ${set(0x1000, 0x100)}
    0 a-1 1.000002 ${set(0x1000, 0x200)}
    0 a-1 1.000003 ${remove(0x1000, 0x900)}
    0 a-1 1.000004 ${remove(0x1000, 0x200)}
    0 a-1 1.000005 ${end(1, 1)}`);
  assert.deepEqual(
    history.episodes.map((one) => [one.sourcePfn, one.destinationPfn, one.outcome]),
    [
      [0x100, 0x900, 'moved'],
      [0x200, 0x200, 'undone'],
    ],
  );
});

test('a mapping that went away leaves fewer entries removed than set; with none removed the end is open', async () => {
  const history = await told(`
    0 a-1 1.000000 ${start}
    0 a-1 1.000001 ${set(0x1000, 0x100)}
    0 a-1 1.000002 ${set(0x1000, 0x100)}
    0 a-1 1.000003 ${set(0x2000, 0x200)}
    0 a-1 1.000004 ${remove(0x1000, 0x900)}
    0 a-1 1.000005 ${end(2, 0)}`);
  assert.deepEqual(
    history.episodes.map((one) => [one.outcome, one.set, one.removed, one.end]),
    [
      ['moved', 2, 1, 4000],
      ['open', 1, 0, NaN],
    ],
  );
  // The call counts two folios moved, so the one whose end nobody saw moved too (or was freed, which counts the same).
  assert.deepEqual(
    history.calls[0]?.folios.map((one) => one.outcome),
    ['moved', 'moved'],
  );
});

test('entries of a large folio name its single pages; a huge page mapped as one has entries of its own', async () => {
  const history = await told(`
    0 a-1 1.000000 ${start}
    0 a-1 1.000001 ${set(0x1000, 0x47c00, 5)}
    0 a-1 1.000002 ${set(0x2000, 0x47c01, 5)}
    0 a-1 1.000003 ${remove(0x1000, 0x5000)}
    0 a-1 1.000004 ${remove(0x2000, 0x5001)}
    0 a-1 1.000005 set_migration_pmd: addr=ffff99000000, pmd=300004dc006c0
    0 a-1 1.000006 remove_migration_pmd: addr=ffff99000000, pmd=e800008e800f41
    0 a-1 1.000007 ${end(32 + 512, 0, 'syscall_or_cpuset', 1)}`);
  assert.deepEqual(
    history.episodes.map((one) => [one.sourcePfn, one.destinationPfn, one.order, one.set]),
    [
      [0x47c00, 0x5000, 5, 2],
      [0x4dc00, 0x8e800, 9, 1],
    ],
  );
  assert.equal(history.calls[0]?.folios.length, 2);
});

test('what only the totals count has no name: a folio freed before its turn, an unmapped one that failed', async () => {
  const history = await told(`
    0 a-1 1.000000 ${start}
    0 a-1 1.000001 ${set(0x1000, 0x100)}
    0 a-1 1.000002 ${remove(0x1000, 0x900)}
    0 a-1 1.000003 ${end(2, 1)}`);
  assert.deepEqual(
    history.calls[0]?.folios.map((one) => [one.pfn, one.outcome]),
    [
      [0x100, 'moved'],
      [NaN, 'moved'],
      [NaN, 'failed'],
    ],
  );
  assert.equal(history.failures.length, 1);
});

test('a folio undone to the end but not counted as failed was freed between passes, which counts as success', async () => {
  const undone = await told(`
    0 a-1 1.000000 ${start}
    0 a-1 1.000001 ${set(0x1000, 0x100)}
    0 a-1 1.000002 ${remove(0x1000, 0x100)}
    0 a-1 1.000003 ${end(1, 0)}`);
  assert.deepEqual(
    undone.calls[0]?.folios.map((one) => [one.outcome, one.destination]),
    [['moved', NaN]],
  );
});

test('attempts: inner functions are the same attempt, references and waiters are read at its entry', async () => {
  const history = await told(`
${calibration}
    0 a-1 1.000000 ${start}
    0 a-1 1.000001 ${set(0x1000, 0x100)}
    0 a-1 1.000002 ${moving(0x100, 0x900, 3, '0x199')}
    0 a-1 1.000003 folio_migrate_mapping: (folio_migrate_mapping+0x0/0x6b0) mapping_arg=0x0 dst=0x${pointer(0x900)} ${folio(0x100, 3, '0x199', 'src')}
    0 a-1 1.000004 folio_migrate_mapping_ret: (migrate_folio+0x38/0xa0 <- folio_migrate_mapping) ret=-11
    0 a-1 1.000005 ${moved(-11)}
    0 a-1 1.000006 ${moving(0x100, 0x900, 2)}
    0 a-1 1.000007 ${moved(0)}
    0 a-1 1.000008 ${remove(0x1000, 0x900)}
    0 a-1 1.000009 ${end(1, 0)}`);
  assert.deepEqual(
    history.attempts.map((one) => [
      one.pfn,
      one.episode,
      one.references,
      one.expected,
      one.waiters,
      one.returned,
      one.end - one.start,
    ]),
    [
      [0x100, 0, 3, 2, 'yes', -11, 3000],
      [0x100, 0, 2, 2, 'no', 0, 1000],
    ],
  );
});

test('the end of a capture decides nothing: an attempt without a return has no result', async () => {
  const history = await told(`${calibration}
    0 a-1 1.000000 ${start}
    0 a-1 1.000002 ${moving(0x100, 0x900, 2)}`);
  assert.deepEqual([history.attempts[0]?.returned, history.calls[0]?.complete], [NaN, 'no end']);
});

test('hashed pointers in insertions: the line is drawn through unmap probes and the entries that follow them', async () => {
  const unmapped = [0x100, 0x180, 0x300].map(
    (pfn, i) => `
    0 a-1 1.0000${i}1 try_to_migrate: (try_to_migrate+0x0/0x140) folio=0x${pointer(pfn)} ttu=0x40 ref=5
    0 a-1 1.0000${i}2 ${set(0x1000 * (i + 1), pfn)}`,
  );
  const lines = (extra: string): string => `
    3 c-3 0.500000 mm_lru_insertion: folio=00000000512fced7 pfn=0x77 lru=0 flags=Ma b  
    0 a-1 1.000000 ${start}${unmapped.join('')}
    0 a-1 1.000040 ${extra}
    0 a-1 1.000050 ${moving(0x300, 0x900, 2)}
    0 a-1 1.000051 ${moved(0)}`;
  assert.equal((await told(lines(set(0x9000, 0x9000)))).attempts[0]?.pfn, 0x300);
});

test('move_pages: a request is what a task migrates between one disabling of LRU caches and its next', async () => {
  const history = await told(`
    0 a-1 1.000000 ${disable}
    0 a-1 1.000001 ${disabled}
    0 a-1 1.000002 ${start}
    0 a-1 1.000003 ${end(4, 0)}
    0 a-1 1.000004 ${start}
    0 a-1 1.000005 ${end(3, 1)}
    0 a-1 1.000006 ${disable}
    0 a-1 1.000007 ${disabled}
    0 a-1 1.000008 ${start}
    0 a-1 1.000009 ${end(4, 0)}`);
  assert.deepEqual(
    history.requests.map((one) => [one.kind, one.certainty, one.calls]),
    [
      ['move_pages', 'seen', [0, 1]],
      ['move_pages', 'seen', [2]],
    ],
  );
  assert.deepEqual(
    history.windows.map((one) => [one.start, one.drained, one.end, one.request, one.endCertainty]),
    [
      [0, 1000, 5000, 0, 'inferred'],
      [6000, 7000, 9000, 1, 'inferred'],
    ],
  );
});

const isolated = (from: number, to: number, taken: number): string =>
  `mm_compaction_isolate_migratepages: range=(0x${from.toString(16)} ~ 0x${to.toString(16)}) nr_scanned=32 nr_taken=${taken}`;
const tested = (from: number, to: number, ret: string): string =>
  `test_pages_isolated: start_pfn=0x${from.toString(16)} end_pfn=0x${to.toString(16)} fin_pfn=0x${to.toString(16)} ret=${ret}`;

test('up to 6.2 the page says how a CMA allocation ended', async () => {
  const finish = (page: string) => `cma_alloc_finish: name=reserved pfn=0x4a000 page=${page} count=512 align=9`;
  const allocation = (page: string, tried: boolean) => `
    0 a-1 1.000000 cma_alloc_start: name=reserved count=512 align=9
    ${tried ? `0 a-1 1.000003 ${contigStart}\n    0 a-1 1.000004 ${end(1, 0, 'contig_range')}` : ''}
    0 a-1 1.000202 ${finish(page)}`;
  const returned = async (text: string) => (await told(text)).requests.find(({ kind }) => kind === 'cma')?.returned;
  assert.equal(await returned(allocation('ffffffc000107da0', true)), 0);
  assert.equal(await returned(allocation('0000000000000000', true)), -16);
  assert.equal(await returned(allocation('0000000000000000', false)), -12);
});

test('contiguous allocation: retries of one isolated list stand together, and the range comes from the probe', async () => {
  const retries = [1, 2, 3, 4, 5]
    .map((i) => `0 a-1 1.0001${i}0 ${contigStart}\n    0 a-1 1.0001${i}1 ${end(0, 1, 'contig_range')}`)
    .join('\n    ');
  const history = await told(`
    0 a-1 1.000000 cma_alloc_start: name=reserved count=512 align=9
    0 a-1 1.000001 alloc_contig_range: (alloc_contig_range_noprof+0x0/0x2a0) start=0x4a000 end=0x4c000 mt=1 gfp=0x300cc2
    0 a-1 1.000002 ${isolated(0x4a000, 0x4a020, 32)}
    0 a-1 1.000003 ${contigStart}
    0 a-1 1.000004 ${end(32, 0, 'contig_range')}
    0 a-1 1.000005 ${isolated(0x4a020, 0x4a040, 1)}
    ${retries}
    0 a-1 1.000200 ${tested(0x4a000, 0x4c000, 'fail')}
    0 a-1 1.000201 alloc_contig_range_ret: (alloc_contig_pages+0x248/0x2e0 <- alloc_contig_range_noprof) ret=-16
    0 a-1 1.000202 cma_alloc_finish: name=reserved pfn=0x0 page=0000000000000000 count=512 align=9 errorno=-12`);
  const [cma, range] = history.requests;
  assert.deepEqual([cma?.kind, cma?.returned, cma?.certainty], ['cma', -12, 'seen']);
  assert.deepEqual(
    [range?.kind, range?.parent, range?.returned, range?.startPfn],
    ['contiguous allocation', 0, -16, 0x4a000],
  );
  assert.deepEqual(range?.lists, [[0], [1, 2, 3, 4, 5]]);
  assert.deepEqual(
    range?.scans?.map((one) => [one.startPfn, one.endPfn, one.taken]),
    [
      [0x4a000, 0x4a020, 32],
      [0x4a020, 0x4a040, 1],
    ],
  );
});

test('contiguous allocation from stock events: calls up to test_pages_isolated, which names the range', async () => {
  const history = await told(`
    0 a-1 1.000001 ${isolated(0x4a000, 0x4a020, 32)}
    0 a-1 1.000002 ${contigStart}
    0 a-1 1.000003 ${end(31, 1, 'contig_range')}
    0 a-1 1.000004 ${contigStart}
    0 a-1 1.000005 ${end(1, 0, 'contig_range')}
    0 a-1 1.000006 ${isolated(0x4a020, 0x4a040, 32)}
    0 a-1 1.000007 ${contigStart}
    0 a-1 1.000008 ${end(32, 0, 'contig_range')}
    0 a-1 1.000009 ${tested(0x4a000, 0x4c000, 'success')}
    0 a-1 1.000010 ${isolated(0x5a000, 0x5a020, 32)}
    0 a-1 1.000011 ${contigStart}
    0 a-1 1.000012 ${end(32, 0, 'contig_range')}`);
  assert.deepEqual(
    history.requests.map((one) => [one.certainty, one.lists, one.startPfn, one.endPfn, one.returned]),
    [
      ['inferred', [[0, 1], [2]], 0x4a000, 0x4c000, 0],
      ['inferred', [[3]], 0x5a000, NaN, NaN],
    ],
  );
});

test('a contiguous allocation that is inferred begins with the disabling of caches, and each disabling begins another', async () => {
  const history = await told(`
    0 a-1 1.000000 ${disable}
    0 a-1 1.000005 ${disabled}
    0 a-1 1.000006 ${isolated(0x4a000, 0x4a020, 32)}
    0 a-1 1.000007 ${contigStart}
    0 a-1 1.000008 ${end(0, 32, 'contig_range')}
    0 a-1 1.000010 ${disable}
    0 a-1 1.000015 ${disabled}
    0 a-1 1.000016 ${isolated(0x4a000, 0x4a020, 32)}
    0 a-1 1.000017 ${contigStart}
    0 a-1 1.000018 ${end(32, 0, 'contig_range')}
    0 a-1 1.000019 ${tested(0x4a000, 0x4c000, 'success')}`);
  assert.deepEqual(
    history.requests.map((one) => [one.start, one.calls, one.returned]),
    [
      [0, [0], NaN],
      [10_000, [1], 0],
    ],
  );
});

test('a large folio whose first page comes back as a small one was split: entries were there, but nothing tried to move it', async () => {
  const large = (page: number) => set(0x200000 + page * 0x1000, 0x64600 + page, 9);
  const whole = `
    0 a-1 1.000000 ${contigStart}
    0 a-1 1.000001 ${large(0)}
    0 a-1 1.000002 ${large(1)}
    0 a-1 1.000003 ${remove(0x200000, 0x64600)}
    0 a-1 1.000004 ${remove(0x201000, 0x64601)}
    0 a-1 1.000005 ${end(0, 512, 'contig_range')}`;
  const split = await told(whole);
  assert.deepEqual(
    split.episodes.map((one) => [one.sourcePfn, one.order, one.call, one.outcome]),
    [[0x64600, 9, -1, 'undone']],
  );
  // Its first page was not mapped: what follows tells, a page of it unmapped by itself in the same call.
  const partly = await told(
    whole
      .replaceAll('0x200000', '0x202000')
      .replace(large(0), large(2))
      .replace(remove(0x200000, 0x64600), remove(0x202000, 0x64602))
      .replace(end(0, 512, 'contig_range'), `${set(0x202000, 0x64602)}\n    0 a-1 1.000006 ${remove(0x202000, 0x900)}`),
  );
  assert.deepEqual(
    partly.episodes.map((one) => [one.sourcePfn, one.order, one.call]),
    [
      [0x64600, 9, -1],
      [0x64602, 0, 0],
    ],
  );
  // The same entries, restored as the large folio's own: an attempt that was undone.
  const undone = await told(whole.replace(/order=0\n/, 'order=9\n'));
  assert.deepEqual(
    undone.episodes.map((one) => [one.call, one.outcome]),
    [[0, 'undone']],
  );
});
