/** A look at the heads and tails of a trace.dat's pages. */
import type { ByteSource, Glance } from '../format.ts';
import { Glancer } from '../ring-buffer/glance.ts';
import { clockworkOf } from './clockwork.ts';
import type { Head } from './head.ts';
import type { Options } from './options.ts';
import type { Stream } from './reader.ts';
import { PackedDamage, unpackBlock } from './unpack.ts';

/** Bytes at the end of packed data in which the last chunk is looked for. */
const tailSize = 256 * 1024;

/** A chunk of ten pages of 64 KiB is smaller (PAGES_IN_CHUNK of lib/trace-cmd/trace-output.c). */
const mostChunk = 4 * 2 ** 20;

/** The tool's size may leave out the number of chunks (tracecmd_compress_copy_from(), until June 2023). */
const countSize = 4;

export async function glanceAt(
  input: ByteSource,
  head: Head,
  options: Options,
  streams: readonly Stream[],
): Promise<Glance> {
  const glancer = new Glancer();
  for (const { buffer, part, layout } of streams) {
    const { offset, size } = part;
    if (!buffer.isPacked) {
      await glancer.look({ input, offset, size, layout });
      continue;
    }
    const first = await firstChunk(input, head, offset, size);
    if (first === undefined) {
      if (size > 0) glancer.missAll();
      continue;
    }
    const events = glancer.pages(first.bytes, layout);
    if (first.chunks === 1) {
      glancer.reckon(events, true);
      continue;
    }
    const last = await lastChunk(input, head, offset, size);
    if (last === undefined) {
      glancer.reckon(events * first.chunks, false);
      glancer.missEnd();
      continue;
    }
    const ending = glancer.pages(last, layout);
    glancer.reckon(events * (first.chunks - 1) + ending, first.chunks === 2);
  }
  const { cpu, isInstance } = { cpu: streams[0]?.part.cpu ?? 0, isInstance: streams[0]?.buffer.name !== '' };
  const clockwork = clockworkOf(options, cpu, isInstance);
  return glancer.result((time) => BigInt.asUintN(64, (clockwork?.(time) ?? time) + options.offset));
}

/** The chunk at `at` of `bytes`, when there is one that can be unpacked. */
function chunkAt(bytes: Uint8Array, at: number, head: Head): Uint8Array | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (at + 8 > bytes.length) return undefined;
  const [packed, unpacked] = [view.getUint32(at, head.isLittleEndian), view.getUint32(at + 4, head.isLittleEndian)];
  if (at + 8 + packed > bytes.length || unpacked > mostChunk) return undefined;
  try {
    return unpackBlock(head.packing, bytes.subarray(at + 8, at + 8 + packed), unpacked);
  } catch (error) {
    if (error instanceof PackedDamage) return undefined;
    throw error;
  }
}

async function firstChunk(
  input: ByteSource,
  head: Head,
  offset: number,
  size: number,
): Promise<{ chunks: number; bytes: Uint8Array } | undefined> {
  const start = await input.read(offset, Math.min(size + countSize, 4 + 8 + mostChunk / 4));
  if (start.length < 4) return undefined;
  const chunks = new DataView(start.buffer, start.byteOffset, 4).getUint32(0, head.isLittleEndian);
  const bytes = chunkAt(start, 4, head);
  // A chunk takes a dozen bytes at least: a larger number is damage.
  return bytes === undefined || chunks > size / 8 ? undefined : { chunks, bytes };
}

/** The chunk that ends where the data do: its head is found by its packed size, which leads there. */
async function lastChunk(input: ByteSource, head: Head, offset: number, size: number): Promise<Uint8Array | undefined> {
  return (await chunkBefore(input, head, offset, size + countSize)) ?? chunkBefore(input, head, offset, size);
}

async function chunkBefore(
  input: ByteSource,
  head: Head,
  offset: number,
  size: number,
): Promise<Uint8Array | undefined> {
  const length = Math.min(size, tailSize);
  const tail = await input.read(offset + size - length, length);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  for (let at = tail.length - 20; at >= 0; at--) {
    if (view.getUint32(at, head.isLittleEndian) !== tail.length - at - 8) continue;
    const bytes = chunkAt(tail, at, head);
    if (bytes !== undefined) return bytes;
  }
  return undefined;
}
