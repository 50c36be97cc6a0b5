/**
 * What heads and tails of an input tell, without its middle. Text is read by its format's own reader twice, once from each
 * end; formats that know where their parts are say it themselves (`RandomReader.glance`).
 */
import { TraceError } from '../base/errors.ts';
import { type Capture, type Loss, type Note, newCapture } from '../events/capture.ts';
import { hintWhenEmpty, whenEmpty } from './bytes.ts';
import { type Bytes, type Gunzip, peek, unpack } from './decompress.ts';
import { detectFiles, detectFormat, headSize, unknownFormat } from './detect.ts';
import { settleFacts } from './facts.ts';
import type { ByteSource, FileSet, Glance, RandomReader, Reader, ReadOptions, StreamFormat } from './format.ts';
import { formats } from './formats.ts';
import { isTar, tarFiles } from './tar.ts';

/** Bytes read of the beginning of a text, and of its end. */
export const quickBytes = 2 ** 20;

export interface QuickLook {
  /** What the capture says of itself. Its books are those of what was read, nothing more. */
  readonly capture: Capture;
  /** Exact times of the first and the last event; undefined where heads and tails do not tell. */
  readonly first: bigint | undefined;
  readonly last: bigint | undefined;
  /** NaN when they do not even give an estimate. */
  readonly events: number;
  /** `counted` when all of it was read or the format counts its events; `header` when the capture's own header says so. */
  readonly basis: 'counted' | 'header' | 'reckoned';
  /** What the parts read say was lost; times relative to the first event. */
  readonly losses: readonly Loss[];
  /** What in the parts read could not be read. */
  readonly skips: readonly Note[];
  /** What was not looked at and is therefore not known, a sentence each. */
  readonly unseen: readonly string[];
}

const middleUnseen = 'the middle was not read: what was lost or damaged there is not known';

/** Looks at an input that can be read at any place. Packed input goes to `glanceStream`. */
export async function glanceAt(source: string, input: ByteSource, options: ReadOptions): Promise<QuickLook> {
  const head = await input.read(0, headSize);
  if (head.length === 0) throw new TraceError('empty', { file: source }, 'is empty', whenEmpty);
  if (isTar(head)) {
    const look = await glanceFiles(source, await tarFiles(source, input), options);
    if (look !== undefined) return look;
    const cause = 'is a tar archive that holds no raw ring-buffer pages';
    throw new TraceError('unknown-format', { file: source }, cause, 'unpack it and name a capture in it');
  }
  const found = detectFormat(head, formats);
  if (found === undefined) throw unknownFormat(source, head, [], formats);
  const { format } = found;
  if (format.access === 'random') return glanceRandom(await format.openAt(source, input, options), options);
  await format.load?.();
  return glanceText(format, source, input, options);
}

/** Looks at a folder or an archive of one capture; undefined when it is none. */
export async function glanceFiles(
  source: string,
  files: FileSet,
  options: ReadOptions,
): Promise<QuickLook | undefined> {
  const format = detectFiles(files.names, formats);
  return format === undefined ? undefined : glanceRandom(await format.openFiles(source, files, options), options);
}

async function glanceRandom(reader: RandomReader, options: ReadOptions): Promise<QuickLook> {
  const { capture } = reader;
  const hasGlance = reader.glance !== undefined;
  const glance: Glance = (await reader.glance?.()) ?? {
    first: undefined,
    last: undefined,
    events: Number.NaN,
    isCounted: false,
  };
  settleFacts(capture, options);
  const { first, last, isCounted } = glance;
  // None found where not all was looked at (compressed records) is no estimate.
  const events = glance.events === 0 && !isCounted ? Number.NaN : glance.events;
  return {
    capture,
    first,
    last,
    events,
    basis: isCounted ? 'counted' : 'reckoned',
    losses: capture.losses,
    skips: capture.accounting.skips,
    unseen: [
      ...(hasGlance ? [] : ['this format tells neither times nor events without reading it all']),
      ...(hasGlance && Number.isNaN(events)
        ? ['the events are packed one behind the other: when they begin and end, and how many, takes reading them all']
        : []),
      middleUnseen,
    ],
  };
}

/**
 * Looks at the beginning of an input whose end can only be reached by reading it all: packed, or from a pipe.
 *
 * @param sizes bytes of the packed input taken so far, and in all (0 = not known), for an estimate
 */
