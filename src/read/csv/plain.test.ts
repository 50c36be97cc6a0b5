/** Rows that need no judge become the same events and the same books as when csv-parse reads them. */
import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { TraceError } from '../../base/errors.ts';
import type { EventBatch } from '../../events/batch.ts';
import { balance } from '../../events/capture.ts';
import { tracePath } from '../../test-support.ts';
import { eventsToCsv } from '../../write/csv.ts';
import { readBytes } from '../bytes.ts';
import type { ReadOptions } from '../format.ts';
import { chunksOf, eventsOf } from '../test-support.ts';
import { KnownRows } from './known-rows.ts';
import { CsvReader } from './reader.ts';

/** Rows that were read because they were known: a property of them would mean nothing if there were none. */
let known = 0;
const { take } = KnownRows.prototype;
KnownRows.prototype.take = function (start, line) {
  const at = take.call(this, start, line);
  known += this.rows;
  return at;
};

function read(text: string, judgesAll: boolean, sizes: readonly number[] = [], options: ReadOptions = {}) {
  const bytes = new TextEncoder().encode(text);
  const reader = new CsvReader('test', options, judgesAll);
  const batches: EventBatch[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes.length === 0 ? bytes.length : sizes[i % sizes.length]!;
    batches.push(...reader.push(bytes.slice(at, at + size)));
    at += size;
  }
  batches.push(...reader.end());
  const { strings, ...books } = reader.capture;
  assert.ok(balance(books.accounting));
  return {
    events: eventsOf(reader.capture, batches),
    books,
    strings: Array.from({ length: strings.size }, (_, id) => strings.text(id)),
  };
}

/** A header that is cut is refused: by both. */
function orRefusal<T>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    if (error instanceof TraceError) return error.message;
    throw error;
  }
}

const headers = [
  'time_ns,cpu,pid,tgid,comm,event,folio,pfn,lru,flags,text,probe,context',
  'time_ns;cpu;pid;tgid;comm;event;folio;pfn;lru;flags;text;probe;context',
  'ts\tcpu_id\ttid\tpid\ttask\tevent\tpage\tpfn\tlru\tflags\ttext\tprobe\tname',
  '"time_s","cpu","pid","tgid","comm","event","folio","pfn","lru","flags","ret","x","y"',
  'clock,cpu,pid,tgid,comm,event,folio,pfn,lru,flags,a,b,c',
];

/** A cell of each column as it is, as it should not be, and in the forms of CSV that nobody expects. */
const cells: readonly (readonly string[])[] = [
  ['1000', '12345678901', '1.5', '0.000001', '', ' 7 ', '99999999999999999999', '123456789012345.123456789', 'x'],
  ['0', '3', '-1', '', ' 2', 'a', '12345678901'],
  ['1', '-5', '', '1e3'],
  ['1', '', '4194304'],
  ['init.sh', "'=sum", "'", 'a b', '', 'späte', '\ufeffx', 'a"b', 'c,d', "''x"],
  ['pagemap:mm_lru_insertion', 'mm_lru_activate', 'mm_lru_insertion ', 'own_event', '', 'x:y', '#event'],
  ['0xfffffc00000081c0', '', '12', '0xzz', '-1'],
  ['0x40207', '263687', '', ' 0x7 ', '1 2'],
  ['0', '', '-3'],
  ['Ma bd ', '0x33', '51', '', ' f b  ', 'M'],
  ['', '', 'a=1 b=2', "'+1", 'line\nbreak', 'quote " in it', 'cr\rhere'],
  ['', '', 'p:try_to_migrate:line folio=folio:X lru=:d', 'r:f:name ret=return:d', 'nonsense'],
  ['', 'd', 'dN', '.', 'Zh'],
];

const quoted = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;

const row = fc
  .tuple(...cells.map((choices) => fc.tuple(fc.constantFrom(...choices, choices[0]!, choices[0]!), fc.nat(9))))
  .map((chosen) => chosen.map(([cell, how]) => ({ cell, how })));

const noise = ['', '   ', '# comment', '"', '"open', 'a,b', '\t\t', ',,,,,,,,,,,,', '"a"b,c', '"x",""""', '"",""'];

const table = fc.record({
  header: fc.constantFrom(...headers),
  end: fc.constantFrom('\n', '\r\n'),
  rows: fc.array(fc.oneof({ weight: 9, arbitrary: row }, { weight: 1, arbitrary: fc.constantFrom(...noise) }), {
    maxLength: 30,
    size: 'max',
  }),
  /** How many of ten cells are in quotes although they need not be. */
  quotes: fc.constantFrom(0, 0, 5, 10),
  /** Whether cells that need quotes get them. */
  isCareful: fc.boolean(),
  isWhole: fc.boolean(),
});

function textOf({ header, end, rows, quotes, isCareful, isWhole }: Table): string {
  const delimiter = header.includes(';') ? ';' : header.includes('\t') ? '\t' : ',';
  const lines = rows.map((one) =>
    typeof one === 'string'
      ? one
      : one
          .map(({ cell, how }) => {
            const needs = isCareful && /[",;\t\r\n]/.test(cell);
            return needs || how < quotes ? quoted(cell) : cell;
          })
          .join(delimiter),
  );
  return [header, ...lines].join(end) + (isWhole ? end : '');
}

interface Table {
  readonly header: string;
  readonly end: string;
  readonly rows: readonly (string | readonly { readonly cell: string; readonly how: number }[])[];
  readonly quotes: number;
  readonly isCareful: boolean;
  readonly isWhole: boolean;
}

test('any table, quoted or not, cut anywhere: the same with and without the judge', () => {
  let events = 0;
  fc.assert(
    fc.property(table, fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 4 }), (one, sizes) => {
      const text = textOf(one);
      const judged = orRefusal(() => read(text, true));
      const plain = orRefusal(() => read(text, false, sizes));
      assert.deepEqual(plain, judged);
      if (typeof plain !== 'string') events += plain.events.length;
    }),
    { numRuns: 400 },
  );
  assert.ok(events > 1000, `${events} events`);
});

