/** What the events' times come to while a capture is read: where they are counted from, when the last was, what was lost between them. */
import type { Capture, Loss } from '../events/capture.ts';
import type { Origin } from './event-columns.ts';
import { LossBook, type LossMark, type PartTimes } from './loss-book.ts';

export class Timeline {
  readonly #capture: Capture;
  readonly #losses: LossBook;
  #high = Number.NaN;
  #low = 0;
  #last = Number.NEGATIVE_INFINITY;
  #marks: LossMark[] | undefined;

  constructor(capture: Capture) {
    this.#capture = capture;
    this.#losses = new LossBook(capture.losses);
  }

  /** Time of the event begun last, relative to the first. */
  get last(): number {
    return this.#last;
  }

  /** What times are counted from, as the first event gave it. */
  get origin(): Origin {
    return { high: this.#high, low: this.#low };
  }

  /** The time of an event, in seconds and nanoseconds, as it is counted. The first one is what times are counted from. */
  fromSeconds(seconds: number, nanoseconds: number): number {
    if (this.#isFirst) {
      this.#begin(seconds, nanoseconds, BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds));
    }
    return (seconds - this.#high) * 1e9 + (nanoseconds - this.#low);
  }

  /** The same, in the halves of 64 bits. */
  fromHalves(hi: number, lo: number): number {
    this.countFrom(hi, lo);
    return (hi - this.#high) * 2 ** 32 + (lo - this.#low);
  }

  /** The next event has this time: if it is the first one, times are counted from it. */
  countFrom(hi: number, lo: number): void {
    if (this.#isFirst) this.#begin(hi, lo, (BigInt(hi) << 32n) | BigInt(lo));
  }

  get #isFirst(): boolean {
    return this.#capture.events === 0 && this.#marks === undefined;
  }

  #begin(high: number, low: number, origin: bigint): void {
    this.#high = high;
    this.#low = low;
    this.#capture.origin = origin;
  }

  /** An event. */
  pass(time: number, cpu: number): void {
    const capture = this.#capture;
    if (time < this.#last) capture.inversions++;
    this.#last = time;
    if (time > capture.end) capture.end = time;
    this.#losses.event(cpu, time);
  }

  /** As `pass` for events `[from, to)` of these columns. */
  passRun(times: Float64Array, cpus: Int32Array, from: number, to: number): void {
    this.#passTimes(times, from, to);
    this.#losses.events(cpus, times, from, to);
  }

  #passTimes(times: Float64Array, from: number, to: number): void {
    const capture = this.#capture;
    let last = this.#last;
    for (let i = from; i < to; i++) {
      const time = times[i]!;
      if (time < last) capture.inversions++;
      if (time > capture.end) capture.end = time;
      last = time;
    }
    this.#last = last;
  }

  /** As `pass` for each event of a part, where no gap can end and none begins (`hasGap`). */
  passPart(first: number, { last, end, inversions, lasts }: PartTimes): void {
    const capture = this.#capture;
    capture.inversions += inversions + (first < this.#last ? 1 : 0);
    if (end > capture.end) capture.end = end;
    this.#last = last;
    this.#losses.take(lasts);
  }

  /** A gap is open that an event may end. */
  get hasGap(): boolean {
    return this.#losses.hasOpen;
  }

  /** Events were lost here on a CPU (-1 = not known which), at a place of the input. */
  lost(cpu: number, count: number, how: Loss['how'], at: number, place: string): void {
    const { events } = this.#capture;
    this.#marks?.push({ cpu, count, how, events, at });
    this.#losses.lost(cpu, count, how, place, events > 0 ? this.#last : Number.NaN);
  }

  /** The events that come are a part of a capture that began before. Gives the list in which losses are marked. */
  beginPart({ high, low }: Origin): readonly LossMark[] {
    this.#high = high;
    this.#low = low;
    this.#marks = [];
    this.#last = Number.NEGATIVE_INFINITY;
    this.#losses.forget();
    return this.#marks;
  }

  /** What the times of the part's events come to. */
  get partTimes(): PartTimes {
    const { end, inversions } = this.#capture;
    return { last: this.#last, end, inversions, lasts: this.#losses.lasts };
  }

  /** The input ended. */
  finish(): void {
    this.#losses.finish();
  }
}
