/**
 * Builds batches for every reader, and keeps the books of a capture while it does.
 *
 * A reader says for each event first who, where and when (`begin`), then what (one of `text`, `textAs`, `generic`,
 * `values`): exactly one such pair per event. Nothing is made per event but the bytes copied into columns.
 *
 *     builder.at = lineNumber;
 *     builder.begin(seconds, nanoseconds, cpu, pid, tgid, comm, flags);
 *     builder.text(bytes, nameStart, nameEnd, textStart, textEnd);
 *     ...
 *     return builder.take();            // the batches that filled up; at the end, finish()
 *
 * Books: `begin`..`text` count one unit as decoded or generic; `comment` and `skip` count the others; `total` is their sum.
 */
import type { EventBatch, KindColumns } from '../events/batch.ts';
import { addNote, type Capture, type Loss } from '../events/capture.ts';
import { FieldValues } from '../events/values.ts';
import { batchSize, type EventColumns, fillFrom, isWhole, newEventColumns, type Origin } from './event-columns.ts';
import { EventText } from './event-text.ts';
import { Arena, newRow, storeValues } from './kind-columns.ts';
import { type KindState, KindTable, type KnownSite, type NamedKind } from './kind-table.ts';
import type { LossMark, PartTimes } from './loss-book.ts';
import { sampleOf } from './sample.ts';
import { Timeline } from './timeline.ts';

export type { Origin } from './event-columns.ts';

export class BatchBuilder {
  readonly capture: Capture;
  /** Number of the line, row or record being read, from 1: the place in notes. */
  at = 0;
  /** How much of the input one event, comment or skip takes: 1 line, row or record; of binary files, its bytes. */
  units = 1;
  /** Values of the event being built, for `values`. */
  readonly fieldValues = new FieldValues();
  readonly kinds: KindTable;

  #columns: EventColumns = newEventColumns();
  /** Batches that nobody looks at any more. */
  readonly #spares: EventBatch[] = [];
  #arena = new Arena();
  #length = 0;
  /** Where in the batch the event is that is being stored. */
  #event = 0;
  #full: EventBatch[] = [];
  readonly #times: Timeline;
  #lastGeneric: KindColumns | undefined;
  readonly #text: EventText;
  readonly #place: string;

  /**
   * @param capture filled as events come: kinds, origin, end, events, inversions, losses, accounting
   * @param probeDefinitions lines of `kprobe_events`; which probe sits on which function and where its arguments come from
   */
  constructor(capture: Capture, probeDefinitions: readonly string[] = []) {
    this.capture = capture;
    this.kinds = new KindTable(capture, probeDefinitions);
    this.#text = new EventText(this.kinds, this.fieldValues, capture.strings);
    this.#times = new Timeline(capture);
    this.#place = { lines: 'line', rows: 'row', bytes: 'byte', records: 'record' }[capture.accounting.unit];
  }

  /** Events so far. */
  get events(): number {
    return this.capture.events;
  }

  /** Time of the event begun last, relative to the first. */
  get time(): number {
    return this.#times.last;
  }

  /**
   * The context of the next event. Its time is `seconds * 1e9 + nanoseconds` nanoseconds, or clock units (give the digits
   * above the last nine as `seconds`): so no time passes through a float that cannot hold it. Unknown cpu, pid, tgid, comm: -1.
   */
  begin(
    seconds: number,
    nanoseconds: number,
    cpu: number,
    pid: number,
    tgid: number,
    comm: number,
    flags: number,
  ): void {
    this.#begin(this.#times.fromSeconds(seconds, nanoseconds), cpu, pid, tgid, comm, flags);
  }

  /** As `begin`, for a time of 64 bits (`hi * 2**32 + lo` nanoseconds or clock units). An input uses one of the two only. */
  beginAt(hi: number, lo: number, cpu: number, pid: number, tgid: number, comm: number, flags: number): void {
    this.#begin(this.#times.fromHalves(hi, lo), cpu, pid, tgid, comm, flags);
  }

