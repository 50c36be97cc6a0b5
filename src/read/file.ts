/** Captures by path. This file and those called `file-…` are the only ones of this room that touch the machine. */
import { type FileHandle, open, readdir, readFile, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { TraceError } from '../base/errors.ts';
import type { OpenCapture } from '../events/capture.ts';
import { readAt, readFileSet, readPacked, whenEmpty } from './bytes.ts';
import { type Bytes, type Inflated, packingOf, peek, unpack } from './decompress.ts';
import { detectFormat, headSize } from './detect.ts';
import { FileSource, folderFiles, setDown } from './file-source.ts';
import type { RandomFormat, ReadOptions, Sidecar, StreamFormat } from './format.ts';
import { formats } from './formats.ts';
import { parseSidecar } from './sidecar.ts';
import { isTar } from './tar.ts';

/** Bytes asked of the file at a time. */
const chunkSize = 1 << 20;

export interface OpenOptions extends ReadOptions {
  /** Called as the file is read: bytes so far and in all, as they lie on the disk; `total` is 0 for stdin. */
  readonly onProgress?: (bytes: number, total: number) => void;
  /** A sidecar elsewhere than beside the file. */
  readonly sidecarPath?: string;
  /** Threads that decode tracefs text in an unpacked file: 1, or 2 and more. Without it, 2 for large texts where there are CPUs. */
  readonly threads?: number;
}

/**
 * Opens a capture by path, or from stdin (`-`). `meta.json` beside it is its sidecar, `kprobe_events` its probes. Nothing is held but the chunk at
 * hand and the batch being filled.
 *
 * @throws TraceError `not-found`, `directory`, `no-permission`, `unreadable`, `sidecar`, and those of `readBytes`
 */
export async function openCapture(path: string, options: OpenOptions = {}): Promise<OpenCapture> {
  const source = path === '-' ? 'stdin' : path;
  const withSidecar = await besideOf(path, options);
  if (path === '-') return readPacked(source, readStdin(options.onProgress), withSidecar, gunzipNode, setDown);
  const about = await look(path);
  if (about === 'directory') return openFolder(path, withSidecar);
  if (about !== 'stream' && about.access === 'stream') {
    const threaded = await openThreads(path, about, withSidecar);
    if (threaded !== undefined) return threaded;
  } else if (about !== 'stream') return openAt(path, about, withSidecar);
  return readPacked(source, await openFile(path, options.onProgress), withSidecar, gunzipNode, setDown);
}

/**
 * The files that opening a capture may read: itself, or all of a folder, and what lies beside it; sorted. None for stdin.
 *
 * @throws TraceError `not-found` and others for what cannot be looked at
 */
export async function filesReadFor(path: string): Promise<string[]> {
  if (path === '-') return [];
  const about = await stat(path).catch((error: unknown) => {
    throw openError(path, error);
  });
  if (about.isDirectory()) return (await folderFiles(path)).names.map((name) => join(path, name)).sort();
  const beside = ['meta.json', ...probeFiles].map((name) => join(dirname(path), name));
  const there = await Promise.all(beside.map((file) => isReadableAgain(file)));
  return [path, ...beside.filter((_, i) => there[i])].sort();
}

/** The options, with what lies beside the capture (`meta.json`, `kprobe_events`) or was named with them. */
export async function besideOf(path: string, options: OpenOptions): Promise<OpenOptions> {
  const sidecar = await withProbes(path, options.sidecar ?? (await findSidecar(path, options.sidecarPath)));
  return sidecar === undefined ? options : { ...options, sidecar };
}

/** How a path is to be read: its bytes decide. The format where it is plain in the file; else a folder, or from front to back. */
async function look(path: string): Promise<RandomFormat | StreamFormat | 'stream' | 'directory'> {
  let file: FileHandle | undefined;
  try {
    const about = await stat(path);
    if (about.isDirectory()) return 'directory';
    // A pipe's first bytes are gone once they are looked at.
    if (!about.isFile()) return 'stream';
    file = await open(path, 'r');
    const { bytesRead, buffer } = await file.read(new Uint8Array(headSize), 0, headSize);
    const head = buffer.subarray(0, bytesRead);
    const isPlain = packingOf(head) === undefined && !isTar(head);
    return (isPlain ? detectFormat(head, formats)?.format : undefined) ?? 'stream';
  } catch (error) {
    throw openError(path, error);
  } finally {
    await file?.close();
  }
}

/** From this size on two threads are faster (docs/speed.md): a thread takes a tenth of a second to come up and warm up. */
const sizeForThreads = 64 * 2 ** 20;

/** Whatever is asked for: each thread has a heap of its own, and parts of the file in flight. */
const mostThreads = 16;

/** A text whose parts can be read apart, by more than one thread; undefined where one is to read it. */
async function openThreads(path: string, format: StreamFormat, options: OpenOptions): Promise<OpenCapture | undefined> {
  const { size } = await stat(path);
  const usual = size >= sizeForThreads ? Math.min(2, availableParallelism()) : 1;
  const threads = Math.min(options.threads ?? usual, mostThreads);
  if (format.openFront === undefined || threads < 2) return undefined;
  // Loaded here: most captures are small.
  const { openInThreads } = await import('./file-threads.ts');
  const front = format.openFront(path, options);
  return openInThreads(path, size, front, options, { threads, onProgress: options.onProgress });
}

async function openAt(path: string, format: RandomFormat, options: OpenOptions): Promise<OpenCapture> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw openError(path, error);
  });
  const { size } = await file.stat();
  const input = new FileSource(path, file, size, options.onProgress);
  return readAt(path, input, format, options, () => input.close());
}

