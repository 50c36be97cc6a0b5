/** The compressed records of a recording: where their content lies, what comes out of it, and what share of the file that is. */
import { ByteWindow } from './byte-window.ts';
import type { FeatureFacts } from './features.ts';
import { recordTypes } from './record-types.ts';
import { Shares } from './shares.ts';
import { Unpacker } from './unpacker.ts';

/** Most that one compressed record holds, and that perf writes of them at once (the buffer of one CPU). */
const fullRecord = 65519;
const mostAtOnce = 2 ** 28;

export class Packed {
  /** What came out, and up to where its records were read. */
  readonly window = new ByteWindow(0);
  read = 0;
  readonly shares = new Shares();
  /** Why nothing more can be read of what comes out. */
  broken = '';
  /** The content of the record looked at last, in its window, and the bytes that the record takes of the file. */
  start = 0;
  end = 0;
  taken = 0;
  /** The length that the record looked at last says and cannot have; -1 when there is none. */
  wrongLength = -1;
  /** What was wrong with the content decoded last; empty when nothing was. */
  failure = '';
  readonly #isLittle: boolean;
  #unpacker: Unpacker | undefined;
  /** Place up to which compressed records say their length in the header only. */
  #overflowEnd = 0;

  constructor(isLittle: boolean) {
    this.#isLittle = isLittle;
  }

  /**
   * Finds the content of the compressed record at `at`; false when it is not all there, or says a `wrongLength`. The second
   * form (6.16) is padded, so it says the length of its content beside its own; perf itself let its own overflow, and then
   * wrote no padding.
   */
  find(window: ByteWindow, at: number, size: number, type: number): boolean {
    this.wrongLength = -1;
    this.start = at + 8;
    this.end = at + size;
    this.taken = size;
    if (type === recordTypes.compressed) return true;
    if (window.length - at < 16) return false;
    const content = this.#contentOf(window, at, size);
    if (content < 0) return false;
    this.start = at + 16;
    this.end = this.start + content;
    if (this.end > at + size) this.taken = 16 + content;
    return this.taken <= window.length - at;
  }

  /**
   * Where perf wrote several records at once and the length of the first overflowed, that one is full and says the length of all
   * of them; the others say theirs in the header only (tools/perf/builtin-record.c record__pushfn(), 6.16).
   */
  #contentOf(window: ByteWindow, at: number, size: number): number {
    const place = window.base + at;
    if (place < this.#overflowEnd) {
      if (size < 16) this.wrongLength = size;
      return size - 16;
    }
    const a = window.view.getUint32(at + 8, this.#isLittle);
    const b = window.view.getUint32(at + 12, this.#isLittle);
    const content = this.#isLittle ? b * 2 ** 32 + a : a * 2 ** 32 + b;
    if (content <= fullRecord) return content;
    const next = at + 16 + fullRecord;
    if (content <= mostAtOnce && window.length < next + 8) return -1;
    if (content > mostAtOnce || window.view.getUint32(next, this.#isLittle) !== recordTypes.compressed2) {
      this.wrongLength = content;
      return -1;
    }
    this.#overflowEnd = place + 16 + content;
    return fullRecord;
  }

  /** Decodes the content found last. Gives back how many bytes came out; fills `failure`. */
  decode(window: ByteWindow, at: number, facts: FeatureFacts): number {
    this.#unpacker ??= new Unpacker(facts.mappedSize, (data) => this.window.append(data));
    const before = this.window.end;
    this.failure =
      facts.packing > 1
        ? 'record compressed in a way that is not known here'
        : this.broken || this.#unpacker.push(window.bytes.subarray(this.start, this.end));
    const made = this.window.end - before;
    if (made > 0) this.shares.add(window.base + at, this.taken, before, made);
    return made;
  }

  /** To be called when no more records come. */
  close(): void {
    this.#unpacker?.close();
  }
}
