/** For tests only: a capture's facts made up by rule, so that reports can be looked at without reading a capture. */
import { type Capture, newCapture } from '../events/capture.ts';
import type { Attempt, Call, Episode, Failure, Flush, History, Request, Wait } from '../history/facts.ts';
import { referenceOperations } from '../history/references.ts';
import type { Facts } from './charts/figure.ts';
import { failedFolios, madeUpComparison } from './made-up-comparison.ts';

/** A sequence in [0, 1) that is the same every time (a linear congruence; its quality does not matter here). */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const ms = 1e6;

function capture(source: string): Capture {
  const made = newCapture(source, 'tracefs', 'lines');
  Object.assign(made, {
    kernelRelease: { value: '6.12.117-arm64', from: 'sidecar' },
    kernelVersion: { value: '6.12.117', from: 'sidecar' },
    arch: { value: 'arm64', from: 'sidecar' },
    pageSize: { value: 4096, from: 'sidecar' },
    cpus: { value: 4, from: 'capture' },
    end: 4200 * ms,
    events: 9100,
  });
  Object.assign(made.accounting, { total: 9123, decoded: 8900, generic: 200, comment: 20, skipped: 3 });
  made.accounting.skips.push({
    reason: 'cut in the middle',
    count: 3,
    firstPlace: 'line 9121',
    firstText: 'mover-31  [00',
  });
  made.losses.push({ cpu: 1, count: 34, start: 1000 * ms, end: 1100 * ms, how: 'lost', place: 'line 4000' });
  return made;
}

/** Facts of 20 calls with 10 folios each, of which some fail, and a comparison of six policies. */
export function madeUpFacts(source = 'made-up.txt'): Facts {
  const next = sequence(7);
  const calls: Call[] = [];
  const episodes: Episode[] = [];
  const attempts: Attempt[] = [];
  const failures: Failure[] = [];
  for (let id = 0; id < 20; id++) {
    const start = (100 + id * 200 + next() * 50) * ms;
    const folios: Call['folios'][number][] = [];
    for (let i = 0; i < 10; i++) {
      const pfn = 0x80000 + id * 64 + i;
      const fails = next() < 0.12;
      const tries = fails ? 3 : 1;
      const ids: number[] = [];
      const tried: number[] = [];
      for (let index = 0; index < tries; index++) {
        const at = start + next() * 3 * ms;
        ids.push(episodes.length);
        episodes.push({
          id: episodes.length,
          call: id,
          pid: 301,
          cpu: id % 4,
          sourcePfn: pfn,
          destinationPfn: fails ? pfn : pfn + 0x10000,
          order: 0,
          address: 0xffff80000000 + i * 4096,
          set: 2,
          removed: 2,
          start: at,
          lastSet: at,
          end: at + 20_000 + next() ** 4 * 4 * ms,
          outcome: fails ? 'undone' : 'moved',
          deferredFlush: 'unknown',
          index,
          firstOrdinal: id * 100 + i * 4,
          lastOrdinal: id * 100 + i * 4 + 3,
        });
        // What fails is tried twice before its entries go back.
        for (let n = 0; n < (fails ? 2 : 1); n++) {
          tried.push(attempts.length);
          attempts.push(attempt(attempts.length, episodes.at(-1)!, fails));
        }
      }
      folios.push({
        pfn,
        pointer: -1,
        order: 0,
        destination: fails ? Number.NaN : pfn + 0x10000,
        outcome: fails ? 'failed' : 'moved',
        episodes: ids,
        attempts: tried,
      });
      if (fails)
        failures.push({
          id: failures.length,
          call: id,
          folio: i,
          pfn,
          pages: 1,
          time: start + 3 * ms,
          evidence: [
            {
              says: 'a task faulted on it while its entries were out',
              cause: 'lock-blocked fault',
              weight: 6,
              ordinal: id * 100 + 3,
            },
          ],
        });
    }
    const failed = folios.filter((folio) => folio.outcome === 'failed').length;
    calls.push({
      id,
      startOrdinal: id * 100,
      endOrdinal: id * 100 + 60,
      start,
      end: start + 4 * ms,
      pid: 301,
      cpu: id % 4,
      comm: 'mover',
      mode: 'MIGRATE_SYNC',
      reason: id % 5 === 4 ? 'contig_range' : 'syscall_or_cpuset',
      succeeded: 10 - failed,
      failed,
      thpSucceeded: 0,
      thpFailed: 0,
      thpSplit: 0,
      returned: Number.NaN,
      folios,
      request: 0,
      complete: 'whole',
      lossy: false,
    });
  }
  if (failures.length !== failedFolios) throw new Error(`the made-up calls have ${failures.length} failures`);
  const n = 160;
  const added = Float64Array.from({ length: n }, (_, i) => i * 20 * ms);
  const flushes: Flush[] = Array.from({ length: 24 }, (_, i) => ({
    cpu: i % 4,
    batch: i % 3 === 0 ? 'activate' : 'add',
    pid: 301,
    start: i * 170 * ms,
    end: i * 170 * ms + 40_000,
    count: i % 5 === 0 ? 15 : 4,
    cause: (['full', 'local drain', 'all-CPU drain', 'cache disabled', 'unknown'] as const)[i % 5]!,
    drain: -1,
    ordinal: i * 50,
  }));
  const history: History = {
    capture: capture(source),
    observed: {
      calls: 'seen',
      episodes: 'seen',
      attempts: 'seen',
      batchAdds: 'seen',
      batchFlushes: 'seen',
      activations: 'seen',
      mlockBatches: 'unknown',
      drains: 'inferred',
      windows: 'unknown',
      entryWaits: 'seen',
      lockWaits: 'seen',
      references: 'seen',
      requests: 'inferred',
      durations: 'seen',
    },
    calls,
    episodes,
    attempts,
    references: references(),
    requests: [
      {
        id: 0,
        kind: 'move_pages',
        certainty: 'inferred',
        basis: 'reason and task',
        pid: 301,
        comm: 'mover',
        start: calls[0]!.start,
        end: calls.at(-1)!.end,
        calls: calls.filter(({ reason }) => reason !== 'contig_range').map((call) => call.id),
        startPfn: Number.NaN,
        endPfn: Number.NaN,
        parent: -1,
        returned: Number.NaN,
        ordinal: 0,
      },
      ...allocations(calls),
    ],
    windows: [],
    stays: {
      length: n,
      pfn: Float64Array.from({ length: n }, (_, i) => 0x80000 + i),
      batch: Uint8Array.from({ length: n }, (_, i) => (i % 3 === 0 ? 1 : 0)),
      cpu: Int32Array.from({ length: n }, (_, i) => i % 4),
      added,
      flushed: added.map((time, i) => (i > 155 ? Number.NaN : time + (0.1 + next() ** 3 * 90) * ms)),
      flush: Int32Array.from({ length: n }, (_, i) => (i > 155 ? -1 : i % 24)),
      ordinal: Float64Array.from({ length: n }, (_, i) => i * 9),
    },
    flushes,
    drains: [
      {
        id: 0,
        scope: 'disable',
        pid: 301,
        comm: 'mover',
        cpu: 0,
        start: 90 * ms,
        end: Number.NaN,
        cpus: [0, 1, 2, 3],
        certainty: 'seen',
        ordinal: 5,
      },
      {
        id: 1,
        scope: 'local',
        pid: 88,
        comm: 'kswapd0',
        cpu: 2,
        start: 900 * ms,
        end: Number.NaN,
        cpus: [2],
        certainty: 'inferred',
        ordinal: 700,
      },
    ],
    waits: waits(next),
    holds: [],
    failures,
    refusals: [{ what: 'episodes of huge entries', reason: 'the capture has no pmd events', count: 2 }],
    eventCounts: new Float64Array(0),
    eventsByCpu: [0, 1, 2, 3].map((cpu) => ({ cpu, events: 2275 })),
  };
  return { history, comparison: madeUpComparison(source, failures.length) };
}

