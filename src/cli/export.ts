/** `folioscope export`: events and facts as tables for other tools, or as tracks for viewers of traces. */
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { ScenarioError } from '../base/errors.ts';
import type { EventBatch } from '../events/batch.ts';
import type { OpenCapture } from '../events/capture.ts';
import type { History } from '../history/facts.ts';
import { workOut } from '../history/history.ts';
import { isReadableAgain } from '../read/file.ts';
import { count } from '../report/numbers.ts';
import { table } from '../report/tables.ts';
import { Collector, eventsToCsv, type TableColumns } from '../write/csv.ts';
import { factsToCsv, typedFacts } from '../write/facts/rows.ts';
import { type Facts, type FactTable, factsOf } from '../write/facts/table.ts';
import { factTables } from '../write/facts/tables.ts';
import { parseFilter } from '../write/filter.ts';
import { SchemaCollector, type TypedSchema } from '../write/typed-schema.ts';
import { historyOf, withCapture } from './captures.ts';
import { addCaptureOptions, again, type CaptureOptions } from './options.ts';
import { prepareFolder, printJson, printTable } from './output.ts';
import { type Output, openOutput } from './output-file.ts';

const forms = ['parquet', 'arrow', 'csv', 'perfetto'] as const;
type Form = (typeof forms)[number];
type TableForm = Exclude<Form, 'perfetto'>;

const eventsName = 'events';
const tableNames = [eventsName, ...factTables.map(({ name }) => name)];

interface ExportOptions extends CaptureOptions {
  readonly to: Form;
  readonly output: string;
  readonly table?: readonly string[];
  readonly raw?: boolean;
}

interface Written {
  readonly table: string;
  readonly file: string;
  readonly rows: number;
}

/** The columns that events need, as either sort of writer wants them. */
interface EventColumns {
  readonly csv?: TableColumns;
  readonly typed?: TypedSchema;
}

/** What was read: the history, what events need, and the events themselves where the input cannot be read again. */
interface Read {
  readonly history: History;
  readonly columns: EventColumns;
  readonly held: readonly EventBatch[] | undefined;
}

function check({ to, table: wanted, raw, output }: ExportOptions): void {
  const refuse = (option: string, cause: string): never => {
    throw new ScenarioError('option/conflict', `${option} ${cause}`, 'leave out one of them');
  };
  if (to === 'perfetto' && wanted !== undefined)
    refuse('--table', 'is about tables, and --to perfetto writes one file');
  if (raw && to !== 'csv') refuse('--raw', `is about CSV, and --to ${to} writes something else`);
  if (to !== 'perfetto' && output === '-')
    throw new ScenarioError('option/output', `--to ${to} writes a folder, and stdout is none`, 'name a folder: -o DIR');
}

/** Reads once for the facts, and looks on the way which columns the events need. */
async function read(file: string, options: ExportOptions, form: TableForm, withEvents: boolean): Promise<Read> {
  if (!withEvents) return { history: await historyOf(file, options), columns: {}, held: undefined };
  const held: EventBatch[] | undefined = (await isReadableAgain(file)) ? undefined : [];
  let columns: EventColumns = {};
  const use = async (open: OpenCapture): Promise<History> => {
    const csv = form === 'csv' ? new Collector(open.capture, parseFilter()) : undefined;
    const typed = form === 'csv' ? undefined : new SchemaCollector(open.capture, parseFilter());
    async function* batches(): AsyncGenerator<EventBatch> {
      for await (const batch of open.batches) {
        csv?.add(batch);
        typed?.add(batch);
        held?.push(batch);
        yield batch;
      }
    }
    const history = await workOut({ capture: open.capture, batches: batches() });
    columns = csv === undefined ? { typed: typed!.schema() } : { csv: csv.columns() };
    return history;
  };
  const history = await historyOf(file, options, use, { holds: held !== undefined });
  return { history, columns, held };
}

