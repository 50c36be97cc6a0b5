/**
 * What perf calls an attribute: one event that was opened, and what the kernel writes into each of its records
 * (include/uapi/linux/perf_event.h struct perf_event_attr). The offsets are those of the first published version and have
 * only been added to, so an attribute of any kernel is read as far as it goes.
 *
 *       0 u32 type      4 u32 size     8 u64 config    16 u64 sample_period   24 u64 sample_type   32 u64 read_format
 *      40 u64 flags    48 u32 wakeup  52 u32 bp_type   56 u64 config1         64 u64 config2
 *      72 u64 branch_sample_type      80 u64 sample_regs_user                 88 u32 sample_stack_user
 *      92 s32 clockid  96 u64 sample_regs_intr         104 ...
 */

/** Bits of `sample_type`: enum perf_event_sample_format. */
export const sampleBits = {
  ip: 1 << 0,
  tid: 1 << 1,
  time: 1 << 2,
  addr: 1 << 3,
  read: 1 << 4,
  callchain: 1 << 5,
  id: 1 << 6,
  cpu: 1 << 7,
  period: 1 << 8,
  streamId: 1 << 9,
  raw: 1 << 10,
  branchStack: 1 << 11,
  regsUser: 1 << 12,
  stackUser: 1 << 13,
  weight: 1 << 14,
  dataSource: 1 << 15,
  identifier: 1 << 16,
  transaction: 1 << 17,
  regsInterrupt: 1 << 18,
  physicalAddress: 1 << 19,
  aux: 1 << 20,
  cgroup: 1 << 21,
  dataPageSize: 1 << 22,
  codePageSize: 1 << 23,
  weightStruct: 1 << 24,
} as const;

/** The first bit that is not known here: what it adds to a sample stands behind all that is. */
const firstUnknownBit = 25;

/** Fields of eight bytes that come before all others, wherever their bits are. */
const fixedBits =
  sampleBits.identifier |
  sampleBits.ip |
  sampleBits.tid |
  sampleBits.time |
  sampleBits.addr |
  sampleBits.id |
  sampleBits.streamId |
  sampleBits.cpu |
  sampleBits.period;

/** Bits of `read_format`: enum perf_event_read_format. */
export const readBits = { enabled: 1, running: 2, id: 4, group: 8, lost: 16 } as const;

/** `perf_event_attr.type`: enum perf_type_id. Numbers from 6 on are given to PMUs as they register. */
export const attrTypes = { hardware: 0, software: 1, tracepoint: 2, cache: 3, raw: 4, breakpoint: 5 } as const;

/** Numbers of the flags' bits, in the order of their declaration. */
const flagNumbers = { sampleIdAll: 18, useClockId: 25 } as const;

/** Shortest attribute ever written (PERF_ATTR_SIZE_VER0). */
export const shortestAttr = 64;

/** One event that was opened. Places in a sample are bytes from the record's beginning, -1 where it has no such field. */
export interface Attr {
  readonly type: number;
  readonly configHi: number;
  readonly configLo: number;
  readonly sampleType: number;
  /** There are bits of `sample_type` that are not known here: a sample may end behind all that is known. */
  readonly isNewer: boolean;
  readonly readFormat: number;
  readonly branchType: number;
  /** Registers in a sample. */
  readonly userRegisters: number;
  readonly interruptRegisters: number;
  /** Records that are no samples end with ids, too. */
  readonly hasTrailer: boolean;
  /** The clock of its times, as clock_gettime() numbers them; undefined: perf's own. */
  readonly clockId: number | undefined;
  readonly ip: number;
  readonly tid: number;
  readonly time: number;
  readonly addr: number;
  readonly cpu: number;
  readonly period: number;
  /** Where the fields of variable size begin. */
  readonly rest: number;
  /** Nothing of variable size but the tracepoint's record, which is the last. */
  readonly isPlain: boolean;
  /** Of records that are no samples: bytes from the record's end, 0 where there is no such field. */
  readonly trailer: { readonly size: number; readonly time: number; readonly cpu: number };
  /** Where a sample, and where another record (from its end), holds the id of its event; -1 = nowhere. */
  readonly idPlace: number;
  readonly trailerIdPlace: number;
  /** `migrate:mm_migrate_pages`, as the recording named it. */
  name: string;
}

