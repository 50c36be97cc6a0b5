/** Pages of one CPU, a window of some of them at a time: what has been read is let go of before more is asked for. */
import type { ByteSource } from '../format.ts';

/** Some pages that lie one behind the other; only the last window of a stream may end within a page. */
export interface PageWindow {
  readonly bytes: Uint8Array;
  /** Place of the first byte in the input. */
  readonly at: number;
  /** The bytes were packed in the input: then `at` is the place of all of them. */
  readonly isPacked: boolean;
}

export interface PageStream {
  /**
   * The next window; undefined at the end. What cannot be read has been put into the books by then. The bytes of the window
   * before it may be written over.
   */
  next(): Promise<PageWindow | undefined>;
}

/** Bytes that all windows of a capture may take together. */
const allWindows = 64 * 2 ** 20;

/** Least and most of one window: below, asking takes longer than reading; above, nothing is gained. */
const leastWindow = 64 * 1024;
const mostWindow = 1024 * 1024;

/** Size of a window when there are so many streams: whole pages, one at least. Each stream holds two, one of them ahead. */
export function windowSize(streams: number, pageSize: number): number {
  const share = Math.floor(allWindows / 2 / Math.max(1, streams));
  const wanted = Math.min(mostWindow, Math.max(leastWindow, share));
  return Math.max(1, Math.floor(wanted / pageSize)) * pageSize;
}

/**
 * Pages as they lie in the input, `[offset, offset + size)`. The next window is read while the last one is used; the two take
 * turns in two blocks of memory, so that a gigabyte read leaves nothing to be collected. Behind the first `expected` bytes,
 * which the reader wants for sure, a `page` is read at a time.
 */
export function plainPages(
  input: ByteSource,
  offset: number,
  size: number,
  window: number,
  { expected, page }: { readonly expected: number; readonly page: number } = { expected: size, page: window },
): PageStream {
  let at = offset;
  let asked = offset;
  const end = Math.min(offset + size, input.size);
  const blocks: Uint8Array[] = [];
  let turn = 0;
  const ask = (): Promise<Uint8Array> | undefined => {
    if (asked >= end) return undefined;
    const behind = offset + expected - asked;
    const length = Math.min(behind > 0 ? Math.min(window, behind) : page, end - asked);
    turn = 1 - turn;
    let block = blocks[turn];
    if (block === undefined || block.length < length) block = new Uint8Array(length);
    blocks[turn] = block;
    const read = input.read(asked, length, block);
    asked += length;
    // A failure is told to the one who waits for it; until then nobody does.
    read.catch(() => undefined);
    return read;
  };
  let ahead: Promise<Uint8Array> | undefined;
  return {
    next: async () => {
      const bytes = await (ahead ?? ask());
      ahead = undefined;
      if (bytes === undefined || bytes.length === 0) return undefined;
      const place = at;
      at += bytes.length;
      // The file may have become shorter.
      asked = at;
      ahead = ask();
      return { bytes, at: place, isPacked: false };
    },
  };
}
