/** `folioscope report`: the page, the Markdown and the JSON, written into a folder. */
import { join } from 'node:path';
import { Command } from 'commander';
import type { Comparison } from '../compare/comparison.ts';
import type { History } from '../history/facts.ts';
import { namedPolicies } from '../policies/policies.ts';
import { count, difference } from '../report/numbers.ts';
import { type Table, table } from '../report/tables.ts';
import { prepareFolder, printJson, printLines, printTable, writeFiles } from './output.ts';
import { addReplayOptions, checkPolicies, type ReplayOptions, replayed } from './replays.ts';
import { version } from './version.ts';

interface ReportOptions extends ReplayOptions {
  readonly output: string;
}

interface Replayed {
  readonly history: History;
  readonly comparison: Comparison;
}

/** Of a path, what tells it from the others: without the folders that all share and the file name that all share. */
export function shortNames(paths: readonly string[]): string[] {
  const parts = paths.map((path) => path.split('/'));
  const [first = []] = parts;
  const same = (place: (path: string[]) => string | undefined): boolean =>
    parts.every((path) => path.length > 1 && place(path) === place(first));
  let lead = 0;
  while (paths.length > 1 && lead < first.length - 2 && same((path) => path[lead])) lead++;
  const last = first.length - lead > 1 && same((path) => path.at(-1)) ? -1 : undefined;
  return parts.map((path) => path.slice(lead, last).join('/'));
}

/** What a command line would look like that does this again. */
function commandLine(files: readonly string[], options: ReportOptions): string {
  const word = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
  const said: [string, string | number | undefined][] = [
    ['--kernel', options.kernel],
    ['--page-size', options.pageSize],
    ['--pa-bits', options.paBits],
    ['--recorded', options.recorded],
    ['--probes', options.probes],
    ['--map', options.map],
    ...(options.policy ?? []).map((name): [string, string] => ['--policy', name]),
    ['--draws', options.draws],
    ['--seed', options.seed],
    ['-o', options.output],
  ];
  const flags = said.flatMap(([flag, value]) => (value === undefined ? [] : [flag, word(String(value))]));
  return ['folioscope', 'report', ...files.map(word), ...flags].join(' ');
}

function likeliest({ comparison }: Replayed): string {
  const [first] = [...comparison.blame].sort((a, b) => b.folios - a.folios);
  return first === undefined || first.folios === 0 ? '–' : first.cause;
}

/** The kernel or thread policy (never a bound) with the fewest failed folios, and its difference. */
function best({ comparison }: Replayed): string {
  const bounds = new Set(namedPolicies.filter(({ kind }) => kind === 'bound').map(({ name }) => name));
  const [first] = comparison.rows
    .filter(({ policy }) => policy !== comparison.recorded && !bounds.has(policy))
    .sort((a, b) => a.difference.failedFolios.estimate - b.difference.failedFolios.estimate);
  if (first === undefined) return 'none could be replayed';
  return `${first.policy}: ${difference(first.difference.failedFolios)}`;
}

function summary(all: readonly Replayed[], names: readonly string[]): Table {
  return table(
    ['capture', 'kernel', 'calls>', 'failed folios>', 'mostly held by', 'fidelity', 'fewest failures under'],
    all.map((one, i) => [
      names[i] ?? '',
      one.history.capture.kernelVersion?.value ?? '–',
      count(one.history.calls.length),
      count(one.comparison.fidelity.recordedFailures),
      likeliest(one),
      one.comparison.fidelity.within ? 'within' : 'outside',
      best(one),
    ]),
    {
      notes: [
        'fidelity: whether the recorded number of failures lies in the interval predicted with outcomes withheld.',
        'The last column is the change against the policy recorded, with its interval; bounds are left out.',
      ],
    },
  );
}

/**
 * Replays captures and writes `index.html`, `report.md` and `report.json`; prints a summary and where the page is.
 *
 * @throws TraceError, ScenarioError
 */
export async function writeReport(files: readonly string[], options: ReportOptions): Promise<void> {
  checkPolicies(options);
  prepareFolder(options.output);
  const all: Replayed[] = [];
  for (const file of files) all.push(await replayed(file, options));
  // Loaded here: Vega is most of the start-up time, and no other command draws.
  const { buildReport } = await import('../report/report.ts');
  const report = await buildReport({ captures: all, command: commandLine(files, options), version: version() });
  writeFiles(options.output, { 'index.html': report.html, 'report.md': report.markdown, 'report.json': report.json });
  const page = join(options.output, 'index.html');
  if (options.json) {
    await printJson({
      page,
      markdown: join(options.output, 'report.md'),
      data: join(options.output, 'report.json'),
      captures: all.map(({ history, comparison }) => ({
        source: history.capture.source,
        calls: history.calls.length,
        comparison,
      })),
    });
    return;
  }
  await printTable(summary(all, shortNames(files)));
  await printLines([`page: ${page}`]);
}

export function reportCommand(): Command {
  const command = new Command('report')
    .description('write a page, Markdown and JSON about captures and their replays')
    .argument('<file...>', 'captures')
    .requiredOption('-o, --output <dir>', 'folder to write into');
  return addReplayOptions(command).action(writeReport);
}