/** Reads an attribute of `size` bytes at `at`; undefined when it is shorter than any. */
export function parseAttr(view: DataView, at: number, size: number, isLittle: boolean): Attr | undefined {
  const said = size < shortestAttr ? 0 : view.getUint32(at + 4, isLittle);
  // An attribute that says no size is of the first version (perf_copy_attr()). What follows a smaller one is not its.
  const length = Math.min(size, said === 0 ? shortestAttr : said);
  if (length < shortestAttr) return undefined;
  const u32 = (offset: number): number => (offset + 4 <= length ? view.getUint32(at + offset, isLittle) : 0);
  const high = (offset: number): number => u32(isLittle ? offset + 4 : offset);
  const low = (offset: number): number => u32(isLittle ? offset : offset + 4);
  // Bit fields are laid from the end of the word that comes first in memory: the lowest bit here, the highest there.
  const flag = (bit: number): boolean => {
    const place = isLittle ? bit : 63 - bit;
    return (((place < 32 ? low(40) : high(40)) >>> (place & 31)) & 1) === 1;
  };
  const sampleType = low(24);
  return {
    type: u32(0),
    configHi: high(8),
    configLo: low(8),
    sampleType,
    isNewer: high(24) !== 0 || sampleType >>> firstUnknownBit !== 0,
    readFormat: low(32),
    branchType: low(72),
    userRegisters: bitCount(high(80)) + bitCount(low(80)),
    interruptRegisters: bitCount(high(96)) + bitCount(low(96)),
    hasTrailer: flag(flagNumbers.sampleIdAll),
    clockId: flag(flagNumbers.useClockId) ? u32(92) | 0 : undefined,
    ...placesIn(sampleType),
    trailer: trailerOf(flag(flagNumbers.sampleIdAll) ? sampleType : 0),
    name: '',
  };
}

/** Where the fields of fixed size are: kernel/events/core.c perf_output_sample(). */
function placesIn(sampleType: number) {
  let next = 8;
  const place = (bit: number): number => {
    if ((sampleType & bit) === 0) return -1;
    next += 8;
    return next - 8;
  };
  const identifier = place(sampleBits.identifier);
  const ip = place(sampleBits.ip);
  const tid = place(sampleBits.tid);
  const time = place(sampleBits.time);
  const addr = place(sampleBits.addr);
  const id = place(sampleBits.id);
  place(sampleBits.streamId);
  const cpu = place(sampleBits.cpu);
  const period = place(sampleBits.period);
  return {
    ip,
    tid,
    time,
    addr,
    cpu,
    period,
    rest: next,
    isPlain: (sampleType & ~fixedBits) === sampleBits.raw,
    idPlace: identifier >= 0 ? identifier : id,
    trailerIdPlace: trailerId(sampleType),
  };
}

/** The ids behind other records, last first: identifier, cpu, stream, id, time, thread (perf_event__output_id_sample()). */
function trailerOf(sampleType: number): Attr['trailer'] {
  let size = 0;
  const place = (bit: number): number => {
    if ((sampleType & bit) === 0) return 0;
    size += 8;
    return size;
  };
  place(sampleBits.identifier);
  const cpu = place(sampleBits.cpu);
  place(sampleBits.streamId);
  place(sampleBits.id);
  const time = place(sampleBits.time);
  place(sampleBits.tid);
  return { size, time, cpu };
}

function trailerId(sampleType: number): number {
  if (sampleType & sampleBits.identifier) return 8;
  if (!(sampleType & sampleBits.id)) return -1;
  return 8 + (sampleType & sampleBits.cpu ? 8 : 0) + (sampleType & sampleBits.streamId ? 8 : 0);
}

function bitCount(word: number): number {
  let count = 0;
  for (let rest = word >>> 0; rest !== 0; rest = (rest & (rest - 1)) >>> 0) count++;
  return count;
}
