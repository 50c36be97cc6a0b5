/**
 * For tests: writes ring-buffer pages of every kind there is (both byte orders, 32 and 64 bits), and the descriptions of
 * what is in them. Written from the kernel's headers and documents; nothing of the reader is used.
 */
export interface PageShape {
  readonly isLittleEndian: boolean;
  readonly longSize: 4 | 8;
  readonly pageSize: number;
}

type Value = number | bigint | string | readonly number[];

/** What is written into a CPU's pages. */
export type Item =
  | {
      readonly what: 'event';
      readonly time: bigint;
      readonly event: string;
      readonly pid: number;
      readonly values: readonly Value[];
      /** The length stands in a word of its own, as where records begin at multiples of 8. */
      readonly isLong?: boolean;
      /** Its time is written in full (59 bits) before it. */
      readonly isAbsolute?: boolean;
    }
  /** A record as it is, of whole words. */
  | { readonly what: 'record'; readonly time: bigint; readonly bytes: Uint8Array }
  /** An event that was taken back: its room stays. */
  | { readonly what: 'discarded'; readonly time: bigint; readonly size: number }
  /** A new page; before it, events were lost (`count` undefined: not known how many). */
  | { readonly what: 'page'; readonly isLossy?: boolean; readonly count?: number };

export interface CpuItems {
  readonly cpu: number;
  readonly items: readonly Item[];
}

/** Bytes one behind the other. */
export class Out {
  readonly #isLittleEndian: boolean;
  #bytes: number[] = [];

  constructor(isLittleEndian: boolean) {
    this.#isLittleEndian = isLittleEndian;
  }

  get size(): number {
    return this.#bytes.length;
  }

  raw(bytes: Iterable<number>): this {
    for (const byte of bytes) this.#bytes.push(byte);
    return this;
  }

  text(text: string): this {
    return this.raw(new TextEncoder().encode(text));
  }

