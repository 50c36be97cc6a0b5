/**
 * Drains and windows, as their functions were probed (mm/swap.c): lru_add_drain_cpu empties one CPU's batches,
 * lru_add_drain_all has every CPU that needs it do so on a kernel worker, lru_cache_disable does the same and keeps batches
 * off until lru_cache_enable, which is inline and leaves no event.
 */
import { addTo } from '../base/groups.ts';
import type { Capture } from '../events/capture.ts';
import type { Drain, Window } from './facts.ts';
import { argument } from './fields.ts';
import type { Listener } from './gather.ts';
import { Log, type Now } from './log.ts';

const LOCAL = 0;
const ALL = 1;
const DISABLE = 2;
const ALL_DONE = 3;
const DISABLE_DONE = 4;
/** Only the mlock batch of the CPU (mm/mlock.c mlock_drain_local). */
const MLOCK = 5;

/** Columns: the CPU drained. */
export const newDrainLog = (): Log => new Log(1);

export function listenToDrains(now: Now, log: Log): Listener {
  return (kind) => {
    const probe = kind.probe;
    if (probe === undefined) return undefined;
    if (probe.meaning === 'lru_add_drain_cpu' && !probe.isReturn) {
      return (columns) => {
        const cpu = argument(columns, 'cpu');
        return (row) => {
          now.drain = log.add(now, LOCAL, cpu(row));
        };
      };
    }
    // lru_add_drain is the caller of lru_add_drain_cpu: alone it says the same, with it nothing more.
    if (probe.meaning === 'lru_add_drain' && !probe.isReturn) {
      return () => () => {
        now.drain = log.add(now, LOCAL, now.cpu);
      };
    }
    if (probe.meaning === 'mlock_drain_local' && !probe.isReturn) return () => () => log.add(now, MLOCK, now.cpu);
    const all = probe.meaning === 'lru_add_drain_all';
    if (!all && probe.meaning !== 'lru_cache_disable') return undefined;
    const tag = probe.isReturn ? (all ? ALL_DONE : DISABLE_DONE) : all ? ALL : DISABLE;
    return () => () => log.add(now, tag);
  };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface DrainFold {
  readonly drains: Mutable<Drain>[];
  readonly windows: Mutable<Window>[];
  /** Place of the window's first and last events: the disabling, its drain's end (NaN without a return probe). */
  readonly windowOrdinals: { readonly start: number; readonly drained: number }[];
  /** Id of the drain that a row of the log is or belongs to. */
  readonly ofRow: Int32Array;
  readonly probed: { readonly local: boolean; readonly all: boolean; readonly disable: boolean };
}

/** Is this one of the workers that run lru_add_drain_per_cpu? */
export function isWorker(comm: string): boolean {
  return comm.startsWith('kworker/');
}

export function foldDrains(capture: Capture, log: Log): DrainFold {
  const drains: Mutable<Drain>[] = [];
  const windows: Mutable<Window>[] = [];
  const windowOrdinals: { start: number; drained: number }[] = [];
  const ofRow = new Int32Array(log.length).fill(-1);
  // All-CPU drains whose works may still run: those whose return was not seen yet. Without return probes a drain counts
  // as over when the next one begins: a global mutex serialises them (lru_add_drain_all).
  const running: { drain: Mutable<Drain>; window: number }[] = [];
  const probed = { local: false, all: false, disable: false };
  const returns = { all: false, disable: false };
  for (let row = 0; row < log.length; row++) {
    returns.all ||= log.tag.data[row] === ALL_DONE;
    returns.disable ||= log.tag.data[row] === DISABLE_DONE;
  }

  for (let row = 0; row < log.length; row++) {
    const tag = log.tag.data[row]!;
    if (tag === MLOCK) continue;
    const pid = log.pid.data[row]!;
    const time = log.time.data[row]!;
    const cpu = log.cpu.data[row]!;
    const comm = capture.strings.text(log.comm.data[row]!);
    if (tag >= ALL_DONE) {
      const index = running.findIndex((one) => one.drain.pid === pid && one.window >= 0 === (tag === DISABLE_DONE));
      if (index < 0) continue;
      const { drain, window } = running[index]!;
      drain.end = time;
      if (window >= 0) {
        windows[window]!.drained = time;
        windowOrdinals[window]!.drained = log.ordinal.data[row]!;
      }
      running.splice(index, 1);
      continue;
    }
    if (tag === LOCAL) {
      probed.local = true;
      const drained = Number.isNaN(log.value(0, row)) ? cpu : log.value(0, row);
      const cause = isWorker(comm) ? running[0]?.drain : undefined;
      if (cause !== undefined) {
        // Works of a drain run between its start and its end; the first of those waiting holds the mutex.
        if (!cause.cpus.includes(drained)) (cause.cpus as number[]).push(drained);
        ofRow[row] = cause.id;
        continue;
      }
    } else {
      if (tag === ALL) probed.all = true;
      else probed.disable = true;
      if (tag === ALL && running.some((one) => one.drain.pid === pid && one.window >= 0)) continue; // its own inner call
      // Over are this task's earlier ones, and those of a function whose return was not probed.
      for (let i = running.length - 1; i >= 0; i--) {
        const one = running[i]!;
        const ends = one.window >= 0 ? returns.disable : returns.all;
        if (!ends || one.drain.pid === pid) running.splice(i, 1);
      }
    }
    const drain: Mutable<Drain> = {
      id: drains.length,
      scope: tag === LOCAL ? 'local' : tag === ALL ? 'all' : 'disable',
      pid,
      comm,
      cpu,
      start: time,
      end: NaN,
      cpus: tag === LOCAL ? [Number.isNaN(log.value(0, row)) ? cpu : log.value(0, row)] : [],
      certainty: 'seen',
      ordinal: log.ordinal.data[row]!,
    };
    drains.push(drain);
    ofRow[row] = drain.id;
    if (tag === LOCAL) continue;
    running.push({ drain, window: tag === DISABLE ? windows.length : -1 });
    if (tag === DISABLE) {
      windows.push({ pid, start: time, drained: NaN, end: NaN, endCertainty: 'unknown', request: -1 });
      windowOrdinals.push({ start: drain.ordinal, drained: NaN });
    }
  }
  return { drains, windows, windowOrdinals, ofRow, probed };
}

/** When each CPU's batches were emptied by a recorded drain: places and times, by CPU, in order. */
export interface Emptied {
  /** Of all batches, and of the mlock batch (which some drains empty alone). */
  readonly all: ReadonlyMap<number, { readonly ordinal: number; readonly time: number }[]>;
  readonly mlock: ReadonlyMap<number, { readonly ordinal: number; readonly time: number }[]>;
}

export function whenEmptied(log: Log): Emptied {
  const all = new Map<number, { ordinal: number; time: number }[]>();
  const mlock = new Map<number, { ordinal: number; time: number }[]>();
  const add = (to: typeof all, cpu: number, row: number): void => {
    const mark = { ordinal: log.ordinal.data[row]!, time: log.time.data[row]! };
    addTo(to, cpu, mark);
  };
  for (let row = 0; row < log.length; row++) {
    const tag = log.tag.data[row]!;
    if (tag !== LOCAL && tag !== MLOCK) continue;
    const cpu = Number.isNaN(log.value(0, row)) ? log.cpu.data[row]! : log.value(0, row);
    if (tag === LOCAL) add(all, cpu, row);
    add(mlock, cpu, row);
  }
  return { all, mlock };
}
