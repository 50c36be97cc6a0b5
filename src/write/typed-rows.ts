/**
 * Events as typed rows, in chunks of columns: what the writers of Parquet and Arrow are given. A chunk's buffers are used
 * again for the next one, so that memory does not grow with the capture.
 */
import { TraceError } from '../base/errors.ts';
import type { Column, EventBatch } from '../events/batch.ts';
import type { Capture, OpenCapture } from '../events/capture.ts';
import { type EventKind, type Field, qualifiedName } from '../events/kinds.ts';
import { columnsOfKind, contextText, probeText } from '../events/table.ts';
import { valueText } from './cells.ts';
import { changed, chooser } from './csv.ts';
import { type EventFilter, parseFilter } from './filter.ts';
import { SchemaCollector, type TypedColumn, type TypedSchema } from './typed-schema.ts';

/** Most rows of a chunk. */
const mostRows = 32768;
/** Cells of a chunk: captures with thousands of different fields get shorter chunks. */
const mostCells = 2 ** 23;
/** Characters of free text in a chunk. */
const mostText = 2 ** 24;

/** The values of a column in a chunk; `valid[row]` is 0 where the event did not record it (then its value means nothing). */
export interface ColumnChunk {
  readonly column: TypedColumn;
  readonly valid: Uint8Array;
  /** How many rows are not valid. */
  readonly nulls: number;
  /** int64 and uint64: two words a row, the low one first. */
  readonly words: Uint32Array;
  /** int32, and the place of a `name` in its list. */
  readonly integers: Int32Array;
  readonly floats: Float64Array;
  readonly texts: readonly string[];
}

/** To be used up before the next one is asked for. */
export interface RowChunk {
  readonly rows: number;
  readonly columns: readonly ColumnChunk[];
}

/** A column being filled. Only the buffer of its own type has a size. */
class Filling implements ColumnChunk {
  readonly column: TypedColumn;
  readonly valid: Uint8Array;
  readonly words: Uint32Array;
  readonly integers: Int32Array;
  readonly floats: Float64Array;
  readonly texts: string[];
  /** Place of each text of a `name` column, and of each id of the capture's string table once it was met. */
  readonly places: ReadonlyMap<string, number>;
  readonly placeOfId: number[] = [];
  filled = 0;
  nulls = 0;

  constructor(column: TypedColumn, names: readonly string[], capacity: number) {
    const { type } = column;
    this.column = column;
    this.valid = new Uint8Array(capacity);
    this.words = new Uint32Array(type === 'int64' || type === 'uint64' ? 2 * capacity : 0);
    this.integers = new Int32Array(type === 'int32' || type === 'name' ? capacity : 0);
    this.floats = new Float64Array(type === 'float64' ? capacity : 0);
    this.texts = type === 'text' ? new Array<string>(capacity).fill('') : [];
    this.places = new Map(names.map((name, i) => [name, i]));
  }

  begin(): void {
    if (this.filled > 0) this.valid.fill(0);
    this.filled = 0;
  }

  mark(row: number): void {
    if (this.valid[row] === 0) this.filled++;
    this.valid[row] = 1;
  }

  setInteger(row: number, value: number): void {
    this.integers[row] = value;
    this.mark(row);
  }

  /** A 64-bit integer held by a float64, negative ones in two's complement. */
  setNumber(row: number, value: number): void {
    const hi = Math.floor(value / 2 ** 32);
    this.words[2 * row] = value - hi * 2 ** 32;
    this.words[2 * row + 1] = hi;
    this.mark(row);
  }

  setWords(row: number, hi: number, lo: number): void {
    this.words[2 * row] = lo;
    this.words[2 * row + 1] = hi;
    this.mark(row);
  }

  setText(row: number, text: string): void {
    this.texts[row] = text;
    this.mark(row);
  }
}

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
  readonly #originHi: number;
  readonly #originLo: number;
  readonly #capacity: number;
  #rows = 0;
  #text = 0;
  /** Times of the chunk, relative. */
  #least = Number.POSITIVE_INFINITY;
  #most = Number.NEGATIVE_INFINITY;

  constructor(capture: Capture, schema: TypedSchema) {
    this.#capture = capture;
    this.#capacity = Math.max(64, Math.min(mostRows, Math.floor(mostCells / schema.columns.length)));
    this.#columns = schema.columns.map(
      (column) => new Filling(column, schema.names.get(column.name) ?? [], this.#capacity),
    );
    this.#byName = new Map(this.#columns.map((filling) => [filling.column.name, filling]));
    this.#originHi = Number(BigInt.asUintN(32, capture.origin >> 32n));
    this.#originLo = Number(BigInt.asUintN(32, capture.origin));
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
    this.#checkTimes();
    for (const column of this.#columns) column.nulls = rows - column.filled;
    return { rows, columns: this.#columns };
  }

  begin(): void {
    for (const column of this.#columns) column.begin();
    this.#rows = 0;
    this.#text = 0;
    this.#least = Number.POSITIVE_INFINITY;
    this.#most = Number.NEGATIVE_INFINITY;
  }

  add(batch: EventBatch, i: number): void {
    const row = this.#rows++;
    const [time, cpu, pid, tgid, comm, event] = this.#columns;
    const at = batch.time[i]!;
    if (this.#capture.clock.unit !== 'none') this.#setTime(time!, row, at);
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

  #setTime(to: Filling, row: number, time: number): void {
    if (time < this.#least) this.#least = time;
    if (time > this.#most) this.#most = time;
    const hi = Math.floor(time / 2 ** 32);
    const lo = this.#originLo + (time - hi * 2 ** 32);
    to.setWords(row, this.#originHi + hi + (lo >= 2 ** 32 ? 1 : 0), lo);
  }

  /** Times are signed 64-bit integers in both formats; a capture may claim others. */
  #checkTimes(): void {
    if (this.#most < this.#least) return;
    const { origin, source } = this.#capture;
    const first = origin + BigInt(this.#least);
    const last = origin + BigInt(this.#most);
    if (first >= -(2n ** 63n) && last < 2n ** 63n) return;
    throw new TraceError(
      'export/time',
      { file: source },
      `has a time (${first >= -(2n ** 63n) ? last : first}) that a signed 64-bit integer does not hold`,
      'write it as CSV: --format csv',
    );
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
        if (column.storage === 'number' && !Number.isNaN(column.values[at]!)) {
          to.floats[row] = column.values[at]!;
          to.mark(row);
        }
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
