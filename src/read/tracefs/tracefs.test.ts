import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { balance } from '../../events/capture.ts';
import type { ReadOptions } from '../format.ts';
import { type PlainEvent, readChunked } from '../test-support.ts';
import { detectTracefs, tracefs } from './tracefs.ts';

const encoder = new TextEncoder();

function read(text: string, options: ReadOptions = {}, sizes: readonly number[] = []) {
  const result = readChunked(tracefs, encoder.encode(text), sizes, options);
  assert.ok(balance(result.capture.accounting), JSON.stringify(result.capture.accounting));
  return result;
}

/** An event's fields by name. */
function fields(event: PlainEvent | undefined): Record<string, unknown> {
  return Object.fromEntries((event?.fields ?? []).map((field, i) => [field.name, event?.values[i]]));
}

/** The one event of a text of one. */
function only(text: string, options: ReadOptions = {}): PlainEvent {
  const { events } = read(text, options);
  assert.equal(events.length, 1, text);
  return events[0]!;
}

const header = `# tracer: nop
#
# entries-in-buffer/entries-written: 2/2   #P:4
#
#                                _-----=> irqs-off/BH-disabled
#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
#              | |         |   |||||     |         |
`;
const activate = 'mm_lru_activate: folio=fffffc0000067880 pfn=0x58cce\n';

test('the default layout: task, CPU, flags and time of each line, decoded fields', () => {
  const { capture, events } = read(
    `${header}       fsl-mover-180     [003] d..2.     7.705069: mm_lru_insertion: folio=fffffc000107da00 pfn=0x81f68 lru=0 flags=Ma bd \n` +
      '          <idle>-0       [000] .Nh1.     7.705070: mm_compaction_kcompactd_sleep: nid=1\n',
  );
  const [first, second] = events;
  assert.equal(first?.time, 7_705_069_000n);
  assert.deepEqual([first?.comm, first?.pid, first?.tgid, first?.cpu, first?.flags], ['fsl-mover', 180, -1, 3, 1]);
  assert.deepEqual(fields(first), { folio: 0xfffffc000107da00n, pfn: 0x81f68, lru: 0, flags: 0x33 });
  assert.deepEqual([first?.system, first?.form], ['pagemap', 'catalogued']);
  assert.deepEqual([second?.comm, second?.pid, second?.flags], ['<idle>', 0, 4 | 8]);
  assert.deepEqual(capture.header, { entries: 2, written: 2 });
  assert.equal(capture.cpus?.value, 4);
  assert.deepEqual(capture.losses, []);
  assert.deepEqual(capture.accounting, {
    unit: 'lines',
    total: 9,
    decoded: 2,
    generic: 0,
    comment: 7,
    skipped: 0,
    skips: [],
    oddities: [],
  });
});

test('four flag characters (5.10) and a decimal page frame', () => {
  const event = only(
    '      init.sh-1       [000] d...    13.654947: mm_lru_insertion: page=fffffe0000ecc580 pfn=537366 lru=0 flags=Ma b  \n',
  );
  assert.deepEqual(fields(event), { folio: 0xfffffe0000ecc580n, pfn: 537366, lru: 0, flags: 0x13 });
  assert.equal(event.flags, 1);
});

test('lazy preemption letters mean that a reschedule is asked for', () => {
  assert.equal(only(`            bash-823     [003] .l...   124.200545: ${activate}`).flags, 4);
  assert.equal(only(`            bash-823     [003] .B.2.   124.200545: ${activate}`).flags, 4);
});

test('without irq-info the flags column is missing', () => {
  const event = only(`         init.sh-1       [002]     54.859145: ${activate}`);
  assert.deepEqual([event.flags, event.time], [0, 54_859_145_000n]);
});

test('the tgid column, known and not', () => {
  const { events } = read(
    `         init.sh-1       (      1) [000] d....     3.352716: ${activate}` +
      `             cat-792     (-------) [001] d....     3.352717: ${activate}` +
      `     kworker/3:0-35      (     35) [003]     3.997940: ${activate}`,
  );
  assert.deepEqual(
    events.map((event) => event.tgid),
    [1, -1, 35],
  );
});

