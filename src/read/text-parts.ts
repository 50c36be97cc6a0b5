/** One part of a text, read by whichever thread it falls to. */
import type { Part } from './text-ranges.ts';
import { openTracefsPart, type TracefsSeed } from './tracefs/reader.ts';

/** Bytes read at a time: small enough to stay in the processor's cache while they are decoded. */
const chunkSize = 1 << 18;

/** The bytes `[start, end)` of the input, which begin with an event's line and end with a line's end. */
export interface PartTask {
  /** Its place among the parts. */
  readonly place: number;
  readonly start: number;
  readonly end: number;
  readonly seed: TracefsSeed;
}

/** What came of it (`Answer` of file-hands.ts). */
export interface PartAnswer {
  readonly place: number;
  readonly result: Part;
}

/** Fills a buffer from a place of the input on; gives the number of bytes, 0 at the end. */
export type ReadAt = (buffer: Uint8Array, length: number, at: number) => number;

const buffer = new Uint8Array(chunkSize);

/** Reads a part; one that is shorter than asked (the file was cut while it was read) says so in `bytes`. */
export function readPart(readAt: ReadAt, { start, end, seed }: PartTask): Part {
  const reader = openTracefsPart(seed);
  for (let at = start; at < end; ) {
    const read = readAt(buffer, Math.min(chunkSize, end - at), at);
    if (read === 0) break;
    // Part readers keep nothing of a chunk, so that one buffer serves them all.
    reader.push(buffer.subarray(0, read));
    at += read;
  }
  return reader.finish();
}
