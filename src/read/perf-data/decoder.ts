/**
 * The records of perf, of a file's data section or of a pipe, into events.
 *
 *     bytes ─▶ window ─▶ records ─▶ queue by time ─▶ names, losses, events
 *                           └─ compressed ─▶ second window ─▶ records ─┘
 *
 * Each byte that comes in is booked once: a sample's record with its event (call chain and registers included), other records
 * as comments. A compressed record's bytes are shared out among the records in it by their length.
 */
import type { Capture } from '../../events/capture.ts';
import type { BatchBuilder } from '../builder.ts';
import { learn } from '../facts.ts';
import { type Attr, parseAttr, shortestAttr } from './attr.ts';
import { Attrs } from './attrs.ts';
import { ByteWindow } from './byte-window.ts';
import { type FeatureFacts, noFacts, readFeature, settleClock } from './features.ts';
import { Packed } from './packed.ts';
import { RecordSink } from './record-sink.ts';
import { isHardwareTrace, isKnownType, isOfKernel, leastSizes, recordTypes } from './record-types.ts';
import { type Delivery, noAttr, RoundQueue } from './round-queue.ts';
import { parseTracingData } from './tracing-data.ts';

/** What waits for the end of its round is given out early when it is more: perf's HALF flush, at a limit of ours. */
const mostWaiting = 2 ** 30;

/** A description of tracepoints is a few MiB; more is a size that lies. */
const longestTracingData = 2 ** 28;

/** Types from here on are simpleperf's (Android). */
const firstSimpleperfType = 32768;

const strangerReason = 'record of a type that is not known here';
const auxReason = 'trace of the processor itself (AUX), which is not read';

/** PERF_EVENT_UPDATE__NAME. */
const nameUpdate = 2;

export class RecordDecoder implements Delivery {
  readonly attrs = new Attrs();
  readonly facts: FeatureFacts = noFacts();
  /** Android's simpleperf wrote it, which has records of its own. */
  isSimpleperf = false;
  readonly #capture: Capture;
  readonly #builder: BatchBuilder;
  readonly isLittle: boolean;
  readonly #sink: RecordSink;
  readonly #queue = new RoundQueue();
  readonly #main: ByteWindow;
  readonly #packed: Packed;
  /** Place up to which records were read. */
  #read: number;
  /** Why nothing more can be read. */
  #broken = '';
  /** Bytes to come that belong to the record before them and are not read. */
  #passing = 0;
  #passingReason = '';
  #flushed = false;
  readonly #strangers = new Set<number>();
  readonly #decoder = new TextDecoder();

  /** @param start the offset in the file of the first byte pushed */
  constructor(builder: BatchBuilder, isLittle: boolean, start: number) {
    this.#builder = builder;
    this.#capture = builder.capture;
    this.isLittle = isLittle;
    this.#main = new ByteWindow(start);
    this.#packed = new Packed(isLittle);
    this.#read = start;
    this.#sink = new RecordSink(builder, isLittle, this.attrs);
  }

  /** More of the records, cut anywhere. */
  push(chunk: Uint8Array): void {
    this.#main.append(chunk);
    this.#readMain();
    this.#release();
  }

