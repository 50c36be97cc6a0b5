import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseKallsyms } from './symbols.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

const symbols = parseKallsyms(
  encode(
    [
      'ffff800008000000 T _text',
      'ffff8000082c8bc0 T folio_add_lru',
      'ffff8000082c8cd0 t $x',
      'ffff8000082c8cd0 T lru_cache_add_alias',
      'ffff8000082c8cd0 T lru_cache_add',
      'ffff8000082c8d00 t next_one',
      'ffff800020000000 B _end',
      'ffff800001a31000 t xfs_trans_alloc\t[xfs]',
      'ffff800001a31100 t xfs_trans_commit\t[xfs]',
    ].join('\n'),
  ),
);

test('an address is named with its offset and the size of the symbol, as the kernel prints it', () => {
  assert.equal(symbols.find(0xffff8000, 0x082c8bc0), 'folio_add_lru+0x0/0x110');
  assert.equal(symbols.find(0xffff8000, 0x082c8bdc), 'folio_add_lru+0x1c/0x110');
  assert.equal(symbols.name(0xffff8000, 0x082c8bdc), 'folio_add_lru');
});

test('of several names of one address the first is taken; mapping symbols name nothing', () => {
  assert.equal(symbols.find(0xffff8000, 0x082c8cd4), 'lru_cache_add_alias+0x4/0x30');
});

test('symbols of modules carry their module, wherever they stand in the text', () => {
  assert.equal(symbols.find(0xffff8000, 0x01a31004), 'xfs_trans_alloc+0x4/0x100 [xfs]');
  assert.equal(symbols.name(0xffff8000, 0x01a31004), 'xfs_trans_alloc [xfs]');
});

test('addresses outside of all symbols have no name', () => {
  assert.equal(symbols.find(0xffff8000, 0x20000000), '');
  assert.equal(symbols.find(0xffff7fff, 0xffffffff), '');
  assert.equal(symbols.find(0, 0), '');
});

test('addresses that the kernel hid give no symbols', () => {
  assert.equal(parseKallsyms(encode('0000000000000000 T _text\n0000000000000000 t a\n')).count, 0);
});

test('a 32-bit kernel writes eight digits', () => {
  const narrow = parseKallsyms(encode('c0008000 T a\nc0008010 T b\nc0008020 T c\n'));
  assert.equal(narrow.find(0, 0xc0008014), 'b+0x4/0x10');
});

test('text that is no list of symbols gives none, and whatever is there is found or not without a throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(0xffffffff), fc.nat(0xffffffff), (bytes, hi, lo) => {
      const found = parseKallsyms(bytes);
      assert.equal(typeof found.find(hi, lo), 'string');
      assert.equal(typeof found.name(hi, lo), 'string');
    }),
  );
  const line = fc.tuple(fc.bigInt(0n, 2n ** 64n - 1n), fc.stringMatching(/^[a-z_]{1,8}$/));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
      const text = lines.map(([address, name]) => `${address.toString(16).padStart(16, '0')} t ${name}`).join('\n');
      const found = parseKallsyms(encode(text));
      for (const [address] of lines) {
        const label = found.name(Number(address >> 32n), Number(address & 0xffffffffn));
        assert.ok(label === '' || lines.some(([at, name]) => at === address && name === label));
      }
    }),
  );
});
