import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { StringTable } from '../../base/strings.ts';
import type { EventRow } from '../../events/catalog.ts';
import { compile, type Scope } from './c-code.ts';
import { parseExpression } from './c-expression.ts';
import { scopeOf } from './generic-record.ts';
import { RecordBytes } from './record.ts';
import { ShortNotes } from './short-notes.ts';
import { SymbolIds } from './symbol-ids.ts';
import { type Declared, decodeAll, formatOf, little, RecordWriter, valuesOf } from './test-support.ts';
import { TextOut } from './text-out.ts';

const fields: readonly Declared[] = [
  ['unsigned long a', 8, 8],
  ['long b', 16, 8, 1],
  ['unsigned int c', 24, 4],
  ['int d', 28, 4, 1],
  ['unsigned short e', 32, 2],
  ['short f', 34, 2, 1],
  ['unsigned char g', 36, 1],
  ['signed char h', 37, 1, 1],
  ['struct page * p', 40, 8],
  ['void * v', 48, 8],
  ['char name[8]', 56, 8, 0],
  ['u32 list[2]', 64, 8, 0],
];
const format = formatOf('s', 'e', 1, fields, '"x"');

interface Values {
  a: bigint;
  b: bigint;
  c: bigint;
  d: bigint;
  e: bigint;
  f: bigint;
  g: bigint;
  h: bigint;
}

const some: Values = {
  a: 0xffff_fc00_0106_8000n,
  b: -5n,
  c: 0xffff_ffffn,
  d: -7n,
  e: 0xfff0n,
  f: -2n,
  g: 200n,
  h: -100n,
};

function recordOf(values: Values, isLittleEndian = true): Uint8Array {
  return new RecordWriter(1, 72, isLittleEndian)
    .put(8, 8, values.a)
    .put(16, 8, values.b)
    .put(24, 4, values.c)
    .put(28, 4, values.d)
    .put(32, 2, values.e)
    .put(34, 2, values.f)
    .put(36, 1, values.g)
    .put(37, 1, values.h)
    .put(40, 8, 0xffff_fc00_0000_0000n)
    .put(48, 8, 0x1000)
    .text(56, 'abc')
    .put(64, 4, 11)
    .put(68, 4, 12).bytes;
}

function scope(longSize: 4 | 8 = 8): Scope {
  const strings = new StringTable();
  const ids = new SymbolIds(strings, undefined, 'name', '0x');
  const out = new TextOut();
  return scopeOf(format, {
    longSize,
    strings,
    names: ids,
    places: ids,
    callers: ids,
    symbols: undefined,
    printkFormats: undefined,
    out,
    spill: out,
    shorts: new ShortNotes([]),
  });
}

/** The value of an expression, as the 64 bits that it is extended to; text as text; undefined when it is not known. */
function evaluate(
  text: string,
  values: Values = some,
  longSize: 4 | 8 = 8,
  isLittleEndian = true,
): bigint | string | undefined {
  const within = scope(longSize);
  const code = compile(parseExpression(text, longSize), within);
  const record = new RecordBytes(isLittleEndian);
  const bytes = recordOf(values, isLittleEndian);
  record.set(bytes, 0, bytes.length);
  if (code.kind === 'number') {
    return code.run(record) ? BigInt.asIntN(64, (BigInt(record.hi) << 32n) | BigInt(record.lo)) : undefined;
  }
  const out = new TextOut();
  return code.write(record, out) ? new TextDecoder().decode(out.bytes.subarray(0, out.length)) : undefined;
}

test('fields are extended by their sign, of every width, in both byte orders', () => {
  for (const isLittle of [true, false]) {
    const read = (name: string) => evaluate(`REC->${name}`, some, 8, isLittle);
    assert.equal(read('a'), BigInt.asIntN(64, some.a));
    for (const name of ['b', 'c', 'd', 'e', 'f', 'g', 'h'] as const) assert.equal(read(name), some[name], name);
  }
});

