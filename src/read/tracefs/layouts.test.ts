/** What stands before an event's text, in every layout. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { activate, fields, header, only, read } from './test-support.ts';

const encoder = new TextEncoder();

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

test('more digits than a number of 64 bits has are no time', () => {
  const many = '1'.repeat(400);
  for (const line of [
    `${latency}     kworker/0:1       6   3 1 00000000 0000000a [${many}] 301.619ms (+0.003ms): ${activate}`,
    `${header}       fsl-mover-180     [003] d..2.     ${many}.705069: ${activate}`,
    `${latency}       cat-50        3..... ${many}us#: ${activate}`,
  ]) {
    const { events, capture } = read(line);
    assert.deepEqual([events.length, capture.accounting.skipped], [0, 1], line);
  }
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
