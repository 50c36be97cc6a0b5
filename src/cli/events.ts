/** `folioscope events`: decoded events, one a row. */
import { Command, Option } from 'commander';
import { ScenarioError } from '../base/errors.ts';
import type { OpenCapture } from '../events/capture.ts';
import { isReadableAgain } from '../read/file.ts';
import { type CsvOptions, collectColumns, eventsToCsv } from '../write/csv.ts';
import { type EventFilter, unmatched } from '../write/filter.ts';
import { eventsToNdjson } from '../write/ndjson.ts';
import { skippedLines, tooMuchSkipped, withCapture } from './captures.ts';
import { addCaptureOptions, again, type CaptureOptions } from './options.ts';
import { printData, say } from './output.ts';

interface EventsOptions extends CaptureOptions {
  readonly name?: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly format: 'csv' | 'ndjson';
  readonly raw?: boolean;
}

/**
 * The rows as CSV. Its header needs the columns of all events: a file is read twice for them, so that nothing is held; what
 * can be read only once (stdin, a pipe) is held in memory.
 */
async function csvRows(
  file: string,
  options: EventsOptions,
  filter: EventFilter,
): Promise<(open: OpenCapture) => AsyncIterable<string>> {
  const raw: CsvOptions = { raw: options.raw === true };
  if (!(await isReadableAgain(file))) return (open) => eventsToCsv(open, filter, raw);
  const columns = await withCapture(file, options, (open) => collectColumns(open, filter), 'looking for columns in');
  return (open) => eventsToCsv(open, filter, { ...raw, columns });
}

export function eventsCommand(): Command {
  const command = new Command('events')
    .description('print decoded events, one a row')
    .argument('<file>', 'a capture; - for stdin')
    .option('--name <glob>', 'only events of this name (system:name or name; * and ?); may be given again', again)
    .option('--from <t>', 'only from this time: seconds as printed, or +1.5s from the start')
    .option('--to <t>', 'only up to this time')
    .addOption(new Option('--format <format>', 'how rows are written').choices(['csv', 'ndjson']).default('csv'))
    .option('--raw', "CSV: leave texts that a spreadsheet would run as formulas without a ' before them");
  return addCaptureOptions(command).action(async (file: string, options: EventsOptions) => {
    const isJson = options.json === true || options.format === 'ndjson';
    if (
      isJson &&
      (options.raw || (options.json && command.getOptionValueSource('format') === 'cli' && options.format === 'csv'))
    )
      throw new ScenarioError(
        'option/conflict',
        `${options.raw ? '--raw' : '--format csv'} is about CSV, and ${options.json ? '--json' : '--format ndjson'} asks for JSON`,
        'leave out one of them',
      );
    const filter: EventFilter = {
      ...(options.name === undefined ? {} : { names: options.name }),
      ...(options.from === undefined ? {} : { from: options.from }),
      ...(options.to === undefined ? {} : { to: options.to }),
    };
    const rows = isJson ? (open: OpenCapture) => eventsToNdjson(open, filter) : await csvRows(file, options, filter);
    const capture = await withCapture(file, options, async (open) => {
      for await (const text of rows(open)) await printData(text);
      return open.capture;
    });
    for (const name of unmatched(filter, capture)) {
      say(`no event of ${capture.source} is called "${name}": folioscope inspect lists them`);
    }
    for (const line of skippedLines(capture)) say(line);
    const refusal = tooMuchSkipped(capture, options.maxLoss);
    if (refusal) throw refusal;
  });
}