export async function glanceStream(
  source: string,
  chunks: Bytes,
  options: ReadOptions,
  gunzip: Gunzip,
  sizes: () => { readonly taken: number; readonly total: number },
): Promise<QuickLook> {
  const { chunks: plain, packings, results } = await unpack(source, chunks, gunzip);
  const { head, all } = await peek(plain, quickBytes);
  await all.return();
  const damage = results.find((result) => result.damage !== '')?.damage;
  if (head.length === 0) {
    const cause = damage === undefined ? 'is empty' : `${damage}: nothing in it can be read`;
    throw new TraceError(damage === undefined ? 'empty' : 'damaged', { file: source }, cause, hintWhenEmpty(source));
  }
  const start = head.subarray(0, headSize);
  const format = isTar(start) ? undefined : detectFormat(start, formats)?.format;
  const how = packings.length === 0 ? 'it comes from a pipe' : `it is packed (${packings.join(', ')})`;
  const unseen = `${how}: what comes after its beginning is not known without reading it all`;
  if (format === undefined && !isTar(start)) throw unknownFormat(source, start, packings, formats);
  if (format?.access !== 'stream') return nothingSeen(source, format?.id ?? 'tar', unseen, options);
  await format.load?.();
  const isWhole = head.length < quickBytes && damage === undefined;
  const seen = readHead(format, source, head, options, isWhole);
  const { taken, total } = sizes();
  const { capture } = seen;
  return {
    capture,
    first: firstOf(capture),
    last: isWhole ? lastOf(capture) : undefined,
    ...(isWhole ? countedIn(capture) : reckoned(capture, total === 0 ? Number.NaN : (capture.events * total) / taken)),
    losses: capture.losses,
    skips: skipsOf(capture),
    unseen: isWhole ? [] : [unseen],
  };
}

/** A format that needs its end, of which only the beginning can be had. */
function nothingSeen(source: string, format: string, unseen: string, options: ReadOptions): QuickLook {
  const capture = newCapture(source, format, 'bytes');
  capture.clock = { unit: 'ns', resolution: Number.NaN };
  settleFacts(capture, options);
  return {
    capture,
    first: undefined,
    last: undefined,
    events: Number.NaN,
    basis: 'reckoned',
    losses: [],
    skips: [],
    unseen: [unseen],
  };
}

async function glanceText(
  format: StreamFormat,
  source: string,
  input: ByteSource,
  options: ReadOptions,
): Promise<QuickLook> {
  const isWhole = input.size <= 2 * quickBytes;
  const head = await input.read(0, isWhole ? input.size : quickBytes);
  const { capture, bytes } = readHead(format, source, head, options, isWhole);
  const common = { capture, first: firstOf(capture), losses: capture.losses, skips: skipsOf(capture) };
  if (isWhole) return { ...common, last: lastOf(capture), ...countedIn(capture), unseen: [] };
  const fromHead = reckoned(capture, (capture.events * input.size) / bytes);
  if (!isLines(capture)) {
    const unseen = ['only its beginning was read: the last time, and what was lost or damaged behind it, is not known'];
    return { ...common, last: undefined, ...fromHead, unseen };
  }
  const end = await input.read(input.size - quickBytes, quickBytes);
  const tail = readTail(format, source, head, end, options);
  if (tail === undefined) {
    const unseen = [`no event can be told in the last ${quickBytes} bytes: the last time is not known`, middleUnseen];
    return { ...common, last: undefined, ...fromHead, unseen };
  }
  return {
    ...common,
    last: lastOf(tail.capture),
    ...reckoned(capture, ((capture.events + tail.capture.events) * input.size) / (bytes + tail.bytes)),
    losses: [...capture.losses, ...moved(tail.capture, capture)],
    skips: [
      ...common.skips,
      ...skipsOf(tail.capture).map((note) => ({ ...note, firstPlace: `the last ${quickBytes} bytes` })),
    ],
    unseen: [middleUnseen],
  };
}

const countedIn = ({ events }: Capture) => ({ events, basis: 'counted' }) as const;

/** The header of a tracefs dump counts its entries; else what sizes tell. */
function reckoned({ header }: Capture, events: number): Pick<QuickLook, 'events' | 'basis'> {
  return header === undefined
    ? { events: Math.round(events), basis: 'reckoned' }
    : { events: header.entries, basis: 'header' };
}

/** Whether its units end with a line end, so that reading can begin behind any of them. */
function isLines({ accounting }: Capture): boolean {
  return accounting.unit === 'lines' || accounting.unit === 'rows';
}

