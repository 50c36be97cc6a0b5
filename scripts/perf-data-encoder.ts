/**
 * An encoder of perf.data that shares no code with the reader: it makes the samples of `traces/synthetic/perf-*` and of tests. It was written from the headers of the kernel
 * (include/uapi/linux/perf_event.h) and of perf (tools/lib/perf/include/perf/event.h), in their words.
 */

/** Bytes being written, in either order. */
export class Out {
  #bytes: number[] = [];
  readonly isLittle: boolean;

  constructor(isLittle: boolean) {
    this.isLittle = isLittle;
  }

  get length(): number {
    return this.#bytes.length;
  }

  number(value: bigint | number, size: number): this {
    const bits = BigInt.asUintN(size * 8, BigInt(value));
    for (let i = 0; i < size; i++) {
      const byte = this.isLittle ? i : size - 1 - i;
      this.#bytes.push(Number((bits >> BigInt(byte * 8)) & 0xffn));
    }
    return this;
  }

  u16(value: number): this {
    return this.number(value, 2);
  }

  u32(value: number): this {
    return this.number(value, 4);
  }

  u64(value: bigint | number): this {
    return this.number(value, 8);
  }

  raw(bytes: Iterable<number>): this {
    for (const byte of bytes) this.#bytes.push(byte);
    return this;
  }

  text(value: string, size: number): this {
    const bytes = new TextEncoder().encode(value);
    for (let i = 0; i < size; i++) this.#bytes.push(bytes[i] ?? 0);
    return this;
  }

