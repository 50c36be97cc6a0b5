/** For tests only: where the repository is, and files compared with a golden one. */
import { strict as assert } from 'node:assert';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function findRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package-lock.json'))) {
    const up = dirname(folder);
    if (up === folder) throw new Error('no package-lock.json above the tests');
    folder = up;
  }
  return folder;
}

/** The repository, wherever the tests were compiled to. */
export const root: string = findRoot();

/** A path below `traces/`. */
export function tracePath(...parts: string[]): string {
  return join(root, 'traces', ...parts);
}

/** The folder of captures outside the repository that `FOLIOSCOPE_CAPTURES` names, or undefined. */
export const outsideCaptures: string | undefined = process.env['FOLIOSCOPE_CAPTURES'];

/** Compares with a committed file; `UPDATE=1` rewrites it. */
export function golden(path: string, actual: string): void {
  const full = join(root, path);
  if (process.env['UPDATE'] === '1') {
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, actual);
    return;
  }
  assert.ok(existsSync(full), `${path} is missing: run UPDATE=1 npm test and look at it`);
  assert.equal(actual, readFileSync(full, 'utf8'), `${path} differs: UPDATE=1 npm test, then look at the diff`);
}

/**
 * A reason to skip a test whose tool is absent, for node's `{ skip }`; false when the tool is there. With
 * `FOLIOSCOPE_REQUIRE_TOOLS=1` the test is never skipped, so that it fails where the tool is absent.
 */
export function skipWithout(tool: string, present: boolean): string | false {
  if (present || process.env['FOLIOSCOPE_REQUIRE_TOOLS'] === '1') return false;
  return `${tool} is not installed here`;
}
