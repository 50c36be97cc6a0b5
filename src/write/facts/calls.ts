/** Tables of what was moved: requests, calls, their folios, episodes, attempts. */
import type { Attempt, Call, CallFolio, Episode, Request } from '../../history/facts.ts';
import { type FactTable, factTable, frame, int, named, ordinal, orNone, time, yesNo } from './table.ts';

const outside = 'lost, or outside of the capture';
const unseenTask = 'the capture does not say';

const outcomes = (call: Call, outcome: CallFolio['outcome']): number =>
  call.folios.reduce((sum, folio) => sum + (folio.outcome === outcome ? 1 : 0), 0);

const calls: FactTable = factTable<Call>('calls', 'a migrate_pages() call', ({ history }) => history.calls, [
  int('call', 'number of the call, from 0', ({ id }) => id),
  int('request', 'request that made it', ({ request }) => orNone(request), 'none is known'),
  time('start', 'when it began', ({ start }) => start, outside),
  time('end', 'when it ended', ({ end }) => end, outside),
  int('cpu', 'CPU of its first event', ({ cpu }) => orNone(cpu), unseenTask),
  int('pid', 'task', ({ pid }) => orNone(pid), unseenTask),
  named('comm', 'name of the task', ({ comm }) => comm, unseenTask),
  named('mode', 'as printed: `MIGRATE_ASYNC`, `MIGRATE_SYNC_LIGHT`, `MIGRATE_SYNC`', ({ mode }) => mode, outside),
  named('reason', 'as printed: `syscall_or_cpuset`, `contig_range`, ...', ({ reason }) => reason, outside),
  int('folios', 'folios on its list, as far as seen', ({ folios }) => folios.length, '', 'folios'),
  int('moved_folios', 'of these moved', (call) => outcomes(call, 'moved'), '', 'folios'),
  int('failed_folios', 'of these not moved', (call) => outcomes(call, 'failed'), '', 'folios'),
  int('unknown_folios', 'of these nobody knows', (call) => outcomes(call, 'unknown'), '', 'folios'),
  int('succeeded', 'as mm_migrate_pages counts them', ({ succeeded }) => succeeded, 'its end was not seen', 'pages'),
  int('failed', 'as mm_migrate_pages counts them', ({ failed }) => failed, 'its end was not seen', 'pages'),
  int('thp_succeeded', 'huge pages moved', ({ thpSucceeded }) => thpSucceeded, 'not printed, or its end not seen'),
  int('thp_failed', 'huge pages not moved', ({ thpFailed }) => thpFailed, 'not printed, or its end not seen'),
  int('thp_split', 'huge pages split on the way', ({ thpSplit }) => thpSplit, 'not printed, or its end not seen'),
  int('returned', 'folios not moved, or a negative error', ({ returned }) => returned, 'its return was not probed'),
  named('complete', '`whole`, or which end was not seen: `no start`, `no end`', ({ complete }) => complete),
  named('lossy', '`yes`: events of its CPU were lost while it ran', ({ lossy }) => yesNo(lossy)),
  ordinal('first_event', 'event of its start', ({ startOrdinal }) => orNone(startOrdinal), outside),
  ordinal('last_event', 'event of its end', ({ endOrdinal }) => orNone(endOrdinal), outside),
]);

/** A folio with whose it is: a call's, or that of a request which makes none. */
interface Member {
  readonly call: number;
  readonly request: number;
  readonly place: number;
  readonly folio: CallFolio;
}

const folios: FactTable = factTable<Member>(
  'folios',
  'a folio of a call, or of a request that makes no call (`migrate_vma`, `thp split`)',
  ({ history }) => [
    ...history.calls.flatMap((call) =>
      call.folios.map((folio, place) => ({ call: call.id, request: call.request, place, folio })),
    ),
    ...history.requests.flatMap(({ id, withoutCalls }) =>
      (withoutCalls?.folios ?? []).map((folio, place) => ({ call: -1, request: id, place, folio })),
    ),
  ],
  [
    int('call', 'its call', ({ call }) => orNone(call), 'its request makes no calls'),
    int('request', 'its request', ({ request }) => orNone(request), 'none is known'),
    int('place', 'its place in the list of its call or request, from 0', ({ place }) => place),
    frame('pfn', 'frame that it was in', ({ folio }) => folio.pfn, 'only the totals of the call count it'),
    frame('destination', 'frame that it moved to', ({ folio }) => folio.destination, 'it did not move, or not seen'),
    int('order', 'its pages are 2^order', ({ folio }) => folio.order, 'not known'),
    named('outcome', '`moved` (of a `thp split`: split), `failed` or `unknown`', ({ folio }) => folio.outcome),
    int('episodes', 'how often it was under migration entries', ({ folio }) => folio.episodes.length),
    int('attempts', 'probed tries to move it', ({ folio }) => folio.attempts.length),
  ],
);

