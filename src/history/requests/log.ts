/** The events that bound what asked for migrate_pages calls. */
import { type KindColumns, u64Column } from '../../events/batch.ts';
import type { EventKind } from '../../events/kinds.ts';
import { argument, field, type Getter } from '../fields.ts';
import type { Listener } from '../gather.ts';
import { Log, type Now } from '../log.ts';

/** What a row of the request log says. Entries and ends of one thing differ by one. */
export const marks = {
  contigStart: 0,
  contigEnd: 1,
  cmaStart: 2,
  cmaEnd: 3,
  compactionStart: 4,
  compactionEnd: 5,
  pinStart: 6,
  pinEnd: 7,
  offlineStart: 8,
  offlineEnd: 9,
  softStart: 10,
  softEnd: 11,
  syscallStart: 12,
  syscallEnd: 13,
  isolated: 14,
  tested: 15,
  cmaBusy: 16,
  drainAll: 17,
  splitStart: 18,
  splitEnd: 19,
  vmaSetup: 20,
  vmaPages: 22,
  vmaFinalize: 24,
} as const;

/** Columns: first and last frame (or frame, count; of a split the folio's pointer), what it returned, pages taken (of a CMA allocation: 1 = none was given). */
export const newRequestLog = (): Log => new Log(4);

const nothing: Getter = () => NaN;

/** 1 = a null pointer, 0 = another; NaN = not recorded. */
function isNull(columns: KindColumns, name: string): Getter {
  const values = u64Column(columns, name);
  return values === undefined ? nothing : (row) => (values.hi[row] === 0 && values.lo[row] === 0 ? 1 : 0);
}

type Values = (columns: KindColumns) => readonly [Getter, Getter, Getter, Getter];
const none: Values = () => [nothing, nothing, nothing, nothing];
const returned: Values = (columns) => [nothing, nothing, argument(columns, 'return'), nothing];

const probes: Readonly<Record<string, { readonly entry: number; readonly values: Values }>> = {
  alloc_contig_range: {
    entry: marks.contigStart,
    values: (columns) => [argument(columns, 'start'), argument(columns, 'end'), nothing, nothing],
  },
  gup_longterm_locked: { entry: marks.pinStart, values: none },
  offline_pages: {
    entry: marks.offlineStart,
    values: (columns) => {
      const start = argument(columns, 'start');
      const count = argument(columns, 'count');
      return [start, (row) => start(row) + count(row), nothing, nothing];
    },
  },
  soft_offline_page: {
    entry: marks.softStart,
    values: (columns) => {
      const pfn = argument(columns, 'pfn');
      return [pfn, (row) => pfn(row) + 1, nothing, nothing];
    },
  },
  split_huge_page: {
    entry: marks.splitStart,
    values: (columns) => [argument(columns, 'folio'), nothing, nothing, nothing],
  },
  migrate_vma_setup: { entry: marks.vmaSetup, values: none },
  migrate_device_range: { entry: marks.vmaSetup, values: none },
  migrate_vma_pages: { entry: marks.vmaPages, values: none },
  migrate_device_pages: { entry: marks.vmaPages, values: none },
  migrate_vma_finalize: { entry: marks.vmaFinalize, values: none },
  migrate_device_finalize: { entry: marks.vmaFinalize, values: none },
};

function catalogued(kind: EventKind): { readonly mark: number; readonly values: Values } | undefined {
  switch (kind.name) {
    case 'cma_alloc_start':
      return { mark: marks.cmaStart, values: none };
    case 'cma_alloc_finish':
      return {
        mark: marks.cmaEnd,
        values: (columns) => {
          const pfn = field(columns, 'pfn');
          const count = field(columns, 'count');
          return [pfn, (row) => pfn(row) + count(row), field(columns, 'errorno'), isNull(columns, 'page')];
        },
      };
    case 'cma_alloc_busy_retry':
      return { mark: marks.cmaBusy, values: none };
    case 'mm_compaction_begin':
      return {
        mark: marks.compactionStart,
        values: (columns) => [field(columns, 'zone_start'), field(columns, 'zone_end'), nothing, nothing],
      };
    case 'mm_compaction_end':
      return { mark: marks.compactionEnd, values: none };
    case 'mm_compaction_isolate_migratepages':
      return {
        mark: marks.isolated,
        values: (columns) => [
          field(columns, 'start_pfn'),
          field(columns, 'end_pfn'),
          nothing,
          field(columns, 'nr_taken'),
        ],
      };
    case 'test_pages_isolated':
      return {
        mark: marks.tested,
        values: (columns) => [field(columns, 'start_pfn'), field(columns, 'end_pfn'), field(columns, 'ret'), nothing],
      };
    default:
      return undefined;
  }
}

/** Syscalls that migrate on behalf of their caller. */
const syscall = /^sys_(enter|exit)_(?:move_pages|migrate_pages|mbind)$/;

export function listenToRequests(now: Now, log: Log): Listener {
  return (kind) => {
    const add = (mark: number, values: Values) => (columns: KindColumns) => {
      const [a, b, c, d] = values(columns);
      return (row: number): void => {
        log.add(now, mark, a(row), b(row), c(row), d(row));
      };
    };
    const meaning = kind.probe?.meaning ?? '';
    const probe = probes[meaning];
    if (probe !== undefined) {
      return kind.probe!.isReturn ? add(probe.entry + 1, returned) : add(probe.entry, probe.values);
    }
    if (meaning === 'lru_add_drain_all' && !kind.probe!.isReturn) return add(marks.drainAll, none);
    const call = syscall.exec(kind.name);
    if (call?.[1] === 'enter') return add(marks.syscallStart, none);
    if (call !== null) return add(marks.syscallEnd, (columns) => [nothing, nothing, field(columns, 'ret'), nothing]);
    const known = kind.form === 'catalogued' ? catalogued(kind) : undefined;
    return known === undefined ? undefined : add(known.mark, known.values);
  };
}
