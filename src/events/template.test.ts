import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { decimal, hex, text, u64 } from './fields.ts';
import { rows } from './rows.ts';
import { compileTemplate, matchTemplate } from './template.ts';
import { FieldValues, lruFlagsText, parseDecimal, parseHex, parseLruFlags, presence } from './values.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Matches a whole text and gives the fields back by name; undefined when the template does not fit. */
function match(template: string, fields: Parameters<typeof compileTemplate>[1], line: string) {
  const values = new FieldValues();
  const bytes = encoder.encode(line);
  if (!matchTemplate(compileTemplate(template, fields), bytes, 0, bytes.length, values)) return undefined;
  return Object.fromEntries(
    fields.map((field, i) => {
      if (values.present[i] === presence.absent) return [field.name, undefined];
      if (field.storage === 'number') return [field.name, values.numbers[i]];
      if (field.storage === 'u64') return [field.name, (BigInt(values.hi[i]!) << 32n) | BigInt(values.lo[i]!)];
      return [field.name, decoder.decode(bytes.subarray(values.start[i], values.end[i]))];
    }),
  );
}

test('a 64-bit decimal is kept to the last bit, as a number where it fits one', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), (value) => {
      const values = new FieldValues();
      const bytes = encoder.encode(`${value}`);
      assert.equal(parseDecimal(bytes, 0, bytes.length, values, 0), bytes.length);
      assert.equal((BigInt(values.hi[0]!) << 32n) | BigInt(values.lo[0]!), BigInt.asUintN(64, value));
      if (value >= -(2n ** 53n) && value <= 2n ** 53n) assert.equal(values.numbers[0], Number(value));
    }),
  );
});

test('a hex number is kept to the last bit; all ones read as -1', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
      const values = new FieldValues();
      const bytes = encoder.encode(value.toString(16));
      assert.equal(parseHex(bytes, 0, bytes.length, values, 0), bytes.length);
      assert.equal((BigInt(values.hi[0]!) << 32n) | BigInt(values.lo[0]!), value);
      if (value <= 2n ** 53n) assert.equal(values.numbers[0], Number(value));
    }),
  );
  const values = new FieldValues();
  parseHex(encoder.encode('ffffffffffffffff'), 0, 16, values, 0);
  assert.equal(values.numbers[0], -1);
  assert.equal(parseHex(encoder.encode('11111111111111111'), 0, 17, values, 0), -1);
});

test('the six LRU flag columns read the same when trailing spaces were stripped', () => {
  const values = new FieldValues();
  for (const bits of [2, 4, 0x13, 0x33, 0x24, 0x44, 0x7b]) {
    for (const line of [lruFlagsText(bits), lruFlagsText(bits).trimEnd()]) {
      const bytes = encoder.encode(line);
      assert.equal(parseLruFlags(bytes, 0, bytes.length, values, 0), bytes.length, JSON.stringify(line));
      assert.equal(values.numbers[0], bits, JSON.stringify(line));
    }
  }
  assert.equal(parseLruFlags(encoder.encode('Mx'), 0, 2, values, 0), -1);
});

test('whether a page frame is decimal or hex is decided by the event, never by its digits', () => {
  const lruActivate = rows.find((row) => row.name === 'mm_lru_activate')!;
  const read = (line: string) => {
    for (const era of lruActivate.eras) {
      const found = match(era.text, lruActivate.fields, line);
      if (found) return found['pfn'];
    }
    return undefined;
  };
  assert.equal(read('page=fffffdffffe041c0 pfn=785293'), 785293);
  assert.equal(read('folio=fffffc0000067880 pfn=0x785293'), 0x785293);
  const cmaAlloc = rows.find((row) => row.name === 'cma_alloc')!;
  assert.deepEqual(
    match(cmaAlloc.eras[0]!.text, cmaAlloc.fields, 'pfn=100000 page=fffffe0002580000 count=8192 align=13'),
    {
      pfn: 0x100000,
      page: 0xfffffe0002580000n,
      count: 8192,
      align: 13,
    },
  );
});

