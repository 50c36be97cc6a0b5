/** Files of the machine as inputs that can be read at any place; the other file of this room that touches it. */
import { type FileHandle, mkdtemp, open, readdir, rm, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TraceError } from '../base/errors.ts';
import type { Bytes } from './decompress.ts';
import type { ByteSource, FileSet } from './format.ts';
import { type HeldSource, MemorySource } from './sources.ts';

/** What is read once stays in memory up to this size; beyond it, it goes to a temporary file. */
const mostInMemory = 256 * 2 ** 20;

/** An open file. `close` closes it. */
export class FileSource implements HeldSource {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly size: number;
  readonly #onProgress: ((bytes: number, total: number) => void) | undefined;
  #bytes = 0;

  /**
   * @param path for messages
   * @param onProgress called with the bytes read so far and the size
   */
  constructor(path: string, file: FileHandle, size: number, onProgress?: (bytes: number, total: number) => void) {
    this.#path = path;
    this.#file = file;
    this.size = size;
    this.#onProgress = onProgress;
  }

  /** @throws TraceError `unreadable` when the disk gives an error */
  async read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array> {
    const wanted = Math.max(0, Math.min(length, this.size - offset));
    const bytes = into !== undefined && into.length >= wanted ? into : new Uint8Array(wanted);
    let filled = 0;
    while (filled < wanted) {
      const { bytesRead } = await this.#file
        .read(bytes, filled, wanted - filled, offset + filled)
        .catch((error: Error) => {
          throw new TraceError('unreadable', { file: this.#path, place: `byte ${offset + filled}` }, error.message);
        });
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    this.#bytes += filled;
    this.#onProgress?.(Math.min(this.#bytes, this.size), this.size);
    return bytes.subarray(0, filled);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** Sets down what comes from a pipe or a packed file: in memory, or in a temporary file that has no name any more. */
export async function setDown(chunks: Bytes): Promise<HeldSource> {
  const held: Uint8Array[] = [];
  let size = 0;
  let file: FileHandle | undefined;
  try {
    for await (const chunk of chunks) {
      if (file === undefined && size + chunk.length > mostInMemory) {
        file = await openTemporary();
        let at = 0;
        for (const one of held.splice(0)) {
          await writeAll(file, one, at);
          at += one.length;
        }
      }
      if (file === undefined) held.push(chunk);
      else await writeAll(file, chunk, size);
      size += chunk.length;
    }
  } catch (error) {
    await file?.close();
    throw error;
  }
  return file === undefined ? new MemorySource(held) : new FileSource('a temporary file', file, size);
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

/** Its name is taken away at once: whatever happens to this process, nothing is left behind. */
async function openTemporary(): Promise<FileHandle> {
  const folder = await mkdtemp(join(tmpdir(), 'folioscope-'));
  const path = join(folder, 'input');
  const file = await open(path, 'wx+', 0o600);
  await unlink(path);
  await rm(folder, { recursive: true });
  return file;
}

/** Most files of a folder that are listed. */
const mostFiles = 65536;

/** The files below a folder, to any depth; symbolic links are not followed. `close` closes those that were opened. */
export async function folderFiles(path: string): Promise<FileSet & { close(): Promise<void> }> {
  const names: string[] = [];
  const walk = async (below: string, depth: number): Promise<void> => {
    if (depth > 8) return;
    const entries = await readdir(join(path, below), { withFileTypes: true });
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      const name = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) await walk(name, depth + 1);
      else if (entry.isFile() && names.length < mostFiles) names.push(name);
    }
  };
  await walk('', 0);
  const known = new Set(names);
  const opened: FileSource[] = [];
  return {
    names,
    open: async (name): Promise<ByteSource> => {
      // Only what the folder was seen to hold: a name out of a capture can lead nowhere else.
      if (!known.has(name)) throw new Error(`no file ${name} in ${path}`);
      const file = await open(join(path, name), 'r');
      const source = new FileSource(join(path, name), file, (await file.stat()).size);
      opened.push(source);
      return source;
    },
    close: async () => {
      for (const source of opened.splice(0)) await source.close();
    },
  };
}
