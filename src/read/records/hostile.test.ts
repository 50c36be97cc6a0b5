import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { balance } from '../../events/capture.ts';
import { tracePath } from '../../test-support.ts';
import { type EventFormat, parseEventFormat } from './event-format.ts';
import { parseKallsyms } from './symbols.ts';
import { cpuTime, type Declared, decodeAll, formatText } from './test-support.ts';

const symbols = parseKallsyms(
  new TextEncoder().encode('0000000000000000 t zero\n00000000 t a\n10 t b\n7fffffff t c\nffffffffffffff00 t d\n'),
);
const printkFormats = new Map([
  ['0', '%d %s %p %*d %n %5000x'],
  ['1', '%s%s%s%c%ps'],
]);

/** Whatever the description and the bytes are: one event a record, all bytes in the books, and nothing is thrown. */
function decodesAll(formats: readonly EventFormat[], records: readonly Uint8Array[]): void {
  for (const options of [
    { isLittleEndian: true, longSize: 8 } as const,
    { isLittleEndian: false, longSize: 4, symbols, printkFormats } as const,
  ]) {
    const { events, capture } = decodeAll(formats, records, options);
    assert.equal(events.length, records.length);
    assert.ok(balance(capture.accounting));
    const total = records.reduce((sum, record) => sum + record.length, 0);
    assert.equal(capture.accounting.total, total);
    for (const event of events) {
      assert.equal(event.values.length, event.fields.length);
      const text = event.values.reduce<number>((sum, value) => sum + (typeof value === 'string' ? value.length : 0), 0);
      // Texts that the kernel's constants and symbols give are not counted: they are short and kept once.
      assert.ok(text <= 4 * 400 + 8192, `${text} characters`);
    }
  }
}

const declaration = fc.constantFrom(
  'int a',
  'u64 a',
  'unsigned long b',
  'char c[8]',
  'char c[]',
  '__data_loc char[] d',
  '__rel_loc char[] d',
  'unsigned long __probe_ip',
  'unsigned long __probe_func',
  'unsigned long __probe_ret_ip',
  '__data_loc cpumask_t e',
  '__data_loc unsigned long[] f',
  'u8 g[4]',
  'struct s h',
  'void * i',
  'int list[3]',
  'int list[1000000]',
  'unsigned long ip',
  'char buf[]',
  'const char * str',
  'const char * fmt',
  'unsigned short common_type',
  'int common_pid',
  'int common_pid[9]',
  '',
  '[',
  'a b c d',
  'int a\u001b[31m',
);
const size = fc.oneof(fc.constantFrom(0, 1, 2, 3, 4, 8, 16), fc.nat(2 ** 28));
const offset = fc.oneof(fc.nat(64), fc.nat(2 ** 28));
const field: fc.Arbitrary<Declared> = fc.tuple(declaration, offset, size, fc.constantFrom(0, 1));
const print = fc.array(
  fc.constantFrom(
    '"',
    '"a=%d b=%lx c=%s',
    '"(%lx) a=0x%Lx d=\\"%s\\""',
    ', REC->a',
    ', REC->b',
    ', REC->c',
    ', __get_str(d)',
    ', __get_bitmask(f)',
    ', REC->list[REC->a]',
    ', __print_symbolic(REC->a, {1, "x"}, {REC->b, "y"})',
    ', __print_flags(REC->b, "|", {0, "n"}, {1UL << REC->a, "z"})',
    ', 1 / REC->a',
    ', 1 << REC->a',
    ', __print_array(__get_dynamic_array(f), __get_dynamic_array_len(f) / 8, 8)',
    ', (',
    ')',
    '?',
    ':',
    ', __print_hex(REC->g, 4)',
    '%*s',
    '%.3s',
    '%-4000s',
    '%5000d',
    '%',
    '\\',
    ', "x" "y"',
    ', REC->h',
    ', ((struct page *)REC->i + 1)',
    '\u0000',
    '%pS',
    '%pI4',
    ', ~REC->a % REC->b',
  ),
  { maxLength: 12 },
);
const record = fc.oneof(
  fc.uint8Array({ maxLength: 80 }),
  fc.uint8Array({ maxLength: 400, minLength: 8 }).map((bytes) => {
    bytes[0] = bytes[1] = 7;
    return bytes;
  }),
);
const name = fc.constantFrom(
  'e',
  'print',
  'bprint',
  'bputs',
  'function',
  'mm_migrate_pages',
  'mm_lru_insertion',
  'cma_release',
  'sched_switch',
);
const system = fc.constantFrom('s', 'ftrace', 'migrate', 'pagemap', 'cma', 'sched');

