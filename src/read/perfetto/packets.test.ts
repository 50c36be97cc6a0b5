import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { ProtoWriter } from '../../../scripts/proto-writer.ts';
import { detectFormat } from '../detect.ts';
import { formats } from '../formats.ts';
import { all, bundle, event, type Fill, insertion, read, traceOf } from './test-support.ts';

test('another clock is named, a change of clocks is said, nothing is converted', () => {
  const clocked = (clock: number, time: number): Fill =>
    bundle(
      0,
      all((inner) => inner.varint(5, clock), event(time, 1, 327, insertion)),
    );
  const { capture, events } = read(traceOf(clocked(3, 10), clocked(2, 20)));
  assert.equal(capture.clock.name?.value, 'local');
  assert.deepEqual(
    events.map(({ time }) => time),
    [10n, 20n],
  );
  assert.match(capture.remarks.join(), /in the clock global/);
});

test('losses: counts from the statistics, bundles that are missing, a buffer that went round', () => {
  const stats =
    (phase: number, overrun: number): Fill =>
    (packet) => {
      packet.message(34, (one) => one.varint(1, phase).message(2, (cpu) => cpu.varint(1, 2).varint(3, overrun)));
    };
  const after = (time: number, previous: number): Fill =>
    bundle(
      2,
      all((inner) => inner.varint(10, previous), event(time, 1, 327, insertion)),
    );
  const { capture } = read(traceOf(stats(1, 5), after(1000, 900), after(2000, 1000), after(4000, 3000), stats(2, 12)));
  assert.deepEqual(
    capture.losses.map(({ cpu, how, count, end }) => [cpu, how, count, end]),
    [
      [2, 'buffer started', Number.NaN, 0],
      [2, 'dropped', Number.NaN, 3000],
      [2, 'overwritten', 7, Number.NaN],
    ],
  );
});

test('packed packets are read as what is in them; damaged or nested ones are skipped with the reason', () => {
  const inner = traceOf(bundle(0, event(1, 5, 327, insertion)));
  const packed =
    (bytes: Uint8Array): Fill =>
    (packet) => {
      packet.raw(50, bytes);
    };
  const good = read(traceOf(packed(deflateSync(inner))));
  assert.equal(good.events.length, 1);
  assert.equal(good.capture.accounting.total, 1);
  const bad = deflateSync(inner, { level: 0 });
  bad[30] = bad[30]! ^ 1;
  const nested = deflateSync(traceOf(packed(deflateSync(inner))));
  const bomb = deflateSync(new Uint8Array(80 << 20));
  const followed = Buffer.concat([deflateSync(inner), new Uint8Array(200_000)]);
  const { capture, events } = read(
    traceOf(packed(bad), packed(nested), packed(bomb), packed(followed), packed(deflateSync(inner))),
  );
  assert.equal(events.length, 1);
  assert.deepEqual(
    capture.accounting.skips.map(({ reason }) => reason),
    [
      'packed packets (zlib) whose checksum does not fit',
      'packed packets inside packed ones',
      'packed packets (zlib) of more than 64 MiB',
      'packed packets (zlib) that are damaged',
    ],
  );
});

test('packets packed with zstd too, held against the checksum of their frame', () => {
  const inner = traceOf(bundle(0, event(1, 5, 327, insertion)));
  // RFC 8878: a frame of one block that is stored, with its size in one byte.
  const block = (1 | (inner.length << 3)) >>> 0;
  const frame = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, inner.length, block & 255, block >> 8, 0, ...inner);
  const zstd =
    (bytes: Uint8Array): Fill =>
    (packet) => {
      packet.raw(133, bytes);
    };
  assert.equal(read(traceOf(zstd(frame))).events.length, 1);
  const summed = Uint8Array.of(...frame, 1, 2, 3, 4);
  summed[4] = 0x24;
  const { capture, events } = read(traceOf(zstd(summed), zstd(frame.subarray(0, 20)), zstd(Uint8Array.of(1, 2, 3))));
  assert.equal(events.length, 0);
  assert.deepEqual(
    capture.accounting.skips.map(({ reason, count }) => [reason, count]),
    [['packed packets (zstd) that are damaged', 3]],
  );
});

