/**
 * A history as JSON of the Trace Event Format: what ui.perfetto.dev and other viewers of traces draw. docs/exports.md lists the
 * tracks. Times count from the capture's first event, since viewers keep them in floating point.
 */
import { ScenarioError } from '../../base/errors.ts';
import { escapeHidden } from '../../base/json.ts';
import { stamp } from '../../events/time.ts';
import { causes, type Drain, type Failure } from '../../history/facts.ts';
import { likeliest } from '../../replay/blame.ts';
import type { Facts } from '../facts/table.ts';
import { batchTracks } from './batches.ts';
import { FreeLanes, NestedLanes, outerFirst, type Span } from './lanes.ts';
import { type Details, Pen, type Place } from './pen.ts';

/** What is not known to have ended goes on. */
const endOf = (end: number): number => (Number.isNaN(end) ? Number.POSITIVE_INFINITY : end);
const hex = (value: number): string | undefined => (Number.isNaN(value) ? undefined : `0x${value.toString(16)}`);
const orNone = (value: number): number | undefined => (value < 0 ? undefined : value);

interface Drawn extends Span {
  readonly topic: string;
  readonly name: string;
  readonly details: () => Details;
}

/**
 * The calls, requests, episodes, stays, flushes, drains, windows, waits and failures of a history, in pieces of one JSON object.
 *
 * @throws ScenarioError for a capture whose clock tells no durations
 */
export function* toTraceEvents(facts: Facts): Generator<string> {
  const { capture } = facts.history;
  if (capture.clock.unit !== 'ns') {
    throw new ScenarioError(
      'export/clock',
      `${capture.source}: its clock tells no durations, and a viewer needs times`,
      'write tables instead: --to parquet, --to csv',
    );
  }
  const pen = new Pen();
  yield '{"displayTimeUnit":"ns","traceEvents":[';
  const left = { undated: 0 };
  for (const draw of [taskTracks, episodeTracks, failureTracks, drainTracks, batchTracks])
    for (const _ of draw(facts, pen, left)) if (pen.isFull) yield pen.take();
  yield pen.take();
  const about = {
    source: capture.source,
    clock: capture.clock.name?.value ?? 'not known',
    'time of 0': `${stamp(capture, 0)} s`,
    kernel: capture.kernelVersion?.value ?? 'not known',
    'left out, when it began is not known': String(left.undated),
  };
  yield `\n],"otherData":${escapeHidden(JSON.stringify(about))}}\n`;
}

/** Counts what cannot be drawn. */
export interface LeftOut {
  undated: number;
}

/** A track for each task: its requests, in them its calls, and its waits. What does not nest goes to a second one. */
function* taskTracks({ history }: Facts, pen: Pen, left: LeftOut): Generator<void> {
  const tasks = new Map<number, { comm: string; drawn: Drawn[] }>();
  const put = (pid: number, comm: string, drawn: Drawn): void => {
    if (Number.isNaN(drawn.start)) {
      left.undated++;
      return;
    }
    let task = tasks.get(pid);
    if (task === undefined) {
      task = { comm, drawn: [] };
      tasks.set(pid, task);
    }
    task.drawn.push(drawn);
  };
  for (const request of history.requests) {
    const { kind, pid, comm, start, end, certainty, basis, startPfn, endPfn, returned } = request;
    const details = (): Details => ({
      request: request.id,
      certainty,
      basis,
      calls: request.calls.length,
      'first pfn': hex(startPfn),
      'end pfn': hex(endPfn),
      returned,
    });
    put(pid, comm, { topic: 'request', name: kind, start, end: endOf(end), details });
  }
  for (const call of history.calls) {
    const { reason, pid, comm, start, end } = call;
    const details = (): Details => ({
      call: call.id,
      reason,
      mode: call.mode,
      cpu: orNone(call.cpu),
      folios: call.folios.length,
      'failed folios': call.folios.filter(({ outcome }) => outcome === 'failed').length,
      'pages succeeded': call.succeeded,
      'pages failed': call.failed,
      'first event': orNone(call.startOrdinal),
    });
    put(pid, comm, { topic: 'call', name: `migrate_pages ${reason}`, start, end: endOf(end), details });
  }
  for (const wait of history.waits) {
    const { on, pid, comm, start, end, pfn } = wait;
    const details = (): Details => ({
      pfn: hex(pfn),
      cpu: orNone(wait.cpu),
      episode: orNone(wait.episode),
      'holds a reference': wait.holdsReference,
      event: orNone(wait.ordinal),
    });
    const name = on === 'entry' ? 'asleep on a migration entry' : 'asleep on a folio lock';
    put(pid, comm, { topic: 'wait', name, start, end: endOf(end), details });
  }
  const process = pen.process('Tasks: requests, calls, waits');
  for (const [pid, { comm, drawn }] of [...tasks].sort(([a], [b]) => a - b)) {
    const name = pid < 0 ? 'task not known' : `${comm}-${pid}`;
    yield* spans(pen, process, name, drawn.sort(outerFirst));
  }
}

