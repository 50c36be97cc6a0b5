/** What a capture can answer, for people: the table, and each command for the device on a line of its own to be copied. */
import type { AxisAnswer } from '../compare/comparison.ts';
import { identifiableSentence, identifiableTable, recordTable } from '../report/charts/identifiable.ts';
import { printable } from '../report/tables.ts';
import { print, printLines, printTable } from './output.ts';

export async function showIdentifiable(axes: readonly AxisAnswer[]): Promise<void> {
  await printLines([identifiableSentence(axes), '']);
  await printTable(identifiableTable(axes));
  for (const [letters = '', command = ''] of recordTable(axes).rows) {
    await print(`to record for axis ${letters}:\n    ${printable(command)}\n`);
  }
  await print('\n');
}
