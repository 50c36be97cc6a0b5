/** Parts of a text, read by whichever thread they fall to. */
import type { SharedPart } from './text-memory.ts';
import type { Part, PartReader } from './text-ranges.ts';
import { openTracefsPart, type TracefsSeed } from './tracefs/reader.ts';

/** Bytes read at a time: small enough to stay in the processor's cache while they are decoded. */
const chunkSize = 1 << 18;

/** The bytes `[start, end)` of the input, which begin with an event's line and end with a line's end. */
export interface PartTask {
  /** Its place among the parts. */
  readonly place: number;
  readonly start: number;
  readonly end: number;
  /** What its reader begins with, when it has read no part of this age; a part that is not taken makes all readers begin anew. */
  readonly seed: TracefsSeed;
  readonly age: number;
  /** Where its columns may be put (text-memory.ts). */
  readonly memory: SharedArrayBuffer | undefined;
}

/** What came of it (`Answer` of file-hands.ts). */
export interface PartAnswer {
  readonly place: number;
  readonly result: SharedPart;
}

/** A part in this thread's memory. */
export interface OwnPart {
  readonly part: Part;
  /** It is not looked at any more: its columns are used again. */
  readonly giveBack: () => void;
}

/** Fills a buffer from a place of the input on; gives the number of bytes, 0 at the end. */
export type ReadAt = (buffer: Uint8Array, length: number, at: number) => number;

/**
 * Reads parts, each later in the input than the one before; a part that is shorter than asked (the file was cut while it
 * was read) says so in `bytes`.
 *
 * @param id no other thread that reads the same input has it
 */
export function readerOfParts(readAt: ReadAt, id: number): (task: PartTask) => OwnPart {
  const buffer = new Uint8Array(chunkSize);
  let reader: PartReader | undefined;
  let age = -1;
  // Small ones first: what happens once in a chunk is then known before the engine compiles the loop over lines.
  let size = 1 << 12;
  return (task) => {
    const one = reader === undefined || task.age !== age ? openTracefsPart(task.seed, id) : reader;
    reader = one;
    age = task.age;
    for (let at = task.start; at < task.end; ) {
      const read = readAt(buffer, Math.min(size, task.end - at), at);
      size = Math.min(size * 2, chunkSize);
      if (read === 0) break;
      // Part readers keep nothing of a chunk, so that one buffer serves them all.
      one.push(buffer.subarray(0, read));
      at += read;
    }
    const part = one.finish();
    return { part, giveBack: () => one.giveBack(part) };
  };
}
