/**
 * The life of a folio: every fact about one page frame, and about the frames that it was in before and afterwards. A migration
 * gives a folio another frame; what happened to the old one until then and to the new one from then on is of one folio.
 */
import { countLeading } from '../base/sorted.ts';
import { batchKinds, type CallFolio, type Certainty, type Failure, type History } from './facts.ts';
import { referenceOperations } from './references.ts';

/** A frame that the folio was in, from when to when (infinite: as long as the capture knows). */
export interface Stretch {
  readonly pfn: number;
  readonly from: number;
  readonly until: number;
}

export type LifeLane = 'in a batch' | 'isolated' | 'under entries' | 'waits';
export const lifeLanes: readonly LifeLane[] = ['in a batch', 'isolated', 'under entries', 'waits'];

/** Something that lasted. An end or a beginning that was not seen is NaN. */
export interface LifeSpan {
  readonly lane: LifeLane;
  readonly pfn: number;
  readonly start: number;
  readonly end: number;
  /** Who or what, in words. */
  readonly by: string;
}

/** One fact. -1, '' and NaN where not known. */
export interface LifeEvent {
  readonly time: number;
  readonly pfn: number;
  readonly cpu: number;
  readonly pid: number;
  readonly comm: string;
  /** What it is about: a row of the text, a key for machines. */
  readonly topic: 'batch' | 'isolation' | 'call' | 'entries' | 'attempt' | 'wait' | 'reference' | 'failure' | 'range';
  readonly says: string;
  readonly certainty: Certainty;
  readonly ordinal: number;
  /** Index into the history's failures, where it is one. */
  readonly failure?: number;
}

export interface Life {
  /** As asked for. */
  readonly pfn: number;
  readonly stretches: readonly Stretch[];
  /** Stays in other frames that were not followed, because so many folios passed through this one. */
  readonly passing: number;
  readonly events: readonly LifeEvent[];
  readonly spans: readonly LifeSpan[];
}

interface Move {
  readonly from: number;
  readonly to: number;
  readonly time: number;
}

/** When a member of a call got its new frame: with its last entries, or else when its last attempt returned. */
function movedAt({ episodes, attempts }: History, folio: CallFolio, end: number): number {
  const episode = episodes[folio.episodes.at(-1) ?? -1]?.end ?? NaN;
  const attempt = attempts[folio.attempts.at(-1) ?? -1]?.end ?? NaN;
  return Number.isNaN(episode) ? (Number.isNaN(attempt) ? end : attempt) : episode;
}

function movesOf(history: History): Move[] {
  const moves: Move[] = [];
  for (const call of history.calls) {
    for (const folio of call.folios) {
      if (folio.outcome !== 'moved' || Number.isNaN(folio.pfn) || Number.isNaN(folio.destination)) continue;
      moves.push({ from: folio.pfn, to: folio.destination, time: movedAt(history, folio, call.end) });
    }
  }
  return moves.sort((a, b) => a.time - b.time);
}

/** A frame that many folios passed through is shown by itself, unless one of them is asked for. */
const MOST_STRETCHES = 12;

/** Where the folio goes that is in a frame from a time on: frame by frame, to the end of what is known. */
function forwards(moves: readonly Move[], pfn: number, from: number): Stretch[] {
  const next = moves.find((move) => move.from === pfn && move.time > from);
  const until = next?.time ?? Number.POSITIVE_INFINITY;
  return [{ pfn, from, until }, ...(next === undefined ? [] : forwards(moves, next.to, next.time))];
}

/** Where the folio came from that was in a frame up to a time. */
function backwards(moves: readonly Move[], pfn: number, until: number): Stretch[] {
  const before = moves.findLast((move) => move.to === pfn && move.time < until);
  const from = before?.time ?? Number.NEGATIVE_INFINITY;
  return [...(before === undefined ? [] : backwards(moves, before.from, before.time)), { pfn, from, until }];
}

/** The one folio that was in a frame at a time, in all its frames. */
function stretchesAt(moves: readonly Move[], pfn: number, at: number): Stretch[] {
  const into = moves.findLast((move) => move.to === pfn && move.time <= at);
  const after = forwards(moves, pfn, into?.time ?? Number.NEGATIVE_INFINITY);
  return [...(into === undefined ? [] : backwards(moves, into.from, into.time)), ...after];
}