test('any description and any bytes: one event a record, nothing thrown', () => {
  const described = fc.record({ name, system, fields: fc.array(field, { maxLength: 140 }), print });
  fc.assert(
    fc.property(fc.array(described, { maxLength: 3 }), fc.array(record, { maxLength: 6 }), (descriptions, records) => {
      const formats = descriptions.flatMap((one, i) => {
        const text = formatText(one.name, i === 0 ? 0x0707 : i, one.fields, one.print.join(''));
        return parseEventFormat(text, one.system) ?? [];
      });
      decodesAll(formats, records);
    }),
    { numRuns: 400 },
  );
});

test('real descriptions with damage in them', () => {
  const texts = [
    'debian-7.2-4k/pagemap/mm_lru_insertion',
    'debian-5.10-4k/migrate/mm_migrate_pages',
    'debian-6.12-4k/cma/cma_alloc_finish',
    'debian-6.12-4k/compaction/mm_compaction_deferred',
    'debian-6.1-4k/huge_memory/mm_khugepaged_scan_file',
  ].map((path) => ({
    text: readFileSync(tracePath('formats', `${path}.format`), 'utf8'),
    system: path.split('/')[1] ?? '',
  }));
  const cut = fc.record({ at: fc.nat(4000), length: fc.nat(30), extra: fc.string({ maxLength: 6 }) });
  fc.assert(
    fc.property(
      fc.constantFrom(...texts),
      fc.array(cut, { maxLength: 4 }),
      fc.array(record, { maxLength: 4 }),
      (one, cuts, records) => {
        let text = one.text.replace(/^ID: \d+$/m, `ID: ${0x0707}`);
        for (const { at, length, extra } of cuts) {
          const from = at % text.length;
          text = text.slice(0, from) + extra + text.slice(from + length);
        }
        const format = parseEventFormat(text, one.system);
        decodesAll(format ? [format] : [], records);
      },
    ),
    { numRuns: 600 },
  );
});

test('a description whose every field is the whole record does not make its text a hundred times as long', () => {
  const fields: readonly Declared[] = Array.from({ length: 120 }, (_, i) => [`struct s f${i}`, 0, 300] as const);
  const format = parseEventFormat(formatText('e', 0x0707, fields, '"x"'), 's');
  assert.ok(format);
  const { events, capture } = decodeAll([format], [new Uint8Array(300).fill(7)]);
  const text = events[0]?.values.reduce<number>((sum, value) => sum + String(value ?? '').length, 0) ?? 0;
  assert.ok(text <= 4 * 300 + 256, `${text} characters`);
  assert.equal(capture.accounting.oddities.length, 1);
});

test('descriptions made to take long do not', () => {
  const repeated: Declared[] = Array.from({ length: 500 }, (_, i) => ['u64 a', 16 + i * 8, 8] as const);
  const slow = [
    formatText('p', 0x0707, [['unsigned long __probe_ip', 8, 8], ...repeated], `"(%lx)${' a='.repeat(660)}", REC->a`),
    formatText('mm_migrate_pages', 0x0707, repeated, `"${' mode= reason='.repeat(140)}%s", REC->a`),
    formatText('e', 0x0707, repeated, `"${'%lx '.repeat(20_000)}"${', REC->a'.repeat(20_000)}`),
    formatText('mm_migrate_pages', 0x0707, repeated, `"%d", ${'__get_str(('.repeat(3000)}`),
    formatText(
      'mm_migrate_pages',
      0x0707,
      repeated,
      `"%d", __print_flags(REC->a, "", ${'{1, "x"}, '.repeat(20_000)}{1, "y"})`,
    ),
  ];
  for (const text of slow) {
    const format = parseEventFormat(text, text.startsWith('name: mm') ? 'migrate' : 's');
    assert.ok(format);
    const time = cpuTime(() => decodesAll([format], [new Uint8Array(64).fill(7)]));
    assert.ok(time < 2000, `${text.slice(0, 40)}: ${time} ms`);
  }
});

test('names of a capture do not reach the notes as they are', () => {
  const format = parseEventFormat(formatText('e\u001b[31m', 0x0707, [['int a', 100, 4, 1]], '"x"'), 's\u0007');
  assert.ok(format);
  const { capture } = decodeAll([format], [new Uint8Array(8).fill(7)]);
  assert.match(capture.accounting.oddities[0]?.reason ?? '', /^record of s\.:e\.\[31m does not hold/);
});