test('a text holds whatever is before the literal that follows it, without padding', () => {
  const fields = [text('name'), decimal('count')];
  assert.deepEqual(match('name={name:w} count={count:d}', fields, 'name=my region=2 count=3'), {
    name: 'my region=2',
    count: 3,
  });
  assert.deepEqual(match('zone={name:w} order={count:d}', fields, 'zone=Normal   order=-1'), {
    name: 'Normal',
    count: -1,
  });
});

test('pointers: hashed, raw, with prefix, null, and not yet hashed', () => {
  const read = (line: string) => match('p={p:p}', [u64('p')], line);
  assert.deepEqual(read('p=00000000512fced7'), { p: 0x512fced7n });
  assert.deepEqual(read('p=0xfffffc0000067880'), { p: 0xfffffc0000067880n });
  assert.deepEqual(read('p=(null)'), { p: 0n });
  assert.deepEqual(read('p=(nil)'), { p: 0n });
  assert.deepEqual(read('p=(____ptrval____)'), { p: undefined });
});

test('a text that goes on, or stops early, does not match', () => {
  const fields = [hex('addr'), decimal('order')];
  const template = 'addr={addr:x} order={order:d}';
  assert.ok(match(template, fields, 'addr=ff order=0'));
  assert.ok(match(template, fields, 'addr=ff order=0  '));
  assert.equal(match(template, fields, 'addr=ff order=0 more=1'), undefined);
  assert.equal(match(template, fields, 'addr=ff order='), undefined);
  assert.equal(match(template, fields, 'addr=ff ord'), undefined);
  assert.equal(match(template, fields, 'addr=xf order=0'), undefined);
});

test('a template with a mistake does not compile', () => {
  assert.throws(() => compileTemplate('a={b:d}', [decimal('a')]), /no field "b"/);
  assert.throws(() => compileTemplate('a={a:q}', [decimal('a')]), /not \{field:how\}/);
});

/** A value for each notation, and what it must read as. */
const samples: Readonly<Record<string, (field: string) => [string, unknown, unknown]>> = {
  d: () => ['17', 17, 17n],
  x: () => ['beef', 0xbeef, 0xbeefn],
  '0x': () => ['0xbeef', 0xbeef, 0xbeefn],
  p: () => ['fffffc00beef0000', undefined, 0xfffffc00beef0000n],
  w: (field) => [`a ${field}`, undefined, undefined],
  f6: () => ['Ma b  ', 0x13, undefined],
};

for (const row of rows) {
  test(`every era of ${row.system}:${row.name} reads its own text into the same columns, and none of another era first`, () => {
    for (const era of row.eras) {
      const expected: Record<string, unknown> = Object.fromEntries(row.fields.map((field) => [field.name, undefined]));
      const line = era.text.replace(/\{([^:}]+):([^}]+)\}/g, (_, name: string, how: string) => {
        const [shown, number, wide] = samples[how]!(name);
        const storage = row.fields.find((field) => field.name === name)!.storage;
        expected[name] = storage === 'text' ? shown : storage === 'u64' ? wide : number;
        return shown;
      });
      const first = row.eras.map((one) => match(one.text, row.fields, line)).find((found) => found !== undefined);
      assert.deepEqual(first, expected, era.text);
    }
  });
}

test('names are unique in the catalogue, and aliases and symbols name fields', () => {
  assert.equal(new Set(rows.map((row) => row.name)).size, rows.length);
  for (const row of rows) {
    const names = row.fields.map((field) => field.name);
    for (const target of [...Object.values(row.aliases ?? {}), ...Object.keys(row.symbols ?? {})]) {
      assert.ok(names.includes(target), `${row.name}: ${target}`);
    }
    assert.ok(row.eras.length > 0 && row.eras.every((era) => era.source !== ''), row.name);
  }
});
