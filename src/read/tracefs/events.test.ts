/** What stands behind the context: events, probes, markers, tracers. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { activate, fields, only, read } from './test-support.ts';

test('options/fields: the record’s own names, numbers twice, enums as numbers', () => {
  const { capture, events } = read(
    '       fsl-mover-269     [003] .....    18.767249: mm_lru_insertion: folio=0xfffffdffc106d840 (-2200079771584) pfn=0x81b61 (531297) lru=0x0 (0) flags=0x12 (18)\n' +
      '       fsl-mover-269     [003] .....    18.767250: mm_migrate_pages: succeeded=0x4 (4) failed=0x0 (0) thp_succeeded=0x0 (0) thp_failed=0x0 (0) thp_split=0x0 (0) large_folio_split=0x0 (0) mode=0x2 (2) reason=0x3 (3)\n' +
      '       fsl-mover-269     [003] .....    18.767251: mm_migrate_pages_start: mode=0x7 (7) reason=0x3 (3)\n',
  );
  assert.deepEqual(fields(events[0]), { folio: 0xfffffdffc106d840n, pfn: 531297, lru: 0, flags: 18 });
  assert.deepEqual(fields(events[1]), {
    nr_succeeded: 4,
    nr_failed: 0,
    nr_thp_succeeded: 0,
    nr_thp_failed: 0,
    nr_thp_split: 0,
    nr_split: 0,
    mode: 'MIGRATE_SYNC',
    reason: 'syscall_or_cpuset',
  });
  // No kernel has a mode 7: the number is kept as it is.
  assert.deepEqual(fields(events[2]), { mode: '0x7', reason: 'syscall_or_cpuset' });
  assert.equal(capture.accounting.decoded, 3);
});

test('options/fields: strings, and numbers of one byte', () => {
  const { capture, events } = read(
    '       fsl-poke-269     [003] .....    18.767249: cma_alloc_start: name=my region count=0x10 (16) align=0x0 (0)\n' +
      '       kcompactd0-45    [003] .....    18.767250: mm_compaction_begin: zone_start=0x40000 (262144) migrate_pfn=0x40000 (262144) free_pfn=0x5fe00 (392704) zone_end=0x60000 (393216) sync=(1)\n' +
      "       kcompactd0-45    [003] .....    18.767251: mm_compaction_begin: zone_start=0x1 (1) migrate_pfn=0x1 (1) free_pfn=0x1 (1) zone_end=0x1 (1) sync='A'(65)\n" +
      '       kcompactd0-45    [003] .....    18.767252: ipi_raise: target_mask=00000000,0000000f (Function call interrupts)\n',
  );
  assert.deepEqual(events[0]?.values, ['my region', 16, undefined, undefined, 0]);
  assert.equal(fields(events[1])['mode'], 'sync');
  assert.equal(fields(events[2])['mode'], "'A'(65)");
  assert.deepEqual(fields(events[3]), { target_mask: '00000000,0000000f', reason: 'Function call interrupts' });
  assert.equal(capture.accounting.decoded, 4);
});

test('a CPU or a task that cannot be is damage, and never another number', () => {
  const { capture, events } = read(
    `       fsl-mover-4294967297 [003] d....   135.682611: ${activate}       fsl-mover-180     [99999] d....   135.682611: ${activate}`,
  );
  assert.equal(events.length, 0);
  assert.equal(capture.accounting.skips[0]?.count, 2);
});

test('a field that an older kernel does not print is not recorded, never 0', () => {
  const event = only(
    '       fsl-mover-180     [003] .....     7.968864: mm_migrate_pages: nr_succeeded=4 nr_failed=0 nr_thp_succeeded=0 nr_thp_failed=0 nr_thp_split=0 mode=MIGRATE_SYNC reason=contig_range\n',
  );
  assert.equal(fields(event)['nr_split'], undefined);
  assert.equal(fields(event)['nr_thp_split'], 0);
});

test('kprobes: the function and the roles from the line and the definitions, values in columns', () => {
  const definitions = [
    'p:fs/ttm try_to_migrate f=%x0:x64 ttu=%x1:x32 r=+0x34(%x0):s32',
    'r10:fs/ttm_back try_to_migrate rc=$retval:s32',
  ];
  const { events } = read(
    '       fsl-mover-180     [003] d....     7.893392: ttm: (try_to_migrate+0x0/0x118) f=0xfffffc000107dac0 ttu=0x40 r=-1\n' +
      '       fsl-mover-180     [003] d....     7.893393: ttm_back: (migrate_pages_batch+0x59c/0xd50 [mod] <- try_to_migrate) rc=-11\n' +
      '       fsl-mover-180     [003] d....     7.893394: ttm: (try_to_migrate+0x0/0x118) f=(fault) ttu=0x0 r=(fault)\n',
    { sidecar: { probeDefinitions: definitions } },
  );
  const [entry, back, fault] = events;
  assert.equal(entry?.system, 'fs');
  assert.deepEqual(entry?.probe, {
    function: 'try_to_migrate',
    meaning: 'try_to_migrate',
    isReturn: false,
    roles: ['folio', 'ttu', 'folio.refcount'],
    source: 'line',
  });
  assert.deepEqual(entry?.values, [0xfffffc000107dac0n, 0x40, -1]);
  assert.deepEqual(back?.probe?.roles, ['caller', 'return']);
  assert.deepEqual(back?.values, ['migrate_pages_batch+0x59c/0xd50 [mod]', -11]);
  assert.deepEqual(fault?.values, [undefined, 0, undefined]);
});

test('probes whose lines hold addresses: the function comes from the definition, else from the event’s name', () => {
  const line =
    '       fsl-mover-180     [003] d....     7.893392: move_to_new_folio_ret: (ffff800008376ce0 <- ffff80000837745c) ret=0\n';
  assert.equal(only(line).probe?.source, 'name');
  assert.equal(only(line).probe?.function, 'move_to_new_folio');
  const defined = only(line, { probeDefinitions: ['r:fs/move_to_new_folio_ret migrate_folio ret=$retval:s32'] });
  assert.deepEqual([defined.probe?.source, defined.probe?.function], ['definition', 'migrate_folio']);
});

test('one event on two functions is two kinds', () => {
  const { events } = read(
    '       fsl-mover-180     [003] d....     7.893392: both: (folio_add_lru+0x0/0x110) folio=0x1\n' +
      '       fsl-mover-180     [003] d....     7.893393: both: (folio_activate+0x0/0x110) folio=0x2\n',
  );
  assert.deepEqual(
    events.map((event) => event.probe?.function),
    ['folio_add_lru', 'folio_activate'],
  );
});

test('an event that the catalogue does not know keeps its text', () => {
  const { capture, events } = read(
    '       fsl-mover-181     [000] .....    19.011314: sched_stick_numa: src_pid=181 dst_cpu=-1\n',
  );
  assert.deepEqual(
    [events[0]?.form, events[0]?.name, events[0]?.values[0]],
    ['generic', 'sched_stick_numa', 'src_pid=181 dst_cpu=-1'],
  );
  assert.deepEqual([capture.accounting.generic, capture.accounting.oddities.length], [1, 0]);
});

test('a known event of an unknown form is kept with its text and noted', () => {
  const { capture, events } = read(
    '       fsl-mover-181     [000] .....    19.011314: mm_lru_activate: folio=zz pfn=12\n',
  );
  assert.deepEqual(
    [events[0]?.form, events[0]?.name, events[0]?.values[0]],
    ['generic', 'mm_lru_activate', 'folio=zz pfn=12'],
  );
  assert.deepEqual(capture.accounting.oddities, [
    {
      reason: 'text of mm_lru_activate fits no known form',
      count: 1,
      firstPlace: 'line 1',
      firstText: 'folio=zz pfn=12',
    },
  ]);
});

test('stacks of the kernel and of the task belong to their event', () => {
  const { capture, events } = read(
    `       fsl-mover-746     [002] .....   130.408219: ${activate}       fsl-mover-746     [002] .....   130.408265: <stack trace>\n => migrate_pages\n => 0xffff800008377c40 [mod]\n` +
      '       fsl-mover-746     [002] .....   130.408266: <user stack trace>\n => libc.so[+0x1c]\n =>  <0000007fb7fc7000>\n',
  );
  assert.equal(events.length, 1);
  assert.deepEqual([capture.accounting.comment, capture.accounting.skipped], [6, 0]);
});

test('the function tracer, with and without the caller', () => {
  const { events } = read(
    '       fsl-mover-722     [003] .....   129.365622: migrate_folio <-move_to_new_folio\n' +
      '       fsl-mover-722     [003] .....   129.365623: migrate_folio\n',
  );
  assert.deepEqual(events.map(fields), [
    { ip: 'migrate_folio', parent_ip: 'move_to_new_folio' },
    { ip: 'migrate_folio', parent_ip: undefined },
  ]);
});

test('the function_graph tracer: calls are comments, events between them are events', () => {
  const { capture, events } = read(
    `# tracer: function_graph
#
# CPU  DURATION                  FUNCTION CALLS
 2)               |  migrate_pages() {
 2)               |    /* set_migration_pte: addr=ffff9fb0b000, pte=3000081f6bf0 order=0 */
 2) + 60.528 us   |          rcu_all_qs();
 2)               |    /* vendor_event: a/b */
 ------------------------------------------
 2)  fsl-move-180   =>  kworker-71
 ------------------------------------------
