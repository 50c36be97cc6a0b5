import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { pairsOf } from './pairs.ts';

const pairs = (text: string): string[] => pairsOf(text).map(({ name, value }) => `${name}|${value}`);

test('name=value: a value goes on to the next name', () => {
  assert.deepEqual(pairs('src_pid=181 src_cpu=0 dst_cpu=-1'), ['src_pid|181', 'src_cpu|0', 'dst_cpu|-1']);
  assert.deepEqual(pairs('comm=my task  pid=7'), ['comm|my task', 'pid|7']);
  assert.deepEqual(pairs('folio=0xff lru=0 flags= f  d  '), ['folio|0xff', 'lru|0', 'flags|f  d']);
  assert.deepEqual(pairs('name= count=1'), ['name|', 'count|1']);
  assert.deepEqual(pairs('hello=1 world'), ['hello|1 world']);
});

test('commas, quotes and brackets', () => {
  assert.deepEqual(pairs('addr=ffff, pte=30 order=0'), ['addr|ffff', 'pte|30', 'order|0']);
  assert.deepEqual(pairs('path="a b=c", ret=(-11)'), ['path|a b=c', 'ret|(-11)']);
  assert.deepEqual(pairs('range=(0x1 ~ x=2) nr=3'), ['range|(0x1 ~ x=2)', 'nr|3']);
  assert.deepEqual(pairs('s="a \\" b=1" t=2'), ['s|a \\" b=1', 't|2']);
  assert.deepEqual(pairs('unfinished="a b'), ['unfinished|"a b']);
});

test('name: value and name:value, where nothing has a =', () => {
  assert.deepEqual(pairs('pid: 0x00000000, nr_pages: 0x4'), ['pid|0x00000000', 'nr_pages|0x4']);
  assert.deepEqual(pairs('nid:0 prio:3'), ['nid|0', 'prio|3']);
  assert.deepEqual(pairs('dev=8:0 sector: 5'), ['dev|8:0 sector: 5']);
});

test('words in front are no pair, and a text without pairs has none', () => {
  assert.deepEqual(pairs('hugepage update at addr=1'), ['addr|1']);
  for (const text of ['', ' ', 'B|800|contig_alloc_get', 'hello world', '1=2', 'a == b', 'x => y', 'http://x', '::']) {
    assert.deepEqual(pairs(text), [], text);
  }
});

test('what is written as pairs reads back, whatever the values', () => {
  const pair = fc.record({
    name: fc.stringMatching(/^[a-z_][a-z0-9_]{0,8}$/),
    value: fc.oneof(
      fc.stringMatching(/^[A-Za-z0-9|:./-]{1,12}$/),
      fc.integer().map(String),
      fc.stringMatching(/^[a-z0-9]{1,5} [a-z0-9]{1,5}$/),
    ),
  });
  fc.assert(
    fc.property(fc.array(pair, { minLength: 1, maxLength: 12 }), fc.constantFrom(' ', ', '), (given, between) => {
      const text = given.map(({ name, value }) => `${name}=${value}`).join(between);
      assert.deepEqual(
        pairs(text),
        given.map(({ name, value }) => `${name}|${value}`),
      );
    }),
  );
});

test('any text: no throw, at most 128 pairs, in time that grows with its length', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300, unit: 'binary' }), (text) => {
      assert.ok(pairsOf(text).length <= 128);
    }),
  );
  const start = performance.now();
  for (const text of [
    'a='.repeat(500_000),
    'a="'.repeat(300_000),
    ' a:'.repeat(300_000),
    '('.repeat(900_000),
    `a=x${' '.repeat(60_000)}x`,
  ])
    pairsOf(text);
  assert.ok(performance.now() - start < 2000);
});
