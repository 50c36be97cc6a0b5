/** Cuts a capture down to what takes a millisecond or two to read, keeping the parts in which formats differ. */

type Shrink = (bytes: Uint8Array) => Uint8Array[];

/** By format; text formats are cut by lines, all others are taken whole. */
const byFormat: Readonly<Record<string, Shrink>> = {};

/** One or more smaller captures in the same format. */
export function shrink(format: string, bytes: Uint8Array, isText: boolean): Uint8Array[] {
  if (isText) return [cutLines(bytes)];
  return byFormat[format]?.(bytes) ?? [bytes];
}

const headLines = 40;
const middleLines = 60;

/** The first lines and some from the middle: headers, and what came when the tracer was warm. */
function cutLines(bytes: Uint8Array): Uint8Array {
  const ends: number[] = [];
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) ends.push(at + 1);
  if (ends.length <= headLines + middleLines || bytes.length < 8000) return bytes;
  // `perf script --header` begins with a hundred lines of it.
  let comments = 0;
  while (comments < 400 && bytes[ends[comments] ?? 0] === 35) comments++;
  const head = ends[Math.min(comments + headLines, ends.length - middleLines - 1)]!;
  const middle = Math.floor(ends.length / 2);
  const from = Math.max(head, ends[middle]!);
  const to = ends[Math.min(ends.length - 1, middle + middleLines)]!;
  const cut = new Uint8Array(head + Math.max(0, to - from));
  cut.set(bytes.subarray(0, head));
  if (to > from) cut.set(bytes.subarray(from, to), head);
  return cut;
}
