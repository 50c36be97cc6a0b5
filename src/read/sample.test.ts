import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { sampleOf } from './sample.ts';

test('text is shown as text, other bytes in hex', () => {
  const text = new TextEncoder().encode('a line\tof text, cut here');
  assert.equal(sampleOf(text, 0, 15), 'a line.of text,');
  const binary = Uint8Array.from({ length: 40 }, (_, i) => i * 7);
  assert.equal(sampleOf(binary, 1, 5), '07 0e 15 1c');
  assert.equal(sampleOf(binary, 0, 40), `${sampleOf(binary, 0, 32)} ...`);
  assert.equal(sampleOf(binary, 3, 3), '');
});
