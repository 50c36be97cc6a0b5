/**
 * Lines of a trace resemble those before them: the same task on the same CPU, the same event. What stands before the time
 * (default layout, context.ts), and what stands between the time and the first value, is compared four bytes at a time
 * with what was read before, and read anew only where it differs.
 *
 *     perf-166     (    166) [001] d....     3.353410: mm_lru_insertion: folio=fffffc00000081c0 pfn=0x40207 ...
 *     '------------ context -----------'               '---- opening ---'
 *
 * Equal bytes were read to the same values, so a line means the same whether it was remembered or not.
 */
import type { KnownSite, NamedKind } from '../kind-table.ts';

/** Contexts remembered: tasks times CPUs times flags that are met within a short time. A power of two. */
const slots = 1024;

/** Words kept of a context: 64 bytes; that of the kernel's own widths takes 46. */
const mostWords = 16;

/** Contexts read before, found by their bytes. Columns by slot. */
export class ContextMemory {
  readonly pid = new Int32Array(slots);
  readonly tgid = new Int32Array(slots);
  readonly cpu = new Int32Array(slots);
  readonly comm = new Int32Array(slots);
  readonly flags = new Uint8Array(slots);
  /** Bytes of a context that can be found now; 0 before the first. All lines of a capture have one width, or nearly. */
  width = 0;
  readonly #words = new Int32Array(slots * mostWords);
  readonly #widths = new Uint8Array(slots);

  /** The slot of the context at `start`, of which `width` bytes are there; -1 when it was not met lately. */
  find(view: DataView, start: number): number {
    const { width } = this;
    const slot = slotOf(view, start, width);
    if (this.#widths[slot] !== width) return -1;
    const words = this.#words;
    const last = width - 4;
    let kept = slot * mostWords;
    for (let at = 0; at < last; at += 4) if (words[kept++] !== view.getInt32(start + at, true)) return -1;
    return words[kept] === view.getInt32(start + last, true) ? slot : -1;
  }

  /** Keeps a context of `width` bytes in place of the one that its slot holds; -1 when it is of no width that is kept. */
  remember(view: DataView, start: number, width: number): number {
    if (width < 28 || width > mostWords * 4) return -1;
    this.width = width;
    const slot = slotOf(view, start, width);
    this.#widths[slot] = width;
    let kept = slot * mostWords;
    for (let at = 0; at < width - 4; at += 4) this.#words[kept++] = view.getInt32(start + at, true);
    this.#words[kept] = view.getInt32(start + width - 4, true);
    return slot;
  }
}

/** The end of the comm, the pid, CPU and flags tell contexts apart; the comparison that follows reads all bytes. */
function slotOf(view: DataView, start: number, width: number): number {
  const end = start + width;
  let hash = view.getInt32(start + 10, true);
  hash = mix(hash, view.getInt32(start + 17, true));
  hash = mix(hash, view.getInt32(end - 12, true));
  hash = mix(hash, view.getInt32(end - 8, true));
  hash = mix(hash, view.getInt32(end - 4, true));
  return (hash ^ (hash >>> 15)) & (slots - 1);
}

/** High bytes are brought down: a product alone moves bits upwards only. */
function mix(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x9e3779b1);
  return product ^ (product >>> 16);
}

/** A name with the colon behind it, and of a probe that is no event of the catalogue its parenthesis too. */
export interface Opening {
  readonly length: number;
  readonly named: NamedKind;
  readonly site: KnownSite | undefined;
  /** The bytes in words; the last one overlaps the one before it. */
  readonly words: Int32Array;
  next: Opening | undefined;
}

/** Openings remembered; one that comes when all are taken is read anew each time. */
const mostOpenings = 4096;

/** Openings behind one hash that are tried. */
const mostTries = 16;

/** Openings read before, found by their bytes. */
export class OpeningMemory {
  readonly #heads = new Array<Opening | undefined>(1024).fill(undefined);
  #count = 0;

  /** The opening at `at`, or undefined; at least eight bytes are there. */
  find(view: DataView, at: number, end: number): Opening | undefined {
    const slot = headOf(view, at);
    const first = this.#heads[slot];
    // Nearly always it is the first; a loop here would be compiled before it has met another.
    return first === undefined || isAt(first, view, at, end) ? first : this.#findBehind(first, slot, view, at, end);
  }

  /** One of those behind the first, which then becomes the first: the one met last is tried first. */
  #findBehind(first: Opening, slot: number, view: DataView, at: number, end: number): Opening | undefined {
    let before = first;
    for (let one = first.next; one !== undefined; one = one.next) {
      if (isAt(one, view, at, end)) {
        before.next = one.next;
        one.next = first;
        this.#heads[slot] = one;
        return one;
      }
      before = one;
    }
    return undefined;
  }

  remember(view: DataView, at: number, length: number, named: NamedKind, site: KnownSite | undefined): void {
    if (length < 8 || this.#count === mostOpenings) return;
    const slot = headOf(view, at);
    let tries = 0;
    for (let one = this.#heads[slot]; one !== undefined; one = one.next) {
      if (++tries === mostTries || isAt(one, view, at, at + length)) return;
    }
    const words = new Int32Array((length + 3) >> 2);
    for (let i = 0; i < words.length; i++) words[i] = view.getInt32(Math.min(at + i * 4, at + length - 4), true);
    this.#heads[slot] = { length, named, site, words, next: this.#heads[slot] };
    this.#count++;
  }
}

function headOf(view: DataView, at: number): number {
  return mix(mix(0, view.getInt32(at, true)), view.getInt32(at + 4, true)) & 1023;
}

function isAt(opening: Opening, view: DataView, at: number, end: number): boolean {
  const { words, length } = opening;
  if (at + length > end) return false;
  const last = words.length - 1;
  for (let i = 0; i < last; i++) if (words[i] !== view.getInt32(at + i * 4, true)) return false;
  return words[last] === view.getInt32(at + length - 4, true);
}

/**
 * The name of the task of the line before. Events come in runs of one task, and comparing with the name before is cheaper than
 * looking it up.
 */
export class CommMemory {
  readonly #look: (bytes: Uint8Array, start: number, end: number) => number;
  readonly #last = new Uint8Array(16);
  #length = -1;
  #id = -1;

  /** @param look the name's id, -1 for a name that stands for none */
  constructor(look: (bytes: Uint8Array, start: number, end: number) => number) {
    this.#look = look;
  }

  /** The id of `bytes[start..end)`; -1 when there is no name. */
  id(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start;
    if (length <= 0) return -1;
    const last = this.#last;
    if (length === this.#length) {
      let i = 0;
      while (i < length && bytes[start + i] === last[i]) i++;
      if (i === length) return this.#id;
    }
    this.#id = this.#look(bytes, start, end);
    this.#length = length <= last.length ? length : -1;
    for (let i = 0; i < this.#length; i++) last[i] = bytes[start + i]!;
    return this.#id;
  }
}
