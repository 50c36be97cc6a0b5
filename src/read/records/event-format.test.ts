import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { tracePath } from '../../test-support.ts';
import { parseEventFormat } from './event-format.ts';
import { cpuTime, formatText } from './test-support.ts';

test('a description gives name, id, common fields, fields and print format', () => {
  const text = formatText(
    'mm_lru_activate',
    443,
    [
      ['struct folio * folio', 8, 8],
      ['unsigned long pfn', 16, 8],
    ],
    '"x %p", REC->folio',
  );
  const format = parseEventFormat(text, 'pagemap');
  assert.ok(format);
  assert.deepEqual([format.system, format.name, format.id], ['pagemap', 'mm_lru_activate', 443]);
  assert.deepEqual(
    format.common.map((field) => `${field.name}@${field.offset}:${field.size}`),
    ['common_type@0:2', 'common_flags@2:1', 'common_preempt_count@3:1', 'common_pid@4:4'],
  );
  assert.deepEqual(
    format.fields.map((field) => [field.name, field.type, field.isPointer]),
    [
      ['folio', 'struct folio *', true],
      ['pfn', 'unsigned long', false],
    ],
  );
  assert.equal(format.print, '"x %p", REC->folio');
});

test('declarations of every form are told apart', () => {
  const cases: readonly (readonly [string, string, string, string, number, boolean])[] = [
    // declaration, name, element, location, elements, is an array
    ['int x', 'x', 'int', 'inline', 0, false],
    ['unsigned long long x', 'x', 'unsigned long long', 'inline', 0, false],
    ['const char * filename', 'filename', 'char *', 'inline', 0, false],
    ['const char *filename', 'filename', 'char *', 'inline', 0, false],
    ['char comm[16]', 'comm', 'char', 'inline', 16, true],
    ['char comm[TASK_COMM_LEN]', 'comm', 'char', 'inline', 0, true],
    ['unsigned long args[6]', 'args', 'unsigned long', 'inline', 6, true],
    ['char buf[]', 'buf', 'char', 'inline', 0, true],
    ['__data_loc char[] name', 'name', 'char', '__data_loc', 0, true],
    ['__rel_loc char[] name', 'name', 'char', '__rel_loc', 0, true],
    ['__data_loc unsigned long[] mask', 'mask', 'unsigned long', '__data_loc', 0, true],
    ['__data_loc cpumask_t cpus', 'cpus', 'cpumask_t', '__data_loc', 0, true],
    ['enum migrate_mode mode', 'mode', 'enum migrate_mode', 'inline', 0, false],
    ['struct sockaddr_in6 addr', 'addr', 'struct sockaddr_in6', 'inline', 0, false],
    ['int (*fn)(void)', 'fn', 'int (*', 'inline', 0, false],
  ];
  for (const [declaration, name, element, location, elements, isArray] of cases) {
    const field = parseEventFormat(formatText('e', 1, [[declaration, 8, 8]], '"x"'), 's')?.fields[0];
    assert.ok(field, declaration);
    assert.deepEqual(
      [field.name, field.element, field.location, field.elements, field.isArray],
      [name, element, location, elements, isArray],
      declaration,
    );
  }
});

test('sizes and offsets that no record can have lose the field, not the event', () => {
  for (const lie of ['99999999999', '-1', '4294967296', 'x', '']) {
    const text = `${formatText('e', 1, [['int a', 8, 4]], '"x"')}\tfield:int b;\toffset:${lie};\tsize:4;\tsigned:1;\n`;
    const moved = text.replace('\toffset:8;', `\toffset:${lie};`);
    assert.equal(parseEventFormat(moved, 's')?.fields.length, 0, lie);
  }
  assert.equal(parseEventFormat('name: x\n', 's'), undefined);
  assert.equal(parseEventFormat('ID: 3\n', 's'), undefined);
});

test('every description of the bundled kernels is read whole', () => {
  let files = 0;
  const top = tracePath('formats');
  for (const kernel of readdirSync(top)) {
    for (const system of readdirSync(join(top, kernel), { withFileTypes: true })) {
      if (!system.isDirectory()) continue;
      for (const file of readdirSync(join(top, kernel, system.name))) {
        const text = readFileSync(join(top, kernel, system.name, file), 'utf8');
        const format = parseEventFormat(text, system.name);
        assert.ok(format, file);
        assert.equal(format.name, file.replace('.format', ''));
        assert.equal(format.common.length + format.fields.length, text.split('field:').length - 1, file);
        assert.ok(format.print.startsWith('"'), file);
        files++;
      }
    }
  }
  assert.ok(files > 150, `${files} descriptions`);
});

test('text that is no description, or a damaged one, never throws', () => {
  fc.assert(fc.property(fc.string({ maxLength: 400 }), (text) => void parseEventFormat(text, 's')));
  const whole = formatText(
    'e',
    1,
    [
      ['int a', 8, 4],
      ['char c[4]', 12, 4],
    ],
    '"a=%d", REC->a',
  );
  fc.assert(
    fc.property(fc.nat(whole.length), fc.nat(40), fc.string({ maxLength: 8 }), (at, cut, extra) => {
      const damaged = whole.slice(0, at) + extra + whole.slice(at + cut);
      for (const field of parseEventFormat(damaged, 's')?.fields ?? []) {
        assert.ok(field.offset >= 0 && field.size >= 0 && field.offset + field.size <= 2 ** 28);
      }
    }),
  );
});

test('a declaration without an end takes no time', () => {
  const text = `name: e\nID: 1\nformat:\n\tfield:${'a'.repeat(900_000)}!;\toffset:0;\tsize:4;\tsigned:0;\n`;
  assert.ok(cpuTime(() => parseEventFormat(text, 's')) < 1000);
});
