/** The manual of the program as a page for man(1), in the macros of man(7): made of the same descriptions as its help. */
import type { Argument, Command, Option } from 'commander';
import { wrap } from '../report/tables.ts';
import { examples } from './examples.ts';
import { addCaptureOptions } from './options.ts';

/** Text of a page: a hyphen that may be copied, and no line that begins with a request. */
function roff(text: string): string {
  return text
    .replace(/\\/g, '\\e')
    .replace(/-/g, '\\-')
    .replace(/[–—]/g, '\\(en')
    .replace(/…/g, '...')
    .replace(/µ/g, '\\(mc')
    .replace(/^([.'])/gm, '\\&$1');
}

/** Text that is filled, in lines short enough to compare. */
const filled = (text: string): string => roff(wrap(text, 78).join('\n'));

const bold = (text: string): string => `\\fB${roff(text)}\\fR`;

/** A paragraph whose first line hangs out to the left. */
const item = (term: string, says: string): string[] => ['.TP', term, filled(says)];

/** A sentence of our own as it stands in a page. */
const sentence = (text: string): string => (/[.!?:]$/.test(text) ? text : `${text}.`);
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function optionTerm({ flags }: Option): string {
  // `-o, --output <file>`: names bold, what stands for a value in italics.
  return flags
    .split(/(<[^>]+>|\[[^\]]+\])/)
    .map((part) =>
      /^[<[]/.test(part) ? `\\fI${roff(part.slice(1, -1))}\\fR` : part.replace(/-{1,2}[\w-]+/g, (flag) => bold(flag)),
    )
    .join('');
}

function optionText({ description, argChoices, defaultValue }: Option): string {
  const choices = argChoices === undefined ? '' : ` One of ${argChoices.join(', ')}.`;
  const usual =
    defaultValue === undefined || typeof defaultValue === 'boolean' ? '' : ` Default: ${String(defaultValue)}.`;
  return `${sentence(capital(description))}${choices}${usual}`;
}

function argumentTerm(one: Argument): string {
  const name = `\\fI${roff(one.name())}\\fR${one.variadic ? ' ...' : ''}`;
  return one.required ? name : `[${name}]`;
}

const visible = (command: Command): readonly Option[] => command.createHelp().visibleOptions(command);

function commandSection(command: Command, shared: ReadonlySet<string>): string[] {
  const all = visible(command).filter(({ long }) => long !== '--help');
  const own = all.filter(({ long }) => !shared.has(long ?? ''));
  const takesShared = all.some(({ long }) => long === '--max-loss');
  const json = !takesShared && all.find(({ long }) => long === '--json');
  const args = command.registeredArguments;
  return [
    `.SS ${bold(command.name())} ${args.map(argumentTerm).join(' ')}`.trimEnd(),
    filled(sentence(capital(command.description()))),
    ...args
      .filter(({ description }) => description !== '')
      .flatMap((one) => item(argumentTerm(one), sentence(capital(one.description)))),
    ...[...own, ...(json ? [json] : [])].flatMap((option) => item(optionTerm(option), optionText(option))),
    ...(takesShared ? ['.PP', 'Takes the options of every command that reads a capture.'] : []),
  ];
}

const exits: readonly (readonly [string, string])[] = [
  ['0', 'Done. A policy that a capture cannot feed is listed as refused, which is no failure.'],
  [
    '1',
    'check found a broken rule, or compare --strict poor fidelity; otherwise a bug: please report it with the stack that is printed.',
  ],
  [
    '2',
    'An option, a policy, a file of rules or an output that cannot be, or a capture of which too little is known to replay it.',
  ],
  [
    '3',
    'A capture cannot be read, too much of it was skipped (--max-loss), or it can feed none of the policies asked for.',
  ],
  ['130', 'Ctrl-C. compare prints what was done.'],
];

const environment: readonly (readonly [string, string])[] = [
  ['COLUMNS', 'Columns to lay text out in, 20 at least. Otherwise those of the terminal, or 80.'],
  ['NO_COLOR', 'Set to anything: no colour. There is none but on a terminal.'],
  ['TERM', 'dumb: no colour.'],
];

const files: readonly (readonly [string, string])[] = [
  [
    'meta.json',
    'Beside a capture: what it does not say by itself, such as its kernel, page size and policy. Used without asking.',
  ],
  ['kprobe_events', 'Lines of /sys/kernel/tracing/kprobe_events, for --probes.'],
];

/** The page. No date stands in it: the same program gives the same bytes. */
export function manPage(program: Command): string {
  const shared = new Set(visible(addCaptureOptions(program.createCommand('any'))).flatMap(({ long }) => long ?? []));
  const name = program.name();
  const lines = [
    `.\\" Made by: ${name} man`,
    `.TH ${name.toUpperCase()} 1 "" "${name} ${program.version() ?? ''}" "User Commands"`,
    '.SH NAME',
    `${name} \\- replay traces of page migration under other policies`,
    '.SH SYNOPSIS',
    `${bold(name)} \\fIcommand\\fR [\\fIoption\\fR ...] [\\fIfile\\fR ...]`,
    '.SH DESCRIPTION',
    filled(program.description()),
    'A capture is a file in any of the formats that',
    bold(`${name} formats`),
    'lists, plain or packed by gzip or zstd; it is recognised by its bytes.',
    `A file named ${bold('-')} is stdin.`,
    'Data goes to stdout, talk to stderr.',
    '.SH COMMANDS',
    ...program.commands.flatMap((command) => commandSection(command, shared)),
    '.SH OPTIONS OF EVERY COMMAND THAT READS A CAPTURE',
    ...visible(addCaptureOptions(program.createCommand('any')))
      .filter(({ long }) => long !== '--help')
      .flatMap((option) => item(optionTerm(option), optionText(option))),
    '.SH OTHER OPTIONS',
    ...visible(program).flatMap((option) => item(optionTerm(option), optionText(option))),
    '.SH EXIT STATUS',
    ...exits.flatMap(([code, says]) => item(bold(code), says)),
    '.SH ENVIRONMENT',
    ...environment.flatMap(([variable, says]) => item(bold(variable), says)),
    '.SH FILES',
    ...files.flatMap(([file, says]) => item(`\\fI${roff(file)}\\fR`, says)),
    '.SH EXAMPLES',
    ...program.commands
      .flatMap((command) => examples[command.name()] ?? [])
      .flatMap(({ line, says }, i) => [
        i === 0 ? '' : '.PP',
        filled(sentence(capital(says))),
        '.PP',
        '.nf',
        '.RS',
        roff(`${name} ${line}`),
        '.RE',
        '.fi',
      ]),
    '.SH SEE ALSO',
    `${bold('trace-cmd')}(1), ${bold('perf')}(1)`,
    '.PP',
    'The folder docs of the package: cli.md, check.md, exports.md, counterfactuals.md.',
  ];
  return `${lines.filter((line) => line !== '').join('\n')}\n`;
}
