import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { chunksOf } from './test-support.ts';
import { unzstd } from './zstd.ts';

const encoder = new TextEncoder();

/** `zstd -c` (1.5.4) of 200 times "folio=0xfffffc0000088f80\n", with its checksum. */
const packed = Uint8Array.from([
  0x28, 0xb5, 0x2f, 0xfd, 0x64, 0x88, 0x12, 0xe5, 0x00, 0x00, 0x88, 0x66, 0x6f, 0x6c, 0x69, 0x6f, 0x3d, 0x30, 0x78,
  0x66, 0x63, 0x30, 0x38, 0x38, 0x66, 0x38, 0x30, 0x0a, 0x03, 0x00, 0x6c, 0xc3, 0xb3, 0x0b, 0x60, 0xbc, 0x82, 0x23,
  0xc8, 0xc0, 0x5e, 0xbe,
]);

/** A frame with its content in raw blocks, RFC 8878 3.1.1. */
function frame(text: string, checksum: readonly number[] | undefined): Uint8Array {
  const content = encoder.encode(text);
  const header = [0x28, 0xb5, 0x2f, 0xfd, checksum === undefined ? 0 : 4, 0x58];
  const block = (content.length << 3) | 1;
  return Uint8Array.from([...header, block & 255, (block >> 8) & 255, block >> 16, ...content, ...(checksum ?? [])]);
}

const abcChecksum = [0x99, 0x09, 0x77, 0xad];

async function inflate(bytes: Uint8Array, size = bytes.length): Promise<{ text: string; damage: string }> {
  const result = { damage: '' };
  const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.slice(i * size, (i + 1) * size),
  );
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of unzstd(chunksOf(...chunks), result)) text += decoder.decode(chunk, { stream: true });
  return { text, damage: result.damage };
}

const join = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));
const skippable = Uint8Array.of(0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3);

test('what the zstd program packs, with its checksum', async () => {
  const text = 'folio=0xfffffc0000088f80\n'.repeat(200);
  assert.deepEqual(await inflate(packed, 7), { text, damage: '' });
});

test('frames follow each other, with and without checksum, skippable ones between, in chunks of any size', async () => {
  const stream = join(
    frame('abc', abcChecksum),
    skippable,
    frame('def', undefined),
    frame('', undefined),
    frame('abc', abcChecksum),
  );
  for (const size of [1, 2, 3, 5, 7, 11, stream.length]) {
    assert.deepEqual(await inflate(stream, size), { text: 'abcdefabc', damage: '' });
  }
});

test('content that does not fit its checksum is damage', async () => {
  // A frame that lies whole in one piece is given out when it has been checked.
  const { text, damage } = await inflate(frame('abd', abcChecksum));
  assert.equal(text, '');
  assert.equal(damage, 'zstd stream is damaged (the checksum does not fit)');
});

test('a stream that ends anywhere but between frames ends early', async () => {
  const stream = join(frame('abc', abcChecksum), frame('def', undefined));
  const first = frame('abc', abcChecksum).length;
  for (let length = 1; length < stream.length; length++) {
    const { damage } = await inflate(stream.slice(0, length));
    assert.equal(damage, length === first ? '' : 'zstd stream ends early', `${length} bytes`);
  }
});

test('what follows a frame and is none is damage', async () => {
  const { text, damage } = await inflate(join(frame('abc', abcChecksum), encoder.encode('junk')));
  assert.equal(text, 'abc');
  assert.equal(damage, 'zstd stream is damaged (no frame where one should begin)');
});

async function unpackAll(bytes: Uint8Array): Promise<{ length: number; damage: string }> {
  const result = { damage: '' };
  let length = 0;
  for await (const part of unzstd(chunksOf(bytes), result)) length += part.length;
  return { length, damage: result.damage };
}

test('a frame that fills the room for what comes out, and ends there', async () => {
  assert.deepEqual(await unpackAll(frame('x'.repeat(131_072), undefined)), { length: 131_072, damage: '' });
});

test('a window that no stream needs is refused before memory is set aside for it', async () => {
  const magic = [0x28, 0xb5, 0x2f, 0xfd];
  const before = process.memoryUsage().arrayBuffers;
  // 2 TiB by its exponent; 2^63 bytes in one segment; 256 MiB by its exponent.
  for (const header of [
    [0x00, 0xf8],
    [0xe0, 0, 0, 0, 0, 0, 0, 0, 0x80],
    [0x00, 0x90],
  ]) {
    const { damage } = await unpackAll(Uint8Array.from([...magic, ...header, 0x0b, 0, 0, 0x41]));
    assert.match(damage, /window is larger than 128 MiB/);
  }
  assert.ok(process.memoryUsage().arrayBuffers - before < 2 ** 24);
});

test('a stream of tiny blocks in a large window costs what it holds, not a window each', async () => {
  const blocks = new Uint8Array(6 + 4 * 20_000);
  blocks.set([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x80]); // A window of 64 MiB.
  for (let at = 6; at < blocks.length; at += 4) blocks.set([1 << 3, 0, 0, 0x41], at);
  assert.deepEqual(await unpackAll(blocks), { length: 20_000, damage: 'zstd stream ends early' });
});

test('a block whose sequences make more than a block may is damage, and nothing of it is made', async () => {
  // 65,536 sequences, all of one kind each: no literals, the third last offset, a match of 131,074 bytes (RFC 8878, 3.1.1.3.2).
  const sequences = 65_536 - 0x7f00;
  const head = [0, 0xff, sequences & 255, sequences >> 8, 0x54, 0, 0, 52];
  const body = [...head, ...new Array(131_072 - head.length - 1).fill(0xff), 0x01];
  const bytes = Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58, (body.length << 3) & 255, 0, 0, ...body]);
  const header = (body.length << 3) | 4 | 1;
  bytes.set([header & 255, (header >> 8) & 255, header >> 16], 6);
  const { length, damage } = await unpackAll(bytes);
  assert.equal(length, 0);
  assert.equal(damage, 'zstd stream is damaged (a block is corrupt)');
});
