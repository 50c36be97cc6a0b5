/**
 * Events as typed rows, in chunks of columns. A chunk's buffers are used
 * again for the next one, so that memory does not grow with the capture.
 */
import type { Column, EventBatch } from '../events/batch.ts';
import type { Capture, OpenCapture } from '../events/capture.ts';
import { type EventKind, type Field, qualifiedName } from '../events/kinds.ts';
import { columnsOfKind, contextText, probeText } from '../events/table.ts';
import { valueText } from './cells.ts';
import { chunkRows, Filling, type RowChunk, TimeWords } from './chunks.ts';
import { changed, chooser } from './csv.ts';
import { type EventFilter, parseFilter } from './filter.ts';
import { SchemaCollector, type TypedSchema } from './typed-schema.ts';

/** Characters of free text in a chunk. */
const mostText = 2 ** 24;

/** What is the same in all rows of a kind. */
interface Plan {
  readonly event: number;
  /** -1 where the kind is no probe. */
  readonly probe: number;
  readonly cells: readonly { readonly to: Filling; readonly field: Field; readonly index: number }[];
}

class RowFiller {
  readonly #capture: Capture;
  readonly #columns: readonly Filling[];
  readonly #byName: ReadonlyMap<string, Filling>;
  readonly #plans: Plan[] = [];
  readonly #times: TimeWords;
  readonly #capacity: number;
  #rows = 0;
  #text = 0;

  constructor(capture: Capture, schema: TypedSchema) {
    this.#capture = capture;
    this.#capacity = chunkRows(schema.columns.length);
    this.#columns = schema.columns.map(
      (column) => new Filling(column, schema.names.get(column.name) ?? [], this.#capacity),
    );
    this.#byName = new Map(this.#columns.map((filling) => [filling.column.name, filling]));
    this.#times = new TimeWords(capture);
  }

  get rows(): number {
    return this.#rows;
  }

  get isFull(): boolean {
    return this.#rows === this.#capacity || this.#text >= mostText;
  }

  /** The rows added so far; then it is empty again. */
  take(): RowChunk {
    const rows = this.#rows;
    this.#times.check();
    for (const column of this.#columns) column.nulls = rows - column.filled;
    return { rows, columns: this.#columns };
  }

  begin(): void {
    for (const column of this.#columns) column.begin();
    this.#rows = 0;
    this.#text = 0;
    this.#times.begin();
  }

  add(batch: EventBatch, i: number): void {
    const row = this.#rows++;
    const [time, cpu, pid, tgid, comm, event] = this.#columns;
    const at = batch.time[i]!;
    if (this.#capture.clock.unit !== 'none') this.#times.set(time!, row, at);
    if (batch.cpu[i]! >= 0) cpu!.setInteger(row, batch.cpu[i]!);
    if (batch.pid[i]! >= 0) pid!.setInteger(row, batch.pid[i]!);
    if (batch.tgid[i]! >= 0) tgid!.setInteger(row, batch.tgid[i]!);
    if (batch.comm[i]! >= 0) this.#setName(comm!, row, batch.comm[i]!);
    const id = batch.kind[i]!;
    this.#plans[id] ??= this.#planOf(this.#capture.kinds[id]!);
    const plan = this.#plans[id];
    event!.setInteger(row, plan.event);
    const columns = batch.fields[id]!.columns;
    for (const { to, field, index } of plan.cells) this.#setValue(to, row, columns[index]!, field, batch, i);
    if (plan.probe >= 0) this.#byName.get('probe')?.setInteger(row, plan.probe);
    const flags = batch.flags[i]!;
    const context = flags === 0 ? undefined : this.#byName.get('context');
    if (context !== undefined) context.setInteger(row, this.#place(context, contextText(flags)));
  }

  #setValue(to: Filling, row: number, column: Column, field: Field, batch: EventBatch, i: number): void {
    const at = batch.row[i]!;
    switch (to.column.type) {
      case 'int64':
      case 'uint64':
        if (column.storage === 'number') {
          const value = column.values[at]!;
          if (!Number.isNaN(value)) to.setNumber(row, value);
        } else if (column.storage === 'u64' && column.present[at] !== 0) {
          to.setWords(row, column.values.hi[at]!, column.values.lo[at]!);
        }
        return;
      case 'float64':
        if (column.storage === 'number' && !Number.isNaN(column.values[at]!)) to.setFloat(row, column.values[at]!);
        return;
      case 'name':
        if (column.storage === 'text' && column.values[at]! >= 0) this.#setName(to, row, column.values[at]!);
        return;
      default: {
        const text = valueText(column, field, at, batch, this.#capture.strings);
        if (text === undefined) return;
        this.#text += text.length;
        to.setText(row, text);
      }
    }
  }

  #setName(to: Filling, row: number, id: number): void {
    to.placeOfId[id] ??= this.#place(to, this.#capture.strings.text(id));
    to.setInteger(row, to.placeOfId[id]);
  }

  #place(to: Filling, text: string): number {
    const place = to.places.get(text);
    if (place === undefined) throw changed(this.#capture.source, `${to.column.name} has a text that it did not have`);
    return place;
  }

  #planOf(kind: EventKind): Plan {
    const names = columnsOfKind(kind);
    const cells = kind.fields.map((field, index) => {
      const to = this.#byName.get(names[index]!);
      if (to === undefined)
        throw changed(this.#capture.source, `${qualifiedName(kind)} has no column for ${field.name}`);
      return { to, field, index };
    });
    const event = this.#byName.get('event')?.places.get(qualifiedName(kind));
    if (event === undefined) throw changed(this.#capture.source, `${qualifiedName(kind)} was not there`);
    const probe = kind.probe === undefined ? undefined : this.#byName.get('probe');
    if (kind.probe === undefined || probe === undefined) return { event, probe: -1, cells };
    return { event, probe: this.#place(probe, probeText(kind, kind.probe)), cells };
  }
}

/** The schema of an input, and its rows in chunks. */
export interface TypedRows {
  readonly schema: TypedSchema;
  readonly chunks: AsyncGenerator<RowChunk>;
}

/**
 * The wanted events as typed rows. Without a schema from `collectSchema`, all events are held first.
 *
 * @throws ScenarioError for a filter that cannot be met
 */
export async function typedRows(open: OpenCapture, filter?: EventFilter, schema?: TypedSchema): Promise<TypedRows> {
  if (schema !== undefined) return { schema, chunks: chunksOf(open.capture, open.batches, schema, filter) };
  const collector = new SchemaCollector(open.capture, parseFilter(filter));
  const held: EventBatch[] = [];
  for await (const batch of open.batches) {
    collector.add(batch);
    held.push(batch);
  }
  const found = collector.schema();
  return { schema: found, chunks: chunksOf(open.capture, held, found, filter) };
}

async function* chunksOf(
  capture: Capture,
  batches: AsyncIterable<EventBatch> | Iterable<EventBatch>,
  schema: TypedSchema,
  filter: EventFilter | undefined,
): AsyncGenerator<RowChunk> {
  const parsed = parseFilter(filter);
  let filler: RowFiller | undefined;
  for await (const batch of batches) {
    // The origin is known with the first batch.
    filler ??= new RowFiller(capture, schema);
    const choose = chooser(capture, parsed);
    for (let i = 0; i < batch.length; i++) {
      if (!choose(batch, i)) continue;
      filler.add(batch, i);
      if (!filler.isFull) continue;
      yield filler.take();
      filler.begin();
    }
  }
  if (filler !== undefined && filler.rows > 0) yield filler.take();
}
