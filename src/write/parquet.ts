/** Events as a Parquet file: a row group for each chunk of rows, so that nothing of the capture is held. docs/formats/export.md. */
import { ByteWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import type { Capture, OpenCapture } from '../events/capture.ts';
import type { ColumnChunk } from './chunks.ts';
import type { EventFilter } from './filter.ts';
import { type TypedRows, typedRows } from './typed-rows.ts';
import { type ColumnType, metadataOf, type TypedColumn, type TypedSchema } from './typed-schema.ts';

/** Types as parquet-format's parquet.thrift names them. */
const elements: Readonly<Record<ColumnType, Omit<SchemaElement, 'name'>>> = {
  int32: { type: 'INT32' },
  int64: { type: 'INT64' },
  // Not as a logical type too: hyparquet-writer 0.17 writes its bit width as an i32 where the format has an i8.
  uint64: { type: 'INT64', converted_type: 'UINT_64' },
  float64: { type: 'DOUBLE' },
  name: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
};

/**
 * The events of a capture as a Parquet file, in pieces.
 *
 * @param schema from `collectSchema` over the same input: then rows are written as they are read. Without it, all events
 *   are held first.
 * @throws ScenarioError for a filter that cannot be met, before anything is given out
 */
export async function* eventsToParquet(
  open: OpenCapture,
  filter?: EventFilter,
  schema?: TypedSchema,
): AsyncGenerator<Uint8Array> {
  yield* parquetFile('events', await typedRows(open, filter, schema), open.capture);
}

/** A table as a Parquet file, in pieces; `name` is that of its schema, `capture` is where its rows are from. */
export async function* parquetFile(
  name: string,
  { schema, chunks }: TypedRows,
  capture: Capture,
): AsyncGenerator<Uint8Array> {
  const { columns, names } = schema;
  const bytes = new ByteWriter();
  const writer = new ParquetWriter({
    writer: bytes,
    schema: [{ name, num_children: columns.length }, ...columns.map(elementOf)],
    kvMetadata: metadataOf(capture),
    createdBy: 'folioscope',
  });
  for await (const chunk of chunks) {
    const columnData = chunk.columns.map((column) => ({
      name: column.column.name,
      // The writer takes one column after the other: only that one is spelled out in values of JavaScript.
      get data(): Values {
        return valuesOf(column, chunk.rows, names.get(column.column.name) ?? []);
      },
    }));
    writer.write({ columnData, rowGroupSize: chunk.rows });
    yield taken(bytes);
  }
  writer.finish();
  yield taken(bytes);
}

/** What was written since the last time. */
function taken(bytes: ByteWriter): Uint8Array {
  const piece = bytes.getBytes().slice();
  bytes.index = 0;
  return piece;
}

function elementOf({ name, type, isNullable }: TypedColumn): SchemaElement {
  return { name, repetition_type: isNullable ? 'OPTIONAL' : 'REQUIRED', ...elements[type] };
}

type Values = (number | bigint | string | null)[];

/** The values of a column as the writer takes them. */
function valuesOf(
  { column, valid, nulls, words, integers, floats, texts }: ColumnChunk,
  rows: number,
  names: readonly string[],
): Values {
  const values: Values = new Array<null>(rows).fill(null);
  if (nulls === rows) return values;
  switch (column.type) {
    case 'int32':
      for (let row = 0; row < rows; row++) if (valid[row] !== 0) values[row] = integers[row]!;
      break;
    case 'name':
      for (let row = 0; row < rows; row++) if (valid[row] !== 0) values[row] = names[integers[row]!]!;
      break;
    case 'int64':
    case 'uint64': {
      const View = column.type === 'int64' ? BigInt64Array : BigUint64Array;
      const longs = new View(words.buffer as ArrayBuffer, words.byteOffset, rows);
      for (let row = 0; row < rows; row++) if (valid[row] !== 0) values[row] = longs[row]!;
      break;
    }
    case 'float64':
      for (let row = 0; row < rows; row++) if (valid[row] !== 0) values[row] = floats[row]!;
      break;
    case 'text':
      for (let row = 0; row < rows; row++) if (valid[row] !== 0) values[row] = texts[row]!;
  }
  return values;
}
