/**
 * Makes a large trace.dat out of a small one: the pages of each CPU repeated, each repetition later than the one before.
 * What is written is version 6, not packed, whatever the small one was: both `trace-cmd report` and our reader take it.
 *
 *     node dist/scripts/repeat-trace-dat.js traces/debian-6.1-4k/shanon_hot/trace.dat.gz 4000000000 > /tmp/4GB.dat
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { newCapture } from '../src/events/capture.ts';
import { BatchBuilder } from '../src/read/builder.ts';
import { SubBuffer } from '../src/read/ring-buffer/sub-buffer.ts';
import { MemorySource } from '../src/read/sources.ts';
import { ByteBooks } from '../src/read/trace-dat/byte-books.ts';
import { type Head, readHead } from '../src/read/trace-dat/head.ts';
import { ids } from '../src/read/trace-dat/options.ts';
import { mostUnpacked, packedPages } from '../src/read/trace-dat/packed-pages.ts';
import { unpackBlock } from '../src/read/trace-dat/unpack.ts';
import { readVersion6 } from '../src/read/trace-dat/version-6.ts';
import { readVersion7 } from '../src/read/trace-dat/version-7.ts';

/** Sections that follow the head in version 6, in its order. */
const sections = [ids.headerInfo, ids.ftraceEvents, ids.eventFormats, ids.kallsyms, ids.printk, ids.cmdlines];

/** Bytes written together. */
const piece = 1 << 20;

interface Pages {
  readonly cpu: number;
  readonly bytes: Uint8Array;
}

interface Original {
  readonly head: Head;
  /** What stands between the head and the number of CPUs. */
  readonly descriptions: Uint8Array;
  readonly cpus: readonly Pages[];
  readonly clock: string;
  readonly pageSize: number;
  /** Nanoseconds from the first page to behind the last event. */
  readonly span: bigint;
}

class Bytes {
  readonly #parts: Uint8Array[] = [];
  readonly #isLittleEndian: boolean;

  constructor(isLittleEndian: boolean) {
    this.#isLittleEndian = isLittleEndian;
  }

  raw(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    return this;
  }

  text(text: string): this {
    return this.raw(new TextEncoder().encode(text));
  }

