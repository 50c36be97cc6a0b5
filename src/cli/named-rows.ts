/** A table whose rows have long names, laid out so that it stays one table at 80 columns. */
import { footnotes, printable, type Table, wrap } from '../report/tables.ts';

const gap = 2;
/** What a text column may be pressed down to. */
const leastText = 14;

function columnsWide(of: Table, from: number, room: number): number[] {
  const isText = (i: number): boolean => of.align?.[i] !== 'right';
  const widths = of.columns.map((name, i) =>
    i < from
      ? 0
      : Math.max(...name.split(' ').map((word) => word.length), ...of.rows.map((row) => (row[i] ?? '').length)),
  );
  const excess = (): number => widths.reduce((sum, width) => sum + width, 0) + gap * (widths.length - from - 1) - room;
  while (excess() > 0) {
    const [widest] = widths
      .map((width, i) => ({ width, i }))
      .filter(({ width, i }) => i >= from && isText(i) && width > leastText)
      .sort((a, b) => b.width - a.width);
    if (widest === undefined) break;
    widths[widest.i] = widest.width - 1;
  }
  return widths;
}

/**
 * Each row under a line with its name, which is its first two cells; a name that is too long loses its beginning, since
 * the end of a path is what tells captures apart.
 */
export function namedRows(of: Table, width: number): string {
  const from = 2;
  const widths = columnsWide(of, from, width - gap);
  const lines: string[] = [];
  const print = (cells: readonly string[]): void => {
    const wrapped = cells.map((cell, i) => (i < from ? [] : wrap(printable(cell), Math.max(1, widths[i] ?? 1))));
    const height = Math.max(...wrapped.map((cell) => cell.length));
    for (let y = 0; y < height; y++) {
      const line = wrapped.slice(from).map((cell, x) => {
        const wide = widths[from + x] ?? 0;
        const text = cell[y] ?? '';
        return of.align?.[from + x] === 'right' ? text.padStart(wide) : text.padEnd(wide);
      });
      lines.push(`${' '.repeat(gap)}${line.join(' '.repeat(gap))}`.trimEnd());
    }
  };
  print(of.columns);
  lines.push('-'.repeat(width));
  for (const row of of.rows) {
    const name = printable(row.slice(0, from).join(' '));
    lines.push(name.length > width ? `…${name.slice(name.length - width + 1)}` : name);
    print(row);
  }
  lines.push('', ...footnotes(of).flatMap((note) => wrap(printable(note), width)));
  return `${lines.join('\n')}\n`;
}
