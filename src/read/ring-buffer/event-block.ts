/**
 * Events whose order is known and which are not stored yet. They are stored some thousand at a time, column by column: first
 * what every event has, then the fields of each kind (records/lanes.ts).
 */
import type { BatchBuilder } from '../builder.ts';
import { makeRoom } from '../kind-columns.ts';
import type { RecordRun } from '../records/column-loops.ts';
import { Lanes, noLane } from '../records/lanes.ts';
import type { ColumnPlan } from '../records/plan.ts';
import type { RecordBytes } from '../records/record.ts';
import type { RecordTable } from '../records/record-table.ts';
import type { CommonFields } from './common-fields.ts';
import type { Comms, Tgids } from './comms.ts';
import type { PagePool } from './page-pool.ts';
import { addTime } from './sub-buffer.ts';

const two32 = 2 ** 32;
const perTwo32 = 2 ** -32;

/** Events of a block: enough for loops to pay, few enough for the processor's caches. */
export const blockSize = 8192;

export interface BlockOptions {
  readonly builder: BatchBuilder;
  readonly table: RecordTable;
  readonly common: CommonFields;
  readonly comms: Comms;
  readonly tgids: Tgids | undefined;
  /** What the events lie in; undefined when no event is put into the block. */
  readonly pool: PagePool | undefined;
  /** Added to every time: 64 bits in two halves. */
  readonly addHi: number;
  readonly addLo: number;
}

export class EventBlock {
  /** Events in the block; who puts one in sets it in all these lists, and counts it here. */
  length = 0;
  /** Where the event begins, where its record does (8 bytes at least), and where both end: offsets into the pool. */
  readonly events = new Uint32Array(blockSize);
  readonly starts = new Uint32Array(blockSize);
  readonly ends = new Uint32Array(blockSize);
  /** Times before anything is added to them. */
  readonly times = new Float64Array(blockSize);
  readonly types = new Uint16Array(blockSize);
  readonly cpus = new Int32Array(blockSize);

  readonly #options: BlockOptions;
  readonly #bytes: Uint8Array;
  readonly #lanes: Lanes;
  readonly #laneOf = new Int32Array(blockSize);
  /** By lane: 1 when it has events in the block; how many, where its next record is put. */
  #isMet = new Uint8Array(64);
  #counts = new Uint32Array(64);
  #places = new Uint32Array(64);
  /** By lane: its kind, and the bytes that a record needs to have. */
  #kinds = new Uint16Array(64);
  #wholes = new Uint32Array(64);
  /** By kind: its next row, and whether that is known. Lanes may share a kind. */
  #nextRows = new Uint32Array(256);
  #hasRows = new Uint8Array(256);
  /** Lanes of the block, in the order met. */
  #met: number[] = [];
  /** The records by lane. */
  readonly #run: Mutable<RecordRun>;

  constructor(options: BlockOptions) {
    this.#options = options;
    this.#lanes = new Lanes(options.table);
    this.#bytes = options.pool?.bytes ?? new Uint8Array(0);
    this.#run = {
      record: options.table.recordAt(this.#bytes, 0, 0),
      starts: new Uint32Array(blockSize),
      rows: new Uint32Array(blockSize),
      indexes: new Uint32Array(blockSize),
      ends: this.ends,
      budgets: new Int32Array(blockSize),
      shorts: new Uint8Array(blockSize),
      from: 0,
      to: 0,
    };
  }

  /** Stores all events of the block. What they lie in is not needed any more. */
  flush(): void {
    for (let from = 0; from < this.length; ) {
      const count = Math.min(this.length - from, this.#options.builder.room);
      this.#store(from, from + count);
      from += count;
    }
    this.length = 0;
    this.#options.pool?.settle();
  }

  #store(from: number, to: number): void {
    const { builder, table, common, comms, tgids, addHi, addLo } = this.#options;
    const { hi, lo } = addTime(addHi, addLo, this.times[from]!);
    const { columns, at } = builder.beginRun(to - from, hi, lo);
    const end = at + to - from;
    this.#fillTimes(columns.time, at, from, to);
    columns.cpu.set(this.cpus.subarray(from, to), at);
    builder.passRun(at, end);
    const record = table.recordAt(this.#bytes, 0, 0);
    common.fill(record.view, this.starts, from, to, columns.pid, columns.flags, at);
    comms.fill(columns.pid, columns.comm, at, end);
    if (tgids === undefined) columns.tgid.fill(-1, at, end);
    else tgids.fill(columns.pid, columns.tgid, at, end);
    table.shorts.hold();
    this.#choose(record, columns.kind, at, from, to);
    this.#sort(columns.kind, columns.row, at, from, to);
    this.#decode();
    table.shorts.release();
  }

  /** As `addTime`, without an object for each event. */
  #fillTimes(out: Float64Array, at: number, from: number, to: number): void {
    const { times } = this;
    const { builder, addHi, addLo } = this.#options;
    const { high, low } = builder.origin;
    for (let i = from, k = at; i < to; i++, k++) {
      const sum = times[i]! + addLo;
      const carry = Math.floor(sum * perTwo32);
      let hi = addHi + carry;
      // Round the clock, as 64 bits go; a remainder would take as long as the rest of the loop.
      if (hi >= two32) hi -= two32;
      out[k] = (hi - high) * two32 + (sum - carry * two32 - low);
    }
  }

