import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { balance } from '../../events/capture.ts';
import type { Item } from '../ring-buffer/test-support.ts';
import { type BufferItems, read, told, traceDatOf, usualShape } from './test-support.ts';

const lru = (time: number, pfn: number): Item => ({
  what: 'event',
  time: BigInt(time),
  event: 'mm_lru_insertion',
  pid: 46,
  values: [pfn * 64, pfn, 1, 0x33],
});

const buffer = (name: string, clock: string, ...cpus: (readonly [cpu: number, ...times: number[]])[]): BufferItems => ({
  name,
  clock,
  cpus: cpus.map(([cpu, ...times]) => ({ cpu, items: times.map((time) => lru(time, time)) })),
});

const cmdlines = '46 kcompactd1\n';

for (const version of [6, 7] as const) {
  test(`version ${version}: events of instances are put in order with those of the top buffer, and said to be theirs`, async () => {
    const buffers = [
      buffer('', 'mono', [0, 10, 40, 70], [1, 20, 50]),
      buffer('migration', 'mono', [0, 30, 40], [1, 60]),
    ];
    const bytes = traceDatOf({ buffers, cmdlines }, { ...usualShape, version });
    const { capture, events } = await read(bytes);
    assert.deepEqual(
      events.map(({ time, cpu }) => [Number(time), cpu]),
      [
        [10, 0],
        [20, 1],
        [30, 0],
        // Of equal times the top buffer is first, as in trace-cmd report.
        [40, 0],
        [40, 0],
        [50, 1],
        [60, 1],
        [70, 0],
      ],
    );
    assert.ok(balance(capture.accounting));
    assert.equal(capture.accounting.total, bytes.length);
    assert.match(capture.remarks.join('\n'), /5 from the top buffer, 3 from buffer "migration"/);
  });

  test(`version ${version}: a buffer with another clock is left out, counted, and said to be`, async () => {
    const buffers = [buffer('', 'mono', [0, 10, 40]), buffer('boot', 'local', [0, 30])];
    const bytes = traceDatOf({ buffers, cmdlines }, { ...usualShape, version });
    const { capture, events } = await read(bytes);
    assert.deepEqual(
      events.map(({ time }) => Number(time)),
      [10, 40],
    );
    assert.equal(capture.accounting.total, bytes.length);
    assert.deepEqual(
      capture.accounting.skips.map(({ reason, count }) => [reason, count]),
      [['data of a buffer with another clock', 4096]],
    );
    assert.match(capture.remarks.join('\n'), /buffer "boot" has clock "local", the events read have "mono"/);
  });
}

test('the clock is that of the first buffer with data: a top buffer that recorded nothing has no say', async () => {
  const buffers = [buffer('', 'local', [0]), buffer('migration', 'mono', [0, 30, 40])];
  const { capture, events } = await read(traceDatOf({ buffers, cmdlines }, usualShape));
  assert.equal(events.length, 2);
  assert.equal(capture.clock.name?.value, 'mono');
  assert.equal(capture.accounting.skipped, 0);
});

test('pages of an instance may be larger than those of the top buffer', async () => {
  const times = Array.from({ length: 600 }, (_, i) => 100 + 16 * i);
  const usual = buffer('', 'mono', [0, 10]);
  const instance = { ...buffer('wide', 'mono', [0, ...times]), pageSize: 65536 };
  const bytes = traceDatOf({ buffers: [usual, instance], cmdlines }, usualShape);
  const { capture, events } = await read(bytes);
  assert.equal(events.length, 601);
  assert.equal(capture.accounting.skipped, 0);
  assert.equal(capture.accounting.total, bytes.length);
});

test('a counter is no clock of nanoseconds', async () => {
  const { capture } = await read(traceDatOf({ buffers: [buffer('', 'counter', [0, 1, 2])], cmdlines }, usualShape));
  assert.equal(capture.clock.unit, 'integer');
});

test('offsets and dates are added to every time, as trace-cmd report adds them', async () => {
  const buffers = [buffer('', 'mono', [0, 1000, 2000])];
  const plain = await read(traceDatOf({ buffers, cmdlines }, usualShape));
  const options = [
    [7, '-500\0'],
    [1, '0x10\0'], // microseconds
  ] as const;
  const moved = await read(traceDatOf({ buffers, cmdlines, options }, usualShape));
  assert.deepEqual(
    moved.events.map(({ time }) => time),
    plain.events.map(({ time }) => time - 500n + 16000n),
  );
  assert.match(moved.capture.remarks.join('\n'), /15500 ns were added/);
});

