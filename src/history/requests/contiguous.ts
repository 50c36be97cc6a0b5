/**
 * Contiguous allocations (mm/page_alloc.c alloc_contig_range, mm/cma.c cma_alloc). One range: caches are disabled, then lists
 * of up to 32 pages are isolated, and each list is given to migrate_pages up to five times (__alloc_contig_migrate_range);
 * test_pages_isolated closes it. A CMA allocation tries ranges until one works.
 */

import { addTo } from '../../base/groups.ts';
import { countLeading } from '../../base/sorted.ts';
import { firstOrdinal } from '../calls.ts';
import { claim, type Draft, newDraft, type RequestWork, reasonOf, spans } from './draft.ts';
import { marks } from './log.ts';

const EBUSY = -16;
const ENOMEM = -12;

export function contiguous(work: RequestWork): Draft[] {
  const seen = spans(
    work,
    marks.contigStart,
    (row) => {
      const draft = newDraft('contiguous allocation', 'seen', 'alloc_contig_range probe', -1, '');
      draft.startPfn = work.log.value(0, row);
      draft.endPfn = work.log.value(1, row);
      return draft;
    },
    (draft, row) => {
      draft.returned = work.log.value(2, row);
    },
    ['contig_range'],
  );
  const drafts = [...seen, ...inferred(work)];
  const scanned = scanRows(work);
  for (const draft of drafts) {
    const rows = scanned.get(draft.pid) ?? [];
    const places = rows.map((row) => work.log.ordinal.data[row]!);
    const own = rows.slice(countBefore(places, draft.startOrdinal), countBefore(places, draft.endOrdinal));
    const taken = own.filter((row) => work.log.value(3, row) > 0).map((row) => work.log.ordinal.data[row]!);
    draft.lists = listsOf(work, draft, taken);
    if (own.length === 0) continue;
    draft.scans = own.map((row) => ({
      time: work.log.time.data[row]!,
      startPfn: work.log.value(0, row),
      endPfn: work.log.value(1, row),
      taken: work.log.value(3, row),
    }));
  }
  return drafts;
}

/** Rows of mm_compaction_isolate_migratepages by task (isolate_migratepages_range scans for contiguous allocations too). */
function scanRows(work: RequestWork): Map<number, number[]> {
  const rows = new Map<number, number[]>();
  const { log } = work;
  for (let row = 0; row < log.length; row++) {
    if (log.tag.data[row] !== marks.isolated) continue;
    addTo(rows, log.pid.data[row]!, row);
  }
  return rows;
}

/** A call works on a new list when something was isolated since the call before; without such events, when its size says so. */
function listsOf(work: RequestWork, draft: Draft, taken: readonly number[]): number[][] {
  const lists: number[][] = [];
  let next = 0;
  let before: number | undefined;
  for (const id of draft.calls) {
    const call = work.calls[id]!;
    let fresh = lists.length === 0;
    while (next < taken.length && taken[next]! < firstOrdinal(call)) {
      fresh = true;
      next++;
    }
    if (taken.length === 0 && before !== undefined) {
      const last = work.calls[before]!;
      // A retry gets what the call before left; a sixth one there never is.
      fresh = last.failed === 0 || call.succeeded + call.failed > last.failed || lists.at(-1)!.length === 5;
    }
    if (fresh) lists.push([id]);
    else lists.at(-1)!.push(id);
    before = id;
  }
  return lists;
}

/** Number of places before one, in a sorted list. */
function countBefore(places: readonly number[], place: number): number {
  return countLeading(places.length, (i) => places[i]! < place);
}

/**
 * Without the probe: the calls of one task with this reason, cut after each test_pages_isolated of the task (its last step,
 * which also names the range), where the next isolated range lies below or far behind the last, and where caches were
 * disabled: a range begins with that (mm/page_alloc.c __alloc_contig_migrate_range).
 */