/** The frame itself at all times, and its folios from each move out of it forwards and from each move into it backwards. */
function stretchesOf(moves: readonly Move[], pfn: number): { stretches: Stretch[]; passing: number } {
  const whole = { pfn, from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY };
  const others = new Map<string, Stretch>();
  for (const { from, to, time } of moves) {
    const found = [
      ...(from === pfn ? forwards(moves, to, time) : []),
      ...(to === pfn ? backwards(moves, from, time) : []),
    ];
    for (const one of found) if (one.pfn !== pfn) others.set(`${one.pfn} ${one.from} ${one.until}`, one);
  }
  if (others.size > MOST_STRETCHES) return { stretches: [whole], passing: others.size };
  return { stretches: [whole, ...others.values()], passing: 0 };
}

/** Frames that any fact of a history names, in order. */
export function knownFrames(history: History): number[] {
  const known = new Set<number>(history.stays.pfn.subarray(0, history.stays.length));
  for (const { folios } of history.calls) for (const { pfn, destination } of folios) known.add(pfn).add(destination);
  for (const { sourcePfn, destinationPfn } of history.episodes) known.add(sourcePfn).add(destinationPfn);
  for (const { pfn } of history.waits) known.add(pfn);
  for (const { pfn } of history.isolations ?? []) known.add(pfn);
  known.delete(NaN);
  return [...known].sort((a, b) => a - b);
}

/** Of frames in order, those nearest to one that is not among them: up to `most`, half of them below. */
export function nearFrames(frames: readonly number[], pfn: number, most: number): number[] {
  const at = countLeading(frames.length, (i) => frames[i]! < pfn);
  return frames.slice(Math.max(0, at - most / 2), at + most / 2);
}

/**
 * The life of the folio in a frame, in order of time; undefined where no fact names the frame.
 *
 * @param at ns since the first event: only the folio that was in the frame then
 */
export function lifeOf(history: History, pfn: number, at?: number): Life | undefined {
  const moves = movesOf(history);
  const { stretches, passing } =
    at === undefined ? stretchesOf(moves, pfn) : { stretches: stretchesAt(moves, pfn, at), passing: 0 };
  const within = (frame: number, time: number): boolean =>
    stretches.some((one) => one.pfn === frame && !(time < one.from) && !(time > one.until));
  const events: LifeEvent[] = [];
  const spans: LifeSpan[] = [];
  const names = new Map<number, string>();
  for (const { pid, comm } of [...history.calls, ...history.waits, ...history.drains]) names.set(pid, comm);
  const tell: Tell = (event) => {
    if (!within(event.pfn, event.time)) return;
    events.push(event.comm === '' ? { ...event, comm: names.get(event.pid) ?? '' } : event);
  };
  const last: Last = (span) => {
    if (within(span.pfn, seenFrom(span))) spans.push(span);
  };
  const frames = new Set(stretches.map((one) => one.pfn));
  tellStays(history, frames, tell, last);
  tellCalls(history, frames, tell, last);
  tellWaits(history, frames, tell, last);
  tellReferences(history, frames, tell);
  for (const { pid, pfn: frame, time, isolated, ordinal } of history.isolations ?? []) {
    if (!frames.has(frame)) continue;
    const says = isolated ? 'taken off the LRU' : 'not taken off the LRU: not on it, or somebody else was faster';
    tell({ ...nobody, time, pfn: frame, pid, topic: 'isolation', says, certainty: 'seen', ordinal });
  }
  if (events.length === 0 && spans.length === 0) return undefined;
  // Ranges that were wanted are told of frames that something happened to.
  for (const { kind, startPfn, endPfn, start, pid, comm, certainty, ordinal, parent } of history.requests) {
    // What an allocation tried in turn is all within what it wanted.
    if (parent >= 0 || !(pfn >= startPfn && pfn < endPfn)) continue;
    const says = `a ${kind} wanted 0x${startPfn.toString(16)} to 0x${(endPfn - 1).toString(16)}`;
    tell({ ...nobody, time: start, pfn, pid, comm, topic: 'range', says, certainty, ordinal });
  }
  events.sort((a, b) => a.time - b.time || a.ordinal - b.ordinal);
  spans.sort((a, b) => seenFrom(a) - seenFrom(b));
  return { pfn, stretches, passing, events, spans };
}

