/**
 * Pages of one CPU that were packed in chunks (Documentation/trace-cmd/trace-cmd.dat.v7.5.txt, "Compression format of the
 * trace data"): unpacked one chunk at a time.
 *
 *     number of chunks, 32 bits | packed size, 32 bits | unpacked size, 32 bits | packed bytes | packed size ...
 */
import type { BatchBuilder } from '../builder.ts';
import type { ByteSource } from '../format.ts';
import type { PageStream, PageWindow } from '../ring-buffer/page-stream.ts';
import { PackedDamage, type Packing, unpackBlock } from './unpack.ts';

export interface PackedPart {
  readonly cpu: number;
  readonly offset: number;
  readonly size: number;
  readonly isLittleEndian: boolean;
  readonly packing: Packing;
  /** Bytes read ahead of the chunk at hand. */
  readonly window: number;
  /** A chunk that would be larger is not unpacked. */
  readonly mostUnpacked: number;
  /** Asks for bytes behind `size`; false when they are another part's. */
  readonly claim: (from: number, to: number) => boolean;
}

/** Bytes that unpacked chunks of all CPUs may take together, each holding one. */
const allChunks = 512 * 2 ** 20;

/** The tool packs ten pages together (PAGES_IN_CHUNK of lib/trace-cmd/trace-output.c); more is allowed, but not any number. */
export function mostUnpacked(streams: number): number {
  return Math.min(16 * 2 ** 20, Math.floor(allChunks / Math.max(1, streams)));
}

const chunkHead = 8;

/** The tool's size leaves out the number of chunks (tracecmd_compress_copy_from(), until June 2023). */
const sizeOfCount = 4;

/** A stream of the unpacked pages. Heads of chunks, and chunks that cannot be unpacked, go into the books as they are met. */
export function packedPages(input: ByteSource, part: PackedPart, builder: BatchBuilder): PageStream {
  let end = Math.min(part.offset + part.size, input.size);
  let at = part.offset;
  let held: Uint8Array = new Uint8Array(0);
  let heldAt = at;
  let chunks = -1;

  /** `size` bytes at `at`; fewer at the end. */
  const need = async (size: number): Promise<Uint8Array> => {
    const from = at - heldAt;
    if (from < 0 || from + size > held.length) {
      held = await input.read(at, Math.min(Math.max(size, part.window), end - at));
      heldAt = at;
    }
    return held.subarray(at - heldAt, at - heldAt + size);
  };
  const number = (bytes: Uint8Array, offset: number): number =>
    new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset, part.isLittleEndian);
  const comment = (size: number): void => {
    builder.at = at;
    builder.units = size;
    builder.comment();
    at += size;
  };
  const skip = (size: number, reason: string): void => {
    if (size <= 0) return;
    builder.at = at;
    builder.units = size;
    builder.skip(reason, held, 0, 0);
    builder.lost(part.cpu, Number.NaN, 'dropped');
    at += size;
  };

  const unpackNext = async (): Promise<PageWindow | undefined> => {
    const head = await need(chunkHead);
    if (head.length < chunkHead) {
      skip(end - at, 'packed data cut short');
      return undefined;
    }
    const [packed, unpacked] = [number(head, 0), number(head, 4)];
    const missing = packed - (end - at - chunkHead);
    if (missing > 0 && missing <= sizeOfCount && end + missing <= input.size && part.claim(end, end + missing)) {
      end += missing;
    }
    if (packed > end - at - chunkHead || unpacked > part.mostUnpacked) {
      const isCut = unpacked <= part.mostUnpacked && end === input.size;
      skip(end - at, isCut ? 'packed data cut short' : 'chunk of packed data with an impossible size');
      return undefined;
    }
    comment(chunkHead);
    const place = at;
    try {
      const bytes = unpackBlock(part.packing, await need(packed), unpacked);
      at += packed;
      return { bytes, at: place, isPacked: true };
    } catch (error) {
      if (!(error instanceof PackedDamage)) throw error;
      skip(packed, `packed data ${error.message.replace(/\d+/g, 'N')}`);
      return { bytes: new Uint8Array(0), at: place, isPacked: true };
    }
  };

  return {
    next: async () => {
      if (chunks < 0) {
        if (end - at < 4) {
          skip(end - at, 'packed data cut short');
          return undefined;
        }
        chunks = number(await need(4), 0);
        comment(4);
      }
      while (chunks > 0 && at < end) {
        chunks--;
        const window = await unpackNext();
        if (window === undefined || window.bytes.length > 0) return window;
      }
      if (chunks > 0) builder.capture.accounting.cutShort = true;
      chunks = 0;
      if (at < end) skip(end - at, 'bytes behind the last chunk of packed data');
      return undefined;
    },
  };
}
