/**
 * For tests: writes trace.dat files (versions 6 and 7, packed or not, several buffers). Written from the documents of the
 * format; nothing of the reader is used for it.
 */
import { deflateSync } from 'node:zlib';
import type { EventBatch } from '../../events/batch.ts';
import type { Capture } from '../../events/capture.ts';
import type { ByteSource } from '../format.ts';
import {
  type CpuItems,
  events,
  formatText,
  headerEvent,
  headerPage,
  Out,
  type PageShape,
  pagesOf,
} from '../ring-buffer/test-support.ts';

import { MemorySource } from '../sources.ts';
import { eventsOf, type PlainEvent } from '../test-support.ts';
import { traceDat } from './format.ts';

/** Reads an input to its end. */
export async function readSource(input: ByteSource): Promise<{ capture: Capture; events: PlainEvent[] }> {
  const reader = await traceDat.openAt('test.dat', input, {});
  const batches: EventBatch[] = [];
  for await (const batch of reader.batches()) batches.push(batch);
  return { capture: reader.capture, events: eventsOf(reader.capture, batches) };
}

/** Reads a whole file. */
export function read(bytes: Uint8Array): Promise<{ capture: Capture; events: PlainEvent[] }> {
  return readSource(new MemorySource([bytes]));
}

/** What is compared of an event: all that does not depend on how the file was written. */
export function told({ time, cpu, pid, comm, flags, name, fields, values }: PlainEvent): unknown[] {
  return [time, cpu, pid, comm, flags, name, fields.map((field, i) => [field.name, values[i]])];
}

export interface Shape extends PageShape {
  readonly version: 6 | 7;
  readonly packing: 'none' | 'zlib' | 'zstd';
}

export const usualShape: Shape = {
  version: 7,
  isLittleEndian: true,
  longSize: 8,
  packing: 'none',
  pageSize: 4096,
};

export interface BufferItems {
  readonly name: string;
  readonly clock: string;
  readonly pageSize?: number;
  readonly cpus: readonly CpuItems[];
}

/** One zstd frame of blocks that are not packed: all that a decoder must know of a frame, and none of its tables. */
function zstdFrame(bytes: Uint8Array): Uint8Array {
  const out = new Out(true).raw([0x28, 0xb5, 0x2f, 0xfd, 0xa0]).number(bytes.length, 4);
  for (let at = 0; at === 0 || at < bytes.length; at += 131072) {
    const block = bytes.subarray(at, at + 131072);
    out.number((block.length << 3) | (at + 131072 >= bytes.length ? 1 : 0), 3).raw(block);
  }
  return out.take();
}

function pack(bytes: Uint8Array, { isLittleEndian, packing }: Shape): Uint8Array {
  const packed = packing === 'zlib' ? new Uint8Array(deflateSync(bytes)) : zstdFrame(bytes);
  return new Out(isLittleEndian).number(packed.length, 4).number(bytes.length, 4).raw(packed).take();
}

/** Chunks of ten pages, as the tool makes them. */
function packPages(pages: Uint8Array, shape: Shape): Uint8Array {
  if (shape.packing === 'none') return pages;
  const size = 10 * shape.pageSize;
  const out = new Out(shape.isLittleEndian).number(Math.ceil(pages.length / size), 4);
  for (let at = 0; at < pages.length; at += size) out.raw(pack(pages.subarray(at, at + size), shape));
  return out.take();
}

/** A trace.dat with the text of a latency tracer instead of pages. */
export function textFileOf(text: string, shape: Shape): Uint8Array {
  return traceDatOf({ buffers: [{ name: '', clock: 'local', cpus: [] }], cmdlines: '', text }, shape);
}

export interface FileItems {
  readonly buffers: readonly BufferItems[];
  readonly cmdlines: string;
  /** Further options: id and data. */
  readonly options?: readonly (readonly [id: number, data: string])[];
  /** Instead of the pages of the first buffer. */
  readonly text?: string;
}

