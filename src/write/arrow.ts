/**
 * Events as an Arrow file (arrow.apache.org/docs/format/Columnar.html, "IPC File Format"): a record batch for each chunk
 * of rows, so that nothing of the capture is held but the lists of names. docs/formats/export.md.
 */
import { TraceError } from '../base/errors.ts';
import type { Capture, OpenCapture } from '../events/capture.ts';
import type { ColumnChunk, RowChunk } from './chunks.ts';
import type { EventFilter } from './filter.ts';
import { type FlatTable, type FlatValue, flatbuffer } from './flatbuffer.ts';
import { type TypedRows, typedRows } from './typed-rows.ts';
import { metadataOf, type TypedColumn, type TypedSchema } from './typed-schema.ts';

/** Numbers of format/Message.fbs and format/Schema.fbs. */
const version5: FlatValue = { short: 4 };
const headers = { schema: 1, dictionary: 2, record: 3 } as const;
const types = { int: 2, float: 3, utf8: 5 } as const;

const encoder = new TextEncoder();
const magic = encoder.encode('ARROW1');

/** Where a message lies in the file, for its footer. */
interface Block {
  readonly at: number;
  readonly header: number;
  readonly body: number;
}

/** Nodes and buffers of a record batch being put together. */
interface Body {
  readonly nodes: number[];
  readonly places: number[];
  readonly parts: Uint8Array[];
  size: number;
}

/**
 * The events of a capture as an Arrow file, in pieces.
 *
 * @param schema from `collectSchema` over the same input: then rows are written as they are read. Without it, all events
 *   are held first.
 * @throws ScenarioError for a filter that cannot be met, before anything is given out
 */
export async function* eventsToArrow(
  open: OpenCapture,
  filter?: EventFilter,
  schema?: TypedSchema,
): AsyncGenerator<Uint8Array> {
  yield* arrowFile(await typedRows(open, filter, schema), open.capture);
}

/** A table as an Arrow file, in pieces; `capture` is where its rows are from. */
export async function* arrowFile({ schema, chunks }: TypedRows, capture: Capture): AsyncGenerator<Uint8Array> {
  const { columns, names } = schema;
  const named = columns.filter(({ type }) => type === 'name');
  const description = schemaTable(columns, named, metadataOf(capture));
  const dictionaries: Block[] = [];
  const records: Block[] = [];
  const start = new Uint8Array(8);
  start.set(magic);
  yield start;
  let at = start.length;
  const written = (blocks: Block[] | undefined, { header, body, bytes }: Message): Uint8Array => {
    blocks?.push({ at, header, body });
    at += bytes.length;
    return bytes;
  };
  yield written(undefined, message(headers.schema, description, emptyBody()));
  for (const [id, column] of named.entries())
    yield written(dictionaries, dictionaryMessage(id, names.get(column.name) ?? [], capture.source));
  for await (const chunk of chunks) yield written(records, recordMessage(chunk));
  // Some readers look for a column's list of names in its first batch.
  if (records.length === 0) yield written(records, recordMessage({ rows: 0, columns: columns.map(nothingOf) }));
  yield footer(description, dictionaries, records);
}

interface Message {
  readonly bytes: Uint8Array;
  /** Bytes before the body, and of the body. */
  readonly header: number;
  readonly body: number;
}

const emptyBody = (): Body => ({ nodes: [], places: [], parts: [], size: 0 });

/** The encapsulated message: a mark, the header's length, the header, the body. */
function message(kind: number, header: FlatTable, body: Body): Message {
  const flat = flatbuffer([version5, { byte: kind }, { table: header }, { long: body.size }]);
  const bytes = new Uint8Array(8 + flat.length + body.size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0xffffffff, true);
  view.setUint32(4, flat.length, true);
  bytes.set(flat, 8);
  body.parts.forEach((part, i) => {
    bytes.set(part, 8 + flat.length + body.places[2 * i]!);
  });
  return { bytes, header: 8 + flat.length, body: body.size };
}

/** The end of the stream, the footer, its length, the magic. */
function footer(schema: FlatTable, dictionaries: readonly Block[], records: readonly Block[]): Uint8Array {
  const blocks = (all: readonly Block[]): FlatValue => ({
    // A block's header length is an int with padding behind it: as a word, the same bytes.
    structs: all.flatMap(({ at, header, body }) => [at, header, body]),
    width: 3,
  });
  const flat = flatbuffer([version5, { table: schema }, blocks(dictionaries), blocks(records)]);
  const bytes = new Uint8Array(8 + flat.length + 4 + magic.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0xffffffff, true);
  bytes.set(flat, 8);
  view.setUint32(8 + flat.length, flat.length, true);
  bytes.set(magic, 8 + flat.length + 4);
  return bytes;
}