/** The end of a span that was seen, where its beginning was not. */
function seenFrom({ start, end }: LifeSpan): number {
  return Number.isNaN(start) ? end : start;
}

type Tell = (event: LifeEvent) => void;
type Last = (span: LifeSpan) => void;

const nobody = { cpu: -1, pid: -1, comm: '' } as const;

function tellStays({ stays, flushes, capture }: History, frames: ReadonlySet<number>, tell: Tell, last: Last): void {
  for (let row = 0; row < stays.length; row++) {
    const pfn = stays.pfn[row]!;
    if (!frames.has(pfn)) continue;
    const batch = batchKinds[stays.batch[row]!]!;
    const cpu = stays.cpu[row]!;
    const added = stays.added[row]!;
    const flushed = stays.flushed[row]!;
    const flush = flushes[stays.flush[row]!];
    const ordinal = stays.ordinal[row]!;
    const comm = stays.adderComm?.[row] ?? -1;
    const by = { cpu, pid: stays.adderPid?.[row] ?? -1, comm: comm < 0 ? '' : capture.strings.text(comm) };
    if (!Number.isNaN(added)) {
      const says = `put into the ${batch} batch of CPU ${cpu}`;
      tell({ ...by, time: added, pfn, topic: 'batch', says, certainty: 'seen', ordinal });
    }
    if (!Number.isNaN(flushed)) {
      const why = flush === undefined ? 'drained with its CPU' : `${flush.cause}, ${flush.count} in the flush`;
      const says = `left the ${batch} batch of CPU ${cpu} (${why})`;
      const certainty = flush === undefined ? 'inferred' : 'seen';
      tell({ cpu, pid: flush?.pid ?? -1, comm: '', time: flushed, pfn, topic: 'batch', says, certainty, ordinal });
    }
    last({ lane: 'in a batch', pfn, start: added, end: flushed, by: `${batch}, CPU ${cpu}` });
  }
}

/** A call, or a request that works without calls: somebody who wanted folios moved. */
interface Mover {
  readonly wants: string;
  readonly start: number;
  readonly end: number;
  readonly startOrdinal: number;
  readonly endOrdinal: number;
  readonly task: { readonly cpu: number; readonly pid: number; readonly comm: string };
  readonly folios: readonly CallFolio[];
  /** As its failures name it. */
  readonly key: string;
}

function* moversOf({ calls, requests }: History): Generator<Mover> {
  for (const { id, cpu, pid, comm, reason, mode, ...call } of calls) {
    const wants = `a migrate_pages call (${reason}, ${mode.replace(/^MIGRATE_/, '')})`;
    const start = Number.isNaN(call.start) ? call.end : call.start;
    yield { ...call, wants, start, task: { cpu, pid, comm }, key: keyOf({ call: id, folio: 0 }) };
  }
  for (const { id, kind, start, end, pid, comm, ordinal, withoutCalls } of requests) {
    if (withoutCalls === undefined) continue;
    const task = { cpu: -1, pid, comm };
    const key = keyOf({ call: -1, request: id, folio: 0 });
    const places = { startOrdinal: ordinal, endOrdinal: ordinal };
    yield { wants: `a ${kind}`, start, end, ...places, task, folios: withoutCalls.folios, key };
  }
}

/** Whose failures they are: all of a call, or of a request without calls. */
function keyOf({ call, request }: Pick<Failure, 'call' | 'request' | 'folio'>): string {
  return call >= 0 ? `call ${call}` : `request ${request}`;
}

function tellCalls(history: History, frames: ReadonlySet<number>, tell: Tell, last: Last): void {
  const failureOf = new Map(history.failures.map((failure) => [`${keyOf(failure)} ${failure.folio}`, failure]));
  for (const mover of moversOf(history)) {
    for (const [at, folio] of mover.folios.entries()) {
      const { pfn, destination, outcome } = folio;
      if (!frames.has(pfn)) continue;
      const { task, start, end } = mover;
      const says = `wanted by ${mover.wants}`;
      tell({ ...task, time: start, pfn, topic: 'call', says, certainty: 'seen', ordinal: mover.startOrdinal });
      last({ lane: 'isolated', pfn, start, end, by: `${task.comm}-${task.pid}` });
      for (const id of folio.episodes) tellEpisode(history, id, task.comm, tell, last);
      for (const id of folio.attempts) tellAttempt(history, id, task, tell);
      const done = { ...task, pfn, ordinal: mover.endOrdinal };
      const failure = failureOf.get(`${mover.key} ${at}`);
      if (failure !== undefined) {
        const { id, time } = failure;
        tell({ ...done, time, topic: 'failure', says: 'not moved', certainty: 'seen', failure: id });
      } else if (outcome === 'moved') {
        const where = Number.isNaN(destination)
          ? 'counted as moved: freed meanwhile, or its new frame was not seen'
          : `moved to 0x${destination.toString(16)}, and this frame freed`;
        tell({ ...done, time: movedAt(history, folio, end), topic: 'call', says: where, certainty: 'inferred' });
      }
    }
  }
}

