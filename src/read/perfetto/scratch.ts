/** The named values of one event before its kind is known, from each of the three ways in which they come. */
import { maxFields } from '../../events/values.ts';
import type { Wire } from './wire.ts';

/** What a value is: numbers with and without sign, text, bytes. */
export const sorts = { signed: 0, unsigned: 1, text: 2, bytes: 3 } as const;

export class Scratch {
  count = 0;
  /** Values beyond those that an event may have: a kernel's have about twenty. */
  more = 0;
  /** The bytes that each name is in, and where. */
  readonly nameBytes: Uint8Array[] = [];
  readonly nameStart = new Float64Array(maxFields);
  readonly nameEnd = new Float64Array(maxFields);
  readonly sort = new Uint8Array(maxFields);
  readonly hi = new Uint32Array(maxFields);
  readonly lo = new Uint32Array(maxFields);
  readonly start = new Float64Array(maxFields);
  readonly end = new Float64Array(maxFields);

  clear(): void {
    this.count = 0;
    this.more = 0;
  }

  /** Adds a value: that of a wire's field, as `sort`. */
  add(name: Uint8Array, nameStart: number, nameEnd: number, sort: number, wire: Wire): void {
    const i = this.count;
    if (i === maxFields) {
      this.more++;
      return;
    }
    this.nameBytes[i] = name;
    this.nameStart[i] = nameStart;
    this.nameEnd[i] = nameEnd;
    this.sort[i] = sort;
    this.hi[i] = wire.hi;
    this.lo[i] = wire.lo;
    this.start[i] = wire.start;
    this.end[i] = wire.stop;
    this.count = i + 1;
  }

  name(i: number): string {
    return decoder.decode(this.nameBytes[i]!.subarray(this.nameStart[i]!, this.nameEnd[i]!));
  }

  /** `name=value name=value`: for events that can have no columns. `bytes` is what the texts are in. */
  text(bytes: Uint8Array): string {
    const parts: string[] = [];
    for (let i = 0; i < this.count; i++) {
      const sort = this.sort[i]!;
      const wide = (BigInt(this.hi[i]!) << 32n) | BigInt(this.lo[i]!);
      const value =
        sort === sorts.signed
          ? BigInt.asIntN(64, wide)
          : sort === sorts.unsigned
            ? wide
            : decoder.decode(bytes.subarray(this.start[i]!, this.end[i]!));
      parts.push(`${this.name(i)}=${value}`);
    }
    if (this.more > 0) parts.push(`(and ${this.more} more)`);
    return parts.join(' ');
  }
}

const decoder = new TextDecoder();
