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

/** Sorted addresses, each once, and where each one's name (and ` [module]`) is in the text. */
interface SymbolList {
  readonly hi: Uint32Array;
  readonly lo: Uint32Array;
  readonly start: Uint32Array;
  readonly end: Uint32Array;
}

/** The text is read when the first address is asked for: captures without probes and markers never do. */
export class Symbols {
  readonly #text: Uint8Array;
  #read: SymbolList | undefined;
  readonly #decoder = new TextDecoder('latin1');
  readonly #cacheHi = new Uint32Array(cacheSize);
  readonly #cacheLo = new Uint32Array(cacheSize);
  readonly #cache: (string | undefined)[] = new Array(cacheSize);
  /** Offset in the symbol found last, and its size. */
  #offset = 0;
  #size = 0;

  constructor(text: Uint8Array) {
    this.#text = text;
  }

  get #list(): SymbolList {
    this.#read ??= readList(this.#text);
    return this.#read;
  }

  /** How many symbols there are. */
  get count(): number {
    return this.#list.hi.length;
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
    const { start, end } = this.#list;
    const written = this.#decoder.decode(this.#text.subarray(start[index]!, end[index]!));
    const gap = written.search(/[ \t]/);
    if (gap < 0) return written + place;
    return `${written.slice(0, gap)}${place} ${written.slice(gap).trim()}`;
  }

  /** Last of the symbols at or before the address; -1 before the first, behind the last, or far behind it. */
  #search(hi: number, lo: number): number {
    const list = this.#list;
    let low = 0;
    let high = list.hi.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (list.hi[middle]! < hi || (list.hi[middle] === hi && list.lo[middle]! <= lo)) low = middle + 1;
      else high = middle;
    }
    if (low === 0 || low === list.hi.length) return -1;
    const index = low - 1;
    this.#offset = (hi - list.hi[index]!) * 2 ** 32 + (lo - list.lo[index]!);
    this.#size = (list.hi[low]! - list.hi[index]!) * 2 ** 32 + (list.lo[low]! - list.lo[index]!);
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
  return new Symbols(text);
}

function readList(text: Uint8Array): SymbolList {
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
  const order = new Uint32Array(count).map((_, i) => i);
  // Modules come behind the kernel in the text but often lie before it.
  if (!isSorted) order.sort((a, b) => hi[a]! - hi[b]! || lo[a]! - lo[b]! || a - b);
  // Of several names of one address the kernel prints the first (kernel/kallsyms.c get_symbol_pos(), 6.12).
  const firsts = order.filter((index, i) => {
    const before = order[i - 1];
    return before === undefined || hi[before] !== hi[index] || lo[before] !== lo[index];
  });
  const pick = (values: Uint32Array): Uint32Array => firsts.map((index) => values[index]!);
  return { hi: pick(hi), lo: pick(lo), start: pick(start), end: pick(end) };
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
