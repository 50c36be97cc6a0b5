/**
 * One sub-buffer page of the kernel's ring buffer: where its records are and when they were written.
 *
 *     0         8            16 (12 where a long has 4 bytes)
 *     +---------+------------+-------+-------+-------+----------+---------------+
 *     | time of | commit and | event | event | event | (missed) | nothing       |
 *     | page    | flags      |       |       |       |          |               |
 *     +---------+------------+-------+-------+-------+----------+---------------+
 *                            |<----- commit bytes -->|
 *
 * An event begins with a word of 32 bits, 5 bits of type and length and 27 bits of time since the event before it
 * (include/linux/ring_buffer.h struct ring_buffer_event, enum ring_buffer_type); in the lower bits first on little-endian
 * machines, in the upper bits first on big-endian ones:
 *
 *     0        data; the next word holds the length of itself and the data behind it
 *     1..28    data of that many words
 *     29       padding: up to the end of the page (time 0), or as long as the next word says (a discarded event)
 *     30       time extend: the next word holds the time's bits above the 27
 *     31       absolute time: as above, 59 bits of the clock itself
 */
import type { PageLayout } from './page-layout.ts';

/** Bits of the commit word (kernel/trace/ring_buffer.c RB_MISSED_EVENTS, RB_MISSED_STORED), of its lower half. */
const missedEvents = 0x80000000;
const missedStored = 0x40000000;
/** What is left for the length; the rest of the 30 bits is the kernel's own. */
const commitMask = 0x07ffffff;

const padding = 29;
const timeExtend = 30;
const timeStamp = 31;

/** Bits of the clock that an absolute time does not hold: they are those of the time before it. */
const topBits = 0xf8000000;

/** Times are kept as float64 against a base, so that they are exact: 2^53 ns are 104 days. */
export interface TimeBase {
  readonly hi: number;
  readonly lo: number;
}

/** The sum of a base, in two halves, and of a time against it, round the clock as 64 bits go. */
export function addTime(hi: number, lo: number, time: number): { hi: number; lo: number } {
  const sum = time + lo;
  const carry = Math.floor(sum / two32);
  const high = hi + carry;
  return { hi: high >= two32 ? high - two32 : high, lo: sum - carry * two32 };
}

const two32 = 2 ** 32;
const two27 = 2 ** 27;

/** The records of the page that was read last. Made once for a CPU and used for page after page. */
export class SubBuffer {
  /** Number of records. */
  count = 0;
  /** Where each record's event begins, where its data begin, and where both end: offsets into the bytes given. */
  events = new Uint32Array(256);
  starts = new Uint32Array(256);
  ends = new Uint32Array(256);
  /** Time of each record, against the base. */
  times = new Float64Array(256);
  /** Bytes of the page that are no records: its header, times, padding, what is behind the last event. */
  rest = 0;
  /** Events that the writer lost before this page: 0 none, NaN not known how many. */
  missed = 0;
  /** Why the page cannot be read; empty when it can. Then it has no records. */
  damage = '';
  /** Bytes at the end of the input of a record that is not whole. */
  cut = 0;
  /** The input ends before the page does; when that is between two records or behind them, `cut` is 0. */
  isShort = false;

  /**
   * Reads the page that begins at `at`. Of a page that is longer than the `available` bytes, the records that are whole.
   * A page whose events do not end where it says they do has no records: which of them is wrong cannot be told.
   */
  read(view: DataView, at: number, available: number, layout: PageLayout, base: TimeBase): void {
    this.count = 0;
    this.rest = 0;
    this.missed = 0;
    this.damage = '';
    this.cut = 0;
    this.isShort = available < layout.pageSize;
    const { isLittleEndian, dataOffset, commitOffset, longSize } = layout;
    if (available < dataOffset) {
      this.cut = available;
      return;
    }
    const low = longSize === 8 && !isLittleEndian ? 4 : 0;
    const word = view.getUint32(at + commitOffset + low, isLittleEndian);
    const high = longSize === 8 ? view.getUint32(at + commitOffset + 4 - low, isLittleEndian) : 0;
    const commit = word & commitMask;
    if (commit > layout.pageSize - dataOffset) {
      this.damage = 'page says that it holds more than fits into it';
      return;
    }
    // The kernel uses no other bits: if one is set, this is no page header.
    if (high !== 0 || (word & ~(missedEvents | missedStored | commitMask)) !== 0) {
      this.damage = 'page header has bits that the kernel does not set';
      return;
    }
    const end = Math.min(at + dataOffset + commit, at + available);
    this.#readEvents(view, at, end, end < at + dataOffset + commit, isLittleEndian, dataOffset, base);
    if (this.damage !== '') return;
    if ((word & missedEvents) !== 0) {
      this.missed = Number.NaN;
      const stored = at + dataOffset + commit;
      const fits = dataOffset + commit + longSize <= Math.min(available, layout.pageSize);
      if ((word & missedStored) !== 0 && fits) this.missed = readLong(view, stored, isLittleEndian, longSize);
    }
    this.rest = available - this.cut;
    for (let i = 0; i < this.count; i++) this.rest -= this.ends[i]! - this.events[i]!;
  }

