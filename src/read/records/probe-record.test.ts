import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { balance } from '../../events/capture.ts';
import { parseKallsyms } from './symbols.ts';
import { type Declared, decodeAll, formatOf, little, RecordWriter, valuesOf, withSymbols } from './test-support.ts';

const entryFields: readonly Declared[] = [
  ['unsigned long __probe_ip', 8, 8],
  ['u64 folio', 16, 8],
  ['s32 ref', 24, 4, 1],
  ['__data_loc char[] name', 28, 4],
  ['u64 fn', 32, 8],
];
const entryPrint =
  '"(%lx) folio=0x%Lx ref=%d name=\\"%s\\" fn=%pS", REC->__probe_ip, REC->folio, REC->ref, __get_str(name), (void *)REC->fn';

function entry(ip: bigint, name: string): Uint8Array {
  const writer = new RecordWriter(20, 56).put(8, 8, ip).put(16, 8, 0xffff_fc00_0106_8000n).put(24, 4, -3);
  writer.put(28, 4, (name.length === 0 ? 0 : (name.length + 1) << 16) | 40).text(40, name);
  return writer.put(32, 8, 0xffff_8000_0830_0400n).bytes;
}

test('one probe on several functions is one kind for each, named by the symbols of the capture', () => {
  const format = formatOf('fs', 'my_probe', 20, entryFields, entryPrint);
  const records = [
    entry(0xffff_8000_0830_0200n, 'one'),
    entry(0xffff_8000_0830_0300n, 'two'),
    entry(0xffff_8000_0830_0200n, ''),
  ];
  const { events, capture } = decodeAll([format], records, withSymbols);
  assert.deepEqual(
    events.map((event) => [event.probe?.function, event.probe?.source, event.probe?.isReturn]),
    [
      ['folio_add_lru', 'line', false],
      ['__folio_batch_add_and_move', 'line', false],
      ['folio_add_lru', 'line', false],
    ],
  );
  const same = { folio: 0xffff_fc00_0106_8000n, ref: -3, fn: 'lru_add+0x0/0x100' };
  assert.deepEqual(valuesOf(events[0]), { ...same, name: 'one' });
  assert.deepEqual(valuesOf(events[1]), { ...same, name: 'two' });
  assert.deepEqual(valuesOf(events[2]), same); // Memory that could not be read: the kernel prints `(fault)`.
  assert.deepEqual(events[0]?.probe?.roles.slice(0, 2), ['folio', 'folio.refcount']);
  assert.equal(capture.kinds.length, 2);
  assert.equal(events[0]?.form, 'probe');
});

const returnFields: readonly Declared[] = [
  ['unsigned long __probe_func', 8, 8],
  ['unsigned long __probe_ret_ip', 16, 8],
  ['s32 ret', 24, 4, 1],
];

test('a return probe has its caller first: by name where there are symbols, else by address', () => {
  const format = formatOf(
    'fs',
    'folio_add_lru_ret',
    21,
    returnFields,
    '"(%lx <- %lx) ret=%d", REC->__probe_func, REC->__probe_ret_ip, REC->ret',
  );
  const bytes = new RecordWriter(21, 32)
    .put(8, 8, 0xffff_8000_0830_0200n)
    .put(16, 8, 0xffff_8000_0830_011cn)
    .put(24, 4, -11).bytes;
  const [named] = decodeAll([format], [bytes], withSymbols).events;
  assert.deepEqual(valuesOf(named), { __probe_ret_ip: 'do_work+0x1c/0x100', ret: -11 });
  assert.deepEqual([named?.probe?.function, named?.probe?.roles], ['folio_add_lru', ['caller', 'return']]);
  const [bare] = decodeAll([format], [bytes]).events;
  assert.deepEqual(valuesOf(bare), { __probe_ret_ip: 'ffff80000830011c', ret: -11 });
  assert.deepEqual([bare?.probe?.function, bare?.probe?.source], ['folio_add_lru', 'name']);
  const definitions = ['r:fs/folio_add_lru_ret lru_add ret=$retval:s32'];
  const [defined] = decodeAll([format], [bytes], little, definitions).events;
  assert.deepEqual([defined?.probe?.function, defined?.probe?.source], ['lru_add', 'definition']);
});

test('probes on more functions than any are kept by their fields', () => {
  const lines = Array.from({ length: 101 }, (_, i) => `${(0x1000 + i * 16).toString(16)} t f${i}`).join('\n');
  const format = formatOf('fs', 'everywhere', 20, entryFields, entryPrint);
  const records = Array.from({ length: 100 }, (_, i) => entry(BigInt(0x1000 + i * 16), 'x'));
  const { events, capture } = decodeAll([format], records, {
    ...little,
    symbols: parseKallsyms(new TextEncoder().encode(lines)),
  });
  assert.equal(capture.kinds.length, 65);
  assert.deepEqual([events[63]?.form, events[64]?.form, events[99]?.form], ['probe', 'generic', 'generic']);
  assert.equal(valuesOf(events[99])['folio'], 0xffff_fc00_0106_8000n);
});

test('bytes of all events add up', () => {
  const records = [entry(1n, 'a'), new RecordWriter(99, 16).bytes];
  const { capture } = decodeAll([formatOf('fs', 'p', 20, entryFields, entryPrint)], records);
  assert.ok(balance(capture.accounting));
  const { total, decoded, generic } = capture.accounting;
  assert.deepEqual([total, decoded, generic], [72, 56, 16]);
});
