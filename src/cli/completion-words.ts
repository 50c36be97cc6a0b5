/** What may stand where on a command line, read off the program itself: nothing about it is written twice. */
import type { Argument, Command, Option } from 'commander';
import { ScenarioError } from '../base/errors.ts';
import { assumptionNames } from '../compare/assumptions.ts';
import { namedPolicies } from '../policies/policies.ts';
import { knownVersion, newest, oldest } from '../policies/versions.ts';

/** What completes a value: words, files beside them, or nothing that could be known. */
export interface Values {
  readonly words: readonly string[];
  readonly files: boolean;
}

export interface OptionWords {
  /** `-o`, `--output`. */
  readonly flags: readonly string[];
  readonly says: string;
  /** Absent where it takes none. */
  readonly values: Values | undefined;
  /** What its value is called. */
  readonly value: string;
}

export interface CommandWords {
  readonly name: string;
  readonly says: string;
  readonly options: readonly OptionWords[];
  /** Of its arguments, all together. */
  readonly values: Values;
}

export interface ProgramWords {
  readonly name: string;
  readonly options: readonly OptionWords[];
  readonly commands: readonly CommandWords[];
}

/** `linux-X.Y` of every release that was. */
function kernels(): string[] {
  const names: string[] = [];
  for (let { major, minor } = oldest; major <= newest.major; minor++) {
    try {
      knownVersion(`${major}.${minor}`);
      names.push(`linux-${major}.${minor}`);
    } catch (error) {
      if (!(error instanceof ScenarioError)) throw error;
      // That was the last of its major.
      major++;
      minor = -1;
    }
  }
  return names;
}

/** A name in brackets stands for many. */
const policies = (): string[] => [
  ...namedPolicies.map(({ name }) => name).filter((name) => !name.includes('[')),
  ...kernels(),
];

const none: Values = { words: [], files: false };

/** Values by what the option, or argument, calls them. */
function valuesOf(name: string, isPolicy: boolean, choices: readonly string[] | undefined): Values {
  if (choices !== undefined) return { words: choices, files: false };
  if (isPolicy) return { words: policies(), files: true };
  if (/^(file|dir|place|manifest|rules)/.test(name)) return { words: [], files: true };
  return none;
}

function optionWords({ short, long, flags, description, argChoices }: Option): OptionWords {
  const value = /[<[]([^>\].]+)/.exec(flags)?.[1];
  const isPolicy = long === '--policy' || long === '--recorded';
  const isAssumption = long === '--assume';
  const words = { words: Object.values(assumptionNames).map(({ name }) => `${name}=`), files: false };
  return {
    flags: [short, long].filter((flag): flag is string => flag != null),
    says: description,
    value: value ?? '',
    values: value === undefined ? undefined : isAssumption ? words : valuesOf(value, isPolicy, argChoices),
  };
}

function argumentValues(all: readonly Argument[], command: string): Values {
  const values = all.map((one) => valuesOf(one.name(), command === 'policies', one.argChoices));
  return { words: values.flatMap(({ words }) => words), files: values.some(({ files }) => files) };
}

/** Everything that can be typed. */
export function wordsOf(program: Command): ProgramWords {
  const options = (command: Command): OptionWords[] => command.createHelp().visibleOptions(command).map(optionWords);
  const commands = program.commands.map(
    (command): CommandWords => ({
      name: command.name(),
      says: command.description(),
      options: options(command),
      values: argumentValues(command.registeredArguments, command.name()),
    }),
  );
  const help: CommandWords = {
    name: 'help',
    says: 'display help for command',
    options: [],
    values: { words: commands.map(({ name }) => name), files: false },
  };
  return { name: program.name(), options: options(program), commands: [...commands, help] };
}
