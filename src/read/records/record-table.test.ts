import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { contextFlags } from '../../events/batch.ts';
import { balance, newCapture } from '../../events/capture.ts';
import { BatchBuilder } from '../builder.ts';
import { RecordTable } from './record-table.ts';
import { type Declared, decodeAll, formatOf, little, RecordWriter, valuesOf, withSymbols } from './test-support.ts';

test('numbers of every width and sign, in both byte orders', () => {
  const fields: readonly Declared[] = [
    ['u8 a', 8, 1],
    ['signed char b', 9, 1, 1],
    ['unsigned short c', 10, 2],
    ['s16 d', 12, 2, 1],
    ['bool e', 14, 1],
    ['u32 f', 16, 4],
    ['int g', 20, 4, 1],
    ['unsigned long h', 24, 8],
    ['s64 i', 32, 8, 1],
    ['enum x j', 40, 4],
    ['struct mm_struct * k', 48, 8],
  ];
  for (const isLittleEndian of [true, false]) {
    const bytes = new RecordWriter(9, 56, isLittleEndian)
      .put(8, 1, 250)
      .put(9, 1, -6)
      .put(10, 2, 65000)
      .put(12, 2, -3)
      .put(14, 1, 1)
      .put(16, 4, 4_000_000_000)
      .put(20, 4, -2)
      .put(24, 8, 0xffff_8000_0102_0304n)
      .put(32, 8, -7n)
      .put(40, 4, 3)
      .put(48, 8, 0xffff_0000_0000_0010n).bytes;
    const format = formatOf('vendor', 'all', 9, fields, '"h=%lx", REC->h');
    const { events } = decodeAll([format], [bytes], { isLittleEndian, longSize: 8 });
    assert.deepEqual(valuesOf(events[0]), {
      a: 250,
      b: -6,
      c: 65000,
      d: -3,
      e: 1,
      f: 4_000_000_000,
      g: -2,
      h: 0xffff_8000_0102_0304n,
      i: -7,
      j: 3,
      k: 0xffff_0000_0000_0010n,
    });
    assert.deepEqual([events[0]?.pid, events[0]?.flags, events[0]?.form], [77, contextFlags.irqsOff, 'generic']);
    const hex = events[0]?.fields.filter((field) => field.print === 'hex').map((field) => field.name);
    assert.deepEqual(hex, ['h', 'k']);
  }
});

test('longs and pointers of a 32-bit kernel', () => {
  const fields: readonly Declared[] = [
    ['unsigned long pfn', 8, 4],
    ['struct page * page', 12, 4],
    ['unsigned long list[2]', 16, 8],
    ['__data_loc unsigned long[] mask', 24, 4],
  ];
  const format = formatOf('vendor', 'narrow', 9, fields, '"pfn=%lu %s", REC->pfn, __get_bitmask(mask)');
  const bytes = new RecordWriter(9, 36)
    .put(8, 4, 0xfffffff0)
    .put(12, 4, 0xc0001000)
    .put(16, 4, 1)
    .put(20, 4, 2)
    .put(24, 4, (8 << 16) | 28)
    .put(28, 4, 0xf)
    .put(32, 4, 1).bytes;
  const { events } = decodeAll([format], [bytes], { isLittleEndian: true, longSize: 4 });
  assert.deepEqual(valuesOf(events[0]), {
    pfn: 0xfffffff0,
    page: 0xc0001000n,
    list: '{0x1,0x2}',
    mask: '00000001,0000000f',
  });
});