function inferred(work: RequestWork): Draft[] {
  const { log } = work;
  const drafts: Draft[] = [];
  const success = work.capture.strings.find('success');
  const rows = new Map<number, { ordinal: number; row: number; call: number; window: number }[]>();
  for (const call of work.calls) {
    if (work.claimed[call.id] === 1 || reasonOf(work, call) !== 'contig_range') continue;
    const list = rows.get(call.pid) ?? [];
    list.push({ ordinal: firstOrdinal(call), row: -1, call: call.id, window: -1 });
    rows.set(call.pid, list);
  }
  for (let row = 0; row < log.length; row++) {
    const tag = log.tag.data[row]!;
    if (tag !== marks.tested && tag !== marks.isolated) continue;
    rows.get(log.pid.data[row]!)?.push({ ordinal: log.ordinal.data[row]!, row, call: -1, window: -1 });
  }
  work.windows.forEach(({ pid }, window) => {
    rows.get(pid)?.push({ ordinal: work.windowOrdinals[window]!.start, row: -1, call: -1, window });
  });
  for (const [pid, list] of rows) {
    list.sort((a, b) => a.ordinal - b.ordinal);
    let draft: Draft | undefined;
    let reached = NaN;
    let from = NaN;
    let opened = -1;
    const bounded = list.some(({ row }) => row >= 0);
    for (const { row, call, window } of list) {
      if (window >= 0) {
        opened = window;
        draft = undefined;
        reached = NaN;
        from = NaN;
        continue;
      }
      if (call >= 0) {
        if (!bounded) {
          // Up to 5.10 longterm pins gave this reason as well, and they isolate no range (mm/gup.c check_and_migrate_cma_pages).
          const basis =
            'reason contig_range, no isolated range: a contiguous allocation, or a longterm pin of an old kernel';
          const alone = newDraft('other', 'unknown', basis, pid, work.capture.strings.text(work.calls[call]!.comm));
          claim(work, alone, call, true);
          drafts.push(alone);
          continue;
        }
        if (draft === undefined) {
          draft = newDraft('contiguous allocation', 'inferred', 'calls of one task up to test_pages_isolated', pid, '');
          draft.comm = work.capture.strings.text(work.calls[call]!.comm);
          draft.startPfn = from;
          if (opened >= 0) {
            draft.start = work.windows[opened]!.start;
            draft.startOrdinal = work.windowOrdinals[opened]!.start;
          }
          opened = -1;
          drafts.push(draft);
        }
        claim(work, draft, call, false);
        continue;
      }
      const first = log.value(0, row);
      if (log.tag.data[row] === marks.isolated) {
        // Blocks of a range follow each other; what lies before the last one, or over a pageblock behind it, is another range.
        if (draft !== undefined && (first < reached || first > reached + 512)) draft = undefined;
        if (draft === undefined && !(first === reached && !Number.isNaN(from))) from = first;
        reached = log.value(1, row);
        if (draft !== undefined) draft.endPfn = reached;
        continue;
      }
      if (draft !== undefined) {
        draft.startPfn = first;
        draft.endPfn = log.value(1, row);
        draft.returned = log.value(2, row) === success ? 0 : EBUSY;
        draft.end = log.time.data[row]!;
        draft.endOrdinal = log.ordinal.data[row]!;
      }
      draft = undefined;
      reached = NaN;
      from = NaN;
    }
  }
  return drafts;
}

/** CMA allocations, with the ranges they tried as children. */
export function cma(work: RequestWork, ranges: readonly Draft[]): Draft[] {
  const guessed = new Set<Draft>();
  const drafts = spans(
    work,
    marks.cmaStart,
    () => newDraft('cma', 'seen', 'cma_alloc_start and cma_alloc_finish', -1, ''),
    (draft, row) => {
      draft.startPfn = work.log.value(0, row);
      draft.endPfn = work.log.value(1, row);
      draft.returned = work.log.value(2, row);
      if (!Number.isNaN(draft.returned)) return;
      // Up to 6.2 only the page that was given says how it ended.
      const isNone = work.log.value(3, row);
      if (isNone === 1) guessed.add(draft);
      if (!Number.isNaN(isNone)) draft.returned = isNone === 1 ? ENOMEM : 0;
    },
    [], // the calls belong to the ranges
  );
  for (const range of ranges) {
    range.parent = drafts.find(
      (draft) =>
        draft.pid === range.pid && range.startOrdinal >= draft.startOrdinal && range.startOrdinal <= draft.endOrdinal,
    );
  }
  for (const draft of drafts) {
    for (const range of ranges) {
      if (range.parent !== draft) continue;
      draft.calls.push(...range.calls);
      // The answer is that of the last range: -ENOMEM only where there was none to try.
      if (guessed.has(draft)) draft.returned = EBUSY;
    }
  }
  return drafts;
}