async function openFolder(path: string, options: OpenOptions): Promise<OpenCapture> {
  const files = await folderFiles(path);
  const open = await readFileSet(path, files, options, () => files.close()).catch(async (error: unknown) => {
    await files.close();
    throw error;
  });
  if (open !== undefined) return open;
  await files.close();
  throw await directoryError(path);
}

/** Whether a capture by this path can be read a second time: a file or a folder can, stdin and a pipe cannot, nor what is not there. */
export async function isReadableAgain(path: string): Promise<boolean> {
  if (path === '-') return false;
  try {
    const about = await stat(path);
    return about.isFile() || about.isDirectory();
  } catch (error) {
    // Why it cannot be read is for the one who opens it to say.
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}

async function openFile(path: string, onProgress: OpenOptions['onProgress']): Promise<Bytes> {
  let file: FileHandle;
  try {
    const about = await stat(path);
    if (about.isFile() && about.size === 0) throw new TraceError('empty', { file: path }, 'is empty', whenEmpty);
    file = await open(path, 'r');
  } catch (error) {
    throw openError(path, error);
  }
  return readChunks(path, file, onProgress);
}

async function* readChunks(
  path: string,
  file: FileHandle,
  onProgress: OpenOptions['onProgress'],
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  // A chunk of its own each time: readers may keep what they were given. A failure is told when its turn comes.
  const readNext = () => file.read(new Uint8Array(chunkSize), 0, chunkSize).catch((error: unknown) => ({ error }));
  let next: ReturnType<typeof readNext> | undefined;
  try {
    const about = await file.stat();
    const total = about.size;
    for (;;) {
      const read = await (next ?? readNext());
      if ('error' in read) throw read.error;
      if (read.bytesRead === 0) return;
      bytes += read.bytesRead;
      onProgress?.(bytes, total);
      // The next chunk of a file is read while this one is decoded (a tenth of the wall time). A pipe may have none for
      // long, and whoever has seen enough of it would wait for that.
      next = about.isFile() ? readNext() : undefined;
      yield read.buffer.subarray(0, read.bytesRead);
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error) {
      throw new TraceError('unreadable', { file: path, place: `byte ${bytes}` }, error.message);
    }
    throw error;
  } finally {
    await next;
    await file.close();
  }
}

async function* readStdin(onProgress: OpenOptions['onProgress']): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of process.stdin) {
    const view = chunk as Uint8Array;
    bytes += view.length;
    onProgress?.(bytes, 0);
    // A plain view: readers must not meet a Buffer, whose slice() shares memory where Uint8Array's copies.
    yield new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  }
}

/** What kept a file from being opened, for the user. */
export function openError(path: string, error: unknown): unknown {
  if (error instanceof TraceError || !(error instanceof Error) || !('code' in error)) return error;
  switch (error.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new TraceError('not-found', { file: path }, 'there is no such file');
    case 'EACCES':
    case 'EPERM':
      return new TraceError('no-permission', { file: path }, 'may not be read by this user', 'look at its permissions');
    default:
      return new TraceError('unreadable', { file: path }, error.message);
  }
}

/** The error for a folder that is no capture: what it holds, and which of it to name. */
export async function directoryError(path: string): Promise<TraceError> {
  const held: Held = { looked: 0, captures: [], others: [], isWhole: true };
  await lookBelow(path, 0, held);
  return new TraceError('directory', { file: path }, `is a directory, not a capture: ${inWords(held)}`, wayOut(held));
}

/** What a folder was seen to hold. */
interface Held {
  looked: number;
  readonly captures: string[];
  /** Names of files that are none, relative to the folder. */
  readonly others: string[];
  isWhole: boolean;
}

/** Files that are opened to say what a folder holds, and how far down. */
const mostLooked = 200;
const deepestLooked = 3;
/** Names that fit a line. */
const mostNamed = 5;

async function lookBelow(path: string, depth: number, held: Held): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const full = join(path, entry.name);
    if (entry.isDirectory() && depth < deepestLooked) await lookBelow(full, depth + 1, held);
    else if (entry.isDirectory() || held.looked === mostLooked) held.isWhole = false;
    else if (entry.isFile()) {
      held.looked++;
      if (await isCapture(full)) held.captures.push(full);
      else held.others.push(entry.name);
    }
  }
}