function schemaTable(
  columns: readonly TypedColumn[],
  named: readonly TypedColumn[],
  metadata: readonly { key: string; value: string }[],
): FlatTable {
  const fields = columns.map((column): FlatTable => {
    const { name, type, isNullable } = column;
    const [kind, details] = typeOf(type);
    const encoding: FlatValue =
      type === 'name' ? { table: [{ long: named.indexOf(column) }, { table: integer(32, true) }] } : undefined;
    // Some readers want a list of children even where there are none.
    return [{ text: name }, { bool: isNullable }, { byte: kind }, { table: details }, encoding, { tables: [] }];
  });
  const pairs = metadata.map(({ key, value }): FlatTable => [{ text: key }, { text: value }]);
  return [undefined, { tables: fields }, { tables: pairs }];
}

const integer = (bits: number, isSigned: boolean): FlatTable => [{ int: bits }, { bool: isSigned }];

function typeOf(type: TypedColumn['type']): [kind: number, details: FlatTable] {
  switch (type) {
    case 'int32':
      return [types.int, integer(32, true)];
    case 'int64':
      return [types.int, integer(64, true)];
    case 'uint64':
      return [types.int, integer(64, false)];
    case 'float64':
      return [types.float, [{ short: 2 }]];
    case 'name':
    case 'text':
      return [types.utf8, []];
  }
}

function batchTable(rows: number, { nodes, places }: Body): FlatTable {
  return [{ long: rows }, { structs: nodes, width: 2 }, { structs: places, width: 2 }];
}

const nothingOf = (column: TypedColumn): ColumnChunk => ({
  column,
  valid: new Uint8Array(0),
  nulls: 0,
  words: new Uint32Array(0),
  integers: new Int32Array(0),
  floats: new Float64Array(0),
  texts: [],
});

function recordMessage({ rows, columns }: RowChunk): Message {
  const body = emptyBody();
  for (const column of columns) addColumn(body, column, rows);
  return message(headers.record, batchTable(rows, body), body);
}

function dictionaryMessage(id: number, names: readonly string[], source: string): Message {
  const body = emptyBody();
  body.nodes.push(names.length, 0);
  addPart(body, new Uint8Array(0));
  const length = names.reduce((sum, name) => sum + 3 * name.length, 0);
  if (length > mostBytes) {
    throw new TraceError(
      'export/names',
      { file: source },
      `its texts of one column take more than ${mostBytes} bytes, which an Arrow dictionary does not hold`,
      'write fewer events (--name, --from, --to), or another format (--format parquet)',
    );
  }
  addTexts(body, names, undefined, names.length);
  return message(headers.dictionary, [{ long: id }, { table: batchTable(names.length, body) }], body);
}

/** Offsets into text are signed 32-bit integers. */
const mostBytes = 2 ** 31 - 1;

/** A part of the body; the next one begins at a multiple of 8. */
function addPart(body: Body, part: Uint8Array): void {
  body.places.push(body.size, part.length);
  body.parts.push(part);
  body.size += (part.length + 7) & ~7;
}

const bytesOf = (array: Int32Array | Uint32Array | Float64Array, length: number): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, length * array.BYTES_PER_ELEMENT);

function addColumn(
  body: Body,
  { column, valid, nulls, words, integers, floats, texts }: ColumnChunk,
  rows: number,
): void {
  body.nodes.push(rows, nulls);
  addPart(body, nulls === 0 ? new Uint8Array(0) : bitmap(valid, rows));
  if (column.type === 'text') addTexts(body, texts, valid, rows);
  else if (column.type === 'float64') addPart(body, bytesOf(floats, rows));
  else if (column.type === 'int64' || column.type === 'uint64') addPart(body, bytesOf(words, 2 * rows));
  else addPart(body, bytesOf(integers, rows));
}

/**
 * A bit for each row, the first in the lowest. What is behind the last row may be anything; it is set, with a byte to spare,
 * because Arquero 8.0 takes what is not set there for nulls at the beginning of the next batch.
 */
function bitmap(valid: Uint8Array, rows: number): Uint8Array {
  const bits = new Uint8Array((rows >> 3) + 1).fill(0xff);
  for (let row = 0; row < rows; row++) if (valid[row] === 0) bits[row >> 3]! &= ~(1 << (row & 7));
  return bits;
}

/** Where each text begins and ends, then all of them. */
function addTexts(body: Body, texts: readonly string[], valid: Uint8Array | undefined, rows: number): void {
  const offsets = new Int32Array(rows + 1);
  let bytes = new Uint8Array(1024);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    const text = valid === undefined || valid[row] !== 0 ? texts[row]! : '';
    // A UTF-16 unit takes at most three bytes.
    if (at + 3 * text.length > bytes.length) {
      const grown = new Uint8Array(Math.max(2 * bytes.length, at + 3 * text.length));
      grown.set(bytes);
      bytes = grown;
    }
    at += encoder.encodeInto(text, bytes.subarray(at)).written;
    offsets[row + 1] = at;
  }
  addPart(body, bytesOf(offsets, rows + 1));
  addPart(body, bytes.subarray(0, at));
}
