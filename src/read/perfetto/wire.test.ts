import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { ProtoWriter } from '../../../scripts/proto-writer.ts';
import { isMessage, Wire } from './wire.ts';

test('varints of every length are both halves of their number, wherever the range ends', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat(70), fc.nat(12), (value, shift, behind) => {
      const wanted = value >> BigInt(shift % 64);
      const { bytes } = new ProtoWriter().varint(1, wanted);
      const padded = new Uint8Array(bytes.length + behind);
      padded.set(bytes);
      const wire = new Wire();
      wire.open(padded, 0, padded.length);
      assert.ok(wire.next());
      assert.equal((BigInt(wire.hi) << 32n) | BigInt(wire.lo), wanted);
      assert.equal(wire.at, bytes.length);
      wire.open(padded, 0, bytes.length - 1);
      assert.ok(!wire.next() && wire.isBroken);
    }),
    { numRuns: 2000 },
  );
});

test('no message: varints of eleven bytes, or of more than 64 bits; lengths beyond the end; groups; field 0', () => {
  const ff = (count: number): number[] => new Array<number>(count).fill(0xff);
  for (const bytes of [
    [0x08, ...ff(10), 0x01],
    [0x08, ...ff(9), 0x02],
    [0x08, ...ff(9), 0x02, 0x08, 0x01, 0x08, 0x01],
    [0x0a, 0x05, 1, 2, 3, 4],
    [0x0a, ...ff(9), 0x01],
    [0x0b],
    [0x0c],
    [0x02, 0x00],
    [0x09, 1, 2, 3],
    [0x0d, 1, 2, 3],
  ]) {
    assert.ok(!isMessage(Uint8Array.from(bytes), 0, bytes.length), bytes.join());
  }
  const largest = [0x08, ...ff(9), 0x01];
  assert.ok(isMessage(Uint8Array.from(largest), 0, largest.length));
  assert.ok(isMessage(new Uint8Array(0), 0, 0));
});
