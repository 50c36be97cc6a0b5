/**
 * Rows of a CSV or TSV file out of chunks of bytes. csv-parse is the judge of every row (quotes as RFC 4180 has them,
 * nothing relaxed); what is ours is the cutting of the stream into whole records, so that a row cut by a chunk's end
 * waits for its rest, and a damaged row costs that row and no other; and rows so plain that there is nothing to judge do not
 * come before him (plain.ts).
 */
import { CsvError, parse } from 'csv-parse/browser/esm/sync';

import { isBlank, unfinishedLine } from '../builder.ts';
import { findDelimiter } from './delimiter.ts';

export interface Row {
  /** Empty when the record is no CSV. */
  readonly cells: readonly string[];
  /** Line of the file in which the row begins, from 1. */
  readonly line: number;
  /** Why the record is no CSV; empty when it is. */
  readonly problem: string;
  /** The record itself, when it is no CSV. */
  readonly text: string;
}

/** A record longer than this is taken for a quote that was never closed: only its first line is lost. */
const longestRecord = 1 << 20;

/** Bytes of memory behind those of a chunk, so that known-rows.ts can look at words of the last row, whole. */
const roomBehind = 256;

const newline = 10;
const quote = 34;
const hash = 35;

/** Takes rows that need no judge (plain.ts). */
export interface PlainRows {
  /** The place behind the last line feed of the rows that were taken from `start` on; `start` itself when there were none. */
  take(bytes: Uint8Array, start: number, line: number): number;
  /** How many these were. */
  readonly rows: number;
}

/** Who takes the rows, in the order of the file. */
export interface RowTaker {
  /** A comment line (`#`), or a blank one. */
  comment(): void;
  row(row: Row): void;
  /** Who takes rows that need no judge; undefined where all are judged. Not asked before the first row, which is the header. */
  plain(): PlainRows | undefined;
}

export class RowReader {
  /** Rows are cut at this byte; found in the header line. */
  delimiter = 44;
  #delimiterKnown = false;
  #pending: Uint8Array = new Uint8Array(0);
  #joined = new Uint8Array(0);
  /** How far `#pending` has been scanned, and whether a quote is open there. */
  #line = 1;
  /** The beginning of a line that is longer than any row; it is thrown away up to its end. */
  #overlong: string | undefined;
  #started = false;
  readonly #taker: RowTaker;
  #hasHeader = false;
  /** The record looked at last. */
  #isOdd = false;
  readonly #decoder = new TextDecoder();

  constructor(taker: RowTaker) {
    this.#taker = taker;
  }

  push(chunk: Uint8Array): void {
    if (this.#overlong === undefined) {
      this.#pushRest(chunk);
      return;
    }
    const eol = chunk.indexOf(newline);
    if (eol < 0) return;
    this.#endOverlong();
    this.#pushRest(chunk.subarray(eol + 1));
  }

  end(): void {
    this.#endOverlong();
    this.#take(this.#pending, true);
  }

  #pushRest(chunk: Uint8Array): void {
    const before = this.#pending.length;
    const size = before + chunk.length;
    // Nobody keeps these bytes (what is pending is copied), so one buffer serves all chunks.
    if (this.#joined.length < size + roomBehind) this.#joined = new Uint8Array(size + roomBehind + (size >> 3));
    this.#joined.set(this.#pending);
    this.#joined.set(chunk, before);
    this.#take(this.#joined.subarray(0, size), false);
  }

  #endOverlong(): void {
    if (this.#overlong === undefined) return;
    this.#taker.row({ cells: [], line: this.#line++, problem: 'row longer than 1 MiB', text: this.#overlong });
    this.#overlong = undefined;
  }