/** Writers of one form; Parquet and Arrow are loaded here, since no other command needs both. */
async function writersOf(form: TableForm, raw: boolean) {
  if (form === 'csv') {
    return {
      facts: (one: FactTable, facts: Facts) => factsToCsv(one, facts, raw),
      events: (open: OpenCapture, { csv }: EventColumns) =>
        eventsToCsv(open, undefined, { raw, ...(csv === undefined ? {} : { columns: csv }) }),
    };
  }
  if (form === 'arrow') {
    const { arrowFile, eventsToArrow } = await import('../write/arrow.ts');
    return {
      facts: (one: FactTable, facts: Facts) => arrowFile(typedFacts(one, facts), facts.history.capture),
      events: (open: OpenCapture, { typed }: EventColumns) => eventsToArrow(open, undefined, typed),
    };
  }
  const { parquetFile, eventsToParquet } = await import('../write/parquet.ts');
  return {
    facts: (one: FactTable, facts: Facts) => parquetFile(one.name, typedFacts(one, facts), facts.history.capture),
    events: (open: OpenCapture, { typed }: EventColumns) => eventsToParquet(open, undefined, typed),
  };
}

/** A file for each table. None is in its place before all are whole. */
async function writeTables(file: string, options: ExportOptions, form: TableForm): Promise<Written[]> {
  const wanted = new Set(options.table ?? tableNames);
  prepareFolder(options.output);
  const { history, columns, held } = await read(file, options, form, wanted.has(eventsName));
  const writers = await writersOf(form, options.raw === true);
  const outputs: Output[] = [];
  const written: Written[] = [];
  const write = async (name: string, rows: number, pieces: AsyncIterable<string | Uint8Array> | Iterable<string>) => {
    const path = join(options.output, `${name}.${form}`);
    const output = openOutput(path, file);
    outputs.push(output);
    for await (const piece of pieces) await output.write(piece);
    written.push({ table: name, file: path, rows });
  };
  try {
    if (wanted.has(eventsName)) {
      const events = (open: OpenCapture): Promise<void> =>
        write(eventsName, history.capture.events, writers.events(open, columns));
      if (held === undefined) await withCapture(file, options, events, { doing: 'writing events of' });
      else await events({ capture: history.capture, batches: given(held) });
    }
    const facts = factsOf(history);
    for (const one of factTables)
      if (wanted.has(one.name)) await write(one.name, one.open(facts).length, writers.facts(one, facts));
  } catch (error) {
    for (const output of outputs) output.drop();
    throw error;
  }
  for (const output of outputs) output.done();
  return written;
}

async function* given(batches: readonly EventBatch[]): AsyncGenerator<EventBatch> {
  yield* batches;
}

async function writeTracks(file: string, options: ExportOptions): Promise<void> {
  const history = await historyOf(file, options);
  const { toTraceEvents } = await import('../write/trace-events/trace-events.ts');
  const output = openOutput(options.output, file);
  try {
    for (const piece of toTraceEvents(factsOf(history))) await output.write(piece);
  } catch (error) {
    output.drop();
    throw error;
  }
  output.done();
}

async function run(file: string, options: ExportOptions): Promise<void> {
  check(options);
  if (options.to === 'perfetto') {
    await writeTracks(file, options);
    return;
  }
  const written = await writeTables(file, options, options.to);
  if (options.json) await printJson({ written });
  else
    await printTable(
      table(
        ['table', 'rows>', 'file'],
        written.map((one) => [one.table, count(one.rows), one.file]),
      ),
    );
}

export function exportCommand(): Command {
  const command = new Command('export')
    .description('write events and facts as tables for other tools, or as tracks for a viewer of traces')
    .argument('<file>', 'a capture; - for stdin')
    .addOption(new Option('--to <form>', 'what to write').choices(forms).makeOptionMandatory())
    .requiredOption('-o, --output <place>', 'folder for a file a table; of perfetto a file, or - for stdout')
    .addOption(
      new Option('--table <name>', 'only this table; may be given again (default: all)')
        .choices(tableNames)
        .argParser((name: string, before: string[] | undefined) => {
          if (tableNames.includes(name)) return again(name, before);
          throw new InvalidArgumentError(`Allowed choices are ${tableNames.join(', ')}.`);
        }),
    )
    .option('--raw', "CSV: leave texts that a spreadsheet would run as formulas without a ' before them");
  return addCaptureOptions(command).action(run);
}
