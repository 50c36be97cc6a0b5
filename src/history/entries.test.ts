/** Page frames out of entries, on values printed by real kernels, checked there against the workload's own page map. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { type Capture, newCapture } from '../events/capture.ts';
import { chooseDecoder, type Decoder, releaseNumber } from './entries.ts';

const high = (value: bigint): number => Number(value >> 32n);
const low = (value: bigint): number => Number(value & 0xffffffffn);

/** Entries lie at addresses of their own, pages of `pageSize` apart. */
function decoder(facts: Partial<Capture>, entries: readonly bigint[] = [], pageSize = 4096): Decoder {
  const chosen = chooseDecoder(
    { ...newCapture('x', 'tracefs', 'lines'), ...facts },
    {
      highs: Float64Array.from(entries, high),
      lows: Float64Array.from(entries, low),
      addresses: Float64Array.from(entries, (_, i) => (i + 1) * pageSize),
    },
  );
  if ('reason' in chosen) throw new Error(chosen.reason);
  return chosen;
}
const known = <T>(value: T): { value: T; from: 'sidecar' } => ({ value, from: 'sidecar' });
const version = (value: string): Partial<Capture> => ({ kernelVersion: known(value), pageSize: known(4096) });
const unknown: Partial<Capture> = { pageSize: known(4096) };

test('source frames of 5.10, 6.1, 6.12 and 7.2, with young and dirty bits above them', () => {
  const cases: [string, bigint, number][] = [
    ['5.10.223', 0x41ddd7cn, 0x41ddd],
    ['6.1.192', 0x3000081f6cf0n, 0x81f6c],
    ['6.12.117', 0x3000041f00780n, 0x41f00],
    ['7.2.12', 0x1000049cc0640n, 0x49cc0],
    ['7.2.12', 0x300004dc006c0n, 0x4dc00],
  ];
  for (const [kernel, entry, pfn] of cases) {
    assert.equal(decoder(version(kernel)).source(high(entry), low(entry)), pfn, kernel);
  }
});

test('frames above 32 bits keep their upper bits, and the flags above them do not leak in', () => {
  const pfn = 0xf_1234_5678n;
  const flags = 3n << 36n;
  const entry = ((pfn | flags) << 12n) | (30n << 6n);
  assert.equal(decoder(version('6.12.117')).source(high(entry), low(entry)), Number(pfn));
  const older = ((pfn | flags) << 8n) | (30n << 3n);
  assert.equal(decoder(version('6.1.192')).source(high(older), low(older)), Number(pfn));
});

test('16 KiB pages: two bits less of frame in the same entry, and present frames begin at bit 14', () => {
  const bigPages = decoder({ ...version('6.12.117'), pageSize: known(16384) });
  const pfn = 0x3_0001_0002n;
  const entry = ((pfn | (3n << 34n)) << 12n) | (29n << 6n);
  assert.equal(bigPages.source(high(entry), low(entry)), Number(pfn));
  const present = 0xe8000000000f43n | (pfn << 14n);
  assert.equal(bigPages.present(high(present), low(present)), Number(pfn));
});

test('present entries give the frame, migration entries are not present, and the other way round', () => {
  const of = decoder(version('6.12.117'));
  assert.equal(of.present(high(0xe8000084c18f43n), low(0xe8000084c18f43n)), 0x84c18);
  assert.equal(of.present(high(0x3000041f00640n), low(0x3000041f00640n)), NaN);
  assert.equal(of.source(high(0xe8000084c18f43n), low(0xe8000084c18f43n)), NaN);
});

test('swp_entry_t of a waiter: type above, then dirty and young, then the frame', () => {
  assert.equal(decoder(version('6.12.117')).entry(high(0x7800001000041f00n), low(0x7800001000041f00n)), 0x41f00);
});

test('an unknown kernel is told by its entries when only one layout fits them, and refused otherwise', () => {
  assert.equal(decoder(unknown, [0x3000081f6cf0n, 0x1000081f6df0n, 0x3000081f6ee0n]).layout.name, '6.1');
  assert.equal(decoder(unknown, [0x3000041f00780n, 0x3000041f01780n]).layout.name, '6.12');
  assert.equal(decoder(unknown, [0x41ddd7cn, 0x41dde78n]).layout.name, '5.10');
  assert.throws(() => decoder(unknown), /give --kernel/);
  assert.throws(() => decoder(unknown, [0xe8000084c18f43n]), /no known layout fits/);
});

test('a kernel that is said to be another than its entries show is refused, not believed', () => {
  assert.throws(() => decoder(version('6.1.192'), [0x3000041f00780n, 0x3000041f01780n]), /check --kernel/);
});

test('64 KiB pages, 52-bit addresses and other architectures are refused with the reason', () => {
  assert.throws(() => decoder({ ...version('6.12.1'), pageSize: known(65536) }), /64 KiB/);
  assert.throws(() => decoder({ ...version('6.12.1'), paBits: known(52) }), /52-bit/);
  assert.throws(() => decoder({ ...version('6.12.1'), arch: known('x86_64') }), /x86_64/);
});

test('release numbers order kernels', () => {
  assert.deepEqual(['6.1.192', '6.12.117+deb12-arm64', '7.2', ''].map(releaseNumber), [6001, 6012, 7002, NaN]);
});

test('two layouts that fit the types are told apart by what lies above the frame', () => {
  // Type 27 of 6.12 is type 24 of 6.1; young and dirty are then above where 6.1 has them.
  assert.equal(decoder(unknown, [0x300004dc006c0n]).layout.name, '6.12');
  assert.throws(() => decoder(unknown, [0x4dc006c0n]), /2 layouts fit/);
});

test('the page size is told by where entries lie, and refused when too few do', () => {
  const entries = Array.from({ length: 9 }, (_, i) => 0x41f00780n + BigInt(i << 12));
  const of = (pageSize: number, count = 9): Decoder => decoder({}, entries.slice(0, count), pageSize);
  assert.equal(of(4096).pageSize, 4096);
  assert.equal(of(16384).pageSize, 16384);
  assert.throws(() => of(65536), /64 KiB/);
  assert.equal(of(4096, 1).pageSize, 4096);
  assert.throws(() => of(16384, 3), /give --page-size/);
});
