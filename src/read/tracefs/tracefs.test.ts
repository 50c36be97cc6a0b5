/** Losses, damage, detection, and the same events however the input is cut. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { voteSize } from './layout.ts';
import { activate, fields, header, only, read, wholeLine } from './test-support.ts';
import { detectTracefs } from './tracefs.ts';

const encoder = new TextEncoder();

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

test('a line that is no event is skipped with its first place, and the rest is read', () => {
  const { capture, events } = read(
    `       fsl-mover-180     [000] d....     1.000000: ${activate}what is this\nand this\n`,
  );
  assert.equal(events.length, 1);
  assert.deepEqual(capture.accounting.skips, [
    { reason: 'the line is no event in this layout', count: 2, firstPlace: 'line 2', firstText: 'what is this' },
  ]);
});

test('a text cut anywhere in its last line: that line is never an event, even where it looks whole', () => {
  for (let length = 1; length <= wholeLine.length; length++) {
    const { capture, events } = read(`${wholeLine}\n${wholeLine.slice(0, length)}`);
    assert.equal(capture.accounting.total, 2, `${length}`);
    assert.equal(events.length, 1, `${length}`);
    const isBlank = wholeLine.slice(0, length).trim() === '';
    assert.equal(capture.accounting.skipped, isBlank ? 0 : 1, `${length}`);
    if (!isBlank)
      assert.match(capture.accounting.skips[0]!.reason, /no line end, so it may be cut; add one if it is whole/);
  }
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

test('any chunking of the input gives the same events, books and losses, before and behind the bytes that decide the layout', () => {
  const ending = `${`${wholeLine}\n`.repeat(30)}CPU:0 [LOST 3 EVENTS]\n        fsl-poke-800     [001] .....   135.682612: tracing_mark_write: first\nsecond\n       fsl-mover-180     [003] d....     7.893392: folio_add_lru: (folio_add_lru+0x0/0x110) folio=0x1 ref=2\nnonsense\n${wholeLine}`;
  for (const padding of [0, voteSize - 1500]) {
    const text = `${header}${'#\n'.repeat(padding / 2)}${ending}`;
    const whole = read(text);
    assert.equal(whole.events.length, 32);
    assert.equal(whole.capture.accounting.skipped, 2);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 20 }), (sizes) => {
        const cut = read(text, {}, sizes);
        assert.deepEqual(cut.events, whole.events);
        assert.deepEqual(cut.capture.accounting, whole.capture.accounting);
        assert.deepEqual(cut.capture.losses, whole.capture.losses);
      }),
      { numRuns: 40 },
    );
  }
});

test('more than one batch: every event keeps its place and its text', () => {
  const count = 70_000;
  let text = '';
  for (let i = 0; i < count; i++) {
    const time = `${1 + Math.floor(i / 1e6)}.${String(i % 1e6).padStart(6, '0')}`;
    text += `       fsl-mover-180     [00${i % 4}] d....     ${time}: ${i % 7 === 0 ? `odd_one: number ${i}` : `mm_lru_activate: folio=1 pfn=0x${i.toString(16)}`}\n`;
  }
  const { events } = read(text, {}, [65_536, 1000, 7]);
  assert.equal(events.length, count);
  for (let i = 0; i < count; i++) {
    const event = events[i]!;
    assert.equal(event.time, 1_000_000_000n + BigInt(i) * 1000n);
    assert.equal(i % 7 === 0 ? event.values[0] : event.values[1], i % 7 === 0 ? `number ${i}` : i);
  }
});

test('a name with endless functions, and endless names, stay bounded', () => {
  let text = '';
  for (let i = 0; i < 300; i++)
    text += `       fsl-mover-180     [000] d....     1.000000: p: (f${i}+0x0/0x10) a=${i}\n`;
  for (let i = 0; i < 9000; i++) text += `       fsl-mover-180     [000] d....     1.000000: name_${i}: text\n`;
  const { capture, events } = read(text);
  assert.equal(events.length, 9300);
  assert.ok(capture.kinds.length < 8400, `${capture.kinds.length}`);
  assert.equal(events.at(-1)?.values[0], 'name_8999: text');
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

test('a CPU that cannot be costs its line, and those that resemble it', () => {
  const line = `            late-77      [4294967298] .....     1.000000: ${activate}`;
  const { capture, events } = read(line + line + line);
  assert.equal(events.length, 0);
  assert.equal(capture.accounting.skipped, 3);
});
