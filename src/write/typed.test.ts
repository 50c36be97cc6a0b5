/** Parquet and Arrow against the CSV of the same capture, read back by libraries that did not write them. */
import { strict as assert } from 'node:assert';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { fromArrow } from 'arquero';
import { parse } from 'csv-parse/sync';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { temporaryFolder } from '../cli/test-support.ts';
import { newCapture, type OpenCapture } from '../events/capture.ts';
import { unguardText } from '../events/table.ts';
import { BatchBuilder } from '../read/builder.ts';
import { readBytes } from '../read/bytes.ts';
import { openCapture } from '../read/file.ts';
import { chunksOf, readEvents } from '../read/test-support.ts';
import { outsideCaptures, tracePath } from '../test-support.ts';
import { eventsToArrow } from './arrow.ts';
import { eventsToCsv } from './csv.ts';
import type { EventFilter } from './filter.ts';
import { eventsToParquet } from './parquet.ts';
import { collectSchema, type TypedColumn, type TypedSchema } from './typed-schema.ts';

type Opened = () => Promise<OpenCapture>;
type Row = Record<string, unknown>;

async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const held: Uint8Array[] = [];
  for await (const piece of pieces) held.push(piece);
  return new Uint8Array(Buffer.concat(held));
}

/** The CSV's cells by column, without guards; undefined where not recorded. */
async function csvRows(open: OpenCapture, filter?: EventFilter): Promise<Record<string, string | undefined>[]> {
  let text = '';
  for await (const piece of eventsToCsv(open, filter)) text += piece;
  const [header = [], ...rows] = parse(text, { relax_column_count: false }) as string[][];
  return rows.map((row) => Object.fromEntries(header.map((name, i) => [name, row[i] === '' ? undefined : row[i]])));
}

/** What a cell of the CSV means in a column of this type. */
function meant(column: TypedColumn, cell: string | undefined): string | undefined {
  if (cell === undefined) return undefined;
  if (column.type === 'name' || column.type === 'text') return unguardText(cell);
  if (column.type === 'float64') return String(Number(cell));
  // A column of both notations that holds negative numbers: hex ones are below 2^63 there.
  return BigInt(cell).toString();
}

function assertEqual(
  rows: readonly Row[],
  cells: readonly Record<string, string | undefined>[],
  schema: TypedSchema,
): void {
  assert.equal(rows.length, cells.length);
  for (const column of schema.columns) {
    for (let row = 0; row < rows.length; row++) {
      const value = rows[row]?.[column.name];
      const found = value === null || value === undefined ? undefined : String(value);
      const wanted = meant(column, cells[row]?.[column.name]);
      if (found !== wanted) assert.fail(`${column.name} of row ${row}: ${found}, and the CSV has ${wanted}`);
    }
  }
}

async function parquetRows(bytes: Uint8Array<ArrayBuffer>): Promise<Row[]> {
  return (await parquetReadObjects({ file: bytes.buffer })) as Row[];
}

function arrowRows(bytes: Uint8Array): Row[] {
  return fromArrow(bytes, { useBigInt: true }).objects({ limit: Number.POSITIVE_INFINITY }) as Row[];
}