test('seconds since 1970 stay exact to the microsecond', () => {
  const { capture, events } = read(
    `         init.sh-1       [000]  1795169168.910113: ${activate}         init.sh-1       [000]  1795169168.910231: ${activate}`,
  );
  assert.equal(capture.origin, 1795169168910113000n);
  assert.deepEqual(
    events.map((event) => event.time),
    [1795169168910113000n, 1795169168910231000n],
  );
});

test('nanoseconds that a decimal float would change come out as printed', () => {
  const event = only(`         init.sh-1       [000]  9007199254.740993127: ${activate}`);
  assert.equal(event.time, 9007199254740993127n);
});

test('integer clocks keep the clock’s value and give no durations', () => {
  const { capture, events } = read(
    `         init.sh-1       [002] d....            3: ${activate}         init.sh-1       [003] d.... 18446744073709551557: ${activate}`,
  );
  assert.deepEqual([capture.clock.unit, capture.clock.resolution], ['integer', 1]);
  assert.equal(events[0]?.time, 3n);
  assert.equal(capture.origin, 3n);
});

test('a time of another kind than the first is skipped, not mixed in', () => {
  const { capture, events } = read(
    `         init.sh-1       [002] d....            3: ${activate}         init.sh-1       [003] d....     1.000000: ${activate}`,
  );
  assert.equal(events.length, 1);
  assert.match(capture.accounting.skips[0]!.reason, /time is of another kind/);
});

test('an event that is earlier than the one before is counted', () => {
  const { capture, events } = read(
    `         init.sh-1       [002] d....     2.000001: ${activate}         init.sh-1       [003] d....     2.000000: ${activate}`,
  );
  assert.equal(capture.inversions, 1);
  assert.deepEqual(
    events.map((event) => event.time),
    [2_000_001_000n, 2_000_000_000n],
  );
});

const comms = [
  'a b',
  '-',
  'x-1',
  'kworker/42:1-ev',
  '[kthread]',
  'a [001] b-2',
  'b-2 [001] ',
  '=> x',
  '(sd-pam)',
  'größe',
  'a:b: c',
  '1234567890123456',
];
for (const comm of comms) {
  test(`a task called ${JSON.stringify(comm)}`, () => {
    const padded = comm.padStart(16 - (encoder.encode(comm).length - comm.length));
    const event = only(`${padded}-4711    [012] d....     1.500000: ${activate}`);
    assert.deepEqual([event.comm, event.pid, event.cpu, event.time], [comm, 4711, 12, 1_500_000_000n]);
  });
}

test('a name that the kernel had forgotten is not recorded', () => {
  const event = only(`           <...>-546     [003] d....    83.653003: ${activate}`);
  assert.deepEqual([event.comm, event.pid], [undefined, 546]);
});

test('lines whose padding was stripped, or that were indented, are read all the same', () => {
  const { events } = read(
    `init.sh-1 [000] d.... 1.000000: ${activate}a-b-77 [001] d.... 1.000001: ${activate}        fsl-mover-180     [003] d..2.     7.705069: ${activate}`,
  );
  assert.deepEqual(
    events.map((event) => [event.comm, event.pid]),
    [
      ['init.sh', 1],
      ['a-b', 77],
      ['fsl-mover', 180],
    ],
  );
});

const latency = `# tracer: nop
#
# nop latency trace v1.1.5 on 6.12.117+deb12-arm64
# --------------------------------------------------------------------
# latency: 0 us, #2/9, CPU#0 | (M:desktop VP:0, KP:0, SP:0 HP:0 #P:4)
`;

test('the latency format: short names, CPU without brackets, microseconds', () => {
  const { capture, events } = read(
    `${latency}kcompact-50        3..... 1760003us#: ${activate}fsl-move-223       2d.... 1768699us : ${activate}kworker/-6        11d.h1.   12us+: ${activate}`,
  );
  assert.deepEqual(
    events.map((event) => [event.comm, event.pid, event.cpu, event.time, event.flags]),
    [
      ['kcompact', 50, 3, 1_760_003_000n, 0],
      ['fsl-move', 223, 2, 1_768_699_000n, 1],
      ['kworker/', 6, 11, 12_000n, 1 | 8],
    ],
  );
  assert.equal(capture.kernelRelease?.value, '6.12.117+deb12-arm64');
  assert.equal(capture.losses[0]?.count, 7);
  assert.match(capture.variant, /latency/);
});

