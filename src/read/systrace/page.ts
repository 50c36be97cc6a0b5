/**
 * The lines of trace that a systrace page holds. A page is a viewer of many thousand lines with the trace in elements of its
 * own; every other line goes out as a bare `#`, which the reader of tracefs text counts as a comment, so that lines keep
 * their numbers.
 *
 *     <!DOCTYPE html> ... viewer ...
 *       <script class="trace-data" type="application/text">
 *     # tracer: nop
 *     ...                                                     also `PROCESS DUMP` and others, which are no trace
 *       </script>
 *
 * Pages before 2014 have the text in a string of JavaScript, every line of it ending with `\n\`:
 *
 *       var linuxPerfData = "\
 *     # tracer: nop\n\
 *     ...
 *     ";
 */
import { newLineContext, readDefault } from '../tracefs/context.ts';

/** A longer line is not looked at: it is passed on where trace is, left out elsewhere. */
const longestLine = 1 << 20;

const openTag = /<script\b/gi;
const traceClass = /\bclass\s*=\s*["']?trace-data\b/i;
const openString = /\bvar\s+linuxPerfData\s*=\s*"/;

/**
 * Where we are: in the viewer; in an element whose first line has not come; in one that holds trace, or something else; in a
 * string of JavaScript.
 */
type Place = 'viewer' | 'begun' | 'trace' | 'other' | 'string';

export class PageFilter {
  /** Elements that held trace. */
  blocks = 0;
  /** Elements that held something else. */
  others = 0;
  /** The end of the page was seen. */
  isWhole = false;
  readonly #out: (bytes: Uint8Array) => void;
  #place: Place = 'viewer';
  #carry = new Uint8Array(4096);
  #carried = 0;
  /** In a line that is too long, what came of it was dealt with. */
  #isOverlong = false;
  readonly #waiting = new Uint8Array(1 << 18);
  #waits = 0;
  readonly #context = newLineContext();
  readonly #decoder = new TextDecoder('latin1');

  /** @param out takes the text, in pieces; the bytes are its own during the call only */
  constructor(out: (bytes: Uint8Array) => void) {
    this.#out = out;
  }

  push(chunk: Uint8Array): void {
    let start = 0;
    while (start < chunk.length) {
      const end = chunk.indexOf(10, start);
      if (end < 0) break;
      if (this.#carried > 0 || this.#isOverlong) {
        this.#keep(chunk, start, end + 1);
        if (!this.#isOverlong) this.#line(this.#carry.subarray(0, this.#carried), true);
        else if (!this.#isInTrace()) this.#put(comment);
        this.#carried = 0;
        this.#isOverlong = false;
      } else if (end + 1 - start > longestLine) {
        // As one that came in pieces.
        this.#keep(chunk, start, end + 1);
        if (!this.#isInTrace()) this.#put(comment);
        this.#isOverlong = false;
      } else this.#line(chunk.subarray(start, end + 1), true);
      start = end + 1;
    }
    this.#keep(chunk, start, chunk.length);
    this.#flush();
  }

  end(): void {
    const rest = this.#carry.subarray(0, this.#carried);
    // A page may end without a line end behind it; one that ends anywhere else in a line was cut there.
    if (this.#place === 'viewer' && !isBlank(rest) && !has(rest, pageEnd) && !has(rest, scriptTag)) this.#put(rest);
    else if (rest.length > 0) this.#line(rest, false);
    this.#carried = 0;
    this.#flush();
  }

  #keep(bytes: Uint8Array, start: number, end: number): void {
    const inTrace = this.#isInTrace();
    if (!this.#isOverlong && this.#carried + end - start > longestLine) {
      this.#isOverlong = true;
      if (inTrace) this.#put(this.#carry.subarray(0, this.#carried));
      this.#carried = 0;
    }
    if (this.#isOverlong) {
      if (inTrace) this.#put(bytes.subarray(start, end));
      return;
    }
    const size = this.#carried + end - start;
    if (size > this.#carry.length) {
      const grown = new Uint8Array(Math.max(size, this.#carry.length * 2));
      grown.set(this.#carry.subarray(0, this.#carried));
      this.#carry = grown;
    }
    this.#carry.set(bytes.subarray(start, end), this.#carried);
    this.#carried = size;
  }

  #isInTrace(): boolean {
    return this.#place !== 'viewer' && this.#place !== 'other';
  }

  /** Collects what goes out: the reader behind is called for many lines at once. */
  #put(bytes: Uint8Array): void {
    if (this.#waits + bytes.length > this.#waiting.length) this.#flush();
    if (bytes.length > this.#waiting.length) {
      this.#out(bytes);
      return;
    }
    this.#waiting.set(bytes, this.#waits);
    this.#waits += bytes.length;
  }

  #flush(): void {
    if (this.#waits > 0) this.#out(this.#waiting.subarray(0, this.#waits));
    this.#waits = 0;
  }

  /** One line with its end, if it has one. */
  #line(line: Uint8Array, isWhole: boolean): void {
    switch (this.#place) {
      case 'viewer':
        this.#viewer(line);
        return;
      case 'string':
        this.#string(line, isWhole);
        return;
      default:
        this.#element(line);
    }
  }

  #viewer(line: Uint8Array): void {
    if (has(line, pageEnd)) this.isWhole = true;
    // Most lines of the viewer have neither word; looking for their letters first saves decoding them.
    if (has(line, scriptTag) || has(line, perfData)) {
      const text = this.#decoder.decode(line);
      const tagEnd = behindTag(text);
      if (tagEnd >= 0) {
        this.#place = 'begun';
        const behind = line.subarray(tagEnd);
        // The trace may begin on the line of the tag.
        if (!isBlank(behind)) {
          this.#element(behind);
          return;
        }
      } else if (openString.test(text)) {
        this.#place = 'string';
        this.blocks++;
      }
    }
    this.#put(comment);
  }

  #element(line: Uint8Array): void {
    const close = indexOfTag(line);
    const content = close < 0 ? line : line.subarray(0, close);
    if (this.#place === 'begun' && !isBlank(content)) {
      const isTrace = content[0] === 35 || readDefault(content, 0, trimmedEnd(content), this.#context);
      this.#place = isTrace ? 'trace' : 'other';
      if (isTrace) this.blocks++;
      else this.others++;
    }
    const isTrace = this.#place === 'trace';
    if (close >= 0) this.#place = 'viewer';
    if (!isTrace || (close >= 0 && isBlank(content))) this.#put(comment);
    else if (close < 0) this.#put(line);
    else {
      this.#put(content);
      this.#put(lineFeed);
    }
  }

  #string(line: Uint8Array, isWhole: boolean): void {
    const end = trimmedEnd(line);
    const goesOn = end >= 3 && line[end - 1] === 92 && line[end - 2] === 110 && line[end - 3] === 92;
    if (goesOn) {
      this.#put(line.subarray(0, end - 3));
      this.#put(lineFeed);
      return;
    }
    // What is cut here may be half a line of the trace.
    if (!isWhole && line[0] !== 34) {
      this.#put(line);
      return;
    }
    this.#place = 'viewer';
    this.#put(comment);
  }
}

const comment = Uint8Array.of(35, 10);
const lineFeed = Uint8Array.of(10);
const scriptTag = new TextEncoder().encode('trace-data');
const pageEnd = new TextEncoder().encode('</html');
const perfData = new TextEncoder().encode('linuxPerfData');

function has(line: Uint8Array, wanted: Uint8Array): boolean {
  const first = wanted[0]!;
  for (let at = line.indexOf(first); at >= 0; at = line.indexOf(first, at + 1)) {
    let k = 1;
    while (k < wanted.length && line[at + k] === wanted[k]) k++;
    if (k === wanted.length) return true;
  }
  return false;
}

/**
 * Behind the first `<script class="trace-data">` of a line, -1 when there is none. Tag by tag: one pattern for it all would take
 * the square of a line of unclosed tags.
 */
function behindTag(text: string): number {
  openTag.lastIndex = 0;
  for (let tag = openTag.exec(text); tag !== null; tag = openTag.exec(text)) {
    const end = text.indexOf('>', tag.index);
    if (end < 0) return -1;
    if (traceClass.test(text.slice(tag.index, end))) return end + 1;
    openTag.lastIndex = end;
  }
  return -1;
}

/** Where `</script` stands, -1 when it does not. */
function indexOfTag(line: Uint8Array): number {
  for (let at = line.indexOf(60); at >= 0; at = line.indexOf(60, at + 1)) {
    if (line[at + 1] !== 47) continue;
    const name = String.fromCharCode(...line.subarray(at + 2, at + 8));
    if (name.toLowerCase() === 'script') return at;
  }
  return -1;
}

function isBlank(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte !== 32 && byte !== 9 && byte !== 10 && byte !== 13) return false;
  return true;
}

/** The end without `\n` and `\r\n`. */
function trimmedEnd(line: Uint8Array): number {
  let end = line.length;
  if (end > 0 && line[end - 1] === 10) end--;
  if (end > 0 && line[end - 1] === 13) end--;
  return end;
}
