import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { contextFlags } from '../../events/batch.ts';
import { balance } from '../../events/capture.ts';
import { rows } from '../../events/rows.ts';
import { tracePath } from '../../test-support.ts';
import { detectFormat } from '../detect.ts';
import { formats } from '../formats.ts';
import { type PlainEvent, readChunked } from '../test-support.ts';
import { traceCmdReport } from './format.ts';
import { printsBareHex } from './record.ts';

const encoder = new TextEncoder();
const read = (text: string, sizes?: number[], options = {}) =>
  readChunked(traceCmdReport, encoder.encode(text), sizes, options);

/** A bundled report, unpacked. */
function sample(...path: string[]): Uint8Array {
  return new Uint8Array(gunzipSync(readFileSync(tracePath(...path))));
}

/** Fields by name, what was not recorded left out. */
const fieldsOf = (event: PlainEvent | undefined): Record<string, unknown> =>
  Object.fromEntries(
    (event?.fields ?? [])
      .map((field, i) => [field.name, event?.values[i]] as const)
      .filter(([, value]) => value !== undefined),
  );

test('the default form: task, CPU, time, event, text', () => {
  const { capture, events } = read(`cpus=4
       fsl-mover-180   [003]     7.705069: mm_lru_insertion:     folio=0xfffffc000107da00 pfn=0x81f68 lru=0 flags=Ma bd 
       trace-cmd-198   [000]    14.476491: mm_lru_insertion:     page=0xfffffdffffe77540 pfn=269781 lru=0 flags=Ma b  
    kworker/u8:2-cp-46      [012]    14.476492: mm_migrate_pages_start: mode=MIGRATE_ASYNC reason=compaction
           <...>-12345678 [003]    15.000000: my_event:             hello=1 world
`);
  assert.deepEqual(
    events.map((one) => `${one.time} ${one.cpu} ${one.pid} ${one.comm} ${one.system}:${one.name} ${one.form}`),
    [
      '7705069000 3 180 fsl-mover pagemap:mm_lru_insertion catalogued',
      '14476491000 0 198 trace-cmd pagemap:mm_lru_insertion catalogued',
      '14476492000 12 46 kworker/u8:2-cp migrate:mm_migrate_pages_start catalogued',
      '15000000000 3 12345678 undefined :my_event generic',
    ],
  );
  assert.deepEqual(events[0]?.values, [0xfffffc000107da00n, 0x81f68, 0, 0x33]);
  assert.deepEqual(events[1]?.values, [0xfffffdffffe77540n, 269781, 0, 0x13]);
  assert.deepEqual(events[3]?.values, ['hello=1 world']);
  assert.equal(capture.cpus?.value, 4);
  assert.deepEqual([capture.accounting.decoded, capture.accounting.generic, capture.accounting.comment], [3, 1, 1]);
});

test('newer releases print the context in front of the time, -R its number', () => {
  const { events } =
    read(`       fsl-mover-180   [003] d.s2.     7.705069: mm_lru_activate:      folio=0xfffffc000107da00 pfn=0x81f68
       fsl-mover-180   [003]-0x9     7.705070: mm_lru_activate:       folio=0xfffffc000107da00 pfn=0x81f68
fsl-move-180     3dN.2.     7.705071: mm_lru_activate:      folio=0xfffffc000107da00 pfn=0x81f68
`);
  assert.deepEqual(
    events.map((event) => event.flags),
    [
      contextFlags.irqsOff | contextFlags.softirq,
      contextFlags.irqsOff | contextFlags.hardirq,
      contextFlags.irqsOff | contextFlags.needResched,
    ],
  );
  assert.deepEqual(
    events.map((event) => fieldsOf(event)['pfn']),
    [0x81f68, 0x81f68, 0x81f68],
  );
});

