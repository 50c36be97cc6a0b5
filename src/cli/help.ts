/** What help says beyond what commander makes of options: examples, and where to begin. */
import type { Command } from 'commander';
import { wrap } from '../report/tables.ts';
import { type Example, examples } from './examples.ts';
import { screenWidth } from './output.ts';

const indent = 2;

/** Command lines with what they are for: beside them where all have room, else below. */
function exampleLines(shown: readonly Example[]): string[] {
  const lines = shown.map(({ line }) => `folioscope ${line}`);
  const left = indent + Math.max(...lines.map((line) => line.length)) + 2;
  const room = screenWidth() - left;
  const isBeside = shown.every(({ says }) => says.length <= room);
  return shown.flatMap(({ says }, i) =>
    isBeside
      ? [`${' '.repeat(indent)}${lines[i]}`.padEnd(left) + says]
      : [lines[i]!, ...wrap(says, screenWidth() - 3 * indent).map((text) => ' '.repeat(2 * indent) + text)].map(
          (text) => ' '.repeat(indent) + text,
        ),
  );
}

/** Adds the examples of a command below its options. */
export function addExamples(command: Command): void {
  command.addHelpText('after', () => `\nExamples:\n${exampleLines(examples[command.name()] ?? []).join('\n')}`);
}

const first: readonly Example[] = [
  { line: 'inspect CAPTURE', says: 'what is in it, and what it can answer' },
  { line: 'analyze CAPTURE', says: 'what happened, what failed and why' },
  { line: 'compare CAPTURE', says: 'what other policies would have changed' },
  { line: 'report CAPTURE -o out', says: 'the same as a page: out/index.html' },
];

const further: readonly Example[] = [
  { line: 'help', says: 'every command' },
  { line: 'help COMMAND', says: 'its options, with examples' },
  { line: 'formats', says: 'what a capture may be' },
];

/** What to do first, for who typed the name alone. `traces`: the folder of captures that come along. */
export function firstSteps(title: string, traces: string): string {
  const width = screenWidth();
  return [
    ...wrap(title, width),
    '',
    'First, with a capture (trace.dat, perf.data, trace text, ...):',
    ...exampleLines(first),
    '',
    'Without one: captures of real kernels come along, in',
    `  ${traces}`,
    '',
    'More:',
    ...exampleLines(further),
    '',
  ].join('\n');
}
