/** Bytes in, events out, without files: for browsers, notebooks, and `file.ts` above it. */
import { TraceError } from '../base/errors.ts';
import type { EventBatch } from '../events/batch.ts';
import { addNote, type Capture, type OpenCapture } from '../events/capture.ts';
import { type Bytes, type Gunzip, gunzipWeb, type Inflated, peek, unpack } from './decompress.ts';
import { detectFiles, detectFormat, headSize, unknownFormat } from './detect.ts';
import { settleFacts } from './facts.ts';
import type { ByteSource, FileSet, RandomFormat, RandomReader, Reader, ReadOptions } from './format.ts';
import { formats } from './formats.ts';
import { inMemory, type SetDown } from './sources.ts';
import { isTar, tarFiles } from './tar.ts';

/**
 * Opens a capture whose bytes come in chunks of any size: unpacks gzip and zstd, finds the format, and reads the
 * beginning, so that what the capture says of itself is known before its batches are asked for.
 *
 * @param source what the user calls it, for messages
 * @throws TraceError `empty`, `packed`, `damaged` (nothing at all could be unpacked), `unknown-format`, and whatever
 *   the format's reader says of its header
 */
export function readBytes(source: string, chunks: Bytes, options: ReadOptions = {}): Promise<OpenCapture> {
  return readPacked(source, chunks, options, gunzipWeb, inMemory);
}

/** As `readBytes`, with the gzip of the place where it runs and its place for what must be read in any order. */
export async function readPacked(
  source: string,
  chunks: Bytes,
  options: ReadOptions,
  gunzip: Gunzip,
  setDown: SetDown,
): Promise<OpenCapture> {
  const { chunks: plain, packings, results } = await unpack(source, chunks, gunzip);
  const { head, all } = await peek(plain, headSize);
  try {
    checkHead(source, head, packings, results);
    const start = head.subarray(0, headSize);
    if (isTar(start)) return await readTar(source, all, options, setDown, results);
    const found = detectFormat(start, formats);
    if (found === undefined) {
      const damage = results.find((result) => result.damage !== '')?.damage;
      if (damage === undefined) throw unknownFormat(source, start, packings, formats);
      const cause = `${damage}, and the ${head.length} bytes before that do not tell the format`;
      throw new TraceError('damaged', { file: source }, cause, 'copy it again');
    }
    const { format } = found;
    if (format.access === 'random') return await readSetDown(source, all, format, options, setDown, results);
    await format.load?.();
    const reader = format.open(source, options);
    const beginning = await all.next();
    const first = beginning.done === true ? [] : reader.push(beginning.value);
    settleFacts(reader.capture, options);
    return {
      capture: reader.capture,
      batches: batchesOf(reader, first, all, options, results),
      close: async () => {
        await all.return();
      },
    };
  } catch (error) {
    await all.return();
    throw error;
  }
}

/** Reads an input at any place: a file, or what was set down. */
export async function readAt(
  source: string,
  input: ByteSource,
  format: RandomFormat,
  options: ReadOptions,
  close: () => Promise<void>,
  results: readonly Inflated[] = [],
): Promise<OpenCapture> {
  try {
    return openRandom(await format.openAt(source, input, options), options, close, results);
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Reads a set of files that make up one capture; undefined when they are none.
 *
 * @throws TraceError whatever the format's reader says of them
 */
export async function readFileSet(
  source: string,
  files: FileSet,
  options: ReadOptions,
  close: () => Promise<void>,
  results: readonly Inflated[] = [],
): Promise<OpenCapture | undefined> {
  const found = detectFiles(files.names, formats);
  if (found === undefined) return undefined;
  return openRandom(await found.openFiles(source, files, options), options, close, results);
}

async function readTar(
  source: string,
  all: Bytes,
  options: ReadOptions,
  setDown: SetDown,
  results: readonly Inflated[],
): Promise<OpenCapture> {
  const input = await setDown(all);
  const close = () => input.close();
  try {
    const open = await readFileSet(source, await tarFiles(source, input), options, close, results);
    if (open !== undefined) return open;
  } catch (error) {
    await close();
    throw error;
  }
  await close();
  const cause = 'is a tar archive that holds no raw ring-buffer pages';
  throw new TraceError('unknown-format', { file: source }, cause, 'unpack it and name a capture in it');
}

async function readSetDown(
  source: string,
  all: Bytes,
  format: RandomFormat,
  options: ReadOptions,
  setDown: SetDown,
  results: readonly Inflated[],
): Promise<OpenCapture> {
  const input = await setDown(all);
  return readAt(source, input, format, options, () => input.close(), results);
}

function openRandom(
  reader: RandomReader,
  options: ReadOptions,
  close: () => Promise<void>,
  results: readonly Inflated[],
): OpenCapture {
  settleFacts(reader.capture, options);
  return { capture: reader.capture, batches: randomBatches(reader, options, close, results), close };
}

async function* randomBatches(
  reader: RandomReader,
  options: ReadOptions,
  close: () => Promise<void>,
  results: readonly Inflated[],
): AsyncGenerator<EventBatch> {
  try {
    for await (const batch of reader.batches()) {
      yield batch;
      if (options.lendsBatches) reader.giveBack?.(batch);
    }
    for (const { damage } of results) if (damage !== '') countDamage(reader.capture, damage);
    settleFacts(reader.capture, options);
  } finally {
    await close();
  }
}

/** The way out of an empty file: it is what a failed copy or an empty ring buffer leaves. */
export const whenEmpty = 'copy it from the device again, or record again: its ring buffer may have been read before';

/** What to do about it: of a pipe, only the command in front of it knows. */
export function hintWhenEmpty(source: string): string {
  return source === 'stdin' ? 'nothing came through the pipe: see what the command in front of it said' : whenEmpty;
}

/** Refuses an input in which there is nothing at all. */
function checkHead(source: string, head: Uint8Array, packings: readonly string[], results: readonly Inflated[]): void {
  if (head.length > 0) return;
  const damage = results.find((result) => result.damage !== '')?.damage;
  if (damage !== undefined) {
    throw new TraceError('damaged', { file: source }, `${damage}: nothing in it can be read`, 'copy it again');
  }
  const cause = packings.length === 0 ? 'is empty' : 'is empty inside its packing';
  throw new TraceError('empty', { file: source }, cause, hintWhenEmpty(source));
}

async function* batchesOf(
  reader: Reader,
  first: readonly EventBatch[],
  rest: AsyncIterable<Uint8Array>,
  options: ReadOptions,
  results: readonly Inflated[],
): AsyncGenerator<EventBatch> {
  const lend = function* (batches: readonly EventBatch[]): Generator<EventBatch> {
    for (const batch of batches) {
      yield batch;
      if (options.lendsBatches) reader.giveBack?.(batch);
    }
  };
  yield* lend(first);
  for await (const chunk of rest) yield* lend(reader.push(chunk));
  yield* lend(reader.end());
  for (const { damage } of results) if (damage !== '') countDamage(reader.capture, damage);
  settleFacts(reader.capture, options);
}

/** A stream that ended badly is one skipped unit: how much is missing behind it, nobody can say. */
function countDamage(capture: Capture, damage: string): void {
  const books = capture.accounting;
  addNote(books.skips, damage, `after ${books.unit === 'bytes' ? 'byte' : books.unit.slice(0, -1)} ${books.total}`, '');
  books.total++;
  books.skipped++;
  books.cutShort = true;
  const outcome = damage.endsWith('ends early')
    ? 'what came before was read, what is missing after it is not known'
    : 'what was read before it may be wrong, what is missing after it is not known';
  capture.remarks.push(`${damage}: ${outcome}`);
}
