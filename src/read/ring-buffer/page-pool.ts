/**
 * One block of memory for the page at hand of every CPU. Records of all of them then lie in one array, so that going from
 * CPU to CPU changes an offset and nothing else (measured: a view made at every change took a quarter of the time).
 */

/** Above this, pages stay where they were read. */
const mostBytes = 64 * 2 ** 20;

/** Views of one block. */
export interface PagePool {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** A pool of so many bytes; undefined when that would be too many. */
export function pagePool(size: number): PagePool | undefined {
  if (size > mostBytes) return undefined;
  const bytes = new Uint8Array(size);
  return { bytes, view: new DataView(bytes.buffer) };
}
