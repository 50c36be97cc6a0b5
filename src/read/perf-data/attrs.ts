/** The attributes of a file, and which of them a record belongs to: found by the id that the kernel gave to each of them. */
import type { Attr } from './attr.ts';

/** Most attributes that are taken: the queue of records holds their numbers in 16 bits. */
const mostAttrs = 0xfff0;

/** Places that are looked at for one id. */
const mostTries = 64;

/** Most ids that are kept beside the table. */
const mostCrowded = 65536;

export class Attrs {
  readonly list: Attr[] = [];
  /** Their clocks; undefined stands for perf's own. */
  readonly clocks = new Set<number | undefined>();
  /** Some of them have times. */
  isTimed = false;
  // Ids in open addressing, at most half full: an attribute has one for each CPU, and a search is made for every record.
  #ids = 0;
  #hi = new Uint32Array(256);
  #lo = new Uint32Array(256);
  #indexes = new Int32Array(256).fill(-1);
  /** Ids that find too many others where they belong: nobody's but a hostile file's. */
  readonly #crowded = new Map<bigint, number>();

  /** Takes one; false when there are too many. */
  add(attr: Attr): boolean {
    if (this.list.length === mostAttrs) return false;
    this.list.push(attr);
    if (this.clocks.size < 8) this.clocks.add(attr.clockId);
    this.isTimed ||= attr.time >= 0;
    return true;
  }

  /** Says that an id is that of an attribute of the list, given by its number. Of two that say so, the later one holds. */
  addId(hi: number, lo: number, index: number): void {
    if (this.#ids * 2 >= this.#indexes.length) this.#grow();
    const slot = this.#slotOf(hi, lo);
    if (slot < 0) {
      if (this.#crowded.size < mostCrowded) this.#crowded.set((BigInt(hi) << 32n) | BigInt(lo), index);
      return;
    }
    if (this.#indexes[slot]! < 0) this.#ids++;
    this.#hi[slot] = hi;
    this.#lo[slot] = lo;
    this.#indexes[slot] = index;
  }

  /** The number of the attribute of an id; -1 when no attribute has it. */
  find(hi: number, lo: number): number {
    const slot = this.#slotOf(hi, lo);
    const index = slot < 0 ? -1 : this.#indexes[slot]!;
    if (index >= 0 || this.#crowded.size === 0) return index;
    return this.#crowded.get((BigInt(hi) << 32n) | BigInt(lo)) ?? -1;
  }

  /** Where an id is, or would be; -1 when too many others are there. The kernel counts ids up, so neighbours do not meet. */
  #slotOf(hi: number, lo: number): number {
    const indexes = this.#indexes;
    const mask = indexes.length - 1;
    let slot = (lo ^ hi ^ (lo >>> 16)) & mask;
    for (let tries = 0; tries < mostTries; tries++) {
      if (indexes[slot]! < 0 || (this.#lo[slot] === lo && this.#hi[slot] === hi)) return slot;
      slot = (slot + 1) & mask;
    }
    return -1;
  }

  #grow(): void {
    const { length } = this.#indexes;
    const [hi, lo, indexes] = [this.#hi, this.#lo, this.#indexes];
    this.#hi = new Uint32Array(length * 2);
    this.#lo = new Uint32Array(length * 2);
    this.#indexes = new Int32Array(length * 2).fill(-1);
    this.#ids = 0;
    for (let slot = 0; slot < length; slot++) {
      if (indexes[slot]! >= 0) this.addId(hi[slot]!, lo[slot]!, indexes[slot]!);
    }
  }

  /**
   * The number of the attribute of a sample at `at`: -1 when it has an id that no attribute has, -2 when there are several
   * attributes and samples do not say which is theirs. That they say it at the same place is what perf wants of them, too
   * (tools/perf/util/evlist.c evlist__valid_sample_type()).
   */
  ofSample(view: DataView, at: number, size: number, isLittle: boolean): number {
    const first = this.list[0];
    if (first === undefined) return -1;
    if (this.list.length === 1) return 0;
    const place = first.idPlace;
    if (place < 0) return -2;
    if (place + 8 > size) return -1;
    const a = view.getUint32(at + place, isLittle);
    const b = view.getUint32(at + place + 4, isLittle);
    return isLittle ? this.find(b, a) : this.find(a, b);
  }

  /**
   * The attribute of a record that is no sample. Those that perf itself made up have the id 0 and are like the first's
   * (tools/perf/util/evlist.c evlist__event2evsel()).
   */
  ofOther(view: DataView, at: number, size: number, isLittle: boolean): Attr | undefined {
    const first = this.list[0];
    if (first === undefined || this.list.length === 1 || !first.hasTrailer) return first;
    const place = first.trailerIdPlace;
    if (place < 0 || place + 8 > size) return first;
    const a = view.getUint32(at + size - place, isLittle);
    const b = view.getUint32(at + size - place + 4, isLittle);
    if ((a | b) === 0) return first;
    return this.list[isLittle ? this.find(b, a) : this.find(a, b)];
  }
}
