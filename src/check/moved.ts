/** Measures of what was moved: calls, folios, failures, requests, episodes. */
import type { Call, History } from '../history/facts.ts';
import { byRequest, hex, lasted, type Measure, measure, type Shape, whether } from './measure.ts';
import type { Member } from './owners.ts';

const callShape: Omit<Shape<Call>, 'value'> = {
  rows: ({ history }) => history.calls,
  start: ({ start }) => start,
  end: ({ end }) => end,
  events: ({ startOrdinal, endOrdinal }) => [startOrdinal, endOrdinal],
  owner: ({ id }, { owners }) => owners.ofCall(id),
  item: ({ id, reason, comm, pid }) => `call ${id} (${reason}) of ${comm}-${pid}`,
};
const callEvents = 'mm_migrate_pages_start, mm_migrate_pages';

const callMeasures = [
  measure<Call>(
    {
      name: 'calls',
      unit: 'count',
      says: 'migrate_pages() calls',
      source: callEvents,
      filters: byRequest,
      needs: ['calls'],
    },
    { ...callShape, value: () => 1 },
  ),
  measure<Call>(
    {
      name: 'call_time',
      unit: 'ns',
      says: 'duration of a call',
      source: callEvents,
      filters: byRequest,
      needs: ['calls', 'durations'],
    },
    { ...callShape, value: lasted },
  ),
  measure<Call>(
    {
      name: 'failed_pages',
      unit: 'pages',
      says: 'base pages that calls did not move',
      source: 'mm_migrate_pages',
      filters: byRequest,
      needs: ['calls'],
    },
    { ...callShape, value: ({ failed }) => failed },
  ),
  measure<Call>(
    {
      name: 'moved_pages',
      unit: 'pages',
      says: 'base pages that calls moved',
      source: 'mm_migrate_pages',
      filters: byRequest,
      needs: ['calls'],
    },
    { ...callShape, value: ({ succeeded }) => succeeded },
  ),
];

/** Folios of calls, and of requests that make none. */
const folioShape: Omit<Shape<Member>, 'value'> = {
  rows: ({ owners }) => owners.members(),
  start: ({ start }) => start,
  end: ({ end }) => end,
  events: ({ events }) => events,
  owner: ({ call, request }, { owners }) => (call < 0 ? owners.ofRequest(request) : owners.ofCall(call)),
  item: ({ folio, call, request }) => `${hex(folio.pfn)} of ${call < 0 ? `request ${request}` : `call ${call}`}`,
};
const folioEvents = 'entries, attempts and totals of calls';

/** 1, 0, and NaN where the outcome is not known. */
const cameTo =
  (wanted: 'moved' | 'failed') =>
  ({ folio: { outcome } }: Member): number =>
    outcome === 'unknown' ? Number.NaN : whether(outcome === wanted);

const folioMeasures = [
  measure<Member>(
    {
      name: 'folios',
      unit: 'count',
      says: 'folios on the lists of calls, and of requests that make none',
      source: folioEvents,
      filters: byRequest,
      needs: ['calls'],
    },
    { ...folioShape, value: () => 1 },
  ),
  measure<Member>(
    {
      name: 'failed_folios',
      unit: 'count',
      says: 'of these not moved (or not split)',
      source: folioEvents,
      filters: byRequest,
      needs: ['calls'],
      isPart: true,
    },
    { ...folioShape, value: cameTo('failed') },
  ),
  measure<Member>(
    {
      name: 'moved_folios',
      unit: 'count',
      says: 'of these moved (or split)',
      source: folioEvents,
      filters: byRequest,
      needs: ['calls'],
      isPart: true,
    },
    { ...folioShape, value: cameTo('moved') },
  ),
  measure<Member>(
    {
      name: 'passes',
      unit: 'passes',
      says: 'passes that a folio was unmapped in: its episodes in one call. A pass that did not get its lock leaves none',
      source: 'set_migration_pte and its like',
      filters: byRequest,
      needs: ['calls', 'episodes'],
    },
    { ...folioShape, value: ({ folio }) => folio.episodes.length },
  ),
  measure<Member>(
    {
      name: 'attempts',
      unit: 'passes',
      says: 'probed tries to move one folio in one call',
      source: 'probes on move functions',
      filters: byRequest,
      needs: ['calls', 'attempts'],
    },
    { ...folioShape, value: ({ folio }) => folio.attempts.length },
  ),
];