/** Where the cut made something unreadable, that is no damage of the input. */
function skipsOf(capture: Capture): readonly Note[] {
  return isLines(capture) ? capture.accounting.skips : [];
}

interface Part {
  readonly capture: Capture;
  /** How much of the input it is. */
  readonly bytes: number;
}

function readHead(
  format: StreamFormat,
  source: string,
  head: Uint8Array,
  options: ReadOptions,
  isWhole: boolean,
): Part {
  const reader = format.open(source, options);
  // What a head of lines is cut in is left out; other units are cut wherever it is.
  const cut = isWhole || !isLines(reader.capture) ? head.length : head.lastIndexOf(lineFeed) + 1;
  const part = head.subarray(0, cut);
  reader.push(part);
  const remarks = reader.capture.remarks.length;
  reader.end();
  // What a reader remarks at an end that is none (fewer entries than the header counts) is not so.
  if (!isWhole) reader.capture.remarks.length = remarks;
  settleFacts(reader.capture, options);
  return { capture: reader.capture, bytes: cut };
}

/** Reads the end as if the lines before the first event (a header) stood above it; undefined when it holds no event. */
function readTail(
  format: StreamFormat,
  source: string,
  head: Uint8Array,
  end: Uint8Array,
  options: ReadOptions,
): Part | undefined {
  const above = head.subarray(0, headerOf(format, source, head, options));
  if (!end.includes(lineFeed)) return undefined;
  const from = firstEventIn(format, source, above, end, options);
  const reader = format.open(source, options);
  reader.push(above);
  reader.push(end.subarray(from));
  reader.end();
  const { accounting, events } = reader.capture;
  // Cut inside a quoted cell, a table reads wrongly up to its end, and says so.
  const isAstray = accounting.unit === 'rows' && accounting.skipped > 0 && end.includes(quote);
  return events === 0 || isAstray ? undefined : { capture: reader.capture, bytes: end.length - from };
}

/** Lines looked at for the first that is an event: no call chain is as long. */
const mostLines = 128;

/**
 * Where the first line that is an event by itself begins: lines that belong to an event before the cut (call chains, the
 * rest of a marker) would pass for damage. The first line end when none of the first lines is one.
 */
function firstEventIn(
  format: StreamFormat,
  source: string,
  above: Uint8Array,
  bytes: Uint8Array,
  options: ReadOptions,
): number {
  const first = bytes.indexOf(lineFeed) + 1;
  for (let start = first, lines = 0; start < bytes.length && lines < mostLines; lines++) {
    const end = bytes.indexOf(lineFeed, start) + 1;
    if (end === 0) break;
    const reader = format.open(source, options);
    reader.push(above);
    reader.push(bytes.subarray(start, end));
    reader.end();
    if (reader.capture.events > 0) return start;
    start = end;
  }
  return first;
}

/** The lines before the first event. A reader may hold several lines back before it tells of one: found by halving. */
function headerOf(format: StreamFormat, source: string, head: Uint8Array, options: ReadOptions): number {
  const most = pushToEvent(format.open(source, options), head) ?? head.length;
  const ends = [0];
  for (let at = head.indexOf(lineFeed); at >= 0 && at < most; at = head.indexOf(lineFeed, at + 1)) ends.push(at + 1);
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    const reader = format.open(source, options);
    reader.push(head.subarray(0, ends[middle]));
    reader.end();
    if (reader.capture.events === 0) low = middle;
    else high = middle - 1;
  }
  return ends[low]!;
}

const lineFeed = 10;
const quote = 34;

/** Reads line by line until there is an event; where its line begins, or undefined when there is none. */
function pushToEvent(reader: Reader, bytes: Uint8Array): number | undefined {
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(lineFeed, start);
    if (end < 0) return undefined;
    reader.push(bytes.subarray(start, end + 1));
    if (reader.capture.events > 0) return start;
    start = end + 1;
  }
  return undefined;
}

function firstOf({ clock, events, origin }: Capture): bigint | undefined {
  return events === 0 || clock.unit === 'none' ? undefined : origin;
}

function lastOf({ clock, events, origin, end }: Capture): bigint | undefined {
  return events === 0 || clock.unit === 'none' ? undefined : origin + BigInt(Math.round(end));
}

/** Losses of one part, in the time of another. */
function moved(of: Capture, to: Capture): Loss[] {
  const shift = Number(of.origin - to.origin);
  return of.losses.map((loss) => ({
    ...loss,
    start: loss.start + shift,
    end: loss.end + shift,
    place: `the last ${quickBytes} bytes`,
  }));
}