test('-R: names of the record, numbers where the text has names, hex as the event prints it', () => {
  const { capture, events } = read(`cpus=4
       fsl-mover-180   [003]     7.705069: mm_lru_insertion:      folio=0xfffffc000107da00 pfn=0x81f68 lru=0 flags=0x33
       fsl-mover-180   [003]     7.705070: mm_migrate_pages:      succeeded=4 failed=0 thp_succeeded=0 thp_failed=0 thp_split=0 mode=2 reason=3
       fsl-mover-180   [003]     7.705071: mm_migrate_pages_start:  mode=3 reason=3
       fsl-mover-180   [003]     7.705072: set_migration_pte:     addr=ffff9fb0b000 pte=3000081f6bf0 order=0
       fsl-mover-180   [003]     7.705073: mm_filemap_delete_from_page_cache:  pfn=0x4a270 i_ino=c0a index=0x0 s_dev=1 order=0
       fsl-mover-180   [003]     7.705074: cma_alloc_finish:      name=my region pfn=0x81f68 page=0xfffffc000107da00 count=2 align=0 errorno=-12
`);
  assert.deepEqual(events.map(fieldsOf), [
    { folio: 0xfffffc000107da00n, pfn: 0x81f68, lru: 0, flags: 0x33 },
    {
      nr_succeeded: 4,
      nr_failed: 0,
      nr_thp_succeeded: 0,
      nr_thp_failed: 0,
      nr_thp_split: 0,
      mode: 'MIGRATE_SYNC',
      reason: 'syscall_or_cpuset',
    },
    // A number that has no name stays as printed.
    { mode: '3', reason: 'syscall_or_cpuset' },
    { addr: 0xffff9fb0b000, pte: 0x3000081f6bf0n, order: 0 },
    { ino: 0xc0a, pfn: 0x4a270, order: 0 },
    { name: 'my region', pfn: 0x81f68, page: 0xfffffc000107da00n, count: 2, align: 0, errorno: -12 },
  ]);
  assert.match(capture.variant, /records \(-R\)/);
});

test('no field of the catalogue is bare hex in one release and decimal in another: records could not tell', () => {
  for (const row of rows) {
    for (const field of row.fields) {
      assert.notEqual(printsBareHex(row, field.name), undefined, `${row.name} ${field.name}`);
    }
  }
});

test('[FAILED TO PARSE]: the record behind it is read, what it does not hold is not recorded', () => {
  const { capture, events } = read(
    '       fsl-mover-884   [002]   137.655594: mm_page_alloc:        [FAILED TO PARSE] pfn=0x82313 order=0 gfp_flags=0x400dc0 migratetype=1\n',
  );
  assert.deepEqual(fieldsOf(events[0]), { pfn: 0x82313, order: 0, gfp_flags: '0x400dc0', migratetype: 1 });
  assert.equal(capture.accounting.decoded, 1);
  assert.match(capture.remarks.join(), /1 events \(\[FAILED TO PARSE\]\)/);
});

test('probes have addresses only: their functions come from the definitions, in both forms', () => {
  const probeDefinitions = [
    'p:fs/slow __folio_lock folio=%x0:x64 ref=+0x34(%x0):s32',
    'r:fs/moved move_to_new_folio ret=$retval:s32',
  ];
  const text = `       fsl-mover-180   [003]     7.704984: slow:                 (ffff8000082b4864) folio=0xfffffc00001503c0 ref=7
       fsl-mover-180   [003]     7.704985: moved:                (ffff800008376ce0 <- ffff80000837745c) ret=-11
       fsl-mover-180   [003]     7.704984: slow:                  __probe_ip=ffff8000082b4864 folio=0xfffffc00001503c0 ref=7
       fsl-mover-180   [003]     7.704985: moved:                 __probe_func=ffff800008376ce0 __probe_ret_ip=ffff80000837745c ret=-11
       fsl-mover-180   [003]     7.704985: moved:                 __probe_func=ffff800008376ce0 __probe_ret_ip=
`;
  const { capture, events } = read(text, [], { probeDefinitions });
  assert.deepEqual(
    events.slice(0, 4).map((event) => [event.probe?.function, event.probe?.source, event.probe?.roles]),
    [
      ['__folio_lock', 'definition', ['folio', 'folio.refcount']],
      ['move_to_new_folio', 'definition', ['caller', 'return']],
      ['__folio_lock', 'definition', ['folio', 'folio.refcount']],
      ['move_to_new_folio', 'definition', ['caller', 'return']],
    ],
  );
  assert.deepEqual(events[2]?.values, events[0]?.values);
  assert.deepEqual(events[3]?.values, events[1]?.values);
  assert.deepEqual(events[1]?.values, ['ffff80000837745c', -11]);
  assert.equal(events[4]?.form, 'generic');
  assert.equal(capture.accounting.oddities[0]?.count, 1);
});