test('the verbose latency format: exact time from the bracket', () => {
  const event = only(
    `${latency}     kworker/0:1       6   3 1 00000000 0000000a [017538dd] 301.619ms (+0.003ms): ${activate}`,
  );
  assert.deepEqual(
    [event.comm, event.pid, event.cpu, event.time, event.flags],
    ['kworker/0:1', 6, 3, 0x17538ddn * 1000n, 1],
  );
});

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

test('a field that an older kernel does not print is not recorded, never 0', () => {
  const event = only(
    '       fsl-mover-180     [003] .....     7.968864: mm_migrate_pages: nr_succeeded=4 nr_failed=0 nr_thp_succeeded=0 nr_thp_failed=0 nr_thp_split=0 mode=MIGRATE_SYNC reason=contig_range\n',
  );
  assert.equal(fields(event)['nr_split'], undefined);
  assert.equal(fields(event)['nr_thp_split'], 0);
});

test('the raw option: events by number, kept generically', () => {
  const { capture, events } = read('# tracer: nop\n#\n1 3 29693886512 type: 512\n359 0 30093974848 type: 600\n');
  assert.deepEqual(
    events.map((event) => [event.system, event.name, event.form, event.pid, event.cpu, event.time]),
    [
      ['type', '512', 'generic', 1, 3, 29693886512n],
      ['type', '600', 'generic', 359, 0, 30093974848n],
    ],
  );
  assert.match(capture.remarks.join(), /raw option/);
});

