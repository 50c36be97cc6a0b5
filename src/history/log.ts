/**
 * What one pass over the batches keeps: for each topic the events that matter to it, as columns. Facts are folded out
 * of these logs afterwards, when the whole capture is known (losses, calibration of pointers, layout of entries).
 */
import { IntegerColumn, NumberColumn } from '../base/columns.ts';

/** The event being looked at; one object, overwritten for every event. */
export interface Now {
  ordinal: number;
  time: number;
  cpu: number;
  pid: number;
  /** Interned name of the task. */
  comm: number;
  /** Counts the events of this CPU that end a run of insertions (anything but insertions themselves). */
  epoch: number;
  /** Row in the drain log of the drain that was this CPU's last such event, or -1. */
  drain: number;
}

/** Rows of one topic in the order of the capture. `tag` says which event a row is; `values` what it said (NaN = nothing). */
export class Log {
  readonly ordinal = new NumberColumn();
  readonly time = new NumberColumn();
  readonly cpu = new IntegerColumn();
  readonly pid = new IntegerColumn();
  readonly comm = new IntegerColumn();
  readonly tag = new IntegerColumn();
  readonly values: readonly NumberColumn[];

  constructor(width: number) {
    this.values = Array.from({ length: width }, () => new NumberColumn());
  }

  get length(): number {
    return this.tag.length;
  }

  /** Appends a row and returns its number. Values beyond the log's width are not kept. */
  add(now: Now, tag: number, a = NaN, b = NaN, c = NaN, d = NaN, e = NaN, f = NaN, g = NaN): number {
    const row = this.tag.length;
    this.ordinal.push(now.ordinal);
    this.time.push(now.time);
    this.cpu.push(now.cpu);
    this.pid.push(now.pid);
    this.comm.push(now.comm);
    this.tag.push(tag);
    const values = this.values;
    const width = values.length;
    if (width > 0) values[0]!.push(a);
    if (width > 1) values[1]!.push(b);
    if (width > 2) values[2]!.push(c);
    if (width > 3) values[3]!.push(d);
    if (width > 4) values[4]!.push(e);
    if (width > 5) values[5]!.push(f);
    if (width > 6) values[6]!.push(g);
    return row;
  }

  /** Value `column` of a row. */
  value(column: number, row: number): number {
    return this.values[column]!.data[row]!;
  }
}