test('lost events, empty CPUs, stacks, blank lines and strangers: every line is one of them', () => {
  const text = `version = 6
CPU 1 is empty
cpus=4
           sleep-46    [002]     4.513348: mm_lru_activate:      folio=0xfffffc000107da00 pfn=0x81f68
CPU:2 [278 EVENTS DROPPED]
           sleep-46    [002]     5.513348: mm_lru_activate:      folio=0xfffffc000107da00 pfn=0x81f68
CPU:3 [EVENTS DROPPED]
           sleep-46    [003]     6.000000: kernel_stack:         <stack trace >
=> lru_add_drain_cpu (ffff8000082c8e20)
=> ffff8000082c8e20

what is this
           sleep-46    [003]          600: mm_lru_activate:      folio=0xfffffc000107da00 pfn=0x81f68
`;
  const { capture, events } = read(text);
  const { accounting } = capture;
  assert.equal(events.length, 2);
  assert.deepEqual([accounting.decoded, accounting.generic, accounting.comment, accounting.skipped], [2, 0, 9, 2]);
  assert.equal(accounting.total, text.split('\n').length - 1);
  assert.deepEqual(
    accounting.skips.map((note) => `${note.firstPlace}: ${note.reason}`),
    ['line 12: no line of trace-cmd report', 'line 13: the time is of another kind than that of the first event'],
  );
  assert.deepEqual(
    capture.losses.map(({ cpu, count, start, end, how }) => ({ cpu, count, start, end, how })),
    [
      { cpu: 2, count: 278, start: 0, end: 1e9, how: 'dropped' },
      { cpu: 3, count: Number.NaN, start: Number.NaN, end: Number.NaN, how: 'dropped' },
    ],
  );
});

test('several buffers or files: the name in front of each line is not part of the task, and is said', () => {
  const text = `  trace.dat: cpus=4
  trace.dat:            sleep-46    [002]     4.513348: mm_lru_activate:      folio=0xfffffc000107da00 pfn=0x81f68
     second: CPU:2 [7 EVENTS DROPPED]
           sleep-46    [002]     4.513350: mm_lru_activate:      folio=0xfffffc000107da00 pfn=0x81f68
     second:     kworker/3:1H-47    [003]     4.513349: mm_lru_activate:      folio=0xfffffc000107da00 pfn=0x81f68
                       a b: c-48    [003]     4.513349: mm_lru_activate:      folio=0xfffffc000107da00 pfn=0x81f68
`;
  const { capture, events } = read(text);
  assert.deepEqual(
    events.map((event) => `${event.comm}|${event.pid}`),
    ['sleep|46', 'sleep|46', 'kworker/3:1H|47', 'a b: c|48'],
  );
  assert.equal(capture.losses[0]?.count, 7);
  assert.match(capture.remarks.join(), /trace\.dat 1, second 1, \(no name\) 1/);
  assert.equal(capture.accounting.skipped, 0);
});

test('several files in the latency format', () => {
  const { capture, events } = read(`  a.dat: cpus=4
  a.dat: fsl-move-180     3d....     7.704984: mm_lru_activate:      folio=0xfffffc000107da00 pfn=0x81f68
 b.data: kworker/-71      2d....     7.704985: mm_lru_activate:      folio=0xfffffc000107da00 pfn=0x81f68
`);
  assert.deepEqual(
    events.map((event) => `${event.comm} ${event.pid} ${event.cpu}`),
    ['fsl-move 180 3', 'kworker/ 71 2'],
  );
  assert.equal(capture.accounting.skipped, 0);
});

test('times: -t keeps nanoseconds, --ts-diff is passed over, clocks that count no seconds have no point', () => {
  const full = read(
    '       fsl-mover-180   [003]     7.705076512: (+123)   mm_lru_activate:      folio=0xfffffc000107da00 pfn=0x81f68\n',
  );
  assert.equal(full.events[0]?.time, 7705076512n);
  assert.equal(full.capture.clock.resolution, 1);
  assert.equal(full.events[0]?.form, 'catalogued');
  const counter = read(
    '       fsl-mover-180   [003] 17050765129999: mm_lru_activate:      folio=0xfffffc000107da00 pfn=0x81f68\n',
  );
  assert.equal(counter.events[0]?.time, 17050765129999n);
  assert.equal(counter.capture.clock.unit, 'integer');
});

test('one file printed in five ways: the same events', () => {
  const folder = ['debian-6.1-4k', 'shanon_hot'];
  const shape = (events: readonly PlainEvent[], comms: number) =>
    events.map((event) => ({ ...event, flags: 0, comm: event.comm?.slice(0, comms), time: 0, values: event.values }));
  const { events: plain } = readChunked(traceCmdReport, sample(...folder, 'report.txt.gz'));
  assert.equal(plain.length, 7585);
  for (const name of ['report_raw', 'report_raw_ns', 'report_latency', 'report_diff_ns']) {
    const { capture, events } = readChunked(traceCmdReport, sample(...folder, `${name}.txt.gz`));
    const comms = name === 'report_latency' ? 8 : 15;
    assert.ok(events.length >= 2000, name);
    assert.deepEqual(shape(events, comms), shape(plain.slice(0, events.length), comms), name);
    // trace-cmd rounds to the nearest microsecond where it does not print nanoseconds.
    events.forEach((event, i) => {
      assert.equal(((event.time + 500n) / 1000n) * 1000n, plain[i]?.time, `${name} event ${i}`);
    });
    assert.equal(capture.accounting.skipped + capture.accounting.generic, 0, name);
  }
});