test('text in place and behind locations, arrays, masks, bytes of structures', () => {
  const fields: readonly Declared[] = [
    ['char comm[8]', 8, 8],
    ['__data_loc char[] name', 16, 4],
    ['__rel_loc char[] why', 20, 4],
    ['__data_loc cpumask_t cpus', 24, 4],
    ['__data_loc int[] numbers', 28, 4, 1],
    ['u8 mac[4]', 32, 4],
    ['struct pair two', 36, 6],
    ['int signed_list[2]', 44, 8, 1],
  ];
  const writer = new RecordWriter(9, 96).text(8, 'kworker').text(52, 'cma one\0').text(60, 'because');
  writer.put(16, 4, (8 << 16) | 52);
  writer.put(20, 4, (7 << 16) | (60 - 24)); // from behind the field
  writer
    .put(24, 4, (16 << 16) | 72)
    .put(72, 8, 0x8000_0000_0000_000fn)
    .put(80, 8, 1);
  writer
    .put(28, 4, (8 << 16) | 88)
    .put(88, 4, -1)
    .put(92, 4, 5);
  writer.put(32, 4, 0x04030201).put(36, 4, 0xddccbbaa).put(40, 2, 0xffee).put(44, 4, -9).put(48, 4, 9);
  const { events, capture } = decodeAll([formatOf('vendor', 'texts', 9, fields, '"x"')], [writer.bytes]);
  assert.deepEqual(valuesOf(events[0]), {
    comm: 'kworker',
    name: 'cma one',
    why: 'because',
    cpus: '00000000,00000001,80000000,0000000f',
    numbers: '{-1,5}',
    mac: '01020304',
    two: 'aabbccddeeff',
    signed_list: '{-9,9}',
  });
  assert.equal(capture.accounting.oddities.length, 0);
});

test('what lies behind the end of the record is not recorded, and counted once for the kind', () => {
  const fields: readonly Declared[] = [
    ['int a', 8, 4, 1],
    ['unsigned long b', 16, 8],
    ['__data_loc char[] c', 12, 4],
  ];
  const format = formatOf('vendor', 'short', 9, fields, '"x"');
  const lying = new RecordWriter(9, 24)
    .put(8, 4, 5)
    .put(12, 4, (400 << 16) | 20)
    .put(16, 8, 6n).bytes;
  const cut = new RecordWriter(9, 14).put(8, 4, 7).bytes;
  const { events, capture } = decodeAll([format], [lying, cut, new Uint8Array(3), new Uint8Array(0)]);
  assert.deepEqual(valuesOf(events[0]), { a: 5, b: 6n });
  assert.deepEqual(valuesOf(events[1]), { a: 7 });
  assert.deepEqual(
    events.map((event) => event.name),
    ['short', 'short', 'type_0', 'types'],
  );
  assert.deepEqual(
    capture.accounting.oddities.map((note) => [note.count, note.firstPlace]),
    [[2, 'byte 0']],
  );
  assert.ok(balance(capture.accounting));
});

test('a record that nothing describes keeps its bytes; every id has its kind, up to a number', () => {
  const records = [new RecordWriter(512, 12).put(8, 4, 0x04030201).bytes, new RecordWriter(513, 8).bytes];
  const { events, capture } = decodeAll([], records);
  assert.deepEqual(
    events.map((event) => `${event.system}:${event.name}`),
    ['unknown:type_512', 'unknown:type_513'],
  );
  assert.deepEqual(valuesOf(events[0]), { bytes: '000201004d00000001020304' });
  assert.equal(capture.accounting.generic, 20);
  const many = Array.from({ length: 1000 }, (_, id) => new RecordWriter(id, 8).bytes);
  assert.equal(decodeAll([], many).capture.kinds.length, 257);
});

test('flags of the context; a record too short has none', () => {
  const table = new RecordTable(new BatchBuilder(newCapture('t', 't', 'bytes')), little);
  const record = (flags: number): Uint8Array => new RecordWriter(1, 8).put(2, 1, flags).bytes;
  const of = (flags: number): number => table.flagsOf(record(flags), 0, 8);
  assert.equal(of(0x01), contextFlags.irqsOff);
  for (const resched of [0x02, 0x04, 0x20, 0x26]) assert.equal(of(resched), contextFlags.needResched);
  assert.equal(of(0x08 | 0x10), contextFlags.hardirq | contextFlags.softirq);
  assert.equal(of(0x40), contextFlags.nmi);
  assert.equal(of(0x80 | 0x01), contextFlags.bhOff | contextFlags.irqsOff);
  const short = new Uint8Array(2);
  assert.deepEqual([table.typeOf(short, 0, 1), table.pidOf(short, 0, 2), table.flagsOf(short, 0, 2)], [-1, -1, 0]);
});

