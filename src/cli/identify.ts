/** What a capture can answer, for people: the table, and each command for the device on a line of its own to be copied. */
import type { AxisAnswer } from '../compare/comparison.ts';
import { identifiableSentence, identifiableTable, recordTable } from '../report/charts/identifiable.ts';
import { printable } from '../report/tables.ts';
import { print, printLines, printTable, screenWidth } from './output.ts';

export async function showIdentifiable(axes: readonly AxisAnswer[]): Promise<void> {
  await printLines([identifiableSentence(axes), '']);
  await printTable(identifiableTable(axes));
  for (const [letters = '', command = ''] of recordTable(axes).rows) {
    const lines = shellLines(printable(command), screenWidth() - 4);
    await print(`to record for axis ${letters}:\n${lines.map((line) => `    ${line}\n`).join('')}`);
  }
  await print('\n');
}

/** A command over several lines that a shell reads as one, broken before arguments. */
function shellLines(command: string, width: number): string[] {
  return command.split(/(?<=;) /).flatMap((one) => {
    const lines: string[] = [];
    for (const part of one.split(/ (?='|-e |>> |sleep )/)) {
      const last = lines.at(-1);
      if (last !== undefined && last.length + part.length + 3 <= width) lines[lines.length - 1] = `${last} ${part}`;
      else lines.push(lines.length === 0 ? part : `  ${part}`);
    }
    return lines.map((line, i) => (i < lines.length - 1 ? `${line} \\` : line));
  });
}
