/**
 * A trace.dat of version 7: sections, each with a head, in any order; options say which is what, and lead from one section
 * of options to the next (Documentation/trace-cmd/trace-cmd.dat.v7.5.txt).
 *
 *     id, 16 bits | flags, 16 bits (1: packed) | description, 32 bits | size, 64 bits | data
 */
import { TraceError } from '../../base/errors.ts';
import type { Capture } from '../../events/capture.ts';
import type { ByteSource } from '../format.ts';
import { Descriptions } from '../ring-buffer/descriptions.ts';
import { MemorySource } from '../sources.ts';
import type { ByteBooks } from './byte-books.ts';
import {
  type ReadPart,
  readCmdlines,
  readEventFormats,
  readFtraceFormats,
  readHeaderInfo,
  readKallsyms,
  readPrintk,
} from './descriptions.ts';
import { type Head, printable } from './head.ts';
import { type BufferOption, ids, Options, takeOption } from './options.ts';
import { type BufferPart, noteDamage, type Parts } from './parts.ts';
import { recoverCpus } from './recover.ts';
import { Scroll } from './scroll.ts';
import { PackedDamage, unpackBlock } from './unpack.ts';

/** Options name the section's kind by the same ids. */
function sectionName(id: number): string {
  return id === ids.done ? 'its options' : `section ${id}`;
}

const sectionHead = 16;
const isPackedFlag = 1;

/** Most that a section may unpack to: the largest is kallsyms, some 20 MiB where everything is built in. */
const mostUnpacked = 64 * 2 ** 20;

/** Ids of sections beyond those known today; a larger number is no section's. */
const mostId = 255;

/** Most sections that are walked over: trace-cmd writes a dozen, and one or two for each instance. */
const mostSections = 65536;

/** Parts that are read, in this order, by the id of their section. */
const readers: readonly { readonly id: number; readonly what: string; readonly read: ReadPart }[] = [
  { id: ids.headerInfo, what: 'header_page', read: readHeaderInfo },
  { id: ids.ftraceEvents, what: 'ftrace formats', read: readFtraceFormats },
  { id: ids.eventFormats, what: 'event formats', read: readEventFormats },
  { id: ids.kallsyms, what: 'kallsyms', read: readKallsyms },
  { id: ids.printk, what: 'printk formats', read: readPrintk },
  { id: ids.cmdlines, what: 'command lines', read: readCmdlines },
];

interface Section {
  readonly id: number;
  readonly isPacked: boolean;
  readonly offset: number;
  /** Of its data, as the head says. */
  readonly size: number;
}

/** Reads all but the pages. @throws TraceError `damaged` when the first options or the layout of pages cannot be read */
export async function readVersion7(
  source: string,
  input: ByteSource,
  head: Head,
  books: ByteBooks,
  capture: Capture,
): Promise<Parts> {
  return new Version7(source, input, head, books, capture).read();
}

class Version7 {
  readonly #source: string;
  readonly #input: ByteSource;
  readonly #head: Head;
  readonly #books: ByteBooks;
  readonly #capture: Capture;
  readonly #options = new Options();
  readonly #descriptions = new Descriptions();

  constructor(source: string, input: ByteSource, head: Head, books: ByteBooks, capture: Capture) {
    this.#source = source;
    this.#input = input;
    this.#head = head;
    this.#books = books;
    this.#capture = capture;
  }

