/** A quick look at a capture by path. */
import { type FileHandle, open, stat } from 'node:fs/promises';
import { packingOf } from './decompress.ts';
import { besideOf, directoryError, gunzipNode, type OpenOptions, openError } from './file.ts';
import { FileSource, folderFiles } from './file-source.ts';
import { glanceAt, glanceFiles, glanceStream, type QuickLook } from './quick.ts';

/** Small bites: an estimate from a packed file compares what was taken of it with what came of that. */
const biteSize = 8192;

/**
 * Looks at heads and tails of a capture by path, or at the beginning of stdin (`-`).
 *
 * @throws TraceError as `openCapture` does
 */
export async function quickLook(path: string, given: OpenOptions = {}): Promise<QuickLook> {
  const options = await besideOf(path, given);
  if (path === '-') return glanceStream('stdin', stdinBites(), options, gunzipNode, () => ({ taken: 0, total: 0 }));
  let file: FileHandle | undefined;
  try {
    const about = await stat(path);
    if (about.isDirectory()) return await lookAtFolder(path, options);
    file = await open(path, 'r');
    const isPacked = about.isFile() && packingOf(await headOf(file)) !== undefined;
    if (about.isFile() && !isPacked) return await glanceAt(path, new FileSource(path, file, about.size), options);
    const sizes = { taken: 0, total: about.isFile() ? about.size : 0 };
    return await glanceStream(path, bitesOf(file, sizes), options, gunzipNode, () => sizes);
  } catch (error) {
    throw openError(path, error);
  } finally {
    await file?.close();
  }
}

async function lookAtFolder(path: string, options: OpenOptions): Promise<QuickLook> {
  const files = await folderFiles(path);
  try {
    const look = await glanceFiles(path, files, options);
    if (look !== undefined) return look;
  } finally {
    await files.close();
  }
  throw await directoryError(path);
}

async function headOf(file: FileHandle): Promise<Uint8Array> {
  const { bytesRead, buffer } = await file.read(new Uint8Array(8), 0, 8, 0);
  return buffer.subarray(0, bytesRead);
}

async function* bitesOf(file: FileHandle, sizes: { taken: number }): AsyncGenerator<Uint8Array> {
  for (;;) {
    const { bytesRead, buffer } = await file.read(new Uint8Array(biteSize), 0, biteSize);
    if (bytesRead === 0) return;
    sizes.taken += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

async function* stdinBites(): AsyncGenerator<Uint8Array> {
  for await (const chunk of process.stdin) {
    const view = chunk as Uint8Array;
    yield new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  }
}
