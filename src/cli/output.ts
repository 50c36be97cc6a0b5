/**
 * stdout is data. Everything a command says goes through here, so that text from a capture (a task may be named
 * anything, escape sequences included) never reaches a terminal as it is.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ScenarioError } from '../base/errors.ts';
import { escapeHidden } from '../base/json.ts';
import { printable, type Table, textTable, wrap } from '../report/tables.ts';

/** Columns to lay text out in: `COLUMNS` if set, else the terminal's (some say 0: not known), else 80. */
export function screenWidth(stream: NodeJS.WriteStream = process.stdout): number {
  const wanted = Number(process.env['COLUMNS']);
  if (Number.isInteger(wanted) && wanted >= 20) return wanted;
  return stream.isTTY && stream.columns > 0 ? Math.max(20, stream.columns) : 80;
}

/** Writes to stdout, and waits where the reader at the other end is slower. */
export async function print(text: string | Uint8Array): Promise<void> {
  if (text.length > 0 && !process.stdout.write(text)) await once(process.stdout, 'drain');
}

/** Data as it is in a pipe or a file; on a terminal, line by line without anything that would command it. */
export async function printData(text: string): Promise<void> {
  await print(process.stdout.isTTY ? text.split('\n').map(printable).join('\n') : text);
}

/** A table for people. */
export async function printTable(of: Table): Promise<void> {
  await print(`${textTable(of, screenWidth())}\n`);
}

/** Paragraphs for people, wrapped. */
export async function printLines(lines: readonly string[], indent = ''): Promise<void> {
  for (const line of lines) await print(`${wrap(printable(line), screenWidth() - indent.length, indent).join('\n')}\n`);
}

/** What is known about one thing: a title, and under it a line for each fact; an empty name continues the one above. */
export async function printFacts(title: string, rows: readonly (readonly [string, string])[]): Promise<void> {
  const indent = 2;
  const left = indent + Math.max(...rows.map(([name]) => name.length)) + 2;
  await printLines([title]);
  for (const [name, text] of rows) {
    const lines = wrap(printable(text), Math.max(10, screenWidth() - left));
    for (const [i, line] of lines.entries())
      await print(`${`${' '.repeat(indent)}${i === 0 ? name : ''}`.padEnd(left)}${line}\n`);
  }
  await print('\n');
}

/** One line on stderr: talk. */
export function say(text: string): void {
  process.stderr.write(`${printable(text)}\n`);
}

/**
 * JSON with two spaces: NaN is null, a bigint its digits in a string, typed arrays are arrays. Controls beyond those
 * that JSON itself escapes (DEL, C1, marks of direction) are written as \u escapes, which read back the same.
 */
export function toJson(value: unknown): string {
  const text = JSON.stringify(
    value,
    (_key, one: unknown) => {
      if (typeof one === 'bigint') return one.toString();
      if (ArrayBuffer.isView(one) && !(one instanceof DataView)) return Array.from(one as Float64Array);
      return one;
    },
    2,
  );
  return `${escapeHidden(text)}\n`;
}

/** Data for machines. */
export async function printJson(value: unknown): Promise<void> {
  await print(toJson(value));
}

function refuse(folder: string, error: unknown): never {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const reasons: Record<string, string> = {
    EACCES: 'permission denied',
    ENOENT: 'no folder can be made there',
    EPERM: 'not permitted',
    EROFS: 'the file system is read-only',
    ENOTDIR: 'a part of the path is not a folder',
    EEXIST: 'there is a file of that name',
    EISDIR: 'there is a folder where a file would go',
    ENOSPC: 'no space left',
  };
  throw new ScenarioError(
    'output/unwritable',
    `${folder}: cannot write there: ${reasons[code] ?? message}`,
    'choose another folder with -o DIR',
  );
}

/**
 * Makes a folder and those above it. Node 20's own recursive mkdir never returns where the file system answers ENOENT
 * for a parent that exists (/proc does).
 */
function makeFolder(folder: string): void {
  if (existsSync(folder) && statSync(folder).isDirectory()) return;
  const above = dirname(folder);
  if (above !== folder && !existsSync(above)) makeFolder(above);
  mkdirSync(folder);
}

/**
 * Makes a folder ready to be written, so that an hour of work is not thrown away at its end.
 *
 * @throws ScenarioError when it cannot be.
 */
export function prepareFolder(folder: string): void {
  const probe = join(folder, `.folioscope-${randomBytes(6).toString('hex')}`);
  try {
    makeFolder(folder);
    writeFileSync(probe, '');
    rmSync(probe);
  } catch (error) {
    refuse(folder, error);
  }
}

/**
 * Writes files into a folder: all of them beside their places first, then renamed, so that nobody ever sees half of
 * one. Synchronous: Ctrl-C comes before it or after it.
 */
export function writeFiles(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  const suffix = `.${randomBytes(6).toString('hex')}.tmp`;
  const names = Object.keys(files);
  try {
    for (const name of names) writeFileSync(join(folder, name + suffix), files[name] ?? '');
    for (const name of names) renameSync(join(folder, name + suffix), join(folder, name));
  } catch (error) {
    for (const name of names) rmSync(join(folder, name + suffix), { force: true });
    refuse(folder, error);
  }
}
