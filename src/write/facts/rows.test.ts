/** Tables of facts in every form against each other, read back by libraries that did not write them; and their page. */
import { strict as assert } from 'node:assert';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fromArrow } from 'arquero';
import { parse } from 'csv-parse/sync';
import { parquetReadObjects } from 'hyparquet';
import { unguardText } from '../../events/table.ts';
import { workOut } from '../../history/history.ts';
import { openCapture } from '../../read/file.ts';
import { root, tracePath } from '../../test-support.ts';
import { arrowFile } from '../arrow.ts';
import { parquetFile } from '../parquet.ts';
import { factsToCsv, typedFacts } from './rows.ts';
import { type Facts, factsOf } from './table.ts';
import { factTables } from './tables.ts';

const captures = [
  tracePath('debian-6.1-4k', 'shanon_hot', 'trace.txt.gz'),
  tracePath('debian-6.1-4k', 'lossy', 'trace.txt.gz'),
  tracePath('debian-6.1-4k', 'thp_split_race', 'trace.txt.gz'),
  tracePath('lab-6.12-4k', 'hmm_migrate_vma', 'trace.txt.gz'),
  tracePath('lab-6.12-4k', 'pageref_gup_tc', 'trace.dat.gz'),
];

async function read(path: string): Promise<Facts> {
  return factsOf(await workOut(await openCapture(path)));
}

async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const held: Uint8Array[] = [];
  for await (const piece of pieces) held.push(piece);
  return new Uint8Array(Buffer.concat(held));
}

test('every table in every form has the same cells, and none is empty where the page says that it cannot be', async () => {
  const rowsSeen = new Map<string, number>();
  for (const path of captures) {
    const facts = await read(path);
    const { capture } = facts.history;
    for (const table of factTables) {
      const csv = parse([...factsToCsv(table, facts)].join(''), { columns: true }) as Record<string, string>[];
      const parquet = (await parquetReadObjects({
        file: (await bytesOf(parquetFile(table.name, typedFacts(table, facts), capture))).buffer,
      })) as Record<string, unknown>[];
      const arrow = fromArrow(await bytesOf(arrowFile(typedFacts(table, facts), capture)), {
        useBigInt: true,
      }).objects({ limit: Number.POSITIVE_INFINITY }) as Record<string, unknown>[];
      const { length } = table.open(facts);
      rowsSeen.set(table.name, (rowsSeen.get(table.name) ?? 0) + length);
      assert.deepEqual([csv.length, parquet.length, arrow.length], [length, length, length], table.name);
      for (const { name, type, absent } of table.columns) {
        for (let row = 0; row < length; row++) {
          const cell = csv[row]![name]!;
          const where = `${path}: ${name} of row ${row} of ${table.name}`;
          if (cell === '' && absent === '') assert.fail(`${where} is empty`);
          const isText = type === 'name' || type === 'text';
          const wanted = cell === '' ? undefined : isText ? unguardText(cell) : cell;
          for (const [form, rows] of [
            ['Parquet', parquet],
            ['Arrow', arrow],
          ] as const) {
            const value = rows[row]![name] ?? undefined;
            const found = value === undefined ? undefined : String(value);
            if (found !== wanted) assert.fail(`${where}: ${form} has ${found}, CSV has ${wanted}`);
          }
        }
      }
    }
  }
  for (const { name } of factTables) assert.ok(rowsSeen.get(name)! > 0, `no row of ${name} in any of these captures`);
});

test('times are those of the events, and numbers of calls and failures lead to their rows', async () => {
  const facts = await read(captures[0]!);
  const { calls, failures } = facts.history;
  const rows = (name: string): Record<string, string>[] =>
    parse([...factsToCsv(factTables.find((one) => one.name === name)!, facts)].join(''), { columns: true });
  const [call] = rows('calls');
  assert.equal(call!['start'], String(facts.history.capture.origin + BigInt(calls[0]!.start)));
  const blame = rows('blame');
  for (const { id } of failures) {
    const sum = blame
      .filter(({ failure }) => failure === String(id))
      .reduce((total, { probability }) => total + Number(probability), 0);
    assert.ok(Math.abs(sum - 1) < 1e-9, `blame of failure ${id} adds up to ${sum}`);
  }
  const failed = rows('folios').filter(({ outcome }) => outcome === 'failed');
  assert.equal(failed.length, failures.length);
  assert.deepEqual(
    rows('failures').map(({ call: of, place, pfn }) => [of, place, pfn]),
    failed.map(({ call: of, place, pfn }) => [of, place, pfn]),
  );
});

test('docs/exports.md says what each column of each table is', () => {
  const path = join(root, 'docs', 'exports.md');
  const page = readFileSync(path, 'utf8');
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const written = factTables
    .map(({ name, says, columns }) =>
      [
        `### \`${name}\`: ${says}`,
        '',
        line(['column', 'type', 'unit', 'what it is', 'null means']),
        line(['---', '---', '---', '---', '---']),
        ...columns.map((one) => line([`\`${one.name}\``, one.type, one.unit, one.says, one.absent || 'never null'])),
        '',
      ].join('\n'),
    )
    .join('\n');
  const region = /(<!-- tables -->\n)[\s\S]*?(<!-- end of tables -->)/;
  assert.match(page, region);
  const wanted = page.replace(region, (_all, open: string, close: string) => `${open}\n${written}\n${close}`);
  if (process.env['UPDATE'] === '1') writeFileSync(path, wanted);
  else assert.equal(page, wanted, 'docs/exports.md differs: UPDATE=1 npm test, then look at the diff');
});
