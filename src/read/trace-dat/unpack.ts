/**
 * Packed blocks of a trace.dat of version 7: each a whole zstd frame or zlib stream, with both sizes written before it
 * (lib/trace-cmd/trace-compress.c tracecmd_compress_block(), trace-cmd 3.1).
 */
import { unzlibSync } from 'fflate';
import { Adler32 } from '../adler32.ts';
import { unpackInto } from '../zstd.ts';

export type Packing = 'none' | 'zstd' | 'zlib';

/** Why a block cannot be unpacked, for the books. */
export class PackedDamage extends Error {
  override readonly name = 'PackedDamage';
}

/**
 * Unpacks one block into exactly `size` bytes, which the caller has bounded. zstd must have been loaded where it is
 * the packing.
 *
 * @throws PackedDamage
 */
export function unpackBlock(packing: Packing, packed: Uint8Array, size: number): Uint8Array {
  if (packing === 'none') throw new PackedDamage('is marked as packed in a file without packing');
  const out = new Uint8Array(size);
  try {
    const length = packing === 'zstd' ? unpackInto(packed, out) : unpackZlib(packed, out);
    if (length !== size) throw new PackedDamage('unpacks to another size than it says');
  } catch (error) {
    if (error instanceof PackedDamage) throw error;
    // Both throw Errors for damage, fflate RangeErrors of typed arrays among them.
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
