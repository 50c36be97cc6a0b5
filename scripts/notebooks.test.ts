import { strict as assert } from 'node:assert';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { chromium } from 'playwright-core';
import { skipWithout } from '../src/test-support.ts';
import { browserPath, buildNotebooks, notebookNames, openNotebook, serve } from './notebooks.ts';

const skip = skipWithout('chromium', existsSync(browserPath));

test('every notebook builds, runs to its last cell, and asks for nothing from outside', { skip }, async () => {
  const out = mkdtempSync(join(tmpdir(), 'folioscope-notebooks-'));
  const names = notebookNames();
  assert.ok(names.includes('first-look'));
  await buildNotebooks(out);
  const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox', '--disable-gpu'] });
  const { address, close } = await serve(out);
  try {
    for (const name of names) {
      const seen = await openNotebook(browser, address, name);
      assert.deepEqual(seen.errors, []);
      assert.deepEqual(seen.outside, []);
      assert.ok(seen.rows > 3, `${seen.rows} rows in tables`);
      assert.ok(seen.drawings >= 1, `${seen.drawings} drawings`);
    }
  } finally {
    close();
    await browser.close();
    rmSync(out, { recursive: true, force: true });
  }
});