  /** The end: what waits is given out, what is cut is skipped. */
  end(): void {
    const main = this.#main;
    const left = main.end - this.#read;
    this.#queue.finish(this);
    if (left > 0) {
      this.#capture.accounting.cutShort = true;
      this.#skip(main, this.#read, left, left, 'the last record is cut: the recording did not end in order');
    }
    const packed = this.#packed;
    packed.close();
    const owed = packed.shares.rest();
    if (owed > 0) {
      const reason = packed.broken || 'compressed records end inside a record';
      this.#skip(packed.window, packed.read, packed.window.end - packed.read, owed, reason);
    }
    this.#sink.end();
    if (this.#strangers.size > 0) {
      const types = [...this.#strangers].sort((a, b) => a - b).join(', ');
      this.#capture.remarks.push(`records of types that are not known here (${types}) were passed over by their size`);
    }
  }

  /** What a header section or a record tells of the recording; the number is that of the feature. */
  feature(id: number, bytes: Uint8Array): boolean {
    return readFeature(id, bytes, this.isLittle, this.#capture, this.attrs, this.facts);
  }

  /** The descriptions of tracepoints. False when they are none, or cut. */
  tracingData(bytes: Uint8Array): boolean {
    const data = parseTracingData(bytes);
    if (data === undefined) return false;
    this.#sink.describe(data);
    if (data.pageSize > 0) learn(this.#capture, 'pageSize', data.pageSize, 'capture');
    return data.isWhole;
  }

  deliver(slot: number): void {
    const queue = this.#queue;
    const share = queue.shares[slot]!;
    const place = queue.places[slot]!;
    const attr = queue.attrs[slot]!;
    if (share === 0) this.#give(this.#main, place, attr, 0);
    else this.#give(this.#packed.window, place, attr, share);
  }

  #give(window: ByteWindow, place: number, attr: number, share: number): void {
    const at = place - window.base;
    const size = window.view.getUint16(at + 6, this.isLittle);
    const builder = this.#builder;
    if (share === 0) {
      builder.at = place;
      builder.units = size;
    } else {
      builder.at = this.#packed.shares.placeOf(place);
      builder.units = share - 1;
    }
    if (attr === noAttr) this.#sink.other(window, at, size);
    else this.#sink.sample(attr, window, at, size);
  }

  #readMain(): void {
    const main = this.#main;
    for (;;) {
      const left = main.end - this.#read;
      if (this.#broken !== '' || this.#passing > 0) {
        const bytes = this.#broken !== '' ? left : Math.min(left, this.#passing);
        if (bytes === 0) return;
        // How much of it is at hand is a matter of chunks, and must not show.
        this.#skip(main, this.#read, Math.min(bytes, 8), bytes, this.#broken || this.#passingReason);
        this.#passing = Math.max(0, this.#passing - bytes);
        this.#read += bytes;
        continue;
      }
      const before = this.#read;
      this.#read = this.#records(main, before, false);
      if (this.#read === before && this.#broken === '' && this.#passing === 0) return;
    }
  }

  /** Reads whole records from `place` on and gives back where it stopped: at one that is not all there, or cannot be. */
  #records(window: ByteWindow, place: number, isUnpacked: boolean): number {
    const isLittle = this.isLittle;
    const { view, length } = window;
    let at = place - window.base;
    while (length - at >= 8) {
      const type = view.getUint32(at, isLittle);
      const size = view.getUint16(at + 6, isLittle);
      if (size < 8 && type !== recordTypes.compressed2) {
        const reason = `a record that says it has ${size} bytes: what follows cannot be told apart`;
        if (isUnpacked) this.#packed.broken = reason;
        else this.#broken = reason;
        break;
      }
      if (type >= firstSimpleperfType && this.isSimpleperf && !isUnpacked) {
        this.#pass(type, view.getUint16(at + 4, isLittle) * 2 ** 16 + size);
        break;
      }
      if (size > length - at) break;
      if (type === recordTypes.sample) this.#sample(window, at, size, isUnpacked);
      else if (isOfKernel(type)) this.#kernelRecord(window, at, size, type, isUnpacked);
      else {
        const taken = this.#ownRecord(window, at, size, type, isUnpacked);
        if (taken === 0) break;
        at += taken;
        if (this.#passing > 0 || this.#broken !== '') break;
        continue;
      }
      at += size;
    }
    return window.base + at;
  }

  /** A record of simpleperf's own: its size has 32 bits, the upper ones where others have `misc`. */
  #pass(type: number, size: number): void {
    if (this.#strangers.size < 8) this.#strangers.add(type);
    this.#passing = size;
    this.#passingReason = strangerReason;
  }

  #sample(window: ByteWindow, at: number, size: number, isUnpacked: boolean): void {
    const { view } = window;
    const isLittle = this.isLittle;
    const share = isUnpacked ? 1 + this.#packed.shares.take(size) : 0;
    const index = this.attrs.ofSample(view, at, size, isLittle);
    if (index < 0) {
      const reason =
        index === -2
          ? 'sample that does not say which event it is of'
          : 'sample of an event that the file does not describe';
      this.#skip(window, window.base + at, size, share === 0 ? size : share - 1, reason);
      return;
    }
    const { time } = this.attrs.list[index]!;
    if (time < 0 || time + 8 > size) {
      this.#give(window, window.base + at, index, share);
      return;
    }
    const a = view.getUint32(at + time, isLittle);
    const b = view.getUint32(at + time + 4, isLittle);
    this.#enqueue(window, at, isLittle ? b : a, isLittle ? a : b, index, share);
  }

  #kernelRecord(window: ByteWindow, at: number, size: number, type: number, isUnpacked: boolean): void {
    const { view } = window;
    const isLittle = this.isLittle;
    const share = isUnpacked ? 1 + this.#packed.shares.take(size) : 0;
    if (!this.#isSound(window, at, size, type, share)) return;
    const attr = this.attrs.ofOther(view, at, size, isLittle);
    const back = attr?.trailer.time ?? 0;
    if (back === 0 || back + 8 > size) {
      this.#give(window, window.base + at, noAttr, share);
      return;
    }
    const a = view.getUint32(at + size - back, isLittle);
    const b = view.getUint32(at + size - back + 4, isLittle);
    this.#enqueue(window, at, isLittle ? b : a, isLittle ? a : b, noAttr, share);
  }

  /** Queues a record; one without a time (perf made it up, or the clock failed) has its turn at once, as in perf. */
  #enqueue(window: ByteWindow, at: number, hi: number, lo: number, attr: number, share: number): void {
    if ((hi | lo) === 0 || (hi & lo) === -1) this.#give(window, window.base + at, attr, share);
    else this.#queue.push(hi, lo, window.base + at, attr, share);
  }