type Failure = History['failures'][number];

const failureMeasures = [
  measure<Failure>(
    {
      name: 'failures',
      unit: 'count',
      says: 'folios that a call did not move, each with its blame',
      source: 'all that is evidence',
      filters: [...byRequest, 'blamed'],
      needs: ['calls'],
    },
    {
      rows: ({ history }) => history.failures,
      value: () => 1,
      start: ({ time }) => time,
      events: ({ evidence }) => spanOf(evidence.map(({ ordinal }) => ordinal)),
      owner: ({ call, request = -1 }, { owners }) => (call < 0 ? owners.ofRequest(request) : owners.ofCall(call)),
      item: ({ pfn, call, request }) => `${hex(pfn)} of ${call < 0 ? `request ${request}` : `call ${call}`}`,
    },
  ),
];

/** First and last of the events that are any; -1 of none. */
function spanOf(ordinals: readonly number[]): readonly [number, number] {
  const known = ordinals.filter((one) => one >= 0);
  return known.length === 0 ? [-1, -1] : [Math.min(...known), Math.max(...known)];
}

type Request = History['requests'][number];
const requestShape: Omit<Shape<Request>, 'value'> = {
  rows: ({ history }) => history.requests,
  start: ({ start }) => start,
  end: ({ end }) => end,
  events: ({ ordinal }) => [ordinal, ordinal],
  owner: ({ id }, { owners }) => owners.ofRequest(id),
  item: ({ id, kind, comm, pid }) => `request ${id} (${kind}) of ${comm}-${pid}`,
};

const requestMeasures = [
  measure<Request>(
    {
      name: 'requests',
      unit: 'count',
      says: 'what asked for calls, with its own retries',
      source: 'probes, or calls that belong together',
      filters: byRequest,
      needs: ['requests'],
    },
    { ...requestShape, value: () => 1 },
  ),
  measure<Request>(
    {
      name: 'failed_requests',
      unit: 'count',
      says: 'of these ended with an error',
      source: 'return probes',
      filters: byRequest,
      needs: ['requests'],
      isPart: true,
    },
    { ...requestShape, value: ({ returned }) => (Number.isNaN(returned) ? Number.NaN : whether(returned < 0)) },
  ),
  measure<Request>(
    {
      name: 'request_time',
      unit: 'ns',
      says: 'duration of a request',
      source: 'probes, or its calls',
      filters: byRequest,
      needs: ['requests', 'durations'],
    },
    { ...requestShape, value: lasted },
  ),
];

type Episode = History['episodes'][number];
const episodeShape: Omit<Shape<Episode>, 'value'> = {
  rows: ({ history }) => history.episodes,
  start: ({ start }) => start,
  end: ({ end }) => end,
  events: ({ firstOrdinal, lastOrdinal }) => [firstOrdinal, lastOrdinal],
  owner: ({ id }, { owners }) => owners.ofEpisode(id),
  item: ({ id, sourcePfn }) => `episode ${id} of ${hex(sourcePfn)}`,
};
const entryEvents = 'set_migration_pte, remove_migration_pte';

const episodeMeasures = [
  measure<Episode>(
    {
      name: 'episodes',
      unit: 'count',
      says: 'stretches of a folio behind migration entries',
      source: entryEvents,
      filters: byRequest,
      needs: ['episodes'],
    },
    { ...episodeShape, value: () => 1 },
  ),
  measure<Episode>(
    {
      name: 'undone_episodes',
      unit: 'count',
      says: 'of these ended where they began',
      source: entryEvents,
      filters: byRequest,
      needs: ['episodes'],
      isPart: true,
    },
    { ...episodeShape, value: ({ outcome }) => (outcome === 'open' ? Number.NaN : whether(outcome === 'undone')) },
  ),
  measure<Episode>(
    {
      name: 'time_under_entries',
      unit: 'ns',
      says: 'duration of an episode',
      source: entryEvents,
      filters: byRequest,
      needs: ['episodes', 'durations'],
    },
    { ...episodeShape, value: lasted },
  ),
];

export const movedMeasures: readonly Measure[] = [
  ...callMeasures,
  ...folioMeasures,
  ...failureMeasures,
  ...requestMeasures,
  ...episodeMeasures,
];
