/**
 * Reads what atrace and systrace write: tracefs text behind the words of the tool, packed with zlib, or inside a page. The
 * text itself is read as any other (../tracefs); here only what is around it is taken off, each line of it a comment.
 */
import { TraceError } from '../../base/errors.ts';
import type { EventBatch } from '../../events/batch.ts';
import { addNote, type Capture } from '../../events/capture.ts';
import type { Reader, ReadOptions } from '../format.ts';
import { openTracefs } from '../tracefs/reader.ts';
import { beginsAsPage, findMarker, isZlib, longestNoise } from './marks.ts';
import { PageFilter } from './page.ts';
import { ZlibStream } from './unpack.ts';

export function openSystrace(source: string, options: ReadOptions): Reader {
  return new SystraceReader(source, options);
}

class SystraceReader implements Reader {
  readonly capture: Capture;
  readonly #inner: Reader;
  readonly #source: string;
  #head = new Uint8Array(0);
  #isOpen = false;
  #title = '';
  #page: PageFilter | undefined;
  #zlib: ZlibStream | undefined;
  #batches: EventBatch[] = [];

  constructor(source: string, options: ReadOptions) {
    this.#source = source;
    this.#inner = openTracefs(source, options);
    this.capture = this.#inner.capture;
    this.capture.format = 'systrace';
  }

  push(given: Uint8Array): EventBatch[] {
    const chunk = new Uint8Array(given.buffer, given.byteOffset, given.length);
    if (this.#isOpen) this.#feed(chunk);
    else {
      const head = new Uint8Array(this.#head.length + chunk.length);
      head.set(this.#head);
      head.set(chunk, this.#head.length);
      this.#head = head;
      // Two bytes behind the marker decide, however the input is cut.
      if (head.length >= longestNoise + 16) this.#open();
    }
    return this.#take();
  }

  giveBack(batch: EventBatch): void {
    this.#inner.giveBack?.(batch);
  }

  end(): EventBatch[] {
    if (!this.#isOpen) this.#open();
    this.#page?.end();
    if (this.#page !== undefined && this.#page.blocks === 0) throw noTrace(this.#source, this.#page);
    this.#zlib?.end();
    this.#batches.push(...this.#inner.end());
    this.capture.variant = `${this.#title}, ${this.capture.variant}`;
    const damage = this.#zlib?.damage ?? '';
    if (damage !== '') this.#countDamage(damage);
    return this.#take();
  }

  #open(): void {
    this.#isOpen = true;
    const head = this.#head;
    this.#head = new Uint8Array(0);
    const found = findMarker(head);
    if (beginsAsPage(head)) {
      this.#title = 'systrace page';
      this.#page = new PageFilter((bytes) => this.#text(bytes));
      this.#feed(head);
    } else if (found === undefined) {
      this.#title = 'atrace text';
      this.#text(head);
    } else {
      // The words of the tool before it, and the marker itself.
      let lines = 0;
      for (let i = 0; i < found.behind; i++) if (head[i] === 10) lines++;
      this.#text(new TextEncoder().encode('#\n'.repeat(lines)));
      const rest = head.subarray(found.behind);
      this.#title = 'atrace text';
      if (isZlib(rest, 0)) {
        this.#title = 'atrace text packed with zlib';
        this.#zlib = new ZlibStream((bytes) => this.#text(bytes));
      }
      this.#feed(rest);
    }
  }

  #feed(chunk: Uint8Array): void {
    if (this.#page !== undefined) this.#page.push(chunk);
    else if (this.#zlib !== undefined) this.#zlib.push(chunk);
    else this.#text(chunk);
  }

  #text(bytes: Uint8Array): void {
    const batches = this.#inner.push(bytes);
    if (batches.length > 0) this.#batches.push(...batches);
  }

  #take(): EventBatch[] {
    const taken = this.#batches;
    if (taken.length > 0) this.#batches = [];
    return taken;
  }

  /** A stream that ended badly is one skipped unit: how much is missing behind it, nobody can say. */
  #countDamage(damage: string): void {
    const books = this.capture.accounting;
    addNote(books.skips, damage, `after line ${books.total}`, '');
    books.total++;
    books.skipped++;
    books.cutShort = true;
    this.capture.remarks.push(`${damage}: what was read before it may be wrong, what is missing after it is not known`);
  }
}

function noTrace(source: string, page: PageFilter): TraceError {
  if (!page.isWhole) {
    const cause = 'is a page of systrace that ends before any trace in it';
    return new TraceError('damaged', { file: source }, cause, 'copy it again');
  }
  const cause =
    page.others > 0
      ? 'is a page whose trace is not text of the kernel (JSON, or lists of processes)'
      : 'is a page that holds no trace';
  const hint = 'record again with ftrace events, as text: atrace > capture.txt';
  return new TraceError('unknown-format', { file: source }, cause, hint);
}
