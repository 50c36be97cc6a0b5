/**
 * One form of table from which text, Markdown and HTML are made. Cells are plain text, already formatted; whatever a
 * cell holds (a task may be named `<b>|x`), each renderer makes it harmless in its own language.
 */
import { cannotTell } from './numbers.ts';

export interface Table {
  readonly title?: string;
  readonly columns: readonly string[];
  /** Of each column; left where not said. */
  readonly align?: readonly ('left' | 'right')[];
  readonly rows: readonly (readonly string[])[];
  /** Footnotes, a sentence each. */
  readonly notes?: readonly string[];
  /** On a phone each row becomes a block of lines, as it always does where cells hold sentences. */
  readonly stacked?: boolean;
  /** By row and column: the id of the facts that a cell counts (`evidence-id.ts`). Only a page makes links of it. */
  readonly evidence?: readonly (readonly (string | undefined)[])[];
}

/** Where the facts behind a number are shown; undefined where none are. */
export type HrefOf = (id: string) => string | undefined;

/** Cells longer than this hold sentences, and make a table unreadable in a mail and on a phone. */
const longCell = 48;

/** Whether a table is better read as a list where there is little width. */
export function hasLongCells({ rows }: Table): boolean {
  return rows.some((row) => row.some((cell) => cell.length > longCell));
}

/** Columns of a table of `names`: a trailing `>` aligns right (`['task', 'folios>']`). */
export function table(
  names: readonly string[],
  rows: readonly (readonly string[])[],
  extra: Pick<Table, 'title' | 'notes' | 'evidence'> = {},
): Table {
  return {
    columns: names.map((name) => name.replace(/>$/, '')),
    align: names.map((name) => (name.endsWith('>') ? 'right' : 'left')),
    rows,
    ...extra,
  };
}

/**
 * Text without what a terminal or a reader could be fooled by: control characters, bidirectional marks and overrides, and
 * what has no width become U+FFFD, line ends become spaces.
 */
export function printable(text: string): string {
  return text
    .replace(/[\r\n\t\u2028\u2029]+/g, ' ')
    .replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, '\ufffd');
}

