import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { contextFlags } from '../../events/batch.ts';
import type { PlainEvent } from '../test-support.ts';
import { all, bundle, event, type Fill, generic, insertion, read, traceOf } from './test-support.ts';

function valuesOf(event: PlainEvent | undefined): Record<string, unknown> {
  assert.ok(event);
  return Object.fromEntries(event.fields.map(({ name }, i) => [name, event.values[i]]));
}

test('a generic event of the catalogue lands in its columns, numbers by name where the text has names', () => {
  const { events } = read(
    traceOf(
      bundle(1, all(event(1000, 50, 327, insertion))),
      bundle(2, event(2000, 51, 327, generic('mm_migrate_pages', { succeeded: 4n, failed: 1n, mode: 2, reason: 3 }))),
    ),
  );
  assert.deepEqual(
    events.map(({ system, name, form, cpu, pid, time }) => [system, name, form, cpu, pid, time]),
    [
      ['pagemap', 'mm_lru_insertion', 'catalogued', 1, 50, 1000n],
      ['migrate', 'mm_migrate_pages', 'catalogued', 2, 51, 2000n],
    ],
  );
  assert.deepEqual(valuesOf(events[0]), { folio: 0xfffffc000107da00n, pfn: 0x81f68, lru: 0, flags: 0x23 });
  const migrate = valuesOf(events[1]);
  assert.deepEqual([migrate['nr_succeeded'], migrate['nr_failed']], [4, 1]);
  assert.deepEqual([migrate['mode'], migrate['reason']], ['MIGRATE_SYNC', 'syscall_or_cpuset']);
  assert.equal(migrate['nr_split'], undefined, 'what is not in the event is not recorded');
});

test('fields that a vendor added to an event of the catalogue are kept beside its columns', () => {
  const { events } = read(
    traceOf(bundle(0, event(1, 5, 327, generic('mm_lru_activate', { folio: 1n, pfn: 2n, memcg: 'top', score: -3 })))),
  );
  assert.equal(events[0]?.form, 'catalogued');
  assert.deepEqual(valuesOf(events[0]), { folio: 1n, pfn: 2, memcg: 'top', score: -3 });
});

test('an event that nothing knows keeps all its fields, typed; a new shape of it is a new kind', () => {
  const { events, capture } = read(
    traceOf(
      bundle(
        0,
        all(
          event(1, 5, 327, generic('vendor_event', { delta: -7, address: 0xffffff8012345678n, who: 'me' })),
          event(2, 5, 327, generic('vendor_event', { delta: 8, address: 1n, who: 'you' })),
          event(3, 5, 327, generic('vendor_event', { delta: 9 })),
        ),
      ),
    ),
  );
  assert.deepEqual(events.map(valuesOf), [
    { delta: -7, address: 0xffffff8012345678n, who: 'me' },
    { delta: 8, address: 1n, who: 'you' },
    { delta: 9 },
  ]);
  assert.equal(capture.accounting.generic, 3);
  assert.equal(capture.kinds.filter(({ name }) => name === 'vendor_event').length, 2);
});

test('a probe is told by its fields; with its definition, its arguments get their roles', () => {
  const fields = { __probe_ip: 0xffff800008000000n, folio: 0xfffffc0000000040n, ref: 3 };
  const bytes = traceOf(bundle(0, event(1, 5, 327, generic('try_to_migrate', fields))));
  const [bare] = read(bytes).events;
  assert.deepEqual([bare?.form, bare?.probe?.function, bare?.probe?.source], ['probe', 'try_to_migrate', 'name']);
  const definitions = ['p:fs/my_probe try_to_migrate folio=%x0:x64 ref=+0x34(%x0):s32'];
  const other = traceOf(bundle(0, event(1, 5, 327, generic('my_probe', fields))));
  const [defined] = read(other, { probeDefinitions: definitions }).events;
  assert.deepEqual(defined?.probe?.roles, ['folio', 'folio.refcount']);
  assert.equal(defined?.probe?.meaning, 'try_to_migrate');
  assert.deepEqual(valuesOf(defined), { folio: 0xfffffc0000000040n, ref: 3 });
  assert.equal(read(other).events[0]?.form, 'probe');
});