test('context-info off: only the order is known', () => {
  const { capture, events } = read(
    `# tracer: nop\n#\nlru_add_drain_cpu: (lru_add_drain_cpu+0x0/0x160) cpu=1\n${activate}`,
  );
  assert.equal(capture.clock.unit, 'none');
  assert.deepEqual(
    events.map((event) => [event.name, event.pid, event.cpu]),
    [
      ['lru_add_drain_cpu', -1, -1],
      ['mm_lru_activate', -1, -1],
    ],
  );
  assert.match(capture.remarks.join(), /context-info off/);
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

test('lost events: how many, on which CPU, between which events', () => {
  const line = (cpu: number, time: string) => `       fsl-mover-180     [00${cpu}] d....     ${time}: ${activate}`;
  const { capture } = read(
    `${line(3, '1.000000')}${line(0, '1.000001')}CPU:3 [LOST 278 EVENTS]\n${line(0, '1.000002')}${line(3, '1.000009')}CPU:1 [LOST EVENTS]\n`,
  );
  assert.deepEqual(capture.losses, [
    { cpu: 3, count: 278, start: 0, end: 9000, how: 'lost', place: 'line 3' },
    { cpu: 1, count: Number.NaN, start: Number.NaN, end: Number.NaN, how: 'lost', place: 'line 6' },
  ]);
  assert.equal(capture.accounting.comment, 2);
});

test('a buffer that started late, and one that was overwritten', () => {
  const { capture } = read(
    '# tracer: nop\n#\n# entries-in-buffer/entries-written: 1/61000   #P:4\n#\n' +
      `       fsl-mover-180     [000] d....     1.000000: ${activate}##### CPU 2 buffer started ####\n       fsl-mover-180     [002] d....     1.000005: ${activate}`,
  );
  assert.deepEqual(
    capture.losses.map((loss) => [loss.how, loss.cpu, loss.count, loss.start, loss.end]),
    [
      ['overwritten', -1, 60999, Number.NaN, 0],
      ['buffer started', 2, Number.NaN, Number.NaN, 5000],
    ],
  );
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

test('the function_graph tracer is skipped, with what to do instead', () => {
  const { capture, events } = read(
    '# tracer: function_graph\n#\n# CPU  DURATION                  FUNCTION CALLS\n 2)               |  migrate_pages() {\n 2) + 60.528 us   |          rcu_all_qs();\n ------------------------------------------\n',
  );
  assert.equal(events.length, 0);
  assert.equal(capture.accounting.skipped, 3);
  assert.match(capture.accounting.skips[0]!.reason, /function_graph.*nop > current_tracer/);
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

test('a line that is no event is skipped with its first place, and the rest is read', () => {
  const { capture, events } = read(
    `       fsl-mover-180     [000] d....     1.000000: ${activate}what is this\nand this\n`,
  );
  assert.equal(events.length, 1);
  assert.deepEqual(capture.accounting.skips, [
    { reason: 'the line is no event in this layout', count: 2, firstPlace: 'line 2', firstText: 'what is this' },
  ]);
});

const wholeLine = `       fsl-mover-180     [000] d....     1.000000: ${activate.trimEnd()}`;

test('a text cut anywhere in its last line: that line is a skip, or an event whose end is in doubt', () => {
  for (let length = 1; length < wholeLine.length; length++) {
    const { capture, events } = read(`${wholeLine}\n${wholeLine.slice(0, length)}`);
    assert.equal(capture.accounting.total, 2, `${length}`);
    assert.match(capture.remarks.join(), /last line has no line end/);
    if (events.length === 2)
      assert.deepEqual([events[1]?.form, length > wholeLine.length - 5], ['catalogued', true], `${length}`);
    else assert.equal(capture.accounting.skipped + capture.accounting.comment, 1);
  }
  assert.match(read(`${wholeLine}\n${wholeLine.slice(0, 60)}`).capture.accounting.skips[0]!.reason, /cut/);
});

test('carriage returns are no part of a text', () => {
  assert.deepEqual(fields(only(`${wholeLine}\r\n`)), { folio: 0xfffffc0000067880n, pfn: 0x58cce });
});

test('empty input, a header alone, NUL bytes, no line ends: nothing breaks and the books balance', () => {
  assert.equal(read('').capture.accounting.total, 0);
  assert.equal(read(header).capture.accounting.comment, 7);
  assert.equal(read('\0'.repeat(100_000)).capture.accounting.skipped, 1);
  const long = read(`${'x'.repeat(3 << 20)}\n${wholeLine}\n`, {}, [65_536]);
  assert.deepEqual(
    long.capture.accounting.skips.map((note) => note.reason),
    ['line longer than 1 MiB'],
  );
  assert.equal(long.events.length, 1);
});

test('any bytes at all: nothing breaks, every line is accounted for', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '\n',
      ' ',
      '-',
      '[',
      ']',
      ':',
      '#',
      '(',
      ')',
      '=> ',
      'CPU:1 [LOST ',
      '0x',
      wholeLine,
      `${wholeLine}\n`,
      '\0',
      'tracing_mark_write: ',
    ),
    fc.string({ maxLength: 20 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const text = pieces.join('');
      const lines = text.split('\n').length - (text.endsWith('\n') || text === '' ? 1 : 0);
      assert.equal(read(text).capture.accounting.total, lines);
    }),
    { numRuns: 300 },
  );
});

test('any chunking of the input gives the same events, books and losses', () => {
  const text = `${header}${`${wholeLine}\n`.repeat(30)}CPU:0 [LOST 3 EVENTS]\n        fsl-poke-800     [001] .....   135.682612: tracing_mark_write: first\nsecond\n       fsl-mover-180     [003] d....     7.893392: folio_add_lru: (folio_add_lru+0x0/0x110) folio=0x1 ref=2\nnonsense\n${wholeLine}`;
  const whole = read(text);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 20 }), (sizes) => {
      const cut = read(text, {}, sizes);
      assert.deepEqual(cut.events, whole.events);
      assert.deepEqual(cut.capture.accounting, whole.capture.accounting);
      assert.deepEqual(cut.capture.losses, whole.capture.losses);
    }),
    { numRuns: 60 },
  );
});

test('detection: a header is sure, lines alone are nearly, other text is not', () => {
  const saw = (text: string) => detectTracefs(encoder.encode(text));
  assert.equal(saw(header)?.sure, 0.99);
  assert.equal(saw(`${wholeLine}\n`.repeat(3))?.sure, 0.9);
  assert.equal(saw(wholeLine)?.sure, 0.9);
  assert.equal(saw('kcompact-50        3..... 1760003us#: mm_compaction_kcompactd_sleep: nid=1\n')?.sure, 0.9);
  assert.equal(
    saw('       fsl-mover   180 [003]     8.024283:  migrate:mm_migrate_pages_start: mode=MIGRATE_SYNC reason=x\n'),
    undefined,
  );
  assert.equal(saw(`cpus=4\n${wholeLine}\n`), undefined);
  assert.equal(saw('time_ns,cpu,event\n1,2,3\n'), undefined);
  assert.equal(saw('\0\0\0\0'), undefined);
  assert.equal(saw(''), undefined);
});
