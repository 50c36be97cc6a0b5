/** Measures of what held things up, and of the capture itself: waits, drains, stays, losses. */
import type { History } from '../history/facts.ts';
import { byRequest, byTask, hex, type Items, lasted, type Measure, measure, type Shape } from './measure.ts';
import { nobody } from './owners.ts';

type Wait = History['waits'][number];

function waitMeasures(on: Wait['on'], what: string, source: string, need: 'entryWaits' | 'lockWaits'): Measure[] {
  const shape: Omit<Shape<Wait>, 'value'> = {
    rows: ({ history }) => history.waits.filter((wait) => wait.on === on),
    start: ({ start }) => start,
    end: ({ end }) => end,
    events: ({ ordinal }) => [ordinal, ordinal],
    owner: ({ episode, pid, comm, cpu }, { owners }) => ({ ...owners.ofEpisode(episode), pid, comm, cpu }),
    item: ({ pid, comm, pfn }) => `wait of ${comm}-${pid} for ${hex(pfn)}`,
  };
  return [
    measure<Wait>(
      { name: `${on}_waits`, unit: 'count', says: `sleeps on ${what}`, source, filters: byRequest, needs: [need] },
      { ...shape, value: () => 1 },
    ),
    measure<Wait>(
      {
        name: `${on}_wait_time`,
        unit: 'ns',
        says: 'duration of such a sleep',
        source,
        filters: byRequest,
        needs: [need, 'durations'],
      },
      { ...shape, value: lasted },
    ),
  ];
}

type Drain = History['drains'][number];
const drainShape = (isWanted: (drain: Drain) => boolean): Omit<Shape<Drain>, 'value'> => ({
  rows: ({ history }) => history.drains.filter(isWanted),
  start: ({ start }) => start,
  end: ({ end }) => end,
  events: ({ ordinal }) => [ordinal, ordinal],
  owner: ({ pid, comm, cpu }) => ({ call: -1, request: -1, pid, comm, cpu }),
  item: ({ id, comm, pid }) => `drain ${id} by ${comm}-${pid}`,
});
const drainEvents = 'probes on lru_add_drain_all and its like';

const drainMeasures = [
  measure<Drain>(
    {
      name: 'drains',
      unit: 'count',
      says: 'drains of all CPUs',
      source: drainEvents,
      filters: byTask,
      needs: ['drains'],
    },
    { ...drainShape(({ scope }) => scope !== 'local'), value: () => 1 },
  ),
  measure<Drain>(
    {
      name: 'drain_time',
      unit: 'ns',
      says: 'how long a drain of all CPUs kept its caller',
      source: `${drainEvents}, with their returns`,
      filters: byTask,
      needs: ['drains', 'durations'],
    },
    { ...drainShape(({ scope }) => scope !== 'local'), value: lasted },
  ),
];

/** A stay is its row: there is one for every LRU insertion. */
const stayMeasures: Measure[] = (['stays', 'stay_time'] as const).map((name) => ({
  name,
  unit: name === 'stays' ? 'count' : 'ns',
  says: name === 'stays' ? 'stays of folios in per-CPU batches' : 'how long a folio was in a batch',
  source: name === 'stays' ? 'mm_lru_insertion and other flushes' : 'probes on adds, and flushes',
  filters: byTask,
  needs: name === 'stays' ? ['batchFlushes'] : ['batchAdds', 'durations'],
  items({ history }): Items {
    const { length, pfn, cpu, added, flushed, ordinal, adderPid, adderComm } = history.stays;
    const event = (i: number): number => ordinal[i]!;
    return {
      length,
      value: name === 'stays' ? () => 1 : (i) => flushed[i]! - added[i]!,
      start: (i) => (Number.isNaN(added[i]!) ? flushed[i]! : added[i]!),
      end: (i) => flushed[i]!,
      firstEvent: event,
      lastEvent: event,
      owner: (i) => {
        const comm = adderComm?.[i] ?? -1;
        const name = comm < 0 ? '' : history.capture.strings.text(comm);
        return { call: -1, request: -1, pid: adderPid?.[i] ?? -1, comm: name, cpu: cpu[i]! };
      },
      says: (i) => `${hex(pfn[i]!)} in a batch of CPU ${cpu[i]}`,
    };
  },
}));

const captureMeasures = [
  measure<History>(
    { name: 'events', unit: 'count', says: 'events of the capture', source: 'the input', filters: [], needs: [] },
    {
      rows: ({ history }) => [history],
      value: ({ capture }) => capture.events,
      start: () => 0,
      end: ({ capture }) => capture.end,
      events: ({ capture }) => [0, capture.events - 1],
      owner: () => nobody,
      item: () => 'the capture',
    },
  ),
  measure<History>(
    {
      name: 'loss',
      unit: 'share',
      says: 'share of the input that could not be read',
      source: 'the input',
      filters: [],
      needs: [],
    },
    {
      rows: ({ history }) => [history],
      value: ({ capture: { accounting } }) => {
        if (accounting.cutShort === true) return Number.NaN;
        return accounting.total === 0 ? 0 : accounting.skipped / accounting.total;
      },
      start: () => Number.NaN,
      events: () => [-1, -1],
      owner: () => nobody,
      item: ({ capture }) =>
        capture.accounting.skips.map(({ reason, firstPlace }) => `${reason} (first: ${firstPlace})`).join('; '),
    },
  ),
  measure<History['capture']['losses'][number]>(
    {
      name: 'lost_events',
      unit: 'count',
      says: 'events that the kernel or the recorder lost',
      source: 'marks in the input',
      filters: ['cpu'],
      needs: [],
    },
    {
      rows: ({ history }) => history.capture.losses,
      value: ({ count }) => count,
      start: ({ start }) => start,
      end: ({ end }) => end,
      events: () => [-1, -1],
      owner: ({ cpu }) => ({ ...nobody, cpu }),
      item: ({ cpu, how, place }) => `${how}${cpu < 0 ? '' : ` on CPU ${cpu}`} (${place})`,
    },
  ),
];

export const heldMeasures: readonly Measure[] = [
  ...waitMeasures('entry', 'migration entries', 'probes on migration_entry_wait_on_locked', 'entryWaits'),
  ...waitMeasures('lock', 'folio locks in episodes', 'probes on folio locks', 'lockWaits'),
  ...drainMeasures,
  ...stayMeasures,
  ...captureMeasures,
];