  #readEvents(
    view: DataView,
    at: number,
    end: number,
    isCut: boolean,
    isLittleEndian: boolean,
    dataOffset: number,
    base: TimeBase,
  ): void {
    const low = isLittleEndian ? 0 : 4;
    const hi = view.getUint32(at + 4 - low, isLittleEndian);
    const lo = view.getUint32(at + low, isLittleEndian);
    let time = (hi - base.hi) * two32 + (lo - base.lo);
    let i = at + dataOffset;
    let count = 0;
    let { events, starts, ends, times } = this;
    while (i < end) {
      if (i + 4 > end) {
        this.#endEarly(isCut, end - i);
        break;
      }
      const word = view.getUint32(i, isLittleEndian);
      const type = isLittleEndian ? word & 31 : word >>> 27;
      const delta = isLittleEndian ? word >>> 5 : word & 0x07ffffff;
      let size: number;
      let head = 4;
      if (type > 0 && type < padding) size = 4 + type * 4;
      else {
        if (type === padding && delta === 0) break; // The rest of the page.
        if (i + 8 > end) {
          this.#endEarly(isCut, end - i);
          break;
        }
        const next = view.getUint32(i + 4, isLittleEndian);
        if (type >= timeExtend) size = 8;
        else {
          head = 8;
          size = 4 + next;
          if (next < 4 || next > commitMask) {
            this.damage = 'event with an impossible length';
            break;
          }
          // Lengths are rounded up to whole words, since the next event begins at one.
          size = (size + 3) & ~3;
        }
        if (type !== 0) {
          if (i + size > end) {
            this.#endEarly(isCut, end - i);
            break;
          }
          if (type === timeExtend) time += next * two27 + delta;
          else if (type === timeStamp) time = absolute(next, delta, time, base);
          // A discarded event keeps the time that it took, but for 1, which stands for 0 (rb_event_discard(),
          // rb_read_data_buffer() in kernel/trace/ring_buffer.c, v6.12).
          else if (delta !== 1) time += delta;
          i += size;
          continue;
        }
      }
      if (i + size > end) {
        this.#endEarly(isCut, end - i);
        break;
      }
      time += delta;
      if (count === events.length) {
        this.#grow();
        ({ events, starts, ends, times } = this);
      }
      events[count] = i;
      starts[count] = i + head;
      i += size;
      ends[count] = i;
      times[count++] = time;
    }
    this.count = this.damage === '' ? count : 0;
  }

  /** An event that does not fit: the input ends in it, or the page is damaged. */
  #endEarly(isCut: boolean, left: number): void {
    if (isCut) this.cut = left;
    else this.damage = 'events of the page do not end where it says';
  }

  #grow(): void {
    const size = this.events.length * 2;
    const [events, starts, ends, times] = [this.events, this.starts, this.ends, this.times];
    this.events = new Uint32Array(size);
    this.starts = new Uint32Array(size);
    this.ends = new Uint32Array(size);
    this.times = new Float64Array(size);
    this.events.set(events);
    this.starts.set(starts);
    this.ends.set(ends);
    this.times.set(times);
  }
}

/** An absolute time, with the bits above its 59 from the time before it (kernel/trace/ring_buffer.c rb_fix_abs_ts(), v6.12). */
function absolute(upper: number, delta: number, before: number, base: TimeBase): number {
  const hiBefore = base.hi + Math.floor((before + base.lo) / two32);
  const lo = ((upper << 27) | delta) >>> 0;
  const hi = ((upper >>> 5) | (hiBefore & topBits)) >>> 0;
  const time = (hi - base.hi) * two32 + (lo - base.lo);
  // The 59 bits have gone round since.
  return (hiBefore & topBits) !== 0 && time < before ? time + 2 ** 59 : time;
}

/** An unsigned long as a number; NaN (not known) when it is beyond what can be counted. */
function readLong(view: DataView, at: number, isLittleEndian: boolean, size: 4 | 8): number {
  if (size === 4) return view.getUint32(at, isLittleEndian);
  const [first, second] = [view.getUint32(at, isLittleEndian), view.getUint32(at + 4, isLittleEndian)];
  const value = isLittleEndian ? second * two32 + first : first * two32 + second;
  return Number.isSafeInteger(value) ? value : Number.NaN;
}

/** Time of a page as it stands in its header, in two halves. */
export function pageTime(view: DataView, at: number, layout: PageLayout): { hi: number; lo: number } {
  const low = layout.isLittleEndian ? 0 : 4;
  return {
    hi: view.getUint32(at + 4 - low, layout.isLittleEndian),
    lo: view.getUint32(at + low, layout.isLittleEndian),
  };
}
