/** Folios that a task took off the LRU to migrate them (mm/vmscan.c folio_isolate_lru), where that is probed. */
import type { Capture } from '../events/capture.ts';
import { kernelOf } from './entries.ts';
import { argument } from './fields.ts';
import type { Listener } from './gather.ts';
import { Log, type Now } from './log.ts';
import type { PointerLine } from './pointers.ts';

const ENTRY = 0;
const RETURN = 1;

/** Columns: folio pointer, or what was returned. */
export const newIsolationLog = (): Log => new Log(1);

export function listenToIsolations(now: Now, log: Log): Listener {
  return (kind) => {
    if (kind.probe?.meaning !== 'folio_isolate_lru') return undefined;
    if (kind.probe.isReturn) {
      return (columns) => {
        const returned = argument(columns, 'return');
        return (row) => log.add(now, RETURN, returned(row));
      };
    }
    return (columns) => {
      const folio = argument(columns, 'folio');
      return (row) => log.add(now, ENTRY, folio(row));
    };
  };
}

export interface Isolation {
  readonly pid: number;
  readonly pointer: number;
  readonly pfn: number;
  readonly time: number;
  readonly ordinal: number;
  readonly isolated: boolean;
}

/**
 * Pairs entries with returns. Up to 6.2 the function returns 0 or -EBUSY, later whether it isolated; where the kernel is not
 * known, a negative value or a 1 tells which, and with neither nothing is said.
 */
export function foldIsolations(capture: Capture, log: Log, line: PointerLine): Isolation[] {
  const kernel = kernelOf(capture);
  let saidYes = kernel >= 6003 ? 1 : kernel < 6003 ? 0 : NaN;
  for (let row = 0; row < log.length && Number.isNaN(saidYes); row++) {
    if (log.tag.data[row] !== RETURN) continue;
    if (log.value(0, row) < 0) saidYes = 0;
    else if (log.value(0, row) === 1) saidYes = 1;
  }
  if (Number.isNaN(saidYes)) return [];
  const entered = new Map<number, number>();
  const found: Isolation[] = [];
  for (let row = 0; row < log.length; row++) {
    const pid = log.pid.data[row]!;
    if (log.tag.data[row] === ENTRY) {
      entered.set(pid, row);
      continue;
    }
    const entry = entered.get(pid);
    if (entry === undefined) continue;
    entered.delete(pid);
    const pointer = log.value(0, entry);
    found.push({
      pid,
      pointer,
      pfn: line.pfn(pointer),
      time: log.time.data[entry]!,
      ordinal: log.ordinal.data[entry]!,
      isolated: log.value(0, row) === saidYes,
    });
  }
  return found;
}
