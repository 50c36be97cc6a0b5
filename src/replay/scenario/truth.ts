/** What a recording did, as the facts that a reader of its capture should come to: straight from the log, without events. */
import { batchKinds } from '../../model/demand.ts';
import { logKind, logReasons } from '../../model/log.ts';
import { Frames, tell } from './frames.ts';
import type { Recording } from './record.ts';

/** Times are ns since the scenario began. */
export interface TrueCall {
  readonly pid: number;
  readonly start: number;
  end: number;
  readonly mode: number;
  readonly reason: string;
  succeeded: number;
  failed: number;
}

export interface TrueEpisode {
  readonly pid: number;
  readonly sourcePfn: number;
  destinationPfn: number;
  readonly order: number;
  set: number;
  removed: number;
  readonly start: number;
  end: number;
  outcome: 'moved' | 'undone' | 'open';
}

export interface TrueFlush {
  readonly cpu: number;
  readonly batch: string;
  readonly time: number;
  count: number;
}

export interface TrueRequest {
  readonly model: string;
  readonly pid: number;
  readonly start: number;
  end: number;
  returned: number;
  calls: number;
}

export interface Truth {
  readonly calls: readonly TrueCall[];
  readonly episodes: readonly TrueEpisode[];
  readonly flushes: readonly TrueFlush[];
  readonly requests: readonly TrueRequest[];
}

/** The facts of a recording. */
export function truthOf(recording: Recording): Truth {
  const { log, spec, thread, demand } = recording;
  const told = tell(recording);
  const frames = new Frames(recording);
  const calls: TrueCall[] = [];
  const episodes: TrueEpisode[] = [];
  const requests: TrueRequest[] = [];
  const openCalls = new Map<number, TrueCall>();
  const openEpisodes = new Map<number, TrueEpisode>();
  const openRequests = new Map<number, TrueRequest>();
  for (const place of told.order) {
    const run = log.run[place]!;
    const folio = log.folio[place]!;
    const time = log.time[place]!;
    const a = log.a[place]!;
    const b = log.b[place]!;
    // A frame is asked for before a move and after it.
    const before = folio < 0 || log.kind[place] !== logKind['set entry'] ? Number.NaN : frames.at(folio);
    frames.before(place, told);
    switch (log.kind[place]) {
      case logKind['request start']: {
        const { model } = demand(run);
        const none = { end: Number.NaN, returned: Number.NaN, calls: 0 };
        const request: TrueRequest = { model, pid: thread(run), start: time, ...none };
        requests.push(request);
        openRequests.set(run, request);
        break;
      }
      case logKind['request end']: {
        const request = openRequests.get(run)!;
        request.end = time;
        request.returned = a;
        break;
      }
      case logKind['call start']: {
        const none = { end: Number.NaN, succeeded: Number.NaN, failed: Number.NaN };
        const call: TrueCall = { pid: thread(run), start: time, mode: a, reason: logReasons[b] ?? '', ...none };
        calls.push(call);
        openCalls.set(run, call);
        const request = openRequests.get(run);
        if (request !== undefined) request.calls++;
        break;
      }
      case logKind['call end']:
        Object.assign(openCalls.get(run)!, { end: time, succeeded: a, failed: b });
        break;
      case logKind['set entry']: {
        const open = openEpisodes.get(folio);
        if (open !== undefined) {
          open.set += a;
          break;
        }
        const episode: TrueEpisode = {
          pid: thread(run),
          sourcePfn: before,
          destinationPfn: Number.NaN,
          order: spec(folio).order,
          set: a,
          removed: 0,
          start: time,
          end: Number.NaN,
          outcome: 'open',
        };
        episodes.push(episode);
        openEpisodes.set(folio, episode);
        break;
      }
      case logKind['remove entry']: {
        const episode = openEpisodes.get(folio);
        if (episode === undefined) break;
        openEpisodes.delete(folio);
        const outcome = a === 1 ? 'moved' : 'undone';
        Object.assign(episode, { end: time, removed: b, destinationPfn: frames.at(folio), outcome });
      }
    }
  }
  return { calls, episodes, flushes: flushesOf(recording, told.byWorker), requests };
}

/**
 * Flushes: what one batch of one CPU gave at one moment to one cause. With caches disabled each add is a flush of its own,
 * and none gives more than a batch holds.
 */
function flushesOf({ log, batchCapacity }: Recording, byWorker: Uint8Array): TrueFlush[] {
  const flushes: TrueFlush[] = [];
  let last = -1;
  let disabled = 0;
  for (let i = 0; i < log.length; i++) {
    const kind = log.kind[i]!;
    if (kind === logKind['disable end']) disabled++;
    else if (kind === logKind.enable) disabled--;
    if (kind !== logKind.insertion && kind !== logKind.activation) {
      last = -1;
      continue;
    }
    const flush = flushes.at(-1);
    const isSame =
      last >= 0 &&
      flush !== undefined &&
      flush.count < batchCapacity &&
      log.kind[last] === kind &&
      log.cpu[last] === log.cpu[i] &&
      log.time[last] === log.time[i] &&
      log.run[last] === log.run[i] &&
      log.c[last] === log.c[i] &&
      byWorker[last] === byWorker[i] &&
      (disabled === 0 || byWorker[i] === 1);
    if (isSame) flush.count++;
    else {
      const batch = batchKinds[kind === logKind.insertion ? 0 : 1];
      flushes.push({ cpu: log.cpu[i]!, batch, time: log.time[i]!, count: 1 });
    }
    last = i;
  }
  return flushes;
}