  /** Length, then bytes, padded as perf does. */
  string(value: string): this {
    const size = Math.ceil((new TextEncoder().encode(value).length + 1) / 64) * 64;
    return this.u32(size).text(value, size);
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

/** PERF_SAMPLE_*. */
export const PERF_SAMPLE = {
  IP: 0x1,
  TID: 0x2,
  TIME: 0x4,
  ADDR: 0x8,
  READ: 0x10,
  CALLCHAIN: 0x20,
  ID: 0x40,
  CPU: 0x80,
  PERIOD: 0x100,
  STREAM_ID: 0x200,
  RAW: 0x400,
  BRANCH_STACK: 0x800,
  REGS_USER: 0x1000,
  STACK_USER: 0x2000,
  WEIGHT: 0x4000,
  DATA_SRC: 0x8000,
  IDENTIFIER: 0x10000,
  TRANSACTION: 0x20000,
  REGS_INTR: 0x40000,
  PHYS_ADDR: 0x80000,
  AUX: 0x100000,
  CGROUP: 0x200000,
  DATA_PAGE_SIZE: 0x400000,
  CODE_PAGE_SIZE: 0x800000,
  WEIGHT_STRUCT: 0x1000000,
} as const;

/** What tracepoint recordings have by default. */
export const usualSample = 0x10587;

export interface TestAttr {
  readonly name: string;
  readonly type: number;
  readonly config: number;
  readonly ids: readonly number[];
  readonly sampleType?: bigint | number;
  readonly readFormat?: number;
  readonly sampleIdAll?: boolean;
  readonly clockid?: number;
  readonly regsUser?: number;
  readonly regsIntr?: number;
  readonly branchType?: number;
  /** Bytes of the attribute; 128 without it. */
  readonly size?: number;
}

/** What stands in a sample or behind another record. */
export interface TestContext {
  readonly attr: TestAttr;
  readonly id: number;
  readonly pid: number;
  readonly tid: number;
  readonly time: bigint;
  readonly cpu: number;
}

export function encodeAttr(attr: TestAttr, isLittle: boolean): Uint8Array {
  const size = attr.size ?? 128;
  // The bit fields: disabled, inherit, ..., sample_id_all 18th, use_clockid 25th from the end that comes first in memory.
  const bits = (attr.sampleIdAll === false ? [] : [18]).concat(attr.clockid === undefined ? [] : [25]);
  const flags = bits.reduce((sum, bit) => sum | (1n << BigInt(isLittle ? bit : 63 - bit)), 0n);
  const out = new Out(isLittle)
    .u32(attr.type)
    .u32(size)
    .u64(attr.config)
    .u64(1)
    .u64(attr.sampleType ?? usualSample);
  out
    .u64(attr.readFormat ?? 0)
    .u64(flags)
    .u32(0)
    .u32(0)
    .u64(0)
    .u64(0)
    .u64(attr.branchType ?? 0);
  out
    .u64(attr.regsUser ?? 0)
    .u32(0)
    .u32(attr.clockid ?? 0)
    .u64(attr.regsIntr ?? 0);
  while (out.length < size) out.u32(0);
  return out.bytes().subarray(0, size);
}

/** A record: `u32 type, u16 misc, u16 size` and what follows. */
export function record(
  isLittle: boolean,
  type: number,
  body: Uint8Array,
  misc = 0,
  size = body.length + 8,
): Uint8Array {
  return new Out(isLittle).u32(type).u16(misc).u16(size).raw(body).bytes();
}

/** Ids behind a record that is no sample (struct sample_id). */
function sampleId(out: Out, { attr, id, pid, tid, time, cpu }: TestContext): Out {
  if (attr.sampleIdAll === false) return out;
  const type = Number(BigInt(attr.sampleType ?? usualSample) & 0xffffffffn);
  if (type & PERF_SAMPLE.TID) out.u32(pid).u32(tid);
  if (type & PERF_SAMPLE.TIME) out.u64(time);
  if (type & PERF_SAMPLE.ID) out.u64(id);
  if (type & PERF_SAMPLE.STREAM_ID) out.u64(id);
  if (type & PERF_SAMPLE.CPU) out.u32(cpu).u32(0);
  if (type & PERF_SAMPLE.IDENTIFIER) out.u64(id);
  return out;
}

/** A record of the kernel that is no sample. */
export function kernelRecord(isLittle: boolean, type: number, body: Out, context: TestContext, misc = 0): Uint8Array {
  return record(isLittle, type, sampleId(new Out(isLittle).raw(body.bytes()), context).bytes(), misc);
}

/** A sample with every field that its attribute asks for; those of no interest have made-up values. */
export function sample(isLittle: boolean, context: TestContext, raw: Uint8Array, behind = 0): Uint8Array {
  const { attr, id, pid, tid, time, cpu } = context;
  const type = Number(BigInt(attr.sampleType ?? usualSample) & 0xffffffffn);
  const out = new Out(isLittle);
  const has = (bit: number): boolean => (type & bit) !== 0;
  if (has(PERF_SAMPLE.IDENTIFIER)) out.u64(id);
  if (has(PERF_SAMPLE.IP)) out.u64(0xffff800080123456n);
  if (has(PERF_SAMPLE.TID)) out.u32(pid).u32(tid);
  if (has(PERF_SAMPLE.TIME)) out.u64(time);
  if (has(PERF_SAMPLE.ADDR)) out.u64(0xffffb66e7000n);
  if (has(PERF_SAMPLE.ID)) out.u64(id);
  if (has(PERF_SAMPLE.STREAM_ID)) out.u64(id);
  if (has(PERF_SAMPLE.CPU)) out.u32(cpu).u32(0);
  if (has(PERF_SAMPLE.PERIOD)) out.u64(77);
  if (has(PERF_SAMPLE.READ)) readValues(out, attr.readFormat ?? 0, id);
  if (has(PERF_SAMPLE.CALLCHAIN)) out.u64(3).u64(0xffffffffffffff80n).u64(0xffff800080123456n).u64(0xffff800080000000n);
  if (has(PERF_SAMPLE.RAW)) {
    const padded = Math.ceil((raw.length + 4) / 8) * 8 - 4;
    out.u32(padded).raw(raw);
    for (let i = raw.length; i < padded; i++) out.number(0, 1);
  }
  if (has(PERF_SAMPLE.BRANCH_STACK)) {
    out.u64(2);
    if ((attr.branchType ?? 0) & (1 << 17)) out.u64(0);
    for (let i = 0; i < 6; i++) out.u64(i);
    if ((attr.branchType ?? 0) & (1 << 19)) out.u64(0).u64(0);
  }
  const registers = (mask: number): void => {
    out.u64(2);
    for (let bits = mask; bits > 0; bits &= bits - 1) out.u64(0x1234);
  };
  if (has(PERF_SAMPLE.REGS_USER)) registers(attr.regsUser ?? 0);
  if (has(PERF_SAMPLE.STACK_USER)) out.u64(16).u64(1).u64(2).u64(16);
  if (has(PERF_SAMPLE.WEIGHT) || has(PERF_SAMPLE.WEIGHT_STRUCT)) out.u64(9);
  if (has(PERF_SAMPLE.DATA_SRC)) out.u64(0);
  if (has(PERF_SAMPLE.TRANSACTION)) out.u64(0);
  if (has(PERF_SAMPLE.REGS_INTR)) registers(attr.regsIntr ?? 0);
  if (has(PERF_SAMPLE.PHYS_ADDR)) out.u64(0x81e58000);
  if (has(PERF_SAMPLE.CGROUP)) out.u64(1);
  if (has(PERF_SAMPLE.DATA_PAGE_SIZE)) out.u64(4096);
  if (has(PERF_SAMPLE.CODE_PAGE_SIZE)) out.u64(4096);
  if (has(PERF_SAMPLE.AUX)) out.u64(8).u64(0);
  for (let i = 0; i < behind; i += 8) out.u64(0xabcdef);
  return record(isLittle, 9, out.bytes());
}

/** struct read_format: PERF_FORMAT_TOTAL_TIME_ENABLED 1, RUNNING 2, ID 4, GROUP 8, LOST 16. */
function readValues(out: Out, format: number, id: number): void {
  const one = (): void => {
    out.u64(5);
    if (!(format & 8)) {
      if (format & 1) out.u64(100);
      if (format & 2) out.u64(100);
    }
    if (format & 4) out.u64(id);
    if (format & 16) out.u64(0);
  };
  if (!(format & 8)) {
    one();
    return;
  }
  out.u64(2);
  if (format & 1) out.u64(100);
  if (format & 2) out.u64(100);
  one();
  one();
}

export const comm = (isLittle: boolean, name: string, context: TestContext): Uint8Array =>
  kernelRecord(
    isLittle,
    3,
    new Out(isLittle)
      .u32(context.pid)
      .u32(context.tid)
      .text(name, Math.ceil((name.length + 1) / 8) * 8),
    context,
  );

/** The new thread is the context's; its parent is told here. */
export const fork = (isLittle: boolean, ppid: number, ptid: number, context: TestContext): Uint8Array =>
  kernelRecord(
    isLittle,
    7,
    new Out(isLittle).u32(context.pid).u32(ppid).u32(context.tid).u32(ptid).u64(context.time),
    context,
  );

export const lost = (isLittle: boolean, count: number, context: TestContext): Uint8Array =>
  kernelRecord(isLittle, 2, new Out(isLittle).u64(context.id).u64(count), context);

export const lostSamples = (isLittle: boolean, count: number, context: TestContext, misc = 0): Uint8Array =>
  kernelRecord(isLittle, 13, new Out(isLittle).u64(count), context, misc);

export const throttle = (isLittle: boolean, context: TestContext): Uint8Array =>
  kernelRecord(isLittle, 5, new Out(isLittle).u64(context.time).u64(context.id).u64(context.id), context);

export const round = (isLittle: boolean): Uint8Array => record(isLittle, 68, new Uint8Array(0));
