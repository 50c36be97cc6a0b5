/** Tables of what held folios: batches, their flushes, drains, windows and waits. */
import { batchKinds, type Drain, type Flush, type History, type Wait, type Window } from '../../history/facts.ts';
import { type FactTable, factTable, frame, int, named, ordinal, orNone, text, time } from './table.ts';

const unseenTask = 'the capture does not say';

/** A stay is its row. */
const stayColumn =
  (name: 'pfn' | 'added' | 'flushed' | 'ordinal') =>
  (row: number, { history }: { history: History }): number =>
    history.stays[name][row]!;

const stays: FactTable = factTable<number>(
  'stays',
  'a stay of a folio in a per-CPU batch',
  ({ history }) => ({ length: history.stays.length, at: (row) => row }),
  [
    frame('pfn', 'frame of the folio', stayColumn('pfn'), 'not known'),
    int('cpu', 'CPU of the batch', (row, { history }) => orNone(history.stays.cpu[row]!), unseenTask),
    named('batch', '`add`, `activate`, `mlock`, ...', (row, { history }) => batchKinds[history.stays.batch[row]!]!),
    time('added', 'when it came in', stayColumn('added'), 'adds were not probed, or it was in before'),
    time('flushed', 'when it went out', stayColumn('flushed'), 'not seen: still in where the capture ends'),
    int('flush', 'flush that took it out', (row, { history }) => orNone(history.stays.flush[row]!), 'none seen'),
    int(
      'adder_pid',
      'task that added it',
      (row, { history }) => orNone(history.stays.adderPid?.[row] ?? -1),
      'not seen',
    ),
    named(
      'adder_comm',
      'its name',
      (row, { history: { stays: all, capture } }) => {
        const id = all.adderComm?.[row] ?? -1;
        return id < 0 ? '' : capture.strings.text(id);
      },
      'not seen',
    ),
    ordinal('event', 'event that it is known by', stayColumn('ordinal')),
  ],
);

const flushes: FactTable = factTable<Flush & { readonly row: number }>(
  'flushes',
  'a batch emptied',
  ({ history }) => ({
    length: history.flushes.length,
    at: (row) => ({ ...history.flushes[row]!, row }),
  }),
  [
    int('flush', 'number of the flush, from 0', ({ row }) => row),
    int('cpu', 'CPU of the batch', ({ cpu }) => orNone(cpu), unseenTask),
    named('batch', '`add`, `activate`, `mlock`, ...', ({ batch }) => batch),
    time('start', 'first folio out', ({ start }) => start, 'not seen'),
    time('end', 'last folio out', ({ end }) => end, 'not seen'),
    int('pid', 'task that it ran in', ({ pid }) => orNone(pid), unseenTask),
    int('folios', 'folios that came out', ({ count }) => count, '', 'folios'),
    named('cause', '`full`, `bypass`, `local drain`, `all-CPU drain`, `cache disabled`, `unknown`', (f) => f.cause),
    int('drain', 'drain that caused it', ({ drain }) => orNone(drain), 'none is known'),
    ordinal('first_event', 'its first event', (flush) => orNone(flush.ordinal)),
  ],
);

const drains: FactTable = factTable<Drain>('drains', 'somebody emptied batches', ({ history }) => history.drains, [
  int('drain', 'number of the drain, from 0', ({ id }) => id),
  named('scope', '`local`: one CPU; `all`: every CPU; `disable`: every CPU, caches get disabled', ({ scope }) => scope),
  named('certainty', '`seen` or `inferred`', ({ certainty }) => certainty),
  time('start', 'when it was asked for', ({ start }) => start, 'not seen'),
  time('end', 'when the caller went on', ({ end }) => end, 'the return was not probed'),
  int('cpu', 'CPU of the caller', ({ cpu }) => orNone(cpu), unseenTask),
  int('pid', 'task that asked', ({ pid }) => orNone(pid), unseenTask),
  named('comm', 'its name', ({ comm }) => comm, unseenTask),
  text('cpus', 'CPUs on which work ran for it, with spaces between', ({ cpus }) => cpus.join(' '), 'none seen'),
  ordinal('event', 'event that it is known by', (drain) => orNone(drain.ordinal), 'none'),
]);

const windows: FactTable = factTable<Window>(
  'windows',
  'a stretch in which LRU caches were disabled',
  ({ history }) => history.windows,
  [
    time('start', 'when they were disabled', ({ start }) => start, 'not seen'),
    time('drained', 'end of the drain that goes with it', ({ drained }) => drained, 'not seen'),
    time('end', 'when they were enabled again', ({ end }) => end, 'not known'),
    named('end_certainty', '`seen`, `inferred` or `unknown`', ({ endCertainty }) => endCertainty),
    int('pid', 'task', ({ pid }) => orNone(pid), unseenTask),
    int('request', 'its request', ({ request }) => orNone(request), 'none is known'),
  ],
);

const waits: FactTable = factTable<Wait>(
  'waits',
  'a task asleep because of a folio under migration',
  ({ history }) => history.waits,
  [
    named('on', '`entry`: a migration entry; `lock`: the lock of a folio', ({ on }) => on),
    time('start', 'when it fell asleep', ({ start }) => start, 'not seen'),
    time('end', 'when it ran again', ({ end }) => end, 'not seen'),
    int('cpu', 'CPU that it fell asleep on', ({ cpu }) => orNone(cpu), unseenTask),
    int('pid', 'task', ({ pid }) => orNone(pid), unseenTask),
    named('comm', 'its name', ({ comm }) => comm, unseenTask),
    named('holds_reference', 'whether it holds a reference meanwhile: `yes`, `no`, `unknown`', (w) => w.holdsReference),
    frame('pfn', 'frame of the folio', ({ pfn }) => pfn, 'not known'),
    int('episode', 'episode that it waits in', ({ episode }) => orNone(episode), 'none is known'),
    ordinal('event', 'event of its start', (wait) => orNone(wait.ordinal), 'none'),
  ],
);

export const batchTables: readonly FactTable[] = [stays, flushes, drains, windows, waits];