/** Reads a Parquet file by SQL; every integer as its digits. */
async function duckRows(path: string, schema: TypedSchema): Promise<Row[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const columns = schema.columns.map(({ name }) => `CAST("${name.replaceAll('"', '""')}" AS VARCHAR)`).join(', ');
    const result = await connection.runAndReadAll(`SELECT ${columns} FROM read_parquet('${path}')`);
    return result.getRows().map((row) => Object.fromEntries(schema.columns.map(({ name }, i) => [name, row[i]])));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Writes a capture in every form and compares all cells; how many events there were. */
async function compare(open: Opened, filter?: EventFilter): Promise<number> {
  const cells = await csvRows(await open(), filter);
  const schema = await collectSchema(await open(), filter);
  const parquet = await bytesOf(eventsToParquet(await open(), filter, schema));
  const arrow = await bytesOf(eventsToArrow(await open(), filter, schema));
  assertEqual(await parquetRows(parquet), cells, schema);
  assertEqual(arrowRows(arrow), cells, schema);
  // An input that is read once gives the same bytes.
  assert.deepEqual(await bytesOf(eventsToParquet(await open(), filter)), parquet);
  assert.deepEqual(await bytesOf(eventsToArrow(await open(), filter)), arrow);
  return cells.length;
}

const captures = readdirSync(tracePath(), { recursive: true, encoding: 'utf8' })
  .filter((path) => /(?:^|\/)(?:trace|trace_pipe|perf_script\w*)\.txt\.gz$/.test(path))
  // The large ones have the same kinds of events as those that are left.
  .filter((path) => !/contig_lowmem|pin_vmsplice|second-reads|lossy\/trace_pipe/.test(path))
  .sort();

test('bundled captures: every cell of the Parquet and of the Arrow is that of the CSV', async () => {
  assert.ok(captures.length > 15);
  let events = 0;
  for (const path of captures.filter((_, i) => i % 3 === 0)) {
    events += await compare(() => openCapture(tracePath(path))).catch((error: unknown) => {
      throw new Error(`${path}: ${String(error)}`);
    });
  }
  assert.ok(events > 10_000, `${events}`);
});

test('captures outside the repository: the same', {
  skip: outsideCaptures === undefined && 'FOLIOSCOPE_CAPTURES is not set',
}, async (t) => {
  const folder = outsideCaptures ?? '';
  const all = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const binary = all.filter((name) => /(?:^|\/)(?:trace\.dat|perf\.data)(?:\.gz)?$/.test(name));
  const texts = all.filter((name) => /(?:^|\/)(?:trace|trace_pipe|perf_script|report)\.txt\.gz$/.test(name));
  let events = 0;
  let captured = 0;
  for (const name of [...binary, ...texts.filter((_, i) => i % 10 === 0)]) {
    const path = join(folder, name);
    // All rows are held as objects here.
    if (statSync(path).size > 2 ** 21) continue;
    captured++;
    events += await compare(() => openCapture(path)).catch((error: unknown) => {
      throw new Error(`${name}: ${String(error)}`);
    });
  }
  t.diagnostic(`${captured} captures, ${events} events`);
});

test('DuckDB reads the Parquet: types and values', async (t) => {
  const open = () => openCapture(tracePath('debian-6.1-4k', 'shanon_hot', 'trace.txt.gz'));
  const schema = await collectSchema(await open());
  const path = join(temporaryFolder(t), 'events.parquet');
  writeFileSync(path, await bytesOf(eventsToParquet(await open(), undefined, schema)));
  assertEqual(await duckRows(path, schema), await csvRows(await open()), schema);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const described = (await connection.runAndReadAll(`DESCRIBE SELECT * FROM read_parquet('${path}')`)).getRows();
  const types = new Map(described.map(([name, type]) => [name, type]));
  assert.deepEqual(
    ['time_ns', 'cpu', 'comm', 'event', 'pfn', 'nr_failed'].map((name) => types.get(name)),
    ['BIGINT', 'INTEGER', 'VARCHAR', 'VARCHAR', 'UBIGINT', 'BIGINT'],
  );
  connection.closeSync();
  instance.closeSync();
});

test('filters choose rows and columns as they do for CSV', async () => {
  const open = () => openCapture(tracePath('debian-6.1-4k', 'shanon_hot', 'trace.txt.gz'));
  const filter: EventFilter = { names: ['mm_lru_*'], from: '+1s' };
  const schema = await collectSchema(await open(), filter);
  assert.ok(schema.columns.some(({ name }) => name === 'pfn'));
  assert.ok(!schema.columns.some(({ name }) => name === 'nr_failed'));
  assert.ok((await compare(open, filter)) > 100);
});

/** A capture of made-up records: one kind for each list of fields. */
function madeUp(
  origin: bigint,
  kinds: readonly {
    fields: readonly (readonly [name: string, storage: 'number' | 'u64' | 'text', print: 'decimal' | 'hex' | 'text'])[];
    rows: readonly (number | bigint | string | undefined)[][];
  }[],
): OpenCapture {
  const capture = newCapture('made up', 'test', 'records');
  const builder = new BatchBuilder(capture);
  let time = origin;
  const encoder = new TextEncoder();
  kinds.forEach(({ fields, rows }, k) => {
    const state = builder.kinds.described({
      system: 'made',
      name: `up${k}`,
      form: 'generic',
      fields: fields.map(([name, storage, print]) => ({ name, storage, print })),
    });
    for (const row of rows) {
      builder.beginAt(Number(time >> 32n), Number(time & 0xffffffffn), -1, -1, -1, -1, 0);
      time += 1n;
      builder.fieldValues.clear(fields.length);
      row.forEach((value, i) => {
        if (typeof value === 'number') builder.fieldValues.setNumber(i, value);
        if (typeof value === 'bigint') builder.fieldValues.setU64(i, Number(value >> 32n), Number(value & 0xffffffffn));
        if (typeof value === 'string') builder.fieldValues.setTextId(i, capture.strings.intern(value));
      });
      builder.values(state, encoder.encode(''));
    }
  });
  const batches = builder.finish();
  return {
    capture,
    batches: (async function* () {
      yield* batches;
    })(),
  };
}

const typesOf = (schema: TypedSchema): Record<string, string> =>
  Object.fromEntries(schema.columns.slice(6).map(({ name, type }) => [name, type]));

test('a column has the type that holds the values of all kinds exactly; what none holds is text', async () => {
  const big = 2n ** 64n - 1n;
  const open: Opened = async () =>
    madeUp(2n ** 62n, [
      {
        fields: [
          ['count', 'number', 'decimal'],
          ['pfn', 'number', 'hex'],
          ['flags', 'u64', 'hex'],
          ['share', 'number', 'decimal'],
          ['mixed', 'number', 'decimal'],
          ['odd', 'number', 'decimal'],
          ['error', 'number', 'hex'],
          ['mode', 'text', 'text'],
          ['sort', 'text', 'text'],
        ],
        rows: [
          [-1, 0x81e58, big, 0.5, 3, -3, -12, 'MIGRATE_SYNC', 'a'],
          [2 ** 53 - 1, undefined, 0n, -2, undefined, undefined, undefined, '', undefined],
          [undefined, undefined, undefined, undefined, undefined, undefined, undefined, undefined, undefined],
        ],
      },
      {
        fields: [
          ['mixed', 'u64', 'hex'],
          ['odd', 'u64', 'hex'],
          ['sort', 'number', 'decimal'],
          ['cpu', 'number', 'decimal'],
        ],
        rows: [[big, big, 7, 5]],
      },
    ]);
  const schema = await collectSchema(await open());
  assert.deepEqual(typesOf(schema), {
    count: 'int64',
    pfn: 'uint64',
    flags: 'uint64',
    share: 'float64',
    mixed: 'uint64',
    odd: 'text',
    error: 'uint64',
    mode: 'name',
    sort: 'text',
    'field.cpu': 'int64',
  });
  assert.equal(await compare(open), 4);
  const [first] = await parquetRows(await bytesOf(eventsToParquet(await open())));
  assert.equal(first?.['time_ns'], 2n ** 62n);
  assert.equal(first?.['flags'], big);
});

test('a field that a description claims twice has two columns', async () => {
  const open: Opened = async () =>
    madeUp(1n, [
      {
        fields: [
          ['x', 'number', 'decimal'],
          ['x', 'number', 'decimal'],
        ],
        rows: [[1, 2]],
      },
    ]);
  assert.deepEqual(typesOf(await collectSchema(await open())), { x: 'int64', 'x.2': 'int64' });
  assert.equal(await compare(open), 1);
});

test('a field that is called like a formula is guarded in the header of the CSV, and comes back', async () => {
  const fields = [
    ['=1+1', 'number', 'decimal'],
    ['@x', 'number', 'decimal'],
    ["'", 'number', 'decimal'],
    ['a,"b', 'number', 'decimal'],
  ] as const;
  let text = '';
  for await (const piece of eventsToCsv(madeUp(5n, [{ fields, rows: [[1, 2, 3, 4]] }]))) text += piece;
  const [header = []] = parse(text) as string[][];
  assert.deepEqual(header.slice(6), ["'=1+1", "'@x", "''", 'a,"b']);
  const [event] = await readEvents(await readBytes('table', chunksOf(text)));
  assert.equal(event?.values[0], '=1+1=1 @x=2 \'=3 a,"b=4');
});

test('a time beyond 63 bits is refused, not wrapped', async () => {
  for (const write of [eventsToParquet, eventsToArrow]) {
    const open = madeUp(2n ** 63n, [{ fields: [['x', 'number', 'decimal']], rows: [[1]] }]);
    await assert.rejects(bytesOf(write(open)), /9223372036854775808.*does not hold/);
  }
  const last = madeUp(2n ** 63n - 1n, [{ fields: [['x', 'number', 'decimal']], rows: [[1]] }]);
  assert.equal((await parquetRows(await bytesOf(eventsToParquet(last))))[0]?.['time_ns'], 2n ** 63n - 1n);
});

test('no event still makes a file with the first columns', async () => {
  const open = () => readBytes('text', chunksOf('time_ns,event,x\n1,a:b,1\n'));
  const parquet = await bytesOf(eventsToParquet(await open(), { names: ['none'] }));
  assert.equal(parquetMetadata(parquet.buffer).num_rows, 0n);
  assert.deepEqual(await parquetRows(parquet), []);
  assert.equal(fromArrow(await bytesOf(eventsToArrow(await open(), { names: ['none'] }))).numRows(), 0);
});

test('more rows than a chunk holds: several row groups and record batches, nothing lost between them', async () => {
  const rows = Array.from(
    { length: 150_000 },
    (_, i) => `${1000 + i},${i % 4},7,,${i % 3 === 1 ? '' : `task${i % 100}`},a:b,n=${i}`,
  );
  const text = `time_ns,cpu,pid,tgid,comm,event,text\n${rows.join('\n')}\n`;
  const open: Opened = () => readBytes('text', chunksOf(text));
  assert.equal(await compare(open), rows.length);
  const parquet = await bytesOf(eventsToParquet(await open()));
  assert.equal(parquetMetadata(parquet.buffer).row_groups.length, 5);
});