  /** How many events `beginRun` can take: there is room for one at least. */
  get room(): number {
    if (this.#length === batchSize) this.#cut();
    return batchSize - this.#length;
  }

  /**
   * As `beginAt` for `count` events at once, whose columns the reader fills itself, from place `at` on, but for the ordinals;
   * times and CPUs first (`passRun`). `hi`, `lo`: the time of the first. CPUs are such as a kernel has. `select` chooses which
   * of them is the event begun.
   */
  beginRun(count: number, hi: number, lo: number): { readonly columns: EventColumns; readonly at: number } {
    this.#times.countFrom(hi, lo);
    const at = this.#length;
    fillFrom(this.#columns.ordinal.subarray(at), this.capture.events, count);
    this.#length += count;
    this.capture.events += count;
    this.#lastGeneric = undefined;
    return { columns: this.#columns, at };
  }

  select(place: number): void {
    this.#event = place;
  }

  /** The times and CPUs of events `[from, to)` are filled. */
  passRun(from: number, to: number): void {
    this.#times.passRun(this.#columns.time, this.#columns.cpu, from, to);
  }

  /** Counts `units` of input as events of a kind whose rows the reader added itself. */
  countRun(state: KindState, units: number): void {
    const { accounting } = this.capture;
    if (state.kind.form === 'generic') accounting.generic += units;
    else accounting.decoded += units;
    accounting.total += units;
  }

  #begin(time: number, cpu: number, pid: number, tgid: number, comm: number, flags: number): void {
    const { capture } = this;
    if (this.#length === batchSize) this.#cut();
    const i = this.#length++;
    this.#event = i;
    const columns = this.#columns;
    columns.ordinal[i] = capture.events++;
    columns.time[i] = time;
    columns.cpu[i] = cpu;
    columns.pid[i] = pid;
    columns.tgid[i] = tgid;
    columns.comm[i] = comm;
    columns.flags[i] = flags;
    this.#lastGeneric = undefined;
    // 32 bits hold any that the kernel has; what they do not hold would come out as another.
    if (columns.cpu[i] !== cpu || cpu < -1) columns.cpu[i] = this.#impossible('CPU');
    if (columns.pid[i] !== pid) columns.pid[i] = this.#impossible('task id');
    if (columns.tgid[i] !== tgid) columns.tgid[i] = this.#impossible('process id');
    this.#times.pass(time, columns.cpu[i]!);
  }

  /** Damage that leaves the rest of the event readable: the number is not recorded, and a note says so. */
  #impossible(what: string): -1 {
    addNote(
      this.capture.accounting.oddities,
      `a ${what} that no kernel has is taken as not recorded`,
      this.place(),
      '',
    );
    return -1;
  }

  /**
   * The event begun is `bytes[nameStart..nameEnd)` (`mm_migrate_pages`, or `migrate:mm_migrate_pages`), its text
   * `bytes[start..end)` (without the line's end). Columns where the catalogue or a probe's form fits; else the text is kept.
   */
  text(bytes: Uint8Array, nameStart: number, nameEnd: number, start: number, end: number): void {
    const named = this.kinds.find(bytes, nameStart, nameEnd);
    this.textAs(named, bytes, named === this.kinds.other ? nameStart : start, end);
  }

  /** As `text`, for a name that the reader looked up (`kinds.findName`). */
  textAs(named: NamedKind, bytes: Uint8Array, start: number, end: number): void {
    const state = this.#text.decode(named, bytes, start, end);
    if (state) {
      this.values(state, bytes);
      return;
    }
    if (named.row || named.probes.length > 0) {
      this.#note(this.capture.accounting.oddities, `text of ${named.name} fits no known form`, 1, bytes, start, end);
    }
    this.generic(named, bytes, start, end);
  }

  /** As `textAs`, for a name that is none of the catalogue and text that is known to begin with a parenthesis met before. */
  textAtSite(named: NamedKind, site: KnownSite, bytes: Uint8Array, start: number, end: number): void {
    if (this.#text.behindSite(site, bytes, start, end)) this.values(site.state, bytes);
    else this.textAs(named, bytes, start, end);
  }

  /** The event begun is kept with its text only. */
  generic(named: NamedKind, bytes: Uint8Array, start: number, end: number): void {
    const state = this.kinds.generic(named);
    this.fieldValues.setRange(0, start, end);
    this.#store(state, bytes);
    this.capture.accounting.generic += this.units;
    this.capture.accounting.total += this.units;
    this.#lastGeneric = state.columns;
  }

  /** The event begun is of this kind, its values are in `fieldValues`; `bytes` is what their ranges point into. */
  values(state: KindState, bytes: Uint8Array): void {
    this.#store(state, bytes);
    this.countRun(state, this.units);
  }

  /**
   * As `values`, for a reader that writes the columns itself: the event begun is row `row` of `state.columns`, every column
   * of which the reader sets (a `bytes` column cannot be set so). A u64 column's `present` is 0 until it is set.
   */
  row(state: KindState): number {
    const row = this.#newRow(state);
    this.countRun(state, this.units);
    return row;
  }

  /** Appends a line to the text of the event kept last (markers may hold line ends); false when it is no longer at hand. */
  extend(bytes: Uint8Array, start: number, end: number): boolean {
    const columns = this.#lastGeneric;
    const column = columns?.columns[0];
    if (!columns || column?.storage !== 'bytes') return false;
    this.#arena.add(lineFeed, 0, 1);
    this.#arena.add(bytes, start, end);
    column.end[columns.length - 1] = this.#arena.length;
    return true;
  }

  /** A unit that is understood and is no event. */
  comment(): void {
    this.capture.accounting.comment += this.units;
    this.capture.accounting.total += this.units;
  }

  /** A unit that could not be read, and why. */
  skip(reason: string, bytes: Uint8Array, start: number, end: number): void {
    const { accounting } = this.capture;
    this.#note(accounting.skips, reason, this.units, bytes, start, end);
    accounting.skipped += this.units;
    accounting.total += this.units;
  }

  /** A line (`longestLine` of lines.ts) of which only the beginning is at hand. */
  overlong(bytes: Uint8Array, start: number, end: number): void {
    this.skip('line longer than 1 MiB', bytes, start, end);
  }

  /**
   * The last line, when the input ends before it does. It is not read, in any text format: half a line may look whole
   * (`pfn=0x81e` of `pfn=0x81e58`), and nobody could tell. A comment or a blank line is what it is.
   */
  unfinished(bytes: Uint8Array, start: number, end: number): void {
    if (bytes[start] === 35 || isBlank(bytes, start, end)) this.comment();
    else this.skip(unfinishedLine, bytes, start, end);
  }

  /** Events were lost here on a CPU (-1 = not known which); `count` NaN when it is not known how many. */
  lost(cpu: number, count: number, how: Loss['how']): void {
    this.#times.lost(cpu, count, how, this.at, this.place());
  }

  /** Time of the first event, for `beginPart`. */
  get origin(): Origin {
    return this.#times.origin;
  }

  /**
   * Makes this the builder of a part of a capture that began before. Gives the list in which it marks losses, for `join`.
   */
  beginPart(origin: Origin): readonly LossMark[] {
    return this.#times.beginPart(origin);
  }

  /** What the times of the part's events come to, for `join`. */
  get partTimes(): PartTimes {
    return this.#times.partTimes;
  }

  /**
   * Takes over the events of the part of the input that comes next, read by another builder. Their kinds and texts are
   * already this capture's; what depends on the events before them (ordinals, inversions, losses) is worked out here.
   */
  join(
    batches: readonly (EventBatch & { ordinal: Float64Array })[],
    marks: readonly LossMark[],
    times: PartTimes,
  ): void {
    const { capture } = this;
    if (this.#length > 0) this.#cut();
    this.#lastGeneric = undefined;
    const before = this.at;
    let events = 0;
    let next = 0;
    const place = (): void => {
      for (; marks[next]?.events === events; next++) {
        const { cpu, count, how, at } = marks[next]!;
        this.at = before + at;
        this.lost(cpu, count, how);
      }
    };
    const isEven = batches.length > 0 && marks.length === 0 && !this.#times.hasGap;
    if (isEven) this.#times.passPart(batches[0]!.time[0]!, times);
    for (const batch of batches) {
      const { length, ordinal, time, cpu } = batch;
      fillFrom(ordinal, capture.events, length);
      if (!isEven) {
        for (let i = 0; i < length; i++) {
          if (next < marks.length) place();
          events++;
          this.#times.pass(time[i]!, cpu[i]!);
        }
      }
      capture.events += length;
      this.#full.push(batch);
    }
    place();
    this.at = before;
  }

  /** `line 12`. */
  place(): string {
    return `${this.#place} ${this.at}`;
  }

  /** The batches that are full; each is given out once. */
  take(): EventBatch[] {
    const full = this.#full;
    if (full.length > 0) this.#full = [];
    return full;
  }

  /** A batch that was given out is not looked at any more: its columns are used again. */
  giveBack(batch: EventBatch): void {
    if (isWhole(batch)) this.#spares.push(batch);
  }

  /** The end of the input: the last batch too. */
  finish(): EventBatch[] {
    this.#times.finish();
    if (this.#length > 0) this.#cut();
    return this.take();
  }

  #store(state: KindState, bytes: Uint8Array): void {
    const row = this.#newRow(state);
    storeValues(state.columns!, row, this.fieldValues, bytes, this.capture.strings, this.#arena);
  }

  /** Makes the event begun the next row of its kind. */
  #newRow(state: KindState): number {
    const row = newRow(state);
    this.#columns.kind[this.#event] = state.kind.id;
    this.#columns.row[this.#event] = row;
    return row;
  }

  #cut(): void {
    const fields: (KindColumns | undefined)[] = [];
    for (const state of this.kinds.states) {
      fields[state.kind.id] = state.columns;
      if (state.columns) state.lastLength = state.columns.length;
      state.columns = undefined;
    }
    this.#full.push({ ...this.#columns, length: this.#length, fields, arena: this.#arena.bytes });
    const spare = this.#spares.pop();
    this.#columns = newEventColumns(spare);
    for (const state of this.kinds.states) state.spare = spare?.fields[state.kind.id];
    this.#arena = new Arena();
    this.#length = 0;
    this.#lastGeneric = undefined;
  }

  #note(
    notes: Parameters<typeof addNote>[0],
    reason: string,
    units: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const known = notes.find((note) => note.reason === reason);
    if (known) {
      known.count += units;
      return;
    }
    addNote(notes, reason, this.place(), sampleOf(bytes, start, end), units);
  }
}

/** Why a last line without a line end is skipped. */
export const unfinishedLine = 'the last line has no line end, so it may be cut; add one if it is whole';

/** Spaces, tabs and carriage returns only. */
export function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] !== 32 && bytes[i] !== 9 && bytes[i] !== 13) return false;
  return true;
}

const lineFeed = Uint8Array.of(10);
