/**
 * Packets packed into one (TracePacket.compressed_packets, zlib; zstd_compressed_packets): unpacked whole before anything in
 * it is read, so that its checksum is known to fit.
 */
import { Unzlib } from 'fflate';
import { Adler32 } from '../adler32.ts';
import { AfterEnd } from '../after-end.ts';
import { Frames } from '../zstd.ts';

/** Most bytes that one packet may unpack to. The tracing service packs at most a few hundred KiB into one. */
const mostUnpacked = 64 << 20;

/** Bytes given to an unpacker at once. Deflate makes at most 1032 of each; a block of zstd 128 KiB of three. */
const bites = { zlib: 4096, zstd: 512 } as const;

/** The bytes, or why there are none. */
export function unpackPackets(packed: Uint8Array, packing: 'zlib' | 'zstd'): Uint8Array | string {
  const parts: Uint8Array[] = [];
  let size = 0;
  const take = (data: Uint8Array): void => {
    size += data.length;
    if (size <= mostUnpacked) parts.push(data);
  };
  const damaged = `packed packets (${packing}) that are damaged`;
  try {
    if (packing === 'zlib') {
      const behind = new AfterEnd();
      const stream = new Unzlib((data) => {
        behind.gave(data.length);
        take(data.slice());
      });
      inBites(packed, bites.zlib, (bite, isLast) => {
        behind.fed(bite.length);
        stream.push(bite, isLast);
        return size <= mostUnpacked && !behind.isOver;
      });
      if (behind.isOver) return damaged;
    } else {
      const frames = new Frames();
      inBites(packed, bites.zstd, (bite) => {
        frames.push(bite);
        for (const data of frames.out.splice(0)) take(data);
        return size <= mostUnpacked;
      });
      if (size <= mostUnpacked && !frames.betweenFrames) return damaged;
    }
  } catch (error) {
    // Both throw Errors, of which only the message tells them from others, and break off where the stream is none.
    if (error instanceof Error) return damaged;
    throw error;
  }
  if (size > mostUnpacked) return `packed packets (${packing}) of more than 64 MiB`;
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  if (packing === 'zlib' && !hasChecksum(packed, new Adler32().update(whole).value)) {
    return 'packed packets (zlib) whose checksum does not fit';
  }
  return whole;
}

/** Gives out a piece after the other, while they are wanted. */
function inBites(bytes: Uint8Array, size: number, take: (bite: Uint8Array, isLast: boolean) => boolean): void {
  for (let at = 0; at < bytes.length; at += size) {
    const end = Math.min(bytes.length, at + size);
    if (!take(bytes.subarray(at, end), end === bytes.length)) return;
  }
}

function hasChecksum(packed: Uint8Array, sum: number): boolean {
  const end = packed.length;
  if (end < 6) return false;
  const stored =
    ((packed[end - 4]! << 24) | (packed[end - 3]! << 16) | (packed[end - 2]! << 8) | packed[end - 1]!) >>> 0;
  return stored === sum;
}
