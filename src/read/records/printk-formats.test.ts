import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { findPrintk, parsePrintkFormats } from './printk-formats.ts';

test('a text is found by its address, whatever zeros stand before it', () => {
  const formats = parsePrintkFormats(
    '0xffff800008f2d5c8 : "a \\"b\\"\\n"\n 0x00000000c0a81234 : "c"\nno line of a list\n',
  );
  assert.equal(findPrintk(formats, 0xffff8000, 0x08f2d5c8), 'a "b"\n');
  assert.equal(findPrintk(formats, 0, 0xc0a81234), 'c');
  assert.equal(findPrintk(formats, 1, 2), undefined);
  assert.equal(formats.size, 2);
});

test('a list of blank lines costs what its length does', () => {
  const start = process.cpuUsage().user;
  assert.equal(parsePrintkFormats('\n'.repeat(1 << 20)).size, 0);
  assert.equal(parsePrintkFormats(`0x${'0'.repeat(1 << 20)}`).size, 0);
  // A walk that looks at every pair of them takes minutes.
  assert.ok(process.cpuUsage().user - start < 5e6);
});