/** Text for an HTML text node or a quoted attribute. */
export function escapeHtml(text: string): string {
  return printable(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** Text that Markdown shows as it is (CommonMark 0.31, 2.4 backslash escapes). */
export function escapeMarkdown(text: string): string {
  // Brackets only where they could make a link, so that `12 [8, 17]` stays readable as text.
  return printable(text).replace(/[\\`*<>|]|&(?=[#\w]+;)|\](?=[([:])|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, '\\$&');
}

/** Columns a string takes on a terminal: code points, combining marks taken as none, wide East Asian ones as two. */
function columnsOf(text: string): number {
  let n = 0;
  for (const character of text) {
    if (/\p{M}/u.test(character)) continue;
    n +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return n;
}

function pad(text: string, width: number, align: 'left' | 'right'): string {
  const space = ' '.repeat(Math.max(0, width - columnsOf(text)));
  return align === 'right' ? space + text : text + space;
}

/** Lines of at most `width` columns, broken at spaces; a word that is longer is cut where it must. */
export function wrap(text: string, width: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (let word of text.split(' ')) {
    while (columnsOf(word) > width) {
      if (line !== '') lines.push(line);
      line = '';
      // A name is best cut where its parts meet, if they do late enough.
      const cut = Math.max(...['-', '/', '_', ':'].map((mark) => word.lastIndexOf(mark, width - 1))) + 1;
      let at = cut > width / 2 ? cut : width;
      // Nor between a backslash and what it escapes.
      if (at > 1 && /(?<!\\)(\\\\)*\\$/.test(word.slice(0, at))) at--;
      lines.push(word.slice(0, at));
      word = word.slice(at);
    }
    if (line === '') line = word;
    else if (columnsOf(line) + 1 + columnsOf(word) <= width) line += ` ${word}`;
    else {
      lines.push(line);
      line = word;
    }
  }
  if (line !== '' || lines.length === 0) lines.push(line);
  return lines.map((each, i) => (i === 0 ? each : indent + each));
}

/** The footnotes, with the one that explains a dash when a cell has one. */
export function footnotes(of: Table): string[] {
  const dashed = of.rows.some((row) => row.includes(cannotTell));
  return [...(of.notes ?? []), ...(dashed ? [`${cannotTell}: cannot tell from this capture.`] : [])];
}

/** Columns (by number) of the blocks that a table is cut into so that each fits; the first column leads each block. */
function blocks(widths: readonly number[], room: number, gap: number): number[][] {
  const all: number[][] = [];
  let block: number[] = [0];
  let used = widths[0] ?? 0;
  for (let i = 1; i < widths.length; i++) {
    const more = gap + widths[i]!;
    if (used + more > room && block.length > 1) {
      all.push(block);
      block = [0];
      used = widths[0] ?? 0;
    }
    block.push(i);
    used += more;
  }
  all.push(block);
  return all;
}

/**
 * Widths of the columns: headings wrap at spaces; text columns give way, the widest first, down to 14, if that makes all
 * fit. Otherwise the table is cut into blocks, and a text column only has to fit beside the first. The first one may be kept whole.
 */
function fit(
  of: Table,
  rows: readonly (readonly string[])[],
  room: number,
  gap: number,
  isFirstWhole: boolean,
): number[] {
  const widths = of.columns.map((name, i) =>
    Math.max(...name.split(' ').map(columnsOf), ...rows.map((row) => columnsOf(row[i] ?? ''))),
  );
  const isText = (i: number): boolean => of.align?.[i] !== 'right' && !(isFirstWhole && i === 0);
  const least = (i: number): number => (isText(i) ? Math.min(14, widths[i]!) : widths[i]!);
  const gaps = gap * (widths.length - 1);
  if (widths.reduce((sum, _, i) => sum + least(i), gaps) > room) {
    const first = Math.min(widths[0] ?? 0, Math.floor(room / 2));
    return widths.map((width, i) => (i === 0 ? first : isText(i) ? Math.min(width, room - first - gap) : width));
  }
  for (let excess = widths.reduce((sum, width) => sum + width, gaps) - room; excess > 0; excess--) {
    let widest = -1;
    for (let i = 0; i < widths.length; i++)
      if (isText(i) && widths[i]! > 14 && widths[i]! > (widths[widest] ?? 14)) widest = i;
    widths[widest]!--;
  }
  return widths;
}

/**
 * For a terminal or a mail: at most `width` columns. Text cells wrap; what still does not fit goes below, each block led
 * by the first column. With `isFirstWhole` the names in it are not wrapped to make room for others.
 */
export function textTable(of: Table, width = 80, { isFirstWhole = false } = {}): string {
  const rows = of.rows.map((row) => row.map(printable));
  const widths = fit(of, rows, width, 2, isFirstWhole);
  const lines: string[] = of.title === undefined ? [] : [...wrap(printable(of.title), width), ''];
  const parts = blocks(widths, width, 2);
  for (const [n, part] of parts.entries()) {
    if (n > 0) lines.push('');
    const print = (cells: readonly string[]): void => {
      const wrapped = part.map((i) => wrap(cells[i] ?? '', Math.max(1, widths[i]!)));
      const height = Math.max(...wrapped.map((cell) => cell.length));
      for (let y = 0; y < height; y++)
        lines.push(
          part
            .map((i, x) => pad(wrapped[x]![y] ?? '', widths[i]!, of.align?.[i] ?? 'left'))
            .join('  ')
            .trimEnd(),
        );
    };
    print(of.columns);
    lines.push(part.map((i) => '-'.repeat(widths[i]!)).join('  '));
    for (const row of rows) print(row);
  }
  for (const note of footnotes(of)) lines.push(...wrap(printable(note), width));
  return `${lines.join('\n')}\n`;
}

/** A pipe table, padded so that it reads as text too; cut into blocks of at most `width` columns where it can be. */
export function markdownTable(of: Table, width = 80): string {
  const rows = of.rows.map((row) => row.map(escapeMarkdown));
  const titles = of.columns.map(escapeMarkdown);
  const widths = titles.map((name, i) => Math.max(3, columnsOf(name), ...rows.map((row) => columnsOf(row[i] ?? ''))));
  const lines: string[] = of.title === undefined ? [] : [`**${escapeMarkdown(of.title)}**`, ''];
  for (const [n, part] of blocks(widths, width - 4, 3).entries()) {
    if (n > 0) lines.push('');
    const print = (cells: readonly string[]): number =>
      lines.push(`| ${part.map((i) => pad(cells[i] ?? '', widths[i]!, of.align?.[i] ?? 'left')).join(' | ')} |`);
    print(titles);
    lines.push(
      `| ${part.map((i) => (of.align?.[i] === 'right' ? `${'-'.repeat(widths[i]! - 1)}:` : '-'.repeat(widths[i]!))).join(' | ')} |`,
    );
    for (const row of rows) print(row);
  }
  const notes = footnotes(of);
  if (notes.length > 0) lines.push('', ...notes.flatMap((note) => wrap(escapeMarkdown(note), width)));
  return `${lines.join('\n')}\n`;
}

/**
 * A `<table>` in a box of its own that scrolls when the page is narrower than the table. `link` gives the address that
 * the first two cells of a row lead to, `hrefOf` that of a cell's evidence.
 */
export function htmlTable(of: Table, link?: (row: number) => string, hrefOf?: HrefOf): string {
  const side = (i: number): string => (of.align?.[i] === 'right' ? ' class="n"' : '');
  const stacked = of.stacked === true || hasLongCells(of);
  // What a row's lines are called where it is stacked; the page's style shows it only there.
  const called = (i: number): string => (stacked ? ` data-of="${escapeHtml(of.columns[i] ?? '')}"` : '');
  const head = of.columns.map((name, i) => `<th scope="col"${side(i)}>${escapeHtml(name)}</th>`).join('');
  const body = of.rows
    .map((row, n) => {
      const content = (cell: string, i: number): string => {
        const id = of.evidence?.[n]?.[i];
        const href = link && i < 2 ? link(n) : id === undefined ? undefined : hrefOf?.(id);
        return href === undefined ? escapeHtml(cell) : `<a href="${escapeHtml(href)}">${escapeHtml(cell)}</a>`;
      };
      return `<tr>${row.map((cell, i) => `<td${side(i)}${called(i)}>${content(cell, i)}</td>`).join('')}</tr>`;
    })
    .join('\n');
  const caption = of.title === undefined ? '' : `<caption>${escapeHtml(of.title)}</caption>`;
  const notes = footnotes(of)
    .map((note) => `<p class="note">${escapeHtml(note)}</p>`)
    .join('');
  const label = escapeHtml(of.title ?? of.columns.join(', '));
  return `<div class="scroll${stacked ? ' stack' : ''}" role="region" tabindex="0" aria-label="${label}"><table>${caption}<thead><tr>${head}</tr></thead>\n<tbody>${body}</tbody></table></div>${notes}\n`;
}
