import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { StringTable } from './strings.ts';

test('the same text has the same id, from bytes or from a string, and comes back unchanged', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 300 }), (words) => {
      const table = new StringTable();
      const encoder = new TextEncoder();
      for (const word of words) {
        const padded = encoder.encode(`<${word}>`);
        const id = table.internBytes(padded, 1, padded.length - 1);
        assert.equal(table.intern(word), id);
        assert.equal(table.text(id), word);
        assert.equal(table.find(word), id);
      }
      assert.equal(table.size, new Set(words).size);
    }),
    { numRuns: 30 },
  );
});

test('many distinct values outgrow the first hash table without losing any', () => {
  const table = new StringTable();
  const encoder = new TextEncoder();
  for (let i = 0; i < 5000; i++) {
    const bytes = encoder.encode(`task-${i}`);
    assert.equal(table.internBytes(bytes, 0, bytes.length), i);
  }
  for (let i = 0; i < 5000; i++) {
    const bytes = encoder.encode(`task-${i}`);
    assert.equal(table.internBytes(bytes, 0, bytes.length), i);
  }
});

test('-1 stands for text that was not recorded', () => {
  assert.equal(new StringTable().text(-1), '');
  assert.equal(new StringTable().find('absent'), -1);
});
