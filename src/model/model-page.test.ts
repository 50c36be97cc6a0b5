/** docs/model.md names files of this room and tests: they must exist, and no file may be left out. */
import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../test-support.ts';

const room = join(root, 'src', 'model');
const page = readFileSync(join(root, 'docs', 'model.md'), 'utf8');
const files = readdirSync(room).filter((name) => name.endsWith('.ts'));
const modules = files.filter((name) => !name.endsWith('.test.ts') && name !== 'test-support.ts');
const tests = files
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => readFileSync(join(room, name), 'utf8'))
  .join('\n');

test('every module of the model is on the page, and every file on the page exists', () => {
  const named = new Set([...page.matchAll(/`([a-z-]+(\.test)?\.ts)`/g)].map((match) => match[1]!));
  // Not a procedure: worlds for tests.
  assert.deepEqual(
    modules.filter((name) => !named.has(name)),
    ['made-up.ts'],
  );
  assert.deepEqual(
    [...named].filter((name) => !files.includes(name)),
    [],
  );
});

test('every test that the page names exists', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| ') && line.includes('"'));
  const names = rows.flatMap((row) => [...row.matchAll(/"((?:\\"|[^"])+)"/g)].map((match) => match[1]!));
  assert.ok(names.length > 80, `${names.length} names`);
  const written = (name: string) => name.replaceAll('\\"', '"').replaceAll('\\|', '|');
  const missing = names.filter((name) => name !== 'arm64' && !tests.includes(written(name)));
  assert.deepEqual(
    missing.filter((name) => name !== 'somebody waits'),
    [],
  );
});
