/** What every event has, whatever its kind: the columns of a batch that a reader fills. */

import type { EventBatch } from '../events/batch.ts';

/** Events in a full batch. */
export const batchSize = 65536;

/** The common columns of a batch while it is being filled. */
export interface EventColumns {
  ordinal: Float64Array;
  time: Float64Array;
  cpu: Int32Array;
  pid: Int32Array;
  tgid: Int32Array;
  comm: Int32Array;
  flags: Uint8Array;
  kind: Uint16Array;
  row: Uint32Array;
}

/** Columns for a whole batch; those of `spare` again, in an object of the one shape that all readers write to. */
export function newEventColumns(spare?: EventColumns): EventColumns {
  return {
    ordinal: spare?.ordinal ?? new Float64Array(batchSize),
    time: spare?.time ?? new Float64Array(batchSize),
    cpu: spare?.cpu ?? new Int32Array(batchSize),
    pid: spare?.pid ?? new Int32Array(batchSize),
    tgid: spare?.tgid ?? new Int32Array(batchSize),
    comm: spare?.comm ?? new Int32Array(batchSize),
    flags: spare?.flags ?? new Uint8Array(batchSize),
    kind: spare?.kind ?? new Uint16Array(batchSize),
    row: spare?.row ?? new Uint32Array(batchSize),
  };
}

/** Whether a batch's columns are such as `newEventColumns` makes. Every place of them is set anew for each event. */
export function isWhole(batch: EventBatch): boolean {
  return batch.time.length === batchSize;
}

/** The exact time of a capture's first event, in the two parts that `begin` takes (seconds, nanoseconds) or `beginAt`. */
export interface Origin {
  readonly high: number;
  readonly low: number;
}

/** `first`, `first + 1`, ...: the ordinals of a batch. */
export function fillFrom(column: Float64Array, first: number, length: number): void {
  for (let i = 0; i < length; i++) column[i] = first + i;
}