test('cycles become nanoseconds by the rate that the file gives', async () => {
  const buffers = [buffer('', 'x86-tsc', [0, 3000, 6000])];
  // A multiplier of 1 << 9 and a shift of 10 halve them; the offset behind is not used, as in trace-cmd report.
  const data = '\0\x02\0\0\x0a\0\0\0\x01\0\0\0\0\0\0\0';
  const { capture, events } = await read(traceDatOf({ buffers, cmdlines, options: [[14, data]] }, usualShape));
  assert.deepEqual(
    events.map(({ time }) => time),
    [1500n, 3000n],
  );
  assert.equal(capture.clock.unit, 'ns');
});

test('a guest’s times are put on the clock of its host, CPU by CPU', async () => {
  const buffers = [buffer('', 'mono', [0, 1000, 2000], [1, 1500])];
  const number = (value: number, size: number): string =>
    Array.from({ length: size }, (_, i) => String.fromCharCode(Math.floor(value / 256 ** i) % 256)).join('');
  // The peer, no flags, two CPUs; for each its samples: times, offsets, scalings; behind them all the bits of fraction.
  const one = (time: number, offset: number): string =>
    `${number(1, 4)}${number(time, 8)}${number(offset, 8)}${number(1, 8)}`;
  const data = `${number(7, 8)}${number(0, 4)}${number(2, 4)}${one(0, 100)}${one(0, 30)}${number(0, 8)}${number(0, 8)}`;
  const { capture, events } = await read(traceDatOf({ buffers, cmdlines, options: [[12, data]] }, usualShape));
  assert.deepEqual(
    events.map(({ time, cpu }) => [Number(time), cpu]),
    [
      [1100, 0],
      [1530, 1],
      [2100, 0],
    ],
  );
  assert.match(capture.remarks.join('\n'), /guest/);
});

test('times above 2^53 stay exact, and absolute times keep the bits that they do not hold', async () => {
  const base = 1_763_640_000_123_456_789n; // clock tai in 2026
  const items: Item[] = [0n, 7n, 1n << 30n].map((by) => ({ ...lru(0, 5), time: base + by }) as Item);
  items.push({ ...lru(0, 6), time: base + (1n << 30n) + 3n, isAbsolute: true } as Item);
  const { events } = await read(
    traceDatOf({ buffers: [{ name: '', clock: 'tai', cpus: [{ cpu: 0, items }] }], cmdlines }, usualShape),
  );
  assert.deepEqual(
    events.map(({ time }) => time),
    [base, base + 7n, base + (1n << 30n), base + (1n << 30n) + 3n],
  );
});

test('what the kernel counted as lost is a loss, unless the pages tell of it already', async () => {
  const stats = (cpu: number, overrun: number): readonly [number, string] => [
    2,
    `CPU: ${cpu}\nentries: 0\noverrun: ${overrun}\ncommit overrun: 0\nbytes: 0\ndropped events: 0\nread events: 3\n`,
  ];
  const told: BufferItems = {
    name: '',
    clock: 'mono',
    cpus: [
      { cpu: 0, items: [lru(10, 1)] },
      { cpu: 1, items: [lru(11, 1), { what: 'page', isLossy: true, count: 5 }, lru(20, 2)] },
    ],
  };
  const options = [stats(0, 7), stats(1, 5)];
  const { capture } = await read(traceDatOf({ buffers: [told], cmdlines, options }, usualShape));
  assert.deepEqual(
    capture.losses.map(({ cpu, count, how }) => [cpu, count, how]),
    [
      [1, 5, 'lost'],
      [0, 7, 'overwritten'],
    ],
  );
});

test('options that nobody knows are left out by their size, and named', async () => {
  const buffers = [buffer('', 'mono', [0, 10])];
  const { capture, events } = await read(
    traceDatOf({ buffers, cmdlines, options: [[77, 'anything at all']] }, usualShape),
  );
  assert.equal(events.length, 1);
  assert.match(capture.remarks.join('\n'), /options of a kind not known here were left out: 77/);
});

test('a kind of event is the same whichever buffer it came from', async () => {
  const one = await read(traceDatOf({ buffers: [buffer('', 'mono', [0, 10, 20])], cmdlines }, usualShape));
  const two = await read(
    traceDatOf({ buffers: [buffer('', 'mono', [0, 10]), buffer('x', 'mono', [0, 20])], cmdlines }, usualShape),
  );
  assert.deepEqual(two.events.map(told), one.events.map(told));
  assert.equal(two.capture.kinds.length, 1);
});