  /** Books records that are not what they say, or that nobody knows. */
  #isSound(window: ByteWindow, at: number, size: number, type: number, share: number): boolean {
    let reason = '';
    if (!isKnownType(type)) {
      reason = strangerReason;
      if (this.#strangers.size < 8) this.#strangers.add(type);
    } else if (size < (leastSizes[type] ?? 8)) reason = 'record shorter than its type';
    else if (share > 0 && (type === recordTypes.compressed || type === recordTypes.compressed2)) {
      reason = 'compressed record inside a compressed one';
    } else if (isHardwareTrace(type)) reason = auxReason;
    if (reason === '') return true;
    this.#skip(window, window.base + at, size, share === 0 ? size : share - 1, reason);
    return false;
  }

  /** A record of perf's own. Gives back how many bytes it takes with what follows it; 0 when that is not all there yet. */
  #ownRecord(window: ByteWindow, at: number, size: number, type: number, isUnpacked: boolean): number {
    if (!isUnpacked && (type === recordTypes.compressed || type === recordTypes.compressed2)) {
      return this.#compressed(at, size, type);
    }
    let taken = size;
    if (type === recordTypes.tracingData && size >= 12 && !isUnpacked) {
      const blob = window.view.getUint32(at + 8, this.isLittle);
      if (blob > longestTracingData) {
        this.#broken = `a description of tracepoints that says it has ${blob} bytes`;
        return 0;
      }
      taken += blob;
      if (taken > window.length - at) return 0;
    }
    const share = isUnpacked ? 1 + this.#packed.shares.take(size) : 0;
    const place = window.base + at;
    if (type === recordTypes.auxtrace && size >= 16 && !isUnpacked) {
      this.#passing = this.#u64(window, at + 8);
      this.#passingReason = auxReason;
    }
    if (!this.#isSound(window, at, size, type, share)) return taken;
    if (this.#tell(window, at, size, type, taken)) {
      this.#builder.at = isUnpacked ? this.#packed.shares.placeOf(place) : place;
      this.#builder.units = share === 0 ? taken : share - 1;
      this.#builder.comment();
    } else {
      const units = share === 0 ? taken : share - 1;
      this.#skip(window, place, size, units, 'header record that cannot be read');
    }
    return taken;
  }

