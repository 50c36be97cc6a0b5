/**
 * Events of the Trace Event Format (the JSON that Chrome's and Perfetto's viewers read), written one at a time. Rules of the format
 * that this file keeps: `ts` and `dur` are microseconds, with a fraction; complete events (X) of one thread nest, or else
 * Perfetto drops the later one; begin and end of an async event (b, e) have one `cat`, `id` and process; names of
 * processes and threads are metadata events (M).
 */
import { escapeHidden } from '../../base/json.ts';

/** What a viewer shows beside an event: NaN, empty texts and undefined are left out. */
export type Details = Readonly<
  Record<string, number | string | undefined | readonly string[] | Readonly<Record<string, number>>>
>;

/** Where an event stands. */
export interface Place {
  readonly pid: number;
  readonly tid: number;
}

/** Characters of a piece that is given out. */
const pieceSize = 1 << 16;

/** Nanoseconds as microseconds, exactly: whole nanoseconds are three digits behind the point. */
export function microseconds(ns: number): string {
  const whole = Math.round(ns);
  const size = Math.abs(whole);
  const rest = size % 1000;
  const digits = rest === 0 ? '' : `.${String(rest).padStart(3, '0')}`;
  return `${whole < 0 ? '-' : ''}${(size - rest) / 1000}${digits}`;
}

/** Puts events together into pieces of text. */
export class Pen {
  #piece = '';
  #isFirst = true;
  #process = 0;
  #thread = 0;

  /** True when there is enough for a piece. */
  get isFull(): boolean {
    return this.#piece.length >= pieceSize;
  }

  /** What was written since the last time. */
  take(): string {
    const piece = this.#piece;
    this.#piece = '';
    return piece;
  }

  /** A new process: a group of tracks, shown in the order in which they are made. */
  process(name: string): number {
    const pid = ++this.#process;
    this.#event(`"ph":"M","pid":${pid},"name":"process_name","args":{"name":${text(name)}}`);
    this.#event(`"ph":"M","pid":${pid},"name":"process_sort_index","args":{"sort_index":${pid}}`);
    return pid;
  }

  /** A new thread of a process: one track. Its number is none of the capture's, whose 0 means something to viewers. */
  thread(pid: number, name: string): Place {
    const tid = ++this.#thread;
    this.#event(`"ph":"M","pid":${pid},"tid":${tid},"name":"thread_name","args":{"name":${text(name)}}`);
    this.#event(`"ph":"M","pid":${pid},"tid":${tid},"name":"thread_sort_index","args":{"sort_index":${tid}}`);
    return { pid, tid };
  }

  /** What lasted; one that has no end (Infinity) is begun and never ended. */
  span(place: Place, topic: string, name: string, start: number, end: number, details: Details): void {
    if (end === Number.POSITIVE_INFINITY) this.#at('B', place, topic, name, start, details);
    else
      this.#at('X', place, topic, name, start, details, `,"dur":${microseconds(Math.round(end) - Math.round(start))}`);
  }

  instant(place: Place, topic: string, name: string, time: number, details: Details): void {
    this.#at('i', place, topic, name, time, details, ',"s":"t"');
  }

  /** What lasted beside others of its sort: `id` is its track, on which nothing overlaps. */
  apart(place: Place, topic: string, name: string, id: string, start: number, end: number, details: Details): void {
    const known = `,"id":${text(id)}`;
    this.#at('b', place, topic, name, start, details, known);
    if (end !== Number.POSITIVE_INFINITY) this.#at('e', place, topic, name, end, {}, known);
  }

  /** A number from this time on. */
  counter(pid: number, name: string, time: number, value: number): void {
    this.#event(`"ph":"C","pid":${pid},"ts":${microseconds(time)},"name":${text(name)},"args":{"value":${value}}`);
  }

  #at(
    phase: string,
    { pid, tid }: Place,
    topic: string,
    name: string,
    time: number,
    details: Details,
    more = '',
  ): void {
    const args = detailsText(details);
    this.#event(
      `"ph":"${phase}","pid":${pid},"tid":${tid},"ts":${microseconds(time)}${more},"cat":"${topic}","name":${text(name)}${args === '{}' ? '' : `,"args":${args}`}`,
    );
  }

  #event(members: string): void {
    this.#piece += `${this.#isFirst ? '' : ','}\n{${members}}`;
    this.#isFirst = false;
  }
}

const text = (value: string): string => escapeHidden(JSON.stringify(value));

function detailsText(details: Details): string {
  const told = Object.entries(details).filter(
    ([, value]) => value !== undefined && value !== '' && !Number.isNaN(value),
  );
  return escapeHidden(JSON.stringify(Object.fromEntries(told)));
}