test('[FAILED TO PARSE] and everything else of a real capture is decoded', () => {
  const { capture, events } = readChunked(traceCmdReport, sample('debian-6.1-4k', 'file_kmem', 'report.txt.gz'));
  assert.equal(events.length, 2999);
  assert.equal(capture.accounting.decoded, 2999);
  const allocations = events.filter((event) => event.name === 'mm_page_alloc');
  assert.ok(allocations.length > 100);
  for (const event of allocations) assert.ok(Number(fieldsOf(event)['pfn']) > 0);
});

test('the detector is sure of report text with and without its first line, and never takes the kernel’s', () => {
  const head = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, 65536);
  const idOf = (bytes: Uint8Array): string | undefined => detectFormat(head(bytes), formats)?.format.id;
  for (const name of ['report', 'report_raw', 'report_raw_ns', 'report_latency', 'report_diff_ns']) {
    const bytes = sample('debian-6.1-4k', 'shanon_hot', `${name}.txt.gz`);
    assert.equal(idOf(bytes), 'trace-cmd-report', name);
    assert.equal(idOf(bytes.subarray(bytes.indexOf(10) + 1)), 'trace-cmd-report', `${name}, first line cut away`);
    const middle = bytes.indexOf(10, 100_000) + 1;
    assert.equal(idOf(bytes.subarray(middle)), 'trace-cmd-report', `${name}, begins in the middle`);
  }
  for (const name of ['debian-6.1-4k/shanon_hot', 'debian-6.12-4k/fmt_latency', 'debian-5.10-4k/shanon_hot']) {
    const bytes = sample(...name.split('/'), 'trace.txt.gz');
    const event = bytes.findIndex((byte, i) => byte !== 35 && bytes[i - 1] === 10);
    assert.equal(idOf(bytes), 'tracefs', name);
    assert.equal(idOf(bytes.subarray(event)), 'tracefs', `${name}, header cut away`);
  }
});

test('the file of a latency tracer is the kernel’s own text behind the number of CPUs', () => {
  const bytes = sample('debian-6.12-4k', 'fmt_latency', 'trace.txt.gz');
  const text = `cpus=4\n${new TextDecoder().decode(bytes)}`;
  assert.equal(detectFormat(encoder.encode(text).subarray(0, 65536), formats)?.format.id, 'tracefs');
});

const text = new TextDecoder().decode(sample('debian-6.1-4k', 'shanon_hot', 'report_raw.txt.gz')).slice(0, 20_000);
const lines = text.slice(0, text.lastIndexOf('\n') + 1);

test('any chunking gives the same events and the same books', () => {
  const whole = read(lines);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 6 }), (sizes) => {
      const chunked = read(lines, sizes);
      assert.deepEqual(chunked.events, whole.events);
      assert.deepEqual(chunked.capture.accounting, whole.capture.accounting);
    }),
    { numRuns: 40 },
  );
});

test('a line of anything, put anywhere behind the first event (which decides what the clock counts), leaves the other lines as they were and the books balanced', () => {
  const whole = read(lines);
  const each = lines.split('\n').slice(0, -1);
  const garbage = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => new TextDecoder('latin1').decode(bytes)),
    fc.constantFrom(
      '-1 [',
      'CPU:1 [',
      '=> x',
      '       a-1 [000] 1.5: x:',
      '  a-1     [000] 99999999999999999999999: b: c',
    ),
  );
  fc.assert(
    fc.property(garbage, fc.integer({ min: 2, max: each.length }), (noise, at) => {
      const line = noise.replace(/[\n\r]/g, ' ');
      const { capture, events } = read(`${[...each.slice(0, at), line, ...each.slice(at)].join('\n')}\n`);
      assert.ok(balance(capture.accounting));
      assert.equal(capture.accounting.total, each.length + 1);
      if (events.length === whole.events.length) assert.deepEqual(events, whole.events);
      else assert.equal(events.length, whole.events.length + 1);
    }),
    { numRuns: 150 },
  );
});

test('a lazy reschedule is one in every form: 0x2 of the record, X where libtraceevent takes it for something else', () => {
  const { events } =
    read(`       fsl-mover-180   [003]-0x2     7.705069: mm_lru_activate:       folio=0xfffffc000107da00 pfn=0x81f68
       fsl-mover-180   [003] X.h..     7.705070: mm_lru_activate:      folio=0xfffffc000107da00 pfn=0x81f68
`);
  assert.deepEqual(
    events.map((event) => event.flags),
    [contextFlags.needResched, contextFlags.needResched | contextFlags.hardirq],
  );
});
