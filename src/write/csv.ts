/**
 * Events as CSV: one row an event, a column for every field that occurs, absolute times. docs/formats/csv.md describes the
 * columns; what is written here reads back to equal events.
 */
import { TraceError } from '../base/errors.ts';
import type { EventBatch } from '../events/batch.ts';
import type { Capture, OpenCapture } from '../events/capture.ts';
import { type EventKind, qualifiedName } from '../events/kinds.ts';
import { columnsOfKind, contextText, firstColumns, guardText, probeText } from '../events/table.ts';
import { absoluteTime, timeColumn, valueText } from './cells.ts';
import { boundsOf, type EventFilter, type ParsedFilter, parseFilter, wantsKind, wantsOrdinal } from './filter.ts';

/** The columns that a capture's events need beyond the first six. */
export interface TableColumns {
  readonly fields: readonly string[];
  /** Some event is a probe's. */
  readonly probe: boolean;
  /** Some event was in a context worth telling (interrupts off, softirq, ...). */
  readonly context: boolean;
}

export interface CsvOptions {
  /** Leave texts that a spreadsheet would run as formulas as they are. */
  readonly raw?: boolean;
  /** From `collectColumns` over the same input: then rows are written as they are read. Without it, all events are held first. */
  readonly columns?: TableColumns;
}

/** Rows to a piece of text given out. */
const rowsPerPiece = 2048;

/** The first of two passes over an input that can be read twice: which columns the wanted events need. */
export async function collectColumns(open: OpenCapture, filter?: EventFilter): Promise<TableColumns> {
  const parsed = parseFilter(filter);
  const collector = new Collector(open.capture, parsed);
  for await (const batch of open.batches) collector.add(batch);
  return collector.columns();
}

/** Gathers which columns the wanted events need, batch by batch. */
export class Collector {
  readonly #capture: Capture;
  readonly #filter: ParsedFilter;
  readonly #fields = new Set<string>();
  readonly #seen = new Set<number>();
  #probe = false;
  #context = false;

  constructor(capture: Capture, filter: ParsedFilter) {
    this.#capture = capture;
    this.#filter = filter;
  }