test('common fields are where the capture says that they are', () => {
  const format = formatOf('vendor', 'moved', 9, [['int a', 16, 4, 1]], '"x"');
  const moved = {
    ...format,
    common: format.common.map((field) => ({ ...field, offset: field.offset + 8 })),
  };
  const bytes = new Uint8Array(20);
  const view = new DataView(bytes.buffer);
  view.setUint16(8, 9, true);
  view.setInt32(12, 55, true);
  view.setInt32(16, -4, true);
  const { events } = decodeAll([moved], [bytes]);
  assert.deepEqual([events[0]?.name, events[0]?.pid, valuesOf(events[0])], ['moved', 55, { a: -4 }]);
});

test('one damaged description does not move the common fields of all', () => {
  const damaged = formatOf('vendor', 'damaged', 8, [['int a', 8, 4, 1]], '"x"');
  const formats = [
    { ...damaged, common: damaged.common.map((field) => ({ ...field, offset: field.offset + 1 })) },
    ...[9, 10].map((id) => formatOf('vendor', `whole_${id}`, id, [['int a', 8, 4, 1]], '"x"')),
  ];
  const { events } = decodeAll(formats, [new RecordWriter(9, 12).put(8, 4, -4).bytes]);
  assert.deepEqual([events[0]?.name, valuesOf(events[0])], ['whole_9', { a: -4 }]);
});

const pageAlloc: readonly Declared[] = [
  ['unsigned long pfn', 8, 8],
  ['unsigned int order', 16, 4],
  ['unsigned long gfp_flags', 24, 8],
  ['int migratetype', 32, 4, 1],
];

test('the page of a page frame is computed by the kernel from its memory layout: not recorded, unless there is none', () => {
  const page = '((struct page *)(-((((1UL))) << 43)) - (memstart_addr >> 12)) + (REC->pfn)';
  const print = `"page=%p pfn=0x%lx order=%d migratetype=%d gfp_flags=%s", REC->pfn != -1UL ? (${page}) : ((void *)0), REC->pfn != -1UL ? REC->pfn : 0, REC->order, REC->migratetype, (REC->gfp_flags) ? __print_flags(REC->gfp_flags, "|", {(unsigned long)((((( gfp_t)(0x400u|0x800u)) | (( gfp_t)0x40u) | (( gfp_t)0x80u) | (( gfp_t)0x100000u)) | (( gfp_t)0x02u)) | (( gfp_t)0x08u)), "GFP_HIGHUSER_MOVABLE"}, {(unsigned long)(( gfp_t)0x100u), "__GFP_ZERO"}) : "none"`;
  const format = formatOf('kmem', 'mm_page_alloc', 9, pageAlloc, print);
  const record = (pfn: bigint, gfp: number): Uint8Array =>
    new RecordWriter(9, 40).put(8, 8, pfn).put(16, 4, 2).put(24, 8, gfp).put(32, 4, 1).bytes;
  const { events } = decodeAll([format], [record(0x81e58n, 0x100cca), record(-1n, 0), record(1n, 0x100dca)]);
  const common = { order: 2, migratetype: 1 };
  assert.deepEqual(valuesOf(events[0]), { ...common, pfn: 0x81e58, gfp_flags: 'GFP_HIGHUSER_MOVABLE' });
  assert.deepEqual(valuesOf(events[1]), { ...common, page: 0n, pfn: 0, gfp_flags: 'none' });
  assert.deepEqual(valuesOf(events[2]), { ...common, pfn: 1, gfp_flags: 'GFP_HIGHUSER_MOVABLE|__GFP_ZERO' });
  assert.equal(events[0]?.form, 'catalogued');
});