  async read(): Promise<Parts> {
    const options = this.#options;
    this.#books.comment(0, this.#head.size);
    const last = await this.#readOptions();
    for (const { id, what, read } of readers) await this.#readSection(id, what, read);
    const buffers: BufferPart[] = [];
    for (const buffer of options.buffers) {
      const part = await this.#buffer(buffer);
      if (part !== undefined) buffers.push(part);
    }
    if (options.buffers.length === 0) {
      const part = await this.#recover(last);
      if (part !== undefined) buffers.push(part);
    }
    await this.#claimOthers();
    return { descriptions: this.#descriptions, options, buffers };
  }

  /** Follows the sections of options; gives the place behind the last one that could be read. */
  async #readOptions(): Promise<number> {
    const seen = new Set<number>();
    let behind = this.#head.size;
    let at = this.#head.options;
    while (at !== 0) {
      if (seen.has(at)) {
        noteDamage(this.#capture, 'sections of options lead back to each other', at);
        break;
      }
      seen.add(at);
      try {
        const section = await this.#open(at, ids.done);
        const end = at + sectionHead + section.size;
        if (!this.#books.comment(at, end)) {
          noteDamage(this.#capture, 'options lie within another part of the file', at);
          break;
        }
        behind = end;
        at = await this.#takeOptions(await this.#content(section));
      } catch (error) {
        if (!(error instanceof TraceError) || seen.size === 1) throw error;
        const isBehind = at >= this.#input.size;
        noteDamage(
          this.#capture,
          isBehind ? 'the file ends before its last options' : 'options are damaged',
          at,
          isBehind,
        );
        break;
      }
    }
    for (const id of this.#options.damaged) noteDamage(this.#capture, `option ${id} is damaged`, behind);
    return behind;
  }

  /** Takes the options of one section; gives the place of the next one, 0 when there is none. */
  async #takeOptions(scroll: Scroll): Promise<number> {
    while (scroll.left > 0) {
      const id = await scroll.u16('an option');
      const size = await scroll.u32('the size of an option');
      const data = await scroll.bytes(size, 'an option');
      if (id !== ids.done) await takeOption(this.#options, id, data, this.#head.isLittleEndian, true);
      else if (size >= 8) return readPlace(data, this.#head.isLittleEndian);
      else return 0;
    }
    return 0;
  }

  /** Reads the head of a section. @throws TraceError `damaged` when there is no such section here */
  async #open(at: number, id: number): Promise<Section> {
    if (!(at + sectionHead <= this.#input.size)) {
      this.#fail(at, `should have ${sectionName(id)} here, and ends at byte ${this.#input.size}`);
    }
    const section = await this.#headAt(at);
    if (section.id !== id) this.#fail(at, `should have ${sectionName(id)} here, and has section ${section.id}`);
    if (!(at + sectionHead + section.size <= this.#input.size)) {
      this.#fail(
        at,
        `has a section of ${section.size} bytes here, of which ${this.#input.size - at - sectionHead} are there`,
      );
    }
    return section;
  }

  async #headAt(offset: number): Promise<Section> {
    const scroll = new Scroll(this.#source, this.#input, this.#head.isLittleEndian, offset, offset + sectionHead);
    const id = await scroll.u16('the id of a section');
    const flags = await scroll.u16('the flags of a section');
    await scroll.u32('the description of a section');
    return { id, isPacked: (flags & isPackedFlag) !== 0, offset, size: await scroll.u64('the size of a section') };
  }

  /** A section's data, unpacked. */
  async #content({ offset, size, isPacked }: Section): Promise<Scroll> {
    const { isLittleEndian } = this.#head;
    const at = offset + sectionHead;
    if (!isPacked) return new Scroll(this.#source, this.#input, isLittleEndian, at, at + size);
    const scroll = new Scroll(this.#source, this.#input, isLittleEndian, at, at + size);
    const packed = await scroll.u32('the packed size of a section');
    const unpacked = await scroll.u32('the size of a section');
    if (unpacked > mostUnpacked) scroll.fail(`has a section that unpacks to ${unpacked} bytes, more than any has`);
    const bytes = await scroll.bytes(packed, 'a packed section');
    try {
      const content = new MemorySource([unpackBlock(this.#head.packing, bytes, unpacked)]);
      return new Scroll(this.#source, content, isLittleEndian, 0, unpacked, ` of the section at byte ${offset}`);
    } catch (error) {
      if (!(error instanceof PackedDamage)) throw error;
      return scroll.fail(`has a section that ${error.message}`, at);
    }
  }

  async #readSection(id: number, what: string, read: ReadPart): Promise<void> {
    const at = this.#options.sections.get(id);
    if (at === undefined) return;
    try {
      const section = await this.#open(at, id);
      const end = at + sectionHead + section.size;
      try {
        await read(await this.#content(section), this.#descriptions);
      } catch (error) {
        if (!(error instanceof TraceError) || id === ids.headerInfo) throw error;
        if (!this.#books.skip(at, end, `${what} are damaged`)) noteDamage(this.#capture, `${what} are damaged`, at);
        return;
      }
      if (!this.#books.comment(at, end)) noteDamage(this.#capture, `${what} lie within another part of the file`, at);
    } catch (error) {
      if (!(error instanceof TraceError) || id === ids.headerInfo) throw error;
      noteDamage(this.#capture, `${what} are not where they should be`, at, at >= this.#input.size);
    }
  }

  async #buffer({ name, offset, clock, pageSize, cpus, isText }: BufferOption): Promise<BufferPart | undefined> {
    const what = name === '' ? 'the top buffer' : `buffer "${printable(name)}"`;
    if (!(offset + sectionHead <= this.#input.size)) {
      noteDamage(this.#capture, `the file ends before ${what}`, offset, true);
      return undefined;
    }
    const section = await this.#headAt(offset);
    if (section.id !== (isText ? ids.bufferText : ids.buffer)) {
      noteDamage(this.#capture, `${what} is not where it should be`, offset);
      return undefined;
    }
    if (!this.#books.comment(offset, offset + sectionHead)) {
      noteDamage(this.#capture, `${what} lies within another part of the file`, offset);
      return undefined;
    }
    const text = { offset: offset + sectionHead, size: section.size };
    return { name, clock, pageSize, isPacked: section.isPacked, cpus, ...(isText ? { text } : {}) };
  }

  /** The buffer of a file that ends before the option that describes it. */
  async #recover(at: number): Promise<BufferPart | undefined> {
    if (at + sectionHead > this.#input.size) return undefined;
    const section = await this.#headAt(at);
    if (section.id !== ids.buffer || !section.isPacked) return undefined;
    const { pageSize, isLittleEndian } = this.#head;
    const align = this.#descriptions.layout?.pageSize ?? pageSize;
    const cpus = await recoverCpus(this.#source, this.#input, at + sectionHead, align, isLittleEndian, this.#options);
    if (cpus.length === 0 || !this.#books.comment(at, at + sectionHead)) return undefined;
    this.#capture.remarks.push(
      'the table of CPUs is missing (the file was cut off): their data were found one behind the other, and CPUs without any would shift the numbers of those behind them',
    );
    return { name: '', clock: this.#options.clock, pageSize: 0, isPacked: true, cpus };
  }

  /** Sections lie one behind the other: those that no option names (strings, or kinds of later tools) are found by walking. */
  async #claimOthers(): Promise<void> {
    let at = this.#head.size;
    const strange = new Map<number, { readonly first: number; count: number; bytes: number }>();
    for (let walked = 0; walked < mostSections && at + sectionHead <= this.#input.size; walked++) {
      const { id, size } = await this.#headAt(at);
      const end = at + sectionHead + size;
      // No section is empty: zeros are space that was reserved and never written.
      if (id > mostId || size === 0 || !(end <= this.#input.size)) break;
      const isPages = id === ids.buffer || id === ids.bufferText;
      // What is claimed already stays as it is.
      if (!isPages && this.#books.comment(at, end) && (id === 0 || id > ids.modules)) {
        const known = strange.get(id) ?? { first: at, count: 0, bytes: 0 };
        known.count++;
        known.bytes += size;
        strange.set(id, known);
      }
      at = end;
    }
    for (const [id, { first, count, bytes }] of strange) {
      const others = count === 1 ? '' : `, and ${count - 1} more like it`;
      this.#capture.remarks.push(
        `section ${id} at byte ${first} (${bytes} bytes) is of a kind not known here and was left out${others}`,
      );
    }
  }

  #fail(at: number, cause: string): never {
    return new Scroll(this.#source, this.#input, true).fail(cause, at);
  }
}

function readPlace(data: Uint8Array, isLittleEndian: boolean): number {
  return Number(new DataView(data.buffer, data.byteOffset, 8).getBigUint64(0, isLittleEndian));
}