  /** What a record of perf's own says; false when it cannot be read. */
  #tell(window: ByteWindow, at: number, size: number, type: number, taken: number): boolean {
    const { bytes, view } = window;
    switch (type) {
      case recordTypes.finishedRound:
        this.#queue.round(this);
        this.#flushed = true;
        return true;
      case recordTypes.headerAttr:
        return this.#attr(view, at, size);
      case recordTypes.tracingData:
        return this.tracingData(bytes.subarray(at + size, at + taken));
      case recordTypes.headerFeature:
        return this.feature(this.#u64(window, at + 8), bytes.subarray(at + 16, at + size));
      case recordTypes.eventUpdate: {
        if (this.#u64(window, at + 8) !== nameUpdate) return true;
        const hi = view.getUint32(at + (this.isLittle ? 20 : 16), this.isLittle);
        const lo = view.getUint32(at + (this.isLittle ? 16 : 20), this.isLittle);
        const attr: Attr | undefined = this.attrs.list[this.attrs.find(hi, lo)];
        const end = bytes.indexOf(0, at + 24);
        const stop = end < 0 || end > at + size ? at + size : end;
        if (attr !== undefined) attr.name = this.#decoder.decode(bytes.subarray(at + 24, stop));
        return true;
      }
      default:
        return true;
    }
  }

  /** PERF_RECORD_HEADER_ATTR: an attribute and its ids, up to the record's end. */
  #attr(view: DataView, at: number, size: number): boolean {
    const said = view.getUint32(at + 12, this.isLittle) || shortestAttr;
    const attr = said > size - 8 ? undefined : parseAttr(view, at + 8, said, this.isLittle);
    if (attr === undefined || !this.attrs.add(attr)) return false;
    for (let id = at + 8 + said; id + 8 <= at + size; id += 8) {
      const a = view.getUint32(id, this.isLittle);
      const b = view.getUint32(id + 4, this.isLittle);
      this.attrs.addId(this.isLittle ? b : a, this.isLittle ? a : b, this.attrs.list.length - 1);
    }
    settleClock(this.#capture, this.attrs);
    return true;
  }

  /** A compressed record: its content goes on with the stream, and the records that are whole now are read. */
  #compressed(at: number, size: number, type: number): number {
    const window = this.#main;
    const packed = this.#packed;
    if (!packed.find(window, at, size, type)) {
      const bytes = packed.wrongLength;
      if (bytes >= 0)
        this.#broken = `a compressed record that says it has ${bytes} bytes: what follows cannot be told apart`;
      return 0;
    }
    const { taken } = packed;
    const place = window.base + at;
    if (packed.decode(window, at, this.facts) > 0) {
      packed.read = this.#records(packed.window, packed.read, true);
      if (packed.failure !== '') packed.broken = packed.failure;
    } else if (packed.failure !== '') this.#skip(window, place, size, taken, packed.failure);
    else {
      this.#builder.at = place;
      this.#builder.units = taken;
      this.#builder.comment();
    }
    return taken;
  }

  /** A u64 that is a size or a small number: beyond 2^53 it is no size of anything, and stays large. */
  #u64(window: ByteWindow, at: number): number {
    const a = window.view.getUint32(at, this.isLittle);
    const b = window.view.getUint32(at + 4, this.isLittle);
    return this.isLittle ? b * 2 ** 32 + a : a * 2 ** 32 + b;
  }

  #skip(window: ByteWindow, place: number, length: number, units: number, reason: string): void {
    const builder = this.#builder;
    builder.at = window === this.#packed.window ? this.#packed.shares.placeOf(place) : place;
    builder.units = units;
    const at = place - window.base;
    builder.skip(reason, window.bytes, at, at + length);
  }

  /** Lets go of what nothing waits for any more. */
  #release(): void {
    const queue = this.#queue;
    if (this.#main.length + this.#packed.window.length > mostWaiting && queue.length > 0) {
      queue.half(this);
      if (!this.#flushed) {
        const remark =
          'a round of this recording is larger than 1 GiB: older events of it were given out before its end';
        if (!this.#capture.remarks.includes(remark)) this.#capture.remarks.push(remark);
      }
      this.#flushed = true;
    }
    if (!this.#flushed && queue.length > 0) return;
    this.#flushed = false;
    this.#main.release(queue.firstPlace(false, this.#read));
    const place = queue.firstPlace(true, this.#packed.read);
    this.#packed.window.release(place);
    this.#packed.shares.release(place);
  }
}