test('a probe that Perfetto set: entry and return, without arguments', () => {
  const kprobe =
    (type: number): Fill =>
    (message) => {
      message.text(1, 'lru_add_drain_all').varint(2, type);
    };
  const { events } = read(traceOf(bundle(0, all(event(1, 5, 542, kprobe(1)), event(2, 5, 542, kprobe(2))))));
  assert.deepEqual(
    events.map(({ system, probe }) => [system, probe?.meaning, probe?.isReturn]),
    [
      ['perfetto_kprobes', 'lru_add_drain_all', false],
      ['perfetto_kretprobes', 'lru_add_drain_all', true],
    ],
  );
});

test('an event of a number that is not known keeps its fields by number', () => {
  const unknown: Fill = (message) => {
    message.varint(1, 42).text(3, 'abc').varint(1, -1);
  };
  const { events, capture } = read(traceOf(bundle(0, event(1, 5, 999, unknown))));
  assert.equal(events[0]?.name, 'ftrace_event_999');
  assert.deepEqual(valuesOf(events[0]), { field_1: 42n, field_3: 'abc', field_1_2: 0xffffffffffffffffn });
  assert.equal(capture.accounting.generic, 1);
});

test('events that the trace describes itself have their group, names and signs', () => {
  const description: Fill = (inner) => {
    inner.message(11, (one) =>
      one
        .varint(1, 65540)
        .message(2, (type) =>
          type
            .text(1, 'set_migration_pte')
            .message(2, (field) => field.text(1, 'addr').varint(3, 1).varint(5, 4))
            .message(2, (field) => field.text(1, 'pte').varint(3, 2).varint(5, 4))
            .message(2, (field) => field.text(1, 'order').varint(3, 3).varint(5, 5)),
        )
        .text(3, 'migrate'),
    );
  };
  const pte: Fill = (message) => {
    message.varint(1, 0xffff9fb0b000n).varint(2, 0x3000081f6bf0n).varint(3, 0);
  };
  const { events } = read(traceOf(bundle(3, all(event(9, 5, 65540, pte), description))));
  assert.deepEqual(
    [events[0]?.system, events[0]?.name, events[0]?.form],
    ['migrate', 'set_migration_pte', 'catalogued'],
  );
  assert.deepEqual(valuesOf(events[0]), { addr: 0xffff9fb0b000, pte: 0x3000081f6bf0n, order: 0 });
});

test('typed events: functions by interned symbol, text of trace_marker, results and devices as the text has them', () => {
  const work: Fill = (message) => {
    message.varint(1, 0xffff000040a4c000n).varint(2, 3);
  };
  const { events } = read(
    traceOf(
      (packet) => {
        packet.message(45, (info) => info.varint(6, 4096));
      },
      all(
        bundle(
          0,
          all(
            event(1, 5, 58, work),
            event(2, 5, 3, (message) => message.varint(1, 1).text(2, 'B|5|two\nlines\n')),
            event(3, 5, 103, (message) => message.varint(1, 1).varint(5, 1).varint(6, 8)),
            event(4, 5, 97, (message) => message.varint(1, 9).varint(2, 0x22).varint(3, 2).varint(4, 0xfe01)),
            event(5, 5, 100, (message) => message.varint(1, 0).varint(5, 6)),
            event(6, 5, 307, (message) => message.varint(1, 0xcc0).varint(4, 0xfffffc0000000040n).varint(5, 77)),
          ),
        ),
        (packet) => {
          packet
            .varint(13, 1)
            .message(12, (data) => data.message(26, (symbol) => symbol.varint(1, 3).text(2, 'lru_add_drain_per_cpu')));
        },
      ),
    ),
  );
  assert.deepEqual(valuesOf(events[0]), { work: 0xffff000040a4c000n, function: 'lru_add_drain_per_cpu' });
  assert.deepEqual([events[1]?.name, events[1]?.values[0]], ['tracing_mark_write', 'B|5|two\nlines']);
  assert.deepEqual([valuesOf(events[2])['mode'], valuesOf(events[2])['status']], ['sync', 'success']);
  assert.deepEqual([valuesOf(events[3])['dev'], valuesOf(events[3])['ofs']], ['254:1', 8192]);
  assert.equal(valuesOf(events[4])['limit'], 64);
  assert.deepEqual([valuesOf(events[5])['gfp_flags'], valuesOf(events[5])['pfn']], ['0xcc0', 77]);
});

