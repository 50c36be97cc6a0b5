/** Cuts a capture down to what takes a millisecond or two to read, keeping the parts in which formats differ. */

import { shrinkBinary } from './shrink-binary.ts';

const latin = new TextDecoder('latin1');

/** A smaller capture in the same format: some of its lines, records or pages. */
export function shrink(format: string, bytes: Uint8Array, isText: boolean): Uint8Array {
  if (!isText) return shrinkBinary(format, bytes);
  return bytes[0] === 60 ? cutPage(bytes) : cutLines(bytes);
}

/** A page of systrace: runs of more than a hundred lines without a tag lose their middles. */
function cutPage(bytes: Uint8Array): Uint8Array {
  const kept: string[] = [];
  let run: string[] = [];
  for (const line of latin.decode(bytes).split('\n')) {
    if (!/<\/?(?:html|head|style|body|script)/.test(line)) {
      run.push(line);
      continue;
    }
    kept.push(...(run.length > 100 ? [...run.slice(0, 60), ...run.slice(-20)] : run), line);
    run = [];
  }
  return Uint8Array.from(`${[...kept, ...run].join('\n')}`, (letter) => letter.charCodeAt(0));
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
