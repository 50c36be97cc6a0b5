/** For tests only: a capture's facts made up by rule, so that reports can be looked at without reading a capture. */
import type { Comparison, Interval, PolicyRow, Told } from '../compare/comparison.ts';
import { tell } from '../compare/effects.ts';
import { type Capture, newCapture } from '../events/capture.ts';
import type { Call, Episode, Failure, Flush, History } from '../history/facts.ts';
import { type Metric, metricNames, metrics } from '../replay/outcome.ts';
import type { Facts } from './charts/figure.ts';

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

function interval(estimate: number, spread: number): Interval {
  return { estimate, low: Math.max(0, estimate - spread), high: estimate + spread };
}

/** Failed folios of the made-up calls; `madeUpFacts` checks it. */
const failedFolios = 27;

function row(policy: string, factor: number, over: Partial<PolicyRow> = {}): PolicyRow {
  const base = { failedFolios, stall: 52 * ms, allCpuDrains: 10, movedFolios: 200 - failedFolios } as Partial<
    Record<Metric, number>
  >;
  const value = {} as Record<Metric, Interval>;
  const difference = {} as Record<Metric, Interval>;
  for (const metric of metricNames) {
    const at = base[metric] ?? (metrics[metric].unit === 'ns' ? 80 * ms : 40);
    const estimate = at * (metric === 'allCpuDrains' ? 2 - factor : factor);
    const spread = factor === 1 ? 0 : estimate * 0.2 + (metrics[metric].unit === 'ns' ? ms : 1);
    value[metric] =
      metric === 'rcuWaits' ? { estimate: Number.NaN, low: Number.NaN, high: Number.NaN } : interval(estimate, spread);
    difference[metric] =
      metric === 'rcuWaits'
        ? value[metric]
        : { estimate: estimate - at, low: estimate - at - spread, high: estimate - at + spread };
    if (over.answer !== 'bounded') continue;
    value[metric] = { ...value[metric], estimate: Number.NaN };
    difference[metric] = { ...difference[metric], estimate: Number.NaN };
  }
  const told = {} as Record<Metric, Told>;
  for (const metric of metricNames) told[metric] = tell(metric, difference[metric], value[metric]);
  return {
    policy,
    title: `the policy ${policy}`,
    source: 'made up',
    changes: factor === 1 ? [] : [`${policy} changes one thing.`],
    value,
    difference,
    deviation: {} as PolicyRow['deviation'],
    lost: {} as PolicyRow['lost'],
    told,
    effects: {
      requestsSaved: interval(factor < 1 ? 3 : 0, factor === 1 ? 0 : 2),
      stallSaved: { estimate: 52 * ms * (1 - factor), low: 50 * ms * (1 - factor), high: 54 * ms * (1 - factor) },
      drainsPerSavedFolio: factor < 1 ? interval(0.6, 0.2) : 'none saved',
    },
    byReason: [
      { reason: 'syscall_or_cpuset', failedFolios: value.failedFolios },
      { reason: 'contig_range', failedFolios: interval(0, 0) },
    ],
    coincidesWith: [],
    answer: 'assumed',
    why: 'Waiters are seen only through their effects.',
    ...over,
  };
}

/** Facts of 20 calls with 10 folios each, of which some fail, and a comparison of six policies. */
export function madeUpFacts(source = 'made-up.txt'): Facts {
  const next = sequence(7);
  const calls: Call[] = [];
  const episodes: Episode[] = [];
  const failures: Failure[] = [];
  for (let id = 0; id < 20; id++) {
    const start = (100 + id * 200 + next() * 50) * ms;
    const folios: Call['folios'][number][] = [];
    for (let i = 0; i < 10; i++) {
      const pfn = 0x80000 + id * 64 + i;
      const fails = next() < 0.12;
      const tries = fails ? 3 : 1;
      const ids: number[] = [];
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
      }
      folios.push({
        pfn,
        pointer: -1,
        order: 0,
        destination: fails ? Number.NaN : pfn + 0x10000,
        outcome: fails ? 'failed' : 'moved',
        episodes: ids,
        attempts: [],
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
      attempts: 'unknown',
      batchAdds: 'seen',
      batchFlushes: 'seen',
      activations: 'seen',
      mlockBatches: 'unknown',
      drains: 'inferred',
      windows: 'unknown',
      entryWaits: 'unknown',
      lockWaits: 'unknown',
      references: 'unknown',
      requests: 'inferred',
      durations: 'seen',
    },
    calls,
    episodes,
    attempts: [],
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
        calls: calls.map((call) => call.id),
        startPfn: Number.NaN,
        endPfn: Number.NaN,
        parent: -1,
        returned: Number.NaN,
        ordinal: 0,
      },
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
    waits: [],
    holds: [],
    failures,
    refusals: [{ what: 'episodes of huge entries', reason: 'the capture has no pmd events', count: 2 }],
    eventCounts: new Float64Array(0),
    eventsByCpu: [0, 1, 2, 3].map((cpu) => ({ cpu, events: 2275 })),
  };
  return { history, comparison: comparison(source, failures.length) };
}