test('texts of the kernel are called by the function that wrote them', () => {
  const { events, capture } = read(
    traceOf(
      all(
        bundle(
          0,
          event(1, 5, 3, (message) => message.varint(1, 9).text(2, 'E|5')),
        ),
        (packet) => {
          packet.message(12, (data) => data.message(26, (one) => one.varint(1, 9).text(2, 'write_marker_to_buffer')));
        },
      ),
      all(
        bundle(
          0,
          event(2, 5, 3, (message) => message.varint(1, 8).text(2, 'E|5')),
        ),
        (packet) => {
          packet.varint(98, 77);
        },
      ),
    ),
  );
  assert.deepEqual(
    events.map(({ name, values }) => [name, values[0]]),
    [
      ['write_marker_to_buffer', 'E|5'],
      ['tracing_mark_write', 'E|5'],
    ],
  );
  assert.match(capture.remarks.join(), /events of 1 other machines/);
});

test('compact sched: who leaves is who came before, and nobody knows after a loss', () => {
  const switches = (lost: boolean, times: number[], pids: number[], states: number[]): Fill =>
    bundle(1, (inner) => {
      if (lost) inner.varint(3, 1);
      inner.message(4, (compact) =>
        compact
          .text(5, 'idle')
          .text(5, 'worker')
          .packed(1, times)
          .packed(2, states)
          .packed(3, pids)
          .packed(
            4,
            pids.map(() => 120),
          )
          .packed(
            6,
            pids.map((pid) => (pid === 0 ? 0 : 1)),
          )
          .packed(7, [times[0]! + 50])
          .packed(8, [77])
          .packed(9, [3])
          .packed(10, [100])
          .packed(11, [1])
          .packed(12, [0x11]),
      );
    });
  const { events, capture } = read(
    traceOf(switches(false, [1000, 100, 100], [33, 0, 34], [1, 256, 0]), switches(true, [5000], [35], [2])),
  );
  assert.deepEqual(
    events.map(({ time, pid, name }) => [time, pid, name]),
    [
      [1000n, -1, 'sched_switch'],
      [1050n, 33, 'sched_waking'],
      [1100n, 33, 'sched_switch'],
      [1200n, 0, 'sched_switch'],
      [5000n, -1, 'sched_switch'],
      [5050n, 35, 'sched_waking'],
    ],
  );
  const second = valuesOf(events[2]);
  assert.deepEqual(
    [second['prev_comm'], second['prev_pid'], second['prev_prio'], second['prev_state']],
    ['worker', 33, undefined, 'R+'],
  );
  assert.equal(valuesOf(events[3])['prev_comm'], 'swapper/1');
  assert.equal(valuesOf(events[4])['prev_pid'], undefined);
  assert.equal(events[1]?.flags, contextFlags.irqsOff | contextFlags.softirq);
  assert.deepEqual(
    capture.losses.map(({ cpu, how, start, end }) => [cpu, how, start, end]),
    [[1, 'lost', 200, 4000]],
  );
});

test('events of all CPUs come in the order of their times', () => {
  const bytes = traceOf(
    bundle(0, all(event(100, 1, 327, insertion), event(400, 1, 327, insertion))),
    bundle(1, all(event(50, 2, 327, insertion), event(300, 2, 327, insertion))),
    bundle(0, event(500, 1, 327, insertion)),
  );
  const { events, capture } = read(bytes);
  assert.deepEqual(
    events.map(({ time }) => Number(time)),
    [50, 100, 300, 400, 500],
  );
  assert.equal(capture.inversions, 0);
});

test('names come from process trees, also later ones, and sched events win; threads get their process', () => {
  const { events } = read(
    traceOf(
      bundle(0, all(event(1, 11, 327, insertion), event(2, 12, 327, insertion))),
      (packet) => {
        packet.message(2, (tree) =>
          tree
            .message(1, (one) => one.varint(1, 10).text(3, '/usr/bin/tool'))
            .message(2, (one) => one.varint(1, 11).text(2, 'from-tree').varint(3, 10))
            .message(2, (one) => one.varint(1, 12).text(2, 'old-name').varint(3, 10)),
        );
      },
      bundle(
        0,
        all(
          event(3, 10, 236, (message) => message.varint(1, 12).text(2, 'old-name').text(3, 'new-name')),
          event(4, 12, 327, insertion),
          event(5, 10, 327, insertion),
        ),
      ),
    ),
  );
  assert.deepEqual(
    events.map(({ comm, tgid }) => [comm, tgid]),
    [
      ['from-tree', 10],
      ['old-name', 10],
      ['tool', 10],
      ['new-name', 10],
      ['tool', 10],
    ],
  );
});
