/** A request being worked out, and what the files of this folder share. */
import type { Capture } from '../../events/capture.ts';
import { type BareCall, type CallFinder, firstOrdinal } from '../calls.ts';
import type { Certainty, Request, RequestKind, Window } from '../facts.ts';
import type { Log } from '../log.ts';

export interface Draft {
  kind: RequestKind;
  certainty: Certainty;
  basis: string;
  pid: number;
  comm: string;
  start: number;
  end: number;
  startOrdinal: number;
  endOrdinal: number;
  calls: number[];
  /** The calls again, grouped by the isolated list that they work on: retries of one list stand together. */
  lists: number[][];
  /** What its scanner went over, where that is recorded. */
  scans?: NonNullable<Request['scans']>;
  withoutCalls?: NonNullable<Request['withoutCalls']>;
  startPfn: number;
  endPfn: number;
  parent: Draft | undefined;
  returned: number;
}

export interface RequestWork {
  readonly capture: Capture;
  readonly log: Log;
  readonly calls: readonly BareCall[];
  readonly finder: CallFinder;
  readonly windows: readonly Window[];
  readonly windowOrdinals: readonly { readonly start: number; readonly drained: number }[];
  /** 1 for calls that a request has. */
  readonly claimed: Uint8Array;
}

/** Reads a call's reason. */
export function reasonOf(work: RequestWork, call: BareCall): string {
  return work.capture.strings.text(call.reason);
}

export function newDraft(kind: RequestKind, certainty: Certainty, basis: string, pid: number, comm: string): Draft {
  return {
    kind,
    certainty,
    basis,
    pid,
    comm,
    start: NaN,
    end: NaN,
    startOrdinal: -1,
    endOrdinal: -1,
    calls: [],
    lists: [],
    startPfn: NaN,
    endPfn: NaN,
    parent: undefined,
    returned: NaN,
  };
}

/** Gives a call to a draft, in the list at hand or a new one, and stretches the draft over it. */
export function claim(work: RequestWork, draft: Draft, id: number, newList: boolean): void {
  const call = work.calls[id]!;
  work.claimed[id] = 1;
  draft.calls.push(id);
  if (newList || draft.lists.length === 0) draft.lists.push([id]);
  else draft.lists[draft.lists.length - 1]!.push(id);
  const start = Number.isNaN(call.start) ? call.end : call.start;
  if (!(draft.start <= start)) draft.start = start;
  if (!(draft.end >= call.end)) draft.end = call.end;
  const first = firstOrdinal(call);
  if (draft.startOrdinal < 0) draft.startOrdinal = first;
  if (call.endOrdinal > draft.endOrdinal) draft.endOrdinal = call.endOrdinal;
}

/**
 * Pairs entries with their ends, task by task, and gives each span the task's unclaimed calls inside it whose reason is one
 * of `reasons`. An entry without an end closes at the task's next entry.
 */
export function spans(
  work: RequestWork,
  entry: number,
  make: (row: number) => Draft,
  finish: (draft: Draft, row: number) => void,
  reasons: readonly string[],
): Draft[] {
  const { log } = work;
  const drafts: Draft[] = [];
  const open = new Map<number, Draft>();
  for (let row = 0; row < log.length; row++) {
    const tag = log.tag.data[row]!;
    const pid = log.pid.data[row]!;
    if (tag === entry) {
      const before = open.get(pid);
      if (before !== undefined) before.endOrdinal = log.ordinal.data[row]! - 1;
      const draft = make(row);
      draft.pid = pid;
      draft.comm = work.capture.strings.text(log.comm.data[row]!);
      draft.start = log.time.data[row]!;
      draft.startOrdinal = log.ordinal.data[row]!;
      draft.endOrdinal = Number.POSITIVE_INFINITY;
      drafts.push(draft);
      open.set(pid, draft);
    } else if (tag === entry + 1) {
      const draft = open.get(pid);
      if (draft === undefined) continue;
      draft.end = log.time.data[row]!;
      draft.endOrdinal = log.ordinal.data[row]!;
      finish(draft, row);
      open.delete(pid);
    }
  }
  for (const draft of drafts) {
    for (let id = work.finder.after(draft.pid, draft.startOrdinal); id >= 0; ) {
      const call = work.calls[id]!;
      const ordinal = firstOrdinal(call);
      if (ordinal > draft.endOrdinal) break;
      const reason = reasonOf(work, call);
      if (work.claimed[id] === 0 && reasons.includes(reason)) {
        work.claimed[id] = 1;
        draft.calls.push(id);
      }
      id = work.finder.after(draft.pid, ordinal);
    }
    draft.lists = draft.calls.map((id) => [id]);
  }
  return drafts;
}