function comparison(source: string, failed: number): Comparison {
  return {
    source,
    headline: 'With outcomes withheld all 6 recorded numbers lie within what the model predicts.',
    modelVersion: 2,
    seed: 1,
    draws: 200,
    level: 0.95,
    recorded: 'linux-6.12.117',
    recordedFrom: 'sidecar',
    identifiable: [
      {
        axis: 'A',
        question: 'when are references compared with what is expected?',
        answer: 'observed',
        why: 'how often a retry helps is estimated from 33 second and later episodes of this capture',
        assumes: [],
        record: '',
      },
      {
        axis: 'G',
        question: 'what do move_pages, contiguous allocation and offlining do about LRU batches?',
        answer: 'bounded',
        why: '84 % of the adds to batches are only bounded, by the flushes around them',
        assumes: ['add-times'],
        record: 'trace-cmd record -C mono -e migrate -e fs sleep 30',
      },
      {
        axis: 'J',
        question: 'are mlock and munlock batched?',
        answer: 'cannot answer',
        why: 'no event shows what is put into the mlock batch, and its flush prints nothing',
        assumes: [],
        record: 'trace-cmd record -C mono -e migrate -e fs sleep 30',
      },
    ],
    reproduction: { folios: 200, reproduced: 200, otherOutcome: 0, misses: [] },
    fidelity: {
      recordedFailures: failed,
      predictedFailures: { estimate: 22, low: 15, high: 31 },
      within: failed >= 15 && failed <= 31,
      folios: 200,
      folds: 5,
      brier: 0.081,
      brierOfRate: 0.106,
      calibration: [
        { predicted: 0.05, observed: 0.04, folios: 120 },
        { predicted: 0.22, observed: 0.19, folios: 60 },
        { predicted: 0.48, observed: 0.55, folios: 20 },
      ],
      recordedEpisodes: 248,
      predictedEpisodes: { estimate: 241, low: 226, high: 259 },
      totals: [
        { name: 'pagesSucceeded', recorded: 178, predicted: { estimate: 178, low: 169, high: 185 }, within: true },
        { name: 'pagesFailed', recorded: failed, predicted: { estimate: 22, low: 15, high: 31 }, within: true },
        { name: 'calls', recorded: 50, predicted: { estimate: 50, low: 50, high: 50 }, within: true },
      ],
      levels: (['folio', 'call', 'request'] as const).map((level, i) => ({
        level,
        things: [200, 20, 1][i]!,
        recorded: [failed, 15, 1][i]!,
        predicted: [
          { estimate: 22, low: 15, high: 31 },
          { estimate: 13, low: 9, high: 17 },
          { estimate: 1, low: 1, high: 1 },
        ][i]!,
        within: true,
        agreement: [0.865, 0.75, 1][i]!,
        agreementOfRate: [0.865, 0.75, 1][i]!,
        brier: [0.081, 0.18, 0][i]!,
        brierOfRate: [0.106, 0.188, 0][i]!,
        calibration: [
          [
            { predicted: 0.05, observed: 0.04, things: 120 },
            { predicted: 0.22, observed: 0.19, things: 60 },
            { predicted: 0.48, observed: 0.55, things: 20 },
          ],
          [{ predicted: 0.65, observed: 0.75, things: 20 }],
          [{ predicted: 1, observed: 1, things: 1 }],
        ][i]!,
      })),
      state: 'good',
      misses: [],
      verdict: 'The recorded number lies within what the model predicts.',
    },
    multiplicity: {
      method: 'simultaneous bands from the joint draws, by ranks (Besag, Green, Higdon and Mengersen 1995)',
      policies: 6,
      level: 0.95,
    },
    blame: [
      { cause: 'lock-blocked fault', folios: failed * 0.6, likeliest: Math.round(failed * 0.75) },
      { cause: 'add batch', folios: failed * 0.15, likeliest: failed - Math.round(failed * 0.75) },
      { cause: 'cannot tell', folios: failed * 0.25, likeliest: 0 },
    ],
    rows: [
      row('linux-6.12.117', 1, { answer: 'observed', why: 'It is the recorded policy.' }),
      row('refcheck-unmap', 0.95),
      row('waiters-undo', 0.4, { answer: 'bounded' }),
      row('drain-once', 1, { coincidesWith: ['lru-cache-disable'] }),
      row('lru-cache-disable', 1, { coincidesWith: ['drain-once'] }),
      row('never-drain', 1.9, { answer: 'bounded' }),
      row('oracle', 0.1, { answer: 'bounded' }),
    ],
    refusals: [
      {
        policy: 'gup-mlock-drain',
        missing: ['pagemap:mm_lru_insertion'],
        record: 'trace-cmd record -C mono -e pagemap -e migrate sleep 30',
      },
    ],
    assumptions: [
      {
        name: 'blocked-again',
        value: 0.5,
        usual: 0.5,
        unit: 'probability',
        why: 'No event shows a touch that does not fault.',
        metric: 'failedFolios',
        moves: [
          { policy: 'linux-6.12.117', asItIs: failed, halved: failed, doubled: failed },
          { policy: 'waiters-undo', asItIs: 22, halved: 14, doubled: 33 },
        ],
        most: { policy: 'waiters-undo', asItIs: 22, halved: 14, doubled: 33 },
      },
      {
        name: 'area-limit',
        value: 16,
        usual: 16,
        unit: 'areas',
        why: 'No event says where the bitmap ends.',
        metric: 'failedFolios',
        moves: [],
        most: undefined,
      },
    ],
    remarks: ['Events were lost on CPU 1; intervals are widened.'],
  };
}
