/** Tables of facts as the writers take them: as typed rows in chunks (Parquet, Arrow), and as CSV. */
import type { Capture } from '../../events/capture.ts';
import { guardText } from '../../events/table.ts';
import { absoluteTime } from '../cells.ts';
import { chunkRows, Filling, type RowChunk, TimeWords } from '../chunks.ts';
import { quoted } from '../csv.ts';
import type { TypedRows } from '../typed-rows.ts';
import type { ColumnType, TypedSchema } from '../typed-schema.ts';
import type { Cell, Facts, FactTable, FactType, OpenTable } from './table.ts';

const storage: Readonly<Record<FactType, ColumnType>> = {
  time: 'int64',
  int32: 'int32',
  int64: 'int64',
  float64: 'float64',
  name: 'name',
  text: 'text',
};

/** Rows to a piece of text given out. */
const rowsPerPiece = 2048;

const isNothing = (cell: Cell): boolean => cell === '' || Number.isNaN(cell);

/** A table of facts as typed rows; what is not known is null. */
export function typedFacts(table: FactTable, facts: Facts): TypedRows {
  const { capture } = facts.history;
  const open = table.open(facts);
  const names = new Map<string, string[]>();
  table.columns.forEach(({ name, type }, i) => {
    if (type !== 'name') return;
    const met = new Set<string>();
    for (let row = 0; row < open.length; row++) met.add(open.cells[i]!(row) as string);
    names.set(name, [...met]);
  });
  const columns = table.columns.map(({ name, type, absent }) => ({
    name,
    type: storage[type],
    // A clock without times has none at all.
    isNullable: absent !== '' || (type === 'time' && capture.clock.unit === 'none'),
  }));
  const schema: TypedSchema = { columns, names };
  return { schema, chunks: chunksOf(table, open, schema, capture) };
}

async function* chunksOf(
  table: FactTable,
  open: OpenTable,
  { columns, names }: TypedSchema,
  capture: Capture,
): AsyncGenerator<RowChunk> {
  const capacity = Math.max(1, Math.min(open.length, chunkRows(columns.length)));
  const filling = columns.map((column) => new Filling(column, names.get(column.name) ?? [], capacity));
  const times = new TimeWords(capture);
  for (let from = 0; from < open.length; from += capacity) {
    const rows = Math.min(capacity, open.length - from);
    times.begin();
    for (const [i, column] of filling.entries()) {
      column.begin();
      const cell = open.cells[i]!;
      const set = setter(table.columns[i]!.type, column, times, capture);
      for (let row = 0; row < rows; row++) {
        const value = cell(from + row);
        if (!isNothing(value)) set(row, value);
      }
      column.nulls = rows - column.filled;
    }
    times.check();
    yield { rows, columns: filling };
  }
}

function setter(type: FactType, to: Filling, times: TimeWords, { clock }: Capture): (row: number, cell: Cell) => void {
  switch (type) {
    case 'time':
      // A time between two events need not be whole.
      return clock.unit === 'none' ? () => undefined : (row, cell) => times.set(to, row, Math.round(cell as number));
    case 'int32':
      return (row, cell) => to.setInteger(row, cell as number);
    case 'int64':
      return (row, cell) => to.setNumber(row, cell as number);
    case 'float64':
      return (row, cell) => to.setFloat(row, cell as number);
    case 'name':
      return (row, cell) => to.setInteger(row, to.places.get(cell as string)!);
    case 'text':
      return (row, cell) => to.setText(row, cell as string);
  }
}

/**
 * A table of facts as CSV, in pieces of whole rows; the first begins with the header. What is not known is empty.
 *
 * @param raw leave texts that a spreadsheet would run as formulas without a `'` before them
 */
export function* factsToCsv(table: FactTable, facts: Facts, raw = false): Generator<string> {
  const { capture } = facts.history;
  const open = table.open(facts);
  const timeText = absoluteTime(capture.clock, capture.origin);
  const write = table.columns.map(({ type }) => {
    if (type === 'time') return (cell: Cell) => timeText(Math.round(cell as number));
    if (type === 'name' || type === 'text') return (cell: Cell) => quoted(guardText(cell as string, raw));
    return String;
  });
  let piece = `${table.columns.map(({ name }) => name).join(',')}\n`;
  for (let row = 0; row < open.length; row++) {
    for (let i = 0; i < write.length; i++) {
      const cell = open.cells[i]!(row);
      if (i > 0) piece += ',';
      if (!isNothing(cell)) piece += write[i]!(cell);
    }
    piece += '\n';
    if ((row + 1) % rowsPerPiece === 0) {
      yield piece;
      piece = '';
    }
  }
  if (piece !== '') yield piece;
}
