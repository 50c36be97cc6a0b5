/** Pages of which a part is made by a script and the rest is written by hand. */
import { readFileSync, writeFileSync } from 'node:fs';

/** Puts `made` between the two marks of a page, which it must have. */
export function replaceMade(path: string, marks: readonly [string, string], made: string): void {
  const text = readFileSync(path, 'utf8');
  const [begin, end] = marks.map((mark) => text.indexOf(mark)) as [number, number];
  if (begin < 0 || end < begin) throw new Error(`${path}: the marks ${marks.join(' and ')} are not in it`);
  writeFileSync(path, `${text.slice(0, begin + marks[0].length)}\n${made}\n${text.slice(end)}`);
}