  #take(bytes: Uint8Array, atEnd: boolean): void {
    let start = 0;
    if (!this.#started) {
      // A byte order mark (three bytes) is no part of the first name.
      if (bytes.length < 3 && !atEnd) {
        this.#pending = bytes.slice();
        return;
      }
      if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) start = 3;
      this.#started = true;
    }
    const starts: number[] = [];
    const ends: number[] = [];
    const lines: number[] = [];
    let unfinished = -1;
    const judge = (): void => {
      this.#parse(bytes, starts, ends, lines, 0, starts.length);
      for (const list of [starts, ends, lines]) list.length = 0;
    };
    while (start < bytes.length) {
      if (!this.#delimiterKnown && bytes[start] !== hash && bytes[start] !== newline) {
        const eol = bytes.indexOf(newline, start);
        if (eol < 0 && !atEnd) break;
        this.delimiter = findDelimiter(bytes, start, eol < 0 ? bytes.length : eol);
        this.#delimiterKnown = true;
      }
      // From the first row that needs the judge on, the rest of these bytes is the judge's: rows that come one by one
      // would cost him more than they save.
      if (this.#hasHeader && starts.length === 0) {
        const plain = bytes[start] === hash ? undefined : this.#taker.plain();
        const next = plain?.take(bytes, start, this.#line) ?? start;
        if (next > start) {
          this.#line += plain!.rows;
          start = next;
          continue;
        }
      }
      let end = this.#recordEnd(bytes, start);
      if (end < 0) {
        const tooLong = bytes.length - start > longestRecord;
        if (!atEnd && !tooLong) break;
        const eol = bytes.indexOf(newline, start);
        end = eol < 0 ? bytes.length : eol;
        if (eol < 0 && !atEnd) break;
        if (eol < 0) unfinished = start;
      }
      if (isBlank(bytes, start, end) || bytes[start] === hash) {
        this.#taker.comment();
      } else if (unfinished < 0) {
        // A row that he will hardly take goes to the judge by itself: among others he would be asked a dozen times for it.
        if (this.#isOdd && starts.length > 0) judge();
        starts.push(start);
        ends.push(end > start && bytes[end - 1] === 13 ? end - 1 : end);
        lines.push(this.#line);
        if (this.#isOdd || !this.#hasHeader) judge();
        this.#hasHeader = true;
      }
      for (let i = start; i < end; i++) if (bytes[i] === newline) this.#line++;
      this.#line++;
      start = end + 1;
    }
    this.#pending = start >= bytes.length ? new Uint8Array(0) : bytes.slice(start);
    if (this.#pending.length > longestRecord && !this.#pending.includes(newline)) {
      this.#overlong = this.#decoder.decode(this.#pending.subarray(0, 200));
      this.#pending = new Uint8Array(0);
    }
    judge();
    if (unfinished >= 0 && !isBlank(bytes, unfinished, bytes.length) && bytes[unfinished] !== hash) {
      const text = this.#decoder.decode(bytes.subarray(unfinished));
      this.#taker.row({ cells: [], line: this.#line - 1, problem: unfinishedLine, text });
    }
  }

  /** The newline that ends the record at `start`, outside quotes; -1 when it is not there yet. A quote inside a field makes it odd. */
  #recordEnd(bytes: Uint8Array, start: number): number {
    const delimiter = this.delimiter;
    const isComment = bytes[start] === hash;
    let fieldStart = true;
    this.#isOdd = false;
    for (let i = start; i < bytes.length; i++) {
      const byte = bytes[i]!;
      if (byte === newline) return i;
      if (byte === quote && fieldStart && !isComment) {
        // To the closing quote; a doubled one is a quote inside.
        for (i++; i < bytes.length; i++) {
          if (bytes[i] !== quote) continue;
          if (bytes[i + 1] === quote) i++;
          else break;
        }
        if (i >= bytes.length) return -1;
        const behind = bytes[i + 1];
        if (behind !== delimiter && behind !== newline && behind !== 13 && i + 1 < bytes.length) this.#isOdd = true;
      } else if (byte === quote) this.#isOdd = true;
      fieldStart = byte === delimiter;
    }
    return -1;
  }

  /** Parses records [from, to) in one go; when one of them is bad, halves until it stands alone. */
  #parse(
    bytes: Uint8Array,
    starts: readonly number[],
    ends: readonly number[],
    lines: readonly number[],
    from: number,
    to: number,
  ): void {
    if (from === to) return;
    try {
      const parsed = this.#parseBlock(bytes.subarray(starts[from]!, ends[to - 1]!));
      if (parsed.length === to - from) {
        for (let i = 0; i < parsed.length; i++) {
          this.#taker.row({ cells: parsed[i]!, line: lines[from + i]!, problem: '', text: '' });
        }
        return;
      }
      if (to - from === 1) throw new CsvError('CSV_QUOTE_NOT_CLOSED', 'Quote Not Closed: it is not one row');
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      if (to - from === 1) {
        const text = this.#decoder.decode(bytes.subarray(starts[from]!, ends[from]!));
        this.#taker.row({ cells: [], line: lines[from]!, problem: reasonOf(error), text });
        return;
      }
    }
    const middle = (from + to) >> 1;
    this.#parse(bytes, starts, ends, lines, from, middle);
    this.#parse(bytes, starts, ends, lines, middle, to);
  }

  #parseBlock(block: Uint8Array): string[][] {
    return parse(block, {
      delimiter: String.fromCharCode(this.delimiter),
      record_delimiter: ['\r\n', '\n'],
      comment: '#',
      comment_no_infix: true,
      skip_empty_lines: true,
      // A short or long row is counted by the reader, which knows the header.
      relax_column_count: true,
      max_record_size: longestRecord,
    });
  }
}

function reasonOf(error: CsvError): string {
  switch (error.code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return 'a quote is not closed';
    case 'CSV_INVALID_CLOSING_QUOTE':
    case 'INVALID_OPENING_QUOTE':
      return 'a quote is in the middle of a field';
    default:
      return `no CSV (${error.code})`;
  }
}
