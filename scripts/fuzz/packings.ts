/** Packed inputs that nobody's encoder would make: bombs, raw frames, packings inside packings. */
import { deflateSync, gzipSync } from 'node:zlib';

const zstdMagic = [0x28, 0xb5, 0x2f, 0xfd];

/** Largest block of a zstd frame with a window of 128 KiB (RFC 8878, 3.1.1.2.4). */
const mostInBlock = 1 << 17;

/** A window of 1 MiB, no content size, no checksum (RFC 8878, 3.1.1.1). */
const frameHeader = [...zstdMagic, 0x00, 0x50];

function blockHeader(isLast: boolean, type: 0 | 1, size: number): number[] {
  const header = (isLast ? 1 : 0) | (type << 1) | (size << 3);
  return [header & 255, (header >> 8) & 255, (header >> 16) & 255];
}

/** A zstd frame of raw blocks: no encoder needed. */
export function zstdOf(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.from(frameHeader)];
  for (let at = 0; at === 0 || at < bytes.length; at += mostInBlock) {
    const piece = bytes.subarray(at, at + mostInBlock);
    parts.push(Uint8Array.from(blockHeader(at + mostInBlock >= bytes.length, 0, piece.length)), piece);
  }
  return concatenate(parts);
}

/** A zstd frame of `blocks` blocks that repeat one byte 128 Ki times each: 4 bytes a block. */
export function zstdBomb(blocks: number, byte: number): Uint8Array {
  const bytes = [...frameHeader];
  for (let i = 0; i < blocks; i++) bytes.push(...blockHeader(i === blocks - 1, 1, mostInBlock), byte);
  return Uint8Array.from(bytes);
}

export function gzipOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(gzipSync(bytes, { level: 1 }));
}

/** A gzip of `beginning` and then `rest` over and over, `size` bytes in all. */
export function gzipBomb(beginning: Uint8Array, rest: Uint8Array, size: number): Uint8Array {
  return gzipOf(repeated(beginning, rest, size));
}

/** A zstd frame of `beginning`, then zeros by the block. */
export function zstdWithTail(beginning: Uint8Array, blocks: number): Uint8Array {
  return concatenate([zstdOf(beginning), zstdBomb(blocks, 0)]);
}

export function repeated(beginning: Uint8Array, rest: Uint8Array, size: number): Uint8Array {
  const whole = new Uint8Array(Math.max(size, beginning.length));
  whole.set(beginning);
  for (let at = beginning.length; at < whole.length && rest.length > 0; at += rest.length) {
    whole.set(rest.subarray(0, whole.length - at), at);
  }
  return whole;
}

const zlibBombs = new Map<number, Uint8Array>();

/** A zlib stream of `size` zeros. */
export function zlibBomb(size: number): Uint8Array {
  const known = zlibBombs.get(size);
  if (known !== undefined) return known;
  const bomb = new Uint8Array(deflateSync(new Uint8Array(size), { level: 9 }));
  zlibBombs.set(size, bomb);
  return bomb;
}

export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Where a zstd frame or a zlib stream begins inside other bytes. */
export function packedPlaces(bytes: Uint8Array): number[] {
  const places: number[] = [];
  for (let i = 0; i + 4 <= bytes.length && places.length < 64; i++) {
    const isZstd = zstdMagic.every((byte, k) => bytes[i + k] === byte);
    const isZlib = bytes[i] === 0x78 && ((bytes[i]! << 8) | bytes[i + 1]!) % 31 === 0 && (bytes[i + 1]! & 0x20) === 0;
    if (isZstd || (isZlib && places.length < 16)) places.push(i);
  }
  return places;
}
