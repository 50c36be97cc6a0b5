import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { type Browser, chromium } from 'playwright-core';
import { root, skipWithout, tracePath } from '../src/test-support.ts';
import { browserPath, buildNotebooks, notebookNames, openNotebook, type Seen, serve } from './notebooks.ts';

const skip = skipWithout('chromium', existsSync(browserPath));
/** This compiled tree. */
const compiled = fileURLToPath(new URL('..', import.meta.url));

/** Lines of a bundled capture that say something. */
function linesOf(...parts: string[]): string[] {
  const text = gunzipSync(readFileSync(tracePath(...parts, 'trace.txt.gz'))).toString('utf8');
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

/** What calls left behind (or moved), added up from the text of their events. */
function pagesOf(lines: readonly string[], field: 'nr_succeeded' | 'nr_failed'): string {
  const counted = lines.map((line) => new RegExp(`mm_migrate_pages: .*\\b${field}=(\\d+)`).exec(line)?.[1] ?? '0');
  return String(counted.reduce((sum, pages) => sum + Number(pages), 0));
}

const has = (lines: readonly string[], event: string) =>
  String(lines.filter((line) => line.includes(` ${event}: `)).length);

/** Sleeps on entries of frames that are not the first of a huge page: the frame is the low bits of the entry as printed. */
function sleepsOnTails(lines: readonly string[]): string {
  const entries = lines.flatMap(
    (line) => /migration_entry_wait_on_locked: .*entry=(0x[0-9a-f]+)/.exec(line)?.[1] ?? [],
  );
  return String(entries.filter((entry) => BigInt(entry) % 512n !== 0n).length);
}

/** What each notebook has to show: drawings, tables, and a number that is counted here from the text of its capture. */
const expected: Readonly<Record<string, { drawings: number; tables: number; key: (seen: Seen) => string }>> = {
  calibration: { drawings: 1, tables: 2, key: ({ trace }) => pagesOf(trace.split('\n'), 'nr_failed') },
  'caches-disabled': {
    drawings: 1,
    tables: 2,
    key: () => pagesOf(linesOf('pairs', 'cma-second-reads', 'baseline', 'run02'), 'nr_succeeded'),
  },
  'lock-attempts': {
    drawings: 1,
    tables: 3,
    key: () => has(linesOf('lab-6.12-4k', 'hmm_migrate_vma'), 'migrate_vma_setup'),
  },
  'mlock-and-pin': {
    drawings: 2,
    tables: 4,
    key: () => pagesOf(linesOf('debian-6.1-4k', 'pin_vmsplice_fail'), 'nr_failed'),
  },
  'my-capture': { drawings: 4, tables: 2, key: () => String(linesOf('debian-6.1-4k', 'shanon_hot').length) },
  race: {
    drawings: 5,
    tables: 2,
    key: () => pagesOf(linesOf('pairs', 'shared-anon-hot', 'baseline', 'run01'), 'nr_failed'),
  },
  'tail-page-wait': { drawings: 1, tables: 4, key: () => sleepsOnTails(linesOf('debian-6.1-4k', 'thp_split_race')) },
  tour: { drawings: 3, tables: 2, key: () => pagesOf(linesOf('debian-6.12-4k', 'shanon_hot'), 'nr_failed') },
};

let folder = '';
let browser: Browser | undefined;
let served: Awaited<ReturnType<typeof serve>> | undefined;

before(async () => {
  if (skip) return;
  folder = mkdtempSync(join(tmpdir(), 'folioscope-notebooks-'));
  browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox', '--disable-gpu'] });
  await buildNotebooks(join(folder, 'all'));
  served = await serve(join(folder, 'all'));
});

after(async () => {
  served?.close();
  await browser?.close();
  if (folder !== '') rmSync(folder, { recursive: true, force: true });
});

test('every notebook has its expectations, and its picture', () => {
  const names = notebookNames();
  assert.deepEqual(names, Object.keys(expected).sort());
  for (const name of names) assert.ok(existsSync(join(root, 'notebooks', `${name}.png`)), `notebooks/${name}.png`);
});

for (const [name, { drawings, tables, key }] of Object.entries(expected)) {
  test(`${name}: runs in every cell, asks for nothing from outside, and counts what its capture says`, {
    skip,
  }, async () => {
    const seen = await openNotebook(browser!, served!.address, name);
    assert.deepEqual(seen.errors, []);
    assert.deepEqual(seen.outside, []);
    assert.equal(seen.key, key(seen), 'its number, and the one counted in the text of its capture');
    assert.notEqual(seen.key, '0');
    assert.equal(seen.drawings, drawings, 'drawings');
    assert.equal(seen.tables, tables, 'tables');
    assert.ok(seen.rows >= tables, `${seen.rows} rows in ${tables} tables`);
  });
}

test('a notebook that the command line wrote runs outside of the repository, beside an installed package', {
  skip,
}, async () => {
  const own = join(folder, 'own');
  // What `npm install` leaves: the package by its name, and beside it whatever it and the builder depend on.
  const installed = join(own, 'node_modules', 'folioscope');
  mkdirSync(installed, { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules')))
    if (!name.startsWith('.')) symlinkSync(join(root, 'node_modules', name), join(own, 'node_modules', name));
  copyFileSync(join(root, 'package.json'), join(installed, 'package.json'));
  symlinkSync(compiled, join(installed, 'dist'));
  const capture = join(folder, 'trace of mine.txt.gz');
  copyFileSync(tracePath('debian-6.1-4k', 'shanon_hot', 'trace.txt.gz'), capture);
  copyFileSync(tracePath('debian-6.1-4k', 'shanon_hot', 'meta.json'), join(dirname(capture), 'meta.json'));
  const main = join(compiled, 'src', 'cli', 'main.js');
  const ran = spawnSync(process.execPath, [main, 'notebook', capture, '-o', own], { encoding: 'utf8' });
  assert.equal(ran.status, 0, ran.stderr);
  await buildNotebooks(join(folder, 'dist'), ['trace of mine'], own);
  const { address, close } = await serve(join(folder, 'dist'));
  const seen = await openNotebook(browser!, address, 'trace of mine').finally(close);
  assert.deepEqual(seen.errors, []);
  assert.deepEqual(seen.outside, []);
  assert.equal(seen.key, String(linesOf('debian-6.1-4k', 'shanon_hot').length));
  assert.equal(seen.drawings, expected['my-capture']!.drawings);
});