  /** Gives every event its lane and its kind. Those of no lane are decoded at once. */
  #choose({ view, isLittleEndian }: RecordBytes, kinds: Uint16Array, at: number, from: number, to: number): void {
    const { types, starts, ends } = this;
    const lanes = this.#lanes;
    const laneOf = this.#laneOf;
    let isMet = this.#isMet;
    let kindOf = this.#kinds;
    let counts = this.#counts;
    for (let i = from; i < to; i++) {
      const lane = lanes.of(types[i]!, view, starts[i]!, ends[i]!, isLittleEndian);
      laneOf[i] = lane;
      const k = at + i - from;
      if (lane === noLane) {
        this.#decodeAlone(i, k);
        continue;
      }
      if (lane >= isMet.length || isMet[lane] === 0) {
        this.#meet(lane);
        isMet = this.#isMet;
        kindOf = this.#kinds;
        counts = this.#counts;
      }
      kinds[k] = kindOf[lane]!;
      counts[lane]!++;
    }
  }

  /** The first event of a lane in this block. */
  #meet(lane: number): void {
    if (lane >= this.#isMet.length) this.#grow(lane);
    const { state, whole } = this.#lanes.plans[lane]!;
    const kind = state.kind.id;
    while (kind >= this.#nextRows.length) {
      this.#nextRows = grown(this.#nextRows);
      this.#hasRows = grown(this.#hasRows);
    }
    this.#kinds[lane] = kind;
    this.#wholes[lane] = whole;
    if (this.#hasRows[kind] === 0) this.#nextRows[kind] = state.columns?.length ?? 0;
    this.#hasRows[kind] = 1;
    this.#isMet[lane] = 1;
    this.#met.push(lane);
  }

  #grow(lane: number): void {
    while (lane >= this.#isMet.length) {
      this.#isMet = grown(this.#isMet);
      this.#counts = grown(this.#counts);
      this.#places = grown(this.#places);
      this.#kinds = grown(this.#kinds);
      this.#wholes = grown(this.#wholes);
    }
  }

  /** An event by itself, at place `k` of the batch. */
  #decodeAlone(i: number, k: number): void {
    const { builder, table } = this.#options;
    builder.select(k);
    table.shorts.event = i;
    builder.units = this.ends[i]! - this.events[i]!;
    builder.at = this.#placeOf(this.events[i]!);
    table.decodeAs(this.types[i]!, this.#bytes, this.starts[i]!, this.ends[i]!);
  }

  /** Puts the records of each lane together, and gives every event its row. Records too short for their lane are decoded. */
  #sort(kinds: Uint16Array, rows: Uint32Array, at: number, from: number, to: number): void {
    const places = this.#places;
    let place = 0;
    for (const lane of this.#met) {
      places[lane] = place;
      place += this.#counts[lane]!;
    }
    const laneOf = this.#laneOf;
    const wholes = this.#wholes;
    const nextRows = this.#nextRows;
    const { starts, ends } = this;
    const { indexes, starts: runStarts, rows: runRows } = this.#run;
    for (let i = from, k = at; i < to; i++, k++) {
      const lane = laneOf[i]!;
      if (lane === noLane) continue;
      const kind = kinds[k]!;
      const row = nextRows[kind]!;
      nextRows[kind] = row + 1;
      rows[k] = row;
      const start = starts[i]!;
      if (start + wholes[lane]! > ends[i]!) {
        this.#decodeShort(i, lane, row);
        continue;
      }
      const p = places[lane]!;
      places[lane] = p + 1;
      runStarts[p] = start;
      runRows[p] = row;
      indexes[p] = i;
    }
  }

  /** A record that does not hold all that is loaded: its row is given. */
  #decodeShort(i: number, lane: number, row: number): void {
    const { builder, table } = this.#options;
    const plan = this.#lanes.plans[lane]!;
    makeRoom(plan.state, row + 1);
    table.shorts.event = i;
    builder.at = this.#placeOf(this.events[i]!);
    plan.decodeRow(table.recordAt(this.#bytes, this.starts[i]!, this.ends[i]!), row);
    builder.countRun(plan.state, this.ends[i]! - this.events[i]!);
    this.#counts[lane]!--;
  }

  #decode(): void {
    const { builder, table } = this.#options;
    const run = this.#run;
    run.record = table.recordAt(this.#bytes, 0, this.#bytes.length);
    for (const lane of this.#met) {
      const plan = this.#lanes.plans[lane]!;
      const { state } = plan;
      const kind = this.#kinds[lane]!;
      makeRoom(state, this.#nextRows[kind]!);
      run.to = this.#places[lane]!;
      run.from = run.to - this.#counts[lane]!;
      if (plan.decodeRun(run)) this.#noteShort(plan);
      builder.countRun(state, this.#unitsOf(run.from, run.to));
      this.#counts[lane] = 0;
      this.#isMet[lane] = 0;
      this.#hasRows[kind] = 0;
    }
    this.#met = [];
  }

  /** Units of input that records `[from, to)` of the run take, with what stands before each. */
  #unitsOf(from: number, to: number): number {
    const { events, ends } = this;
    const { indexes } = this.#run;
    let units = 0;
    for (let p = from; p < to; p++) {
      const i = indexes[p]!;
      units += ends[i]! - events[i]!;
    }
    return units;
  }

  /** Place in the input of an offset into the pool. */
  #placeOf(offset: number): number {
    return this.#options.pool?.placeOf(offset) ?? offset;
  }

  #noteShort(plan: ColumnPlan): void {
    const { builder, table } = this.#options;
    const { shorts, indexes, from, to } = this.#run;
    for (let p = from; p < to; p++) {
      if (shorts[p] === 0) continue;
      const i = indexes[p]!;
      table.shorts.event = i;
      builder.at = this.#placeOf(this.events[i]!);
      plan.noteShort(this.ends[i]! - this.starts[i]!);
    }
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Twice as long, with what is in it. */
function grown<T extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(list: T): T {
  const longer = new (list.constructor as new (length: number) => T)(list.length * 2);
  longer.set(list);
  return longer;
}
