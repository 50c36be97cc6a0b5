/** `folioscope report`: the page, the Markdown and the JSON, written into a folder. */
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { isReadableAgain } from '../read/file.ts';
import type { ChartForm } from '../report/chart-files.ts';
import { type Look, shellWord } from '../report/evidence-page.ts';
import { overview } from '../report/summary.ts';
import { pickEvents } from '../write/pick.ts';
import { checkFiles, differentClocks, eachReadable, withCapture } from './captures.ts';
import { manifestOf } from './manifest.ts';
import { namedRows } from './named-rows.ts';
import { prepareFolder, print, printJson, printLines, screenWidth, writeFiles } from './output.ts';
import { addReplayOptions, type ReplayOptions, wantedPolicies, wholeReplay } from './replays.ts';
import { browserRuntime } from './runtime.ts';
import { version } from './version.ts';

interface ReportOptions extends ReplayOptions {
  readonly output: string;
  /** Forms in which the figures are written as files of their own. */
  readonly charts?: readonly ChartForm[];
  readonly mail?: true;
  readonly interactive?: true;
}

const forms: readonly ChartForm[] = ['svg', 'png', 'vega'];

function chartForm(value: string, before: readonly ChartForm[] = []): ChartForm[] {
  const form = forms.find((one) => one === value);
  if (form === undefined) throw new InvalidArgumentError(`Allowed choices are ${forms.join(', ')}.`);
  return [...before, form];
}

/** Options of a capture's reading, as words of a command line. */
function readingWords(options: ReportOptions): string[] {
  return flagWords([
    ['--kernel', options.kernel],
    ['--page-size', options.pageSize],
    ['--pa-bits', options.paBits],
    ['--recorded', options.recorded],
    ['--probes', options.probes],
    ['--map', options.map],
  ]);
}

function flagWords(said: readonly (readonly [flag: string, value: string | number | undefined])[]): string[] {
  return said.flatMap(([flag, value]) => (value === undefined ? [] : [flag, shellWord(String(value))]));
}

/** What a command line would look like that does this again. */
function commandLine(files: readonly string[], options: ReportOptions): string {
  const flags = flagWords([
    ...(options.policy ?? []).map((name) => ['--policy', name] as const),
    ...(options.assume ?? []).map((one) => ['--assume', one] as const),
    ['--draws', options.draws],
    ['--seed', options.seed],
    ...(options.charts ?? []).map((form) => ['--charts', form] as const),
    ['-o', options.output],
  ]);
  const more = [...(options.mail ? ['--mail'] : []), ...(options.interactive ? ['--interactive'] : [])];
  return ['folioscope', 'report', ...files.map(shellWord), ...readingWords(options), ...flags, ...more].join(' ');
}

/** A second look at a capture, for the events that the page shows; undefined of what can be read only once. */
async function lookInto(file: string, options: ReportOptions): Promise<Look | undefined> {
  if (!(await isReadableAgain(file))) return undefined;
  const doing = 'looking up events in';
  return (ordinals) => withCapture(file, options, (open) => pickEvents(open, ordinals), { doing });
}

/**
 * Replays captures and writes `index.html`, `report.md` and `report.json`; prints a summary and where the page is. A
 * capture that cannot be read or replayed is left out, which the report says.
 *
 * @throws TraceError, ScenarioError
 */
export async function writeReport(files: readonly string[], options: ReportOptions): Promise<void> {
  checkFiles(files);
  const policies = await wantedPolicies(options);
  // Before an hour of work: where they are missing nothing can be drawn with them.
  const interactive = options.interactive ? browserRuntime() : undefined;
  prepareFolder(options.output);
  const {
    done: all,
    leftOut,
    worst,
  } = await eachReadable(files, options, async (file) => {
    const { history, comparison } = await wholeReplay(file, options, policies);
    const look = await lookInto(file, options);
    const events = ['folioscope', 'events', shellWord(file), ...readingWords(options)].join(' ');
    return { history, comparison, events, ...(look === undefined ? {} : { look }) };
  });
  process.exitCode = worst;
  if (all.length === 0) return;
  const notes = [
    ...leftOut.map(({ why }) => `Left out, because it could not be read or replayed: ${why}.`),
    ...differentClocks(all.map(({ history }) => history.capture)),
  ];
  // Loaded here: Vega is most of the start-up time, and no other command draws.
  const [{ buildReport }, { mailText }] = await Promise.all([
    import('../report/report.ts'),
    import('../report/mail.ts'),
  ]);
  const comparisons = all.map(({ comparison }) => comparison);
  const input = {
    captures: all,
    manifest: await manifestOf('report', files, options, comparisons),
    command: commandLine(files, options),
    version: version(),
    ...(interactive === undefined ? {} : { interactive }),
    ...(notes.length === 0 ? {} : { notes }),
  };
  const report = await buildReport(input);
  writeFiles(options.output, {
    'index.html': report.html,
    'report.md': report.markdown,
    'report.json': report.json,
    ...(options.mail ? { 'mail.txt': mailText(input) } : {}),
  });
  const drawings = options.charts === undefined ? undefined : join(options.output, 'charts');
  if (drawings !== undefined) {
    const [{ chartFiles }, { svgToPng }] = await Promise.all([
      import('../report/chart-files.ts'),
      import('../report/png.ts'),
    ]);
    prepareFolder(drawings);
    writeFiles(drawings, await chartFiles(all, options.charts ?? [], svgToPng));
  }
  const page = join(options.output, 'index.html');
  const mail = options.mail ? join(options.output, 'mail.txt') : undefined;
  if (options.json) {
    await printJson({
      page,
      markdown: join(options.output, 'report.md'),
      data: join(options.output, 'report.json'),
      ...(drawings === undefined ? {} : { charts: drawings }),
      ...(mail === undefined ? {} : { mail }),
      captures: all.map(({ history, comparison }) => ({
        source: history.capture.source,
        calls: history.calls.length,
        comparison,
      })),
      leftOut,
    });
  } else {
    await print(`${namedRows(overview(all), screenWidth())}\n`);
    await printLines([
      ...notes,
      `page: ${page}`,
      ...(drawings === undefined ? [] : [`charts: ${drawings}`]),
      ...(mail === undefined ? [] : [`mail: ${mail}`]),
    ]);
  }
}

export function reportCommand(): Command {
  const command = new Command('report')
    .description('write a page, Markdown and JSON about captures and their replays')
    .argument('<file...>', 'captures')
    .requiredOption('-o, --output <dir>', 'folder to write into')
    .addOption(
      new Option(
        '--charts <form>',
        'each figure in DIR/charts as svg or png, with its Vega-Lite spec, or vega: the spec alone; may be given again',
      ).argParser(chartForm),
    )
    .option('--interactive', 'a page with scripts, all inside: values to hover, a span of the timeline to brush')
    .option('--mail', 'DIR/mail.txt, too: plain text of 72 columns for a mailing list');
  return addReplayOptions(command).action(writeReport);
}