test('damage between packets costs what it covers, and reading goes on', () => {
  const first = traceOf(bundle(0, event(1, 5, 327, insertion)));
  const second = traceOf(bundle(0, event(2, 5, 327, insertion)), bundle(0, event(3, 5, 327, insertion)));
  const damaged = new Uint8Array([...first, 0xff, 0xff, 0x0a, 0x99, 0x12, ...second]);
  const { capture, events } = read(damaged);
  assert.deepEqual(
    events.map(({ time }) => time),
    [1n, 2n, 3n],
  );
  assert.deepEqual(
    capture.accounting.skips.map(({ reason, count }) => [reason, count]),
    [['bytes that are no packet', 1]],
  );
  // A length that lies: the packet claims the two behind it and more.
  const lying = new Uint8Array([0x0a, 0xff, 0xff, 0x03, ...first.subarray(2), ...second]);
  const found = read(lying);
  assert.deepEqual(
    found.events.map(({ time }) => time),
    [2n, 3n],
  );
  assert.equal(found.capture.accounting.skipped, 1);
});

test('packed packets are places to go on from, too', () => {
  const inner = traceOf(bundle(0, event(1, 5, 327, insertion)));
  // As the service writes them: nothing stands beside what is packed.
  const packed = new ProtoWriter().message(1, (packet) => packet.raw(50, deflateSync(inner))).bytes;
  const { capture, events } = read(Uint8Array.of(...packed, 0x0a, 0x7f, 1, 2, 3, ...packed, ...packed));
  assert.equal(events.length, 3);
  assert.equal(capture.accounting.skipped, 1);
  const cutUp = Uint8Array.of(...packed, ...packed, 0x0a, 0x7f, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13);
  assert.equal(detectFormat(cutUp, formats)?.format.id, 'perfetto');
});

test('damage in an event costs that event', () => {
  const { capture, events } = read(
    traceOf(
      bundle(
        0,
        all(
          event(1, 5, 327, insertion),
          (inner) => inner.raw(2, Uint8Array.of(0x08, 0x02, 0x10, 0x05, 0xfa)),
          (inner) => inner.message(2, (one) => one.varint(2, 5).message(327, insertion)),
          (inner) => inner.message(2, (one) => one.varint(1, 2).varint(2, 5)),
          event(3, 5, 327, insertion),
        ),
      ),
      bundle(0, (inner) => inner.raw(15, Uint8Array.of(1, 2)).append(Uint8Array.of(0x12, 0x7f, 1))),
      (packet) => packet.message(1, event(4, 5, 327, insertion)),
    ),
  );
  assert.deepEqual(
    events.map(({ time }) => time),
    [1n, 3n],
  );
  assert.deepEqual(capture.accounting.skips.map(({ reason }) => reason).sort(), [
    'a bundle of no CPU, or of one that cannot be',
    'an ftrace event that is no message',
    'an ftrace event without a time',
    'an ftrace event without content',
    'the rest of a damaged bundle',
  ]);
});

test('a trace is recognised by its packets, and nothing else is taken for one', () => {
  const packets = traceOf(bundle(0, event(1, 5, 327, insertion)), bundle(0, event(2, 5, 327, insertion)));
  assert.equal(detectFormat(packets, formats)?.format.id, 'perfetto');
  const noisy = Uint8Array.of(...new TextEncoder().encode('adb: noise\n'), 0x0a, 0x7f, 1, ...packets, ...packets);
  assert.equal(detectFormat(noisy, formats)?.format.id, 'perfetto');
  assert.equal(read(noisy).events.length, 4);
  const encoder = new TextEncoder();
  for (const other of ['\n', '\n\n\n', '\nHello there, this is a text.\n', '\n# tracer: nop\n#\n']) {
    assert.notEqual(detectFormat(encoder.encode(other), formats)?.format.id, 'perfetto', JSON.stringify(other));
  }
  assert.notEqual(detectFormat(Uint8Array.of(0x0a, 0x0d, 0x0d, 0x0a, 1, 2, 3, 4), formats)?.format.id, 'perfetto');
});
