/**
 * Where the tracepoint's record is in a sample, and whether the sample is as long as its fields say: the walk over its fields
 * of variable size (kernel/events/core.c perf_output_sample(), tools/perf/util/evsel.c evsel__parse_sample()).
 */
import { type Attr, readBits, sampleBits } from './attr.ts';

/** Bits of `branch_sample_type` that put something beside the entries (enum perf_branch_sample_type). */
const branchBits = { hardwareIndex: 1 << 17, counters: 1 << 19 } as const;

/** Bytes of one entry of a branch stack. */
const branchEntry = 24;

/** One object is used for every sample. */
export class SampleWalk {
  /** The tracepoint's record; `rawStart` -1 when there is none. */
  rawStart = -1;
  rawEnd = -1;
  /** Addresses in its call chain. */
  chain = 0;
  readonly #isLittle: boolean;
  #view: DataView = new DataView(new ArrayBuffer(0));
  #next = 0;
  #end = 0;
  #fits = true;

  constructor(isLittle: boolean) {
    this.#isLittle = isLittle;
  }

  /** Goes through the sample `[at, at + size)`; false when its fields do not fit in it, or end before it. */
  walk(attr: Attr, view: DataView, at: number, size: number): boolean {
    this.rawStart = -1;
    this.chain = 0;
    const start = at + attr.rest;
    const end = at + size;
    if (start > end) return false;
    if (attr.isPlain) {
      // Nearly all samples of tracepoints.
      if (start + 4 > end) return false;
      const length = view.getUint32(start, this.#isLittle);
      this.rawStart = start + 4;
      this.rawEnd = this.rawStart + length;
      return this.rawEnd === end || (this.rawEnd < end && attr.isNewer);
    }
    this.#view = view;
    this.#next = start;
    this.#end = end;
    this.#fits = true;
    this.#fields(attr);
    return this.#fits && (this.#next === end || attr.isNewer);
  }

  #fields(attr: Attr): void {
    const { sampleType } = attr;
    if (sampleType & sampleBits.read) this.#read(attr.readFormat);
    if (sampleType & sampleBits.callchain) {
      this.chain = this.#count();
      this.#skip(this.chain * 8);
    }
    if (sampleType & sampleBits.raw) {
      const length = this.#u32();
      this.rawStart = this.#next;
      this.#skip(length);
      this.rawEnd = this.#next;
    }
    if (sampleType & sampleBits.branchStack) this.#branches(attr.branchType);
    if (sampleType & sampleBits.regsUser) this.#registers(attr.userRegisters);
    if (sampleType & sampleBits.stackUser) {
      const length = this.#count();
      this.#skip(length);
      // How much of it was used stands behind it, where there is any.
      if (length > 0) this.#skip(8);
    }
    if (sampleType & (sampleBits.weight | sampleBits.weightStruct)) this.#skip(8);
    if (sampleType & sampleBits.dataSource) this.#skip(8);
    if (sampleType & sampleBits.transaction) this.#skip(8);
    if (sampleType & sampleBits.regsInterrupt) this.#registers(attr.interruptRegisters);
    if (sampleType & sampleBits.physicalAddress) this.#skip(8);
    if (sampleType & sampleBits.cgroup) this.#skip(8);
    if (sampleType & sampleBits.dataPageSize) this.#skip(8);
    if (sampleType & sampleBits.codePageSize) this.#skip(8);
    if (sampleType & sampleBits.aux) this.#skip(this.#count());
  }

  /** Values of the counters: one with what was asked beside it, or those of a whole group. */
  #read(format: number): void {
    const beside = (format & readBits.id ? 8 : 0) + (format & readBits.lost ? 8 : 0);
    const times = (format & readBits.enabled ? 8 : 0) + (format & readBits.running ? 8 : 0);
    if (format & readBits.group) {
      const count = this.#count();
      this.#skip(times + count * (8 + beside));
    } else this.#skip(8 + times + beside);
  }

  #branches(branchType: number): void {
    const count = this.#count();
    if (branchType & branchBits.hardwareIndex) this.#skip(8);
    this.#skip(count * branchEntry);
    if (branchType & branchBits.counters) this.#skip(count * 8);
  }

  /** The kind of the machine's registers, then those asked for; none for a task without any (a kernel thread). */
  #registers(count: number): void {
    if (this.#count() !== 0) this.#skip(count * 8);
  }

  #skip(bytes: number): void {
    this.#next += bytes;
    if (this.#next > this.#end) {
      this.#fits = false;
      this.#next = this.#end;
    }
  }

  #u32(): number {
    const at = this.#next;
    this.#skip(4);
    return this.#fits ? this.#view.getUint32(at, this.#isLittle) : 0;
  }

  /** A count of 64 bits; one beyond 32 bits fits in no record. */
  #count(): number {
    const at = this.#next;
    this.#skip(8);
    if (!this.#fits) return 0;
    const a = this.#view.getUint32(at, this.#isLittle);
    const b = this.#view.getUint32(at + 4, this.#isLittle);
    if ((this.#isLittle ? b : a) !== 0) this.#fits = false;
    return this.#fits ? (this.#isLittle ? a : b) : 0;
  }
}
