/**
 * Attempts to move an unmapped folio: probes on the functions that do it, from the outermost one that is probed.
 *
 *   move_to_new_folio (5.10: move_to_new_page) -> filemap_migrate_folio or buffer_migrate_folio -> migrate_folio -> folio_migrate_mapping -> __folio_migrate_mapping
 *
 * An entry inside another of the same task is the same attempt seen deeper. The reference count at the entry is what
 * the check compares (mm/migrate.c folio_migrate_mapping; __migrate_folio since 6.11).
 */
import type { Capture } from '../events/capture.ts';
import { kernelOf } from './entries.ts';
import { argument, argumentHigh, argumentLow } from './fields.ts';
import type { Listener } from './gather.ts';
import { Log, type Now } from './log.ts';
import type { PointerLine } from './pointers.ts';

/** Outermost first. */
const functions = [
  'move_to_new_folio',
  'filemap_migrate_folio',
  'buffer_migrate_folio',
  'migrate_folio',
  'folio_migrate_mapping',
  '__folio_migrate_mapping',
];

/** Columns: source pointer, references, flags low half, low and high half of its mapping, what the kernel expected, destination; or returned. */
export const newAttemptLog = (): Log => new Log(7);

const RETURN = 100;

export function listenToAttempts(now: Now, log: Log): Listener {
  return (kind) => {
    const which = functions.indexOf(kind.probe?.meaning ?? '');
    if (which < 0) return undefined;
    if (kind.probe!.isReturn) {
      return (columns) => {
        const returned = argument(columns, 'return');
        return (row) => log.add(now, RETURN + which, NaN, returned(row));
      };
    }
    return (columns) => {
      const source = argument(columns, 'src');
      const references = argument(columns, 'src.refcount');
      const flags = argumentLow(columns, 'src.flags');
      const mappingLow = argumentLow(columns, 'src.mapping');
      const mappingHigh = argumentHigh(columns, 'src.mapping');
      const expected = argument(columns, 'expected');
      const destination = argument(columns, 'dst');
      return (row) =>
        log.add(
          now,
          which,
          source(row),
          references(row),
          flags(row),
          mappingLow(row),
          mappingHigh(row),
          expected(row),
          destination(row),
        );
    };
  };
}

/** An attempt before it is joined with its call and episode. */
export interface BareAttempt {
  readonly id: number;
  readonly pid: number;
  /** Low 52 bits of the source's pointer. */
  readonly pointer: number;
  readonly pfn: number;
  /** Frame of the folio it was to become. */
  readonly destination: number;
  readonly start: number;
  end: number;
  readonly references: number;
  expected: number;
  returned: number;
  readonly waiters: 'yes' | 'no' | 'unknown';
  readonly ordinal: number;
}

/** Page flag bits (include/linux/page-flags.h), by the kernel that renumbered them: PG_waiters is bit 7 in all. */
function bitsOf(
  kernel: number,
): { head: number; privateData: number; swapcache: number; swapbacked: number } | undefined {
  // Read in the type information of 6.1 and 7.2, and in 6.12's source; the renumbering came in 6.10 or 6.11.
  if (kernel >= 5010 && kernel <= 6009) return { head: 16, privateData: 13, swapcache: 10, swapbacked: 19 };
  if (kernel >= 6012) return { head: 6, privateData: 14, swapcache: 10, swapbacked: 17 };
  return undefined;
}

/**
 * What the check expects of an unmapped folio: the isolation's reference, one for each page of the page cache or the
 * swap cache, one for private data (mm/migrate.c folio_expected_refs, expected_page_refs). NaN for large folios, whose
 * size the flags do not tell, and where flags or mapping are not recorded.
 */
export function expectedReferences(kernel: number, flags: number, mappingHigh: number, mappingLow: number): number {
  const bits = bitsOf(kernel);
  if (bits === undefined || Number.isNaN(flags) || Number.isNaN(mappingLow)) return NaN;
  const has = (bit: number): boolean => ((flags >>> bit) & 1) === 1;
  if (has(bits.head)) return NaN;
  if ((mappingLow & 1) === 1) return has(bits.swapcache) && has(bits.swapbacked) ? 2 : 1; // anonymous
  if (mappingLow === 0 && mappingHigh === 0) return 1;
  return 2 + (has(bits.privateData) ? 1 : 0);
}

export function foldAttempts(capture: Capture, log: Log, line: PointerLine): BareAttempt[] {
  const kernel = kernelOf(capture);
  const attempts: BareAttempt[] = [];
  const open = new Map<number, { attempt: BareAttempt; which: number }>();
  for (let row = 0; row < log.length; row++) {
    const pid = log.pid.data[row]!;
    const tag = log.tag.data[row]!;
    const under = open.get(pid);
    if (tag >= RETURN) {
      if (under === undefined || tag - RETURN !== under.which) continue;
      under.attempt.returned = log.value(1, row);
      under.attempt.end = log.time.data[row]!;
      open.delete(pid);
      continue;
    }
    const pointer = log.value(0, row);
    // The same source deeper down is the same attempt; a shallower or another one means that a return was missed.
    if (under !== undefined && under.which < tag && under.attempt.pointer === pointer) {
      // __folio_migrate_mapping is told what to expect (6.11 and later).
      if (!Number.isNaN(log.value(5, row))) under.attempt.expected = log.value(5, row);
      continue;
    }
    const flags = log.value(2, row);
    const attempt: BareAttempt = {
      id: attempts.length,
      pid,
      pointer,
      pfn: line.pfn(pointer),
      destination: line.pfn(log.value(6, row)),
      start: log.time.data[row]!,
      end: NaN,
      references: log.value(1, row),
      expected: Number.isNaN(log.value(5, row))
        ? expectedReferences(kernel, flags, log.value(4, row), log.value(3, row))
        : log.value(5, row),
      returned: NaN,
      waiters: Number.isNaN(flags) ? 'unknown' : ((flags >>> 7) & 1) === 1 ? 'yes' : 'no',
      ordinal: log.ordinal.data[row]!,
    };
    attempts.push(attempt);
    open.set(pid, { attempt, which: tag });
  }
  return attempts;
}