`,
  );
  assert.deepEqual(
    events.map((event) => `${event.cpu} ${event.pid} ${event.name}`),
    ['2 -1 set_migration_pte', '2 -1 vendor_event'],
  );
  assert.deepEqual(events[0]?.values, [0xffff9fb0b000, 0x3000081f6bf0n, 0]);
  assert.deepEqual(events[1]?.values, ['a/b']);
  assert.equal(capture.clock.unit, 'none');
  assert.deepEqual([capture.accounting.decoded, capture.accounting.generic, capture.accounting.skipped], [1, 1, 0]);
  assert.match(capture.remarks.join(), /function_graph.*nop > current_tracer/);
});

test('the function_graph tracer with times and tasks', () => {
  const { capture, events } = read(
    `# tracer: function_graph
    3.352716 |   1)  init.sh-1     |               |  migrate_pages() {
    3.352717 |   1)  a-b c-12      |               |    /* mm_lru_activate: folio=fffffc00000081c0 pfn=0x40207 */
`,
  );
  assert.deepEqual(
    events.map((event) => `${event.time} ${event.cpu} ${event.comm} ${event.pid} ${event.form}`),
    ['3352717000 1 a-b c 12 catalogued'],
  );
  assert.equal(capture.accounting.skipped, 0);
});

test('markers, also over several lines and with blank ones', () => {
  const { capture, events } = read(
    `        fsl-poke-800     [001] .....   135.682611: tracing_mark_write: B|800|get\n        fsl-poke-800     [001] .....   135.682612: tracing_mark_write: first\n\nthird: x\n        fsl-poke-800     [001] .....   135.682613: ${activate}`,
  );
  assert.deepEqual(
    events.map((event) => event.values[0]),
    ['B|800|get', 'first\n\nthird: x', 0xfffffc0000067880n],
  );
  assert.deepEqual([capture.accounting.generic, capture.accounting.decoded, capture.accounting.comment], [2, 1, 2]);
});

test('syscalls print their own name instead of the event’s', () => {
  const { capture, events } = read(
    '       fsl-mover-722     [003] .....   129.365622: sys_move_pages(pid: 0, nr_pages: 4, pages: ffffa000, nodes: 0, status: ffffb000, flags: 2)\n' +
      '       fsl-mover-722     [003] .....   129.365623: sys_move_pages -> 0xfffffffffffffff2\n' +
      '       fsl-mover-722     [003] .....   129.365624: sys_mlock(start: 1000, len: 4)\n',
  );
  assert.deepEqual(
    events.map((event) => [event.system, event.name, event.form, event.values]),
    [
      ['syscalls', 'sys_enter_move_pages', 'catalogued', [0, 4, 0xffffa000, 0, 0xffffb000, 2]],
      ['syscalls', 'sys_exit_move_pages', 'catalogued', [-14]],
      ['syscalls', 'sys_enter_mlock', 'generic', ['sys_mlock(start: 1000, len: 4)']],
    ],
  );
  assert.deepEqual(capture.accounting.oddities, []);
});

test('a probe’s argument may be called as what every object has', () => {
  const { events } = read(
    '       fsl-mover-269     [003] .....    18.767249: mine: (folio_add_lru+0x0/0x110) constructor=0x1 __proto__=0x2\n',
  );
  assert.deepEqual(
    events[0]?.fields.map(({ name }) => name),
    ['constructor', '__proto__'],
  );
  assert.deepEqual(events[0]?.values, [1n, 2n]);
  assert.deepEqual(events[0]?.probe?.roles, ['', '']);
});
