/**
 * migrate_pages() calls (mm/migrate.c): from mm_migrate_pages_start to mm_migrate_pages of one task. Calls do not nest in
 * a task. Kernels without the start event (5.10) give the end only, unless the function is probed.
 */

import { IntegerColumn } from '../base/columns.ts';
import { countLeading } from '../base/sorted.ts';
import type { Capture, Loss } from '../events/capture.ts';
import type { EventKind } from '../events/kinds.ts';
import { argument, field, isText } from './fields.ts';
import type { Listener } from './gather.ts';
import { Log, type Now } from './log.ts';

const START = 0;
const END = 1;
const ENTRY = 2;
const RETURN = 3;

/** Columns: mode, reason (string ids), succeeded, failed (or returned), thp succeeded, thp failed, thp split. */
export const newCallLog = (): Log => new Log(7);

export function listenToCalls(capture: Capture, now: Now, log: Log): Listener {
  const named = (kind: EventKind, name: string, value: number): number => {
    if (Number.isNaN(value)) return -1;
    const names = kind.row?.symbols?.[name] ?? [];
    if (!isText(kind, name)) return capture.strings.intern(names[value] ?? `0x${value.toString(16)}`);
    // Dumps of one's own may give the number.
    const text = capture.strings.text(value);
    return /^(0x)?\d/.test(text)
      ? capture.strings.intern(names[Number.parseInt(text, text.startsWith('0x') ? 16 : 10)] ?? text)
      : value;
  };
  return (kind) => {
    if (kind.probe?.meaning === 'migrate_pages') {
      if (!kind.probe.isReturn) return () => () => log.add(now, ENTRY);
      return (columns) => {
        const returned = argument(columns, 'return');
        return (row) => log.add(now, RETURN, NaN, NaN, NaN, returned(row));
      };
    }
    if (kind.form !== 'catalogued') return undefined;
    if (kind.name === 'mm_migrate_pages_start') {
      return (columns) => {
        const mode = field(columns, 'mode');
        const reason = field(columns, 'reason');
        return (row) => log.add(now, START, named(kind, 'mode', mode(row)), named(kind, 'reason', reason(row)));
      };
    }
    if (kind.name !== 'mm_migrate_pages') return undefined;
    return (columns) => {
      const mode = field(columns, 'mode');
      const reason = field(columns, 'reason');
      const succeeded = field(columns, 'nr_succeeded');
      const failed = field(columns, 'nr_failed');
      const thpSucceeded = field(columns, 'nr_thp_succeeded');
      const thpFailed = field(columns, 'nr_thp_failed');
      const thpSplit = field(columns, 'nr_thp_split');
      return (row) =>
        log.add(
          now,
          END,
          named(kind, 'mode', mode(row)),
          named(kind, 'reason', reason(row)),
          succeeded(row),
          failed(row),
          thpSucceeded(row),
          thpFailed(row),
          thpSplit(row),
        );
    };
  };
}

/** A call before its folios are known. */
export interface BareCall {
  readonly id: number;
  startOrdinal: number;
  endOrdinal: number;
  start: number;
  end: number;
  pid: number;
  cpu: number;
  comm: number;
  mode: number;
  reason: number;
  succeeded: number;
  failed: number;
  thpSucceeded: number;
  thpFailed: number;
  thpSplit: number;
  returned: number;
  complete: 'whole' | 'no start' | 'no end';
  lossy: boolean;
}

/** Did events of this CPU (-1: of any) get lost between two times? Losses of an unknown CPU or time count for all. */
export function lostBetween(losses: readonly Loss[], cpu: number, start: number, end: number): boolean {
  return losses.some((loss) => {
    if (loss.cpu >= 0 && cpu >= 0 && loss.cpu !== cpu) return false;
    const from = Number.isNaN(loss.start) ? Number.NEGATIVE_INFINITY : loss.start;
    const to = Number.isNaN(loss.end) ? Number.POSITIVE_INFINITY : loss.end;
    return to >= start && from <= end;
  });
}

