/**
 * Packets packed into one (TracePacket.compressed_packets, zlib; zstd_compressed_packets): unpacked whole before anything in
 * it is read, so that its checksum is known to fit.
 */
import { Unzlib } from 'fflate';
import { Adler32 } from '../adler32.ts';
import { AfterEnd } from '../after-end.ts';
import { unpackFrames } from '../zstd.ts';

/** Most bytes that one packet may unpack to. The tracing service packs at most a few hundred KiB into one. */
const mostUnpacked = 64 << 20;

/** Bytes given to the unpacker of zlib at once, which makes at most 1032 of each. */
const biteSize = 4096;

/** The bytes, or why there are none. */
export function unpackPackets(packed: Uint8Array, packing: 'zlib' | 'zstd'): Uint8Array | string {
  const parts: Uint8Array[] = [];
  let size = 0;
  const take = (data: Uint8Array): boolean => {
    size += data.length;
    if (size <= mostUnpacked) parts.push(data.slice());
    return size <= mostUnpacked;
  };
  const damaged = `packed packets (${packing}) that are damaged`;
  try {
    if (packing === 'zlib') {
      const behind = new AfterEnd();
      const stream = new Unzlib((data) => {
        behind.gave(data.length);
        take(data);
      });
      for (let at = 0; at < packed.length && size <= mostUnpacked && !behind.isOver; at += biteSize) {
        const bite = packed.subarray(at, at + biteSize);
        behind.fed(bite.length);
        stream.push(bite, at + biteSize >= packed.length);
      }
      if (behind.isOver) return damaged;
    } else {
      for (const data of unpackFrames(packed)) if (!take(data)) break;
    }
  } catch (error) {
    // Both throw Errors, of which only the message tells fflate's from others, and break off where the stream is none.
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

function hasChecksum(packed: Uint8Array, sum: number): boolean {
  const end = packed.length;
  if (end < 6) return false;
  const stored =
    ((packed[end - 4]! << 24) | (packed[end - 3]! << 16) | (packed[end - 2]! << 8) | packed[end - 1]!) >>> 0;
  return stored === sum;
}