test('arithmetic is that of C: promotion, common types, wrapping, shifts by sign', () => {
  const cases: readonly (readonly [string, bigint | string | undefined])[] = [
    ['1 + 2 * 3', 7n],
    ['(1 + 2) * 3', 9n],
    ['10 - 2 - 3', 5n],
    ['1UL << 40', 1n << 40n],
    ['1U << 31', 0x8000_0000n],
    ['1 << 31', -(1n << 31n)],
    ['(1U << 31) << 1', 0n],
    ['-1 >> 4', -1n],
    ['0xffffffffU >> 4', 0x0fff_ffffn],
    ['~0U', 0xffff_ffffn],
    ['~0UL', -1n],
    ['-1 > 0U', 1n], // converted to unsigned
    ['-1 > 0L', 0n],
    ['REC->d < 0', 1n],
    ['REC->c == -1', 1n], // both 32 bits, compared as unsigned
    ['REC->e + REC->e', 0x1ffe0n], // promoted to int, not cut to 16 bits
    ['(u16)(REC->e + REC->e)', 0xffe0n],
    ['(s8)REC->g', -56n],
    ['(unsigned char)REC->h', 156n],
    ['REC->a & 0xffff', 0x8000n],
    ['REC->a >> 12', BigInt.asIntN(64, some.a >> 12n)],
    ['REC->b >> 1', -3n],
    ['REC->b / 2', -2n],
    ['REC->b % 3', -2n],
    ['REC->d / 0', undefined],
    ['0xffffffffffffffffUL / 10', 0x1999_9999_9999_9999n],
    ['0xffffffffffffffffUL % 10', 5n],
    ['((unsigned int) ((0x800003) >> 20))', 8n],
    ['((unsigned int) ((0x800003) & ((1U << 20) - 1)))', 3n],
    ['REC->a != -1UL ? REC->c : 5', 0xffff_ffffn],
    ['REC->g && REC->h', 1n],
    ['0 && missing', 0n],
    ['1 || missing', 1n],
    ['1 && missing', undefined],
    ['!REC->g', 0n],
    ['(void *)REC->a', BigInt.asIntN(64, some.a)],
    ['(REC)->g', 200n],
    ["'A'", 65n],
    ['010', 8n],
    ['REC->v + 1', 0x1001n],
    ['REC->p + 1', undefined], // the size of struct page is not in the description
    ['REC->list[1]', 12n],
    ['REC->list[2]', undefined],
    ['*REC->v', undefined],
    ['sizeof(struct page)', undefined],
    ['memstart_addr >> 12', undefined],
    ['REC->missing', undefined],
    ['REC->name', 'abc'],
    ['REC->g ? "yes" : "no"', 'yes'],
    ['REC->g ? REC->name : "no"', 'abc'],
    ['"a" "b"', 'ab'],
    ['__print_symbolic(REC->d, {-7, "minus"}, {1, "one"})', 'minus'],
    ['__print_symbolic(REC->g, {1, "one"})', '0xc8'],
    ['__print_symbolic(REC->d, {1, "one"})', '0xfffffffffffffff9'],
    ['__print_flags(REC->g, "|", {0x80, "high"}, {0x40, "low"})', 'high|low|0x8'],
    ['__print_flags(REC->g & 0, "|", {0x80, "high"})', ''],
    ['__print_flags(REC->g, "|", {1UL << PG_locked, "locked"})', '0xc8'],
    ['__print_flags(REC->g & 0x80, "", {0x80, "high"}, { 0, ((void *)0) })', 'high'],
    ['__print_array(REC->list, 2, 4)', '{0xb,0xc}'],
    ['__print_hex(REC->list, 8)', '0b 00 00 00 0c 00 00 00'],
    ['1 +', undefined],
    ['1 2', undefined],
    ['', undefined],
  ];
  for (const [text, expected] of cases) assert.equal(evaluate(text), expected, text);
});

test('a long of 4 bytes wraps at 32 bits', () => {
  assert.equal(evaluate('1UL << 31', some, 4), 0x8000_0000n);
  assert.equal(evaluate('~0UL', some, 4), 0xffff_ffffn);
  assert.equal(evaluate('1ULL << 40', some, 4), 1n << 40n);
  assert.equal(evaluate('__print_symbolic(REC->d, {-7, "minus"})', some, 4), 'minus');
  assert.equal(evaluate('__print_symbolic(REC->d, {1, "one"})', some, 4), '0xfffffff9');
});

