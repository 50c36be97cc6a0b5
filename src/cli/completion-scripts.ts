/** Completion for three shells, written from the words of the program. */
import type { CommandWords, OptionWords, ProgramWords, Values } from './completion-words.ts';

/** A word of a shell script, in single quotes. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** What the first clause of a description says, where that is a sentence: lists of choices and asides are for help. */
function brief(says: string): string {
  const clause = (says.split(/[:;(]/, 1)[0] ?? '').trim();
  return clause.includes(' ') ? clause : says;
}

const head = (name: string, shell: string): string =>
  `# ${shell} completion of ${name}, made by: ${name} completion ${shell}`;

/** bash (4 and later), with or without the package bash-completion. */
export function bashScript({ name, options, commands }: ProgramWords): string {
  const complete = ({ words, files }: Values): string => {
    const lines: string[] = [];
    if (files) lines.push('compopt -o default 2> /dev/null');
    lines.push(words.length === 0 ? 'COMPREPLY=()' : `COMPREPLY=($(compgen -W ${quoted(words.join(' '))} -- "$cur"))`);
    return lines.join('; ');
  };
  const flagsOf = (all: readonly OptionWords[]): string => all.flatMap(({ flags }) => flags).join(' ');
  const values = commands.flatMap((command) =>
    command.options.flatMap(({ flags, values: taken }) =>
      taken === undefined
        ? []
        : [`    ${flags.map((flag) => quoted(`${command.name} ${flag}`)).join('|')}) ${complete(taken)}; return ;;`],
    ),
  );
  const cases = commands.map(
    (command) =>
      `    ${command.name}) if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W ${quoted(flagsOf(command.options))} -- "$cur")); else ${complete(command.values)}; fi ;;`,
  );
  const top = [...commands.map((command) => command.name), ...options.flatMap(({ flags }) => flags)].join(' ');
  return [
    head(name, 'bash'),
    `_${name}() {`,
    `  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command= i`,
    '  for ((i = 1; i < COMP_CWORD; i++)); do',
    `    case \${COMP_WORDS[i]} in -*) ;; *) command=\${COMP_WORDS[i]}; break ;; esac`,
    '  done',
    '  COMPREPLY=()',
    '  if [[ -z $command ]]; then',
    `    COMPREPLY=($(compgen -W ${quoted(top)} -- "$cur"))`,
    '    return',
    '  fi',
    '  case "$command $prev" in',
    ...values,
    '  esac',
    '  case $command in',
    ...cases,
    '  esac',
    '}',
    `complete -F _${name} ${name}`,
    '',
  ].join('\n');
}

/** zsh: a file `_folioscope` in a folder of fpath. */
export function zshScript({ name, options, commands }: ProgramWords): string {
  // Within a specification of _arguments colons and brackets end its parts.
  const escaped = (text: string): string => text.replace(/[[\]:\\]/g, '\\$&');
  /** Functions for what is both words and files: an action that names its alternatives has colons of its own. */
  const both = new Map<string, string>();
  const action = ({ words, files }: Values): string => {
    const list = words.join(' ');
    if (list === '') return files ? '_files' : ' ';
    if (!files) return `(${list})`;
    const helper = both.get(list) ?? `_${name}_${both.size + 1}`;
    both.set(list, helper);
    return helper;
  };
  const option = ({ flags, says, values, value }: OptionWords): string => {
    const taken = values === undefined ? '' : `:${escaped(value)}:${action(values)}`;
    const described = `[${escaped(brief(says))}]${taken}`;
    // What takes a value may mostly be given again.
    const star = values === undefined ? '' : '*';
    return flags.map((flag) => quoted(`${star}${flag}${described}`)).join(' ');
  };
  const one = (command: CommandWords): string[] => {
    const specifications = [...command.options.map(option), quoted(`*:argument:${action(command.values)}`)];
    return [`        ${command.name})`, `          _arguments ${specifications.join(' \\\n            ')} ;;`];
  };
  const cases = commands.flatMap(one);
  const helpers = [...both].map(
    ([words, helper]) => `${helper}() { _alternative ${quoted(`words:word:(${words})`)} 'files:file:_files' }`,
  );
  return [
    `#compdef ${name}`,
    head(name, 'zsh'),
    ...helpers,
    `_${name}() {`,
    '  local context state state_descr line',
    '  typeset -A opt_args',
    '  local -a commands',
    '  commands=(',
    ...commands.map((command) => `    ${quoted(`${command.name}:${escaped(brief(command.says))}`)}`),
    '  )',
    `  _arguments -C ${[...options.map(option), "'1:command:->command'", "'*::argument:->argument'"].join(' ')}`,
    '  case $state in',
    '    command) _describe command commands ;;',
    '    argument)',
    '      case $words[1] in',
    ...cases,
    '      esac ;;',
    '  esac',
    '}',
    `if [[ $funcstack[1] == _${name} ]]; then _${name} "$@"; else compdef _${name} ${name}; fi`,
    '',
  ].join('\n');
}

/** fish (3.0 and later). */
export function fishScript({ name, options, commands }: ProgramWords): string {
  // Within single quotes fish knows \\ and \' only.
  const word = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;
  const values = ({ words, files }: Values): string =>
    `${files ? ' -F' : ''}${words.length === 0 ? '' : ` -a ${word(words.join(' '))}`}`;
  const option = (condition: string, { flags, says, values: taken }: OptionWords): string => {
    const names = flags
      .map((flag) => (flag.startsWith('--') ? ` -l ${flag.slice(2)}` : ` -s ${flag.slice(1)}`))
      .join('');
    const rest = taken === undefined ? '' : taken.files ? ` -r${values(taken)}` : ` -x${values(taken)}`;
    return `complete -c ${name} -n ${word(condition)}${names}${rest} -d ${word(brief(says))}`;
  };
  const isFirst = '__fish_use_subcommand';
  return [
    head(name, 'fish'),
    `complete -c ${name} -f`,
    ...options.map((one) => option(isFirst, one)),
    ...commands.flatMap((command) => {
      const condition = `__fish_seen_subcommand_from ${command.name}`;
      const arguments_ = values(command.values);
      return [
        `complete -c ${name} -n ${word(isFirst)} -a ${word(command.name)} -d ${word(brief(command.says))}`,
        ...(arguments_ === '' ? [] : [`complete -c ${name} -n ${word(condition)}${arguments_}`]),
        ...command.options.map((one) => option(condition, one)),
      ];
    }),
    '',
  ].join('\n');
}