function attempt(id: number, episode: Episode, fails: boolean): Attempt {
  const { call, sourcePfn: pfn, start, firstOrdinal: ordinal } = episode;
  return {
    id,
    call,
    episode: episode.id,
    pfn,
    start,
    end: start + 5000,
    references: fails ? 3 : 2,
    expected: 2,
    returned: fails ? -11 : 0,
    waiters: 'unknown',
    ordinal,
  };
}

/** One CMA allocation of three areas, with the calls for contiguous ranges, and an area by itself. */
function allocations(calls: readonly Call[]): Request[] {
  const area = (id: number, lists: readonly (readonly number[])[], returned: number, parent: number): Request => {
    const own = lists.flat();
    const first = calls[own[0] ?? 4]!;
    const startPfn = 0x80000 + first.id * 64;
    return {
      id,
      kind: 'contiguous allocation',
      certainty: 'seen',
      basis: 'alloc_contig_range probe',
      pid: 301,
      comm: 'mover',
      start: first.start - ms,
      end: calls[own.at(-1) ?? 4]!.end + ms,
      calls: own,
      lists,
      startPfn,
      endPfn: startPfn + 512,
      parent,
      returned,
      ordinal: first.startOrdinal,
    };
  };
  const areas = [area(2, [], -16, 1), area(3, [[4, 9]], -16, 1), area(4, [[14]], 0, 1), area(5, [[19]], 0, -1)];
  const [first, , last] = areas;
  const { parent: _, lists: _lists, ...outer } = last!;
  return [
    { ...outer, id: 1, kind: 'cma', basis: 'cma_alloc_start', start: first!.start, calls: [4, 9, 14], parent: -1 },
    ...areas,
  ];
}

/** Of four tasks, one of which waits for locks and holds references. */
function waits(next: () => number): Wait[] {
  return Array.from({ length: 40 }, (_, i) => {
    const on = i % 4 === 3 ? 'lock' : 'entry';
    const start = (120 + i * 97) * ms;
    return {
      pid: 110 + (i % 4),
      comm: 'app',
      cpu: i % 4,
      start,
      end: i === 39 ? Number.NaN : start + (0.05 + next() ** 3 * 20) * ms,
      on,
      holdsReference: on === 'lock' ? 'yes' : 'no',
      pfn: 0x80000 + i,
      episode: i,
      ordinal: i * 40,
    };
  });
}

/** Of one task that takes a reference to 24 folios and drops all but the last. */
function references(): NonNullable<History['references']> {
  const length = 47;
  const of = (number: (i: number) => number): Float64Array => Float64Array.from({ length }, (_, i) => number(i));
  const taken = (i: number): boolean => i % 2 === 0;
  const operation = (name: (typeof referenceOperations)[number]): number => referenceOperations.indexOf(name);
  return {
    length,
    pfn: of((i) => 0x80000 + Math.floor(i / 2)),
    time: of((i) => (200 + Math.floor(i / 2) * 50) * ms + (taken(i) ? 0 : 2 ** (i % 12) * 1000)),
    cpu: new Int32Array(length),
    pid: new Int32Array(length).fill(120),
    comm: new Int32Array(length),
    operation: Uint8Array.from(of((i) => operation(taken(i) ? 'mod_unless' : 'mod_and_test'))),
    count: of((i) => (taken(i) ? 3 : 2)),
    value: of((i) => (taken(i) ? 1 : -1)),
    returned: of((i) => (taken(i) ? 1 : 0)),
    ordinal: of((i) => 30 + i * 30),
  };
}