/** Times of one table: of one length or not, in whole microseconds or not, with digits and points where others have them not. */
const times: readonly (readonly string[])[] = [
  ['12345678000', '12345679000', '12345680000', '1234567x000'],
  ['12345678901', '12345678902', '12345678000', '123456x8901', '12345678901234567890', '1000', '123456789', '7'],
  ['1.5', '2.5', '125', '1x5', '12.25', '12.250000000', '13.000001', '14.000000001', '1.', '.5', '12.2500000001'],
];

/** Of the other columns, cells with which a row is an event; in the order of `cells`. */
const goodCells: readonly (readonly string[])[] = [
  ['0', '12', ''],
  ['1', '4194304', ''],
  ['1', ''],
  ['init.sh', 'a b', 'fsl-mover', ''],
  ['pagemap:mm_lru_insertion', 'mm_lru_activate', 'own_event', 'x:y', 'migrate:mm_migrate_pages', 'x', 'own_events'],
  ['0xfffffc00000081c0', '', '12', '0xFFFFFFFFFFFFFFFF'],
  ['0x40207', '263687', '', '123456789012'],
  ['0', '', '-3'],
  ['Ma bd ', '0x33', '51', ''],
  ['', '', '', 'a=1 b=2'],
  ['', '', 'p:f:line text=:t', ...['t', 'd', 'x'].map((type) => `p:try_to_migrate:line folio=folio:X lru=:${type}`)],
  ['', 'd', 'dN'],
];

/** Cells that are none, or others than those above. */
const otherCells = cells.slice(1).map((list) => [...list, "'=1", 'ff', '12x', '0x']);

/** Undefined, but for one time in `rarity`. */
const seldom = <T>(rarity: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: rarity - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

/** Rows that resemble each other, and every now and then one that differs from another in a cell. */
const alike = fc.record({
  header: fc.constantFrom(...headers),
  end: fc.constantFrom('\n', '\n', '\r\n'),
  /** Columns that are empty in nearly all rows. */
  empties: fc.constantFrom(0, 4, 5, 9),
  isMapped: fc.boolean(),
  pool: fc.array(fc.tuple(...goodCells.map((choices) => fc.constantFrom(...choices))), { minLength: 1, maxLength: 3 }),
  picks: fc.constantFrom(...times).chain((choices) =>
    fc.array(
      fc.record({
        from: fc.nat(2),
        time: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...choices.slice(0, 3)) }, fc.constantFrom(...choices)),
        change: seldom(
          2,
          fc.nat(goodCells.length - 1).chain((column) =>
            fc.record({
              column: fc.constant(column),
              cell: fc.constantFrom(...goodCells[column]!, ...otherCells[column]!),
              isQuoted: fc.constantFrom(true, false, false),
            }),
          ),
        ),
        extra: seldom(10, fc.constantFrom('', 'x', ',', ',,', '"', '-')),
        noise: seldom(40, fc.constantFrom(...noise, '12345678001,"open', '12345678001,1,1', '12345678001,"a"b')),
      }),
      { maxLength: 60, size: 'max' },
    ),
  ),
});

test('rows that resemble those before them: the same with and without the judge', () => {
  known = 0;
  let events = 0;
  const sizes = fc.array(fc.integer({ min: 1, max: 3000 }), { maxLength: 3 });
  fc.assert(
    fc.property(alike, sizes, ({ header, end, empties, isMapped, pool, picks }, sizes) => {
      const delimiter = header.includes(';') ? ';' : header.includes('\t') ? '\t' : ',';
      const lines = picks.map(({ from, time, change, extra, noise }) => {
        if (noise !== undefined) return noise;
        const row: string[] = [...pool[from % pool.length]!];
        if (change !== undefined) row[change.column] = change.isQuoted ? quoted(change.cell) : change.cell;
        const rest = extra === '-' ? Math.max(0, empties - 1) : empties;
        return (
          [time, ...row, ...new Array<string>(rest).fill('')].join(delimiter) + (extra === '-' ? '' : (extra ?? ''))
        );
      });
      const names = [header, ...Array.from({ length: empties }, (_, i) => `none${i}`)].join(delimiter);
      const text = [names, ...lines, ''].join(end);
      const options = isMapped ? { csvMap: { pfn: 'pfn hex' } } : {};
      const judged = read(text, true, [], options);
      events += judged.events.length;
      assert.deepEqual(read(text, false, sizes, options), judged);
    }),
    { numRuns: 800 },
  );
  assert.ok(known > events / 10, `${known} of ${events} events were known`);
});

test('our own export of a capture: the same with and without the judge', async () => {
  const bytes = gunzipSync(readFileSync(tracePath('debian-6.1-4k', 'shanon_hot', 'trace.txt.gz'))).subarray(
    0,
    1_000_000,
  );
  let text = '';
  for await (const part of eventsToCsv(await readBytes('test', chunksOf(bytes)))) text += part;
  const judged = read(text, true);
  known = 0;
  const plain = read(text, false, [1 << 16]);
  assert.ok(plain.events.length > 5000);
  assert.ok(known > plain.events.length * 0.9, `${known} of ${plain.events.length} events were known`);
  assert.deepEqual(plain, judged);
});
