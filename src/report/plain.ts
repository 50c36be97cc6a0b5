/**
 * Plain text for a mailing list: ASCII, 72 columns at most, no tabs, nothing at the end of a line. Everything but headings is
 * indented, so that no line of it, whatever a capture's names are, reads as a patch, a signature or the start of another mail.
 */
import { shellWord } from './evidence-page.ts';
import { footnotes, hasLongCells, printable, type Table, textTable, wrap } from './tables.ts';

const lineWidth = 72;
const indent = '  ';
const room = lineWidth - indent.length;
/** Stands for a blank at which no line ends; no text has it once `ascii` has seen it. */
const bound = '\u0001';

const spelled: Readonly<Record<string, string>> = {
  '\u202f': '',
  '\u00a0': ' ',
  µ: 'u',
  μ: 'u',
  '“': '"',
  '”': '"',
  '‘': "'",
  '’': "'",
  '–': '-',
  '—': '-',
  '×': 'x',
  '→': '->',
  '←': '<-',
  '≥': '>=',
  '≤': '<=',
  '∞': 'inf',
};

/** Text in ASCII: letters without their marks, signs spelled out, a question mark for what is left. */
export function ascii(text: string): string {
  return printable(text)
    .replace(/[^\x20-\x7e]/g, (sign) => spelled[sign] ?? sign)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\x20-\x7e]/gu, '?');
}

/** A heading, the only text that begins in the first column: its first word has to be our own. */
export function heading(text: string): string {
  const lines = wrap(ascii(text).replace(/ +/g, ' ').trim(), room, indent);
  return `${lines.join('\n')}\n${'='.repeat(Math.max(...lines.map((line) => line.length)))}\n`;
}

export function paragraph(text: string): string {
  return block(flowed(text, room));
}

/** Lines that part no interval and no number from its unit. */
function flowed(text: string, width: number): string[] {
  const held = ascii(text)
    .replace(/\[[^[\]]{1,40}, [^[\]]{1,40}\]/g, (all) => all.replaceAll(' ', bound))
    .replace(/(\d) (?=(?:%|[mun]?s|folios?|drains?|draws?)(?![\w]))/g, `$1${bound}`)
    .replaceAll(new RegExp(`(\\d) (?=\\[[^\\]]*${bound})`, 'g'), `$1${bound}`);
  return wrap(held, width).map((line) => line.replaceAll(bound, ' '));
}

/** A list entry, its further lines under its first. */
export function bullet(text: string): string {
  return block(flowed(text, room - 2).map((line, i) => `${i === 0 ? '* ' : '  '}${line}`));
}

/** A table of fixed width; of long cells a list, in which the first column leads, unless they shall be `wrapped` in their columns. */
export function plainTable(table: Table, { wrapped = false } = {}): string {
  // A dash is a minus here: what cannot be told is a question mark.
  const cell = (text: string): string => (text === '–' ? '?' : ascii(text));
  const rows = table.rows.map((row) => row.map(cell));
  const notes = footnotes(table).map((note) => note.replace(/^–:/, '?:'));
  const { notes: _, title, ...bare } = table;
  const head = title === undefined ? '' : `${paragraph(`${title}:`)}\n`;
  const under = notes.length === 0 ? '' : `\n${notes.map(paragraph).join('')}`;
  if (!wrapped && hasLongCells(table)) {
    const entries = rows.map(([first = '', ...others]) => {
      const said = others.flatMap((text, i) => (text === '' ? [] : [`${ascii(table.columns[i + 1] ?? '')}: ${text}`]));
      return bullet([first, ...said].join('; '));
    });
    return `${head}${entries.join('')}${under}`;
  }
  const text = textTable({ ...bare, columns: table.columns.map(ascii), rows }, room, { isFirstWhole: true });
  return `${head}${block(text.trimEnd().split('\n'))}${under}`;
}

/** A piece of a word that fits no line, cut behind a slash or a blank if one comes late enough; quotes grow to four signs each. */
const piece = { plain: /.{20,57}[/ ]|.{1,58}/gsu, quoted: /.{1,15}/gsu } as const;

/**
 * A command in lines that a shell puts together again. A word that is too long for a line goes on in the first column of the next,
 * because a blank before it would part it.
 */
export function commandLines(command: string): string {
  const words = printable(command).match(/(?:'[^']*'|\\.|[^\s'\\])+/g) ?? [];
  const most = room - 4;
  const lines: string[] = [];
  let line = indent;
  for (const word of words) {
    const isFirst = line.trim() === '';
    if (word.length > most) {
      const raw = word.replace(/'([^']*)'|\\(.)/g, (_, quoted?: string, escaped?: string) => quoted ?? escaped ?? '');
      const pieces = (raw.match(raw.includes("'") ? piece.quoted : piece.plain) ?? []).map(shellWord);
      if (!isFirst) lines.push(`${line} \\`);
      lines.push(...pieces.slice(0, -1).map((piece, i) => `${i === 0 ? `${indent}  ` : ''}${piece}\\`));
      line = pieces.at(-1) ?? '';
    } else if (!isFirst && line.length + 1 + word.length > most + indent.length) {
      lines.push(`${line} \\`);
      line = `${indent}  ${word}`;
    } else line = isFirst ? `${line}${word}` : `${line} ${word}`;
  }
  return [...lines, line].map((each) => `${each}\n`).join('');
}

function block(lines: readonly string[]): string {
  return lines
    .map((line) => `${indent}${line}`.trimEnd())
    .join('\n')
    .concat('\n');
}
