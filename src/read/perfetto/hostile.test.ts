/** Whatever the bytes are: no crash, books that add up, and the same events however the input is cut. */
import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { ProtoWriter } from '../../../scripts/proto-writer.ts';
import { balance } from '../../events/capture.ts';
import { tracePath } from '../../test-support.ts';
import { eventsOf, readChunked } from '../test-support.ts';
import { perfetto } from './format.ts';
import { openPerfetto } from './reader.ts';
import { all, bundle, event, generic, traceOf } from './test-support.ts';

function sample(name: string): Uint8Array {
  return new Uint8Array(gunzipSync(readFileSync(tracePath('synthetic', name, 'trace.perfetto-trace.gz'))));
}

const plain = sample('perfetto-generic').subarray(0, 120_000);
const dense = sample('perfetto-dense');

/** A small trace with something of everything. */
const small = traceOf(
  (packet) => packet.message(45, (info) => info.varint(6, 4096).message(1, (uts) => uts.text(3, '6.1.0'))),
  (packet) => packet.message(2, (tree) => tree.message(2, (one) => one.varint(1, 5).text(2, 'a').varint(3, 4))),
  bundle(
    0,
    all(
      event(10, 5, 327, generic('mm_lru_activate', { folio: 1n, pfn: 2n })),
      event(20, 5, 327, generic('vendor', { a: 1, b: 'text', c: 2n })),
      event(30, 5, 58, (message) => message.varint(1, 2).varint(2, 3)),
      event(40, 5, 3, (message) => message.text(2, 'B|1|x\n')),
      event(50, 5, 542, (message) => message.text(1, 'lru_add_drain_all').varint(2, 1)),
      event(60, 5, 999, (message) => message.varint(1, 2).text(2, 'x')),
    ),
  ),
  bundle(1, (inner) =>
    inner
      .varint(3, 1)
      .message(4, (compact) =>
        compact.text(5, 'n').packed(1, [15, 5]).packed(2, [0, 1]).packed(3, [1, 2]).packed(4, [3, 4]).packed(6, [0, 0]),
      ),
  ),
  (packet) => packet.message(34, (stats) => stats.varint(1, 2).message(2, (cpu) => cpu.varint(1, 0).varint(3, 9))),
);

test('cut into any chunks, the same events, books and losses', () => {
  for (const bytes of [small, plain, dense]) {
    const whole = readChunked(perfetto, bytes);
    assert.ok(whole.events.length >= 8);
    const most = bytes === small ? 40 : 5000;
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: most }), { minLength: 1, maxLength: 12 }), (sizes) => {
        const cut = readChunked(perfetto, bytes, sizes);
        assert.deepEqual(cut.events, whole.events);
        assert.deepEqual(cut.capture.accounting, whole.capture.accounting);
        assert.deepEqual(cut.capture.losses, whole.capture.losses);
      }),
      { numRuns: bytes === small ? 200 : 4 },
    );
  }
});

/** Reads with a window for putting in order that holds `window` bytes. */
function readWindow(bytes: Uint8Array, window: number) {
  const reader = openPerfetto('test', {}, window);
  const batches = [...reader.push(bytes), ...reader.end()];
  return { capture: reader.capture, events: eventsOf(reader.capture, batches) };
}

test('a small window gives every event too; what comes late for it is counted', () => {
  const whole = readChunked(perfetto, plain);
  const tight = readWindow(plain, 1);
  assert.equal(tight.events.length, whole.events.length);
  assert.equal(whole.capture.inversions, 0);
  assert.ok(tight.capture.inversions > 0);
  const key = (one: (typeof whole.events)[number]): string => `${one.time} ${one.cpu} ${one.name} ${one.values.join()}`;
  assert.deepEqual(tight.events.map(key).sort(), whole.events.map(key).sort());
  // Two read periods fit: nothing comes late.
  assert.deepEqual(readWindow(plain, 400_000).capture.inversions, 0);
});

const byte = fc.integer({ min: 0, max: 255 });
/** Positions and values of bytes to change, favouring those that make lengths and numbers large. */
const changes = fc.array(fc.tuple(fc.nat(), fc.oneof(byte, fc.constantFrom(0x00, 0x0a, 0x7f, 0x80, 0xff))), {
  minLength: 1,
  maxLength: 8,
});

test('bytes changed, cut off, doubled: no crash, and the books add up', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(small, small, dense.subarray(0, 20_000), plain.subarray(0, 5000)),
      changes,
      fc.nat(),
      fc.nat(),
      (input, list, cut, from) => {
        const bytes = new Uint8Array(input.length + 64);
        bytes.set(input);
        // A piece of it once more, at its end.
        bytes.set(input.subarray(from % input.length, (from % input.length) + 64), input.length);
        const end = 1 + (cut % bytes.length);
        for (const [place, value] of list) bytes[place % end] = value;
        const { capture, events } = readChunked(perfetto, bytes.subarray(0, end));
        const { accounting } = capture;
        assert.ok(balance(accounting));
        assert.equal(events.length, accounting.decoded + accounting.generic);
      },
    ),
    { numRuns: 1500 },
  );
});

