/** `folioscope events`: decoded events, one a row. */
import { Command, Option } from 'commander';
import { eventsToCsv } from '../write/csv.ts';
import type { EventFilter } from '../write/filter.ts';
import { eventsToNdjson } from '../write/ndjson.ts';
import { skippedLines, tooMuchSkipped, withCapture } from './captures.ts';
import { addCaptureOptions, again, type CaptureOptions } from './options.ts';
import { printData, say } from './output.ts';

interface EventsOptions extends CaptureOptions {
  readonly name?: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly format: 'csv' | 'ndjson';
}

export function eventsCommand(): Command {
  const command = new Command('events')
    .description('print decoded events, one a row')
    .argument('<file>', 'a capture; - for stdin')
    .option('--name <glob>', 'only events of this name (system:name or name; * and ?); may be given again', again)
    .option('--from <t>', 'only from this time: seconds as printed, or +1.5s from the start')
    .option('--to <t>', 'only up to this time')
    .addOption(new Option('--format <format>', 'how rows are written').choices(['csv', 'ndjson']).default('csv'));
  return addCaptureOptions(command).action(async (file: string, options: EventsOptions) => {
    const filter: EventFilter = {
      ...(options.name === undefined ? {} : { names: options.name }),
      ...(options.from === undefined ? {} : { from: options.from }),
      ...(options.to === undefined ? {} : { to: options.to }),
    };
    const capture = await withCapture(file, options, async (open) => {
      const rows =
        options.json || options.format === 'ndjson' ? eventsToNdjson(open, filter) : eventsToCsv(open, filter);
      for await (const text of rows) await printData(text);
      return open.capture;
    });
    for (const line of skippedLines(capture)) say(line);
    const refusal = tooMuchSkipped(capture, options.maxLoss);
    if (refusal) throw refusal;
  });
}
