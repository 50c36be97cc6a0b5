/** Rows into a file, or to stdout: a file is written beside its place and takes it when it is whole. */
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, renameSync, rmSync, type Stats, statSync, writeSync } from 'node:fs';
import { ScenarioError } from '../base/errors.ts';
import { print, printData } from './output.ts';

export interface Output {
  write(piece: string | Uint8Array): Promise<void>;
  /** All has been written: now the file is there. */
  done(): void;
  /** Something failed: nothing is left behind. */
  drop(): void;
}

const stdout: Output = {
  write: (piece) => (typeof piece === 'string' ? printData(piece) : print(piece)),
  done: () => undefined,
  drop: () => undefined,
};

function refuse(path: string, error: unknown): never {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const reasons: Record<string, string> = {
    EACCES: 'permission denied',
    ENOENT: 'there is no such folder',
    ENOTDIR: 'a part of the path is not a folder',
    EISDIR: 'there is a folder of that name',
    EPERM: 'not permitted',
    EROFS: 'the file system is read-only',
    ENOSPC: 'no space left',
  };
  throw new ScenarioError(
    'output/unwritable',
    `${path}: cannot write there: ${reasons[code] ?? message}`,
    'choose another file with -o FILE',
  );
}

function look(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    return refuse(path, error);
  }
}

/**
 * Where rows go: a file by path, or stdout (`-`, or none named).
 *
 * @param input what is read: it may not be written over
 * @throws ScenarioError for a place that cannot be written
 */
export function openOutput(path: string | undefined, input: string): Output {
  if (path === undefined || path === '-') return stdout;
  const there = look(path);
  if (there?.isDirectory() === true) refuse(path, { code: 'EISDIR' });
  const read = input === '-' || there === undefined ? undefined : look(input);
  if (there !== undefined && read?.ino === there.ino && read.dev === there.dev) {
    throw new ScenarioError('output/input', `${path} is the capture that is read`, 'choose another file with -o FILE');
  }
  // A device or a pipe is written to, never renamed over.
  if (there?.isFile() === false) return fileOutput(path, path);
  return fileOutput(path, `${path}.${randomBytes(6).toString('hex')}.tmp`);
}

/** What Ctrl-C, which ends the process by `exit`, has to take away: files that are not whole. */
const unfinished = new Set<() => void>();

function dropAll(): void {
  for (const drop of unfinished) drop();
}

function fileOutput(path: string, beside: string): Output {
  let file: number;
  try {
    file = openSync(beside, beside === path ? 'w' : 'wx');
  } catch (error) {
    return refuse(path, error);
  }
  const drop = (): void => {
    forget();
    closeSync(file);
    if (beside !== path) rmSync(beside, { force: true });
  };
  const forget = (): void => {
    unfinished.delete(drop);
    if (unfinished.size === 0) process.off('exit', dropAll);
  };
  if (unfinished.size === 0) process.once('exit', dropAll);
  unfinished.add(drop);
  return {
    write: async (piece) => {
      const bytes = typeof piece === 'string' ? new TextEncoder().encode(piece) : piece;
      try {
        for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      } catch (error) {
        refuse(path, error);
      }
    },
    done: () => {
      try {
        if (beside !== path) renameSync(beside, path);
      } catch (error) {
        drop();
        refuse(path, error);
      }
      forget();
      closeSync(file);
    },
    drop,
  };
}