function tellEpisode(history: History, id: number, comm: string, tell: Tell, last: Last): void {
  const { sourcePfn: pfn, pid, cpu, start, end, set, removed, outcome, ...episode } = history.episodes[id]!;
  const at = { cpu, pid, comm, pfn, topic: 'entries', certainty: 'seen' } as const;
  tell({ ...at, time: start, says: `${set} of its entries made migration entries`, ordinal: episode.firstOrdinal });
  if (!Number.isNaN(end) && outcome !== 'open') {
    const where = outcome === 'moved' ? 'point to the new frame' : 'put back';
    tell({ ...at, time: end, says: `${removed} of its entries ${where}`, ordinal: episode.lastOrdinal });
  }
  last({ lane: 'under entries', pfn, start, end, by: outcome });
}

function tellAttempt(
  { attempts }: History,
  id: number,
  task: { cpu: number; pid: number; comm: string },
  tell: Tell,
): void {
  const { pfn, start, references, expected, returned, waiters, ordinal } = attempts[id]!;
  const counts = Number.isNaN(references)
    ? ''
    : `: ${references} references${Number.isNaN(expected) ? '' : ` where ${expected} were expected`}`;
  const flag = waiters === 'yes' ? ', PG_waiters set' : '';
  const result = Number.isNaN(returned) ? '' : `, returned ${returned}`;
  const says = `tried to move${counts}${flag}${result}`;
  tell({ ...task, time: start, pfn, topic: 'attempt', says, certainty: 'seen', ordinal });
}

function tellWaits({ waits }: History, frames: ReadonlySet<number>, tell: Tell, last: Last): void {
  for (const { pfn, pid, comm, cpu, start, end, on, holdsReference, ordinal } of waits) {
    if (!frames.has(pfn)) continue;
    const at = { cpu, pid, comm, pfn, topic: 'wait', certainty: 'seen', ordinal } as const;
    const holding = holdsReference === 'yes' ? ' with a reference' : '';
    const place = on === 'lock' ? 'its lock' : 'a migration entry';
    tell({ ...at, time: start, says: `went to sleep on ${place}${holding}` });
    if (!Number.isNaN(end)) tell({ ...at, time: end, says: `went on after sleeping on ${place}` });
    last({ lane: 'waits', pfn, start, end, by: `${comm}-${pid} on ${place}` });
  }
}

function tellReferences({ references, capture }: History, frames: ReadonlySet<number>, tell: Tell): void {
  if (references === undefined) return;
  for (let row = 0; row < references.length; row++) {
    const pfn = references.pfn[row]!;
    if (!frames.has(pfn)) continue;
    const operation = referenceOperations[references.operation[row]!]!;
    const count = references.count[row]!;
    const value = references.value[row]!;
    const failed = references.returned[row] === 0;
    tell({
      time: references.time[row]!,
      pfn,
      cpu: references.cpu[row]!,
      pid: references.pid[row]!,
      comm: capture.strings.text(references.comm[row]!),
      topic: 'reference',
      says: referenceSays(operation, count, value, failed),
      certainty: 'seen',
      ordinal: references.ordinal[row]!,
    });
  }
}

function referenceSays(operation: string, count: number, value: number, failed: boolean): string {
  if (operation === 'freeze')
    return failed
      ? `could not be frozen: ${count} references where ${value} were expected`
      : `frozen at ${value} references`;
  if (operation === 'unfreeze') return `thawed with ${count} references`;
  if (operation === 'set') return `references set to ${count}`;
  if (operation === 'mod_unless' && failed) return 'a lookup found it free';
  return `${value < 0 ? '' : '+'}${value} references, ${count} now${count === 0 ? ': freed' : ''}`;
}