test('any bytes at all, as input, packet, bundle, event and message', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 140 }), (bytes, field) => {
      const inputs = [
        bytes,
        traceOf((packet) => packet.append(bytes)),
        traceOf((packet) => packet.raw(field, bytes)),
        traceOf((packet) => packet.raw(1, bytes)),
        traceOf(bundle(0, (inner) => inner.raw(4, bytes))),
        traceOf(bundle(0, (inner) => inner.raw(11, bytes))),
        traceOf(bundle(0, (inner) => inner.raw(2, bytes))),
        ...[3, 4, 58, 235, 307, 327, 542, 65536 + field].map((number) =>
          traceOf(bundle(0, (inner) => inner.message(2, (one) => one.varint(1, 1).varint(2, 1).raw(number, bytes)))),
        ),
      ];
      for (const input of inputs) assert.ok(balance(readChunked(perfetto, input).capture.accounting));
    }),
    { numRuns: 500 },
  );
});

test('lengths and numbers up to 2^64-1, deep nesting, endless kinds and shapes: bounded', () => {
  const huge = 2n ** 64n - 1n;
  const { capture, events } = readChunked(
    perfetto,
    traceOf(
      bundle(0, all(event(huge, -1, 327, generic('mm_lru_activate', { folio: huge, pfn: huge })))),
      bundle(
        0,
        event(0, 4_000_000_000, 235, (message) => message.varint(1, huge).text(2, 'x').varint(3, huge)),
      ),
      (packet) => packet.message(1, (inner) => inner.varint(1, huge)),
    ),
  );
  assert.equal(events.length, 2);
  assert.equal(events.find(({ name }) => name === 'mm_lru_activate')?.values[1], -1);
  assert.equal(capture.accounting.skipped, 1);

  // Nobody follows messages inward that nobody knows.
  let nested = new ProtoWriter().varint(1, 1).bytes;
  for (let depth = 0; depth < 2000; depth++) nested = new ProtoWriter().raw(2, nested).bytes;
  assert.ok(
    balance(
      readChunked(
        perfetto,
        traceOf((packet) => packet.raw(2, nested)),
      ).capture.accounting,
    ),
  );

  const names = Array.from({ length: 200 }, (_, i) => event(i, 5, 327, generic('same', { [`field${i}`]: i })));
  const shapes = readChunked(perfetto, traceOf(bundle(0, all(...names))));
  assert.equal(shapes.events.length, 200);
  assert.ok(shapes.capture.kinds.length < 30);
  assert.equal(shapes.events[199]?.values[0], 'field199=199', 'values of the rest are kept as text');

  const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`f${i}`, i]));
  const wide = readChunked(perfetto, traceOf(bundle(0, event(1, 5, 327, generic('wide', many)))));
  assert.match(String(wide.events[0]?.values[0]), /f127=127 \(and 172 more\)$/);
});

test('names, clocks and statistics without end cost no more than their bytes', () => {
  const long = 'n'.repeat(200_000);
  const named = readChunked(perfetto, traceOf(bundle(0, event(1, 5, 327, generic('vendor', { [long]: 1 })))));
  assert.deepEqual(named.events[0]?.values, [1]);
  assert.equal(named.events[0]?.fields[0]?.name, long);

  const clocks = Array.from({ length: 50 }, (_, i) =>
    bundle(
      0,
      all((inner) => inner.varint(5, i), event(i, 5, 327, generic('e', { a: 1 }))),
    ),
  );
  const told = readChunked(perfetto, traceOf(...clocks));
  assert.equal(told.events.length, 50);
  assert.ok(told.capture.remarks.length <= 6, told.capture.remarks.join('\n'));

  const statistics = Array.from(
    { length: 2000 },
    (_, i) => (packet: ProtoWriter) =>
      packet.message(34, (stats) =>
        stats
          .varint(1, 2)
          .message(2, (cpu) => cpu.varint(1, 8190 + i).varint(3, 9))
          .text(6, `event${i}`),
      ),
  );
  const { capture } = readChunked(perfetto, traceOf(...statistics));
  assert.ok(
    capture.remarks.some((remark) => /event0 .* and 1980 more$/.test(remark)),
    capture.remarks.join('\n'),
  );
  assert.ok(capture.remarks.length <= 2);
  // The last of them tells, and it is of a CPU that cannot be.
  assert.deepEqual(capture.losses, []);
});

test('a field may be called as what every object has', () => {
  for (const name of ['constructor', '__proto__', 'toString']) {
    // Not as a key of a literal, which would set the prototype.
    const fields = Object.fromEntries([
      ['mode', 2],
      [name, 3],
    ]);
    const { events } = readChunked(perfetto, traceOf(bundle(0, event(1, 5, 327, generic('mm_migrate_pages', fields)))));
    assert.equal(events[0]?.fields.at(-1)?.name, name);
    assert.equal(events[0]?.values.at(-1), 3);
    assert.equal(events[0]?.form, 'catalogued');
  }
});
