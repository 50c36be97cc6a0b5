/** Reads one input as a user's would be, to its end, and checks on the way all that must hold whatever the input is. */
import { createHash } from 'node:crypto';
import { TraceError } from '../../src/base/errors.ts';
import type { Column, EventBatch } from '../../src/events/batch.ts';
import type { Capture, OpenCapture } from '../../src/events/capture.ts';
import { balance } from '../../src/events/capture.ts';
import { readFileSet, readPacked } from '../../src/read/bytes.ts';
import { gunzipNode } from '../../src/read/file.ts';
import { setDown } from '../../src/read/file-source.ts';
import type { FileSet, ReadOptions } from '../../src/read/format.ts';
import { parseSidecar } from '../../src/read/sidecar.ts';
import { MemorySource } from '../../src/read/sources.ts';
import type { Sample } from './samples.ts';

/** What became of an input: refused with a code, or read with these books. */
export interface Outcome {
  readonly refused: string;
  readonly format: string;
  readonly events: number;
  readonly unit: Capture['accounting']['unit'];
  readonly total: number;
  readonly skipped: number;
  readonly isCutShort: boolean;
  /** Skips, losses, remarks and oddities: all in which damage may show. */
  readonly signs: string;
  /** Of all columns of all events. */
  readonly digest: string;
}

/** What was found wrong: always a mistake of ours, never of the input. */
export class Broken extends Error {
  override readonly name = 'Broken';
}

function must(condition: boolean, what: string): void {
  if (!condition) throw new Broken(what);
}

/** What a probe list or a sidecar is tried on. */
const companion = new TextEncoder().encode(
  `# tracer: nop\n#\n       fsl-move-46     [001] d..2.     4.513310: folio_add_lru: (folio_add_lru+0x0/0x110) arg1=0xfffffc000107da00 folio=0xfffffc000107da00 ref=1\n       fsl-move-46     [001] d..2.     4.513311: set_migration_pte: addr=ffff800009000, pte=3000041f00780 order=0\n`,
);

/**
 * Reads `bytes` in the place of a sample's.
 *
 * @param chunk bytes given at a time
 * @throws Broken when something that must hold does not; anything else but a TraceError passes through: a crash
 */
export async function readInput(sample: Sample, bytes: Uint8Array, chunk: number): Promise<Outcome> {
  try {
    return await read(await open(sample, bytes, chunk));
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
    must(error.code !== '' && error.message.length > 10, `a refusal without words: ${error.code} ${error.message}`);
    return {
      refused: error.code,
      format: '',
      events: 0,
      unit: 'bytes',
      total: 0,
      skipped: 0,
      isCutShort: false,
      signs: error.message,
      digest: error.message,
    };
  }
}

async function open(sample: Sample, bytes: Uint8Array, chunk: number): Promise<OpenCapture> {
  const options: ReadOptions = {};
  if (sample.format === 'sidecar') {
    const sidecar = parseSidecar('meta.json', new TextDecoder().decode(bytes));
    return readPacked('fuzz', chunksOf(companion, chunk), { sidecar }, gunzipNode, setDown);
  }
  if (sample.format === 'probes') {
    const probeDefinitions = new TextDecoder().decode(bytes).split('\n');
    return readPacked('fuzz', chunksOf(companion, chunk), { probeDefinitions }, gunzipNode, setDown);
  }
  if (sample.shape === 'folder') {
    const open = await readFileSet('fuzz', filesOf(sample, bytes), options, async () => undefined);
    if (open === undefined) throw new Broken('a folder of a known format is not recognised any more');
    return open;
  }
  return readPacked('fuzz', chunksOf(bytes, chunk), options, gunzipNode, setDown);
}

function filesOf(sample: Sample, bytes: Uint8Array): FileSet {
  return {
    names: [...sample.files.keys()],
    open: async (name) => {
      const content = name === sample.file ? bytes : sample.files.get(name);
      if (content === undefined) throw new Error(`no file ${name}`);
      return new MemorySource([content]);
    },
  };
}

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  // Copies: a reader that keeps a chunk must not see what happens to the next one.
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

async function read(open: OpenCapture): Promise<Outcome> {
  const { capture } = open;
  const seen = { events: 0, hash: createHash('md5') };
  for await (const batch of open.batches) checkBatch(capture, batch, seen);
  const { accounting } = capture;
  checkBooks(capture, seen.events);
  const notes = [...accounting.skips, ...accounting.oddities].map(({ reason, count }) => `${reason}:${count}`);
  const losses = capture.losses.map(({ cpu, count, how }) => `${how} ${cpu} ${count}`);
  return {
    refused: '',
    format: capture.format,
    events: capture.events,
    unit: accounting.unit,
    total: accounting.total,
    skipped: accounting.skipped,
    isCutShort: accounting.cutShort === true,
    signs: [...notes, ...losses, ...capture.remarks].join('\n'),
    digest: `${seen.hash.digest('hex')} ${capture.origin} ${JSON.stringify([accounting, capture.losses, capture.remarks])}`,
  };
}

