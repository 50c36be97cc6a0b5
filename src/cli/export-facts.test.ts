/** `export`: files of a folder, all or none, and what is refused. */
import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { parquetReadObjects } from 'hyparquet';
import { folioscope, main, small, temporaryFolder } from './test-support.ts';

interface Told {
  written: { table: string; file: string; rows: number }[];
}

test('export writes a file for each table, and says how many rows', async (t) => {
  const folder = temporaryFolder(t);
  const { code, stdout, stderr } = folioscope(['export', small, '--to', 'parquet', '-o', folder, '--json']);
  assert.deepEqual([code, stderr], [0, '']);
  const { written } = JSON.parse(stdout) as Told;
  assert.deepEqual(readdirSync(folder).sort(), written.map(({ table }) => `${table}.parquet`).sort());
  for (const { file, rows } of written) {
    const read = await parquetReadObjects({ file: new Uint8Array(readFileSync(file)).buffer });
    assert.equal(read.length, rows, file);
  }
  const failures = written.find(({ table }) => table === 'failures')!;
  const analysis = JSON.parse(folioscope(['analyze', small, '--json']).stdout) as { failures: unknown[] };
  assert.equal(failures.rows, analysis.failures.length);
});

test('events of export are those of the command events, of a file and of stdin', (t) => {
  const folder = temporaryFolder(t);
  const args = (file: string, ...more: string[]): string[] => [
    'export',
    file,
    '--to',
    'csv',
    '--table',
    'events',
    ...more,
  ];
  assert.equal(folioscope(args(small, '-o', folder)).code, 0);
  assert.deepEqual(readdirSync(folder), ['events.csv']);
  assert.equal(readFileSync(join(folder, 'events.csv'), 'utf8'), folioscope(['events', small]).stdout);

  const input = gunzipSync(readFileSync(small));
  const piped = (command: readonly string[]): string => {
    const done = spawnSync(process.execPath, [main, ...command], { input, encoding: 'utf8', maxBuffer: 1 << 28 });
    assert.equal(done.status, 0, done.stderr);
    return done.stdout;
  };
  piped(args('-', '-o', folder, '--kernel', '6.1.192'));
  assert.equal(readFileSync(join(folder, 'events.csv'), 'utf8'), piped(['events', '-', '--kernel', '6.1.192']));
});

test('when one file cannot be written none is', (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'waits.csv'));
  const { code, stderr } = folioscope(['export', small, '--to', 'csv', '-o', folder]);
  assert.equal(code, 2);
  assert.match(stderr, /waits\.csv: cannot write there: there is a folder of that name/);
  assert.deepEqual(readdirSync(folder), ['waits.csv']);
});

test('perfetto goes to a file or to stdout, the same bytes', (t) => {
  const path = join(temporaryFolder(t), 'trace.json');
  assert.deepEqual(folioscope(['export', small, '--to', 'perfetto', '-o', path]), { code: 0, stdout: '', stderr: '' });
  const { stdout } = folioscope(['export', small, '--to', 'perfetto', '-o', '-']);
  assert.equal(readFileSync(path, 'utf8'), stdout);
  assert.ok((JSON.parse(stdout) as { traceEvents: unknown[] }).traceEvents.length > 1000);
});

test('what export cannot do is exit 2 with the way out', (t) => {
  const folder = temporaryFolder(t);
  for (const [args, message] of [
    [['--to', 'csv', '-o', '-'], /--to csv writes a folder/],
    [['--to', 'perfetto', '--table', 'calls', '-o', join(folder, 'x')], /--table is about tables/],
    [['--to', 'arrow', '--raw', '-o', folder], /--raw is about CSV/],
    [['--to', 'csv', '--table', 'folds', '-o', folder], /'folds' is invalid. Allowed choices are events, requests/],
    [['--to', 'xml', '-o', folder], /Allowed choices are parquet, arrow, csv, perfetto/],
    [['--to', 'csv'], /required option '-o, --output <place>'/],
  ] as const) {
    const { code, stderr } = folioscope(['export', small, ...args]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
  }
  assert.ok(!existsSync(join(folder, 'x')));
});
