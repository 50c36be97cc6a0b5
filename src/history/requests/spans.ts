/** Requests that their own events bound: longterm pins, memory and soft offlining, compaction runs. */
import { claim, type Draft, newDraft, type RequestWork, reasonOf, spans } from './draft.ts';
import { marks } from './log.ts';

/** __gup_longterm_locked pins, migrates what may not stay, and pins again until nothing is left to move (mm/gup.c). */
export function pins(work: RequestWork): Draft[] {
  return [
    ...withCalls(work, marks.pinStart, 'longterm pin', '__gup_longterm_locked probe', ['longterm_pin', 'contig_range']),
    ...eachCall(
      work,
      'longterm_pin',
      'longterm pin',
      'inferred',
      'reason longterm_pin: one call moves all that one pin may not keep',
    ),
  ];
}

/** offline_pages tries the pages of its range again until they are gone (mm/memory_hotplug.c). */
export function offlines(work: RequestWork): Draft[] {
  return [
    ...withCalls(work, marks.offlineStart, 'memory offline', 'offline_pages probe', ['memory_hotplug']),
    ...adjacent(
      work,
      'memory_hotplug',
      'memory offline',
      'reason memory_hotplug, same task without a pause for others',
    ),
  ];
}

export function softOfflines(work: RequestWork): Draft[] {
  return [
    ...withCalls(work, marks.softStart, 'soft offline', 'soft_offline_page probe', ['memory_failure']),
    ...eachCall(work, 'memory_failure', 'soft offline', 'inferred', 'reason memory_failure: one call a page'),
  ];
}

/** compact_zone from mm_compaction_begin to mm_compaction_end (mm/compaction.c). */
export function compactions(work: RequestWork): Draft[] {
  return [
    ...withCalls(work, marks.compactionStart, 'compaction', 'mm_compaction_begin and mm_compaction_end', [
      'compaction',
    ]),
    ...eachCall(work, 'compaction', 'compaction', 'unknown', 'reason compaction; its run was not recorded'),
  ];
}

/** migrate_misplaced_folio isolates and migrates one folio (mm/migrate.c). */
export function numaBalancing(work: RequestWork): Draft[] {
  return eachCall(work, 'numa_misplaced', 'numa balancing', 'inferred', 'reason numa_misplaced: one call a folio');
}

/** What is left: mbind, demotion, DAMON, and reasons that this release does not know. Each call stands alone. */
export function others(work: RequestWork): Draft[] {
  return eachCall(work, undefined, 'other', 'unknown', 'nothing recorded bounds what asked for it');
}

function withCalls(
  work: RequestWork,
  entry: number,
  kind: Draft['kind'],
  basis: string,
  reasons: readonly string[],
): Draft[] {
  const drafts = spans(
    work,
    entry,
    (row) => {
      const draft = newDraft(kind, 'seen', basis, -1, '');
      draft.startPfn = work.log.value(0, row);
      draft.endPfn = work.log.value(1, row);
      return draft;
    },
    (draft, row) => {
      draft.returned = work.log.value(2, row);
    },
    reasons,
  );
  // Most pins move nothing, most compaction runs of a quiet machine as well: without a call there is no demand.
  return drafts.filter((draft) => draft.calls.length > 0);
}

export function eachCall(
  work: RequestWork,
  reason: string | undefined,
  kind: Draft['kind'],
  certainty: Draft['certainty'],
  basis: string,
): Draft[] {
  const drafts: Draft[] = [];
  for (const call of work.calls) {
    if (work.claimed[call.id] === 1 || (reason !== undefined && reasonOf(work, call) !== reason)) continue;
    const draft = newDraft(kind, certainty, basis, call.pid, work.capture.strings.text(call.comm));
    claim(work, draft, call.id, true);
    drafts.push(draft);
  }
  return drafts;
}

/** Unclaimed calls of one task and reason with no call of another reason between them. */
function adjacent(work: RequestWork, reason: string, kind: Draft['kind'], basis: string): Draft[] {
  const drafts: Draft[] = [];
  const open = new Map<number, Draft>();
  for (const call of work.calls) {
    if (reasonOf(work, call) !== reason) {
      open.delete(call.pid);
      continue;
    }
    if (work.claimed[call.id] === 1) continue;
    let draft = open.get(call.pid);
    if (draft === undefined) {
      draft = newDraft(kind, 'inferred', basis, call.pid, work.capture.strings.text(call.comm));
      open.set(call.pid, draft);
      drafts.push(draft);
    }
    claim(work, draft, call.id, true);
  }
  return drafts;
}
