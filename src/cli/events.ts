/** `folioscope events`: decoded events, one a row. */
import { Command, Option } from 'commander';
import { ScenarioError } from '../base/errors.ts';
import type { Capture, OpenCapture } from '../events/capture.ts';
import { isReadableAgain } from '../read/file.ts';
import { parseFactsId } from '../report/evidence-id.ts';
import { collectColumns, eventsToCsv } from '../write/csv.ts';
import { type EventFilter, ordinalsText, parseFilter, unmatched } from '../write/filter.ts';
import { eventsToNdjson } from '../write/ndjson.ts';
import { collectSchema } from '../write/typed-schema.ts';
import { historyOf, skippedLines, tooMuchSkipped, withCapture } from './captures.ts';
import { addCaptureOptions, again, type CaptureOptions } from './options.ts';
import { say } from './output.ts';
import { openOutput } from './output-file.ts';

const forms = ['csv', 'ndjson', 'parquet', 'arrow'] as const;
type Form = (typeof forms)[number];

interface EventsOptions extends CaptureOptions {
  readonly name?: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly ordinals?: string;
  readonly behind?: string;
  readonly format?: Form;
  readonly raw?: boolean;
  readonly output?: string;
}

/** The largest number that a filter takes: no capture has an event of it. */
const noEvent = '999999999999999';

interface Rows {
  readonly write: (open: OpenCapture) => AsyncIterable<string | Uint8Array>;
  /** All events are held in memory. */
  readonly holds: boolean;
}

/**
 * What writes the rows. All but JSON need the columns of all events first: a file is read twice for them, so that nothing
 * is held; what can be read only once (stdin, a pipe) is held in memory.
 */
async function rowsOf(form: Form, file: string, options: EventsOptions, filter: EventFilter): Promise<Rows> {
  if (form === 'ndjson') return { write: (open) => eventsToNdjson(open, filter), holds: false };
  const twice = await isReadableAgain(file);
  const look = <T>(collect: (open: OpenCapture, filter: EventFilter) => Promise<T>): Promise<T | undefined> =>
    twice
      ? withCapture(file, options, (open) => collect(open, filter), { doing: 'looking for columns in' })
      : Promise.resolve(undefined);
  if (form === 'csv') {
    const columns = await look(collectColumns);
    const raw = options.raw === true;
    return {
      write: (open) => eventsToCsv(open, filter, { raw, ...(columns === undefined ? {} : { columns }) }),
      holds: columns === undefined,
    };
  }
  const schema = await look(collectSchema);
  const holds = schema === undefined;
  if (form === 'arrow') {
    const { eventsToArrow } = await import('../write/arrow.ts');
    return { write: (open) => eventsToArrow(open, filter, schema), holds };
  }
  const { eventsToParquet } = await import('../write/parquet.ts');
  return { write: (open) => eventsToParquet(open, filter, schema), holds };
}

/** The form that the options ask for together. */
function formOf({ json, format, raw, output }: EventsOptions): Form {
  const form = format ?? (json ? 'ndjson' : 'csv');
  const asked = json ? '--json' : `--format ${form}`;
  const conflict = (option: string, cause: string): ScenarioError =>
    new ScenarioError('option/conflict', `${option} ${cause}`, 'leave out one of them');
  if (json && form !== 'ndjson') {
    const about = { csv: 'CSV', parquet: 'Parquet', arrow: 'Arrow' }[form];
    throw conflict(`--format ${form}`, `is about ${about}, and --json asks for JSON`);
  }
  if (raw && form !== 'csv') throw conflict('--raw', `is about CSV, and ${asked} asks for something else`);
  const isBinary = form === 'parquet' || form === 'arrow';
  if (isBinary && (output === undefined || output === '-') && process.stdout.isTTY) {
    throw new ScenarioError(
      'output/terminal',
      `--format ${form} is binary, and stdout is a terminal`,
      `name a file: -o events.${form}`,
    );
  }
  return form;
}

/**
 * The numbers of the events behind some facts, as a filter has them; of no facts, of none.
 *
 * @throws ScenarioError for a selection that cannot be, and for a capture that cannot be read twice
 */
async function ordinalsBehind(id: string, file: string, options: EventsOptions): Promise<string> {
  parseFactsId(id);
  if (options.ordinals !== undefined) {
    throw new ScenarioError(
      'option/conflict',
      '--behind and --ordinals both say which events',
      'leave out one of them',
    );
  }
  if (!(await isReadableAgain(file))) {
    throw new ScenarioError('option/once', '--behind reads the capture twice', 'put it into a file first');
  }
  const { Evidence } = await import('../report/evidence.ts');
  const selected = new Evidence(await historyOf(file, options)).select(id);
  say(`${file}: ${selected.says}`);
  const ordinals = selected.ordinals();
  return ordinals.length === 0 ? noEvent : ordinalsText(ordinals);
}

export function eventsCommand(): Command {
  const command = new Command('events')
    .description('print decoded events, one a row')
    .argument('<file>', 'a capture; - for stdin')
    .option('--name <glob>', 'only events of this name (system:name or name; * and ?); may be given again', again)
    .option('--from <t>', 'only from this time: seconds as printed, or +1.5s from the start')
    .option('--to <t>', 'only up to this time')
    .option('--ordinals <list>', 'only events of these numbers, from 0: 12,40-60')
    .option('--behind <facts>', 'only events that show these facts: failures,reason=contig_range (docs/report.md)')
    .addOption(new Option('--format <format>', 'how rows are written (default: csv)').choices(forms))
    .option('-o, --output <file>', 'file to write (default: stdout)')
    .option('--raw', "CSV: leave texts that a spreadsheet would run as formulas without a ' before them");
  return addCaptureOptions(command).action(async (file: string, options: EventsOptions) => {
    const form = formOf(options);
    const asked: EventFilter = {
      ...(options.name === undefined ? {} : { names: options.name }),
      ...(options.from === undefined ? {} : { from: options.from }),
      ...(options.to === undefined ? {} : { to: options.to }),
      ...(options.ordinals === undefined ? {} : { ordinals: options.ordinals }),
    };
    // A mistake in it is said before anything is read.
    parseFilter(asked);
    const { behind } = options;
    const filter = behind === undefined ? asked : { ...asked, ordinals: await ordinalsBehind(behind, file, options) };
    const output = openOutput(options.output, file);
    let capture: Capture;
    try {
      const rows = await rowsOf(form, file, options, filter);
      const write = async (open: OpenCapture): Promise<Capture> => {
        for await (const piece of rows.write(open)) await output.write(piece);
        return open.capture;
      };
      capture = await withCapture(file, options, write, { holds: rows.holds });
    } catch (error) {
      output.drop();
      throw error;
    }
    output.done();
    for (const name of unmatched(filter, capture)) {
      say(`no event of ${capture.source} is called "${name}": folioscope inspect lists them`);
    }
    for (const line of skippedLines(capture)) say(line);
    const refusal = tooMuchSkipped(capture, options.maxLoss);
    if (refusal) throw refusal;
  });
}
