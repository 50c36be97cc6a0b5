/** The attributes of a file, and which of them a record belongs to: found by the id that the kernel gave to each of them. */
import type { Attr } from './attr.ts';

/** Most attributes that are taken: the queue of records holds their numbers in 16 bits. */
const mostAttrs = 0xfff0;

/** Ids are counted up from 1 by the kernel (atomic64 in perf_event_open()), so nearly all of them are small. */
const smallIds = 1 << 16;

export class Attrs {
  readonly list: Attr[] = [];
  /** Their clocks; undefined stands for perf's own. */
  readonly clocks = new Set<number | undefined>();
  /** Some of them have times. */
  isTimed = false;
  readonly #small = new Uint16Array(smallIds);
  readonly #large = new Map<bigint, number>();

  /** Takes one with its ids; false when there are too many. */
  add(attr: Attr): boolean {
    if (this.list.length === mostAttrs) return false;
    this.list.push(attr);
    if (this.clocks.size < 8) this.clocks.add(attr.clockId);
    this.isTimed ||= attr.time >= 0;
    return true;
  }

  /** Says that an id is that of an attribute of the list, given by its number. */
  addId(hi: number, lo: number, index: number): void {
    if (hi === 0 && lo < smallIds) this.#small[lo] = index + 1;
    else this.#large.set((BigInt(hi) << 32n) | BigInt(lo), index);
  }

  /** The number of the attribute of an id; -1 when no attribute has it. */
  find(hi: number, lo: number): number {
    if (hi === 0 && lo < smallIds) return this.#small[lo]! - 1;
    return this.#large.get((BigInt(hi) << 32n) | BigInt(lo)) ?? -1;
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