/** Pairs the rows of the call log, task by task. Calls come out in the order of their first event. */
export function foldCalls(capture: Capture, log: Log): BareCall[] {
  const calls: BareCall[] = [];
  // Per task: the open call, the row of a probed entry not yet used, the last closed call waiting for its return value.
  const open = new Map<number, BareCall>();
  const entered = new Map<number, number>();
  const closed = new Map<number, BareCall>();
  const begin = (row: number, from: number): BareCall => {
    const call: BareCall = {
      id: calls.length,
      startOrdinal: from < 0 ? -1 : log.ordinal.data[from]!,
      endOrdinal: -1,
      start: from < 0 ? NaN : log.time.data[from]!,
      end: NaN,
      pid: log.pid.data[row]!,
      cpu: log.cpu.data[row]!,
      comm: log.comm.data[row]!,
      mode: log.value(0, row),
      reason: log.value(1, row),
      succeeded: NaN,
      failed: NaN,
      thpSucceeded: NaN,
      thpFailed: NaN,
      thpSplit: NaN,
      returned: NaN,
      complete: from < 0 ? 'no start' : 'no end',
      lossy: false,
    };
    calls.push(call);
    return call;
  };
  for (let row = 0; row < log.length; row++) {
    const pid = log.pid.data[row]!;
    const tag = log.tag.data[row]!;
    if (tag === ENTRY) entered.set(pid, row);
    else if (tag === START) {
      open.set(pid, begin(row, row));
      closed.delete(pid);
    } else if (tag === END) {
      const started = open.get(pid);
      // Without a start event the probed entry is the start: nothing but the list's set-up lies between them.
      const call = started ?? begin(row, entered.get(pid) ?? -1);
      open.delete(pid);
      call.endOrdinal = log.ordinal.data[row]!;
      call.end = log.time.data[row]!;
      call.succeeded = log.value(2, row);
      call.failed = log.value(3, row);
      call.thpSucceeded = log.value(4, row);
      call.thpFailed = log.value(5, row);
      call.thpSplit = log.value(6, row);
      if (call.startOrdinal >= 0) call.complete = 'whole';
      if (entered.delete(pid)) closed.set(pid, call);
    } else {
      const call = closed.get(pid);
      if (call !== undefined) call.returned = log.value(3, row);
      closed.delete(pid);
      entered.delete(pid);
    }
  }
  for (const call of calls) {
    const from = Number.isNaN(call.start) ? call.end : call.start;
    const to = Number.isNaN(call.end) ? capture.end : call.end;
    call.lossy = lostBetween(capture.losses, call.cpu, from, to);
  }
  return calls;
}

/** Finds the call that a task was in at an event: by task, then by the event's place. */
export class CallFinder {
  readonly #byPid = new Map<number, IntegerColumn>();
  readonly #calls: readonly BareCall[];

  constructor(calls: readonly BareCall[]) {
    this.#calls = calls;
    for (const call of calls) {
      const list = this.#byPid.get(call.pid) ?? new IntegerColumn(4);
      list.push(call.id);
      this.#byPid.set(call.pid, list);
    }
  }

  /** Id of the task's call that holds this ordinal, or -1. */
  at(pid: number, ordinal: number): number {
    const id = this.before(pid, ordinal);
    if (id < 0) return -1;
    const call = this.#calls[id]!;
    return call.endOrdinal < 0 || call.endOrdinal >= ordinal ? id : -1;
  }

  /** Id of the task's last call that began at or before this ordinal (a call without a start begins at its end), or -1. */
  before(pid: number, ordinal: number): number {
    return this.#byPid.get(pid)?.data[this.#countUpTo(pid, ordinal) - 1] ?? -1;
  }

  /** Id of the task's first call that begins after this ordinal, or -1. */
  after(pid: number, ordinal: number): number {
    const list = this.#byPid.get(pid);
    const place = this.#countUpTo(pid, ordinal);
    return list === undefined || place === list.length ? -1 : list.data[place]!;
  }

  /** How many of the task's calls began at or before this ordinal. */
  #countUpTo(pid: number, ordinal: number): number {
    const list = this.#byPid.get(pid);
    if (list === undefined) return 0;
    return countLeading(list.length, (i) => firstOrdinal(this.#calls[list.data[i]!]!) <= ordinal);
  }
}

/** Ordinal of a call's first event that was seen. */
export function firstOrdinal(call: { readonly startOrdinal: number; readonly endOrdinal: number }): number {
  return call.startOrdinal >= 0 ? call.startOrdinal : call.endOrdinal;
}
