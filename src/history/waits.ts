/**
 * Tasks asleep because of a folio under migration, from probes: on a migration entry (migration_entry_wait_on_locked, no
 * reference since 5.17; put_and_wait_on_page_locked before, which drops it), or on the folio lock (__folio_lock, ...: the
 * slow path only, the fast one is inline).
 */
import type { Capture } from '../events/capture.ts';
import type { CallFinder } from './calls.ts';
import type { Decoder } from './entries.ts';
import type { EpisodeFinder } from './episodes.ts';
import type { Wait } from './facts.ts';
import { argument, argumentHigh, argumentLow } from './fields.ts';
import type { Listener } from './gather.ts';
import { Log, type Now } from './log.ts';
import type { PointerLine } from './pointers.ts';

const ENTRY = 0;
const ENTRY_OLD = 1;
const LOCK = 2;
const DONE = 10;
const meanings: Readonly<Record<string, number>> = {
  migration_entry_wait_on_locked: ENTRY,
  folio_put_wait_locked: ENTRY_OLD,
  folio_lock: LOCK,
  folio_lock_killable: LOCK,
  folio_lock_or_retry: LOCK,
};

/** Columns: entry (high and low half), or folio pointer. */
export const newWaitLog = (): Log => new Log(3);

export function listenToWaits(now: Now, log: Log): Listener {
  return (kind) => {
    const tag = meanings[kind.probe?.meaning ?? ''];
    if (tag === undefined) return undefined;
    if (kind.probe!.isReturn) return () => () => log.add(now, tag + DONE);
    return (columns) => {
      const high = argumentHigh(columns, 'entry');
      const low = argumentLow(columns, 'entry');
      const folio = argument(columns, 'folio');
      return (row) => log.add(now, tag, high(row), low(row), folio(row));
    };
  };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export function foldWaits(
  capture: Capture,
  log: Log,
  decoder: Decoder | undefined,
  line: PointerLine,
  episodes: EpisodeFinder,
  calls: CallFinder,
): Mutable<Wait>[] {
  const waits: Mutable<Wait>[] = [];
  const open = new Map<number, { wait: Mutable<Wait>; tag: number }>();
  for (let row = 0; row < log.length; row++) {
    const pid = log.pid.data[row]!;
    const tag = log.tag.data[row]!;
    const ordinal = log.ordinal.data[row]!;
    // Without task ids nothing tells whose return a return is.
    const under = pid < 0 ? undefined : open.get(pid);
    if (tag >= DONE) {
      if (under === undefined || under.tag !== tag - DONE) continue;
      under.wait.end = log.time.data[row]!;
      if (under.wait.episode < 0 && !Number.isNaN(under.wait.pfn)) {
        // A fault may get to the lock before the first entry is there: then the episode began while it slept.
        under.wait.episode = episodes.at(under.wait.pfn, ordinal, under.wait.ordinal);
      }
      open.delete(pid);
      continue;
    }
    // migration_entry_wait_on_locked and the lock functions end in the same sleep: an inner entry says nothing new.
    if (under !== undefined && under.tag !== tag) continue;
    const pfn =
      tag === ENTRY ? (decoder?.entry(log.value(0, row), log.value(1, row)) ?? NaN) : line.pfn(log.value(2, row));
    // A migrating task that waits for the lock holds the isolation's reference, which its check expects.
    const migrates = calls.at(pid, ordinal) >= 0;
    const wait: Mutable<Wait> = {
      pid,
      comm: capture.strings.text(log.comm.data[row]!),
      cpu: log.cpu.data[row]!,
      start: log.time.data[row]!,
      end: NaN,
      on: tag === LOCK ? 'lock' : 'entry',
      holdsReference: tag !== LOCK ? 'no' : pid < 0 ? 'unknown' : migrates ? 'no' : 'yes',
      pfn,
      episode: Number.isNaN(pfn) ? -1 : episodes.at(pfn, ordinal),
      ordinal,
    };
    waits.push(wait);
    open.set(pid, { wait, tag });
  }
  return waits;
}
