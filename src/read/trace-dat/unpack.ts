/**
 * Packed blocks of a trace.dat of version 7: each a whole zstd frame or zlib stream, with both sizes written before it
 * (lib/trace-cmd/trace-compress.c tracecmd_compress_block(), trace-cmd 3.1).
 */
import { unzlibSync } from 'fflate';
import { Decompress } from 'fzstd';
import { Adler32 } from '../adler32.ts';
import { Xxh64 } from '../xxh64.ts';

export type Packing = 'none' | 'zstd' | 'zlib';

/** Why a block cannot be unpacked, for the books. */
export class PackedDamage extends Error {
  override readonly name = 'PackedDamage';
}

/**
 * Unpacks one block into exactly `size` bytes, which the caller has bounded. The frame's own lies are found before
 * anything is set aside for them.
 *
 * @throws PackedDamage
 */
export function unpackBlock(packing: Packing, packed: Uint8Array, size: number): Uint8Array {
  if (packing === 'none') throw new PackedDamage('is marked as packed in a file without packing');
  const out = new Uint8Array(size);
  try {
    const length = packing === 'zstd' ? unpackZstd(packed, out) : unpackZlib(packed, out);
    if (length !== size) throw new PackedDamage('unpacks to another size than it says');
  } catch (error) {
    if (error instanceof PackedDamage) throw error;
    // The two packages throw errors of several kinds for damage, RangeErrors of typed arrays among them.
    throw new PackedDamage(`is damaged (${error instanceof Error ? error.message : String(error)})`);
  }
  return out;
}

function unpackZlib(packed: Uint8Array, out: Uint8Array): number {
  if (packed.length < 6) throw new PackedDamage('is too short');
  const length = unzlibSync(packed, { out }).length;
  if (new Adler32().update(out.subarray(0, length)).value !== readBig(packed, packed.length - 4)) {
    throw new PackedDamage('does not fit its checksum');
  }
  return length;
}

function readBig(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

const sizeBytes = [0, 2, 4, 8];
const dictionaryBytes = [0, 1, 2, 4];

/** One frame and nothing behind it (RFC 8878 section 3.1.1). */
function unpackZstd(packed: Uint8Array, out: Uint8Array): number {
  if (packed.length < 9 || readBig(packed, 0) !== 0x28b52ffd) throw new PackedDamage('is no zstd frame');
  const descriptor = packed[4]!;
  const isSingle = (descriptor & 0x20) !== 0;
  const sizeLength = sizeBytes[descriptor >> 6]! || (isSingle ? 1 : 0);
  let at = 5 + (isSingle ? 0 : 1) + dictionaryBytes[descriptor & 3]!;
  if (at + sizeLength > packed.length) throw new PackedDamage('ends early');
  let content = sizeLength === 2 ? 256 : 0;
  for (let i = 0; i < sizeLength; i++) content += packed[at + i]! * 2 ** (8 * i);
  at += sizeLength;
  if (sizeLength > 0 && content !== out.length) throw new PackedDamage('holds another number of bytes than it should');
  const exponent = 2 ** (10 + (packed[5]! >> 3));
  const window = isSingle ? content : exponent + (exponent / 8) * (packed[5]! & 7);
  // The packer knew the size and had no use for a window that is much larger.
  if (window > Math.max(2 * out.length, 1 << 20)) throw new PackedDamage('asks for more memory than its content has');
  const end = endOfBlocks(packed, at) + ((descriptor & 4) !== 0 ? 4 : 0);
  if (end !== packed.length) throw new PackedDamage('is not one zstd frame');
  let length = 0;
  const frame = new Decompress((data) => {
    if (length + data.length > out.length) throw new PackedDamage('unpacks to more than it should');
    out.set(data, length);
    length += data.length;
  });
  frame.push(packed, true);
  if ((descriptor & 4) !== 0) {
    const hash = new Xxh64();
    hash.update(out.subarray(0, length));
    const at = packed.length - 4;
    const stored = (packed[at]! | (packed[at + 1]! << 8) | (packed[at + 2]! << 16) | (packed[at + 3]! << 24)) >>> 0;
    if (hash.digest().lo !== stored) throw new PackedDamage('does not fit its checksum');
  }
  return length;
}

/** Where the last block of a frame ends: each has a header of three bytes with its size. */
function endOfBlocks(packed: Uint8Array, first: number): number {
  let at = first;
  for (;;) {
    if (at + 3 > packed.length) throw new PackedDamage('ends early');
    const header = packed[at]! | (packed[at + 1]! << 8) | (packed[at + 2]! << 16);
    // A block of type 1 is one byte, repeated.
    at += 3 + (((header >> 1) & 3) === 1 ? 1 : header >> 3);
    if ((header & 1) !== 0) return at;
  }
}