  add(batch: EventBatch): void {
    const choose = chooser(this.#capture, this.#filter);
    for (let i = 0; i < batch.length; i++) {
      if (!choose(batch, i)) continue;
      if (batch.flags[i] !== 0) this.#context = true;
      const id = batch.kind[i]!;
      if (this.#seen.has(id)) continue;
      this.#seen.add(id);
      const kind = this.#capture.kinds[id]!;
      if (kind.probe !== undefined) this.#probe = true;
      for (const column of columnsOfKind(kind)) this.#fields.add(column);
    }
  }

  columns(): TableColumns {
    return { fields: [...this.#fields], probe: this.#probe, context: this.#context };
  }
}

/** Whether event `i` of a batch is wanted. Made anew for each batch: kinds are added as the input is read. */
export function chooser(capture: Capture, filter: ParsedFilter): (batch: EventBatch, i: number) => boolean {
  const { from, to } = boundsOf(filter, capture.clock, capture.origin);
  const wanted = capture.kinds.map((kind) => wantsKind(filter, kind));
  const isWanted = (batch: EventBatch, i: number): boolean =>
    wanted[batch.kind[i]!] === true && batch.time[i]! >= from && batch.time[i]! <= to;
  if (filter.ordinals === undefined) return isWanted;
  return (batch, i) => isWanted(batch, i) && wantsOrdinal(filter, batch.ordinal[i]!);
}

/**
 * The events of a capture as CSV, in pieces of whole rows; the first begins with the header.
 *
 * @throws ScenarioError for a filter that cannot be met, before anything is given out
 */
export async function* eventsToCsv(
  open: OpenCapture,
  filter?: EventFilter,
  options: CsvOptions = {},
): AsyncGenerator<string> {
  const parsed = parseFilter(filter);
  const { capture } = open;
  if (options.columns !== undefined) {
    const writer = new RowWriter(capture, options.columns, options.raw ?? false);
    let begun = false;
    for await (const batch of open.batches) {
      if (!begun) yield writer.header();
      begun = true;
      yield* writer.rows(batch, parsed);
    }
    if (!begun) yield writer.header();
    return;
  }
  // An input that can be read only once: the columns are known when its last event is.
  const collector = new Collector(capture, parsed);
  const held: EventBatch[] = [];
  for await (const batch of open.batches) {
    collector.add(batch);
    held.push(batch);
  }
  const writer = new RowWriter(capture, collector.columns(), options.raw ?? false);
  yield writer.header();
  for (const batch of held) yield* writer.rows(batch, parsed);
}

/** Quotes a cell where RFC 4180 asks for it. */
export function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** What is the same in all rows of a kind: its name, and which fields stand behind how many commas. */
interface KindLayout {
  readonly event: string;
  readonly cells: readonly { readonly commas: string; readonly field: number }[];
  /** From the last field on: empty columns, and the probe. */
  readonly tail: string;
}

class RowWriter {
  readonly #capture: Capture;
  readonly #columns: TableColumns;
  readonly #raw: boolean;
  readonly #layouts: KindLayout[] = [];
  readonly #comms: string[] = [];

  constructor(capture: Capture, columns: TableColumns, raw: boolean) {
    this.#capture = capture;
    this.#columns = columns;
    this.#raw = raw;
  }

  header(): string {
    const { fields, probe, context } = this.#columns;
    const last = [...(probe ? ['probe'] : []), ...(context ? ['context'] : [])];
    const names = [timeColumn(this.#capture.clock), ...firstColumns, ...fields, ...last];
    return `${names.map((name) => quoted(guardText(name, this.#raw))).join(',')}\n`;
  }

  *rows(batch: EventBatch, filter: ParsedFilter): Generator<string> {
    const { strings } = this.#capture;
    const choose = chooser(this.#capture, filter);
    const timeText = absoluteTime(this.#capture.clock, this.#capture.origin);
    const { context } = this.#columns;
    let piece = '';
    let rows = 0;
    for (let i = 0; i < batch.length; i++) {
      if (!choose(batch, i)) continue;
      const id = batch.kind[i]!;
      const layout = this.#layout(id);
      const columns = batch.fields[id]!;
      const row = batch.row[i]!;
      let line = `${timeText(batch.time[i]!)},${known(batch.cpu[i]!)},${known(batch.pid[i]!)},${known(batch.tgid[i]!)},`;
      line += `${this.#comm(batch.comm[i]!)},${layout.event}`;
      for (const { commas, field } of layout.cells) {
        const description = columns.kind.fields[field]!;
        const text = valueText(columns.columns[field]!, description, row, batch, strings);
        const isText = description.storage === 'text' || description.storage === 'bytes';
        line += text === undefined ? commas : commas + (isText ? quoted(guardText(text, this.#raw)) : text);
      }
      piece += `${line}${layout.tail}${context ? `,${contextText(batch.flags[i]!)}` : ''}\n`;
      if (++rows % rowsPerPiece === 0) {
        yield piece;
        piece = '';
      }
    }
    if (piece !== '') yield piece;
  }

  #comm(id: number): string {
    if (id < 0) return '';
    this.#comms[id] ??= quoted(guardText(this.#capture.strings.text(id), this.#raw));
    return this.#comms[id];
  }

  #layout(id: number): KindLayout {
    this.#layouts[id] ??= layoutOf(this.#capture.kinds[id]!, this.#columns, this.#raw, this.#capture.source);
    return this.#layouts[id];
  }
}

function known(value: number): string {
  return value < 0 ? '' : String(value);
}

/** The error for a file that is still being written: it has other events when it is read again. */
export function changed(source: string, what: string): TraceError {
  return new TraceError(
    'changed',
    { file: source },
    `has changed since its columns were looked for: ${what}`,
    'copy the file first, or give it on stdin',
  );
}

function layoutOf(kind: EventKind, { fields, probe }: TableColumns, raw: boolean, source: string): KindLayout {
  const places = columnsOfKind(kind)
    .map((name, field) => ({ place: fields.indexOf(name), field }))
    .sort((a, b) => a.place - b.place);
  const lost = places.find(({ place }) => place < 0);
  if (lost !== undefined)
    throw changed(source, `${qualifiedName(kind)} has no column for ${kind.fields[lost.field]?.name}`);
  let before = -1;
  const cells = places.map(({ place, field }) => {
    const commas = ','.repeat(place - before);
    before = place;
    return { commas, field };
  });
  const empty = ','.repeat(fields.length - 1 - before);
  const described = kind.probe === undefined ? '' : quoted(probeText(kind, kind.probe));
  return { event: quoted(guardText(qualifiedName(kind), raw)), cells, tail: probe ? `${empty},${described}` : empty };
}
