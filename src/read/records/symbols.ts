/**
 * Kernel symbols by address, from the text of `/proc/kallsyms` that a capture carries:
 *
 *     ffff8000082c8bc0 T folio_add_lru
 *     ffff800001a31000 t xfs_trans_alloc	[xfs]
 */

/** Kernel function names are at most 511 characters (KSYM_NAME_LEN). */
const longestName = 512;

/** Places remembered: events come from few places. */
const cacheSize = 4096;

export class Symbols {
  /** Sorted addresses, equal ones in the order of the text. */
  readonly #hi: Uint32Array;
  readonly #lo: Uint32Array;
  /** Where each one's name (and ` [module]`) is in the text. */
  readonly #start: Uint32Array;
  readonly #end: Uint32Array;
  readonly #text: Uint8Array;
  readonly #decoder = new TextDecoder('latin1');
  readonly #cacheHi = new Uint32Array(cacheSize);
  readonly #cacheLo = new Uint32Array(cacheSize);
  readonly #cache: (string | undefined)[] = new Array(cacheSize);
  /** Index of the symbol found last, its offset and size, for `find` and `name`. */
  #offset = 0;
  #size = 0;

  constructor(text: Uint8Array, hi: Uint32Array, lo: Uint32Array, start: Uint32Array, end: Uint32Array) {
    this.#text = text;
    this.#hi = hi;
    this.#lo = lo;
    this.#start = start;
    this.#end = end;
  }

  /** How many symbols there are. */
  get count(): number {
    return this.#hi.length;
  }

  /** `name+0x1c/0x40`, as `%pS` prints it (a module's with ` [module]` behind); '' when the address is in none. */
  find(hi: number, lo: number): string {
    const slot = (lo >>> 2) & (cacheSize - 1);
    const known = this.#cache[slot];
    if (known !== undefined && this.#cacheHi[slot] === hi >>> 0 && this.#cacheLo[slot] === lo >>> 0) return known;
    const text = this.#describe(hi >>> 0, lo >>> 0);
    this.#cacheHi[slot] = hi;
    this.#cacheLo[slot] = lo;
    this.#cache[slot] = text;
    return text;
  }

  /** The name alone, as `%ps` prints it (a module's with ` [module]` behind); '' when the address is in none. */
  name(hi: number, lo: number): string {
    const index = this.#search(hi >>> 0, lo >>> 0);
    return index < 0 ? '' : this.#label(index, '');
  }

  #describe(hi: number, lo: number): string {
    const index = this.#search(hi, lo);
    if (index < 0) return '';
    return this.#label(index, `+0x${this.#offset.toString(16)}/0x${this.#size.toString(16)}`);
  }

  #label(index: number, place: string): string {
    const written = this.#decoder.decode(this.#text.subarray(this.#start[index]!, this.#end[index]!));
    const gap = written.search(/[ \t]/);
    if (gap < 0) return written + place;
    return `${written.slice(0, gap)}${place} ${written.slice(gap).trim()}`;
  }

  /** Last of the symbols at or before the address; -1 before the first, behind the last, or far behind it. */
  #search(hi: number, lo: number): number {
    let low = 0;
    let high = this.#hi.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#hi[middle]! < hi || (this.#hi[middle] === hi && this.#lo[middle]! <= lo)) low = middle + 1;
      else high = middle;
    }
    if (low === 0 || low === this.#hi.length) return -1;
    // Of several names of one address the kernel prints the first (kernel/kallsyms.c get_symbol_pos(), 6.12).
    let index = low - 1;
    while (index > 0 && this.#hi[index - 1] === this.#hi[index] && this.#lo[index - 1] === this.#lo[index]) index--;
    this.#offset = (hi - this.#hi[index]!) * 2 ** 32 + (lo - this.#lo[index]!);
    this.#size = (this.#hi[low]! - this.#hi[index]!) * 2 ** 32 + (this.#lo[low]! - this.#lo[index]!);
    return this.#size > largestSymbol ? -1 : index;
  }
}

/** Behind the last function of a region (kernel text, a module) the next symbol is far away: that gap is in no symbol. */
const largestSymbol = 2 ** 28;

/**
 * Reads the text of `/proc/kallsyms`. Lines that are none are passed over; addresses that the kernel hid (all zero) give
 * no symbols. Mapping symbols (`$x`, `$d`: kernel/module/kallsyms.c is_mapping_symbol()) name nothing.
 */
export function parseKallsyms(text: Uint8Array): Symbols {
  let lines = 1;
  for (let i = 0; i < text.length; i++) if (text[i] === 10) lines++;
  const hi = new Uint32Array(lines);
  const lo = new Uint32Array(lines);
  const start = new Uint32Array(lines);
  const end = new Uint32Array(lines);
  let count = 0;
  let isSorted = true;
  for (let at = 0; at < text.length; ) {
    let stop = at;
    let high = 0;
    let low = 0;
    for (; stop < text.length && stop - at < 16; stop++) {
      const digit = hexDigit(text[stop]!);
      if (digit < 0) break;
      high = (high << 4) | (low >>> 28);
      low = (low << 4) | digit;
    }
    let next = text.indexOf(10, stop);
    if (next < 0) next = text.length;
    // `address type name`: one character of type between spaces.
    const isLine = stop > at && text[stop] === 32 && text[stop + 2] === 32;
    const name = stop + 3;
    let last = next;
    while (last > name && text[last - 1]! <= 32) last--;
    if (isLine && last > name && last - name <= longestName && text[name] !== 36 && (high !== 0 || low !== 0)) {
      high >>>= 0;
      low >>>= 0;
      if (count > 0 && (hi[count - 1]! > high || (hi[count - 1] === high && lo[count - 1]! > low))) isSorted = false;
      hi[count] = high;
      lo[count] = low;
      start[count] = name;
      end[count] = last;
      count++;
    }
    at = next + 1;
  }
  if (isSorted) {
    return new Symbols(text, hi.slice(0, count), lo.slice(0, count), start.slice(0, count), end.slice(0, count));
  }
  // Modules come behind the kernel in the text but often lie before it.
  const order = new Uint32Array(count).map((_, i) => i);
  order.sort((a, b) => hi[a]! - hi[b]! || lo[a]! - lo[b]! || a - b);
  const pick = (values: Uint32Array) => order.map((index) => values[index]!);
  return new Symbols(text, pick(hi), pick(lo), pick(start), pick(end));
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