  number(value: number | bigint, size: 1 | 2 | 4 | 8): this {
    const bytes = new Uint8Array(8);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(0, BigInt(value), this.#isLittleEndian);
    return this.raw(this.#isLittleEndian ? bytes.subarray(0, size) : bytes.subarray(8 - size));
  }

  get all(): Uint8Array {
    return Buffer.concat(this.#parts);
  }
}

async function readOriginal(path: string): Promise<Original> {
  const packed = await readFile(path);
  const plain = packed[0] === 0x1f ? gunzipSync(packed) : packed;
  const file = new Uint8Array(plain.buffer, plain.byteOffset, plain.length);
  const input = new MemorySource([file]);
  const head = await readHead(path, input);
  const builder = new BatchBuilder(newCapture(path, 'trace-dat', 'bytes'));
  const books = new ByteBooks(builder);
  const read = head.version === 6 ? readVersion6 : readVersion7;
  const parts = await read(path, input, head, books, builder.capture);
  const top = parts.buffers.find(({ name }) => name === '');
  const layout = parts.descriptions.layout;
  if (top === undefined || layout === undefined) throw new Error(`${path} has no pages to repeat`);
  const cpus: Pages[] = [];
  for (const part of top.cpus) {
    if (part.size === 0) continue;
    if (!top.isPacked) {
      cpus.push({ cpu: part.cpu, bytes: file.subarray(part.offset, part.offset + part.size) });
      continue;
    }
    const settings = { window: piece, mostUnpacked: mostUnpacked(1), claim: () => true };
    const stream = packedPages(
      input,
      { ...part, ...settings, packing: head.packing, isLittleEndian: head.isLittleEndian },
      builder,
    );
    const windows: Uint8Array[] = [];
    for (let next = await stream.next(); next !== undefined; next = await stream.next()) windows.push(next.bytes);
    cpus.push({ cpu: part.cpu, bytes: Buffer.concat(windows) });
  }
  let first = -1n;
  let last = 0n;
  for (const { bytes } of cpus) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const page = new SubBuffer();
    for (let at = 0; at + layout.pageSize <= bytes.length; at += layout.pageSize) {
      const start = view.getBigUint64(at, head.isLittleEndian);
      page.read(view, at, layout.pageSize, layout, { hi: Number(start >> 32n), lo: Number(start & 0xffffffffn) });
      if (page.count === 0) continue;
      const end = start + BigInt(page.times[page.count - 1]!);
      if (first < 0n || start < first) first = start;
      if (end > last) last = end;
    }
  }
  return {
    head,
    descriptions: head.version === 6 ? descriptions6(file, head) : descriptions7(file, head),
    cpus,
    clock: top.clock || 'local',
    pageSize: layout.pageSize,
    span: last - first + 1000n,
  };
}

/** Version 6: everything up to the number of CPUs, which stands before the word `options` or `flyrecord`. */
function descriptions6(file: Uint8Array, head: Head): Uint8Array {
  const text = Buffer.from(file.buffer, file.byteOffset, file.length);
  const options = text.lastIndexOf('options  \0', text.indexOf('flyrecord\0'), 'latin1');
  return file.subarray(head.size, (options < 0 ? text.indexOf('flyrecord\0') : options) - 4);
}

/** Version 7: the contents of sections, which are what version 6 has one behind the other. */
function descriptions7(file: Uint8Array, head: Head): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const contents = new Map<number, Uint8Array>();
  const { isLittleEndian } = head;
  for (let at = head.size; at + 16 <= file.length; ) {
    const size = Number(view.getBigUint64(at + 8, isLittleEndian));
    const id = view.getUint16(at, isLittleEndian);
    const isPacked = (view.getUint16(at + 2, isLittleEndian) & 1) !== 0;
    if (sections.some((one) => one === id)) {
      const data = file.subarray(at + 16, at + 16 + size);
      const unpacked = isPacked ? view.getUint32(at + 20, isLittleEndian) : size;
      contents.set(id, isPacked ? unpackBlock(head.packing, data.subarray(8), unpacked) : data);
    }
    at += 16 + size;
  }
  return Buffer.concat(
    sections.map((id) => {
      const content = contents.get(id);
      if (content === undefined) throw new Error(`section ${id} is missing`);
      return content;
    }),
  );
}

/** Writes about `size` bytes (whole repetitions, one at least) and gives their number. */
export async function repeatTraceDat(path: string, size: number, out: Writable): Promise<number> {
  const { head, descriptions, cpus, clock, pageSize, span } = await readOriginal(path);
  const { isLittleEndian } = head;
  const round = cpus.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const count = Math.max(0, ...cpus.map(({ cpu }) => cpu)) + 1;
  const times = Math.max(1, Math.ceil((size - descriptions.length) / Math.max(1, round)));
  const start = new Bytes(isLittleEndian)
    .raw(Uint8Array.of(0x17, 0x08, 0x44))
    .text('tracing6\0')
    .number(isLittleEndian ? 0 : 1, 1)
    .number(head.longSize, 1)
    .number(pageSize, 4)
    .raw(descriptions)
    .number(count, 4)
    .text('options  \0')
    .number(ids.traceClock, 2)
    .number(clock.length + 3, 4)
    .text(`[${clock}]\0`)
    .number(ids.done, 2)
    .text('flyrecord\0');
  const align = (offset: number): number => Math.ceil(offset / pageSize) * pageSize;
  const pagesAt = align(start.all.length + count * 16);
  let at = pagesAt;
  for (let cpu = 0; cpu < count; cpu++) {
    const bytes = (cpus.find((one) => one.cpu === cpu)?.bytes.length ?? 0) * times;
    start.number(at, 8).number(bytes, 8);
    at += bytes;
  }
  let written = 0;
  const write = async (bytes: Uint8Array): Promise<void> => {
    written += bytes.length;
    if (!out.write(bytes)) await once(out, 'drain');
  };
  const beginning = start.all;
  await write(beginning);
  await write(new Uint8Array(pagesAt - beginning.length));
  for (const { bytes } of [...cpus].sort((a, b) => a.cpu - b.cpu)) {
    for (let i = 0; i < times; i++) {
      for (let from = 0; from < bytes.length; from += piece) {
        await write(shifted(bytes.subarray(from, from + piece), pageSize, span * BigInt(i), isLittleEndian));
      }
    }
  }
  return written;
}

/** A copy of pages, later by `by` ns. Events have times against their page's, so its header is all that changes. */
function shifted(pages: Uint8Array, pageSize: number, by: bigint, isLittleEndian: boolean): Uint8Array {
  // Not slice(), which shares memory where the pages came out of a Buffer.
  const copy = Uint8Array.from(pages);
  const view = new DataView(copy.buffer);
  for (let at = 0; at + pageSize <= copy.length; at += pageSize) {
    view.setBigUint64(at, BigInt.asUintN(64, view.getBigUint64(at, isLittleEndian) + by), isLittleEndian);
  }
  return copy;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [path, size] = process.argv.slice(2);
  if (path === undefined || !(Number(size) > 0)) {
    console.error('usage: repeat-trace-dat CAPTURE BYTES > FILE');
    process.exitCode = 2;
  } else await repeatTraceDat(path, Number(size), process.stdout);
}