/** A whole trace.dat. */
export function traceDatOf({ buffers, cmdlines, options = [], text }: FileItems, shape: Shape): Uint8Array {
  const { version, isLittleEndian, longSize, packing, pageSize } = shape;
  const out = new Out(isLittleEndian).raw([0x17, 0x08, 0x44]).text(`tracing${version}\0`);
  out.raw([isLittleEndian ? 0 : 1, longSize]).number(4096, 4);
  const part = (): Out => new Out(isLittleEndian);
  const sized = (text: string, size = 8): Uint8Array => part().number(text.length, size).text(text).take();
  const page = headerPage(longSize, pageSize);
  const systems = [...new Set(Object.values(events).map(({ system }) => system))];
  const parts: readonly (readonly [id: number, content: Uint8Array])[] = [
    [16, part().text('header_page\0').raw(sized(page)).text('header_event\0').raw(sized(headerEvent)).take()],
    [17, part().number(0, 4).take()],
    [
      18,
      systems
        .reduce(
          (into, system) => {
            const names = Object.keys(events).filter((name) => events[name]!.system === system);
            into.text(`${system}\0`).number(names.length, 4);
            for (const name of names) into.raw(sized(formatText(name, longSize)));
            return into;
          },
          part().number(systems.length, 4),
        )
        .take(),
    ],
    [19, sized('ffff800008000000 T _stext\n', 4)],
    [20, sized('0xffff800008f2d5c8 : "half"\n', 4)],
    [21, sized(cmdlines)],
  ];
  const option = (id: number, data: Uint8Array): Uint8Array =>
    part().number(id, 2).number(data.length, 4).raw(data).take();
  const count = Math.max(-1, ...buffers.flatMap(({ cpus }) => cpus.map(({ cpu }) => cpu))) + 1;
  const general = part()
    .raw(option(4, part().text(`local [${buffers[0]!.clock}] tai\0`).take()))
    .raw(option(5, part().text('Linux bench 6.1.0-56-arm64 aarch64\0').take()))
    .raw(option(9, part().text('3.2.0 not-a-git-repo\0').take()))
    .raw(option(8, part().number(count, 4).take()));
  for (const [id, data] of options) general.raw(option(id, part().text(data).take()));
  if (version === 6) {
    for (const [, content] of parts) out.raw(content);
    out.number(count, 4).text('options  \0').raw(general.take());
    const places = buffers.map(({ name }) => {
      const at = out.size + 6;
      if (name !== '') out.raw(option(3, part().number(0, 8).text(`${name}\0`).take()));
      return at;
    });
    out.number(0, 2);
    if (text !== undefined) return out.text('latency  \0').text(text).take();
    buffers.forEach((buffer, i) => {
      if (buffer.name !== '') out.patch(places[i]!, out.size, 8);
      out.text('flyrecord\0');
      const table = out.size;
      for (let cpu = 0; cpu < count; cpu++) out.number(0, 8).number(0, 8);
      out.raw(sized(`[${buffer.clock}]`));
      for (const { cpu, items } of buffer.cpus) {
        out.align(pageSize);
        const pages = pagesOf(items, shape);
        out.patch(table + 16 * cpu, out.size, 8);
        out.patch(table + 16 * cpu + 8, pages.length, 8);
        out.raw(pages);
      }
    });
    return out.take();
  }
  out.text(`${packing}\0${packing === 'none' ? '' : '1.0'}\0`);
  const first = out.size;
  out.number(0, 8);
  const section = (id: number, content: Uint8Array, isPacked: boolean): number => {
    const at = out.size;
    // Of pages, each chunk is packed by itself.
    const data = isPacked && id !== 3 ? pack(content, shape) : content;
    out
      .number(id, 2)
      .number(isPacked ? 1 : 0, 2)
      .number(0, 4)
      .number(data.length, 8)
      .raw(data);
    return at;
  };
  for (const [id, content] of parts) {
    general.raw(
      option(
        id,
        part()
          .number(section(id, content, packing !== 'none'), 8)
          .take(),
      ),
    );
  }
  out.patch(first, out.size, 8);
  general.raw(option(0, part().number(0, 8).take()));
  // Where the place of the next options goes.
  let link = section(0, general.take(), false) + 16 + general.size - 8;
  if (text !== undefined) {
    const content = new TextEncoder().encode(text);
    const packed = part().number(1, 4);
    if (packing !== 'none') packed.raw(pack(content, shape));
    const at = out.size;
    const data = packing === 'none' ? content : packed.take();
    out
      .number(22, 2)
      .number(packing === 'none' ? 0 : 1, 2)
      .number(0, 4)
      .number(data.length, 8)
      .raw(data);
    out.patch(link, out.size, 8);
    const end = part().raw(option(22, part().number(at, 8).text('\0local\0').take()));
    section(0, end.raw(option(0, part().number(0, 8).take())).take(), false);
    return out.take();
  }
  for (const { name, clock, cpus, pageSize: own = pageSize } of buffers) {
    const at = section(3, new Uint8Array(0), packing !== 'none');
    const table = part().number(at, 8).text(`${name}\0${clock}\0`).number(own, 4).number(cpus.length, 4);
    for (const { cpu, items } of cpus) {
      out.align(own);
      const inner = { ...shape, pageSize: own };
      const data = packPages(pagesOf(items, inner), inner);
      table.number(cpu, 4).number(out.size, 8).number(data.length, 8);
      out.raw(data);
    }
    out.patch(at + 8, out.size - at - 16, 8);
    out.patch(link, out.size, 8);
    const content = part()
      .raw(option(3, table.take()))
      .raw(option(0, part().number(0, 8).take()))
      .take();
    link = section(0, content, false) + 16 + content.length - 8;
  }
  section(15, part().text('options\0').take(), packing !== 'none');
  return out.take();
}