function inWords({ looked, captures, others, isWhole }: Held): string {
  const asFar = isWhole ? '' : ', as far as was looked';
  if (looked === 0) return `it holds nothing${asFar}`;
  if (captures.length > 0) return `it holds ${captures.length === 1 ? 'one' : `${captures.length} of them`}${asFar}`;
  const files = looked === 1 ? 'its file' : `none of its ${looked} files`;
  return `${files} (${listed(others)}) is ${looked === 1 ? 'not ' : ''}in a format that is known${asFar}`;
}

function wayOut({ captures }: Held): string {
  if (captures.length === 0) {
    return 'name a capture file; `folioscope formats` lists what is read, and how a folder of raw pages is laid out is in docs/formats/raw-pages.md';
  }
  return `name ${captures.length === 1 ? 'it' : 'one, or several'}: ${listed(captures)}`;
}

function listed(names: readonly string[]): string {
  const more = names.length - mostNamed;
  return `${names.slice(0, mostNamed).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Whether a file's first bytes are in a known format; a file that cannot be opened or unpacked is not. */
async function isCapture(path: string): Promise<boolean> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const { bytesRead, buffer } = await file.read(new Uint8Array(headSize), 0, headSize);
    const { chunks } = await unpack(path, once(buffer.subarray(0, bytesRead)), gunzipNode);
    const { head } = await peek(chunks, headSize);
    // Half a certainty is right for a hint: any table with commas looks a little like a dump.
    return (detectFormat(head, formats)?.sure ?? 0) > 0.5;
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  } finally {
    await file?.close();
  }
}

async function* once(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk;
}

async function findSidecar(path: string, given: string | undefined): Promise<Sidecar | undefined> {
  if (given === undefined && path === '-') return undefined;
  const file = given ?? join(await folderOf(path), 'meta.json');
  const text = await readBeside(file);
  if (text !== undefined) return parseSidecar(file, text);
  if (given !== undefined) throw new TraceError('not-found', { file }, 'there is no such file');
  return undefined;
}

/** Where what belongs to a capture lies: beside a file, inside a folder. */
async function folderOf(path: string): Promise<string> {
  const isFolder = await stat(path).then(
    (about) => about.isDirectory(),
    () => false, // What cannot be looked at is told of when it is opened.
  );
  return isFolder ? path : dirname(path);
}

/** What a copy of tracefs `kprobe_events` or `dynamic_events` beside a capture is called. */
const probeFiles = ['kprobe_events', 'kprobe_events.txt', 'dynamic_events', 'dynamic_events.txt'];

/** Adds the probe definitions that lie beside the capture, unless the sidecar has some itself. */
async function withProbes(path: string, sidecar: Sidecar | undefined): Promise<Sidecar | undefined> {
  if (path === '-' || sidecar?.probeDefinitions !== undefined) return sidecar;
  for (const name of probeFiles) {
    const text = await readBeside(join(await folderOf(path), name));
    if (text === undefined) continue;
    const probeDefinitions = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
    return { ...sidecar, probeDefinitions };
  }
  return sidecar;
}

/** The text of a file that may be absent. */
async function readBeside(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
      return undefined;
    }
    throw openError(file, error);
  }
}

/** Inflates all members of a gzip stream with node's zlib. What was inflated before the damage is given out first. */
export async function* gunzipNode(chunks: Bytes, result: Inflated): AsyncGenerator<Uint8Array> {
  const out: Uint8Array[] = [];
  const gunzip = createGunzip({ chunkSize: 1 << 18 });
  let failure: (Error & { code?: string }) | undefined;
  const closed = new Promise<void>((resolve) => gunzip.once('close', resolve));
  gunzip.on('data', (data: Uint8Array) => out.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)));
  gunzip.on('error', (error) => {
    failure = error;
  });
  try {
    for await (const chunk of chunks) {
      // Small bites bound what one write can give back (deflate packs up to 1032 to 1). After an error zlib closes and
      // never calls back.
      for (let at = 0; at < chunk.length && failure === undefined; at += 65536) {
        const bite = chunk.subarray(at, Math.min(chunk.length, at + 65536));
        await Promise.race([closed, new Promise<void>((resolve) => gunzip.write(bite, () => resolve()))]);
        yield* out.splice(0);
      }
      if (failure !== undefined) break;
    }
    if (failure === undefined) gunzip.end();
    await closed;
    yield* out.splice(0);
  } finally {
    gunzip.destroy();
  }
  if (failure !== undefined) {
    const { code, message } = failure;
    result.damage = code === 'Z_BUF_ERROR' ? 'gzip stream ends early' : `gzip stream is damaged (${message})`;
  }
}
