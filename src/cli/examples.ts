/** Command lines for each command: shown by its help and in the manual. */

export interface Example {
  /** Behind `folioscope`. */
  readonly line: string;
  readonly says: string;
}

const example = (line: string, says: string): Example => ({ line, says });

/** By the name of the command. A test makes sure that no command is without one, and that its options exist. */
export const examples: Readonly<Record<string, readonly Example[]>> = {
  inspect: [
    example('inspect trace.dat', 'what it holds, what was lost, what it can answer'),
    example('inspect --quick *.gz', 'heads and tails only, within a second each'),
  ],
  events: [
    example("events trace.dat --name 'mm_migrate_*' --to +2s", 'some events of the first two seconds'),
    example('events trace.dat --format parquet -o events.parquet', 'all of them, for DuckDB or pandas'),
  ],
  export: [
    example('export trace.dat --to parquet -o tables', 'a file a table: calls, failures, blame, ...'),
    example('export trace.dat --to perfetto -o trace.json', 'tracks for ui.perfetto.dev'),
  ],
  analyze: [
    example('analyze trace.txt.gz', 'calls, failures and who is to blame'),
    example('analyze trace.txt.gz --kernel 6.1.192 --json', 'as data, of a kernel that it cannot say'),
  ],
  folio: [example('folio trace.dat --pfn 0x59cf9', 'where it was, who held it, why it failed')],
  check: [
    example('check trace.dat rules.yaml', 'exit 1 where a rule is broken'),
    example('check trace.dat rules.yaml --strict --junit check.xml', 'for a CI system'),
  ],
  compare: [
    example('compare trace.dat', 'under every policy that differs'),
    example('compare trace.dat --policy refcheck-unmap --seed 7', 'under one, with other luck'),
  ],
  validate: [example('validate old-*.dat --against new-*.dat', 'what the old kernel predicts of the new one')],
  diff: [example('diff before.dat after.dat', 'what changed, without a model')],
  report: [example('report trace.dat -o out', 'then open out/index.html')],
  rerun: [example('rerun manifest.json', 'the same bytes as the comparison it is of')],
  scenario: [
    example('scenario world.yaml --policy drain-once', 'a world of your own'),
    example('scenario world.yaml --emit ftrace -o made.txt', 'the capture that its kernel would write'),
  ],
  fit: [example('fit trace.dat -o world.yaml', 'a world with the rates of a capture')],
  notebook: [example('notebook trace.dat -o notes', 'then change it, and run it in a browser')],
  policies: [
    example('policies', 'all of them, with the axes'),
    example('policies refcheck-unmap', 'one in full: source, needs, what it changes'),
  ],
  formats: [example('formats', 'what can be read')],
  completion: [
    example('completion bash >> ~/.bashrc', 'bash'),
    example('completion zsh > ~/.zfunc/_folioscope', 'zsh, with ~/.zfunc in fpath'),
    example('completion fish > ~/.config/fish/completions/folioscope.fish', 'fish'),
  ],
  man: [example('man | man -l -', 'the manual of this version')],
};
