/** For tests: histories small enough to know everything about, of one kind of request. */
import { newCapture } from '../events/capture.ts';
import type {
  Call,
  CallFolio,
  Episode,
  Failure,
  History,
  Observability,
  Request,
  StayTable,
} from '../history/facts.ts';

/** One folio of a made-up request: its episodes as letters, `u` undone and `m` moved. It failed when the last is `u`. */
export type Fate = string;

const observed: Observability = {
  calls: 'seen',
  episodes: 'seen',
  attempts: 'unknown',
  batchAdds: 'unknown',
  batchFlushes: 'seen',
  activations: 'seen',
  mlockBatches: 'unknown',
  drains: 'seen',
  windows: 'seen',
  entryWaits: 'unknown',
  lockWaits: 'unknown',
  references: 'unknown',
  requests: 'seen',
  durations: 'seen',
};

const noStays: StayTable = {
  length: 0,
  pfn: new Float64Array(0),
  batch: new Uint8Array(0),
  cpu: new Int32Array(0),
  added: new Float64Array(0),
  flushed: new Float64Array(0),
  flush: new Int32Array(0),
  ordinal: new Float64Array(0),
};

/**
 * A capture of a 6.12 kernel with one move_pages request a list of fates, 1 ms apart: every episode lasts 10 us, every
 * failure has good evidence for a fault asleep on the lock.
 */
export function madeUpHistory(requests: readonly (readonly Fate[])[], change: Partial<History> = {}): History {
  const capture = newCapture('made-up', 'made-up', 'lines');
  capture.kernelVersion = { value: '6.12.117', from: 'capture' };
  capture.pageSize = { value: 4096, from: 'capture' };
  capture.cpus = { value: 4, from: 'capture' };
  capture.end = (requests.length + 1) * 1e6;
  const calls: Call[] = [];
  const asked: Request[] = [];
  const episodes: Episode[] = [];
  const failures: Failure[] = [];
  requests.forEach((fates, id) => {
    const start = (id + 1) * 1e6;
    let time = start;
    const folios = fates.map((fate, place): CallFolio => {
      const pfn = 0x40000 + id * 64 + place;
      const own = [...fate].map((letter, index) => {
        time += 1000;
        const first = time;
        time += 10_000;
        episodes.push({
          id: episodes.length,
          call: id,
          pid: 100,
          cpu: 0,
          sourcePfn: pfn,
          destinationPfn: letter === 'm' ? pfn + 0x10000 : pfn,
          order: 0,
          address: 0,
          set: 1,
          removed: 1,
          start: first,
          lastSet: first,
          end: time,
          outcome: letter === 'm' ? 'moved' : 'undone',
          deferredFlush: index === 0 ? 'yes' : 'no',
          index,
          firstOrdinal: 0,
          lastOrdinal: 0,
        });
        return episodes.length - 1;
      });
      const moved = fate.endsWith('m');
      if (!moved) {
        failures.push({
          id: failures.length,
          call: id,
          folio: place,
          pfn,
          pages: 1,
          time,
          evidence: [{ says: 'made up', cause: 'lock-blocked fault', weight: 1e9, ordinal: 0 }],
        });
      }
      const destination = moved ? pfn + 0x10000 : Number.NaN;
      return {
        pfn,
        pointer: -1,
        order: 0,
        destination,
        outcome: moved ? 'moved' : 'failed',
        episodes: own,
        attempts: [],
      };
    });
    const failed = folios.filter(({ outcome }) => outcome === 'failed').length;
    calls.push({
      id,
      startOrdinal: 0,
      endOrdinal: 0,
      start,
      end: time,
      pid: 100,
      cpu: 0,
      comm: 'mover',
      mode: 'MIGRATE_SYNC',
      reason: 'syscall_or_cpuset',
      succeeded: folios.length - failed,
      failed,
      thpSucceeded: 0,
      thpFailed: 0,
      thpSplit: 0,
      returned: failed,
      folios,
      request: id,
      complete: 'whole',
      lossy: false,
    });
    asked.push({
      id,
      kind: 'move_pages',
      certainty: 'seen',
      basis: 'made up',
      pid: 100,
      comm: 'mover',
      start,
      end: time,
      calls: [id],
      startPfn: Number.NaN,
      endPfn: Number.NaN,
      parent: -1,
      returned: failed,
      ordinal: 0,
    });
  });
  return {
    capture,
    observed,
    calls,
    episodes,
    attempts: [],
    requests: asked,
    windows: [],
    stays: noStays,
    flushes: [],
    drains: [],
    waits: [],
    holds: [],
    failures,
    refusals: [],
    eventCounts: new Float64Array(0),
    eventsByCpu: [],
    ...change,
  };
}

/**
 * The calls of a made-up history as those of contiguous allocations: `areas` of them,
 * below one CMA allocation if `cma`, which begin at `starts`.
 */
export function contiguousHistory(
  fates: readonly (readonly string[])[],
  pfns: readonly (readonly number[])[],
  areas: readonly (readonly number[])[],
  returned: readonly number[],
  cma: boolean,
  starts: readonly number[] = [],
): History {
  const made = madeUpHistory(fates);
  const calls = made.calls.map(
    (call, c): Call => ({
      ...call,
      reason: 'contig_range',
      folios: call.folios.map((folio, f) => ({ ...folio, pfn: pfns[c]![f]! })),
    }),
  );
  const first = made.requests[0]!;
  const inner = areas.map(
    (own, i): Request => ({
      ...first,
      id: i + (cma ? 1 : 0),
      kind: 'contiguous allocation',
      calls: own,
      lists: own.map((call) => [call]),
      start: calls[own[0]!]!.start,
      end: calls[own.at(-1)!]!.end,
      startPfn: starts[i] ?? 0x100,
      endPfn: 0x200,
      parent: cma ? 0 : -1,
      returned: returned[i]!,
    }),
  );
  const outer: Request = {
    ...first,
    id: 0,
    kind: 'cma',
    calls: [],
    startPfn: 0x100,
    endPfn: 0x200,
    returned: returned.at(-1)!,
  };
  return { ...made, calls, requests: cma ? [outer, ...inner] : inner };
}