function checkBooks(capture: Capture, events: number): void {
  const books = capture.accounting;
  must(balance(books), `the books do not balance: ${JSON.stringify(books)}`);
  must(capture.events === events, `${capture.events} events told, ${events} given`);
  const counts = [books.total, books.decoded, books.generic, books.comment, books.skipped];
  for (const note of [...books.skips, ...books.oddities]) counts.push(note.count);
  must(
    counts.every((count) => Number.isSafeInteger(count) && count >= 0),
    `a count is none: ${counts.join(' ')}`,
  );
  const weighed = books.decoded + books.generic;
  // Bytes of a compressed record of perf are shared out among the records in it, of which there may be more than bytes.
  const isShared = capture.format.startsWith('perf');
  if (books.unit === 'bytes') must(isShared || weighed >= events, `${events} events in ${weighed} bytes`);
  else if (books.unit !== 'records') must(weighed === events, `${events} events in ${weighed} ${books.unit}`);
  for (const { start, end, cpu, count } of capture.losses) {
    must(Number.isInteger(cpu) && cpu >= -1, `a loss on CPU ${cpu}`);
    must(Number.isNaN(count) || count >= 0, `${count} events lost`);
    must(
      !Number.isFinite(start) || !Number.isFinite(end) || Number.isInteger(end - start),
      'a loss between two moments',
    );
  }
  must(Number.isFinite(capture.end), 'the capture ends at no time');
  // Reasons are kinds of damage: one for each place of it would grow with the input.
  for (const [name, list] of [
    ['skips', books.skips],
    ['oddities', books.oddities],
    ['remarks', capture.remarks],
  ] as const) {
    must(list.length <= mostNotes, `${list.length} ${name}`);
  }
}

const mostNotes = 1000;
const mostEvents = 65536;

function checkBatch(
  capture: Capture,
  batch: EventBatch,
  seen: { events: number; hash: ReturnType<typeof createHash> },
): void {
  const { length } = batch;
  must(Number.isInteger(length) && length > 0 && length <= mostEvents, `a batch of ${length}`);
  const { ordinal, time, cpu, pid, tgid, comm, flags, kind, row } = batch;
  for (const column of [ordinal, time, cpu, pid, tgid, comm, flags, kind, row]) {
    must(column.length >= length, 'a column shorter than its batch');
    seen.hash.update(bytesOf(column.subarray(0, length)));
  }
  const next = new Map<number, number>();
  const strings = capture.strings.size;
  for (let i = 0; i < length; i++) {
    must(ordinal[i] === seen.events + i, `event ${seen.events + i} says it is ${ordinal[i]}`);
    must(Number.isInteger(time[i]), `event ${ordinal[i]} happened at ${time[i]}`);
    must(cpu[i]! >= -1, `event ${ordinal[i]} on CPU ${cpu[i]}`);
    must(comm[i]! >= -1 && comm[i]! < strings, `event ${ordinal[i]} of task ${comm[i]} of ${strings} names`);
    must(flags[i]! < 64, `event ${ordinal[i]} has flags ${flags[i]}`);
    const id = kind[i]!;
    const at = next.get(id) ?? 0;
    must(row[i] === at, `event ${ordinal[i]} is row ${row[i]} of its kind, not ${at}`);
    next.set(id, at + 1);
  }
  for (const [id, rows] of next) checkFields(capture, batch, id, rows, seen.hash);
  seen.events += length;
}

function checkFields(
  capture: Capture,
  batch: EventBatch,
  id: number,
  rows: number,
  hash: ReturnType<typeof createHash>,
): void {
  const kind = capture.kinds[id];
  const columns = batch.fields[id];
  if (kind === undefined || columns === undefined) throw new Broken(`kind ${id} is nowhere`);
  must(kind.id === id && columns.kind === kind, `kind ${id} is another's`);
  must(columns.length === rows, `${rows} events of ${kind.name}, ${columns.length} rows`);
  must(columns.columns.length === kind.fields.length, `${kind.name} has columns without fields`);
  hash.update(`${kind.system}:${kind.name} ${kind.form}`);
  columns.columns.forEach((column, i) => {
    const { name, storage } = kind.fields[i]!;
    must(column.storage === storage, `${kind.name} ${name} is stored as ${column.storage}, not ${storage}`);
    checkColumn(column, rows, capture.strings.size, batch.arena.length, `${kind.name} ${name}`);
    hashColumn(column, rows, batch.arena, hash);
  });
}

function checkColumn(column: Column, rows: number, strings: number, arena: number, name: string): void {
  switch (column.storage) {
    case 'number':
      must(column.values.length >= rows, `${name} is short`);
      break;
    case 'u64':
      must(
        Math.min(column.values.hi.length, column.values.lo.length, column.present.length) >= rows,
        `${name} is short`,
      );
      for (let i = 0; i < rows; i++) must(column.present[i]! <= 1, `${name} is ${column.present[i]} there`);
      break;
    case 'text':
      must(column.values.length >= rows, `${name} is short`);
      for (let i = 0; i < rows; i++)
        must(
          column.values[i]! >= -1 && column.values[i]! < strings,
          `${name} is text ${column.values[i]} of ${strings}`,
        );
      break;
    case 'bytes':
      must(Math.min(column.start.length, column.end.length) >= rows, `${name} is short`);
      for (let i = 0; i < rows; i++)
        must(column.start[i]! <= column.end[i]! && column.end[i]! <= arena, `${name} lies outside of its batch`);
  }
}

function hashColumn(column: Column, rows: number, arena: Uint8Array, hash: ReturnType<typeof createHash>): void {
  switch (column.storage) {
    case 'number':
    case 'text':
      hash.update(bytesOf(column.values.subarray(0, rows)));
      break;
    case 'u64':
      for (const part of [column.values.hi, column.values.lo, column.present])
        hash.update(bytesOf(part.subarray(0, rows)));
      break;
    case 'bytes':
      for (let i = 0; i < rows; i++) hash.update(arena.subarray(column.start[i]!, column.end[i]!)).update('\n');
  }
}

function bytesOf(column: ArrayBufferView): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}
