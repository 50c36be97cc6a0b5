/** For tests only: the command line as a process, the way a user meets it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { tracePath } from '../test-support.ts';

/** The compiled bin, beside this compiled file. */
export const main: string = fileURLToPath(new URL('./main.js', import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `folioscope` to its end. */
export function folioscope(args: readonly string[], env: Readonly<Record<string, string>> = {}): Ran {
  const { COLUMNS: _, ...rest } = process.env;
  const done = spawnSync(process.execPath, [main, ...args], {
    encoding: 'utf8',
    env: { ...rest, ...env },
    maxBuffer: 1 << 28,
    // A command that hangs is a failure of its test, not of the whole run.
    timeout: 120_000,
  });
  return { code: done.status, stdout: done.stdout, stderr: done.stderr };
}

/** A folder of the test's own, gone when it ends. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'folioscope-cli-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A file in a folder of the test's own. */
export function temporaryFile(t: TestContext, name: string, content: string | Uint8Array): string {
  const path = join(temporaryFolder(t), name);
  writeFileSync(path, content);
  return path;
}

/** The small capture that most tests use: move_pages on Debian's 6.1, with probes. */
export const small: string = tracePath('debian-6.1-4k', 'shanon_hot', 'trace.txt.gz');

/** The text of a bundled capture. */
export function textOf(path: string): string {
  return gunzipSync(readFileSync(path)).toString('utf8');
}

/** Runs a command with a terminal for stdout (script of util-linux makes one). */
export function onTerminal(args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const line = [process.execPath, main, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const done = spawnSync('sh', ['-c', 'exec "$0" "$@"', 'script', '-qec', line, '/dev/null'], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    input: '',
    env: { ...process.env, ...env },
  });
  // The terminal's own carriage returns.
  return done.stdout.replaceAll('\r\n', '\n');
}

/** Of bsdutils, which every Debian has. */
export const hasScript: boolean = spawnSync('sh', ['-c', 'command -v script']).status === 0;
