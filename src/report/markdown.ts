/** The report as Markdown that also reads as plain text in a mail: lines of at most 76 columns wherever cells allow it. */
import { sections } from './charts/charts.ts';
import type { Facts, Figure } from './charts/figure.ts';
import { drawsSentence } from './numbers.ts';
import { answers } from './summary.ts';
import { supporting } from './supporting.ts';
import { escapeMarkdown, hasLongCells, markdownTable, printable, type Table, wrap } from './tables.ts';

const lineWidth = 76;

function paragraph(text: string): string {
  return `${wrap(escapeMarkdown(text), lineWidth).map(asText).join('\n')}\n`;
}

/** What would make a heading, a list or a fence of a line that wrapping made to begin with it. */
function asText(line: string): string {
  return line
    .replace(/^(?:#{1,6}(?=\s|$)|[-+](?=\s|$)|(?:=+|-+)\s*$|~~~)/, '\\$&')
    .replace(/^(\d+)(?=[.)](?:\s|$))/, '$1\\');
}

/** Title, the command that makes it again, and the overview when there are several captures; what must be known of it all. */
export function headMarkdown(
  title: string,
  command: string,
  madeBy: string,
  overview: Table | undefined,
  notes: readonly string[] = [],
): string {
  return [
    `# ${escapeMarkdown(title)}\n`,
    `Made by ${escapeMarkdown(madeBy)}, with:\n`,
    `    ${printable(command)}\n`,
    ...notes.map(paragraph),
    ...(overview ? ['## The captures\n', tableMarkdown(overview)] : []),
  ].join('\n');
}

/** One capture: the answers, then section by section each figure's finding with its tables, and what stands behind them. */
export function captureMarkdown(facts: Facts, figures: readonly (readonly Figure[])[], name: string): string {
  const { seed, draws, level } = facts.comparison;
  return [
    `## ${escapeMarkdown(name)}\n`,
    ...answers(facts).map(({ question, answer }) => bullet(question, answer)),
    `\n${paragraph(drawsSentence({ draws, seed, level }))}`,
    ...sections.flatMap(({ id, title }, i) => [
      `### ${escapeMarkdown(title)}\n`,
      ...figures[i]!.flatMap((figure) => [
        `#### ${escapeMarkdown(figure.title)}\n`,
        paragraph(figure.finding),
        ...figure.tables.filter((each) => each.rows.length > 0).map(tableMarkdown),
      ]),
      ...supporting(facts, id).map(tableMarkdown),
    ]),
  ].join('\n');
}

function bullet(question: string, answer: string): string {
  return wrap(`- **${escapeMarkdown(question)}.** ${escapeMarkdown(answer)}`, lineWidth - 2, '  ').join('\n');
}

/** A table, or where cells hold sentences, a list: the first column leads, the others follow with their names. */
export function tableMarkdown(table: Table): string {
  if (!hasLongCells(table)) return markdownTable(table, lineWidth);
  const rows = table.rows.map((row) => {
    const rest = row
      .slice(1)
      .flatMap((cell, i) => (cell === '' ? [] : [`${table.columns[i + 1]}: ${cell.replace(/\.$/, '')}`]));
    return bullet(row[0] ?? '', rest.join('. '));
  });
  const title = table.title === undefined ? [] : [`**${escapeMarkdown(table.title)}**\n`];
  return [...title, ...rows, ...(table.notes ?? []).map((note) => `\n${paragraph(note)}`)].join('\n').concat('\n');
}
