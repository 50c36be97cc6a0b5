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
import { type TestContext, test } from 'node:test';
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

async function withBrowser(out: string, use: (browser: Browser, address: string) => Promise<void>): Promise<void> {
  const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox', '--disable-gpu'] });
  const { address, close } = await serve(out);
  try {
    await use(browser, address);
  } finally {
    close();
    await browser.close();
  }
}

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'folioscope-notebooks-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('every notebook builds, runs in every cell, asks for nothing from outside, and counts what its capture says', {
  skip,
}, async (t) => {
  const out = folderOf(t);
  const names = notebookNames();
  assert.deepEqual(names, Object.keys(expected).sort());
  await buildNotebooks(out);
  await withBrowser(out, async (browser, address) => {
    for (const name of names) {
      const seen = await openNotebook(browser, address, name);
      const { drawings, tables, key } = expected[name]!;
      assert.deepEqual(seen.errors, [], name);
      assert.deepEqual(seen.outside, [], name);
      assert.equal(seen.key, key(seen), `${name}: its number, and the one counted in the text of its capture`);
      assert.notEqual(seen.key, '0', name);
      assert.equal(seen.drawings, drawings, `${name}: drawings`);
      assert.equal(seen.tables, tables, `${name}: tables`);
      assert.ok(seen.rows >= tables, `${name}: ${seen.rows} rows in ${tables} tables`);
    }
  });
});

test('a notebook that the command line wrote runs outside of the repository, beside an installed package', {
  skip,
}, async (t) => {
  const folder = folderOf(t);
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
  await withBrowser(join(folder, 'dist'), async (browser, address) => {
    const seen = await openNotebook(browser, address, 'trace of mine');
    assert.deepEqual(seen.errors, []);
    assert.deepEqual(seen.outside, []);
    assert.equal(seen.key, String(linesOf('debian-6.1-4k', 'shanon_hot').length));
    assert.equal(seen.drawings, expected['my-capture']!.drawings);
  });
});