  number(value: number | bigint, size: number): this {
    const big = BigInt.asUintN(size * 8, BigInt(value));
    for (let i = 0; i < size; i++) {
      const shift = BigInt(8 * (this.#isLittleEndian ? i : size - 1 - i));
      this.#bytes.push(Number((big >> shift) & 0xffn));
    }
    return this;
  }

  align(to: number): this {
    while (this.#bytes.length % to !== 0) this.#bytes.push(0);
    return this;
  }

  patch(at: number, value: number | bigint, size: number): void {
    const bytes = new Out(this.#isLittleEndian).number(value, size).#bytes;
    for (let i = 0; i < size; i++) this.#bytes[at + i] = bytes[i]!;
  }

  take(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

interface Member {
  readonly type: string;
  readonly name: string;
  readonly size: 'long' | 1 | 2 | 4 | 8;
  readonly isSigned?: boolean;
  /** Elements of an array. */
  readonly count?: number;
  /** Text behind the record's fixed part, found by offset and length. */
  readonly isText?: boolean;
}

interface Described {
  readonly id: number;
  readonly system: string;
  readonly members: readonly Member[];
  readonly print: string;
}

const long = (name: string, type = 'unsigned long'): Member => ({ type, name, size: 'long' });

/** Two events of the kernel (as 6.1 describes them) and one that nobody knows. */
export const events: Readonly<Record<string, Described>> = {
  mm_lru_insertion: {
    id: 444,
    system: 'pagemap',
    members: [
      long('folio', 'struct folio *'),
      long('pfn'),
      { type: 'enum lru_list', name: 'lru', size: 4 },
      long('flags'),
    ],
    print:
      '"folio=%p pfn=0x%lx lru=%d flags=%s%s%s%s%s%s", REC->folio, REC->pfn, REC->lru, REC->flags & 0x0001u ? "M" : " ", REC->flags & 0x0002u ? "a" : "f", REC->flags & 0x0008u ? "s" : " ", REC->flags & 0x0010u ? "b" : " ", REC->flags & 0x0020u ? "d" : " ", REC->flags & 0x0040u ? "B" : " "',
  },
  mm_migrate_pages: {
    id: 527,
    system: 'migrate',
    members: [
      ...['succeeded', 'failed', 'thp_succeeded', 'thp_failed', 'thp_split'].map((name) => long(name)),
      { type: 'enum migrate_mode', name: 'mode', size: 4 },
      { type: 'int', name: 'reason', size: 4, isSigned: true },
    ],
    print:
      '"nr_succeeded=%lu nr_failed=%lu nr_thp_succeeded=%lu nr_thp_failed=%lu nr_thp_split=%lu mode=%s reason=%s", REC->succeeded, REC->failed, REC->thp_succeeded, REC->thp_failed, REC->thp_split, __print_symbolic(REC->mode, {0, "MIGRATE_ASYNC"}, {1, "MIGRATE_SYNC_LIGHT"}, {2, "MIGRATE_SYNC"}), __print_symbolic(REC->reason, {0, "compaction"}, {3, "syscall_or_cpuset"}, {6, "contig_range"})',
  },
  thermal_note: {
    id: 1301,
    system: 'vendor',
    members: [
      { type: 's64', name: 'delta', size: 8, isSigned: true },
      { type: 'short', name: 'level', size: 2, isSigned: true },
      { type: 'u8', name: 'raw', size: 1, count: 4 },
      { type: '__data_loc char[]', name: 'zone', size: 4, isText: true },
    ],
    print: '"delta=%lld level=%d zone=%s", REC->delta, REC->level, __get_str(zone)',
  },
};

const common =
  '\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n';

interface Place extends Member {
  readonly offset: number;
  readonly bytes: number;
  readonly whole: number;
}

/** Members at the offsets that a C compiler gives them. */
function places({ members }: Described, longSize: number): Place[] {
  let at = 8;
  return members.map((member) => {
    const bytes = member.size === 'long' ? longSize : member.size;
    const offset = Math.ceil(at / bytes) * bytes;
    const whole = bytes * (member.count ?? 1);
    at = offset + whole;
    return { ...member, offset, bytes, whole };
  });
}

/** The text of `events/<system>/<event>/format`. */
export function formatText(name: string, longSize: number): string {
  const described = events[name]!;
  const fields = places(described, longSize).map((place) => {
    const array = place.count === undefined ? '' : `[${place.count}]`;
    const isSigned = place.isSigned === true ? 1 : 0;
    return `\tfield:${place.type} ${place.name}${array};\toffset:${place.offset};\tsize:${place.whole};\tsigned:${isSigned};\n`;
  });
  return `name: ${name}\nID: ${described.id}\nformat:\n${common}\n${fields.join('')}\nprint fmt: ${described.print}\n`;
}

/** The text of `events/header_page`. */
export function headerPage(longSize: number, pageSize: number): string {
  const data = 8 + longSize;
  return `\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n\tfield: local_t commit;\toffset:8;\tsize:${longSize};\tsigned:1;\n\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n\tfield: char data;\toffset:${data};\tsize:${pageSize - data};\tsigned:1;\n`;
}

/** The text of `events/header_event`. */
export const headerEvent =
  '# compressed entry header\n\ttype_len    :    5 bits\n\ttime_delta  :   27 bits\n\tarray       :   32 bits\n\n\tpadding     : type == 29\n\ttime_extend : type == 30\n\ttime_stamp : type == 31\n\tdata max type_len  == 28\n';

function record(item: Extract<Item, { what: 'event' }>, { isLittleEndian, longSize }: PageShape): Uint8Array {
  const described = events[item.event]!;
  const layout = places(described, longSize);
  const out = new Out(isLittleEndian).number(described.id, 2).number(1, 1).number(0, 1).number(item.pid, 4);
  const fixed = Math.ceil(Math.max(...layout.map(({ offset, whole }) => offset + whole)) / 4) * 4;
  let behind = '';
  layout.forEach(({ offset, bytes, isText }, i) => {
    while (out.size < offset) out.raw([0]);
    const value = item.values[i]!;
    if (isText === true) {
      const text = `${String(value)}\0`;
      out.number(((text.length << 16) | (fixed + behind.length)) >>> 0, 4);
      behind += text;
    } else if (typeof value === 'object') for (const one of value) out.number(one, bytes);
    else out.number(BigInt(value), bytes);
  });
  while (out.size < fixed) out.raw([0]);
  return out.text(behind).align(4).take();
}

/** The word that begins an event: 5 bits of type, 27 of time. */
function word(out: Out, type: number, delta: bigint, isLittleEndian: boolean): void {
  const number = isLittleEndian ? (delta << 5n) | BigInt(type) : (BigInt(type) << 27n) | delta;
  out.number(number, 4);
}

/** The pages of one CPU. */
export function pagesOf(items: readonly Item[], shape: PageShape): Uint8Array {
  const { isLittleEndian, longSize, pageSize } = shape;
  const head = 8 + longSize;
  const pages: Uint8Array[] = [];
  let data = new Out(isLittleEndian);
  let start = 0n;
  let time = 0n;
  let lossy: Extract<Item, { what: 'page' }> | undefined;
  let next: Extract<Item, { what: 'page' }> | undefined;
  const flush = (): void => {
    if (data.size === 0) return;
    const body = data.take();
    let commit = body.length;
    const page = new Out(isLittleEndian).number(start, 8);
    if (lossy?.isLossy === true) commit += 0x80000000;
    if (lossy?.isLossy === true && lossy.count !== undefined) commit += 0x40000000;
    page.number(commit, longSize).raw(body);
    if (lossy?.count !== undefined) page.number(lossy.count, longSize);
    pages.push(page.align(pageSize).take());
    data = new Out(isLittleEndian);
    lossy = undefined;
  };
  for (const item of items) {
    if (item.what === 'page') {
      flush();
      next = item;
      continue;
    }
    const body =
      item.what === 'event' ? record(item, shape) : item.what === 'record' ? item.bytes : new Uint8Array(item.size);
    const reserve = next?.count === undefined && lossy?.count === undefined ? 0 : longSize;
    if (data.size > 0 && head + data.size + 16 + body.length + reserve > pageSize) {
      // What is left of the page is one event of padding, as the kernel leaves it.
      const left = pageSize - head - data.size;
      if (left >= 8 && lossy === undefined) {
        word(data, 29, 1n, isLittleEndian);
        data.number(left - 4, 4).raw(new Uint8Array(left - 8));
      }
      flush();
    }
    if (data.size === 0) {
      lossy = next;
      next = undefined;
      start = item.time;
      time = item.time;
    }
    let delta = item.time - time;
    time = item.time;
    if (item.what === 'event' && item.isAbsolute === true) {
      const stamp = item.time & ((1n << 59n) - 1n);
      word(data, 31, stamp & 0x7ffffffn, isLittleEndian);
      data.number(stamp >> 27n, 4);
      delta = 0n;
    } else if (delta >= 1n << 27n) {
      word(data, 30, delta & 0x7ffffffn, isLittleEndian);
      data.number(delta >> 27n, 4);
      delta = 0n;
    }
    if (item.what === 'discarded') {
      word(data, 29, delta === 0n ? 1n : delta, isLittleEndian);
      data.number(body.length + 4, 4).raw(body);
    } else if ((item.what === 'event' && item.isLong === true) || body.length > 112) {
      word(data, 0, delta, isLittleEndian);
      data.number(body.length + 4, 4).raw(body);
    } else {
      word(data, body.length / 4, delta, isLittleEndian);
      data.raw(body);
    }
  }
  flush();
  const all = new Uint8Array(pages.length * pageSize);
  pages.forEach((page, i) => {
    all.set(page, i * pageSize);
  });
  return all;
}