test('markers are named after the function that wrote them, as in text; without symbols they are prints', () => {
  const format = formatOf(
    'ftrace',
    'print',
    5,
    [
      ['unsigned long ip', 8, 8],
      ['char buf[]', 16, 0],
    ],
    '"%ps: %s", (void *)REC->ip, REC->buf',
  );
  const bytes = new RecordWriter(5, 32).put(8, 8, 0xffff_8000_0830_0010n).text(16, 'B|734|work\n').bytes;
  const [named] = decodeAll([format], [bytes], withSymbols).events;
  assert.deepEqual(
    [named?.name, named?.form, valuesOf(named)],
    ['tracing_mark_write', 'generic', { text: 'B|734|work' }],
  );
  const [plain] = decodeAll([format], [bytes]).events;
  assert.deepEqual([plain?.name, valuesOf(plain)], ['print', { text: 'B|734|work', ip: 0xffff_8000_0830_0010n }]);
});

test('trace_printk() is put together from its format and its packed arguments', () => {
  const format = formatOf(
    'ftrace',
    'bprint',
    6,
    [
      ['unsigned long ip', 8, 8],
      ['const char * fmt', 16, 8],
      ['u32 buf[]', 24, 0],
    ],
    '"%ps: %s", (void *)REC->ip, REC->fmt',
  );
  const printkFormats = new Map([['ffff800009000000', 'n=%d %s at %ps %#llx %c|%-5u|%03x\n']]);
  const writer = new RecordWriter(6, 64).put(8, 8, 0xffff_8000_0830_0104n).put(16, 8, 0xffff_8000_0900_0000n);
  writer.put(24, 4, -5).text(28, 'abc\0').put(32, 8, 0xffff_8000_0830_0208n).put(40, 8, 0x1_0000_0002n);
  writer.text(48, 'Z').put(52, 4, 42).put(56, 4, 0xf);
  const [event] = decodeAll([format], [writer.bytes], { ...withSymbols, printkFormats }).events;
  assert.deepEqual(
    [event?.name, valuesOf(event)],
    ['do_work', { text: 'n=-5 abc at folio_add_lru 0x100000002 Z|42   |00f' }],
  );
  const [without] = decodeAll([format], [writer.bytes], withSymbols).events;
  assert.equal(without?.name, 'bprint');
  assert.equal(valuesOf(without)['fmt'], 0xffff_8000_0900_0000n);
});

test('entries of the function tracer are the row that their text is', () => {
  const format = formatOf(
    'ftrace',
    'function',
    1,
    [
      ['unsigned long ip', 8, 8],
      ['unsigned long parent_ip', 16, 8],
    ],
    '" %ps <-- %ps", (void *)REC->ip, (void *)REC->parent_ip',
  );
  const bytes = new RecordWriter(1, 24).put(8, 8, 0xffff_8000_0830_0200n).put(16, 8, 0xffff_8000_0830_0104n).bytes;
  const [event] = decodeAll([format], [bytes], withSymbols).events;
  assert.deepEqual([event?.form, valuesOf(event)], ['catalogued', { ip: 'folio_add_lru', parent_ip: 'do_work' }]);
});

test('stacks belong to the event before them', () => {
  const table = new RecordTable(new BatchBuilder(newCapture('t', 't', 'bytes')), little);
  table.add(
    formatOf(
      'ftrace',
      'kernel_stack',
      4,
      [
        ['int size', 8, 4, 1],
        ['unsigned long caller[8]', 16, 64],
      ],
      '"x"',
    ),
  );
  table.add(formatOf('vendor', 'user_stack', 5, [['int size', 8, 4, 1]], '"x"'));
  assert.deepEqual([table.isAside(4), table.isAside(5), table.isAside(6)], [true, false, false]);
});
