/**
 * move_pages, migrate_pages and cpuset moves (mm/migrate.c do_pages_move, mm/mempolicy.c do_migrate_pages): caches are
 * disabled once for the whole request (5.13 and later) or drained once (before), then each run of pages that go to one
 * node is one call. What did not move is the caller's to try again.
 */
import { addTo } from '../../base/groups.ts';
import { firstOrdinal } from '../calls.ts';
import { claim, type Draft, newDraft, type RequestWork, reasonOf, spans } from './draft.ts';
import { marks } from './log.ts';
import { eachCall } from './spans.ts';

const REASON = 'syscall_or_cpuset';

export function movePages(work: RequestWork): Draft[] {
  const syscalls = spans(
    work,
    marks.syscallStart,
    () => newDraft('move_pages', 'seen', 'syscall events', -1, ''),
    (draft, row) => {
      draft.returned = work.log.value(2, row);
    },
    [REASON, 'mempolicy_mbind'],
  ).filter((draft) => draft.calls.length > 0);
  const windows = work.windows.map((window, index) => ({
    pid: window.pid,
    time: window.start,
    ordinal: work.windowOrdinals[index]!.start,
  }));
  const opened = bounded(work, windows, 'seen', 'lru_cache_disable probe and reason');
  const drained = bounded(work, drains(work), 'inferred', 'lru_add_drain_all probe before the calls, and reason');
  const basis = 'reason syscall_or_cpuset; what joins calls of one request was not recorded, each stands alone';
  return [...syscalls, ...opened, ...drained, ...eachCall(work, REASON, 'move_pages', 'inferred', basis)];
}

interface Opening {
  readonly pid: number;
  readonly time: number;
  readonly ordinal: number;
}

function drains(work: RequestWork): Opening[] {
  const { log } = work;
  const found: Opening[] = [];
  for (let row = 0; row < log.length; row++) {
    if (log.tag.data[row] !== marks.drainAll) continue;
    found.push({ pid: log.pid.data[row]!, time: log.time.data[row]!, ordinal: log.ordinal.data[row]! });
  }
  return found;
}

/** A request from each opening of a task to its next: its unclaimed calls with this reason. */
function bounded(
  work: RequestWork,
  openings: readonly Opening[],
  certainty: Draft['certainty'],
  basis: string,
): Draft[] {
  const byPid = new Map<number, Opening[]>();
  for (const opening of openings) {
    addTo(byPid, opening.pid, opening);
  }
  const drafts: Draft[] = [];
  for (const [pid, list] of byPid) {
    for (const [index, opening] of list.entries()) {
      const until = list[index + 1]?.ordinal ?? Number.POSITIVE_INFINITY;
      let draft: Draft | undefined;
      for (let id = work.finder.after(pid, opening.ordinal); id >= 0; ) {
        const call = work.calls[id]!;
        const ordinal = firstOrdinal(call);
        if (ordinal > until) break;
        if (work.claimed[id] === 0 && reasonOf(work, call) === REASON) {
          if (draft === undefined) {
            draft = newDraft('move_pages', certainty, basis, pid, work.capture.strings.text(call.comm));
            draft.start = opening.time;
            draft.startOrdinal = opening.ordinal;
            drafts.push(draft);
          }
          claim(work, draft, id, true);
        }
        id = work.finder.after(pid, ordinal);
      }
    }
  }
  return drafts;
}