/** Spans on as many tracks of one name as they need. */
function* spans(pen: Pen, process: number, name: string, sorted: readonly Drawn[]): Generator<void> {
  const lanes = new NestedLanes();
  const places: Place[] = [];
  for (const drawn of sorted) {
    const lane = lanes.place(drawn);
    places[lane] ??= pen.thread(process, lane === 0 ? name : `${name} (${lane + 1})`);
    pen.span(places[lane], drawn.topic, drawn.name, drawn.start, drawn.end, drawn.details());
    yield;
  }
}

/** Async tracks of episodes, together by their outcome. */
function* episodeTracks({ history }: Facts, pen: Pen, left: LeftOut): Generator<void> {
  if (history.episodes.length === 0) return;
  const place = pen.thread(pen.process('Episodes: folios behind migration entries'), 'episodes');
  const lanes = { moved: new FreeLanes(), undone: new FreeLanes(), open: new FreeLanes() };
  for (const episode of history.episodes.toSorted((a, b) => a.start - b.start)) {
    const { outcome, start, call } = episode;
    if (Number.isNaN(start)) {
      left.undated++;
      continue;
    }
    const span = { start, end: endOf(episode.end) };
    pen.apart(place, 'episode', outcome, `${outcome} ${lanes[outcome].place(span)}`, span.start, span.end, {
      pfn: hex(episode.sourcePfn),
      'to pfn': outcome === 'moved' ? hex(episode.destinationPfn) : undefined,
      pages: 2 ** episode.order,
      call: orNone(call),
      reason: history.calls[call]?.reason,
      episode: episode.id,
      'of its folio': episode.index + 1,
      'entries set': episode.set,
      'entries removed': episode.removed,
      'first event': orNone(episode.firstOrdinal),
    });
    yield;
  }
}

/** A track for each likeliest cause: the failures, each with its blame. */
function* failureTracks({ history, posteriors }: Facts, pen: Pen, left: LeftOut): Generator<void> {
  if (history.failures.length === 0) return;
  const process = pen.process('Failures, by their likeliest cause');
  for (const cause of causes) {
    const failures = history.failures.filter(({ id }) => likeliest(posteriors[id]!) === cause);
    if (failures.length === 0) continue;
    const place = pen.thread(process, cause);
    for (const failure of failures.sort((a, b) => a.time - b.time)) {
      if (Number.isNaN(failure.time)) left.undated++;
      else pen.instant(place, 'failure', `failed ${hex(failure.pfn) ?? ''}`.trim(), failure.time, failed(failure));
      yield;
    }
  }

  function failed({ id, call, request, pfn, pages }: Failure): Details {
    const shares = causes.map((one, i) => [one, posteriors[id]![i]!] as const).filter(([, p]) => p > 0);
    return {
      pfn: hex(pfn),
      pages,
      call: orNone(call),
      request: orNone(request ?? history.calls[call]?.request ?? -1),
      reason: history.calls[call]?.reason,
      blame: Object.fromEntries(shares),
      failure: id,
    };
  }
}

const drainNames: Readonly<Record<Drain['scope'], string>> = {
  local: 'drains of one CPU',
  all: 'drains of all CPUs',
  disable: 'drains of all CPUs, caches disabled',
};

/** A track for each sort of drain, and one for windows with caches disabled. A drain without an end is a moment. */
function* drainTracks({ history }: Facts, pen: Pen, left: LeftOut): Generator<void> {
  const { drains, windows } = history;
  if (drains.length + windows.length === 0) return;
  const process = pen.process('Drains of per-CPU batches');
  for (const scope of ['all', 'disable', 'local'] as const) {
    const timed: Drawn[] = [];
    const moments: Drain[] = [];
    for (const drain of drains) {
      if (drain.scope !== scope) continue;
      const { start, end } = drain;
      if (Number.isNaN(start)) left.undated++;
      else if (Number.isNaN(end)) moments.push(drain);
      else timed.push({ topic: 'drain', name: drainName(drain), start, end, details: () => detailsOf(drain) });
    }
    yield* spans(pen, process, drainNames[scope], timed.sort(outerFirst));
    if (moments.length === 0) continue;
    const place = pen.thread(process, `${drainNames[scope]}, end not seen`);
    for (const drain of moments.sort((a, b) => a.start - b.start)) {
      pen.instant(place, 'drain', drainName(drain), drain.start, detailsOf(drain));
      yield;
    }
  }
  const stretches = windows.flatMap(({ start, end, request, endCertainty }): Drawn[] => {
    if (Number.isNaN(start)) left.undated++;
    const details = (): Details => ({ request: orNone(request), 'end known': endCertainty });
    return Number.isNaN(start) ? [] : [{ topic: 'window', name: 'caches disabled', start, end: endOf(end), details }];
  });
  yield* spans(pen, process, 'caches disabled', stretches.sort(outerFirst));

  function drainName({ comm, pid }: Drain): string {
    return pid < 0 ? 'drain' : `by ${comm}-${pid}`;
  }
  function detailsOf(drain: Drain): Details {
    return {
      drain: drain.id,
      cpu: orNone(drain.cpu),
      cpus: drain.cpus.map(String),
      known: drain.certainty,
      event: orNone(drain.ordinal),
    };
  }
}
