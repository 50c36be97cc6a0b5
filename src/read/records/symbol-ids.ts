/** Interned texts of kernel addresses: an address is looked up once, then known by its number. */
import type { StringTable } from '../../base/strings.ts';
import type { Symbols } from './symbols.ts';

/** Addresses remembered; a trace's events come from some thousand places, hostile ones from anywhere. */
const mostKnown = 1 << 16;

/** Addresses that are known without looking them up. */
const slots = 1024;

export class SymbolIds {
  readonly #strings: StringTable;
  readonly #symbols: Symbols | undefined;
  readonly #describe: (symbols: Symbols, hi: number, lo: number) => string;
  readonly #prefix: string;
  /** By the upper half, then by the lower: nearly all addresses of a kernel share the upper one. */
  readonly #known = new Map<number, Map<number, number>>();
  #count = 0;
  /** The last address of each slot and its id (-1 for none): two look-ups in tables of hashes take ten times as long. */
  readonly #lastHi = new Uint32Array(slots);
  readonly #lastLo = new Uint32Array(slots);
  readonly #lastId = new Int32Array(slots).fill(-1);

  /**
   * @param form `name` as `%ps`, `place` (`name+0x1c/0x40`) as `%pS`
   * @param prefix before the hex digits of an address that is in no symbol
   */
  constructor(strings: StringTable, symbols: Symbols | undefined, form: 'name' | 'place', prefix: '0x' | '') {
    this.#strings = strings;
    this.#symbols = symbols;
    this.#describe = form === 'name' ? (one, hi, lo) => one.name(hi, lo) : (one, hi, lo) => one.find(hi, lo);
    this.#prefix = prefix;
  }

  /** Id of the text of an address. */
  id(hi: number, lo: number): number {
    const slot = (lo >>> 2) & (slots - 1);
    const last = this.#lastId[slot]!;
    if (last >= 0 && this.#lastHi[slot] === hi && this.#lastLo[slot] === lo) return last;
    const id = this.#find(hi, lo);
    this.#lastHi[slot] = hi;
    this.#lastLo[slot] = lo;
    this.#lastId[slot] = id;
    return id;
  }

  #find(hi: number, lo: number): number {
    let inner = this.#known.get(hi);
    const known = inner?.get(lo);
    if (known !== undefined) return known;
    const found = this.#symbols ? this.#describe(this.#symbols, hi, lo) : '';
    const digits = hi === 0 ? lo.toString(16) : hi.toString(16) + lo.toString(16).padStart(8, '0');
    const id = this.#strings.intern(found !== '' ? found : this.#prefix + digits);
    if (this.#count >= mostKnown) {
      this.#known.clear();
      this.#count = 0;
      inner = undefined;
    }
    if (!inner) {
      inner = new Map();
      this.#known.set(hi, inner);
    }
    inner.set(lo, id);
    this.#count++;
    return id;
  }
}