test('64-bit arithmetic is that of BigInt', () => {
  const wide = fc.oneof(fc.bigInt(0n, 2n ** 64n - 1n), fc.bigInt(0n, 20n), fc.bigInt(2n ** 64n - 20n, 2n ** 64n - 1n));
  const operators = ['+', '-', '*', '/', '%', '&', '|', '^', '<', '>', '<=', '>=', '==', '!='] as const;
  fc.assert(
    fc.property(wide, wide, fc.constantFrom(...operators), fc.boolean(), (left, right, operator, isSigned) => {
      const view = (value: bigint) => (isSigned ? BigInt.asIntN(64, value) : value);
      const [x, y] = [view(left), view(right)];
      const type = isSigned ? 's64' : 'u64';
      const text = `(${type})0x${left.toString(16)}ULL ${operator} (${type})0x${right.toString(16)}ULL`;
      const results: Record<string, () => bigint | undefined> = {
        '+': () => x + y,
        '-': () => x - y,
        '*': () => x * y,
        '/': () => (y === 0n ? undefined : x / y),
        '%': () => (y === 0n ? undefined : x % y),
        '&': () => x & y,
        '|': () => x | y,
        '^': () => x ^ y,
        '<': () => BigInt(x < y),
        '>': () => BigInt(x > y),
        '<=': () => BigInt(x <= y),
        '>=': () => BigInt(x >= y),
        '==': () => BigInt(x === y),
        '!=': () => BigInt(x !== y),
      };
      const expected = results[operator]?.();
      assert.equal(evaluate(text), expected === undefined ? undefined : BigInt.asIntN(64, expected), text);
    }),
  );
  fc.assert(
    fc.property(wide, fc.nat(63), fc.boolean(), fc.boolean(), (value, count, isLeft, isSigned) => {
      const x = isSigned ? BigInt.asIntN(64, value) : value;
      const text = `(${isSigned ? 's64' : 'u64'})0x${value.toString(16)}ULL ${isLeft ? '<<' : '>>'} ${count}`;
      const expected = isLeft ? x << BigInt(count) : x >> BigInt(count);
      assert.equal(evaluate(text), BigInt.asIntN(64, expected), text);
    }),
  );
});

test('numbers are written as BigInt writes them', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 64n - 1n), (value) => {
      const out = new TextOut();
      const [hi, lo] = [Number(value >> 32n), Number(value & 0xffffffffn)];
      out.addDecimal(hi, lo, false);
      out.addByte(32);
      out.addDecimal(hi, lo, true);
      out.addByte(32);
      out.addHex(hi, lo);
      const text = new TextDecoder().decode(out.bytes.subarray(0, out.length));
      assert.equal(text, `${value} ${BigInt.asIntN(64, value)} ${value.toString(16)}`);
    }),
  );
});

test('nesting without an end and chains without an end are not understood, and nothing breaks', () => {
  const n = 30_000;
  for (const text of [
    '('.repeat(n),
    '-'.repeat(n),
    `1${'+1'.repeat(n)}`,
    `REC->list${'[0]'.repeat(n)}`,
    `f${'('.repeat(n)}`,
  ]) {
    const value = evaluate(text);
    assert.ok(value === undefined || typeof value === 'bigint');
  }
  const nested = `${'1?'.repeat(n)}1${':0'.repeat(n)}`;
  assert.equal(evaluate(nested), undefined);
});

test('any text is an expression or none, without a throw', () => {
  const piece = fc.constantFrom(
    'REC->a',
    'REC->name',
    'REC->d',
    '(',
    ')',
    '+',
    '-',
    '<<',
    '?',
    ':',
    ',',
    '{',
    '}',
    '"x"',
    '1',
    '0x10UL',
    '[',
    ']',
    '->',
    '(int)',
    '(struct page *)',
    '__print_symbolic(',
    '__print_flags(',
    '__get_str(name)',
    '__get_dynamic_array(list)',
    '!',
    '~',
    '&&',
    '/',
    '%',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      evaluate(pieces.join(' '));
    }),
    { numRuns: 2000 },
  );
});

test('what a catalogue row prints with an expression is computed in the record table too', () => {
  const row: EventRow['name'] = 'mm_compaction_deferred';
  const declared: readonly Declared[] = [
    ['int nid', 8, 4, 1],
    ['enum zone_type idx', 12, 4],
    ['int order', 16, 4, 1],
    ['unsigned int considered', 20, 4],
    ['unsigned int defer_shift', 24, 4],
    ['int order_failed', 28, 4, 1],
  ];
  const print =
    '"node=%d zone=%-8s order=%d order_failed=%d consider=%u limit=%lu", REC->nid, __print_symbolic(REC->idx, {0, "DMA"}, {2, "Normal"}), REC->order, REC->order_failed, REC->considered, 1UL << REC->defer_shift';
  const bytes = new RecordWriter(3, 32)
    .put(8, 4, 1)
    .put(12, 4, 2)
    .put(16, 4, -1)
    .put(20, 4, 5)
    .put(24, 4, 6)
    .put(28, 4, 9).bytes;
  const { events } = decodeAll([formatOf('compaction', row, 3, declared, print)], [bytes], little);
  assert.deepEqual(valuesOf(events[0]), {
    node: 1,
    zone: 'Normal',
    order: -1,
    order_failed: 9,
    consider: 5,
    limit: 64,
  });
});