const requests: FactTable = factTable<Request>(
  'requests',
  'what asked for calls, with its own retries',
  ({ history }) => history.requests,
  [
    int('request', 'number of the request, from 0', ({ id }) => id),
    int('parent', 'request that it is part of', ({ parent }) => orNone(parent), 'it stands alone'),
    named('kind', '`move_pages`, `cma`, `compaction`, ...', ({ kind }) => kind),
    named('certainty', '`seen`, `inferred` or `unknown`', ({ certainty }) => certainty),
    named('basis', 'why it is believed', ({ basis }) => basis),
    time('start', 'when it began', ({ start }) => start, 'not seen'),
    time('end', 'when it ended', ({ end }) => end, 'not seen'),
    int('pid', 'task', ({ pid }) => orNone(pid), unseenTask),
    named('comm', 'name of the task', ({ comm }) => comm, unseenTask),
    int('calls', 'migrate_pages() calls that it made', ({ calls: made }) => made.length),
    frame('start_pfn', 'first frame wanted', ({ startPfn }) => startPfn, 'it wants no range, or none was seen'),
    frame('end_pfn', 'frame after the last wanted', ({ endPfn }) => endPfn, 'it wants no range, or none was seen'),
    int('returned', '0 done, negative errno; of move_pages(2) pages that stayed', (r) => r.returned, 'not seen'),
    ordinal('first_event', 'event that it is known by', (request) => orNone(request.ordinal), 'it has none of its own'),
  ],
);

const episodes: FactTable = factTable<Episode>(
  'episodes',
  'a stretch in which a folio was behind migration entries',
  ({ history }) => history.episodes,
  [
    int('episode', 'number of the episode, from 0', ({ id }) => id),
    int('call', 'its call', ({ call }) => orNone(call), 'of a request without calls, or its call was lost'),
    int('place', '0 for the first of its folio in the call, 1 for the second, ...', ({ index }) => index),
    time('start', 'first entry set', ({ start }) => start, 'not seen'),
    time('last_set', 'last entry set', ({ lastSet }) => lastSet, 'not seen'),
    time('end', 'last entry removed', ({ end }) => end, 'still open where the capture ends, or lost'),
    time('unmap_start', 'when its unmapping began', ({ unmapStart = Number.NaN }) => unmapStart, 'not probed'),
    named('outcome', '`moved`, `undone` or `open`', ({ outcome }) => outcome),
    int('cpu', 'CPU of its first event', ({ cpu }) => orNone(cpu), unseenTask),
    int('pid', 'task that moves', ({ pid }) => orNone(pid), unseenTask),
    frame('pfn', 'frame of the folio', ({ sourcePfn }) => sourcePfn, 'not known'),
    frame('destination', 'where its entries went; the same frame when undone', (e) => e.destinationPfn, 'not seen'),
    int('order', 'its pages are 2^order', ({ order }) => order, 'not known'),
    frame('address', 'user address of its first entry', ({ address }) => address, 'no entry with one', 'byte'),
    int('entries_set', 'entries set', ({ set }) => set, '', 'entries'),
    int('entries_removed', 'entries removed', ({ removed }) => removed, '', 'entries'),
    named('deferred_flush', 'whether TLB flushes were deferred: `yes`, `no`, `unknown`', (e) => e.deferredFlush),
    ordinal('first_event', 'event of its first entry', ({ firstOrdinal }) => orNone(firstOrdinal), 'none seen'),
    ordinal('last_event', 'event of its last entry', ({ lastOrdinal }) => orNone(lastOrdinal), 'none seen'),
  ],
);

const attempts: FactTable = factTable<Attempt>(
  'attempts',
  'a try to move an unmapped folio, from probes on the move functions',
  ({ history }) => history.attempts,
  [
    int('attempt', 'number of the attempt, from 0', ({ id }) => id),
    int('call', 'its call', ({ call }) => orNone(call), 'none is known'),
    int('episode', 'its episode', ({ episode }) => orNone(episode), 'none is known'),
    frame('pfn', 'frame of the folio', ({ pfn }) => pfn, 'not known'),
    time('start', 'when it began', ({ start }) => start, 'not seen'),
    time('end', 'when it returned', ({ end }) => end, 'the return was not probed'),
    int('references', 'reference count as it was compared', ({ references }) => references, 'not recorded'),
    int('expected', 'count that the check expects', ({ expected }) => expected, 'cannot be worked out'),
    int('returned', '0, -11 (-EAGAIN), ...', ({ returned }) => returned, 'the return was not probed'),
    named('waiters', 'PG_waiters when it began: `yes`, `no`, `unknown`', ({ waiters }) => waiters),
    ordinal('event', 'its event', (attempt) => orNone(attempt.ordinal), 'none'),
  ],
);

export const callTables: readonly FactTable[] = [requests, calls, folios, episodes, attempts];
